//===- RecognizeOps.cpp - Recognises composite ops ------------------------===//
//
// Applies the patterns that find composite ops in their formulas.
//
//===----------------------------------------------------------------------===//

#include "../Canonicalize/Patterns.h"
#include "Dialect/Top/IR/Top.h"
#include "Dialect/Top/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace tpuc::top {
#define GEN_PASS_DEF_TOPRECOGNIZEOPS
#include "Dialect/Top/Transforms/Passes.h.inc"
} // namespace tpuc::top

using namespace mlir;
using namespace tpuc;

namespace {

struct TopRecognizeOps
    : public top::impl::TopRecognizeOpsBase<TopRecognizeOps> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet all(context);
    top::populateActivationPatterns(all);
    top::populateNormalizationPatterns(all);
    top::populateGroupNormPatterns(all);
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
