//===- Normalizations.cpp - Recognises normalisations by formula ----------===//
//
// Finds layer_norm and rms_norm in means, roots and quotients, then draws a
// following scale and bias into them, one op at a time.
//
//===----------------------------------------------------------------------===//

#include "Match.h"
#include "Patterns.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

/// A quotient numerator / sqrt(radicand), however it is spelled.
struct RootQuotient {
  Value numerator, radicand;
};

/// The radicand when `value` is a square root (`inverse`: one over it).
static Value matchRoot(Value value, bool inverse) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return {};
  if (auto pow = dyn_cast<PowOp>(op))
    return isSplat(pow.getRhs(), inverse ? -0.5 : 0.5) ? pow.getLhs() : Value();
  if (!inverse) {
    auto root = dyn_cast<SqrtOp>(op);
    return root ? root.getInput() : Value();
  }
  if (auto root = dyn_cast<RsqrtOp>(op))
    return root.getInput();
  if (auto reciprocal = dyn_cast<ReciprocalOp>(op))
    return matchRoot(reciprocal.getInput(), /*inverse=*/false);
  if (auto quotient = dyn_cast<DivOp>(op))
    return isSplat(quotient.getLhs(), 1)
               ? matchRoot(quotient.getRhs(), /*inverse=*/false)
               : Value();
  return {};
}

/// All readings of `op` as a quotient by a square root.
static SmallVector<RootQuotient> matchRootQuotients(Operation *op) {
  SmallVector<RootQuotient> found;
  if (isa<DivOp>(op)) {
    if (Value radicand = matchRoot(op->getOperand(1), /*inverse=*/false))
      found.push_back({op->getOperand(0), radicand});
  } else if (isa<MulOp>(op)) {
    for (unsigned i : {0u, 1u})
      if (Value radicand = matchRoot(op->getOperand(i), /*inverse=*/true))
        found.push_back({op->getOperand(1 - i), radicand});
  }
  return found;
}

/// The operand of `value` when it is a mean over `axes` (set, ascending), which
/// keeps them.
static Value matchMean(Value value, SmallVectorImpl<int64_t> &axes) {
  auto reduce = value.getDefiningOp<ReduceOp>();
  if (!reduce || reduce.getKind() != ReduceKind::Mean ||
      !reduce.getKeepdims() || !isF32(value))
    return {};
  axes.assign(reduce.getAxes().begin(), reduce.getAxes().end());
  llvm::sort(axes);
  if (axes.empty())
    llvm::append_range(
        axes, llvm::seq<int64_t>(0, shapeOf(reduce.getInput()).size()));
  return reduce.getInput();
}

/// x when `value` is x * x.
static Value matchSquare(Value value) {
  if (auto mul = value.getDefiningOp<MulOp>())
    return mul.getLhs() == mul.getRhs() ? mul.getLhs() : Value();
  if (auto pow = value.getDefiningOp<PowOp>())
    return isSplat(pow.getRhs(), 2) ? pow.getLhs() : Value();
  return {};
}

/// y when `value` is mean(y * y) over `axes` (set).
static Value matchMeanSquare(Value value, SmallVectorImpl<int64_t> &axes) {
  Value square = matchMean(value, axes);
  return square ? matchSquare(square) : Value();
}

/// Drops a constant summand >= 0, which `epsilon` is set to.
static Value dropEpsilon(Value value, double &epsilon) {
  epsilon = 0;
  auto sum = value.getDefiningOp<AddOp>();
  if (!sum)
    return value;
  std::optional<double> constant = getSplat(sum.getRhs());
  if (!constant || *constant < 0 || sum.getType() != sum.getLhs().getType())
    return {};
  epsilon = *constant;
  return sum.getLhs();
}

/// x when `value` is x - mean(x) over `axes`.
static Value matchCentred(Value value, ArrayRef<int64_t> axes) {
  auto difference = value.getDefiningOp<SubOp>();
  if (!difference)
    return {};
  SmallVector<int64_t> own;
  Value x = matchMean(difference.getRhs(), own);
  return x == difference.getLhs() && ArrayRef(own) == axes ? x : Value();
}

