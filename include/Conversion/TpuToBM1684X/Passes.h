//===- Passes.h - From operators to commands -------------------*- C++ -*-===//
//
// Declares the pass that turns a planned tpu module into commands, and the
// kernels of the tpu dialect's operators.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_CONVERSION_TPUTOBM1684X_PASSES_H
#define TPUC_CONVERSION_TPUTOBM1684X_PASSES_H

#include "mlir/Pass/Pass.h"

namespace tpuc {

#define GEN_PASS_DECL
#include "Conversion/TpuToBM1684X/Passes.h.inc"

/// Attaches the kernels to the operators of the tpu dialect.
void registerTpuKernels(mlir::DialectRegistry &registry);

#define GEN_PASS_REGISTRATION
#include "Conversion/TpuToBM1684X/Passes.h.inc"

} // namespace tpuc

#endif // TPUC_CONVERSION_TPUTOBM1684X_PASSES_H
