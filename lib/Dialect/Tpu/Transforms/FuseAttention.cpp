//===- FuseAttention.cpp - Attention as one op ----------------------------===//
//
// Recognises attention from its last product backwards. Where its operands lie
// is left to views; what cannot be one stays as it is.
//
//===----------------------------------------------------------------------===//

#include "StridedView.h"

#include "Dialect/Tpu/IR/TensorNames.h"
#include "Dialect/Tpu/Transforms/Passes.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "tpu-fuse-attention"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPUFUSEATTENTION
#include "Dialect/Tpu/Transforms/Passes.h.inc"
} // namespace tpuc::tpu

using namespace mlir;
using namespace tpuc;
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
         !matmul.getLeftTranspose() && !matmul.getHdimIsBatch() &&
         getElement(matmul.getOutput()) == getElement(matmul.getLeft());
}

/// What is between the softmax and the product of queries and keys.
struct Scores {
  MatMulOp product;
  double scale = 1.0;
  SmallVector<StridedView, 2> addends;
};

bool hasContiguousColumns(const StridedView &view) {
  const StridedAxis &columns = view.map.axes.back();
  return columns.size == 1 || columns.sourceStride == 1;
}

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
    StridedView view = traceView(summand);
    std::optional<StridedMap> map =
        view.map.repeated(sum).reshaped(getShape(scores.product.getOutput()));
    if (!map)
      return std::nullopt;
    scores.addends.push_back({view.root, std::move(*map)});
    if (!hasContiguousColumns(scores.addends.back()))
      return std::nullopt;
  }
  return scores;
}

/// A view [batch, heads, rows, columns] as the op's attribute.
SmallVector<int64_t> viewAttribute(const StridedView &view) {
  ArrayRef<StridedAxis> axes = view.map.axes;
  return {view.map.sourceOffset, axes[0].sourceStride, axes[2].sourceStride,
          axes[1].sourceStride};
}

/// The views of attention's operands with axes [batch, heads, rows, columns].
struct OperandViews {
  StridedView query, key, value;
  SmallVector<StridedView, 2> addends;
};

/// `views` with the shapes that `change` makes of theirs; nothing when one of
/// them has no strides then.
std::optional<OperandViews>
reshapeViews(const OperandViews &views,
             function_ref<void(SmallVectorImpl<int64_t> &)> change) {
  auto reshape = [&](const StridedView &view) -> std::optional<StridedView> {
    SmallVector<int64_t> shape = view.map.getSizes();
    change(shape);
    std::optional<StridedMap> map = view.map.reshaped(shape);
    if (!map)
      return std::nullopt;
    return StridedView{view.root, std::move(*map)};
  };
  auto query = reshape(views.query), key = reshape(views.key),
       value = reshape(views.value);
  if (!query || !key || !value)
    return std::nullopt;
  OperandViews result{*query, *key, *value, {}};
  for (const StridedView &addend : views.addends) {
    std::optional<StridedView> view = reshape(addend);
    if (!view)
      return std::nullopt;
    result.addends.push_back(*view);
  }
  return result;
}

/// An axis for the batches and one for the heads, of which there are `heads`
/// where one axis holds both.
std::optional<OperandViews> splitHeads(const OperandViews &views,
                                       int64_t heads) {
  return reshapeViews(views, [&](SmallVectorImpl<int64_t> &shape) {
    if (shape.size() == 3) {
      shape[0] /= heads;
      shape.insert(shape.begin() + 1, heads);
      return;
    }
    int64_t batches = ShapedType::getNumElements(ArrayRef(shape).drop_back(3));
    shape.erase(shape.begin(), shape.end() - 3);
    shape.insert(shape.begin(), batches);
  });
}

