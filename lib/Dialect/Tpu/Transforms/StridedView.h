//===- StridedView.h - Values as views of other values ----------*- C++ -*-===//
//
// Looks through ops that only rearrange elements.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_DIALECT_TPU_TRANSFORMS_STRIDEDVIEW_H
#define TPUC_LIB_DIALECT_TPU_TRANSFORMS_STRIDEDVIEW_H

#include "Dialect/Tpu/IR/Tpu.h"

namespace tpuc::tpu {

/// The element at index i of the viewed tensor is element
/// offset + sum i * strides of `root` in row-major order.
struct StridedView {
  mlir::Value root;
  int64_t offset = 0;
  llvm::SmallVector<int64_t> sizes, strides;

  /// The same elements in row-major order under another shape, or nothing when
  /// that has no strides.
  std::optional<StridedView> reshaped(llvm::ArrayRef<int64_t> shape) const;
  /// Axes of size 1 repeated to `shape`, of equal rank.
  StridedView broadcast(llvm::ArrayRef<int64_t> shape) const;
};

/// `value` as a view, through reshapes, permutes and slices. With `scale`, also
/// through products with a constant, which multiply `scale`.
StridedView traceView(mlir::Value value, double *scale = nullptr);

} // namespace tpuc::tpu

#endif // TPUC_LIB_DIALECT_TPU_TRANSFORMS_STRIDEDVIEW_H
