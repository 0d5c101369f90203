//===- Views.cpp - Canonicalisation of reshapes and permutes --------------===//
//
// Composes views and removes those that move nothing.
//
//===----------------------------------------------------------------------===//

#include "Analysis/AxisOrder.h"
#include "Match.h"
#include "Patterns.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

namespace {

/// reshape(reshape(x)) -> reshape(x)
struct ComposeReshapes : public OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<ReshapeOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "operand is not a reshape");
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), inner.getInput());
    return success();
  }
};

/// permute[a](permute[b](x)) -> permute[b o a](x), unless one transposes and
/// the other moves rows
struct ComposePermutes : public OpRewritePattern<PermuteOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PermuteOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<PermuteOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "operand is not a permute");
    SmallVector<int64_t> order;
    for (int64_t axis : op.getOrder())
      order.push_back(inner.getOrder()[axis]);
    ArrayRef<int64_t> shape = shapeOf(inner.getInput());
    if (isSplitTransposition(shape, inner.getOrder(),
                             {SmallVector<int64_t>(shape), order}))
      return rewriter.notifyMatchFailure(op, "better apart");
    rewriter.replaceOpWithNewOp<PermuteOp>(op, inner.getInput(), order);
    return success();
  }
};

/// permute(x) -> reshape(x) when only axes of size 1 move past others
struct PermuteToReshape : public OpRewritePattern<PermuteOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PermuteOp op,
                                PatternRewriter &rewriter) const override {
    int64_t last = -1;
    for (int64_t axis : op.getOrder()) {
      if (shapeOf(op.getInput())[axis] == 1)
        continue;
      if (axis < last)
        return rewriter.notifyMatchFailure(op, "elements move");
      last = axis;
    }
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), op.getInput());
    return success();
  }
};

/// depth_to_space(x) -> reshape(permute(reshape(x)))
struct ExpandDepthToSpace : public OpRewritePattern<DepthToSpaceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DepthToSpaceOp op,
                                PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> s = shapeOf(op.getInput());
    int64_t b = op.getBlockSize(), depth = s[1] / (b * b);
    bool isDCR = op.getMode() == BlockOrder::DCR;
    SmallVector<int64_t> split{s[0], b, b, depth, s[2], s[3]};
    SmallVector<int64_t> order{0, 3, 4, 1, 5, 2};
    if (!isDCR) {
      split = {s[0], depth, b, b, s[2], s[3]};
      order = {0, 1, 4, 2, 5, 3};
    }
    Value value = reshapeTo(rewriter, op.getLoc(), op.getInput(), split);
    value = PermuteOp::create(rewriter, op.getLoc(), value, order);
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), value);
    return success();
  }
};

/// space_to_depth(x) -> reshape(permute(reshape(x)))
struct ExpandSpaceToDepth : public OpRewritePattern<SpaceToDepthOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SpaceToDepthOp op,
                                PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> s = shapeOf(op.getInput());
    int64_t b = op.getBlockSize();
    Value value = reshapeTo(rewriter, op.getLoc(), op.getInput(),
                            {s[0], s[1], s[2] / b, b, s[3] / b, b});
    value = PermuteOp::create(rewriter, op.getLoc(), value,
                              ArrayRef<int64_t>{0, 3, 5, 1, 2, 4});
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), value);
    return success();
  }
};

/// reduce(x) over axes of size 1 -> reshape(x), for the kinds that give back a
/// single element
struct ReduceToReshape : public OpRewritePattern<ReduceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReduceOp op,
                                PatternRewriter &rewriter) const override {
    switch (op.getKind()) {
    case ReduceKind::Mean:
    case ReduceKind::Sum:
    case ReduceKind::Max:
    case ReduceKind::Min:
    case ReduceKind::Prod:
      break;
    default:
      return rewriter.notifyMatchFailure(op, "kind changes single elements");
    }
    if (op.getInput().getType().getNumElements() !=
        op.getOutput().getType().getNumElements())
      return rewriter.notifyMatchFailure(op, "reduces more than one element");
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), op.getInput());
    return success();
  }
};

} // namespace

void top::populateViewPatterns(RewritePatternSet &patterns) {
  patterns.add<ComposePermutes, ComposeReshapes, ExpandDepthToSpace,
               ExpandSpaceToDepth, PermuteToReshape, ReduceToReshape>(
      patterns.getContext());
}
