//===- PackedProducts.cpp - Parts of a product as its columns -------------===//
//
// Queries, keys and values that one product computes side by side.
//
//===----------------------------------------------------------------------===//

#include "../Canonicalize/Match.h"
#include "Patterns.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

/// The only user of a value, if it is one of that kind.
template <typename OpTy> static OpTy soleUser(Value value) {
  return value.hasOneUse() ? dyn_cast<OpTy>(*value.user_begin()) : OpTy();
}

/// The first of the trailing axes that hold a row of `columns` elements.
static std::optional<size_t> firstColumnAxis(ArrayRef<int64_t> shape,
                                             int64_t columns) {
  int64_t product = 1;
  for (size_t axis = shape.size(); axis-- > 0;) {
    product *= shape[axis];
    if (product == columns)
      return axis;
  }
  return std::nullopt;
}

/// The one axis of which a slice takes a range, all of the others being whole.
static std::optional<size_t> slicedAxis(SliceOp slice) {
  std::optional<size_t> found;
  for (auto [axis, whole] : llvm::enumerate(shapeOf(slice.getInput()))) {
    int64_t size = slice.getSizes()[axis];
    if (size != 1 && slice.getSteps()[axis] != 1)
      return std::nullopt;
    if (size == whole)
      continue;
    if (found)
      return std::nullopt;
    found = axis;
  }
  return found;
}

namespace {

/// A product whose columns are several axes of a reshape, perhaps permuted
/// after it, of which slices take parts.
struct PackedProduct {
  MatMulOp product;
  SmallVector<int64_t> shape; ///< of the reshape
  SmallVector<int64_t> order; ///< of the permute; the identity without one
  size_t columns = 0;         ///< first axis that columns are a part of
  size_t axis = 0;            ///< the one that is sliced, before the permute
  SmallVector<SliceOp> parts;

  /// Columns in steps of the axes before the sliced one, and within it.
  int64_t outer() const {
    return tpuc::getNumElements(ArrayRef(shape).slice(columns, axis - columns));
  }
  int64_t inner() const {
    return tpuc::getNumElements(ArrayRef(shape).drop_front(axis + 1));
  }
};

std::optional<PackedProduct> matchPacked(MatMulOp product) {
  auto reshape = soleUser<ReshapeOp>(product.getOutput());
  if (!reshape || shapeOf(product.getOutput()).empty())
    return std::nullopt;
  PackedProduct packed{
      product, SmallVector<int64_t>(shapeOf(reshape.getOutput())), {}, 0, 0,
      {}};
  llvm::append_range(packed.order, llvm::seq<int64_t>(packed.shape.size()));
  Value whole = reshape.getOutput();
  if (auto permute = soleUser<PermuteOp>(whole)) {
    packed.order.assign(permute.getOrder().begin(), permute.getOrder().end());
    whole = permute.getOutput();
  }
  std::optional<size_t> columns =
      firstColumnAxis(packed.shape, shapeOf(product.getOutput()).back());
  std::optional<size_t> axis;
  for (Operation *user : whole.getUsers()) {
    auto part = dyn_cast<SliceOp>(user);
    std::optional<size_t> own = part ? slicedAxis(part) : std::nullopt;
    if (!own || (axis && axis != own))
      return std::nullopt;
    axis = own;
    packed.parts.push_back(part);
  }
  if (!axis || !columns)
    return std::nullopt;
  packed.columns = *columns;
  packed.axis = packed.order[*axis];
  if (packed.axis < packed.columns)
    return std::nullopt;
  return packed;
}

/// permute(reshape(x W + b)) of which slices take parts -> permute(reshape(
/// columns of x W' + b')) for each part, where W' has the columns of a part
/// side by side. A run of columns is an address in local memory.
struct MatmulWithPermuteAndSplit : public OpRewritePattern<MatMulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MatMulOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<PackedProduct> packed = matchPacked(op);
    if (!packed)
      return rewriter.notifyMatchFailure(op, "no parts of its columns");
    if (packed->outer() != 1 && failed(orderColumns(rewriter, *packed)))
      return rewriter.notifyMatchFailure(
          op, "parts are no runs of columns, and the matrix is not constant");
    for (SliceOp part : packed->parts)
      replacePart(rewriter, *packed, part);
    return success();
  }

