//===- Conv.cpp - Evaluation of convolutions and matmul -------------------===//
//
// Convolution gathers its windows into a matrix and multiplies; the others
// follow their definition.
//
//===----------------------------------------------------------------------===//

#include "Evaluate.h"

using namespace tpuc;
using namespace tpuc::top;

using In = llvm::ArrayRef<Buffer>;

namespace {

/// A window over up to three spatial axes, filled up with leading axes of 1.
struct Window3 {
  int64_t in[3] = {1, 1, 1}, out[3] = {1, 1, 1}, kernel[3] = {1, 1, 1};
  int64_t stride[3] = {1, 1, 1}, dilation[3] = {1, 1, 1}, pad[3] = {0, 0, 0};

  Window3(Shape input, Shape output, Shape taps, Shape strides, Shape dilations,
          Shape pads) {
    int64_t lead = 3 - int64_t(taps.size());
    for (size_t i = 0; i < taps.size(); ++i) {
      in[lead + i] = input[2 + i];
      out[lead + i] = output[2 + i];
      kernel[lead + i] = taps[i];
      stride[lead + i] = strides[i];
      dilation[lead + i] = dilations[i];
      pad[lead + i] = pads[i];
    }
  }
  int64_t inSize() const { return in[0] * in[1] * in[2]; }
  int64_t outSize() const { return out[0] * out[1] * out[2]; }
  int64_t taps() const { return kernel[0] * kernel[1] * kernel[2]; }
};

} // namespace

/// Output rows (pairs of outer positions) gathered at once.
static constexpr int64_t kGatherElements = 2048;

/// Fills columns[tap, position] of one channel for the output positions whose
/// outer two coordinates are rows [begin, end).
static void gatherWindows(const float *input, const Window3 &w, int64_t begin,
                          int64_t end, float *columns, int64_t ld) {
  for (int64_t kd = 0; kd < w.kernel[0]; ++kd)
    for (int64_t kh = 0; kh < w.kernel[1]; ++kh)
      for (int64_t kw = 0; kw < w.kernel[2]; ++kw, columns += ld) {
        float *out = columns;
        for (int64_t row = begin; row < end; ++row) {
          int64_t d =
              row / w.out[1] * w.stride[0] + kd * w.dilation[0] - w.pad[0];
          int64_t h =
              row % w.out[1] * w.stride[1] + kh * w.dilation[1] - w.pad[1];
          bool inside = d >= 0 && d < w.in[0] && h >= 0 && h < w.in[1];
          const float *line = input + (d * w.in[1] + h) * w.in[2];
          int64_t x = kw * w.dilation[2] - w.pad[2];
          for (int64_t o = 0; o < w.out[2]; ++o, x += w.stride[2])
            *out++ = inside && x >= 0 && x < w.in[2] ? line[x] : 0.0f;
        }
      }
}

/// Adds the bias and applies the fused ReLU to [n, channels, size].
static void finish(Buffer &out, int64_t batch, int64_t channels,
                   llvm::ArrayRef<float> bias, bool doRelu, double limit) {
  float *values = out.getMutableF32().data();
  int64_t size = out.getNumElements() / (batch * channels);
  for (int64_t n = 0; n < batch; ++n)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t i = 0; i < size; ++i, ++values) {
        float value = *values + (bias.empty() ? 0.0f : bias[c]);
        if (doRelu) {
          value = value < 0 ? 0.0f : value;
          if (limit >= 0)
            value = std::min(value, float(limit));
        }
        *values = value;
      }
}

EvalResult ConvOp::evaluate(In in) {
  Shape input = in[0].getShape(), filter = in[1].getShape();
  Buffer out = Buffer::f32(getResultShape(*this));
  Window3 w(input, out.getShape(), filter.drop_front(2), getStrides(),
            getDilations(), getPads());
  int64_t groups = getGroup();
  int64_t channels = filter[1], outChannels = filter[0] / groups;
  int64_t depth = channels * w.taps(), rows = w.out[0] * w.out[1];
  int64_t step = std::max<int64_t>(1, kGatherElements / w.out[2]);
  std::vector<float> columns(depth * step * w.out[2]);
  const float *data = in[0].getF32().data();
  const float *weights = in[1].getF32().data();
  float *result = out.getMutableF32().data();
  for (int64_t n = 0; n < input[0]; ++n)
    for (int64_t g = 0; g < groups; ++g)
      for (int64_t row = 0; row < rows; row += step) {
        int64_t end = std::min(row + step, rows);
        int64_t width = (end - row) * w.out[2];
        for (int64_t c = 0; c < channels; ++c)
          gatherWindows(data + (n * input[1] + g * channels + c) * w.inSize(),
                        w, row, end, columns.data() + c * w.taps() * width,
                        width);
        multiplyAccumulate(
            result + (n * filter[0] + g * outChannels) * w.outSize() +
                row * w.out[2],
            weights + g * outChannels * depth, columns.data(), outChannels,
            width, depth, w.outSize(), depth, width);
      }
  finish(out, input[0], filter[0],
         in.size() > 2 ? in[2].getF32() : llvm::ArrayRef<float>(), getDoRelu(),
         getReluLimit().convertToDouble());
  return one(out);
}

