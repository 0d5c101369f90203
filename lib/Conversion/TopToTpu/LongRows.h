//===- LongRows.h - What one row of does not fit into a lane ----*- C++ -*-===//
//
// Reductions, normalisations and softmax of long rows in steps.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TOPTOTPU_LONGROWS_H
#define TPUC_LIB_CONVERSION_TOPTOTPU_LONGROWS_H

#include "Lowering.h"

namespace tpuc {

/// Rows longer than this are combined in steps: one need not fit into a lane.
constexpr int64_t kLongRow = 4096;

/// Combines the axes from `axis` on, where they are long those of parts first.
mlir::Value reduceInSteps(tpu::ReduceKind kind, mlir::Value x, int64_t axis,
                          Lowering &lowering);

/// What a norm of groups of channels needs of x, which is [N, C, size]: x minus
/// its group's mean, and one over the group's deviation as [N, C, 1].
struct Centred {
  mlir::Value difference, factor;
};

/// Rows of groups that are long: means of channels, then of groups. Channels
/// stay in their lanes. Without `subtractsMean` the difference is x.
Centred centreGroups(mlir::Value x, int64_t groups, double epsilon,
                     Lowering &lowering, bool subtractsMean = true);

/// softmax(x), or its logarithm, along the last axis; nothing when a row fits
/// into a lane, or has no equal parts that do.
mlir::Value softmaxInSteps(mlir::Value x, bool isLog, Lowering &lowering);

/// The norm of the last axis, to mean 0 with `subtractsMean`; `scale` and
/// `bias` may be missing. Nothing as above.
mlir::Value normInSteps(mlir::Value x, mlir::Value scale, mlir::Value bias,
                        double epsilon, bool subtractsMean, Lowering &lowering);

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TOPTOTPU_LONGROWS_H