/// x when `value` is mean(x * x) - mean(x) * mean(x) over `axes` (set).
static Value matchVarianceOfMoments(Value value,
                                    SmallVectorImpl<int64_t> &axes) {
  // Rounding may make the difference negative, which some exporters clip.
  if (auto clip = value.getDefiningOp<ClipOp>())
    value = clip.getMin().isZero() && clip.getMax().isInfinity()
                ? clip.getInput()
                : value;
  else if (auto relu = value.getDefiningOp<ReluOp>())
    value = relu.getInput();
  auto difference = value.getDefiningOp<SubOp>();
  if (!difference)
    return {};
  Value x = matchMeanSquare(difference.getLhs(), axes);
  Value mean = matchSquare(difference.getRhs());
  SmallVector<int64_t> own;
  return x && mean && matchMean(mean, own) == x && own == axes ? x : Value();
}

/// Makes a normalisation over `axes`: with these last, since that is where the
/// op has them.
template <typename NormOp>
static Value createNorm(PatternRewriter &rewriter, Location loc, Value x,
                        ArrayRef<int64_t> axes, double epsilon) {
  int64_t rank = shapeOf(x).size(), first = rank - int64_t(axes.size());
  SmallVector<int64_t> order, back(rank);
  for (int64_t axis = 0; axis < rank; ++axis)
    if (!llvm::is_contained(axes, axis))
      order.push_back(axis);
  llvm::append_range(order, axes);
  bool isTrailing = llvm::is_sorted(order);
  Location step = isTrailing ? loc : getStepLoc(loc);
  if (!isTrailing)
    x = PermuteOp::create(rewriter, step, x, order);
  Value norm =
      NormOp::create(rewriter, step, x, ValueRange(), first, APFloat(epsilon));
  if (isTrailing)
    return norm;
  for (auto [index, axis] : llvm::enumerate(order))
    back[axis] = index;
  return PermuteOp::create(rewriter, loc, norm, back);
}

namespace {

/// (x - mean(x)) / sqrt(var(x) + e) -> layer_norm(x), where var(x) is
/// mean((x - mean(x))^2) or mean(x^2) - mean(x)^2;
/// x / sqrt(mean(x^2) + e) -> rms_norm(x)
template <typename OpTy>
struct RecognizeNormalization : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    for (RootQuotient quotient : matchRootQuotients(op)) {
      SmallVector<int64_t> axes;
      double epsilon = 0;
      Value spread = dropEpsilon(quotient.radicand, epsilon);
      if (!spread || quotient.numerator.getType() != op.getType())
        continue;
      Value result;
      if (Value y = matchMeanSquare(spread, axes);
          y && y == quotient.numerator) {
        if (Value x = matchCentred(y, axes))
          result =
              createNorm<LayerNormOp>(rewriter, op.getLoc(), x, axes, epsilon);
        else
          result =
              createNorm<RMSNormOp>(rewriter, op.getLoc(), y, axes, epsilon);
      } else if (Value x = matchVarianceOfMoments(spread, axes);
                 x && matchCentred(quotient.numerator, axes) == x) {
        result =
            createNorm<LayerNormOp>(rewriter, op.getLoc(), x, axes, epsilon);
      }
      if (!result)
        continue;
      rewriter.replaceOp(op, result);
      return success();
    }
    return rewriter.notifyMatchFailure(op, "not a normalisation's formula");
  }
};

/// permute(norm(x)) * c -> permute(norm(x) * permute(c)), so that a scale of
/// channels reaches the normalisation that was brought to them; the same for
/// sums
template <typename OpTy>
struct ConstantBelowPermute : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    auto permute = op.getLhs().template getDefiningOp<PermuteOp>();
    if (!permute || !permute->hasOneUse() ||
        !isa_and_nonnull<LayerNormOp, RMSNormOp>(
            permute.getInput().getDefiningOp()) ||
        !isConstant(op.getRhs()) || permute.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "no constant after a permute");
    SmallVector<int64_t> shape(shapeOf(op.getRhs()));
    shape.insert(shape.begin(), shapeOf(op.getOutput()).size() - shape.size(),
                 1);
    SmallVector<int64_t> back(shape.size());
    for (auto [index, axis] : llvm::enumerate(permute.getOrder()))
      back[axis] = index;
    Location loc = op.getRhs().getLoc();
    Value constant = reshapeTo(rewriter, loc, op.getRhs(), shape);
    constant = PermuteOp::create(rewriter, loc, constant, back);
    Value moved = OpTy::create(rewriter, getStepLoc(op.getLoc()),
                               permute.getInput(), constant);
    rewriter.replaceOpWithNewOp<PermuteOp>(op, moved, permute.getOrder());
    return success();
  }
};

} // namespace

