//===- Passes.h - Passes of the tpu dialect ---------------------*- C++ -*-===//
//
// Declares the passes of Passes.td.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_TRANSFORMS_PASSES_H
#define TPUC_DIALECT_TPU_TRANSFORMS_PASSES_H

#include "Arch/Arch.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace tpuc::tpu {

#define GEN_PASS_DECL
#include "Dialect/Tpu/Transforms/Passes.h.inc"

/// What tpu-assign-lane-layout does to a function, for a given chip.
void assignLaneLayouts(const Arch &arch, mlir::func::FuncOp function,
                       bool carriesOn);

#define GEN_PASS_REGISTRATION
#include "Dialect/Tpu/Transforms/Passes.h.inc"

} // namespace tpuc::tpu

#endif // TPUC_DIALECT_TPU_TRANSFORMS_PASSES_H
