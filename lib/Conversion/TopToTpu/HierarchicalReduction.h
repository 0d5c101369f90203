//===- HierarchicalReduction.h - Long rows in steps -------------*- C++ -*-===//
//
// Reductions, normalisations and softmax of long rows in steps.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TOPTOTPU_HIERARCHICALREDUCTION_H
#define TPUC_LIB_CONVERSION_TOPTOTPU_HIERARCHICALREDUCTION_H

#include "Lowering.h"

namespace tpuc {

/// Rows longer than this are combined in steps: one need not fit into a lane.
constexpr int64_t kLongRow = 4096;

/// Combines the axes from `axis` on, where they are long those of parts first.
mlir::Value reduceInSteps(tpu::ReduceKind kind, mlir::Value x, int64_t axis,
                          Lowering &lowering);

/// A norm of groups of channels of x, which is [N, C, size]; top's scale and
/// bias may be missing and are read in `parameterShape`.
struct GroupNorm {
  mlir::Value x, scale, bias;
  llvm::SmallVector<int64_t> parameterShape;
  double epsilon = 0;
  int64_t groups = 1;
  bool subtractsMean = true;
};

/// Rows of groups that are long: means of channels, then of groups. Channels
/// stay in their lanes. Statistics are f32, the result has x's type.
mlir::Value normOfGroups(const GroupNorm &norm, Lowering &lowering);

/// softmax(x), or its logarithm, along the last axis; nothing when a row fits
/// into a lane, or has no equal parts that do.
mlir::Value softmaxInSteps(mlir::Value x, bool isLog, Lowering &lowering);

/// The norm of the last axis, whatever groups and shape `norm` says. Nothing as
/// above.
mlir::Value normInSteps(GroupNorm norm, Lowering &lowering);

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TOPTOTPU_HIERARCHICALREDUCTION_H
