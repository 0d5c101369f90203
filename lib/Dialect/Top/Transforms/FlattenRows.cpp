//===- FlattenRows.cpp - One form for products with one matrix ------------===//
//
// Applies the patterns that write products of rows with two axes.
//
//===----------------------------------------------------------------------===//

#include "../Canonicalize/Patterns.h"
#include "Dialect/Top/IR/Top.h"
#include "Dialect/Top/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace tpuc::top {
#define GEN_PASS_DEF_TOPFLATTENROWS
#include "Dialect/Top/Transforms/Passes.h.inc"
} // namespace tpuc::top

using namespace mlir;
using namespace tpuc;

namespace {

struct TopFlattenRows : public top::impl::TopFlattenRowsBase<TopFlattenRows> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet all(context);
    top::populateRowPatterns(all);
    // Reshapes that meet are composed, or they would hide each other.
    top::populateViewPatterns(all);
    patterns = std::move(all);
    return success();
  }

  void runOnOperation() override {
    if (failed(applyPatternsGreedily(getOperation(), patterns)))
      signalPassFailure();
  }

  FrozenRewritePatternSet patterns;
};

} // namespace
