//===- GroupNorms.cpp - Recognises group normalisation --------------------===//
//
// Finds group_norm where it is written as instance normalisation of reshaped
// groups, then draws a following scale and bias of channels into it.
//
//===----------------------------------------------------------------------===//

#include "../Canonicalize/Match.h"
#include "Patterns.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

/// The parameters when they do nothing.
static bool isNeutral(GroupNormOp op) {
  return (!op.getScale() || isSplat(op.getScale(), 1, /*tolerance=*/0)) &&
         (!op.getBias() || isSplat(op.getBias(), 0, /*tolerance=*/0));
}

/// The values of a constant that varies along axis 1 of `like` alone, as [C].
static Value asChannels(PatternRewriter &rewriter, Value constant, Value like) {
  ArrayRef<int64_t> shape = shapeOf(like);
  if (!isConstant(constant) || !isF32(constant))
    return {};
  std::optional<int64_t> axis = getVaryingAxis(constant, shape);
  if (!axis || (*axis != -1 && *axis != 1))
    return {};
  Location loc = constant.getLoc();
  Value flat = reshapeTo(rewriter, loc, constant,
                         {tpuc::getNumElements(shapeOf(constant))});
  if (shapeOf(flat)[0] == shape[1])
    return flat;
  return BroadcastOp::create(rewriter, loc, withShape(flat, {shape[1]}), flat);
}

namespace {

/// reshape(group_norm(reshape(x: [N, C, ..] to [N, G, M])), G groups)
/// -> group_norm(x, G groups)
struct GroupNormOfReshape : public OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    auto norm = op.getInput().getDefiningOp<GroupNormOp>();
    auto inner =
        norm ? norm.getInput().getDefiningOp<ReshapeOp>() : ReshapeOp();
    if (!inner || inner.getInput().getType() != op.getType() ||
        !norm->hasOneUse() || !isNeutral(norm))
      return rewriter.notifyMatchFailure(op, "no normalisation of reshaped");
    ArrayRef<int64_t> shape = shapeOf(op.getOutput());
    ArrayRef<int64_t> groups = shapeOf(norm.getInput());
    int64_t count = norm.getNumGroups();
    if (shape.size() < 3 || groups[0] != shape[0] || groups[1] != count ||
        shape[1] % count != 0)
      return rewriter.notifyMatchFailure(op, "groups are not of channels");
    rewriter.replaceOpWithNewOp<GroupNormOp>(op, inner.getInput(), ValueRange(),
                                             count, norm.getEpsilon());
    return success();
  }
};

/// group_norm(x) * s -> group_norm(x, s)
struct ScaleIntoGroupNorm : public OpRewritePattern<MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MulOp op,
                                PatternRewriter &rewriter) const override {
    auto norm = op.getLhs().getDefiningOp<GroupNormOp>();
    if (!norm || !norm->hasOneUse() || !isNeutral(norm) ||
        norm.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "no normalisation to scale");
    Value scale = asChannels(rewriter, op.getRhs(), op.getOutput());
    if (!scale)
      return rewriter.notifyMatchFailure(op, "factor is not one a channel");
    rewriter.replaceOpWithNewOp<GroupNormOp>(
        op, norm.getInput(), ValueRange{scale}, norm.getNumGroups(),
        norm.getEpsilon());
    return success();
  }
};

/// group_norm(x, s) + b -> group_norm(x, s, b)
struct BiasIntoGroupNorm : public OpRewritePattern<AddOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AddOp op,
                                PatternRewriter &rewriter) const override {
    auto norm = op.getLhs().getDefiningOp<GroupNormOp>();
    if (!norm || !norm->hasOneUse() || norm.getType() != op.getType() ||
        (norm.getBias() && !isSplat(norm.getBias(), 0, /*tolerance=*/0)))
      return rewriter.notifyMatchFailure(op, "no normalisation to shift");
    Value bias = asChannels(rewriter, op.getRhs(), op.getOutput());
    if (!bias)
      return rewriter.notifyMatchFailure(op, "summand is not one a channel");
    Value scale = norm.getScale();
    if (!scale) {
      Buffer ones = Buffer::f32(shapeOf(bias));
      llvm::fill(ones.getMutableF32(), 1.0f);
      scale = makeWeight(rewriter, op.getLoc(), ones);
    }
    rewriter.replaceOpWithNewOp<GroupNormOp>(
        op, norm.getInput(), ValueRange{scale, bias}, norm.getNumGroups(),
        norm.getEpsilon());
    return success();
  }
};

} // namespace

void top::populateGroupNormPatterns(RewritePatternSet &patterns) {
  patterns.add<BiasIntoGroupNorm, GroupNormOfReshape, ScaleIntoGroupNorm>(
      patterns.getContext());
}
