//===- StridedView.h - Values as views of other values ----------*- C++ -*-===//
//
// Looks through ops that only rearrange elements.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_DIALECT_TPU_TRANSFORMS_STRIDEDVIEW_H
#define TPUC_LIB_DIALECT_TPU_TRANSFORMS_STRIDEDVIEW_H

#include "Analysis/StridedMap.h"
#include "Dialect/Tpu/IR/Tpu.h"

namespace tpuc::tpu {

/// A value whose elements are those of `root` that `map` reads.
struct StridedView {
  mlir::Value root;
  StridedMap map;
};

/// `value` as a view, through reshapes, permutes and slices. With `scale`, also
/// through products with a constant, which multiply `scale`.
StridedView traceView(mlir::Value value, double *scale = nullptr);

} // namespace tpuc::tpu

#endif // TPUC_LIB_DIALECT_TPU_TRANSFORMS_STRIDEDVIEW_H
