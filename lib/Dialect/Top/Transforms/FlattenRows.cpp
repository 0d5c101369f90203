//===- FlattenRows.cpp - One form for products with one matrix ------------===//
//
// Applies the patterns that write products of rows with two axes.
//
//===----------------------------------------------------------------------===//

#include "PatternPass.h"

namespace tpuc::top {
#define GEN_PASS_DEF_TOPFLATTENROWS
#include "Dialect/Top/Transforms/Passes.h.inc"

namespace {

// Reshapes that meet are composed, or they would hide each other.
struct TopFlattenRows
    : public PatternPass<impl::TopFlattenRowsBase<TopFlattenRows>,
                         populateRowPatterns, populateViewPatterns> {};

} // namespace
} // namespace tpuc::top
