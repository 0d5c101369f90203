//===- Slices.cpp - Canonicalisation of slices and concatenations ---------===//
//
// Composes slices, finds slices in concatenations and the other way round, and
// turns gathers and scatters by constant indices into slices.
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

/// scatter_nd(x, the indices of a box, y) -> x around y
struct ScatterOfBox : public OpRewritePattern<ScatterNDOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ScatterNDOp op,
                                PatternRewriter &rewriter) const override {
    FailureOr<Buffer> indices = getConstant(op.getIndices());
    if (failed(indices) || op.getReduction() != ScatterReduction::None)
      return rewriter.notifyMatchFailure(op, "indices are not constant");
    SmallVector<int64_t> offsets, sizes;
    if (!findBox(op, *indices, offsets, sizes))
      return rewriter.notifyMatchFailure(op, "the indices are of no box");
    Location loc = getStepLoc(op.getLoc());
    Value inner = reshapeTo(rewriter, loc, op.getUpdates(), sizes);
    rewriter.replaceOp(op, surround(rewriter, op.getLoc(), op.getInput(), inner,
                                    offsets, sizes, 0));
    return success();
  }

private:
  /// The box that is written, in row-major order, if it is one.
  static bool findBox(ScatterNDOp op, const Buffer &indices,
                      SmallVectorImpl<int64_t> &offsets,
                      SmallVectorImpl<int64_t> &sizes) {
    ArrayRef<int64_t> shape = shapeOf(op.getInput());
    size_t depth = indices.getShape().back();
    int64_t count = indices.getNumElements() / int64_t(depth);
    if (count == 0 || depth == 0)
      return false;
    auto at = [&](int64_t tuple, size_t axis) {
      int64_t index = indices.getInts()[tuple * int64_t(depth) + int64_t(axis)];
      return index + (index < 0 ? shape[axis] : 0);
    };
    int64_t elements = 1;
    for (size_t axis = 0; axis < depth; ++axis) {
      offsets.push_back(at(0, axis));
      sizes.push_back(at(count - 1, axis) - offsets.back() + 1);
      if (offsets.back() < 0 || sizes.back() < 1 ||
          offsets.back() + sizes.back() > shape[axis])
        return false;
      elements *= sizes.back();
    }
    if (elements != count)
      return false;
    for (int64_t tuple = 0; tuple < count; ++tuple) {
      int64_t rest = tuple;
      for (size_t axis = depth; axis-- > 0; rest /= sizes[axis])
        if (at(tuple, axis) != offsets[axis] + rest % sizes[axis])
          return false;
    }
    for (int64_t size : shape.drop_front(depth)) {
      offsets.push_back(0);
      sizes.push_back(size);
    }
    return true;
  }

  /// `outer` with `inner` in the box, where outer is as large as the box along
  /// the axes before `axis`.
  static Value surround(PatternRewriter &rewriter, Location loc, Value outer,
                        Value inner, ArrayRef<int64_t> offsets,
                        ArrayRef<int64_t> sizes, size_t axis) {
    while (axis < sizes.size() && shapeOf(outer)[axis] == sizes[axis])
      ++axis;
    if (axis == sizes.size())
      return inner;
    Location step = getStepLoc(loc);
    int64_t first = offsets[axis], last = first + sizes[axis];
    auto slab = [&](int64_t begin, int64_t end) {
      SmallVector<int64_t> from(sizes.size(), 0), to(shapeOf(outer)),
          steps(sizes.size(), 1);
      from[axis] = begin;
      to[axis] = end - begin;
      return SliceOp::create(rewriter, step, outer, from, to, steps);
    };
    SmallVector<Value> parts;
    if (first > 0)
      parts.push_back(slab(0, first));
    parts.push_back(surround(rewriter, step, slab(first, last), inner, offsets,
                             sizes, axis + 1));
    if (last < shapeOf(outer)[axis])
      parts.push_back(slab(last, shapeOf(outer)[axis]));
    return ConcatOp::create(rewriter, loc, parts, int64_t(axis));
  }
};

} // namespace

void top::populateSlicePatterns(RewritePatternSet &patterns) {
  patterns.add<ComposeSlices, FlattenConcats, GatherToSlice, JoinSlices,
               ReuseConcat, ScatterOfBox, SliceOfConcat>(patterns.getContext());
}
