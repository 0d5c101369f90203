//===- Evaluate.h - Helpers of the reference evaluation ---------*- C++ -*-===//
//
// What the families' evaluations share: iteration over shapes, and a matrix
// product. Not for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_DIALECT_TOP_EVALUATE_EVALUATE_H
#define TPUC_LIB_DIALECT_TOP_EVALUATE_EVALUATE_H

#include "Dialect/Top/IR/Top.h"

namespace tpuc::top {

using Shape = llvm::ArrayRef<int64_t>;
using Buffers = llvm::SmallVector<Buffer>;
using EvalResult = llvm::Expected<Buffers>;

/// The only result of an op.
inline EvalResult one(Buffer buffer) {
  Buffers results;
  results.push_back(std::move(buffer));
  return results;
}

/// An error about data, in the form of a diagnostic.
inline llvm::Error evalError(llvm::StringRef opName, const llvm::Twine &text) {
  return llvm::createStringError("'" + opName + "' op " + text);
}

/// The shape of an op's only result.
inline Shape getResultShape(mlir::Operation *op, unsigned index = 0) {
  return llvm::cast<mlir::RankedTensorType>(op->getResult(index).getType())
      .getShape();
}

/// Calls fn(offset) for every index of `shape` in row-major order; `offset` is
/// base + the sum of index * stride. Strides may be zero or negative.
template <typename Fn>
void forEachOffset(Shape shape, Shape strides, int64_t base, Fn &&fn) {
  int64_t rank = shape.size();
  if (getNumElements(shape) == 0)
    return;
  if (rank == 0) {
    fn(base);
    return;
  }
  llvm::SmallVector<int64_t> index(rank, 0);
  int64_t inner = shape[rank - 1], innerStride = strides[rank - 1];
  int64_t offset = base;
  while (true) {
    for (int64_t i = 0; i < inner; ++i)
      fn(offset + i * innerStride);
    int64_t axis = rank - 2;
    for (; axis >= 0; --axis) {
      offset += strides[axis];
      if (++index[axis] < shape[axis])
        break;
      offset -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
    if (axis < 0)
      return;
  }
}

/// Strides, in elements, with which a tensor of shape `from` is read as one of
/// the larger shape `to`: 0 where it is repeated.
llvm::SmallVector<int64_t> getBroadcastStrides(Shape from, Shape to);

/// Copies the elements of `input` that a strided walk visits into a new buffer
/// of shape `shape`.
Buffer gatherStrided(const Buffer &input, Shape shape, Shape strides,
                     int64_t base);

/// A tensor seen as [outer, size, inner] around one axis.
struct AxisView {
  int64_t outer = 1, size = 1, inner = 1;
  AxisView(Shape shape, int64_t axis)
      : outer(getNumElements(shape.take_front(axis))), size(shape[axis]),
        inner(getNumElements(shape.drop_front(axis + 1))) {}
};

/// out[m, n] += a[m, k] * b[k, n]; the rows of `out`, `a` and `b` begin `ldo`,
/// `lda` and `ldb` elements apart.
void multiplyAccumulate(float *out, const float *a, const float *b, int64_t m,
                        int64_t n, int64_t k, int64_t ldo, int64_t lda,
                        int64_t ldb);

} // namespace tpuc::top

#endif // TPUC_LIB_DIALECT_TOP_EVALUATE_EVALUATE_H
