//===- Affine.cpp - Constant factors and summands into weights ------------===//
//
// Folds what follows a convolution or matmul and only scales or shifts its
// channels into its weights, and spells batch normalisation as such. All of it
// changes the rounding of results.
//
//===----------------------------------------------------------------------===//

#include "../Canonicalize/Match.h"
#include "Patterns.h"
#include <cmath>

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

/// The values of a constant that varies only along an axis of size `count`, one
/// a channel.
static FailureOr<std::vector<float>> getPerChannel(Value constant,
                                                   int64_t count) {
  FailureOr<Buffer> buffer = getConstant(constant);
  if (failed(buffer) || !buffer->isF32())
    return failure();
  ArrayRef<float> values = buffer->getF32();
  if (values.size() == 1)
    return std::vector<float>(count, values[0]);
  if (int64_t(values.size()) != count)
    return failure();
  return std::vector<float>(values.begin(), values.end());
}

/// Factors or summands of the channels on `channelAxis` of `op`'s result, when
/// `constant` has no others.
static FailureOr<std::vector<float>>
matchChannelConstant(Operation *op, Value constant, int64_t channelAxis) {
  ArrayRef<int64_t> shape = shapeOf(op->getResult(0));
  std::optional<int64_t> axis = getVaryingAxis(constant, shape);
  if (!axis || (*axis != -1 && *axis != channelAxis))
    return failure();
  return getPerChannel(constant, shape[channelAxis]);
}

/// The channel axis of the result of a convolution or matmul.
static int64_t getChannelAxis(ConvOp op) { return 1; }
static int64_t getChannelAxis(ConvTransposeOp op) { return 1; }
static int64_t getChannelAxis(MatMulOp op) {
  return shapeOf(op.getOutput()).size() - 1;
}

/// The weights, and the axis of them that the result's channels come from.
static Value getWeights(ConvOp op) { return op.getFilter(); }
static Value getWeights(ConvTransposeOp op) { return op.getFilter(); }
static Value getWeights(MatMulOp op) { return op.getRhs(); }
static int64_t getWeightAxis(ConvOp op) { return 0; }
static int64_t getWeightAxis(ConvTransposeOp op) { return 1; }
static int64_t getWeightAxis(MatMulOp op) {
  return shapeOf(op.getRhs()).size() - (op.getRightTranspose() ? 2 : 1);
}

/// The channel of the result of what lies at `index` of the axes up to that
/// of the channels.
static int64_t getChannel(ConvOp op, int64_t index) { return index; }
static int64_t getChannel(ConvTransposeOp op, int64_t index) {
  // Inputs of a group have filters for the results of that group only.
  ArrayRef<int64_t> filter = shapeOf(op.getFilter());
  int64_t group = index / filter[1] / (filter[0] / op.getGroup());
  return group * filter[1] + index % filter[1];
}
static int64_t getChannel(MatMulOp op, int64_t index) {
  return index % shapeOf(op.getOutput()).back();
}

static bool hasActivation(ConvTransposeOp op) { return op.getDoRelu(); }
static bool hasActivation(ConvOp op) { return op.getDoRelu(); }
static bool hasActivation(MatMulOp op) { return false; }

static void setWeights(ConvOp op, Value weights) {
  op.getFilterMutable().assign(weights);
}
static void setWeights(ConvTransposeOp op, Value weights) {
  op.getFilterMutable().assign(weights);
}
static void setWeights(MatMulOp op, Value weights) {
  op.getRhsMutable().assign(weights);
}

/// Whether a convolution multiplies each channel by one number.
static bool scalesChannels(ConvOp op) {
  ArrayRef<int64_t> filter = shapeOf(op.getFilter());
  auto isOne = [](int64_t size) { return size == 1; };
  auto isZero = [](int64_t size) { return size == 0; };
  return int64_t(op.getGroup()) == filter[0] &&
         op.getInput().getType() == op.getType() &&
         llvm::all_of(filter.drop_front(), isOne) &&
         llvm::all_of(op.getStrides(), isOne) &&
         llvm::all_of(op.getPads(), isZero);
}

