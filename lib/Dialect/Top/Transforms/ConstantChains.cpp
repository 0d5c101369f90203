//===- ConstantChains.cpp - Chains of arithmetic with constants -----------===//
//
// Gathers the constants of a chain of sums or products into one. Changes the
// rounding of results.
//
//===----------------------------------------------------------------------===//

#include "../Canonicalize/Match.h"
#include "Patterns.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

namespace {

/// (x op a) op b -> x op (a op b) for constants a, b
template <typename OpTy> struct JoinConstants : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getLhs().template getDefiningOp<OpTy>();
    if (!inner || !inner->hasOneUse() || !isConstant(op.getRhs()) ||
        !isConstant(inner.getRhs()) || isConstant(inner.getLhs()))
      return rewriter.notifyMatchFailure(op, "no chain of constants");
    ArrayRef<int64_t> a = shapeOf(inner.getRhs()), b = shapeOf(op.getRhs());
    std::optional<SmallVector<int64_t>> shape = broadcastShapes({a, b});
    // Constants that broadcast against each other would make a larger one.
    if (!shape || (ArrayRef(*shape) != a && ArrayRef(*shape) != b))
      return rewriter.notifyMatchFailure(op, "joined constant would grow");
    Value constant =
        OpTy::create(rewriter, op.getLoc(), inner.getRhs(), op.getRhs());
    rewriter.replaceOpWithNewOp<OpTy>(op, inner.getLhs(), constant);
    return success();
  }
};

} // namespace

void top::populateConstantChainPatterns(RewritePatternSet &patterns) {
  patterns.add<JoinConstants<AddOp>, JoinConstants<MulOp>>(
      patterns.getContext());
}
