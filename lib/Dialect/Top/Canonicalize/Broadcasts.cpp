//===- Broadcasts.cpp - Canonicalisation of repetition --------------------===//
//
// Removes repetition in front of ops that repeat by themselves.
//
//===----------------------------------------------------------------------===//

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
    if (!isa<AddOp, SubOp, MulOp, DivOp, MaxOp, MinOp, PowOp, ModOp, AndOp,
             OrOp, XorOp, CompareOp, WhereOp>(op))
      return failure();
    SmallVector<Value> operands(op->getOperands());
    for (auto [index, value] : llvm::enumerate(operands)) {
      auto broadcast = value.getDefiningOp<BroadcastOp>();
      if (!broadcast)
        continue;
      operands[index] = broadcast.getInput();
      SmallVector<ArrayRef<int64_t>> shapes;
      for (Value operand : operands)
        shapes.push_back(shapeOf(operand));
      std::optional<SmallVector<int64_t>> shape = broadcastShapes(shapes);
      if (shape && ArrayRef(*shape) == shapeOf(op->getResult(0))) {
        rewriter.modifyOpInPlace(
            op, [&] { op->setOperand(index, broadcast.getInput()); });
        return success();
      }
      operands[index] = value;
    }
    return failure();
  }
};

} // namespace

void top::populateBroadcastPatterns(RewritePatternSet &patterns) {
  patterns.add<BroadcastIntoElementwise, BroadcastToReshape, ComposeBroadcasts,
               TileToBroadcast>(patterns.getContext());
}
