//===- QuantElementwise.cpp - INT8 casts and arithmetic -------------------===//
//
// INT8 operands are multiplied into 16 bits, with the ratio of their scales in
// small integers, and requantised once. Casts multiply in the float type where
// its range allows it, else in f32.
//
//===----------------------------------------------------------------------===//

#include "QuantElementwise.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace tpuc;
using namespace tpuc::kernel;

QuantParams tpuc::quantParamsOf(Value value) {
  auto type = dyn_cast<quant::UniformQuantizedType>(tpu::getElement(value));
  if (!type)
    return {};
  return {type.getScale(), type.getZeroPoint()};
}

/// The element type in which a cast between `type` and INT8 multiplies: f16
/// where it holds `factor` with all its bits, and the factor is at most `most`.
static ElementType getProductType(ElementType type, double factor,
                                  double most) {
  bool fitsHalf = factor >= 0x1p-14 && factor <= most;
  return type == ElementType::F16 && fitsHalf ? ElementType::F16
                                              : ElementType::F32;
}

constexpr double kLargestHalf = 65504;

/// result = source * factor + summand, in one command.
static void multiply(CommandBuilder &builder, const LocalTensor &result,
                     const LocalTensor &source, double factor, double summand) {
  if (summand == 0)
    return builder.arith(Arith::Mul, result, source,
                         Operand(factor, result.type));
  builder.linear(result, source, Operand(factor, result.type),
                 Operand(summand, result.type));
}

static void setQuantize(ElementwiseParams &params, QuantParams to) {
  ElementType from = params.operands.front().tensor.type;
  double factor = 1 / to.scale;
  // What exceeds f16 saturates, as it would have.
  ElementType product = getProductType(from, factor, kLargestHalf);
  params.scratch.assign(product == from ? 1 : 2, product);
  // Only the form with a summand reads whole vectors.
  params.takesStrides = to.zeroPoint == 0;
  params.compute = [=](CommandBuilder &builder, const LocalTensor &result,
                       ArrayRef<LocalTensor> operands,
                       ArrayRef<LocalTensor> scratch, uint32_t) {
    LocalTensor source = operands[0];
    if (scratch.size() > 1) {
      builder.cast(scratch[1], source);
      source = scratch[1];
    }
    multiply(builder, scratch[0], source, factor, double(to.zeroPoint));
    builder.cast(result, scratch[0]);
  };
}

static void setDequantize(ElementwiseParams &params, QuantParams from) {
  ElementType to = params.result.tensor.type;
  ElementType product = getProductType(to, from.scale, kLargestHalf / 256);
  params.scratch.assign(product == to ? 1 : 2, product);
  params.takesStrides = from.zeroPoint == 0;
  params.compute = [=](CommandBuilder &builder, const LocalTensor &result,
                       ArrayRef<LocalTensor> operands,
                       ArrayRef<LocalTensor> scratch, uint32_t) {
    builder.cast(scratch[0], operands[0]);
    LocalTensor target = scratch.size() > 1 ? scratch[1] : result;
    multiply(builder, target, scratch[0], from.scale,
             -double(from.zeroPoint) * from.scale);
    if (scratch.size() > 1)
      builder.cast(result, target);
  };
}

static void setRescale(ElementwiseParams &params, QuantParams from,
                       QuantParams to) {
  Multiplier factor = encodeMultiplier(from.scale / to.scale);
  // Through 16 bits: the command that takes INT8 to INT8 at once gives other
  // unsigned ones in the vendor's simulator.
  params.scratch = {ElementType::I16};
  params.compute = [=](CommandBuilder &builder, const LocalTensor &result,
                       ArrayRef<LocalTensor> operands,
                       ArrayRef<LocalTensor> scratch, uint32_t) {
    builder.arith(Arith::Sub, scratch[0], operands[0],
                  Operand(double(from.zeroPoint), operands[0].type));
    builder.requantize(result, scratch[0], factor, to.zeroPoint);
  };
}

