//===- PackProjections.cpp - Projections that attention reads -------------===//
//
// Applies the pattern that joins products of one value.
//
//===----------------------------------------------------------------------===//

#include "../Canonicalize/Patterns.h"
#include "Dialect/Top/IR/Top.h"
#include "Dialect/Top/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace tpuc::top {
#define GEN_PASS_DEF_TOPPACKPROJECTIONS
#include "Dialect/Top/Transforms/Passes.h.inc"
} // namespace tpuc::top

using namespace mlir;
using namespace tpuc;

namespace {

struct TopPackProjections
    : public top::impl::TopPackProjectionsBase<TopPackProjections> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet all(context);
    top::populatePackingPatterns(all);
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