/// matmul(softmax(scale q k^T + addends), v) -> permute(attention(q, k, v)),
/// with batches and heads as one leading axis or more
struct FuseAttention : OpRewritePattern<MatMulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MatMulOp weighted,
                                PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> shape = getShape(weighted.getOutput());
    if (!isPlain(weighted) ||
        !isa<FloatType>(getElement(weighted.getOutput())) || shape.size() < 3)
      return rewriter.notifyMatchFailure(weighted, "not a product of floats");
    auto softmax = soleProducer<SoftmaxOp>(weighted.getLeft());
    if (!softmax || softmax.getLog())
      return rewriter.notifyMatchFailure(weighted, "not weighted by a softmax");
    std::optional<Scores> scores = matchScores(softmax);
    if (!scores || !isPlain(scores->product))
      return rewriter.notifyMatchFailure(weighted, "scores of another form");
    int64_t keys = scores->product.getN();
    if (getShape(softmax.getInput()).back() != keys || keys > kMaxKeys ||
        getShape(scores->product.getOutput()) != getShape(weighted.getLeft()))
      return rewriter.notifyMatchFailure(weighted, "rows of another length");
    if (getShape(scores->product.getRight()).size() != shape.size() ||
        getShape(weighted.getRight()).size() != shape.size())
      return rewriter.notifyMatchFailure(weighted, "operands are repeated");

    OperandViews views{traceView(scores->product.getLeft(), &scores->scale),
                       traceView(scores->product.getRight(), &scores->scale),
                       traceView(weighted.getRight()), scores->addends};
    if (!scores->product.getRightTranspose())
      swapLastAxes(views.key);
    if (weighted.getRightTranspose())
      swapLastAxes(views.value);
    for (const StridedView *view : {&views.query, &views.key, &views.value})
      if (!hasContiguousColumns(*view) ||
          ArrayRef(view->map.getSizes()).drop_back(2) != shape.drop_back(2))
        return rewriter.notifyMatchFailure(weighted, "operands have no views");
    std::optional<OperandViews> split;
    for (int64_t heads = shape[0]; !split && heads > 0; --heads)
      if (shape[0] % heads == 0)
        split = splitHeads(views, heads);
    if (!split)
      return rewriter.notifyMatchFailure(weighted, "batches have no stride");
    LDBG() << "fuses " << weighted.getLoc();
    replace(rewriter, weighted, *scores, *split);
    return success();
  }

private:
  static void swapLastAxes(StridedView &view) {
    std::swap(view.map.axes.rbegin()[0], view.map.axes.rbegin()[1]);
  }

  static void replace(PatternRewriter &rewriter, MatMulOp weighted,
                      Scores &scores, const OperandViews &views) {
    SmallVector<Value, 2> addends;
    SmallVector<int64_t> addendViews;
    for (const StridedView &addend : views.addends) {
      addends.push_back(addend.root);
      llvm::append_range(addendViews, viewAttribute(addend));
    }
    SmallVector<int64_t> q = views.query.map.getSizes();
    RankedTensorType type = weighted.getType().clone(
        {q[0], q[2], q[1], getShape(weighted.getOutput()).back()});
    Location loc = withoutTensorName(weighted.getLoc());
    Value attention = AttentionOp::create(
        rewriter, loc, type, views.query.root, views.key.root, views.value.root,
        addends, rewriter.getDenseI64ArrayAttr(viewAttribute(views.query)),
        rewriter.getDenseI64ArrayAttr(viewAttribute(views.key)),
        rewriter.getDenseI64ArrayAttr(viewAttribute(views.value)),
        rewriter.getDenseI64ArrayAttr(addendViews),
        rewriter.getI64IntegerAttr(scores.product.getN()),
        rewriter.getI64IntegerAttr(scores.product.getK()),
        rewriter.getF64FloatAttr(scores.scale));
    // What follows mostly brings the heads back to where they are now.
    Value permuted = PermuteOp::create(rewriter, loc, attention,
                                       ArrayRef<int64_t>{0, 2, 1, 3});
    rewriter.replaceOpWithNewOp<ReshapeOp>(weighted, weighted.getType(),
                                           permuted);
  }
};

struct TpuFuseAttentionPass
    : tpuc::tpu::impl::TpuFuseAttentionBase<TpuFuseAttentionPass> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet patterns(context);
    patterns.add<FuseAttention>(context);
    // The permute of the result meets the network's own.
    PermuteOp::getCanonicalizationPatterns(patterns, context);
    ReshapeOp::getCanonicalizationPatterns(patterns, context);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
