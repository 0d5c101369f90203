//===- Broadcasts.cpp - Canonicalisation of repetition --------------------===//
//
// Removes repetition in front of ops that repeat by themselves.
//
//===----------------------------------------------------------------------===//

#include "Analysis/AxisOrder.h"
#include "Match.h"
#include "Patterns.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

namespace {

/// tile(x) -> broadcast(x) when only axes of size 1 repeat
struct TileToBroadcast : public OpRewritePattern<TileOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TileOp op,
                                PatternRewriter &rewriter) const override {
    for (auto [dim, count] : llvm::zip(shapeOf(op.getInput()), op.getRepeats()))
      if (count != 1 && dim != 1)
        return rewriter.notifyMatchFailure(op, "repeats more than one element");
    rewriter.replaceOpWithNewOp<BroadcastOp>(op, op.getType(), op.getInput());
    return success();
  }
};

/// broadcast(broadcast(x)) -> broadcast(x)
struct ComposeBroadcasts : public OpRewritePattern<BroadcastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BroadcastOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<BroadcastOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "operand is not a broadcast");
    rewriter.replaceOpWithNewOp<BroadcastOp>(op, op.getType(),
                                             inner.getInput());
    return success();
  }
};

/// broadcast(reshape(broadcast(x))) -> reshape(broadcast(reshape(x)))
struct BroadcastOfReshapedBroadcast : public OpRewritePattern<BroadcastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BroadcastOp op,
                                PatternRewriter &rewriter) const override {
    auto reshape = op.getInput().getDefiningOp<ReshapeOp>();
    auto inner = reshape ? reshape.getInput().getDefiningOp<BroadcastOp>()
                         : BroadcastOp();
    if (!inner || !reshape->hasOneUse() || !inner->hasOneUse())
      return rewriter.notifyMatchFailure(op, "no broadcast behind another");
    SmallVector<int64_t> shape = alignedTo(inner);
    std::optional<AxisRepeats> composed =
        composeRepeats(shape, shapeOf(inner.getOutput()), alignedTo(op),
                       shapeOf(op.getOutput()));
    if (!composed)
      return rewriter.notifyMatchFailure(op, "the reshape crosses axes");
    Value value =
        reshapeTo(rewriter, inner.getLoc(), inner.getInput(), composed->shape);
    value = BroadcastOp::create(rewriter, op.getLoc(),
                                withShape(value, composed->repeated), value);
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), value);
    return success();
  }

private:
  /// The operand's shape with as many axes as the result's.
  static SmallVector<int64_t> alignedTo(BroadcastOp op) {
    ArrayRef<int64_t> from = shapeOf(op.getInput());
    SmallVector<int64_t> shape(shapeOf(op.getOutput()).size() - from.size(), 1);
    shape.append(from.begin(), from.end());
    return shape;
  }
};

/// f(broadcast(x)) -> broadcast(f(x)) for functions of one element
struct FunctionOfBroadcast : public RewritePattern {
  FunctionOfBroadcast(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}
  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!op->hasTrait<Pointwise>() || op->getNumOperands() != 1)
      return failure();
    auto broadcast = op->getOperand(0).getDefiningOp<BroadcastOp>();
    if (!broadcast || !broadcast->hasOneUse() ||
        broadcast.getInput().getType().getNumElements() ==
            broadcast.getOutput().getType().getNumElements())
      return rewriter.notifyMatchFailure(op, "operand repeats nothing");
    Value x = broadcast.getInput();
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    Operation *function = rewriter.clone(*op);
    function->setOperand(0, x);
    function->getResult(0).setType(type.clone(shapeOf(x)));
    rewriter.replaceOpWithNewOp<BroadcastOp>(op, type, function->getResult(0));
    return success();
  }
};

/// reduce(broadcast(x)) -> broadcast(reduce(x)) when no reduced axis repeats
struct ReduceOfBroadcast : public OpRewritePattern<ReduceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReduceOp op,
                                PatternRewriter &rewriter) const override {
    auto broadcast = op.getInput().getDefiningOp<BroadcastOp>();
    if (!broadcast || op.getAxes().empty())
      return rewriter.notifyMatchFailure(op, "reduces no repetition");
    ArrayRef<int64_t> from = shapeOf(broadcast.getInput());
    ArrayRef<int64_t> to = shapeOf(broadcast.getOutput());
    if (from.size() != to.size())
      return rewriter.notifyMatchFailure(op, "ranks differ");
    SmallVector<int64_t> shape;
    for (auto [axis, size] : llvm::enumerate(from)) {
      bool isReduced = llvm::is_contained(op.getAxes(), int64_t(axis));
      if (isReduced && size != to[axis])
        return rewriter.notifyMatchFailure(op, "reduces what repeats");
      if (!isReduced)
        shape.push_back(size);
      else if (op.getKeepdims())
        shape.push_back(1);
    }
    auto type = cast<RankedTensorType>(op.getOutput().getType());
    auto reduce = ReduceOp::create(rewriter, op.getLoc(), type.clone(shape),
                                   broadcast.getInput(), op.getKind(),
                                   op.getAxes(), op.getKeepdims());
    rewriter.replaceOpWithNewOp<BroadcastOp>(op, type, reduce);
    return success();
  }
};

/// broadcast(x) -> reshape(x) when nothing repeats
struct BroadcastToReshape : public OpRewritePattern<BroadcastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BroadcastOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getInput().getType().getNumElements() !=
        op.getOutput().getType().getNumElements())
      return rewriter.notifyMatchFailure(op, "elements repeat");
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), op.getInput());
    return success();
  }
};

/// op(.., broadcast(x), ..) -> op(.., x, ..) when the result keeps its shape
struct BroadcastIntoElementwise : public RewritePattern {
  BroadcastIntoElementwise(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}
  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!op->hasTrait<Pointwise>() || op->getNumOperands() < 2)
      return failure();
    SmallVector<Value> operands(op->getOperands());
    for (auto [index, value] : llvm::enumerate(operands)) {
      auto broadcast = value.getDefiningOp<BroadcastOp>();
      if (!broadcast)
        continue;
      operands[index] = broadcast.getInput();
      if (keepsType(op, operands)) {
        rewriter.modifyOpInPlace(
            op, [&] { op->setOperand(index, broadcast.getInput()); });
        return success();
      }
      operands[index] = value;
    }
    return failure();
  }

private:
  /// Whether `op` gives its result's type when it reads `operands`.
  static bool keepsType(Operation *op, ValueRange operands) {
    auto infer = dyn_cast<InferTypeOpInterface>(op);
    SmallVector<Type> types;
    return infer &&
           succeeded(infer.inferReturnTypes(
               op->getContext(), /*location=*/std::nullopt, operands,
               op->getDiscardableAttrDictionary(), op->getPropertiesStorage(),
               op->getRegions(), types)) &&
           TypeRange(types) == TypeRange(op->getResultTypes());
  }
};

} // namespace

void top::populateBroadcastPatterns(RewritePatternSet &patterns) {
  patterns.add<BroadcastIntoElementwise, BroadcastOfReshapedBroadcast,
               BroadcastToReshape, ComposeBroadcasts, FunctionOfBroadcast,
               ReduceOfBroadcast, TileToBroadcast>(patterns.getContext());
}
