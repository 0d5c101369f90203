//===- Slices.cpp - Canonicalisation of slices and concatenations ---------===//
//
// Composes slices, finds slices in concatenations and the other way round, and
// turns gathers by constant indices into slices.
//
//===----------------------------------------------------------------------===//

#include "Match.h"
#include "Patterns.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

/// True when the slice takes a contiguous range of `axis` and all of the
/// others.
static bool slicesOnly(SliceOp op, int64_t axis) {
  for (auto [i, size] : llvm::enumerate(shapeOf(op.getInput()))) {
    if (op.getSteps()[i] != 1 && op.getSizes()[i] != 1)
      return false;
    if (int64_t(i) != axis && op.getSizes()[i] != size)
      return false;
  }
  return true;
}

namespace {

/// slice(slice(x)) -> slice(x)
struct ComposeSlices : public OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<SliceOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "operand is not a slice");
    SmallVector<int64_t> offsets, steps;
    for (auto [outerOffset, outerStep, offset, step] :
         llvm::zip(op.getOffsets(), op.getSteps(), inner.getOffsets(),
                   inner.getSteps())) {
      offsets.push_back(offset + outerOffset * step);
      steps.push_back(outerStep * step);
    }
    rewriter.replaceOpWithNewOp<SliceOp>(op, inner.getInput(), offsets,
                                         SmallVector<int64_t>(op.getSizes()),
                                         steps);
    return success();
  }
};

/// slice(concat(.., x, ..)) -> slice(x) when the slice lies in one part
struct SliceOfConcat : public OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op,
                                PatternRewriter &rewriter) const override {
    auto concat = op.getInput().getDefiningOp<ConcatOp>();
    if (!concat)
      return rewriter.notifyMatchFailure(op, "operand is not a concat");
    int64_t axis = concat.getAxis();
    int64_t first = op.getOffsets()[axis];
    int64_t last = first + (op.getSizes()[axis] - 1) * op.getSteps()[axis];
    int64_t low = std::min(first, last), high = std::max(first, last);
    int64_t begin = 0;
    for (Value part : concat.getInputs()) {
      int64_t end = begin + shapeOf(part)[axis];
      if (low >= begin && high < end) {
        SmallVector<int64_t> offsets(op.getOffsets());
        offsets[axis] -= begin;
        rewriter.replaceOpWithNewOp<SliceOp>(
            op, part, offsets, SmallVector<int64_t>(op.getSizes()),
            SmallVector<int64_t>(op.getSteps()));
        return success();
      }
      begin = end;
    }
    return rewriter.notifyMatchFailure(op, "slice spans parts");
  }
};

/// concat(.., slice(x)[a:b], slice(x)[b:c], ..) -> concat(.., slice(x)[a:c],
/// ..)
struct JoinSlices : public OpRewritePattern<ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConcatOp op,
                                PatternRewriter &rewriter) const override {
    int64_t axis = op.getAxis();
    for (size_t i = 0; i + 1 < op.getInputs().size(); ++i) {
      auto left = op.getInputs()[i].getDefiningOp<SliceOp>();
      auto right = op.getInputs()[i + 1].getDefiningOp<SliceOp>();
      if (!left || !right || left.getInput() != right.getInput() ||
          !slicesOnly(left, axis) || !slicesOnly(right, axis) ||
          left.getOffsets()[axis] + left.getSizes()[axis] !=
              right.getOffsets()[axis])
        continue;
      SmallVector<int64_t> sizes(left.getSizes());
      sizes[axis] += right.getSizes()[axis];
      Value joined = SliceOp::create(
          rewriter, rewriter.getFusedLoc({left.getLoc(), right.getLoc()}),
          left.getInput(), SmallVector<int64_t>(left.getOffsets()), sizes,
          SmallVector<int64_t>(sizes.size(), 1));
      SmallVector<Value> inputs(op.getInputs());
      inputs[i] = joined;
      inputs.erase(inputs.begin() + i + 1);
      rewriter.replaceOpWithNewOp<ConcatOp>(op, inputs, axis);
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no neighbouring slices");
  }
};

