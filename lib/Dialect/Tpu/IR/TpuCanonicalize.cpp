//===- TpuCanonicalize.cpp - Folders and patterns of tpu ops --------------===//
//
// Removes and merges ops that move or convert data. No pattern changes a value:
// what rounds stays where it is.
//
//===----------------------------------------------------------------------===//

#include "Analysis/AxisOrder.h"
#include "ConstantMoves.h"
#include "Dialect/Tpu/IR/TensorNames.h"
#include "Verify.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace tpuc::tpu;

//===----------------------------------------------------------------------===//
// cast
//===----------------------------------------------------------------------===//

/// True when every value of type `from` is also one of type `to`.
static bool holdsExactly(Type from, Type to) {
  // 8 bits times a scale, rounded to 11, come back as they were.
  if (isQuantized(from))
    return to.isF32() || to.isF16();
  return isa<FloatType>(from) && to.isF32();
}

OpFoldResult CastOp::fold(FoldAdaptor adaptor) {
  // cast(cast(x: T -> f32) -> T) -> x
  auto inner = getInput().getDefiningOp<CastOp>();
  if (inner && inner.getInput().getType() == getOutput().getType() &&
      holdsExactly(getElement(inner.getInput()), getElement(inner.getOutput())))
    return inner.getInput();
  return {};
}

namespace {

/// cast(move(cast(x: T -> f32)) -> T) -> move(x), for reshape and permute.
template <typename MoveOp> struct CastOfMoveOfCast : OpRewritePattern<CastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CastOp op,
                                PatternRewriter &rewriter) const override {
    auto move = op.getInput().getDefiningOp<MoveOp>();
    auto inner =
        move ? move.getInput().template getDefiningOp<CastOp>() : CastOp();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "no movement between two casts");
    Value source = inner.getInput();
    if (getElement(source) != getElement(op.getOutput()) ||
        !holdsExactly(getElement(source), getElement(inner.getOutput())))
      return rewriter.notifyMatchFailure(op, "the casts are no inverses");
    Operation *copy = rewriter.clone(*move);
    copy->setOperand(0, source);
    copy->getResult(0).setType(op.getOutput().getType());
    rewriter.replaceOp(op, copy->getResults());
    return success();
  }
};

int64_t floatWidth(Value value) {
  auto type = dyn_cast<FloatType>(getElement(value));
  return type ? type.getWidth() : 0;
}

/// Whether `value` is the caller's, through reshapes: moving it costs no more
/// than loading it.
bool isInput(Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getInput();
  return isa<BlockArgument>(value);
}

/// What makes `value` when functions of one element, which are appended to
/// `functions` from the last on, are left out. Nobody else reads between.
Operation *skipFunctions(Value value, SmallVectorImpl<Operation *> &functions) {
  Operation *op = value.getDefiningOp();
  while (isa_and_present<UnaryOp, ScalarOp>(op) && op->hasOneUse()) {
    functions.push_back(op);
    op = op->getOperand(0).getDefiningOp();
  }
  return op;
}

/// Moves what `move` moves of `source` instead.
Value moveInstead(PatternRewriter &rewriter, Operation *move, Value source,
                  Location loc) {
  Operation *copy = rewriter.clone(*move);
  auto type = cast<RankedTensorType>(move->getResult(0).getType());
  copy->setOperand(0, source);
  copy->getResult(0).setType(type.clone(getElement(source)));
  copy->setLoc(loc);
  return copy->getResult(0);
}

/// cast(move(x): wide -> narrow) -> move(cast(x)): fewer bytes move.
template <typename MoveOp> struct NarrowBeforeMove : OpRewritePattern<CastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CastOp op,
                                PatternRewriter &rewriter) const override {
    auto move = op.getInput().getDefiningOp<MoveOp>();
    int64_t width = floatWidth(op.getOutput());
    if (!move || !move->hasOneUse() || width == 0 ||
        width >= floatWidth(op.getInput()) || isInput(move.getInput()))
      return rewriter.notifyMatchFailure(op, "nothing moves in a wider type");
    Value narrow = CastOp::create(rewriter, withoutTensorName(op.getLoc()),
                                  move.getInput(), getElement(op.getOutput()));
    rewriter.replaceOp(op, moveInstead(rewriter, move, narrow, op.getLoc()));
    return success();
  }
};

