//===- StridedView.cpp - Values as views of other values ------------------===//
//
// Strides through reshapes, permutes and slices. Nothing is changed.
//
//===----------------------------------------------------------------------===//

#include "StridedView.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace tpuc::tpu;

std::optional<StridedView>
StridedView::reshaped(ArrayRef<int64_t> shape) const {
  // Axes that follow each other without a gap are one.
  struct Run {
    int64_t size, stride;
  };
  SmallVector<Run> runs;
  for (auto [size, stride] : llvm::zip(sizes, strides)) {
    if (size == 1)
      continue;
    if (!runs.empty() && runs.back().stride == stride * size)
      runs.back() = {runs.back().size * size, stride};
    else
      runs.push_back({size, stride});
  }
  StridedView view{root, offset, SmallVector<int64_t>(shape),
                   SmallVector<int64_t>(shape.size(), 0)};
  int64_t taken = 1; // of the innermost run left
  for (size_t axis = shape.size(); axis-- > 0;) {
    if (shape[axis] == 1)
      continue;
    if (runs.empty() || runs.back().size % (taken * shape[axis]) != 0)
      return std::nullopt;
    view.strides[axis] = runs.back().stride * taken;
    taken *= shape[axis];
    if (taken == runs.back().size) {
      runs.pop_back();
      taken = 1;
    }
  }
  return view;
}

StridedView StridedView::broadcast(ArrayRef<int64_t> shape) const {
  StridedView view = *this;
  for (auto [axis, size] : llvm::enumerate(shape))
    if (view.sizes[axis] != size) {
      view.sizes[axis] = size;
      view.strides[axis] = 0;
    }
  return view;
}

StridedView tpuc::tpu::traceView(Value value, double *scale) {
  ArrayRef<int64_t> shape = getShape(value);
  StridedView whole{value, 0, SmallVector<int64_t>(shape),
                    computeStrides(shape)};
  Operation *op = value.getDefiningOp();
  if (auto reshape = dyn_cast_or_null<ReshapeOp>(op)) {
    double inner = 1.0;
    StridedView source =
        traceView(reshape.getInput(), scale ? &inner : nullptr);
    std::optional<StridedView> view = source.reshaped(shape);
    if (!view)
      return whole;
    if (scale)
      *scale *= inner;
    return *view;
  }
  if (auto permute = dyn_cast_or_null<PermuteOp>(op)) {
    StridedView view = traceView(permute.getInput(), scale);
    view.sizes = applyPermutation(view.sizes, permute.getOrder());
    view.strides = applyPermutation(view.strides, permute.getOrder());
    return view;
  }
  if (auto slice = dyn_cast_or_null<SliceOp>(op)) {
    StridedView view = traceView(slice.getInput(), scale);
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      view.offset += slice.getOffsets()[axis] * view.strides[axis];
      view.strides[axis] *= slice.getSteps()[axis];
      view.sizes[axis] = shape[axis];
    }
    return view;
  }
  auto scalar = dyn_cast_or_null<ScalarOp>(op);
  if (scale && scalar && scalar.getKind() == ScalarKind::Mul) {
    *scale *= scalar.getValue().convertToDouble();
    return traceView(scalar.getInput(), scale);
  }
  return whole;
}
