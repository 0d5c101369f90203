//===- Unary.cpp - Evaluation of activations and functions ----------------===//
//
// The formulas of elementwise functions of one tensor.
//
//===----------------------------------------------------------------------===//

#include "Evaluate.h"
#include <cmath>

using namespace tpuc;
using namespace tpuc::top;

using In = llvm::ArrayRef<Buffer>;

/// Applies `fn` to every float of the operand.
template <typename Fn> static EvalResult map(In operands, Fn fn) {
  Buffer out = Buffer::f32(operands[0].getShape());
  float *result = out.getMutableF32().data();
  for (float x : operands[0].getF32())
    *result++ = fn(x);
  return one(out);
}

/// Applies `fn` to every element of the operand, whatever its kind.
template <typename Fn> static EvalResult mapAny(In operands, Fn fn) {
  if (operands[0].isF32())
    return map(operands, fn);
  Buffer out = Buffer::ints(operands[0].getShape());
  int64_t *result = out.getMutableInts().data();
  for (int64_t x : operands[0].getInts())
    *result++ = fn(x);
  return one(out);
}

static float sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }

/// log(1 + exp(x)) without overflow.
static float softplus(float x) {
  return std::max(x, 0.0f) + std::log1p(std::exp(-std::abs(x)));
}

EvalResult AbsOp::evaluate(In in) {
  return mapAny(in, [](auto x) { return x < 0 ? -x : x + 0; });
}
EvalResult NegOp::evaluate(In in) {
  return mapAny(in, [](auto x) { return -x; });
}
EvalResult SignOp::evaluate(In in) {
  return mapAny(in, [](auto x) { return x > 0 ? 1 : x < 0 ? -1 : 0; });
}
EvalResult NotOp::evaluate(In in) {
  return mapAny(in, [](auto x) { return x == 0; });
}
EvalResult ExpOp::evaluate(In in) {
  return map(in, [](float x) { return std::exp(x); });
}
EvalResult LogOp::evaluate(In in) {
  return map(in, [](float x) { return std::log(x); });
}
EvalResult SqrtOp::evaluate(In in) {
  return map(in, [](float x) { return std::sqrt(x); });
}
EvalResult RsqrtOp::evaluate(In in) {
  return map(in, [](float x) { return 1.0f / std::sqrt(x); });
}
EvalResult ReciprocalOp::evaluate(In in) {
  return map(in, [](float x) { return 1.0f / x; });
}
EvalResult ErfOp::evaluate(In in) {
  return map(in, [](float x) { return std::erf(x); });
}
EvalResult SinOp::evaluate(In in) {
  return map(in, [](float x) { return std::sin(x); });
}
EvalResult CosOp::evaluate(In in) {
  return map(in, [](float x) { return std::cos(x); });
}
EvalResult TanhOp::evaluate(In in) {
  return map(in, [](float x) { return std::tanh(x); });
}
EvalResult FloorOp::evaluate(In in) {
  return map(in, [](float x) { return std::floor(x); });
}
EvalResult CeilOp::evaluate(In in) {
  return map(in, [](float x) { return std::ceil(x); });
}
EvalResult RoundOp::evaluate(In in) {
  return map(in, [](float x) { return std::nearbyint(x); });
}
EvalResult ReluOp::evaluate(In in) {
  return map(in, [](float x) { return x < 0 ? 0.0f : x; });
}
EvalResult SigmoidOp::evaluate(In in) { return map(in, sigmoid); }
EvalResult SiluOp::evaluate(In in) {
  return map(in, [](float x) { return x * sigmoid(x); });
}
EvalResult HardswishOp::evaluate(In in) {
  return map(in, [](float x) {
    return x * std::min(std::max(x / 6.0f + 0.5f, 0.0f), 1.0f);
  });
}
EvalResult SoftplusOp::evaluate(In in) { return map(in, softplus); }
EvalResult SoftsignOp::evaluate(In in) {
  return map(in, [](float x) { return x / (1.0f + std::abs(x)); });
}
EvalResult MishOp::evaluate(In in) {
  return map(in, [](float x) { return x * std::tanh(softplus(x)); });
}
EvalResult LeakyReluOp::evaluate(In in) {
  float alpha = getAlpha().convertToDouble();
  return map(in, [=](float x) { return x < 0 ? alpha * x : x; });
}
EvalResult EluOp::evaluate(In in) {
  float alpha = getAlpha().convertToDouble();
  return map(in, [=](float x) { return x < 0 ? alpha * std::expm1(x) : x; });
}
EvalResult SeluOp::evaluate(In in) {
  float alpha = getAlpha().convertToDouble();
  float gamma = getGamma().convertToDouble();
  return map(
      in, [=](float x) { return gamma * (x < 0 ? alpha * std::expm1(x) : x); });
}
EvalResult HardsigmoidOp::evaluate(In in) {
  float alpha = getAlpha().convertToDouble();
  float beta = getBeta().convertToDouble();
  return map(in, [=](float x) {
    return std::min(std::max(alpha * x + beta, 0.0f), 1.0f);
  });
}
EvalResult ClipOp::evaluate(In in) {
  float min = getMin().convertToDouble(), max = getMax().convertToDouble();
  return map(in, [=](float x) { return x < min ? min : x > max ? max : x; });
}
EvalResult GeluOp::evaluate(In in) {
  if (getApproximate() == GeluApproximation::Tanh)
    return map(in, [](float x) {
      const float scale = 0.797884560802865f; // sqrt(2 / pi)
      return 0.5f * x * (1.0f + std::tanh(scale * (x + 0.044715f * x * x * x)));
    });
  return map(in, [](float x) {
    const float scale = 0.707106781186547f; // sqrt(1 / 2)
    return 0.5f * x * (1.0f + std::erf(x * scale));
  });
}

/// Truncates toward zero; what does not fit saturates, NaN is 0.
static int64_t truncate(float x, unsigned width) {
  if (std::isnan(x))
    return 0;
  double limit = std::ldexp(1.0, width - 1);
  if (x >= limit)
    return llvm::maxIntN(width);
  if (x < -limit)
    return llvm::minIntN(width);
  return int64_t(x);
}

EvalResult CastOp::evaluate(In in) {
  const Buffer &input = in[0];
  mlir::Type to = getOutput().getType().getElementType();
  if (to.isF32()) {
    if (input.isF32())
      return one(input);
    Buffer out = Buffer::f32(input.getShape());
    llvm::copy(input.getInts(), out.getMutableF32().begin());
    return one(out);
  }
  unsigned width = to.getIntOrFloatBitWidth();
  Buffer out = Buffer::ints(input.getShape());
  int64_t *result = out.getMutableInts().data();
  if (input.isF32())
    for (float x : input.getF32())
      *result++ = width == 1 ? x != 0 : truncate(x, width);
  else
    for (int64_t x : input.getInts())
      *result++ = width == 1 ? x != 0 : llvm::SignExtend64(x, width);
  return one(out);
}
