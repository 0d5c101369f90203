//===- Resize.cpp - Evaluation of interpolation ---------------------------===//
//
// Interpolates one axis after the other: every axis has, for each result index,
// a list of taps, which are the input indices it reads and their weights.
//
//===----------------------------------------------------------------------===//

#include "Evaluate.h"
#include <cmath>

using namespace tpuc;
using namespace tpuc::top;

namespace {
/// The samples that one result index reads on one axis.
struct Taps {
  llvm::SmallVector<int64_t, 4> indices;
  llvm::SmallVector<double, 4> weights;
};
} // namespace

/// Maps a result index to an input coordinate, in the arithmetic of T.
template <typename T>
static T mapCoordinate(ResizeCoordinate kind, T index, T scale, T in, T out) {
  constexpr T half = 0.5;
  switch (kind) {
  case ResizeCoordinate::HalfPixel:
    return (index + half) / scale - half;
  case ResizeCoordinate::PytorchHalfPixel:
    return out > 1 ? (index + half) / scale - half : 0;
  case ResizeCoordinate::Asymmetric:
    return index / scale;
  case ResizeCoordinate::AlignCorners:
    return out > 1 ? index * (in - 1) / (out - 1) : 0;
  case ResizeCoordinate::HalfPixelSymmetric: {
    // The rounded size is centred in the exact one.
    T adjustment = out / (scale * in);
    T offset = in / 2 * (1 - adjustment);
    return offset + (index + half) / scale - half;
  }
  }
  return index;
}

/// The coordinate that a result index reads. The nearest element jumps where
/// coordinates are halves: it follows the 32 bits that runtimes compute them
/// in, all others are continuous.
static double findCoordinate(ResizeOp op, int64_t index, double scale,
                             int64_t in, int64_t out) {
  if (op.getMode() == ResizeMode::Nearest)
    return mapCoordinate<float>(op.getCoordinate(), index, scale, in, out);
  return mapCoordinate<double>(op.getCoordinate(), index, scale, in, out);
}

static int64_t roundCoordinate(ResizeNearest kind, double x) {
  switch (kind) {
  case ResizeNearest::RoundPreferFloor:
    return std::ceil(x - 0.5);
  case ResizeNearest::RoundPreferCeil:
    return std::floor(x + 0.5);
  case ResizeNearest::Floor:
    return std::floor(x);
  case ResizeNearest::Ceil:
    return std::ceil(x);
  }
  return x;
}

/// Weight of the cubic kernel with coefficient a at a distance.
static double cubicWeight(double distance, double a) {
  double t = std::abs(distance);
  if (t <= 1)
    return ((a + 2) * t - (a + 3)) * t * t + 1;
  if (t < 2)
    return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
  return 0;
}

static Taps getTaps(ResizeOp op, double x, int64_t in) {
  auto clamp = [&](int64_t i) { return std::clamp<int64_t>(i, 0, in - 1); };
  Taps taps;
  if (op.getMode() == ResizeMode::Nearest) {
    taps.indices = {clamp(roundCoordinate(op.getNearest(), x))};
    taps.weights = {1.0};
    return taps;
  }
  int64_t base = std::floor(x);
  bool isLinear = op.getMode() == ResizeMode::Linear;
  double a = op.getCubicCoeff().convertToDouble(), sum = 0;
  for (int64_t i = isLinear ? base : base - 1,
               end = isLinear ? base + 1 : base + 2;
       i <= end; ++i) {
    bool isOutside = i < 0 || i >= in;
    double weight = isLinear ? 1 - std::abs(x - i) : cubicWeight(x - i, a);
    if (isOutside && op.getExcludeOutside())
      weight = 0;
    taps.indices.push_back(clamp(i));
    taps.weights.push_back(weight);
    sum += weight;
  }
  if (op.getExcludeOutside() && sum != 0)
    for (double &weight : taps.weights)
      weight /= sum;
  return taps;
}

EvalResult ResizeOp::evaluate(llvm::ArrayRef<Buffer> operands) {
  Buffer value = operands[0];
  Shape target = getResultShape(*this);
  for (size_t axis = 0; axis < target.size(); ++axis) {
    int64_t in = value.getDim(axis), out = target[axis];
    double scale = getScales()[axis];
    if (in == out && scale == 1)
      continue;
    llvm::SmallVector<int64_t> shape(value.getShape());
    shape[axis] = out;
    AxisView view(value.getShape(), axis);
    Buffer next = Buffer::f32(shape);
    for (int64_t index = 0; index < out; ++index) {
      Taps taps =
          getTaps(*this, findCoordinate(*this, index, scale, in, out), in);
      for (int64_t o = 0; o < view.outer; ++o) {
        float *to =
            next.getMutableF32().data() + (o * out + index) * view.inner;
        for (auto [i, weight] : llvm::zip(taps.indices, taps.weights)) {
          const float *from = value.getF32().data() + (o * in + i) * view.inner;
          for (int64_t j = 0; j < view.inner; ++j)
            to[j] += float(weight) * from[j];
        }
      }
    }
    value = next;
  }
  return one(value);
}