/// p = concat(a, b), concat(a, b, c) -> concat(p, c): dense blocks join all
/// features anew for each layer.
struct ReuseConcat : public OpRewritePattern<ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConcatOp op,
                                PatternRewriter &rewriter) const override {
    ConcatOp longest;
    for (Operation *user : op.getInputs().front().getUsers()) {
      auto other = dyn_cast<ConcatOp>(user);
      bool isCandidate =
          other && other != op && other.getAxis() == op.getAxis() &&
          other.getInputs().size() < op.getInputs().size() &&
          other->getBlock() == op->getBlock() && other->isBeforeInBlock(op);
      if (isCandidate && other.getInputs().size() > 1 &&
          llvm::equal(other.getInputs(),
                      op.getInputs().take_front(other.getInputs().size())) &&
          (!longest || longest.getInputs().size() < other.getInputs().size()))
        longest = other;
    }
    if (!longest)
      return rewriter.notifyMatchFailure(op, "no concat of the first operands");
    SmallVector<Value> inputs{longest.getOutput()};
    llvm::append_range(inputs,
                       op.getInputs().drop_front(longest.getInputs().size()));
    rewriter.replaceOpWithNewOp<ConcatOp>(op, op.getType(), inputs,
                                          op.getAxis());
    return success();
  }
};

/// concat(a, concat(b, c), d) -> concat(a, b, c, d)
struct FlattenConcats : public OpRewritePattern<ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConcatOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Value> inputs;
    for (Value value : op.getInputs()) {
      auto inner = value.getDefiningOp<ConcatOp>();
      // With other readers the inner concat would be made twice.
      if (inner && inner.getAxis() == op.getAxis() && inner->hasOneUse())
        llvm::append_range(inputs, inner.getInputs());
      else
        inputs.push_back(value);
    }
    if (inputs.size() == op.getInputs().size())
      return rewriter.notifyMatchFailure(op, "no concat to flatten");
    rewriter.replaceOpWithNewOp<ConcatOp>(op, inputs, op.getAxis());
    return success();
  }
};

/// gather(x, [i, i+s, i+2s, ..]) -> reshape(slice(x))
struct GatherToSlice : public OpRewritePattern<GatherOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GatherOp op,
                                PatternRewriter &rewriter) const override {
    FailureOr<Buffer> constant = getConstant(op.getIndices());
    if (failed(constant) || constant->getNumElements() == 0)
      return rewriter.notifyMatchFailure(op, "indices are not constant");
    int64_t axis = op.getAxis(), size = shapeOf(op.getInput())[axis];
    SmallVector<int64_t> indices(constant->getInts());
    for (int64_t &index : indices) {
      index += index < 0 ? size : 0;
      if (index < 0 || index >= size)
        return rewriter.notifyMatchFailure(op, "index out of range");
    }
    int64_t step = indices.size() > 1 ? indices[1] - indices[0] : 1;
    for (size_t i = 1; i < indices.size(); ++i)
      if (step == 0 || indices[i] - indices[i - 1] != step)
        return rewriter.notifyMatchFailure(op, "indices are not regular");
    SmallVector<int64_t> sizes(shapeOf(op.getInput()));
    SmallVector<int64_t> offsets(sizes.size(), 0), steps(sizes.size(), 1);
    offsets[axis] = indices[0];
    sizes[axis] = indices.size();
    steps[axis] = step;
    Value slice = SliceOp::create(rewriter, op.getLoc(), op.getInput(), offsets,
                                  sizes, steps);
    rewriter.replaceOp(
        op, reshapeTo(rewriter, op.getLoc(), slice, shapeOf(op.getOutput())));
    return success();
  }
};

} // namespace

void top::populateSlicePatterns(RewritePatternSet &patterns) {
  patterns.add<ComposeSlices, FlattenConcats, GatherToSlice, JoinSlices,
               ReuseConcat, SliceOfConcat>(patterns.getContext());
}
