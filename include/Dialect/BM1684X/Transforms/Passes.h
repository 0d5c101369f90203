//===- Passes.h - Passes of the command dialect ------------------*- C++
//-*-===//
//
// Declares the passes of Passes.td.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_BM1684X_TRANSFORMS_PASSES_H
#define TPUC_DIALECT_BM1684X_TRANSFORMS_PASSES_H

#include "mlir/Pass/Pass.h"

namespace tpuc::bm1684x {

#define GEN_PASS_DECL
#include "Dialect/BM1684X/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "Dialect/BM1684X/Transforms/Passes.h.inc"

} // namespace tpuc::bm1684x

#endif // TPUC_DIALECT_BM1684X_TRANSFORMS_PASSES_H
