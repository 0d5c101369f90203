//===- LeadingAffine.cpp - Factors and summands before convolutions -------===//
//
// Folds what scales or shifts the channels of a convolution's input into its
// filter and bias. It changes the rounding of results.
//
//===----------------------------------------------------------------------===//

#include "../Canonicalize/Match.h"
#include "Patterns.h"
#include <cmath>

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

namespace {

/// input * scale + shift, one number a channel; an empty list is neutral.
struct ChannelAffine {
  Value input;
  std::vector<float> scale, shift;
};

} // namespace

/// The largest filter value of an output channel, and of an input channel,
/// whose values may be larger than others', stays within these, so that a
/// 16-bit filter neither overflows nor loses bits to subnormal numbers: the
/// step of F16's subnormals is 2^-24, 2^-14 of the lower one.
static constexpr float kSmallestPeak = 0x1p-10f, kLargestPeak = 0x1p10f;

/// A sum brought before a factor under this could overflow F16 where the scaled
/// one did not.
static constexpr float kSmallestFactor = 0x1p-4f;

/// The constant as one value a channel of an image, or failure.
static FailureOr<std::vector<float>>
getChannelConstant(Value constant, ArrayRef<int64_t> image) {
  std::optional<int64_t> axis = getVaryingAxis(constant, image);
  FailureOr<Buffer> buffer = getConstant(constant);
  if (!axis || (*axis != -1 && *axis != 1) || failed(buffer) ||
      !buffer->isF32())
    return failure();
  ArrayRef<float> values = buffer->getF32();
  if (values.size() == 1)
    return std::vector<float>(image[1], values[0]);
  return std::vector<float>(values.begin(), values.end());
}

/// What `value` scales or shifts, when nothing else reads it.
static std::optional<ChannelAffine> matchChannelAffine(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || !value.hasOneUse() || !isa<MulOp, AddOp>(op) ||
      op->getOperand(0).getType() != value.getType())
    return std::nullopt;
  FailureOr<std::vector<float>> constant =
      getChannelConstant(op->getOperand(1), shapeOf(value));
  if (failed(constant))
    return std::nullopt;
  ChannelAffine affine{op->getOperand(0), {}, {}};
  (isa<MulOp>(op) ? affine.scale : affine.shift) = std::move(*constant);
  return affine;
}

static bool isPadded(ConvOp op) {
  return llvm::any_of(op.getPads(), [](int64_t pad) { return pad != 0; });
}

/// The input channel that element `index` of the filter multiplies.
static int64_t getInputChannel(ConvOp op, ArrayRef<int64_t> filter,
                               int64_t index) {
  int64_t taps = tpuc::getNumElements(filter.drop_front(2));
  int64_t output = index / taps / filter[1];
  int64_t group = output / (filter[0] / int64_t(op.getGroup()));
  return group * filter[1] + index / taps % filter[1];
}

namespace {

/// conv(x * s, w, b) -> conv(x, w * s, b)
struct LeadingScale : public OpRewritePattern<ConvOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConvOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<ChannelAffine> affine = matchChannelAffine(op.getInput());
    FailureOr<Buffer> filter = getConstant(op.getFilter());
    if (!affine || affine->scale.empty() || failed(filter) || !filter->isF32())
      return rewriter.notifyMatchFailure(op, "no constant factor a channel");
    ArrayRef<int64_t> shape = filter->getShape();
    Buffer scaled = Buffer::f32(shape);
    int64_t inner = tpuc::getNumElements(shape.drop_front());
    std::vector<float> inputPeaks(affine->scale.size());
    for (int64_t channel = 0; channel < shape[0]; ++channel) {
      float before = 0.0f, after = 0.0f;
      for (int64_t i = channel * inner; i < (channel + 1) * inner; ++i) {
        float weight = filter->getF32()[i];
        int64_t input = getInputChannel(op, shape, i);
        float value = weight * affine->scale[input];
        inputPeaks[input] = std::max(inputPeaks[input], std::abs(value));
        scaled.getMutableF32()[i] = value;
        before = std::max(before, std::abs(weight));
        after = std::max(after, std::abs(value));
      }
      if (before != 0 && !(after >= kSmallestPeak && after <= kLargestPeak))
        return rewriter.notifyMatchFailure(op, "filter would leave F16");
    }
    if (llvm::any_of(inputPeaks, [](float peak) {
          return peak != 0 && peak < kSmallestPeak;
        }))
      return rewriter.notifyMatchFailure(op, "filter would leave F16");
    Value value = makeWeight(rewriter, op.getFilter().getLoc(), scaled);
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputMutable().assign(affine->input);
      op.getFilterMutable().assign(value);
    });
    return success();
  }
};

