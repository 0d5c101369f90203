//===- Arithmetic.cpp - Canonicalisation of elementwise ops ---------------===//
//
// Removes neutral elements, spells powers and limits as the ops that the chip
// has, and gives constants one place.
//
//===----------------------------------------------------------------------===//

#include "Match.h"
#include "Patterns.h"
#include <limits>

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

namespace {

/// op(x, neutral) -> x, for a constant on the right that does not broadcast x
template <typename OpTy, int neutral>
struct RemoveNeutral : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (op.getLhs().getType() != op.getType() ||
        !isSplat(op.getRhs(), neutral, /*tolerance=*/0))
      return rewriter.notifyMatchFailure(op, "not a neutral element");
    rewriter.replaceOp(op, op.getLhs());
    return success();
  }
};

/// x - c -> x + (-c)
struct SubtractConstant : public OpRewritePattern<SubOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SubOp op,
                                PatternRewriter &rewriter) const override {
    if (!isConstant(op.getRhs()) || isConstant(op.getLhs()))
      return rewriter.notifyMatchFailure(op, "subtrahend is not constant");
    Value negated = NegOp::create(rewriter, op.getRhs().getLoc(), op.getRhs());
    rewriter.replaceOpWithNewOp<AddOp>(op, op.getLhs(), negated);
    return success();
  }
};

/// x / c -> x * (1 / c), 1 / x -> reciprocal(x)
struct DivideFloats : public OpRewritePattern<DivOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DivOp op,
                                PatternRewriter &rewriter) const override {
    if (!isF32(op.getLhs()) || op.getExact())
      return rewriter.notifyMatchFailure(op, "is divided as such");
    if (isConstant(op.getRhs()) && !isConstant(op.getLhs())) {
      FailureOr<Buffer> divisor = getConstant(op.getRhs());
      // The reciprocal of what is smaller than 2^-126 is not a normal number.
      auto isSafe = [](float x) {
        return std::isnormal(x) && std::isnormal(1.0f / x);
      };
      if (failed(divisor) || !llvm::all_of(divisor->getF32(), isSafe))
        return rewriter.notifyMatchFailure(op, "divisor has no reciprocal");
      Value factor =
          ReciprocalOp::create(rewriter, op.getRhs().getLoc(), op.getRhs());
      rewriter.replaceOpWithNewOp<MulOp>(op, op.getLhs(), factor);
      return success();
    }
    if (op.getRhs().getType() == op.getType() &&
        isSplat(op.getLhs(), 1.0, /*tolerance=*/0)) {
      rewriter.replaceOpWithNewOp<ReciprocalOp>(op, op.getRhs());
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no constant operand");
  }
};

/// pow(x, 1) -> x, pow(x, 2) -> x * x, pow(x, 3) -> x * x * x,
/// pow(x, 0.5) -> sqrt(x), pow(x, -0.5) -> rsqrt(x), pow(x, -1) -> 1 / x
struct SimplifyPower : public OpRewritePattern<PowOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PowOp op,
                                PatternRewriter &rewriter) const override {
    Value x = op.getLhs();
    std::optional<double> exponent = getSplat(op.getRhs());
    if (!exponent || x.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "exponent is not one constant");
    if (*exponent == 1) {
      rewriter.replaceOp(op, x);
    } else if (*exponent == 2) {
      rewriter.replaceOpWithNewOp<MulOp>(op, x, x);
    } else if (*exponent == 3) {
      Value square = MulOp::create(rewriter, op.getLoc(), x, x);
      rewriter.replaceOpWithNewOp<MulOp>(op, square, x);
    } else if (!isF32(x)) {
      return rewriter.notifyMatchFailure(op, "power of integers");
    } else if (*exponent == 0.5) {
      rewriter.replaceOpWithNewOp<SqrtOp>(op, x);
    } else if (*exponent == -0.5) {
      rewriter.replaceOpWithNewOp<RsqrtOp>(op, x);
    } else if (*exponent == -1) {
      rewriter.replaceOpWithNewOp<ReciprocalOp>(op, x);
    } else {
      return rewriter.notifyMatchFailure(op, "no simpler form");
    }
    return success();
  }
};

/// reciprocal(sqrt(x)) -> rsqrt(x)
struct ReciprocalOfSqrt : public OpRewritePattern<ReciprocalOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReciprocalOp op,
                                PatternRewriter &rewriter) const override {
    auto root = op.getInput().getDefiningOp<SqrtOp>();
    if (!root)
      return rewriter.notifyMatchFailure(op, "operand is not a square root");
    rewriter.replaceOpWithNewOp<RsqrtOp>(op, root.getInput());
    return success();
  }
};

