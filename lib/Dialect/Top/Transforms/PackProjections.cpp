//===- PackProjections.cpp - Projections that attention reads -------------===//
//
// Applies the pattern that joins products of one value.
//
//===----------------------------------------------------------------------===//

#include "PatternPass.h"

namespace tpuc::top {
#define GEN_PASS_DEF_TOPPACKPROJECTIONS
#include "Dialect/Top/Transforms/Passes.h.inc"

namespace {

struct TopPackProjections
    : public PatternPass<impl::TopPackProjectionsBase<TopPackProjections>,
                         populatePackingPatterns> {};

} // namespace
} // namespace tpuc::top
