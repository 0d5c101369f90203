//===- StridedView.cpp - Values as views of other values ------------------===//
//
// Strides through reshapes, permutes and slices. Nothing is changed.
//
//===----------------------------------------------------------------------===//

#include "StridedView.h"

using namespace mlir;
using namespace tpuc::tpu;

StridedView tpuc::tpu::traceView(Value value, double *scale) {
  ArrayRef<int64_t> shape = getShape(value);
  StridedView whole{value, StridedMap::identity(shape)};
  Operation *op = value.getDefiningOp();
  if (auto reshape = dyn_cast_or_null<ReshapeOp>(op)) {
    double inner = 1.0;
    StridedView source =
        traceView(reshape.getInput(), scale ? &inner : nullptr);
    std::optional<StridedMap> map = source.map.reshaped(shape);
    if (!map)
      return whole;
    if (scale)
      *scale *= inner;
    return {source.root, *map};
  }
  if (auto permute = dyn_cast_or_null<PermuteOp>(op)) {
    StridedView view = traceView(permute.getInput(), scale);
    return {view.root, view.map.permuted(permute.getOrder())};
  }
  if (auto slice = dyn_cast_or_null<SliceOp>(op)) {
    StridedView view = traceView(slice.getInput(), scale);
    return {view.root, view.map.sliced(slice.getOffsets(), slice.getSizes(),
                                       slice.getSteps())};
  }
  auto scalar = dyn_cast_or_null<ScalarOp>(op);
  if (scale && scalar && scalar.getKind() == ScalarKind::Mul) {
    *scale *= scalar.getValue().convertToDouble();
    return traceView(scalar.getInput(), scale);
  }
  return whole;
}
