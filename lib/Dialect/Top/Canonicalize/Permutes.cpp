//===- Permutes.cpp - Permutes meet views, slices and element ops ---------===//
//
// Composes permutes through reshapes, brings slices before views, so that the
// parts of a packed projection are columns of it, and reductions before
// permutes. What moves whole rows is weighed by top-propagate-transposes.
//
//===----------------------------------------------------------------------===//

#include "Analysis/AxisOrder.h"
#include "Match.h"
#include "Patterns.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

/// Attention's result is permuted where it is computed: what follows is better
/// left apart.
static bool isReadOffProduct(PermuteOp permute) {
  auto product = permute.getInput().getDefiningOp<MatMulOp>();
  return product && shapeOf(product.getRhs()).size() > 2;
}

namespace {

/// permute(reshape(permute(x))) -> reshape(permute(reshape(x))) when the axes
/// of both reshaped shapes nest
struct ComposePermutesThroughReshape : public OpRewritePattern<PermuteOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PermuteOp op,
                                PatternRewriter &rewriter) const override {
    auto reshape = op.getInput().getDefiningOp<ReshapeOp>();
    auto inner =
        reshape ? reshape.getInput().getDefiningOp<PermuteOp>() : PermuteOp();
    if (!inner || !inner->hasOneUse() || !reshape->hasOneUse() ||
        isReadOffProduct(inner))
      return rewriter.notifyMatchFailure(op, "no permute to compose with");
    std::optional<AxisOrder> composed =
        composeThroughReshape(shapeOf(inner.getInput()), inner.getOrder(),
                              shapeOf(reshape.getOutput()), op.getOrder());
    if (!composed || isSplitTransposition(shapeOf(inner.getInput()),
                                          inner.getOrder(), *composed))
      return rewriter.notifyMatchFailure(op, "axes cross, or are better apart");
    Location loc = getStepLoc(op.getLoc());
    Value value = reshapeTo(rewriter, loc, inner.getInput(), composed->shape);
    value = PermuteOp::create(rewriter, loc, value, composed->order);
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), value);
    return success();
  }
};

/// permute(x) -> permute(permute(x)): a transposition and a movement of rows
struct SplitPermute : public OpRewritePattern<PermuteOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PermuteOp op,
                                PatternRewriter &rewriter) const override {
    auto parts = splitTransposition(shapeOf(op.getInput()), op.getOrder());
    if (!parts)
      return rewriter.notifyMatchFailure(op, "moves rows or transposes");
    Location loc = getStepLoc(op.getLoc());
    Value value = reshapeTo(rewriter, loc, op.getInput(), parts->first.shape);
    value = PermuteOp::create(rewriter, loc, value, parts->first.order);
    value =
        PermuteOp::create(rewriter, op.getLoc(), value, parts->second.order);
    rewriter.replaceOp(
        op, reshapeTo(rewriter, op.getLoc(), value, shapeOf(op.getOutput())));
    return success();
  }
};

/// slice(permute(x)) -> permute(slice(x)); an axis of which one element is left
/// does not take part in the permute
struct SliceOfPermute : public OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op,
                                PatternRewriter &rewriter) const override {
    auto permute = op.getInput().getDefiningOp<PermuteOp>();
    if (!permute || !llvm::all_of(permute->getUsers(), [](Operation *user) {
          return isa<SliceOp>(user);
        }))
      return rewriter.notifyMatchFailure(op, "no permute that is only sliced");
    size_t rank = op.getSizes().size();
    SmallVector<int64_t> offsets(rank), sizes(rank), steps(rank);
    for (auto [index, axis] : llvm::enumerate(permute.getOrder())) {
      offsets[axis] = op.getOffsets()[index];
      sizes[axis] = op.getSizes()[index];
      steps[axis] = op.getSteps()[index];
    }
    Location loc = getStepLoc(op.getLoc());
    Value value = SliceOp::create(rewriter, loc, permute.getInput(), offsets,
                                  sizes, steps);
    SmallVector<int64_t> place(rank, -1), shape, order;
    for (auto [axis, size] : llvm::enumerate(sizes)) {
      if (size == 1 && shapeOf(permute.getInput())[axis] != 1)
        continue;
      place[axis] = shape.size();
      shape.push_back(size);
    }
    for (int64_t axis : permute.getOrder())
      if (place[axis] >= 0)
        order.push_back(place[axis]);
    value = reshapeTo(rewriter, op.getLoc(), value, shape);
    value = PermuteOp::create(rewriter, op.getLoc(), value, order);
    rewriter.replaceOp(
        op, reshapeTo(rewriter, op.getLoc(), value, shapeOf(op.getOutput())));
    return success();
  }
};