/// max(x, c) -> clip(x, c, inf), min(x, c) -> clip(x, -inf, c)
template <typename OpTy, bool isLower>
struct LimitToClip : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    std::optional<double> limit = getSplat(op.getRhs());
    if (!limit || std::isnan(*limit) || !isF32(op.getLhs()) ||
        op.getLhs().getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "limit is not one constant");
    const double infinity = std::numeric_limits<double>::infinity();
    rewriter.replaceOpWithNewOp<ClipOp>(op, op.getLhs(),
                                        APFloat(isLower ? *limit : -infinity),
                                        APFloat(isLower ? infinity : *limit));
    return success();
  }
};

/// clip(clip(x, a, b), c, d) -> clip(x, max(a, c), min(b, d)) when they overlap
struct ComposeClips : public OpRewritePattern<ClipOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ClipOp op,
                                PatternRewriter &rewriter) const override {
    double min = op.getMin().convertToDouble();
    double max = op.getMax().convertToDouble();
    Value input;
    if (auto inner = op.getInput().getDefiningOp<ClipOp>()) {
      min = std::max(min, inner.getMin().convertToDouble());
      max = std::min(max, inner.getMax().convertToDouble());
      input = inner.getInput();
    } else if (auto relu = op.getInput().getDefiningOp<ReluOp>()) {
      min = std::max(min, 0.0);
      input = relu.getInput();
    }
    if (!input || min > max)
      return rewriter.notifyMatchFailure(op, "no limits to compose");
    rewriter.replaceOpWithNewOp<ClipOp>(op, input, APFloat(min), APFloat(max));
    return success();
  }
};

/// clip(x, 0, inf) -> relu(x), clip(x, -inf, inf) -> x
struct ClipToRelu : public OpRewritePattern<ClipOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ClipOp op,
                                PatternRewriter &rewriter) const override {
    // A limit beyond f32 limits nothing.
    const double largest = std::numeric_limits<float>::max();
    double min = op.getMin().convertToDouble();
    if (op.getMax().convertToDouble() < largest)
      return rewriter.notifyMatchFailure(op, "has an upper limit");
    if (min == 0)
      rewriter.replaceOpWithNewOp<ReluOp>(op, op.getInput());
    else if (min <= -largest)
      rewriter.replaceOp(op, op.getInput());
    else
      return rewriter.notifyMatchFailure(op, "has a lower limit");
    return success();
  }
};

/// where(true, x, y) -> x, where(false, x, y) -> y
struct ConstantWhere : public OpRewritePattern<WhereOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(WhereOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<double> condition = getSplat(op.getCondition());
    if (!condition)
      return rewriter.notifyMatchFailure(op, "condition is not constant");
    Value chosen = *condition != 0 ? op.getLhs() : op.getRhs();
    if (chosen.getType() != op.getType())
      chosen = BroadcastOp::create(rewriter, op.getLoc(), op.getType(), chosen);
    rewriter.replaceOp(op, chosen);
    return success();
  }
};

/// f(x, .., 0) -> f(x, ..) for the bias of convolutions and matmul
template <typename OpTy> struct RemoveZeroBias : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (!op.getBias() || !isSplat(op.getBias(), 0))
      return rewriter.notifyMatchFailure(op, "no zero bias");
    rewriter.modifyOpInPlace(op, [&] { op.getBiasMutable().clear(); });
    return success();
  }
};

/// norm(x, s, 0) -> norm(x, s), norm(x, 1) -> norm(x)
template <typename OpTy>
struct RemoveNeutralAffine : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    size_t count = op.getAffine().size();
    bool isNeutral = count > 0 && isSplat(op.getAffine().back(),
                                          count == 2 ? 0 : 1, /*tolerance=*/0);
    if (!isNeutral)
      return rewriter.notifyMatchFailure(op, "no neutral parameter");
    rewriter.modifyOpInPlace(op,
                             [&] { op.getAffineMutable().erase(count - 1); });
    return success();
  }
};

} // namespace

void top::populateArithmeticPatterns(RewritePatternSet &patterns) {
  patterns.add<RemoveNeutral<AddOp, 0>, RemoveNeutral<SubOp, 0>,
               RemoveNeutral<MulOp, 1>, RemoveNeutral<DivOp, 1>,
               SubtractConstant, DivideFloats, SimplifyPower, ReciprocalOfSqrt,
               LimitToClip<MaxOp, true>, LimitToClip<MinOp, false>,
               ComposeClips, ClipToRelu, ConstantWhere, RemoveZeroBias<ConvOp>,
               RemoveZeroBias<ConvTransposeOp>, RemoveZeroBias<MatMulOp>,
               RemoveNeutralAffine<LayerNormOp>, RemoveNeutralAffine<RMSNormOp>,
               RemoveNeutralAffine<GroupNormOp>>(patterns.getContext());
}
