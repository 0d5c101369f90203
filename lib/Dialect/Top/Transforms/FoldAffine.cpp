//===- FoldAffine.cpp - Folds constants into weights ----------------------===//
//
// Applies the patterns that draw factors and summands into weights.
//
//===----------------------------------------------------------------------===//

#include "../Canonicalize/Patterns.h"
#include "Dialect/Top/IR/Top.h"
#include "Dialect/Top/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace tpuc::top {
#define GEN_PASS_DEF_TOPFOLDAFFINE
#include "Dialect/Top/Transforms/Passes.h.inc"
} // namespace tpuc::top

using namespace mlir;
using namespace tpuc;

namespace {

struct TopFoldAffine : public top::impl::TopFoldAffineBase<TopFoldAffine> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet all(context);
    top::populateAffinePatterns(all);
    top::populateConstantChainPatterns(all);
    top::populateProjectionPatterns(all);
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
