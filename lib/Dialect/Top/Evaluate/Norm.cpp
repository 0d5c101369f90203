//===- Norm.cpp - Evaluation of normalisations ----------------------------===//
//
// Softmax and the normalisations, with their sums in f64.
//
//===----------------------------------------------------------------------===//

#include "Evaluate.h"
#include <cmath>

using namespace tpuc;
using namespace tpuc::top;

using In = llvm::ArrayRef<Buffer>;

EvalResult SoftmaxOp::evaluate(In in) {
  AxisView view(in[0].getShape(), getAxis());
  Buffer out = Buffer::f32(in[0].getShape());
  bool isLog = getLog();
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t i = 0; i < view.inner; ++i) {
      int64_t base = o * view.size * view.inner + i;
      const float *x = in[0].getF32().data() + base;
      float *y = out.getMutableF32().data() + base;
      float max = x[0];
      for (int64_t k = 1; k < view.size; ++k)
        max = std::max(max, x[k * view.inner]);
      double sum = 0;
      for (int64_t k = 0; k < view.size; ++k)
        sum += y[k * view.inner] = std::exp(x[k * view.inner] - max);
      for (int64_t k = 0; k < view.size; ++k) {
        float &value = y[k * view.inner];
        value = isLog ? float(x[k * view.inner] - max - std::log(sum))
                      : float(value / sum);
      }
    }
  return one(out);
}

/// Normalises rows of `size` elements; scale(i) and bias(i) are those of the
/// element i of row r.
template <typename Affine>
static Buffer normalizeRows(const Buffer &input, int64_t size, double epsilon,
                            bool subtractMean, Affine affine) {
  Buffer out = Buffer::f32(input.getShape());
  const float *x = input.getF32().data();
  float *y = out.getMutableF32().data();
  int64_t rows = size ? input.getNumElements() / size : 0;
  for (int64_t r = 0; r < rows; ++r, x += size, y += size) {
    double mean = 0, square = 0;
    if (subtractMean) {
      for (int64_t i = 0; i < size; ++i)
        mean += x[i];
      mean /= size;
    }
    for (int64_t i = 0; i < size; ++i)
      square += (x[i] - mean) * (x[i] - mean);
    double factor = 1.0 / std::sqrt(square / size + epsilon);
    for (int64_t i = 0; i < size; ++i)
      y[i] = affine((x[i] - mean) * factor, r, i);
  }
  return out;
}

/// Scale and bias of the elements of a row.
static Buffer normalizeTrailing(In in, int64_t axis, double epsilon,
                                bool subtractMean) {
  int64_t size = getNumElements(in[0].getShape().drop_front(axis));
  const float *scale = in.size() > 1 ? in[1].getF32().data() : nullptr;
  const float *bias = in.size() > 2 ? in[2].getF32().data() : nullptr;
  return normalizeRows(
      in[0], size, epsilon, subtractMean, [=](double x, int64_t, int64_t i) {
        return x * (scale ? scale[i] : 1) + (bias ? bias[i] : 0);
      });
}

EvalResult LayerNormOp::evaluate(In in) {
  return one(normalizeTrailing(in, getAxis(), getEpsilon().convertToDouble(),
                               /*subtractMean=*/true));
}

EvalResult RMSNormOp::evaluate(In in) {
  return one(normalizeTrailing(in, getAxis(), getEpsilon().convertToDouble(),
                               /*subtractMean=*/false));
}

EvalResult GroupNormOp::evaluate(In in) {
  Shape shape = in[0].getShape();
  int64_t groups = getNumGroups(), perGroup = shape[1] / groups;
  int64_t plane = getNumElements(shape.drop_front(2));
  const float *scale = in.size() > 1 ? in[1].getF32().data() : nullptr;
  const float *bias = in.size() > 2 ? in[2].getF32().data() : nullptr;
  return one(normalizeRows(
      in[0], perGroup * plane, getEpsilon().convertToDouble(),
      /*subtractMean=*/true, [=](double x, int64_t row, int64_t i) {
        int64_t c = row % groups * perGroup + i / plane;
        return x * (scale ? scale[c] : 1) + (bias ? bias[c] : 0);
      }));
}

EvalResult BatchNormOp::evaluate(In in) {
  AxisView view(in[0].getShape(), 1);
  Buffer out = Buffer::f32(in[0].getShape());
  double epsilon = getEpsilon().convertToDouble();
  const float *x = in[0].getF32().data();
  float *y = out.getMutableF32().data();
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t c = 0; c < view.size; ++c) {
      double factor =
          in[1].getF32()[c] / std::sqrt(in[4].getF32()[c] + epsilon);
      double bias = in[2].getF32()[c] - in[3].getF32()[c] * factor;
      for (int64_t i = 0; i < view.inner; ++i)
        *y++ = *x++ * factor + bias;
    }
  return one(out);
}
