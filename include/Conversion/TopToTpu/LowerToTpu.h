//===- LowerToTpu.h - Dialects that are lowered to tpu ----------*- C++ -*-===//
//
// The interface by which convert-top-to-tpu finds the lowerings of dialects
// beside top.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_CONVERSION_TOPTOTPU_LOWERTOTPU_H
#define TPUC_CONVERSION_TOPTOTPU_LOWERTOTPU_H

#include "mlir/IR/DialectInterface.h"

namespace mlir {
class ConversionTarget;
} // namespace mlir

namespace tpuc {

class LoweringSet;

/// A dialect that has lowerings for its ops.
class LowerToTpuDialectInterface
    : public mlir::DialectInterface::Base<LowerToTpuDialectInterface> {
public:
  explicit LowerToTpuDialectInterface(mlir::Dialect *dialect) : Base(dialect) {}

  /// Adds one function for each class of ops (see lib's Lowering.h).
  virtual void populateLowerings(LoweringSet &set) const = 0;
  /// Marks the ops legal that the lowerings leave.
  virtual void addLegalOps(mlir::ConversionTarget &target) const = 0;
};

} // namespace tpuc

#endif // TPUC_CONVERSION_TOPTOTPU_LOWERTOTPU_H
