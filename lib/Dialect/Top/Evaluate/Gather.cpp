//===- Gather.cpp - Evaluation of gathers and scatters --------------------===//
//
// Ops that address elements by index. An index out of range is an error.
//
//===----------------------------------------------------------------------===//

#include "Evaluate.h"

using namespace tpuc;
using namespace tpuc::top;

using In = llvm::ArrayRef<Buffer>;

/// Resolves an index that may count from the end.
static llvm::Expected<int64_t> resolve(llvm::StringRef name, int64_t index,
                                       int64_t size) {
  int64_t resolved = index < 0 ? index + size : index;
  if (resolved < 0 || resolved >= size)
    return evalError(name, "index " + llvm::Twine(index) +
                               " is out of range for an axis of size " +
                               llvm::Twine(size));
  return resolved;
}

/// Copies `count` elements between buffers of the same kind.
static void copyElements(const Buffer &from, int64_t fromOffset, Buffer &to,
                         int64_t toOffset, int64_t count) {
  if (from.isF32())
    llvm::copy(from.getF32().slice(fromOffset, count),
               to.getMutableF32().begin() + toOffset);
  else
    llvm::copy(from.getInts().slice(fromOffset, count),
               to.getMutableInts().begin() + toOffset);
}

EvalResult GatherOp::evaluate(In in) {
  AxisView view(in[0].getShape(), getAxis());
  llvm::ArrayRef<int64_t> indices = in[1].getInts();
  Buffer out = Buffer::make(in[0].getKind(), getResultShape(*this));
  int64_t to = 0;
  for (int64_t o = 0; o < view.outer; ++o)
    for (int64_t index : indices) {
      llvm::Expected<int64_t> at =
          resolve(getOperationName(), index, view.size);
      if (!at)
        return at.takeError();
      copyElements(in[0], (o * view.size + *at) * view.inner, out, to,
                   view.inner);
      to += view.inner;
    }
  return one(out);
}

EvalResult GatherElementsOp::evaluate(In in) {
  Shape shape = in[1].getShape();
  llvm::SmallVector<int64_t> strides = getRowMajorStrides(in[0].getShape());
  int64_t axis = getAxis(), axisStride = strides[axis];
  strides[axis] = 0;
  Buffer out = Buffer::make(in[0].getKind(), shape);
  int64_t to = 0;
  llvm::Error error = llvm::Error::success();
  forEachOffset(shape, strides, 0, [&](int64_t offset) {
    if (error)
      return;
    llvm::Expected<int64_t> at =
        resolve(getOperationName(), in[1].getInts()[to], in[0].getDim(axis));
    if (!at) {
      error = at.takeError();
      return;
    }
    copyElements(in[0], offset + *at * axisStride, out, to++, 1);
  });
  if (error)
    return std::move(error);
  return one(out);
}

/// The offset, in elements, that an index tuple addresses in axes of sizes
/// `shape` with strides `strides`.
static llvm::Expected<int64_t> resolveTuple(llvm::StringRef name,
                                            llvm::ArrayRef<int64_t> tuple,
                                            Shape shape, Shape strides) {
  int64_t offset = 0;
  for (auto [index, size, stride] : llvm::zip(tuple, shape, strides)) {
    llvm::Expected<int64_t> at = resolve(name, index, size);
    if (!at)
      return at.takeError();
    offset += *at * stride;
  }
  return offset;
}

EvalResult GatherNDOp::evaluate(In in) {
  Shape shape = in[0].getShape();
  int64_t batch = getBatchDims(), depth = in[1].getShape().back();
  llvm::SmallVector<int64_t> strides = getRowMajorStrides(shape);
  int64_t inner = getNumElements(shape.drop_front(batch + depth));
  int64_t batches = getNumElements(shape.take_front(batch));
  int64_t batchSize = getNumElements(shape.drop_front(batch));
  int64_t tuples = in[1].getNumElements() / depth;
  Buffer out = Buffer::make(in[0].getKind(), getResultShape(*this));
  for (int64_t t = 0; t < tuples; ++t) {
    llvm::Expected<int64_t> offset = resolveTuple(
        getOperationName(), in[1].getInts().slice(t * depth, depth),
        shape.slice(batch, depth), llvm::ArrayRef(strides).slice(batch, depth));
    if (!offset)
      return offset.takeError();
    int64_t batchOffset = t / (tuples / batches) * batchSize;
    copyElements(in[0], batchOffset + *offset, out, t * inner, inner);
  }
  return one(out);
}

template <typename T>
static T combine(ScatterReduction reduction, T old, T update) {
  switch (reduction) {
  case ScatterReduction::None:
    return update;
  case ScatterReduction::Add:
    return old + update;
  case ScatterReduction::Mul:
    return old * update;
  case ScatterReduction::Max:
    return std::max(old, update);
  case ScatterReduction::Min:
    return std::min(old, update);
  }
  return update;
}

EvalResult ScatterNDOp::evaluate(In in) {
  Shape shape = in[0].getShape();
  int64_t depth = in[1].getShape().back();
  llvm::SmallVector<int64_t> strides = getRowMajorStrides(shape);
  int64_t inner = getNumElements(shape.drop_front(depth));
  Buffer out = Buffer::make(in[0].getKind(), shape);
  copyElements(in[0], 0, out, 0, out.getNumElements());
  for (int64_t t = 0, end = in[1].getNumElements() / depth; t < end; ++t) {
    llvm::Expected<int64_t> offset = resolveTuple(
        getOperationName(), in[1].getInts().slice(t * depth, depth),
        shape.take_front(depth), llvm::ArrayRef(strides).take_front(depth));
    if (!offset)
      return offset.takeError();
    for (int64_t i = 0; i < inner; ++i) {
      if (out.isF32()) {
        float &value = out.getMutableF32()[*offset + i];
        value = combine(getReduction(), value, in[2].getF32()[t * inner + i]);
      } else {
        int64_t &value = out.getMutableInts()[*offset + i];
        value = combine(getReduction(), value, in[2].getInts()[t * inner + i]);
      }
    }
  }
  return one(out);
}
