//===- Passes.h - Passes of the top dialect ---------------------*- C++ -*-===//
//
// Declares the passes of Passes.td and the pipeline that brings an imported
// network into its canonical form.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TOP_TRANSFORMS_PASSES_H
#define TPUC_DIALECT_TOP_TRANSFORMS_PASSES_H

#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Pass/Pass.h"

namespace tpuc::top {

#define GEN_PASS_DECL
#include "Dialect/Top/Transforms/Passes.h.inc"

/// Brings a network into canonical form: canonicalises, recognises composite
/// ops, folds constants into weights. Two spellings of one network become the
/// same program.
void buildCanonicalizePipeline(mlir::OpPassManager &manager);

/// Registers the pipeline as `top-canonicalize`.
void registerPipelines();

#define GEN_PASS_REGISTRATION
#include "Dialect/Top/Transforms/Passes.h.inc"

} // namespace tpuc::top

#endif // TPUC_DIALECT_TOP_TRANSFORMS_PASSES_H