/// cast(f(reshape(x)): wide -> narrow) -> reshape(cast(f(x))), where f are
/// functions of one element.
struct NarrowBeforeReshape : OpRewritePattern<CastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CastOp op,
                                PatternRewriter &rewriter) const override {
    int64_t width = floatWidth(op.getOutput());
    if (width == 0 || width >= floatWidth(op.getInput()))
      return rewriter.notifyMatchFailure(op, "does not narrow");
    SmallVector<Operation *> functions;
    auto reshape =
        dyn_cast_if_present<ReshapeOp>(skipFunctions(op.getInput(), functions));
    if (functions.empty() || !reshape || !reshape->hasOneUse() ||
        isInput(reshape.getInput()))
      return rewriter.notifyMatchFailure(op, "no function of a reshape");
    Value value = reshape.getInput();
    for (Operation *function : llvm::reverse(functions)) {
      Operation *copy = rewriter.clone(*function);
      copy->setOperand(0, value);
      copy->getResult(0).setType(value.getType());
      copy->setLoc(withoutTensorName(function->getLoc()));
      value = copy->getResult(0);
    }
    value = CastOp::create(rewriter, withoutTensorName(op.getLoc()), value,
                           getElement(op.getOutput()));
    rewriter.replaceOp(op, moveInstead(rewriter, reshape, value, op.getLoc()));
    return success();
  }
};

/// permute(cast(x): narrow -> wide) -> cast(permute(x)): fewer bytes move.
struct WidenAfterPermute : OpRewritePattern<PermuteOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PermuteOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<CastOp>();
    int64_t width = inner ? floatWidth(inner.getInput()) : 0;
    if (!inner || !inner->hasOneUse() || width == 0 ||
        width >= floatWidth(op.getOutput()))
      return rewriter.notifyMatchFailure(op, "nothing moves in a wider type");
    Value moved = moveInstead(rewriter, op, inner.getInput(),
                              withoutTensorName(op.getLoc()));
    auto cast = CastOp::create(rewriter, op.getLoc(), moved,
                               getElement(op.getOutput()));
    rewriter.replaceOp(op, cast);
    return success();
  }
};

/// return(cast(concat(x, y))) -> return(concat(cast(x), cast(y))): each part
/// goes to the caller when it is there. Also through functions of single
/// elements between the two.
struct CastOfConcat : OpRewritePattern<CastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CastOp op,
                                PatternRewriter &rewriter) const override {
    bool isReturned = llvm::all_of(op->getUsers(), [](Operation *user) {
      return user->hasTrait<OpTrait::IsTerminator>();
    });
    SmallVector<Operation *> functions = {op};
    auto concat =
        dyn_cast_if_present<ConcatOp>(skipFunctions(op.getInput(), functions));
    if (!concat || !concat->hasOneUse() || !isReturned)
      return rewriter.notifyMatchFailure(op, "no concat that is returned");
    SmallVector<Value> parts;
    for (Value part : concat.getInputs()) {
      ArrayRef<int64_t> shape = getShape(part);
      for (Operation *function : llvm::reverse(functions)) {
        Operation *copy = rewriter.clone(*function);
        copy->setOperand(0, part);
        Location loc =
            FusedLoc::get(getContext(), {part.getLoc(), function->getLoc()});
        copy->setLoc(withoutTensorName(loc));
        part = copy->getResult(0);
        part.setType(cast<RankedTensorType>(part.getType()).clone(shape));
      }
      parts.push_back(part);
    }
    rewriter.replaceOpWithNewOp<ConcatOp>(op, op.getType(), parts,
                                          concat.getAxis());
    return success();
  }
};

} // namespace

void CastOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                         MLIRContext *context) {
  patterns.add<CastOfMoveOfCast<ReshapeOp>, CastOfMoveOfCast<PermuteOp>,
               NarrowBeforeMove<ReshapeOp>, NarrowBeforeMove<PermuteOp>,
               NarrowBeforeReshape, CastOfConcat>(context);
}

