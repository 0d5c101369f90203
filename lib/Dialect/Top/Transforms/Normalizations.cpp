//===- Normalizations.cpp - Recognises normalisations by formula ----------===//
//
// Finds layer_norm and rms_norm in means, roots and quotients, then draws a
// following scale and bias into them, one op at a time.
//
//===----------------------------------------------------------------------===//

#include "NormFormulas.h"
#include "Patterns.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

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

/// The normalisation of x that dividing `numerator` by the deviation gives: x
/// itself or x minus its mean; nothing when it is another value.
static Value createQuotient(PatternRewriter &rewriter, Location loc,
                            Value numerator,
                            const InverseDeviation &deviation) {
  const Mean &spread = deviation.spread;
  double epsilon = deviation.epsilon / spread.factor;
  auto norm = [&](bool subtractsMean, Value x, Location at) {
    return subtractsMean
               ? createNorm<LayerNormOp>(rewriter, at, x, spread.axes, epsilon)
               : createNorm<RMSNormOp>(rewriter, at, x, spread.axes, epsilon);
  };
  // The deviation of x - mean(x) is that of x; means of squares are those of x.
  bool isCentred = false;
  if (deviation.isCentred) {
    std::optional<Mean> centred = matchCentred(numerator);
    isCentred =
        centred && centred->of == spread.of && centred->axes == spread.axes;
  }
  if (deviation.isCentred ? !isCentred : numerator != spread.of)
    return {};
  double scale = 1 / std::sqrt(spread.factor);
  if (std::abs(scale - 1) < 1e-6)
    return norm(isCentred, spread.of, loc);
  Value result = norm(isCentred, spread.of, getStepLoc(loc));
  Buffer number = Buffer::f32({});
  number.getMutableF32()[0] = float(scale);
  return MulOp::create(rewriter, loc, result,
                       makeWeight(rewriter, getStepLoc(loc), number));
}

namespace {

/// (x - mean(x)) / sqrt(var(x) + e) -> layer_norm(x), where var(x) is
/// mean((x - mean(x))^2) or mean(x^2) - mean(x)^2;
/// x / sqrt(mean(x^2) + e) -> rms_norm(x); of sums times a number.
/// The same with a product by the inverse, and with constants among the
/// factors: d * (r * c) -> norm(x) * c, (d * c) / s -> norm(x) * c
template <typename OpTy>
struct RecognizeNormalization : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    constexpr bool isQuotient = std::is_same_v<OpTy, DivOp>;
    for (unsigned i : {0u, 1u}) {
      if (isQuotient && i == 1)
        break;
      for (auto [numerator, scale] : splitConstant(op->getOperand(i)))
        for (auto [divisor, factor] : splitConstant(op->getOperand(1 - i)))
          if (succeeded(
                  rewrite(op, numerator, divisor, {factor, scale}, rewriter)))
            return success();
    }
    return rewriter.notifyMatchFailure(op, "not a normalisation's formula");
  }

