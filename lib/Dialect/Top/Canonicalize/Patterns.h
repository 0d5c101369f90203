//===- Patterns.h - Canonicalisation of the top dialect ---------*- C++ -*-===//
//
// One populate function a family of patterns. Not for other libraries: they
// reach the patterns through the canonicaliser and the passes.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_DIALECT_TOP_CANONICALIZE_PATTERNS_H
#define TPUC_LIB_DIALECT_TOP_CANONICALIZE_PATTERNS_H

#include "mlir/IR/PatternMatch.h"

namespace tpuc::top {

/// All families that the canonicaliser applies.
void populateCanonicalizationPatterns(mlir::RewritePatternSet &patterns);

} // namespace tpuc::top

#endif // TPUC_LIB_DIALECT_TOP_CANONICALIZE_PATTERNS_H
