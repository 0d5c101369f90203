//===- FuseAttention.cpp - Attention as one op ----------------------------===//
//
// Recognises attention from its last permute backwards. Where its operands lie
// is left to views; what cannot be one stays as it is.
//
//===----------------------------------------------------------------------===//

#include "StridedView.h"

#include "Dialect/Tpu/Transforms/Passes.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPUFUSEATTENTION
#include "Dialect/Tpu/Transforms/Passes.h.inc"
} // namespace tpuc::tpu

using namespace mlir;
using namespace tpuc::tpu;

namespace {

/// Keys of which a row of scores, in the buffers of its softmax, surely fits
/// into a lane.
constexpr int64_t kMaxKeys = 2048;

/// The value before reshapes, when it has no other user.
Value skipReshapes(Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>()) {
    if (!value.hasOneUse())
      break;
    value = reshape.getInput();
  }
  return value;
}

template <typename OpTy> OpTy soleProducer(Value value) {
  value = skipReshapes(value);
  return value.hasOneUse() ? value.getDefiningOp<OpTy>() : OpTy();
}

/// A matmul that is only a product.
bool isPlain(MatMulOp matmul) {
  return !matmul.getBias() && !matmul.getDoRelu() &&
         !matmul.getLeftTranspose() &&
         getElement(matmul.getOutput()) == getElement(matmul.getLeft());
}

/// What is between the softmax and the product of queries and keys.
struct Scores {
  MatMulOp product;
  double scale = 1.0;
  SmallVector<StridedView, 2> addends;
};

/// softmax(softmax operand) = softmax(scale * product + addends).
std::optional<Scores> matchScores(SoftmaxOp softmax) {
  Scores scores;
  Value value = softmax.getInput();
  SmallVector<int64_t> shape; // of the product
  SmallVector<std::pair<Value, SmallVector<int64_t>>> summands;
  while (!(scores.product = soleProducer<MatMulOp>(value))) {
    if (auto scalar = soleProducer<ScalarOp>(value);
        scalar && scalar.getKind() == ScalarKind::Mul) {
      scores.scale *= scalar.getValue().convertToDouble();
      value = scalar.getInput();
      continue;
    }
    auto add = soleProducer<BinaryOp>(value);
    // A factor outside the sum would have to reach its summands too.
    if (!add || add.getKind() != BinaryKind::Add || scores.scale != 1.0)
      return std::nullopt;
    ArrayRef<int64_t> sum = getShape(add.getOutput());
    bool isLeft = getShape(add.getLhs()) == sum &&
                  !skipReshapes(add.getLhs()).getDefiningOp<WeightOp>();
    Value chain = isLeft ? add.getLhs() : add.getRhs();
    if (getShape(chain) != sum)
      return std::nullopt;
    summands.push_back(
        {isLeft ? add.getRhs() : add.getLhs(), SmallVector<int64_t>(sum)});
    value = chain;
  }
  for (auto &[summand, sum] : summands) {
    std::optional<StridedView> view =
        traceView(summand).broadcast(sum).reshaped(
            getShape(scores.product.getOutput()));
    if (!view || (view->sizes.back() > 1 && view->strides.back() != 1))
      return std::nullopt;
    scores.addends.push_back(std::move(*view));
  }
  return scores;
}

/// A view [batch, heads, rows, columns] as the op's attribute.
SmallVector<int64_t> viewAttribute(const StridedView &view) {
  return {view.offset, view.strides[0], view.strides[2], view.strides[1]};
}

bool hasContiguousColumns(const StridedView &view) {
  return view.sizes.back() == 1 || view.strides.back() == 1;
}

/// permute(matmul(softmax(scale q k^T + addends), v)) -> attention(q, k, v)
struct FuseAttention : OpRewritePattern<PermuteOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PermuteOp permute,
                                PatternRewriter &rewriter) const override {
    if (permute.getOrder() != ArrayRef<int64_t>{0, 2, 1, 3})
      return rewriter.notifyMatchFailure(permute, "other order");
    auto weighted = permute.getInput().getDefiningOp<MatMulOp>();
    if (!weighted || !weighted->hasOneUse() || !isPlain(weighted) ||
        getElement(permute.getOutput()).isF32())
      return rewriter.notifyMatchFailure(permute, "not a 16-bit product");
    auto softmax = soleProducer<SoftmaxOp>(weighted.getLeft());
    if (!softmax || softmax.getLog())
      return rewriter.notifyMatchFailure(permute, "not weighted by a softmax");
    std::optional<Scores> scores = matchScores(softmax);
    if (!scores || !isPlain(scores->product))
      return rewriter.notifyMatchFailure(permute, "scores of another form");
    int64_t keys = scores->product.getN();
    if (getShape(softmax.getInput()).back() != keys || keys > kMaxKeys ||
        getShape(scores->product.getOutput()) != getShape(weighted.getLeft()))
      return rewriter.notifyMatchFailure(permute, "rows of another length");

    StridedView query = traceView(scores->product.getLeft(), &scores->scale);
    StridedView key = traceView(scores->product.getRight(), &scores->scale);
    if (!scores->product.getRightTranspose())
      swapLastAxes(key);
    StridedView value = traceView(weighted.getRight());
    if (weighted.getRightTranspose())
      swapLastAxes(value);
    if (!hasContiguousColumns(query) || !hasContiguousColumns(key) ||
        !hasContiguousColumns(value))
      return rewriter.notifyMatchFailure(permute, "columns with gaps");

    SmallVector<Value, 2> addends;
    SmallVector<int64_t> addendViews;
    for (const StridedView &addend : scores->addends) {
      addends.push_back(addend.root);
      llvm::append_range(addendViews, viewAttribute(addend));
    }
    rewriter.replaceOpWithNewOp<AttentionOp>(
        permute, permute.getType(), query.root, key.root, value.root, addends,
        rewriter.getDenseI64ArrayAttr(viewAttribute(query)),
        rewriter.getDenseI64ArrayAttr(viewAttribute(key)),
        rewriter.getDenseI64ArrayAttr(viewAttribute(value)),
        rewriter.getDenseI64ArrayAttr(addendViews),
        rewriter.getI64IntegerAttr(keys),
        rewriter.getI64IntegerAttr(scores->product.getK()),
        rewriter.getF64FloatAttr(scores->scale));
    return success();
  }

private:
  static void swapLastAxes(StridedView &view) {
    std::swap(view.sizes[2], view.sizes[3]);
    std::swap(view.strides[2], view.strides[3]);
  }
};

struct TpuFuseAttentionPass
    : tpuc::tpu::impl::TpuFuseAttentionBase<TpuFuseAttentionPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseAttention>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
