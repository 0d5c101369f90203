//===- MatMul.cpp - Canonicalisation of matmul's operands -----------------===//
//
// Transpositions become attributes, and those of constants vanish.
//
//===----------------------------------------------------------------------===//

#include "Match.h"
#include "Patterns.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

/// The order of axes that exchanges the last two.
static SmallVector<int64_t> getTransposeOrder(int64_t rank) {
  auto order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  std::swap(order[rank - 1], order[rank - 2]);
  return order;
}

namespace {

/// matmul(.., transpose(y)) -> matmul(.., y) with the other flag
struct TransposeIntoMatMul : public OpRewritePattern<MatMulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MatMulOp op,
                                PatternRewriter &rewriter) const override {
    auto source = [](Value value) -> Value {
      auto permute = value.getDefiningOp<PermuteOp>();
      if (!permute || ArrayRef<int64_t>(getTransposeOrder(
                          permute.getOrder().size())) != permute.getOrder())
        return {};
      return permute.getInput();
    };
    Value lhs = source(op.getLhs()), rhs = source(op.getRhs());
    if (!lhs && !rhs)
      return rewriter.notifyMatchFailure(op, "no operand is transposed");
    rewriter.modifyOpInPlace(op, [&] {
      if (lhs) {
        op.getLhsMutable().assign(lhs);
        op.setLeftTranspose(!op.getLeftTranspose());
      }
      if (rhs) {
        op.getRhsMutable().assign(rhs);
        op.setRightTranspose(!op.getRightTranspose());
      }
    });
    return success();
  }
};

/// matmul(x, constant) {right_transpose} -> matmul(x, transpose(constant))
struct TransposeConstant : public OpRewritePattern<MatMulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MatMulOp op,
                                PatternRewriter &rewriter) const override {
    FailureOr<Buffer> constant = getConstant(op.getRhs());
    if (!op.getRightTranspose() || failed(constant))
      return rewriter.notifyMatchFailure(op, "no transposed constant");
    // Evaluated here: as an op of its own, the transposition would go back into
    // the matmul before it is folded.
    auto permute =
        PermuteOp::create(rewriter, op.getRhs().getLoc(), op.getRhs(),
                          getTransposeOrder(shapeOf(op.getRhs()).size()));
    llvm::Expected<SmallVector<Buffer>> values = permute.evaluate({*constant});
    if (!values) {
      llvm::consumeError(values.takeError());
      return rewriter.notifyMatchFailure(op, "constant has no data");
    }
    Value weight = makeWeight(rewriter, op.getRhs().getLoc(), (*values)[0]);
    rewriter.eraseOp(permute);
    rewriter.modifyOpInPlace(op, [&] {
      op.getRhsMutable().assign(weight);
      op.setRightTranspose(false);
    });
    return success();
  }
};

} // namespace

void top::populateMatMulPatterns(RewritePatternSet &patterns) {
  patterns.add<TransposeConstant, TransposeIntoMatMul>(patterns.getContext());
}