/// slice(reshape(x)) -> reshape(slice(x)) when the sliced axis begins where one
/// of x does and its elements are runs of that one
struct SliceOfReshape : public OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op,
                                PatternRewriter &rewriter) const override {
    auto reshape = op.getInput().getDefiningOp<ReshapeOp>();
    if (!reshape)
      return rewriter.notifyMatchFailure(op, "operand is not a reshape");
    ArrayRef<int64_t> outer = shapeOf(op.getInput());
    ArrayRef<int64_t> own = shapeOf(reshape.getInput());
    int64_t axis = -1;
    for (auto [index, size] : llvm::enumerate(outer)) {
      if (op.getSizes()[index] == size && op.getSteps()[index] == 1)
        continue;
      if (axis >= 0 || (op.getSteps()[index] != 1 && op.getSizes()[index] != 1))
        return rewriter.notifyMatchFailure(op, "not one range of one axis");
      axis = index;
    }
    if (axis < 0)
      return rewriter.notifyMatchFailure(op, "nothing is sliced");
    int64_t before = tpuc::getNumElements(outer.take_front(axis));
    int64_t run = tpuc::getNumElements(outer.drop_front(axis + 1));
    size_t source = 0;
    for (int64_t product = 1; source < own.size() && product < before;)
      product *= own[source++];
    while (source < own.size() && own[source] == 1)
      ++source;
    if (source == own.size() ||
        tpuc::getNumElements(own.take_front(source)) != before)
      return rewriter.notifyMatchFailure(op, "no axis begins there");
    int64_t inner = tpuc::getNumElements(own.drop_front(source + 1));
    if (run % inner != 0 || own[source] * inner < outer[axis] * run)
      return rewriter.notifyMatchFailure(op, "elements are no runs");
    SmallVector<int64_t> offsets(own.size(), 0), sizes(own),
        steps(own.size(), 1);
    offsets[source] = op.getOffsets()[axis] * (run / inner);
    sizes[source] = op.getSizes()[axis] * (run / inner);
    Value slice = SliceOp::create(rewriter, op.getLoc(), reshape.getInput(),
                                  offsets, sizes, steps);
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), slice);
    return success();
  }
};

/// reduce(permute(x)) -> permute(reduce(x)), which has less to permute
struct ReduceOfPermute : public OpRewritePattern<ReduceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReduceOp op,
                                PatternRewriter &rewriter) const override {
    auto permute = op.getInput().getDefiningOp<PermuteOp>();
    if (!permute || !permute->hasOneUse() || op.getAxes().empty())
      return rewriter.notifyMatchFailure(op, "no permute to reduce before");
    SmallVector<int64_t> axes;
    for (int64_t axis : op.getAxes())
      axes.push_back(permute.getOrder()[axis]);
    llvm::sort(axes);
    Value value =
        ReduceOp::create(rewriter, getStepLoc(op.getLoc()), permute.getInput(),
                         op.getKind(), axes, /*keepdims=*/true);
    value = PermuteOp::create(rewriter, op.getLoc(), value, permute.getOrder());
    rewriter.replaceOp(
        op, reshapeTo(rewriter, op.getLoc(), value, shapeOf(op.getOutput())));
    return success();
  }
};

} // namespace

void top::populatePermutePatterns(RewritePatternSet &patterns) {
  patterns.add<ComposePermutesThroughReshape, ReduceOfPermute, SliceOfPermute,
               SliceOfReshape, SplitPermute>(patterns.getContext());
}
