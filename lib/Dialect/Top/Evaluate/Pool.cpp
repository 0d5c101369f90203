//===- Pool.cpp - Evaluation of pooling -----------------------------------===//
//
// Maximum and mean of sliding windows, by their definition.
//
//===----------------------------------------------------------------------===//

#include "Evaluate.h"
#include <limits>

using namespace tpuc;
using namespace tpuc::top;

using In = llvm::ArrayRef<Buffer>;

/// The part of a window that lies in the input on one axis, and the number of
/// its taps that lie in the padded input.
struct Range {
  int64_t begin, step, count, padded;
};

/// The ranges of all windows of one spatial axis.
static llvm::SmallVector<Range> getRanges(int64_t in, int64_t out,
                                          int64_t kernel, int64_t stride,
                                          int64_t dilation, int64_t padBegin,
                                          int64_t padEnd) {
  llvm::SmallVector<Range> ranges;
  for (int64_t o = 0; o < out; ++o) {
    Range range{0, dilation, 0, 0};
    for (int64_t k = 0; k < kernel; ++k) {
      int64_t i = o * stride + k * dilation - padBegin;
      range.padded += i < in + padEnd;
      if (i < 0 || i >= in)
        continue;
      if (range.count++ == 0)
        range.begin = i;
    }
    ranges.push_back(range);
  }
  return ranges;
}

/// Calls fn(window elements..) for each window: init, then step(acc, x) for its
/// elements, then done(acc, elements in the input, taps in the padded input).
template <typename OpTy, typename Step, typename Done>
static EvalResult pool(OpTy op, In in, double init, Step step, Done done) {
  Shape input = in[0].getShape();
  Buffer out = Buffer::f32(getResultShape(op));
  int64_t numSpatial = input.size() - 2;
  llvm::SmallVector<Range> ranges[3];
  int64_t size[3] = {1, 1, 1};
  for (int64_t i = 0; i < 3; ++i) {
    int64_t axis = i - (3 - numSpatial);
    if (axis < 0) {
      ranges[i] = getRanges(1, 1, 1, 1, 1, 0, 0);
      continue;
    }
    size[i] = input[2 + axis];
    ranges[i] = getRanges(size[i], out.getDim(2 + axis), op.getKernel()[axis],
                          op.getStrides()[axis], op.getDilations()[axis],
                          op.getPads()[axis], op.getPads()[numSpatial + axis]);
  }
  const float *data = in[0].getF32().data();
  float *result = out.getMutableF32().data();
  int64_t planes = input[0] * input[1];
  for (int64_t p = 0; p < planes; ++p, data += size[0] * size[1] * size[2])
    for (const Range &d : ranges[0])
      for (const Range &h : ranges[1])
        for (const Range &w : ranges[2]) {
          double acc = init;
          for (int64_t i = 0; i < d.count; ++i)
            for (int64_t j = 0; j < h.count; ++j) {
              const float *line = data + ((d.begin + i * d.step) * size[1] +
                                          h.begin + j * h.step) *
                                             size[2];
              for (int64_t k = 0; k < w.count; ++k)
                acc = step(acc, line[w.begin + k * w.step]);
            }
          *result++ = done(acc, d.count * h.count * w.count,
                           d.padded * h.padded * w.padded);
        }
  return one(out);
}

EvalResult MaxPoolOp::evaluate(In in) {
  return pool(
      *this, in, -std::numeric_limits<double>::infinity(),
      [](double acc, double x) { return std::max(acc, x); },
      [](double acc, int64_t, int64_t) { return float(acc); });
}

EvalResult AvgPoolOp::evaluate(In in) {
  bool includePad = getCountIncludePad();
  return pool(
      *this, in, 0.0, [](double acc, double x) { return acc + x; },
      [=](double acc, int64_t count, int64_t padded) {
        // A window wholly in the padding has no elements: its mean is 0.
        int64_t divisor = includePad ? padded : count;
        return divisor ? float(acc / divisor) : 0.0f;
      });
}
