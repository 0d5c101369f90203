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

/// The operand of `value` when it is a mean over the axes from `axis` to the
/// last, which keeps them; `axis` is set.
static Value matchTrailingMean(Value value, int64_t &axis) {
  auto reduce = value.getDefiningOp<ReduceOp>();
  if (!reduce || reduce.getKind() != ReduceKind::Mean ||
      !reduce.getKeepdims() || !isF32(value))
    return {};
  SmallVector<int64_t> axes(reduce.getAxes());
  llvm::sort(axes);
  int64_t rank = shapeOf(reduce.getInput()).size();
  if (axes.empty())
    axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  for (auto [index, reduced] : llvm::enumerate(axes))
    if (reduced != rank - int64_t(axes.size()) + int64_t(index))
      return {};
  axis = axes.front();
  return reduce.getInput();
}

/// y when `value` is mean(y * y) + epsilon over trailing axes.
static Value matchMeanSquare(Value value, int64_t &axis, double &epsilon) {
  epsilon = 0;
  if (auto sum = value.getDefiningOp<AddOp>()) {
    std::optional<double> constant = getSplat(sum.getRhs());
    if (!constant || *constant < 0 || sum.getType() != sum.getLhs().getType())
      return {};
    epsilon = *constant;
    value = sum.getLhs();
  }
  Value square = matchTrailingMean(value, axis);
  if (!square)
    return {};
  if (auto mul = square.getDefiningOp<MulOp>())
    return mul.getLhs() == mul.getRhs() ? mul.getLhs() : Value();
  if (auto pow = square.getDefiningOp<PowOp>())
    return isSplat(pow.getRhs(), 2) ? pow.getLhs() : Value();
  return {};
}

/// x when `value` is x - mean(x) over the axes from `axis`.
static Value matchCentred(Value value, int64_t axis) {
  auto difference = value.getDefiningOp<SubOp>();
  if (!difference)
    return {};
  int64_t meanAxis = -1;
  Value x = matchTrailingMean(difference.getRhs(), meanAxis);
  return x == difference.getLhs() && meanAxis == axis ? x : Value();
}

namespace {

/// (x - mean(x)) / sqrt(mean((x - mean(x))^2) + e) -> layer_norm(x)
/// x / sqrt(mean(x^2) + e) -> rms_norm(x)
template <typename OpTy>
struct RecognizeNormalization : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    for (RootQuotient quotient : matchRootQuotients(op)) {
      int64_t axis = -1;
      double epsilon = 0;
      Value y = matchMeanSquare(quotient.radicand, axis, epsilon);
      if (!y || y != quotient.numerator)
        continue;
      if (Value x = matchCentred(y, axis))
        rewriter.replaceOpWithNewOp<LayerNormOp>(op, x, ValueRange(), axis,
                                                 APFloat(epsilon));
      else
        rewriter.replaceOpWithNewOp<RMSNormOp>(op, y, ValueRange(), axis,
                                               APFloat(epsilon));
      return success();
    }
    return rewriter.notifyMatchFailure(op, "not a normalisation's formula");
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
               BiasIntoNorm<LayerNormOp>, BiasIntoNorm<RMSNormOp>>(
      patterns.getContext());
}
