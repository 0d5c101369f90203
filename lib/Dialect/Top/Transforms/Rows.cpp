//===- Rows.cpp - One form for products with one matrix -------------------===//
//
// A product of rows with one matrix is written with two axes, and reshapes move
// below elementwise ops until they meet others. Runs after formulas have been
// recognised: it separates an expression's parts by reshapes.
//
//===----------------------------------------------------------------------===//

#include "../Canonicalize/Match.h"
#include "Patterns.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

namespace {

/// matmul(x[.., m, k], w[k, n]) -> reshape(matmul(reshape(x)[.. * m, k], w))
struct FlattenRows : public OpRewritePattern<MatMulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MatMulOp op,
                                PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> lhs = shapeOf(op.getLhs());
    if (lhs.size() == 2 || shapeOf(op.getRhs()).size() != 2 ||
        op.getLeftTranspose())
      return rewriter.notifyMatchFailure(op, "not rows times one matrix");
    int64_t k = lhs.back(), rows = tpuc::getNumElements(lhs.drop_back());
    Value flat = reshapeTo(rewriter, op.getLoc(), op.getLhs(), {rows, k});
    Value product =
        MatMulOp::create(rewriter, op.getLoc(), flat, op.getRhs(), op.getBias(),
                         /*left_transpose=*/false, op.getRightTranspose());
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), product);
    return success();
  }
};

/// f(reshape(x)) -> reshape(f(x)) for functions of single elements, so that
/// views meet and vanish
struct SinkReshape : public RewritePattern {
  SinkReshape(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}
  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isFunction(op))
      return failure();
    auto reshape = op->getOperand(0).getDefiningOp<ReshapeOp>();
    if (!reshape)
      return failure();
    Operation *moved = rewriter.clone(*op);
    rewriter.modifyOpInPlace(moved, [&] {
      moved->setOperand(0, reshape.getInput());
      moved->getResult(0).setType(reshape.getInput().getType());
    });
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op->getResult(0).getType(),
                                           moved->getResult(0));
    return success();
  }
};

/// reshape(x) + c -> reshape(x + c) for a constant that is one number, or one a
/// channel of the last axis, which the reshape keeps; the same for products
template <typename OpTy>
struct SinkReshapeBelowConstant : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    auto reshape = op.getLhs().template getDefiningOp<ReshapeOp>();
    if (!reshape || !isConstant(op.getRhs()) ||
        reshape.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "not a constant after a reshape");
    ArrayRef<int64_t> outer = shapeOf(op.getOutput());
    ArrayRef<int64_t> inner = shapeOf(reshape.getInput());
    std::optional<int64_t> axis = getVaryingAxis(op.getRhs(), outer);
    bool isChannel = axis && *axis != -1 &&
                     *axis == int64_t(outer.size()) - 1 && !inner.empty() &&
                     inner.back() == outer.back();
    if (!axis || (*axis != -1 && !isChannel))
      return rewriter.notifyMatchFailure(op, "constant varies along others");
    SmallVector<int64_t> shape;
    if (isChannel)
      shape.push_back(inner.back());
    Value constant =
        reshapeTo(rewriter, op.getRhs().getLoc(), op.getRhs(), shape);
    Value moved =
        OpTy::create(rewriter, op.getLoc(), reshape.getInput(), constant);
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), moved);
    return success();
  }
};

/// f(reshape(x), reshape(y)) -> reshape(f(x, y)) for x and y of one shape
struct SinkEqualReshapes : public RewritePattern {
  SinkEqualReshapes(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}
  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!op->hasTrait<Pointwise>() || op->getNumOperands() != 2)
      return failure();
    auto lhs = op->getOperand(0).getDefiningOp<ReshapeOp>();
    auto rhs = op->getOperand(1).getDefiningOp<ReshapeOp>();
    if (!lhs || !rhs || lhs.getType() != rhs.getType() ||
        lhs.getInput().getType() != rhs.getInput().getType())
      return failure();
    Operation *moved = rewriter.clone(*op);
    rewriter.modifyOpInPlace(moved, [&] {
      moved->setOperands({lhs.getInput(), rhs.getInput()});
      moved->getResult(0).setType(
          cast<RankedTensorType>(op->getResult(0).getType())
              .clone(shapeOf(lhs.getInput())));
    });
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op->getResult(0).getType(),
                                           moved->getResult(0));
    return success();
  }
};

} // namespace

void top::populateRowPatterns(RewritePatternSet &patterns) {
  patterns
      .add<FlattenRows, SinkEqualReshapes, SinkReshape,
           SinkReshapeBelowConstant<AddOp>, SinkReshapeBelowConstant<MulOp>>(
          patterns.getContext());
}
