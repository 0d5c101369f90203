//===- Windows.cpp - Canonicalisation of convolutions and pools -----------===//
//
// Pads become those of the windows that read them, and windows as large as the
// image a mean.
//
//===----------------------------------------------------------------------===//

#include "Match.h"
#include "Patterns.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

/// The pads along the spatial axes, begins and then ends, of an operator that
/// surrounds images by `value` and nothing else.
static std::optional<SmallVector<int64_t>> spatialPads(PadOp pad) {
  size_t rank = shapeOf(pad.getInput()).size();
  ArrayRef<int64_t> pads = pad.getPads();
  if (pad.getMode() != PadMode::Constant || rank < 3)
    return std::nullopt;
  SmallVector<int64_t> spatial;
  for (size_t side : {size_t(0), rank}) {
    if (pads[side] != 0 || pads[side + 1] != 0)
      return std::nullopt;
    llvm::append_range(spatial, pads.slice(side + 2, rank - 2));
  }
  return spatial;
}

static SmallVector<int64_t> sumOf(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  SmallVector<int64_t> sum;
  for (auto [x, y] : llvm::zip(a, b))
    sum.push_back(x + y);
  return sum;
}

/// Whether a pool's windows end with its padded input, so that its results are
/// as many rounded up as rounded down.
template <typename PoolOp> static bool fitsWindows(PoolOp op) {
  ArrayRef<int64_t> sizes = shapeOf(op.getInput()).drop_front(2),
                    pads = op.getPads();
  size_t axes = sizes.size();
  for (size_t i = 0; i < axes; ++i) {
    int64_t extent = (op.getKernel()[i] - 1) * op.getDilations()[i] + 1;
    if ((sizes[i] + pads[i] + pads[axes + i] - extent) % op.getStrides()[i])
      return false;
  }
  return true;
}

/// Gives a pool of a padded image the pads, where every window still sees an
/// element.
template <typename PoolOp>
static LogicalResult takePads(PoolOp op, PadOp pad, PatternRewriter &rewriter) {
  std::optional<SmallVector<int64_t>> pads = spatialPads(pad);
  if (!pads)
    return rewriter.notifyMatchFailure(op, "not only images are padded");
  // Windows that begin in padding are dropped when rounding up.
  if (op.getCeilMode() && !fitsWindows(op))
    return rewriter.notifyMatchFailure(op, "the last window is not whole");
  SmallVector<int64_t> all = sumOf(op.getPads(), *pads);
  size_t axes = op.getKernel().size();
  for (auto [i, size] : llvm::enumerate(all))
    if (size > (op.getKernel()[i % axes] - 1) * op.getDilations()[i % axes])
      return rewriter.notifyMatchFailure(op, "a window sees padding alone");
  rewriter.modifyOpInPlace(op, [&] {
    op.setPads(all);
    op.setCeilMode(false);
    op.getInputMutable().assign(pad.getInput());
  });
  return success();
}

/// Whether no element of `value` is below 0.
static bool isNonNegative(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto clip = dyn_cast_or_null<ClipOp>(op))
    return !clip.getMin().isNegative();
  if (auto conv = dyn_cast_or_null<ConvOp>(op))
    return conv.getDoRelu();
  return isa_and_nonnull<ReluOp, SigmoidOp, HardsigmoidOp, SoftmaxOp, ExpOp,
                         AbsOp, SqrtOp>(op);
}

namespace {

/// conv(pad(x)) -> conv(x) with the pads
struct ConvOfPad : public OpRewritePattern<ConvOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConvOp op,
                                PatternRewriter &rewriter) const override {
    auto pad = op.getInput().getDefiningOp<PadOp>();
    if (!pad || !pad.getValue().isZero())
      return rewriter.notifyMatchFailure(op, "operand is not padded by zeros");
    std::optional<SmallVector<int64_t>> pads = spatialPads(pad);
    if (!pads)
      return rewriter.notifyMatchFailure(op, "not only images are padded");
    rewriter.modifyOpInPlace(op, [&] {
      op.setPads(sumOf(op.getPads(), *pads));
      op.getInputMutable().assign(pad.getInput());
    });
    return success();
  }
};

/// max_pool(pad(x)) -> max_pool(x) with the pads, which it ignores, where no
/// element of x is below what the padding holds
struct MaxPoolOfPad : public OpRewritePattern<MaxPoolOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MaxPoolOp op,
                                PatternRewriter &rewriter) const override {
    auto pad = op.getInput().getDefiningOp<PadOp>();
    if (!pad)
      return rewriter.notifyMatchFailure(op, "operand is not padded");
    APFloat value = pad.getValue();
    bool isLeast = value.isNegative() && value.isInfinity();
    if (!isLeast && !(value.isZero() && isNonNegative(pad.getInput())))
      return rewriter.notifyMatchFailure(op, "the padding may be the largest");
    return takePads(op, pad, rewriter);
  }
};

/// avg_pool(pad(x)) -> avg_pool(x) that counts the pads
struct AvgPoolOfPad : public OpRewritePattern<AvgPoolOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AvgPoolOp op,
                                PatternRewriter &rewriter) const override {
    auto pad = op.getInput().getDefiningOp<PadOp>();
    if (!pad || !pad.getValue().isZero())
      return rewriter.notifyMatchFailure(op, "operand is not padded by zeros");
    auto isZero = [](int64_t size) { return size == 0; };
    // Pads of its own that do not count differ from those that do.
    if (!op.getCountIncludePad() && !llvm::all_of(op.getPads(), isZero))
      return rewriter.notifyMatchFailure(op, "pads of two kinds");
    if (failed(takePads(op, pad, rewriter)))
      return failure();
    rewriter.modifyOpInPlace(op, [&] { op.setCountIncludePad(true); });
    return success();
  }
};

/// avg_pool(x) with one window, of the whole image -> reduce mean
struct GlobalAvgPool : public OpRewritePattern<AvgPoolOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AvgPoolOp op,
                                PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> sizes = shapeOf(op.getInput()).drop_front(2);
    auto isZero = [](int64_t size) { return size == 0; };
    auto isOne = [](int64_t size) { return size == 1; };
    if (sizes != op.getKernel() || !llvm::all_of(op.getPads(), isZero) ||
        !llvm::all_of(op.getDilations(), isOne) ||
        !llvm::all_of(shapeOf(op.getOutput()).drop_front(2), isOne))
      return rewriter.notifyMatchFailure(op, "the window is not the image");
    SmallVector<int64_t> axes;
    for (size_t axis = 0; axis < sizes.size(); ++axis)
      axes.push_back(int64_t(axis) + 2);
    rewriter.replaceOpWithNewOp<ReduceOp>(op, op.getOutput().getType(),
                                          op.getInput(), ReduceKind::Mean, axes,
                                          /*keepdims=*/true);
    return success();
  }
};

} // namespace

void top::populateWindowPatterns(RewritePatternSet &patterns) {
  patterns.add<AvgPoolOfPad, ConvOfPad, GlobalAvgPool, MaxPoolOfPad>(
      patterns.getContext());
}