private:
  /// Brings the sliced axis before the others that columns are a part of.
  static LogicalResult orderColumns(PatternRewriter &rewriter,
                                    PackedProduct &packed) {
    MatMulOp op = packed.product;
    int64_t outer = packed.outer(), inner = packed.inner();
    int64_t size = packed.shape[packed.axis];
    auto ordered = [&](Value constant) -> Value {
      FailureOr<Buffer> old = getConstant(constant);
      if (failed(old))
        return {};
      Buffer buffer = Buffer::f32(old->getShape());
      const float *from = old->getF32().data();
      float *to = buffer.getMutableF32().data();
      int64_t rows = buffer.getNumElements() / (outer * size * inner);
      for (int64_t row = 0; row < rows; ++row)
        for (int64_t part = 0; part < size; ++part)
          for (int64_t i = 0; i < outer; ++i, to += inner)
            std::copy_n(from + ((row * outer + i) * size + part) * inner, inner,
                        to);
      return makeWeight(rewriter, constant.getLoc(), buffer);
    };
    Value bias = op.getBias();
    if (shapeOf(op.getRhs()).size() != 2 || !isConstant(op.getRhs()) ||
        op.getRightTranspose() || (bias && !isConstant(bias)))
      return failure();
    rewriter.setInsertionPoint(op);
    Value matrix = ordered(op.getRhs());
    if (!matrix || (bias && !(bias = ordered(bias))))
      return failure();
    rewriter.modifyOpInPlace(op, [&] {
      op.getRhsMutable().assign(matrix);
      if (bias)
        op.getBiasMutable().assign(bias);
      op->setLoc(getStepLoc(op.getLoc()));
    });
    return success();
  }

  static void replacePart(PatternRewriter &rewriter,
                          const PackedProduct &packed, SliceOp part) {
    size_t position =
        llvm::find(packed.order, int64_t(packed.axis)) - packed.order.begin();
    int64_t run = packed.outer() * packed.inner();
    int64_t count = part.getSizes()[position];
    MatMulOp matmul = packed.product;
    Value product = matmul.getOutput();
    SmallVector<int64_t> sizes(shapeOf(product));
    SmallVector<int64_t> offsets(sizes.size(), 0), steps(sizes.size(), 1);
    offsets.back() = part.getOffsets()[position] * run;
    sizes.back() = count * run;
    // The axes in the order that columns have now; one of size 1 takes no part
    // in the permute.
    SmallVector<int64_t> shape, place(packed.shape.size(), -1);
    auto keep = [&](size_t axis, int64_t size) {
      place[axis] = shape.size();
      shape.push_back(size);
    };
    for (size_t axis = 0; axis < packed.shape.size(); ++axis) {
      if (axis == packed.columns && count != 1)
        keep(packed.axis, count);
      if (axis != packed.axis)
        keep(axis, packed.shape[axis]);
    }
    SmallVector<int64_t> order;
    for (int64_t axis : packed.order)
      if (place[axis] >= 0)
        order.push_back(place[axis]);
    rewriter.setInsertionPoint(part);
    Location step = getStepLoc(part.getLoc());
    Value value =
        SliceOp::create(rewriter, step, product, offsets, sizes, steps);
    value = reshapeTo(rewriter, step, value, shape);
    if (!llvm::is_sorted(order))
      value = PermuteOp::create(rewriter, part.getLoc(), value, order);
    rewriter.replaceOp(part, reshapeTo(rewriter, part.getLoc(), value,
                                       shapeOf(part.getOutput())));
  }
};

} // namespace

void top::populatePackedProductPatterns(RewritePatternSet &patterns) {
  patterns.add<MatmulWithPermuteAndSplit>(patterns.getContext());
}
