//===- RecognizeOps.cpp - Recognises composite ops ------------------------===//
//
// Applies the patterns that find composite ops in their formulas.
//
//===----------------------------------------------------------------------===//

#include "PatternPass.h"

namespace tpuc::top {
#define GEN_PASS_DEF_TOPRECOGNIZEOPS
#include "Dialect/Top/Transforms/Passes.h.inc"

namespace {

struct TopRecognizeOps
    : public PatternPass<impl::TopRecognizeOpsBase<TopRecognizeOps>,
                         populateActivationPatterns,
                         populateNormalizationPatterns,
                         populateGroupNormPatterns> {};

} // namespace
} // namespace tpuc::top
