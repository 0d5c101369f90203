//===- JoinHeads.cpp - Products of narrow heads as one ------------------===//
//
// Factorised attention multiplies keys with values, heads apart, and queries
// with that. Heads of few columns are short runs of each token that would have
// to move; a product of all columns with all, of which the blocks of the heads
// are kept, takes them where they are.
//
//===----------------------------------------------------------------------===//

#include "../Canonicalize/Match.h"
#include "PatternPass.h"

namespace tpuc::top {
#define GEN_PASS_DEF_TOPJOINHEADS
#include "Dialect/Top/Transforms/Passes.h.inc"
} // namespace tpuc::top

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

namespace {

/// Columns of a head up to which moving it costs more than the products with
/// other heads' columns: transfers of half a row at full speed.
constexpr int64_t kMostColumns = 32;

bool exchangesHeadsAndTokens(PermuteOp permute) {
  return permute.getOrder() == ArrayRef<int64_t>{0, 2, 1, 3};
}

/// [b, heads, tokens, columns] as [b, tokens, heads, columns] without a move:
/// what a permute took apart, or a softmax or functions of it. Null otherwise;
/// makes nothing then.
Value tokensFirst(PatternRewriter &rewriter, Value value, bool isDry) {
  Operation *op = value.getDefiningOp();
  if (auto permute = dyn_cast_if_present<PermuteOp>(op))
    return exchangesHeadsAndTokens(permute) ? permute.getInput() : Value();
  auto softmax = dyn_cast_if_present<SoftmaxOp>(op);
  if (!op || !op->hasOneUse() || !(softmax || isFunction(op)))
    return Value();
  Value input = tokensFirst(rewriter, op->getOperand(0), isDry);
  if (!input || isDry)
    return input;
  Operation *moved = rewriter.clone(*op);
  moved->setLoc(getStepLoc(op->getLoc()));
  moved->setOperand(0, input);
  moved->getResult(0).setType(cast<RankedTensorType>(input.getType()));
  if (softmax) {
    constexpr int64_t kPlace[] = {0, 2, 1, 3};
    cast<SoftmaxOp>(moved).setAxis(kPlace[softmax.getAxis()]);
  }
  return moved->getResult(0);
}

/// Which elements of [heads * rows, heads * columns] belong to one head.
Value blocksOfHeads(PatternRewriter &rewriter, Location loc, int64_t heads,
                    int64_t rows, int64_t columns) {
  SmallVector<bool> isInside;
  for (int64_t row = 0; row < heads * rows; ++row)
    for (int64_t column = 0; column < heads * columns; ++column)
      isInside.push_back(row / rows == column / columns);
  auto type = RankedTensorType::get({heads * rows, heads * columns},
                                    rewriter.getI1Type());
  return WeightOp::create(rewriter, loc,
                          DenseElementsAttr::get(type, ArrayRef(isInside)));
}

/// matmul(permute(q), matmul(permute(k)^T, permute(v))) ->
/// permute(matmul(q, where(same head, matmul(k^T, v), 0)))
struct JoinHeads : public OpRewritePattern<MatMulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MatMulOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getRhs().getDefiningOp<MatMulOp>();
    if (!inner || !inner->hasOneUse() || !inner.getLeftTranspose() ||
        inner.getRightTranspose() || inner.getBias() || op.getBias() ||
        op.getLeftTranspose() || op.getRightTranspose())
      return rewriter.notifyMatchFailure(op, "not times a product of columns");
    ArrayRef<int64_t> query = shapeOf(op.getLhs()),
                      key = shapeOf(inner.getLhs()),
                      value = shapeOf(inner.getRhs());
    if (query.size() != 4 || key.size() != 4 || value.size() != 4 ||
        query.take_front(2) != key.take_front(2) ||
        query.take_front(2) != value.take_front(2) || query[1] < 2 ||
        query[3] > kMostColumns || value[3] > kMostColumns ||
        query[2] < query[1] * query[3])
      return rewriter.notifyMatchFailure(op, "no narrow heads of many tokens");
    for (Value side : {op.getLhs(), inner.getLhs(), inner.getRhs()})
      if (!tokensFirst(rewriter, side, /*isDry=*/true))
        return rewriter.notifyMatchFailure(op, "heads are not parts of rows");
    Location loc = getStepLoc(op.getLoc());
    auto rowsOf = [&](Value side) {
      Value tokens = tokensFirst(rewriter, side, /*isDry=*/false);
      ArrayRef<int64_t> shape = shapeOf(tokens);
      return reshapeTo(rewriter, loc, tokens,
                       {shape[0], shape[1], shape[2] * shape[3]});
    };
    int64_t heads = query[1], depth = query[3], columns = value[3];
    Value keys = rowsOf(inner.getLhs()), values = rowsOf(inner.getRhs());
    Type all =
        withShape(op.getLhs(), {query[0], heads * depth, heads * columns});
    Value products =
        MatMulOp::create(rewriter, getStepLoc(inner.getLoc()), all, keys,
                         values, /*bias=*/Value(), /*left_transpose=*/true,
                         /*right_transpose=*/false);
    Value apart = WhereOp::create(
        rewriter, loc, all, blocksOfHeads(rewriter, loc, heads, depth, columns),
        products, makeWeight(rewriter, loc, Buffer::f32({}, {0})));
    Type rows = withShape(op.getLhs(), {query[0], query[2], heads * columns});
    Value result = MatMulOp::create(rewriter, loc, rows, rowsOf(op.getLhs()),
                                    apart, /*bias=*/Value(),
                                    /*left_transpose=*/false,
                                    /*right_transpose=*/false);
    result =
        reshapeTo(rewriter, loc, result, {query[0], query[2], heads, columns});
    rewriter.replaceOpWithNewOp<PermuteOp>(op, result,
                                           ArrayRef<int64_t>{0, 2, 1, 3});
    return success();
  }
};

struct TopJoinHeads
    : public PatternPass<top::impl::TopJoinHeadsBase<TopJoinHeads>,
                         populateJoinedHeadPatterns, populateViewPatterns> {};

} // namespace

void top::populateJoinedHeadPatterns(RewritePatternSet &patterns) {
  patterns.add<JoinHeads>(patterns.getContext());
}
