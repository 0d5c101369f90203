//===- RotateAllRows.cpp - Rotary embeddings of some of the rows ----------===//
//
// Applies the pattern that rotates the rows that are left out by nothing.
//
//===----------------------------------------------------------------------===//

#include "PatternPass.h"

namespace tpuc::top {
#define GEN_PASS_DEF_TOPROTATEALLROWS
#include "Dialect/Top/Transforms/Passes.h.inc"

namespace {

struct TopRotateAllRows
    : public PatternPass<impl::TopRotateAllRowsBase<TopRotateAllRows>,
                         populateRotationPatterns> {};

} // namespace
} // namespace tpuc::top
