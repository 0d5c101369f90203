//===- FoldAffine.cpp - Folds constants into weights ----------------------===//
//
// Applies the patterns that draw factors and summands into weights.
//
//===----------------------------------------------------------------------===//

#include "PatternPass.h"

namespace tpuc::top {
#define GEN_PASS_DEF_TOPFOLDAFFINE
#include "Dialect/Top/Transforms/Passes.h.inc"

namespace {

struct TopFoldAffine
    : public PatternPass<
          impl::TopFoldAffineBase<TopFoldAffine>, populateAffinePatterns,
          populateLeadingAffinePatterns, populateConstantChainPatterns,
          populateProjectionPatterns, populatePackedProductPatterns> {};

} // namespace
} // namespace tpuc::top