//===----------------------------------------------------------------------===//
// reshape
//===----------------------------------------------------------------------===//

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getOutput().getType())
    return getInput();
  // reshape(reshape(x)) -> x, when it restores the shape
  auto inner = getInput().getDefiningOp<ReshapeOp>();
  if (inner && inner.getInput().getType() == getOutput().getType())
    return inner.getInput();
  if (auto elements = dyn_cast_or_null<ElementsAttr>(adaptor.getInput()))
    return reshapeElements(elements, getOutput().getType());
  return {};
}

namespace {

/// reshape(reshape(x)) -> reshape(x)
struct ReshapeOfReshape : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<ReshapeOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "operand is no reshape");
    rewriter.modifyOpInPlace(
        op, [&] { op.getInputMutable().assign(inner.getInput()); });
    return success();
  }
};

} // namespace

void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<ReshapeOfReshape>(context);
}

//===----------------------------------------------------------------------===//
// permute
//===----------------------------------------------------------------------===//

OpFoldResult PermuteOp::fold(FoldAdaptor adaptor) {
  if (llvm::is_sorted(getOrder()))
    return getInput();
  if (auto elements = dyn_cast_or_null<ElementsAttr>(adaptor.getInput()))
    return permuteElements(elements, getOutput().getType(), getOrder());
  return {};
}

namespace {

/// permute(permute(x)) -> permute(x), unless one transposes and the other moves
/// rows
struct PermuteOfPermute : OpRewritePattern<PermuteOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PermuteOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<PermuteOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "operand is no permute");
    SmallVector<int64_t> order;
    for (int64_t axis : op.getOrder())
      order.push_back(inner.getOrder()[axis]);
    ArrayRef<int64_t> shape = getShape(inner.getInput());
    if (tpuc::isSplitTransposition(shape, inner.getOrder(),
                                   {SmallVector<int64_t>(shape), order}))
      return rewriter.notifyMatchFailure(op, "better apart");
    rewriter.replaceOpWithNewOp<PermuteOp>(op, inner.getInput(),
                                           ArrayRef<int64_t>(order));
    return success();
  }
};

/// permute(reshape(permute(x))) -> reshape(permute(reshape(x))) when the axes
/// of both shapes nest and nothing else reads what is between
struct PermuteOfReshapedPermute : OpRewritePattern<PermuteOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PermuteOp op,
                                PatternRewriter &rewriter) const override {
    auto reshape = op.getInput().getDefiningOp<ReshapeOp>();
    auto inner =
        reshape ? reshape.getInput().getDefiningOp<PermuteOp>() : PermuteOp();
    if (!inner || !reshape->hasOneUse() || !inner->hasOneUse())
      return rewriter.notifyMatchFailure(op, "no permute to compose with");
    std::optional<tpuc::AxisOrder> composed = tpuc::composeThroughReshape(
        getShape(inner.getInput()), inner.getOrder(),
        getShape(reshape.getOutput()), op.getOrder());
    if (!composed || tpuc::isSplitTransposition(getShape(inner.getInput()),
                                                inner.getOrder(), *composed))
      return rewriter.notifyMatchFailure(op, "axes cross, or are better apart");
    Location loc = op.getLoc();
    Value value = ReshapeOp::create(rewriter, loc, inner.getInput(),
                                    ArrayRef<int64_t>(composed->shape));
    value = PermuteOp::create(rewriter, loc, value,
                              ArrayRef<int64_t>(composed->order));
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), value);
    return success();
  }
};

/// permute(x) -> reshape(x), when only axes of size 1 move
struct PermuteToReshape : OpRewritePattern<PermuteOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PermuteOp op,
                                PatternRewriter &rewriter) const override {
    if (!isReshape(getShape(op.getInput()), op.getOrder()))
      return rewriter.notifyMatchFailure(op, "moves axes larger than 1");
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), op.getInput());
    return success();
  }
};

} // namespace

void PermuteOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<PermuteOfPermute, PermuteOfReshapedPermute, PermuteToReshape,
               WidenAfterPermute>(context);
}

//===----------------------------------------------------------------------===//
// binary, matmul
//===----------------------------------------------------------------------===//