/// conv(x + s, w, b) -> conv(x, w, b + sum(w * s)) where no window reaches into
/// padding, which is zero and not s
struct LeadingShift : public OpRewritePattern<ConvOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConvOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<ChannelAffine> affine = matchChannelAffine(op.getInput());
    FailureOr<Buffer> filter = getConstant(op.getFilter());
    if (!affine || affine->shift.empty() || isPadded(op) || failed(filter) ||
        !filter->isF32())
      return rewriter.notifyMatchFailure(op, "no constant summand a channel");
    FailureOr<Buffer> bias = failure();
    if (op.getBias() && failed(bias = getConstant(op.getBias())))
      return rewriter.notifyMatchFailure(op, "bias is not constant");
    ArrayRef<int64_t> shape = filter->getShape();
    std::vector<double> sums(shape[0]);
    int64_t inner = tpuc::getNumElements(shape.drop_front());
    for (int64_t i = 0; i < filter->getNumElements(); ++i)
      sums[i / inner] += double(filter->getF32()[i]) *
                         affine->shift[getInputChannel(op, shape, i)];
    Buffer sum = Buffer::f32({shape[0]});
    for (int64_t i = 0; i < shape[0]; ++i)
      sum.getMutableF32()[i] =
          sums[i] + (succeeded(bias) ? bias->getF32()[i] : 0.0f);
    Value value = makeWeight(rewriter, op.getLoc(), sum);
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputMutable().assign(affine->input);
      op.getBiasMutable().assign(value);
    });
    return success();
  }
};

/// conv(x * a + b) -> conv((x + b / a) * a) where only the factor can go into
/// the filter
struct FactorBehindSummand : public OpRewritePattern<ConvOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConvOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<ChannelAffine> sum = matchChannelAffine(op.getInput());
    if (!sum || sum->shift.empty() || !isPadded(op))
      return rewriter.notifyMatchFailure(op, "no summand that has to stay");
    std::optional<ChannelAffine> product = matchChannelAffine(sum->input);
    if (!product || product->scale.empty())
      return rewriter.notifyMatchFailure(op, "no factor before the summand");
    if (llvm::any_of(product->scale, [](float factor) {
          return !(std::abs(factor) >= kSmallestFactor);
        }))
      return rewriter.notifyMatchFailure(op, "the sum could overflow");
    Location loc = op.getInput().getLoc();
    ArrayRef<int64_t> image = shapeOf(op.getInput());
    SmallVector<int64_t> aligned(image.size() - 1, 1);
    aligned[0] = image[1];
    for (auto [shift, factor] : llvm::zip(sum->shift, product->scale))
      shift /= factor;
    Value shifted = AddOp::create(
        rewriter, getStepLoc(loc), product->input,
        makeWeight(rewriter, loc, Buffer::f32(aligned, sum->shift)));
    Value scaled = MulOp::create(
        rewriter, loc, shifted,
        makeWeight(rewriter, loc, Buffer::f32(aligned, product->scale)));
    rewriter.modifyOpInPlace(op, [&] { op.getInputMutable().assign(scaled); });
    return success();
  }
};

} // namespace

void top::populateLeadingAffinePatterns(RewritePatternSet &patterns) {
  patterns.add<LeadingScale, LeadingShift, FactorBehindSummand>(
      patterns.getContext());
}
