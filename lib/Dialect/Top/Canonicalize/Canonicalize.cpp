//===- Canonicalize.cpp - Canonicalisation of the top dialect -------------===//
//
// Collects the families of patterns. No pattern is defined here.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"

using namespace tpuc;

void top::populateCanonicalizationPatterns(mlir::RewritePatternSet &patterns) {
}
