//===- HdimIsBatch.cpp - Heads that stay within the rows ------------------===//
//
// Products of heads take their operands, and give their result, as tokens have
// them: [batch, rows, heads, columns].
//
//===----------------------------------------------------------------------===//

#include "Dialect/Tpu/IR/TensorNames.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "Dialect/Tpu/Transforms/Passes.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "tpu-hdim-is-batch"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPUHDIMISBATCH
#include "Dialect/Tpu/Transforms/Passes.h.inc"
} // namespace tpuc::tpu

using namespace mlir;
using namespace tpuc::tpu;

/// The order that exchanges heads and rows of tensors [.., heads, rows,
/// columns], either way.
static SmallVector<int64_t> headsOrder(size_t rank) {
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(rank));
  std::swap(order[rank - 2], order[rank - 3]);
  return order;
}

/// Whether permuting by `first` and then by `second` moves nothing.
static bool cancel(ArrayRef<int64_t> first, ArrayRef<int64_t> second) {
  return first.size() == second.size() &&
         llvm::is_sorted(applyPermutation(first, second));
}

/// The sizes of the axes before the last two, but for 1.
static SmallVector<int64_t> leadingSizes(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> sizes(shape.drop_back(2));
  llvm::erase(sizes, 1);
  return sizes;
}

/// Whether a value has the leading axes `lead` and matrices like `other`.
static bool hasMatricesOf(Value value, ArrayRef<int64_t> lead, Value other) {
  ArrayRef<int64_t> shape = getShape(value);
  return shape.size() > 2 &&
         shape.take_back(2) == getShape(other).take_back(2) &&
         ArrayRef(leadingSizes(shape)) == lead;
}

static PermuteOp soleReader(Value value) {
  return value.hasOneUse() ? dyn_cast<PermuteOp>(*value.user_begin())
                           : PermuteOp();
}

namespace {

/// How many elements permutes move before and after.
struct Moves {
  int64_t saved = 0, added = 0;
};

/// matmul of permute(x), permute(y), which bring heads before rows ->
/// permute(matmul {hdim_is_batch} of x, y)
struct HdimIsBatch : public OpRewritePattern<MatMulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MatMulOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getHdimIsBatch() || op.getLeftTranspose() ||
        getShape(op.getOutput()).size() < 3 ||
        !isa<FloatType>(getElement(op.getLeft())))
      return rewriter.notifyMatchFailure(op, "no product of heads of floats");
    SmallVector<int64_t> lead = leadingAxes(op);
    if (lead.empty())
      return rewriter.notifyMatchFailure(op, "has one head");
    Moves moves;
    weighOperand(op.getLeft(), lead, moves);
    weighOperand(op.getRight(), lead, moves);
    weighResult(op.getOutput(), lead, moves);
    if (moves.saved <= moves.added)
      return rewriter.notifyMatchFailure(op, "its operands would move instead");

    LDBG() << op.getLoc() << ": moves " << moves.added << " elements, saves "
           << moves.saved;
    SmallVector<int64_t> order = headsOrder(lead.size() + 2);
    Location loc = withoutTensorName(op.getLoc());
    auto inside = [&](Value value) -> Value {
      Value apart =
          ReshapeOp::create(rewriter, loc, value, withLeading(value, lead));
      return PermuteOp::create(rewriter, loc, apart, order);
    };
    Value left = inside(op.getLeft()), right = inside(op.getRight());
    auto type = cast<RankedTensorType>(op.getType());
    Value product = MatMulOp::create(
        rewriter, loc,
        type.clone(applyPermutation(withLeading(op.getOutput(), lead), order)),
        left, right, op.getBias(), /*left_transpose=*/false,
        op.getRightTranspose(), op.getDoRelu(), op.getReluLimit(),
        /*hdim_is_batch=*/true);
    Value outside = PermuteOp::create(rewriter, loc, product, order);
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), outside);
    return success();
  }

private:
  /// The shape of an operand or result with other leading axes.
  static SmallVector<int64_t> withLeading(Value value, ArrayRef<int64_t> lead) {
    SmallVector<int64_t> shape(lead);
    llvm::append_range(shape, getShape(value).take_back(2));
    return shape;
  }

  /// The leading axes of the product, with batches and heads apart where a
  /// reshape between it and a permute has joined them.
  static SmallVector<int64_t> leadingAxes(MatMulOp op) {
    SmallVector<int64_t> lead = leadingSizes(getShape(op.getOutput()));
    auto consider = [&](Value permuted, Value own) {
      if (getShape(permuted).size() < 3)
        return;
      SmallVector<int64_t> apart = leadingSizes(getShape(permuted));
      if (apart.size() > lead.size() && hasMatricesOf(permuted, apart, own))
        lead = apart;
    };
    for (Value operand : {Value(op.getLeft()), Value(op.getRight())}) {
      auto reshape = operand.getDefiningOp<ReshapeOp>();
      if (reshape && reshape.getInput().getDefiningOp<PermuteOp>())
        consider(reshape.getInput(), operand);
    }
    ReshapeOp reshape = soleReshape(op.getOutput());
    if (reshape && soleReader(reshape.getOutput()))
      consider(reshape.getOutput(), op.getOutput());
    return lead;
  }

  static ReshapeOp soleReshape(Value value) {
    return value.hasOneUse() ? dyn_cast<ReshapeOp>(*value.user_begin())
                             : ReshapeOp();
  }

  /// A permute of a constant is computed now, and one after a permute becomes
  /// one with it.
  static void weighOperand(Value operand, ArrayRef<int64_t> lead,
                           Moves &moves) {
    if (operand.getDefiningOp<WeightOp>())
      return;
    bool isOnly = operand.hasOneUse();
    if (auto reshape = operand.getDefiningOp<ReshapeOp>();
        reshape && hasMatricesOf(reshape.getInput(), lead, operand)) {
      operand = reshape.getInput();
      isOnly &= operand.hasOneUse();
    }
    int64_t size = cast<RankedTensorType>(operand.getType()).getNumElements();
    auto permute = operand.getDefiningOp<PermuteOp>();
    if (permute &&
        cancel(permute.getOrder(), headsOrder(permute.getOrder().size())))
      moves.saved += isOnly ? size : 0;
    else if (!permute || !isOnly)
      moves.added += size;
  }

  static void weighResult(Value result, ArrayRef<int64_t> lead, Moves &moves) {
    int64_t size = cast<RankedTensorType>(result.getType()).getNumElements();
    if (ReshapeOp reshape = soleReshape(result);
        reshape && hasMatricesOf(reshape.getOutput(), lead, result))
      result = reshape.getOutput();
    PermuteOp permute = soleReader(result);
    if (permute &&
        cancel(headsOrder(permute.getOrder().size()), permute.getOrder()))
      moves.saved += size;
    else if (!permute)
      moves.added += size;
  }
};

struct TpuHdimIsBatchPass
    : tpuc::tpu::impl::TpuHdimIsBatchBase<TpuHdimIsBatchPass> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet patterns(context);
    patterns.add<HdimIsBatch>(context);
    // The new permutes meet the network's own.
    PermuteOp::getCanonicalizationPatterns(patterns, context);
    ReshapeOp::getCanonicalizationPatterns(patterns, context);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