/// Adds value * taps to the output windows that input position `index` feeds.
static void scatterWindow(float *out, const float *taps, float value,
                          const Window3 &w, int64_t index) {
  int64_t d = index / (w.in[1] * w.in[2]) * w.stride[0] - w.pad[0];
  int64_t h = index / w.in[2] % w.in[1] * w.stride[1] - w.pad[1];
  int64_t x = index % w.in[2] * w.stride[2] - w.pad[2];
  for (int64_t kd = 0; kd < w.kernel[0]; ++kd)
    for (int64_t kh = 0; kh < w.kernel[1]; ++kh)
      for (int64_t kw = 0; kw < w.kernel[2]; ++kw, ++taps) {
        int64_t od = d + kd * w.dilation[0], oh = h + kh * w.dilation[1];
        int64_t ox = x + kw * w.dilation[2];
        if (od >= 0 && od < w.out[0] && oh >= 0 && oh < w.out[1] && ox >= 0 &&
            ox < w.out[2])
          out[(od * w.out[1] + oh) * w.out[2] + ox] += value * *taps;
      }
}

EvalResult ConvTransposeOp::evaluate(In in) {
  Shape input = in[0].getShape(), filter = in[1].getShape();
  Buffer out = Buffer::f32(getResultShape(*this));
  Window3 w(input, out.getShape(), filter.drop_front(2), getStrides(),
            getDilations(), getPads());
  int64_t groups = getGroup(), channels = input[1] / groups;
  int64_t outChannels = filter[1];
  for (int64_t n = 0; n < input[0]; ++n)
    for (int64_t c = 0; c < input[1]; ++c) {
      const float *data =
          in[0].getF32().data() + (n * input[1] + c) * w.inSize();
      int64_t first = (n * groups + c / channels) * outChannels;
      for (int64_t oc = 0; oc < outChannels; ++oc) {
        float *result = out.getMutableF32().data() + (first + oc) * w.outSize();
        const float *taps =
            in[1].getF32().data() + (c * outChannels + oc) * w.taps();
        for (int64_t i = 0; i < w.inSize(); ++i)
          scatterWindow(result, taps, data[i], w, i);
      }
    }
  finish(out, input[0], outChannels * groups,
         in.size() > 2 ? in[2].getF32() : llvm::ArrayRef<float>(), getDoRelu(),
         getReluLimit().convertToDouble());
  return one(out);
}

/// The buffer with its last two axes exchanged.
static Buffer transposeLast(const Buffer &buffer) {
  llvm::SmallVector<int64_t> shape(buffer.getShape());
  llvm::SmallVector<int64_t> strides = getRowMajorStrides(shape);
  size_t rank = shape.size();
  std::swap(shape[rank - 1], shape[rank - 2]);
  std::swap(strides[rank - 1], strides[rank - 2]);
  return gatherStrided(buffer, shape, strides, 0);
}

EvalResult MatMulOp::evaluate(In in) {
  Buffer lhs = getLeftTranspose() ? transposeLast(in[0]) : in[0];
  Buffer rhs = getRightTranspose() ? transposeLast(in[1]) : in[1];
  Buffer out = Buffer::f32(getResultShape(*this));
  int64_t rank = out.getRank();
  int64_t m = out.getDim(rank - 2), n = out.getDim(rank - 1);
  int64_t k = lhs.getShape().back();
  Shape batch = out.getShape().drop_back(2);
  llvm::SmallVector<int64_t> lhsOffsets, rhsOffsets;
  auto collect = [&](const Buffer &buffer, auto &offsets) {
    // A matrix of the operand counts as one element.
    Shape own = buffer.getShape().drop_back(2);
    forEachOffset(batch, getBroadcastStrides(own, batch), 0,
                  [&](int64_t offset) { offsets.push_back(offset); });
  };
  collect(lhs, lhsOffsets);
  collect(rhs, rhsOffsets);
  float *result = out.getMutableF32().data();
  for (auto [i, left, right] : llvm::enumerate(lhsOffsets, rhsOffsets))
    multiplyAccumulate(result + i * m * n, lhs.getF32().data() + left * m * k,
                       rhs.getF32().data() + right * k * n, m, n, k, n, k, n);
  if (in.size() > 2) {
    llvm::ArrayRef<float> bias = in[2].getF32();
    for (int64_t row = 0, end = out.getNumElements() / n; row < end; ++row)
      for (int64_t j = 0; j < n; ++j)
        *result++ += bias[j];
  }
  return one(out);
}
