//===- LowerPow.cpp - Lowering of powers ----------------------------------===//
//
// A power becomes products, roots, or an exponential of a logarithm. Powers are
// computed in f32: a square leaves the range of f16 at 256.
//
//===----------------------------------------------------------------------===//

#include "IntegerSteps.h"

#include <cmath>

using namespace mlir;
using namespace tpuc;
using tpu::BinaryKind;
using tpu::ScalarKind;
using tpu::UnaryKind;

/// Exponents up to this are products: at most 2 log2 of it.
static constexpr double kMaxProductExponent = 64;

/// x ** exponent, an integer >= 1, by squaring.
static Value emitProducts(Value x, int64_t exponent, Lowering &lowering) {
  Value result;
  for (Value square = x;;) {
    if (exponent & 1)
      result =
          result ? lowering.emit<tpu::BinaryOp>(BinaryKind::Mul, result, square)
                 : square;
    exponent >>= 1;
    if (!exponent)
      return result;
    square = lowering.emit<tpu::BinaryOp>(BinaryKind::Mul, square, square);
  }
}

/// x ** exponent for any other constant.
static Value emitPower(Value x, double exponent, Lowering &lowering) {
  double magnitude = std::abs(exponent);
  Value result;
  if (exponent == -0.5)
    return lowering.emit<tpu::UnaryOp>(UnaryKind::Rsqrt, x);
  if (magnitude == std::floor(magnitude) && magnitude <= kMaxProductExponent)
    result = emitProducts(x, int64_t(magnitude), lowering);
  else if (magnitude == 0.5)
    result = lowering.emit<tpu::UnaryOp>(UnaryKind::Sqrt, x);
  else if (2 * magnitude == std::floor(2 * magnitude) &&
           magnitude <= kMaxProductExponent)
    result = lowering.emit<tpu::BinaryOp>(
        BinaryKind::Mul, emitProducts(x, int64_t(magnitude), lowering),
        lowering.emit<tpu::UnaryOp>(UnaryKind::Sqrt, x));
  if (result)
    return exponent < 0
               ? lowering.emit<tpu::UnaryOp>(UnaryKind::Reciprocal, result)
               : result;
  // exp(exponent * log(x)): not a number for negative x, as the power is.
  Value log = lowering.emit<tpu::UnaryOp>(UnaryKind::Log, x);
  Value scaled = lowering.emit<tpu::ScalarOp>(ScalarKind::Mul, log, exponent);
  return lowering.emit<tpu::UnaryOp>(UnaryKind::Exp, scaled);
}

/// lhs ** rhs for f32 operands of equal rank, of which neither is known:
/// exp(rhs log |lhs|), with the sign of an odd power, 1 for exponents of 0, and
/// no number for a root of a negative one.
static Value emitComputedPower(Value lhs, Value rhs, Lowering &lowering) {
  auto binary = [&](BinaryKind kind, Value a, Value b) {
    return lowering.emit<tpu::BinaryOp>(kind, a, b);
  };
  auto unary = [&](UnaryKind kind, Value a) {
    return lowering.emit<tpu::UnaryOp>(kind, a);
  };
  auto compare = [&](tpu::CompareKind kind, Value a, Value b) {
    return lowering.emit<tpu::CompareOp>(kind, a, b);
  };
  auto select = [&](Value condition, Value a, Value b) {
    return lowering.emit<tpu::SelectOp>(condition, a, b);
  };
  auto number = [&](float value) {
    SmallVector<int64_t> ones(getShape(lhs).size(), 1);
    return lowering.constant({value}, ones, getElement(lhs));
  };
  Value log = unary(UnaryKind::Log, unary(UnaryKind::Abs, lhs));
  Value power = unary(UnaryKind::Exp, binary(BinaryKind::Mul, rhs, log));
  Value half = lowering.emit<tpu::ScalarOp>(ScalarKind::Mul, rhs, 0.5);
  Value isOdd =
      compare(tpu::CompareKind::Ne, half, unary(UnaryKind::Floor, half));
  Value isWhole =
      compare(tpu::CompareKind::Eq, rhs, unary(UnaryKind::Floor, rhs));
  Value isNegative = compare(tpu::CompareKind::Lt, lhs, number(0));
  Value opposite = lowering.emit<tpu::ScalarOp>(ScalarKind::Mul, power, -1.0);
  // The logarithm of a negative number is none.
  Value ofNegative = select(isWhole, select(isOdd, opposite, power),
                            unary(UnaryKind::Log, lhs));
  power = select(isNegative, ofNegative, power);
  return select(compare(tpu::CompareKind::Eq, rhs, number(0)), number(1),
                power);
}

static LogicalResult lowerPow(top::PowOp op, Lowering &lowering) {
  ArrayRef<int64_t> shape = getShape(op.getOutput());
  if (isa<IntegerType>(getElement(op.getOutput()))) {
    Type i32 = IntegerType::get(op.getContext(), 32);
    Value base = lowering.getOfRank(op.getLhs(), i32, shape.size());
    Value exponent = lowering.getOfRank(op.getRhs(), i32, shape.size());
    lowering.replace(
        op.getResult(),
        lowering.broadcast(powerOfIntegers(base, exponent, lowering), shape));
    return success();
  }
  std::optional<double> exponent = top::getSplat(op.getRhs());
  std::optional<double> base = top::getSplat(op.getLhs());
  Type element = lowering.getFloatElement(op);
  // x ** n for an integer n > 64 of negative x has a sign that the logarithm
  // does not know.
  bool isKnown = exponent && *exponent != 0 && std::isfinite(*exponent) &&
                 (*exponent != std::floor(*exponent) ||
                  std::abs(*exponent) <= kMaxProductExponent);
  Value power;
  if (isKnown) {
    Value x = lowering.getOfRank(op.getLhs(), element, shape.size());
    power = emitPower(x, *exponent, lowering);
  } else if (base && *base > 0 && std::isfinite(*base)) {
    Value x = lowering.getOfRank(op.getRhs(), element, shape.size());
    Value scaled =
        lowering.emit<tpu::ScalarOp>(ScalarKind::Mul, x, std::log(*base));
    power = lowering.emit<tpu::UnaryOp>(UnaryKind::Exp, scaled);
  } else {
    power = emitComputedPower(
        lowering.getOfRank(op.getLhs(), element, shape.size()),
        lowering.getOfRank(op.getRhs(), element, shape.size()), lowering);
  }
  lowering.replace(op.getResult(), lowering.broadcast(power, shape));
  return success();
}

void tpuc::populatePowLowerings(LoweringSet &set) { set.add(lowerPow); }
