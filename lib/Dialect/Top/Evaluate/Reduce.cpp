//===- Reduce.cpp - Evaluation of reductions and scans --------------------===//
//
// Reductions, extremum indices, the largest elements and running sums.
//
//===----------------------------------------------------------------------===//

#include "Evaluate.h"
#include <cmath>
#include <numeric>

using namespace tpuc;
using namespace tpuc::top;

using In = llvm::ArrayRef<Buffer>;

namespace {

/// A reduction in progress; `A` is double, or int64_t for integers.
template <typename A> struct Accumulator {
  ReduceKind kind;
  A value = 0, max = 0;
  int64_t count = 0;

  void add(A x) {
    bool isFirst = count++ == 0;
    switch (kind) {
    case ReduceKind::Mean:
    case ReduceKind::Sum:
    case ReduceKind::LogSum:
      value += x;
      break;
    case ReduceKind::Max:
      value = isFirst || value < x ? x : value;
      break;
    case ReduceKind::Min:
      value = isFirst || x < value ? x : value;
      break;
    case ReduceKind::Prod:
      value = isFirst ? x : value * x;
      break;
    case ReduceKind::L1:
      value += x < 0 ? -x : x;
      break;
    case ReduceKind::L2:
    case ReduceKind::SumSquare:
      value += x * x;
      break;
    case ReduceKind::LogSumExp:
      // The sum is kept relative to the largest term so far.
      if (isFirst || x > max) {
        value = isFirst ? 1 : value * std::exp(max - x) + 1;
        max = x;
      } else {
        value += std::exp(x - max);
      }
      break;
    }
  }

  A get() const {
    switch (kind) {
    case ReduceKind::Mean:
      return value / A(count);
    case ReduceKind::L2:
      return std::sqrt(value);
    case ReduceKind::LogSum:
      return std::log(value);
    case ReduceKind::LogSumExp:
      return max + std::log(value);
    default:
      return value;
    }
  }
};

} // namespace

/// The axes that a reduction removes.
static llvm::SmallVector<bool> getReducedAxes(ReduceOp op, int64_t rank) {
  llvm::SmallVector<bool> isReduced(rank, op.getAxes().empty());
  for (int64_t axis : op.getAxes())
    isReduced[axis] = true;
  return isReduced;
}

template <typename A, typename T>
static void reduce(ReduceOp op, llvm::ArrayRef<T> in, Shape shape, T *out,
                   int64_t outSize) {
  llvm::SmallVector<bool> isReduced = getReducedAxes(op, shape.size());
  llvm::SmallVector<int64_t> kept;
  for (auto [dim, reduced] : llvm::zip(shape, isReduced))
    kept.push_back(reduced ? 1 : dim);
  std::vector<Accumulator<A>> accumulators(outSize, {op.getKind()});
  const T *x = in.data();
  forEachOffset(shape, getBroadcastStrides(kept, shape), 0,
                [&](int64_t offset) { accumulators[offset].add(*x++); });
  for (const Accumulator<A> &accumulator : accumulators)
    *out++ = T(accumulator.get());
}

EvalResult ReduceOp::evaluate(In in) {
  if (in[0].getNumElements() == 0)
    return evalError(getOperationName(), "reduces no elements");
  Buffer out = Buffer::make(in[0].getKind(), getResultShape(*this));
  if (in[0].isF32())
    reduce<double>(*this, in[0].getF32(), in[0].getShape(),
                   out.getMutableF32().data(), out.getNumElements());
  else
    reduce<int64_t>(*this, in[0].getInts(), in[0].getShape(),
                    out.getMutableInts().data(), out.getNumElements());
  return one(out);
}

/// Index of the extremum of `size` elements `stride` apart.
template <typename T>
static int64_t findExtremum(const T *x, int64_t size, int64_t stride,
                            ArgKind kind, bool selectLast) {
  int64_t best = 0;
  for (int64_t i = 1; i < size; ++i) {
    T value = x[i * stride], old = x[best * stride];
    bool isBetter = kind == ArgKind::Max ? value > old : value < old;
    if (isBetter || (selectLast && value == old))
      best = i;
  }
  return best;
}

EvalResult ArgOp::evaluate(In in) {
  AxisView view(in[0].getShape(), getAxis());
  Buffer out = Buffer::ints(getResultShape(*this));
  int64_t *result = out.getMutableInts().data();
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t i = 0; i < view.inner; ++i) {
      int64_t base = o * view.size * view.inner + i;
      *result++ = in[0].isF32()
                      ? findExtremum(in[0].getF32().data() + base, view.size,
                                     view.inner, getKind(), getSelectLast())
                      : findExtremum(in[0].getInts().data() + base, view.size,
                                     view.inner, getKind(), getSelectLast());
    }
  return one(out);
}

/// Writes the first k of the sorted elements of one line.
template <typename T>
static void sortLine(const T *x, T *values, int64_t *indices, int64_t size,
                     int64_t k, int64_t stride, bool largest) {
  std::vector<int64_t> order(size);
  std::iota(order.begin(), order.end(), 0);
  llvm::sort(order, [&](int64_t a, int64_t b) {
    T left = x[a * stride], right = x[b * stride];
    // Of equal elements the lower index comes first.
    return left == right ? a < b : largest ? left > right : left < right;
  });
  for (int64_t i = 0; i < k; ++i) {
    values[i * stride] = x[order[i] * stride];
    indices[i * stride] = order[i];
  }
}

EvalResult TopKOp::evaluate(In in) {
  AxisView view(in[0].getShape(), getAxis());
  int64_t k = getK();
  Buffer values = Buffer::make(in[0].getKind(), getResultShape(*this));
  Buffer indices = Buffer::ints(getResultShape(*this));
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t i = 0; i < view.inner; ++i) {
      int64_t from = o * view.size * view.inner + i;
      int64_t to = o * k * view.inner + i;
      int64_t *index = indices.getMutableInts().data() + to;
      if (in[0].isF32())
        sortLine(in[0].getF32().data() + from,
                 values.getMutableF32().data() + to, index, view.size, k,
                 view.inner, getLargest());
      else
        sortLine(in[0].getInts().data() + from,
                 values.getMutableInts().data() + to, index, view.size, k,
                 view.inner, getLargest());
    }
  Buffers results;
  results.push_back(values);
  results.push_back(indices);
  return results;
}

template <typename A, typename T>
static void scan(CumSumOp op, AxisView view, const T *in, T *out) {
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t i = 0; i < view.inner; ++i) {
      A sum = 0;
      for (int64_t k = 0; k < view.size; ++k) {
        int64_t position = op.getReverse() ? view.size - 1 - k : k;
        int64_t at = (o * view.size + position) * view.inner + i;
        A before = sum;
        sum += in[at];
        out[at] = T(op.getExclusive() ? before : sum);
      }
    }
}

EvalResult CumSumOp::evaluate(In in) {
  AxisView view(in[0].getShape(), getAxis());
  Buffer out = Buffer::make(in[0].getKind(), in[0].getShape());
  if (in[0].isF32())
    scan<double>(*this, view, in[0].getF32().data(),
                 out.getMutableF32().data());
  else
    scan<int64_t>(*this, view, in[0].getInts().data(),
                  out.getMutableInts().data());
  return one(out);
}