private:
  /// The value itself, and the factors of a product by a constant.
  static SmallVector<std::pair<Value, Value>> splitConstant(Value value) {
    SmallVector<std::pair<Value, Value>> readings{{value, Value()}};
    auto product = value.getDefiningOp<MulOp>();
    if (product && isConstant(product.getRhs()))
      readings.push_back({product.getLhs(), product.getRhs()});
    return readings;
  }

  /// For numerator / divisor, or their product, times factors that may be null.
  static LogicalResult rewrite(OpTy op, Value numerator, Value divisor,
                               ArrayRef<Value> factors,
                               PatternRewriter &rewriter) {
    constexpr bool isQuotient = std::is_same_v<OpTy, DivOp>;
    // A divisor's factor would have to be inverted.
    if (isQuotient && factors.front())
      return failure();
    std::optional<InverseDeviation> deviation =
        isQuotient ? matchDeviation(divisor) : matchInverseDeviation(divisor);
    if (!deviation || numerator.getType() != op.getType())
      return failure();
    bool isScaled = llvm::any_of(factors, [](Value f) { return bool(f); });
    Location loc = isScaled ? getStepLoc(op.getLoc()) : op.getLoc();
    Value result = createQuotient(rewriter, loc, numerator, *deviation);
    if (!result)
      return failure();
    for (Value factor : factors)
      if (factor)
        result = MulOp::create(rewriter, op.getLoc(), result, factor);
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// x * s + (b - mean(x) * s) -> (x - mean(x)) * s + b, where s has the inverse
/// of x's deviation as a factor: the mean is subtracted from the affine part
struct RecognizeShiftedMean : public OpRewritePattern<AddOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AddOp op,
                                PatternRewriter &rewriter) const override {
    for (unsigned i : {0u, 1u}) {
      auto product = op->getOperand(i).getDefiningOp<MulOp>();
      auto difference = op->getOperand(1 - i).getDefiningOp<SubOp>();
      if (product && difference && product.getType() == op.getType() &&
          isConstant(difference.getLhs()) &&
          succeeded(rewrite(op, product, difference.getLhs(),
                            difference.getRhs(), rewriter)))
        return success();
    }
    return rewriter.notifyMatchFailure(op, "not a normalisation's formula");
  }

  /// For x * s - mean(x) * s.
  static LogicalResult rewrite(Operation *op, MulOp product, Value bias,
                               Value shift, PatternRewriter &rewriter) {
    auto meanProduct = shift.getDefiningOp<MulOp>();
    if (!meanProduct)
      return failure();
    for (unsigned k : {0u, 1u})
      for (unsigned m : {0u, 1u}) {
        Value x = product->getOperand(k), s = product->getOperand(1 - k);
        Value mean = meanProduct->getOperand(m);
        std::optional<Mean> matched = matchMean(mean);
        if (meanProduct->getOperand(1 - m) != s || !matched ||
            matched->of != x || std::abs(matched->factor - 1) > 1e-5 ||
            !hasDeviation(s, *matched))
          continue;
        Location loc = getStepLoc(op->getLoc());
        Value centred = SubOp::create(rewriter, loc, x, mean);
        Value scaled =
            MulOp::create(rewriter, bias ? loc : op->getLoc(), centred, s);
        if (bias)
          rewriter.replaceOpWithNewOp<AddOp>(op, scaled, bias);
        else
          rewriter.replaceOp(op, scaled);
        return success();
      }
    return failure();
  }

private:
  /// Whether `scale` is one over the deviation of what `mean` is taken of,
  /// perhaps times a constant.
  static bool hasDeviation(Value scale, const Mean &mean) {
    SmallVector<Value> factors{scale};
    if (auto product = scale.getDefiningOp<MulOp>())
      factors.append({product.getLhs(), product.getRhs()});
    return llvm::any_of(factors, [&](Value factor) {
      std::optional<InverseDeviation> deviation = matchInverseDeviation(factor);
      return deviation && deviation->isCentred &&
             deviation->spread.of == mean.of &&
             deviation->spread.axes == mean.axes;
    });
  }
};

/// x * s - mean(x) * s -> (x - mean(x)) * s, as above
struct RecognizeSubtractedMean : public OpRewritePattern<SubOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SubOp op,
                                PatternRewriter &rewriter) const override {
    auto product = op.getLhs().getDefiningOp<MulOp>();
    if (!product || product.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "minuend is no product");
    return RecognizeShiftedMean::rewrite(op, product, Value(), op.getRhs(),
                                         rewriter);
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
               RecognizeShiftedMean, RecognizeSubtractedMean,
               ScaleIntoNorm<LayerNormOp>, ScaleIntoNorm<RMSNormOp>,
               BiasIntoNorm<LayerNormOp>, BiasIntoNorm<RMSNormOp>,
               ConstantBelowPermute<MulOp>, ConstantBelowPermute<AddOp>>(
      patterns.getContext());
}