namespace {

/// binary(reshape(x), reshape(y)) -> reshape(binary(x, y)), for x and y of one
/// shape
struct BinaryOfReshapes : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BinaryOp op,
                                PatternRewriter &rewriter) const override {
    auto lhs = op.getLhs().getDefiningOp<ReshapeOp>();
    auto rhs = op.getRhs().getDefiningOp<ReshapeOp>();
    if (!lhs || !rhs || op.getLhs().getType() != op.getRhs().getType() ||
        lhs.getInput().getType() != rhs.getInput().getType())
      return rewriter.notifyMatchFailure(op, "operands are no equal reshapes");
    // The value that the network knows is the one in the network's shape.
    Location loc = op.getLoc();
    // An INT8 result has a scale of its own.
    auto type = cast<RankedTensorType>(op.getType());
    Value binary =
        BinaryOp::create(rewriter, loc, type.clone(getShape(lhs.getInput())),
                         op.getKind(), lhs.getInput(), rhs.getInput());
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), binary);
    return success();
  }
};

/// matmul(x, permute(y)) -> matmul with the other `right_transpose`, when that
/// leaves y's last axis in place: rows then move as a whole.
struct MatMulOfTransposedRight : OpRewritePattern<MatMulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MatMulOp op,
                                PatternRewriter &rewriter) const override {
    auto permute = op.getRight().getDefiningOp<PermuteOp>();
    if (!permute || op.getHdimIsBatch())
      return rewriter.notifyMatchFailure(op, "right operand is no permute");
    SmallVector<int64_t> order(permute.getOrder());
    int64_t last = order.size() - 1;
    if (order[last - 1] != last)
      return rewriter.notifyMatchFailure(op, "the last axis goes elsewhere");
    std::swap(order[last], order[last - 1]);
    Value right = permute.getInput();
    if (!llvm::is_sorted(order))
      right = PermuteOp::create(rewriter, permute.getLoc(), right,
                                ArrayRef<int64_t>(order));
    rewriter.modifyOpInPlace(op, [&] {
      op.getRightMutable().assign(right);
      op.setRightTranspose(!op.getRightTranspose());
    });
    return success();
  }
};

} // namespace

void BinaryOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *context) {
  patterns.add<BinaryOfReshapes>(context);
}

void MatMulOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *context) {
  patterns.add<MatMulOfTransposedRight>(context);
}

//===----------------------------------------------------------------------===//
// slice, concat, pad, broadcast
//===----------------------------------------------------------------------===//

OpFoldResult SliceOp::fold(FoldAdaptor adaptor) {
  // A slice of the operand's size takes all of it.
  if (getInput().getType() == getOutput().getType())
    return getInput();
  if (auto elements = dyn_cast_or_null<ElementsAttr>(adaptor.getInput()))
    return sliceElements(elements, getOutput().getType(), getOffsets(),
                         getSteps());
  return {};
}

namespace {

/// slice(slice(x)) -> slice(x)
struct SliceOfSlice : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<SliceOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "operand is no slice");
    SmallVector<int64_t> offsets, steps;
    for (size_t i = 0, rank = op.getSizes().size(); i < rank; ++i) {
      offsets.push_back(inner.getOffsets()[i] +
                        op.getOffsets()[i] * inner.getSteps()[i]);
      // An axis of one element has no step; keeps the products small.
      steps.push_back(
          op.getSizes()[i] == 1 ? 1 : op.getSteps()[i] * inner.getSteps()[i]);
    }
    rewriter.replaceOpWithNewOp<SliceOp>(
        op, inner.getInput(), ArrayRef<int64_t>(offsets), op.getSizes(),
        ArrayRef<int64_t>(steps));
    return success();
  }
};

} // namespace

void SliceOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                          MLIRContext *context) {
  patterns.add<SliceOfSlice>(context);
}

OpFoldResult ConcatOp::fold(FoldAdaptor adaptor) {
  return getInputs().size() == 1 ? OpFoldResult(getInputs().front())
                                 : OpFoldResult();
}

OpFoldResult PadOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getOutput().getType())
    return getInput();
  auto elements = dyn_cast_or_null<ElementsAttr>(adaptor.getInput());
  if (elements && getValue().isPosZero())
    return embedElements(elements, getOutput().getType(),
                         getPads().take_front(getPads().size() / 2));
  return {};
}

void PadOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                        MLIRContext *context) {}

OpFoldResult BroadcastOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getOutput().getType())
    return getInput();
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(adaptor.getInput()))
    return splat.resizeSplat(getOutput().getType());
  return {};
}

void BroadcastOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {}