/// Replaces `op` by `producer` with its weights times `scale` and its bias
/// times `scale` plus `shift`; an empty scale is one everywhere.
template <typename OpTy>
static LogicalResult foldAffine(PatternRewriter &rewriter, Operation *op,
                                OpTy producer, ArrayRef<float> scale,
                                ArrayRef<float> shift) {
  if (!producer->hasOneUse() || hasActivation(producer))
    return rewriter.notifyMatchFailure(op, "producer has other readers");
  Location loc = getWeights(producer).getLoc();
  FailureOr<Buffer> weights = getConstant(getWeights(producer));
  if (!scale.empty() && failed(weights))
    return rewriter.notifyMatchFailure(op, "weights are not constant");
  FailureOr<Buffer> bias = failure();
  if (producer.getBias() && failed(bias = getConstant(producer.getBias())))
    return rewriter.notifyMatchFailure(op, "bias is not constant");

  rewriter.setInsertionPoint(producer);
  if (!scale.empty()) {
    Buffer scaled = Buffer::f32(weights->getShape());
    int64_t axis = getWeightAxis(producer);
    int64_t inner =
        tpuc::getNumElements(weights->getShape().drop_front(axis + 1));
    for (int64_t i = 0; i < scaled.getNumElements(); ++i)
      scaled.getMutableF32()[i] =
          weights->getF32()[i] * scale[getChannel(producer, i / inner)];
    Value value = makeWeight(rewriter, loc, scaled);
    rewriter.modifyOpInPlace(producer, [&] { setWeights(producer, value); });
  }
  if (!shift.empty() || succeeded(bias)) {
    int64_t count = shapeOf(producer.getOutput())[getChannelAxis(producer)];
    Buffer sum = Buffer::f32({count});
    for (int64_t i = 0; i < count; ++i)
      sum.getMutableF32()[i] = (succeeded(bias) ? bias->getF32()[i] : 0.0f) *
                                   (scale.empty() ? 1.0f : scale[i]) +
                               (shift.empty() ? 0.0f : shift[i]);
    Value value = makeWeight(rewriter, loc, sum);
    rewriter.modifyOpInPlace(producer,
                             [&] { producer.getBiasMutable().assign(value); });
  }
  // The producer now computes what `op` did, and is named for it.
  rewriter.modifyOpInPlace(producer, [&] { producer->setLoc(op->getLoc()); });
  rewriter.replaceOp(op, producer);
  return success();
}

namespace {

/// conv(x, w, b) * c -> conv(x, w * c, b * c); the same for matmul
template <typename ProducerOp>
struct ScaleIntoWeights : public OpRewritePattern<MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MulOp op,
                                PatternRewriter &rewriter) const override {
    auto producer = op.getLhs().template getDefiningOp<ProducerOp>();
    if (!producer || producer.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "no producer with weights");
    FailureOr<std::vector<float>> scale =
        matchChannelConstant(op, op.getRhs(), getChannelAxis(producer));
    if (failed(scale))
      return rewriter.notifyMatchFailure(op, "factor is not one a channel");
    return foldAffine(rewriter, op, producer, *scale, {});
  }
};

/// conv(x, w, b) + c -> conv(x, w, b + c); the same for matmul
template <typename ProducerOp>
struct ShiftIntoBias : public OpRewritePattern<AddOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AddOp op,
                                PatternRewriter &rewriter) const override {
    auto producer = op.getLhs().template getDefiningOp<ProducerOp>();
    if (!producer || producer.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "no producer with a bias");
    FailureOr<std::vector<float>> shift =
        matchChannelConstant(op, op.getRhs(), getChannelAxis(producer));
    if (failed(shift))
      return rewriter.notifyMatchFailure(op, "summand is not one a channel");
    return foldAffine(rewriter, op, producer, {}, *shift);
  }
};