void tpuc::setQuantCast(ElementwiseParams &params, QuantParams from,
                        QuantParams to) {
  if (!isInt8(params.operands.front().tensor.type))
    return setQuantize(params, to);
  if (!isInt8(params.result.tensor.type))
    return setDequantize(params, from);
  setRescale(params, from, to);
}

SumFactors tpuc::chooseSumFactors(double lhsScale, double rhsScale,
                                  int64_t lhsLimit, int64_t rhsLimit) {
  constexpr int64_t kLargestFactor = 127, kLargestSum = 32767;
  double larger = std::max(lhsScale, rhsScale);
  SumFactors best{1, 1, larger};
  double leastError = INFINITY;
  for (int64_t factor = kLargestFactor / 2; factor <= kLargestFactor;
       ++factor) {
    SumFactors candidate;
    candidate.unit = larger / double(factor);
    candidate.lhs = std::llround(lhsScale / candidate.unit);
    candidate.rhs = std::llround(rhsScale / candidate.unit);
    if (candidate.lhs * lhsLimit + candidate.rhs * rhsLimit > kLargestSum)
      break;
    double error = std::abs(candidate.lhs * candidate.unit - lhsScale) +
                   std::abs(candidate.rhs * candidate.unit - rhsScale);
    if (error < leastError) {
      leastError = error;
      best = candidate;
    }
  }
  return best;
}

static void setSum(ElementwiseParams &params, bool subtracts, QuantParams lhs,
                   QuantParams rhs, QuantParams result) {
  // Neither the integers nor their distances from the zero point leave 16 bits.
  auto limit = [&](unsigned index, int64_t zero) {
    bool hasSign = isSigned(params.operands[index].tensor.type);
    int64_t low = hasSign ? -128 : 0, high = hasSign ? 127 : 255;
    return std::max({-low, high, zero - low, high - zero});
  };
  SumFactors factors = chooseSumFactors(
      lhs.scale, rhs.scale, limit(0, lhs.zeroPoint), limit(1, rhs.zeroPoint));
  if (subtracts)
    factors.rhs = -factors.rhs;
  int64_t zero = lhs.zeroPoint * factors.lhs + rhs.zeroPoint * factors.rhs;
  Multiplier factor = encodeMultiplier(factors.unit / result.scale);
  params.scratch.assign(zero ? 2 : 1, ElementType::I16);
  params.compute = [=](CommandBuilder &builder, const LocalTensor &target,
                       ArrayRef<LocalTensor> operands,
                       ArrayRef<LocalTensor> scratch, uint32_t) {
    LocalTensor sum = scratch[0];
    builder.arith(Arith::Mul, sum, operands[0],
                  Operand(double(factors.lhs), ElementType::I8));
    builder.accumulateProduct(sum, operands[1],
                              Operand(double(factors.rhs), ElementType::I8));
    if (zero) {
      builder.arith(Arith::SubSat, scratch[1], sum,
                    Operand(double(zero), ElementType::I16));
      sum = scratch[1];
    }
    builder.requantize(target, sum, factor, result.zeroPoint);
  };
}

static void setProduct(ElementwiseParams &params, QuantParams lhs,
                       QuantParams rhs, QuantParams result) {
  bool isUnsigned = !isSigned(params.operands[0].tensor.type) &&
                    !isSigned(params.operands[1].tensor.type);
  Multiplier factor = encodeMultiplier(lhs.scale * rhs.scale / result.scale);
  params.scratch = {isUnsigned ? ElementType::U16 : ElementType::I16};
  params.compute = [=](CommandBuilder &builder, const LocalTensor &target,
                       ArrayRef<LocalTensor> operands,
                       ArrayRef<LocalTensor> scratch, uint32_t) {
    builder.arith(Arith::Mul, scratch[0], operands[0], operands[1]);
    builder.requantize(target, scratch[0], factor, result.zeroPoint);
  };
}

void tpuc::setQuantBinary(ElementwiseParams &params, tpu::BinaryKind kind,
                          QuantParams lhs, QuantParams rhs,
                          QuantParams result) {
  if (kind == tpu::BinaryKind::Mul)
    return setProduct(params, lhs, rhs, result);
  setSum(params, kind == tpu::BinaryKind::Sub, lhs, rhs, result);
}