/// A constant that broadcasts over the leading axes of `input`, reshaped or
/// expanded to the shape of the axes from `axis`. Null when it does not fit.
static Value asParameter(PatternRewriter &rewriter, Value constant, Value input,
                         int64_t axis) {
  if (!isConstant(constant) || !isF32(constant))
    return {};
  ArrayRef<int64_t> expected = shapeOf(input).drop_front(axis);
  SmallVector<int64_t> own(shapeOf(constant));
  while (own.size() > expected.size() && own.front() == 1)
    own.erase(own.begin());
  std::optional<SmallVector<int64_t>> shape = broadcastShapes({own, expected});
  if (own.size() > expected.size() || !shape || ArrayRef(*shape) != expected)
    return {};
  Value value = reshapeTo(rewriter, constant.getLoc(), constant, own);
  if (ArrayRef(own) == expected)
    return value;
  return BroadcastOp::create(rewriter, constant.getLoc(),
                             withShape(constant, expected), value);
}

namespace {

/// layer_norm(x) * s -> layer_norm(x, s); the same for rms_norm
template <typename NormOp>
struct ScaleIntoNorm : public OpRewritePattern<MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MulOp op,
                                PatternRewriter &rewriter) const override {
    for (auto [lhs, rhs] : {std::pair(op.getLhs(), op.getRhs()),
                            std::pair(op.getRhs(), op.getLhs())}) {
      auto norm = lhs.template getDefiningOp<NormOp>();
      if (!norm || !norm->hasOneUse() || !norm.getAffine().empty() ||
          norm.getType() != op.getType())
        continue;
      Value scale = asParameter(rewriter, rhs, norm.getInput(), norm.getAxis());
      if (!scale)
        continue;
      rewriter.replaceOpWithNewOp<NormOp>(op, norm.getInput(),
                                          ValueRange{scale}, norm.getAxis(),
                                          norm.getEpsilon());
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no normalisation to scale");
  }
};

/// layer_norm(x, s) + b -> layer_norm(x, s, b); the same for rms_norm
template <typename NormOp>
struct BiasIntoNorm : public OpRewritePattern<AddOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AddOp op,
                                PatternRewriter &rewriter) const override {
    for (auto [lhs, rhs] : {std::pair(op.getLhs(), op.getRhs()),
                            std::pair(op.getRhs(), op.getLhs())}) {
      auto norm = lhs.template getDefiningOp<NormOp>();
      if (!norm || !norm->hasOneUse() || norm.getBias() ||
          norm.getType() != op.getType())
        continue;
      Value bias = asParameter(rewriter, rhs, norm.getInput(), norm.getAxis());
      if (!bias)
        continue;
      Value scale = norm.getScale();
      if (!scale) {
        Buffer ones = Buffer::f32(shapeOf(bias));
        llvm::fill(ones.getMutableF32(), 1.0f);
        scale = makeWeight(rewriter, op.getLoc(), ones);
      }
      rewriter.replaceOpWithNewOp<NormOp>(op, norm.getInput(),
                                          ValueRange{scale, bias},
                                          norm.getAxis(), norm.getEpsilon());
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no normalisation to shift");
  }
};

} // namespace

void top::populateNormalizationPatterns(RewritePatternSet &patterns) {
  patterns.add<RecognizeNormalization<DivOp>, RecognizeNormalization<MulOp>,
               ScaleIntoNorm<LayerNormOp>, ScaleIntoNorm<RMSNormOp>,
               BiasIntoNorm<LayerNormOp>, BiasIntoNorm<RMSNormOp>,
               ConstantBelowPermute<MulOp>, ConstantBelowPermute<AddOp>>(
      patterns.getContext());
}