/// A convolution of each channel by one number after another with no activation
/// between -> that other one, with the activation of both
template <typename ProducerOp>
struct ChannelConvIntoWeights : public OpRewritePattern<ConvOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConvOp op,
                                PatternRewriter &rewriter) const override {
    auto producer = op.getInput().template getDefiningOp<ProducerOp>();
    if (!producer || !scalesChannels(op))
      return rewriter.notifyMatchFailure(op, "no scaled convolution");
    FailureOr<Buffer> scale = getConstant(op.getFilter()), shift = failure();
    if (failed(scale) ||
        (op.getBias() && failed(shift = getConstant(op.getBias()))))
      return rewriter.notifyMatchFailure(op, "factors are not constant");
    bool doRelu = op.getDoRelu();
    FloatAttr limit = op.getReluLimitAttr();
    if (failed(
            foldAffine(rewriter, op, producer, scale->getF32(),
                       succeeded(shift) ? shift->getF32() : ArrayRef<float>())))
      return failure();
    rewriter.modifyOpInPlace(producer, [&] {
      producer.setDoRelu(doRelu);
      producer.setReluLimitAttr(limit);
    });
    return success();
  }
};

/// batch_norm(conv(x)) -> conv(x), also transposed; batch_norm(x) -> a
/// convolution of each channel by one number where x is an image, else x *
/// scale + shift
struct FoldBatchNorm : public OpRewritePattern<BatchNormOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BatchNormOp op,
                                PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> shape = shapeOf(op.getInput());
    int64_t count = shape[1];
    auto scale = getPerChannel(op.getScale(), count);
    auto bias = getPerChannel(op.getBias(), count);
    auto mean = getPerChannel(op.getMean(), count);
    auto variance = getPerChannel(op.getVariance(), count);
    if (failed(scale) || failed(bias) || failed(mean) || failed(variance))
      return rewriter.notifyMatchFailure(op, "parameters are not constant");
    double epsilon = op.getEpsilon().convertToDouble();
    std::vector<float> factor(count), shift(count);
    for (int64_t i = 0; i < count; ++i) {
      double exact = (*scale)[i] / std::sqrt((*variance)[i] + epsilon);
      factor[i] = exact;
      shift[i] = (*bias)[i] - (*mean)[i] * exact;
    }
    if (auto conv = op.getInput().getDefiningOp<ConvOp>())
      if (succeeded(foldAffine(rewriter, op, conv, factor, shift)))
        return success();
    if (auto conv = op.getInput().getDefiningOp<ConvTransposeOp>())
      if (succeeded(foldAffine(rewriter, op, conv, factor, shift)))
        return success();
    if (auto matmul = op.getInput().getDefiningOp<MatMulOp>())
      if (shape.size() == 2 &&
          succeeded(foldAffine(rewriter, op, matmul, factor, shift)))
        return success();
    if (shape.size() == 4) {
      auto weight = [&](ArrayRef<int64_t> sizes, ArrayRef<float> values) {
        return makeWeight(rewriter, op.getLoc(), Buffer::f32(sizes, values));
      };
      rewriter.replaceOpWithNewOp<ConvOp>(
          op, op.getType(), op.getInput(), weight({count, 1, 1, 1}, factor),
          weight({count}, shift), ArrayRef<int64_t>{1, 1},
          ArrayRef<int64_t>{0, 0, 0, 0}, ArrayRef<int64_t>{1, 1},
          /*group=*/count, /*doRelu=*/false, APFloat(-1.0));
      return success();
    }
    // [C] along axis 1 of the input.
    SmallVector<int64_t> aligned(shape.size() - 1, 1);
    aligned[0] = count;
    Value scaled = MulOp::create(
        rewriter, op.getLoc(), op.getInput(),
        makeWeight(rewriter, op.getLoc(), Buffer::f32(aligned, factor)));
    rewriter.replaceOpWithNewOp<AddOp>(
        op, scaled,
        makeWeight(rewriter, op.getLoc(), Buffer::f32(aligned, shift)));
    return success();
  }
};

} // namespace

void top::populateAffinePatterns(RewritePatternSet &patterns) {
  patterns.add<FoldBatchNorm, ChannelConvIntoWeights<ConvOp>,
               ChannelConvIntoWeights<ConvTransposeOp>,
               ScaleIntoWeights<ConvOp>, ScaleIntoWeights<ConvTransposeOp>,
               ScaleIntoWeights<MatMulOp>, ShiftIntoBias<ConvOp>,
               ShiftIntoBias<ConvTransposeOp>, ShiftIntoBias<MatMulOp>>(
      patterns.getContext());
}
