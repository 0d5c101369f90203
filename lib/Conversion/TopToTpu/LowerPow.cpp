//===- LowerPow.cpp - Lowering of powers ----------------------------------===//
//
// A power with a constant exponent or base becomes products, roots, or an
// exponential of a logarithm. Powers are computed in f32: a square leaves the
// range of f16 at 256.
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "llvm/Support/FormatVariadic.h"

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

static LogicalResult lowerPow(top::PowOp op, Lowering &lowering) {
  if (isa<IntegerType>(getElement(op.getOutput())))
    return lowering.fail(op, "powers of integers are not computed on the chip; "
                             "cast to float first");
  std::optional<double> exponent = top::getSplat(op.getRhs());
  std::optional<double> base = top::getSplat(op.getLhs());
  Type element = lowering.getFloatElement(op);
  ArrayRef<int64_t> shape = getShape(op.getOutput());
  if (exponent && *exponent != 0 && std::isfinite(*exponent)) {
    // x ** n for an integer n > 64 of negative x has a sign that the logarithm
    // does not know.
    if (*exponent == std::floor(*exponent) &&
        std::abs(*exponent) > kMaxProductExponent)
      return lowering.fail(
          op, "the exponent " + llvm::formatv("{0}", *exponent).str() +
                  " is too large, expected up to " +
                  llvm::formatv("{0}", kMaxProductExponent).str() +
                  "; scale the base");
    Value x = lowering.getOfRank(op.getLhs(), element, shape.size());
    lowering.replace(
        op.getResult(),
        lowering.broadcast(emitPower(x, *exponent, lowering), shape));
    return success();
  }
  if (base && *base > 0 && std::isfinite(*base)) {
    Value x = lowering.getOfRank(op.getRhs(), element, shape.size());
    Value scaled =
        lowering.emit<tpu::ScalarOp>(ScalarKind::Mul, x, std::log(*base));
    Value power = lowering.emit<tpu::UnaryOp>(UnaryKind::Exp, scaled);
    lowering.replace(op.getResult(), lowering.broadcast(power, shape));
    return success();
  }
  return lowering.fail(op, "neither a finite exponent other than 0 nor a "
                           "positive base is the same constant for all "
                           "elements; rewrite it with exp and log");
}

void tpuc::populatePowLowerings(LoweringSet &set) { set.add(lowerPow); }
