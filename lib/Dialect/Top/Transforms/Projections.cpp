//===- Projections.cpp - Linear layers around attention -------------------===//
//
// Draws what only scales or shifts columns into the products with constant
// matrices before or after it, also through views and out of attention, and
// packs the projections of one value into one product. All of it changes the
// rounding of results.
//
//===----------------------------------------------------------------------===//

#include "../Canonicalize/Match.h"
#include "Patterns.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

/// A product of rows with one constant matrix, and a constant bias or none.
static bool isLinear(MatMulOp op) {
  return op && shapeOf(op.getRhs()).size() == 2 && isConstant(op.getRhs()) &&
         !op.getLeftTranspose() && !op.getRightTranspose() &&
         (!op.getBias() || isConstant(op.getBias()));
}

/// Whether the slice takes a range of the last axis and all of the others.
static bool slicesColumns(SliceOp op) {
  int64_t last = op.getSizes().size() - 1;
  for (auto [axis, size] : llvm::enumerate(shapeOf(op.getInput())))
    if (int64_t(axis) != last && op.getSizes()[axis] != size)
      return false;
  return op.getSteps()[last] == 1 || op.getSizes()[last] == 1;
}

namespace {

/// Columns [first, first + count) of the result of a linear layer.
struct Columns {
  MatMulOp linear;
  int64_t first = 0, count = 0;
  SmallVector<Operation *> path; ///< views after the layer
};

} // namespace

/// The columns that `value` holds, seen through views, when nothing else reads
/// them.
static std::optional<Columns> findColumns(Value value) {
  auto isView = [](Operation *op) {
    return isa_and_nonnull<ReshapeOp, PermuteOp>(op);
  };
  Columns columns;
  while (isView(value.getDefiningOp()) && value.hasOneUse()) {
    columns.path.push_back(value.getDefiningOp());
    value = value.getDefiningOp()->getOperand(0);
  }
  auto slice = value.getDefiningOp<SliceOp>();
  if (slice && value.hasOneUse() && slicesColumns(slice)) {
    columns.first = slice.getOffsets().back();
    columns.count = slice.getSizes().back();
    columns.path.push_back(slice);
    value = slice.getInput();
    // Views in between would hide the columns.
    for (Operation *user : value.getUsers()) {
      auto other = dyn_cast<SliceOp>(user);
      if (!other || !slicesColumns(other))
        return std::nullopt;
      int64_t first = other.getOffsets().back();
      if (other != slice && first < columns.first + columns.count &&
          columns.first < first + other.getSizes().back())
        return std::nullopt;
    }
  } else if (!value.hasOneUse()) {
    return std::nullopt;
  } else {
    columns.count = shapeOf(value).empty() ? 1 : shapeOf(value).back();
  }
  columns.linear = value.getDefiningOp<MatMulOp>();
  if (!isLinear(columns.linear))
    return std::nullopt;
  return columns;
}

/// Multiplies columns of a linear layer's matrix and bias by `factor`.
static LogicalResult scaleColumns(PatternRewriter &rewriter, Columns columns,
                                  double factor) {
  MatMulOp linear = columns.linear;
  auto scaled = [&](Value constant) -> Value {
    FailureOr<Buffer> old = getConstant(constant);
    if (failed(old))
      return {};
    Buffer buffer = Buffer::f32(old->getShape());
    int64_t width = buffer.getShape().back();
    for (int64_t i = 0; i < buffer.getNumElements(); ++i) {
      int64_t column = i % width - columns.first;
      bool isScaled = column >= 0 && column < columns.count;
      buffer.getMutableF32()[i] =
          old->getF32()[i] * (isScaled ? float(factor) : 1.0f);
    }
    rewriter.setInsertionPoint(linear);
    return makeWeight(rewriter, constant.getLoc(), buffer);
  };
  Value matrix = scaled(linear.getRhs());
  Value bias = linear.getBias() ? scaled(linear.getBias()) : Value();
  if (!matrix || (linear.getBias() && !bias))
    return failure();
  rewriter.modifyOpInPlace(linear, [&] {
    linear.getRhsMutable().assign(matrix);
    if (bias)
      linear.getBiasMutable().assign(bias);
    linear->setLoc(getStepLoc(linear.getLoc()));
  });
  return success();
}

namespace {

/// views(x W + b) * c -> views(x (c W) + c b), also for columns of the product
/// alone; (q k^T) * c -> (c q) k^T for queries or keys that are such views
struct ScaleThroughViews : public OpRewritePattern<MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MulOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<double> factor = getSplat(op.getRhs());
    if (!factor || !isF32(op.getLhs()) || op.getLhs().getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "not times one constant");
    std::optional<Columns> columns = findColumns(op.getLhs());
    auto scores = op.getLhs().getDefiningOp<MatMulOp>();
    if (!columns && scores && scores->hasOneUse() && !scores.getBias() &&
        shapeOf(scores.getRhs()).size() > 2) {
      columns = findColumns(scores.getLhs());
      if (!columns)
        columns = findColumns(scores.getRhs());
    }
    if (!columns || failed(scaleColumns(rewriter, *columns, *factor)))
      return rewriter.notifyMatchFailure(op, "no linear layer to scale");
    // All values on the way are scaled now.
    for (Operation *step : columns->path)
      rewriter.modifyOpInPlace(
          step, [&] { step->setLoc(getStepLoc(step->getLoc())); });
    rewriter.replaceOp(op, op.getLhs());
    return success();
  }
};

} // namespace

/// Collects the linear layers that read `value`, also through views and
/// movements that keep the last axis. False when anything else reads it.
static bool collectLinearReaders(Value value,
                                 SmallVectorImpl<MatMulOp> &readers) {
  int64_t width = shapeOf(value).back();
  for (OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    if (auto linear = dyn_cast<MatMulOp>(user)) {
      if (!isLinear(linear) || use.getOperandNumber() != 0)
        return false;
      if (!llvm::is_contained(readers, linear))
        readers.push_back(linear);
      continue;
    }
    auto permute = dyn_cast<PermuteOp>(user);
    bool keepsColumns = isa<ReshapeOp>(user) ||
                        (permute && permute.getOrder().back() ==
                                        int64_t(permute.getOrder().size()) - 1);
    if (!keepsColumns || shapeOf(user->getResult(0)).empty() ||
        shapeOf(user->getResult(0)).back() != width ||
        !collectLinearReaders(user->getResult(0), readers))
      return false;
  }
  return true;
}

/// Makes (x * scale + shift) W + b out of x W + b; an empty list is neutral.
static LogicalResult foldOperand(PatternRewriter &rewriter, MatMulOp linear,
                                 ArrayRef<float> scale, ArrayRef<float> shift) {
  FailureOr<Buffer> matrix = getConstant(linear.getRhs());
  FailureOr<Buffer> bias = failure();
  if (linear.getBias())
    bias = getConstant(linear.getBias());
  if (failed(matrix) || (linear.getBias() && failed(bias)))
    return failure();
  int64_t rows = matrix->getDim(0), columns = matrix->getDim(1);
  Buffer scaled = Buffer::f32({rows, columns});
  std::vector<double> sums(columns, 0.0);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column) {
      float weight = matrix->getF32()[row * columns + column];
      scaled.getMutableF32()[row * columns + column] =
          weight * (scale.empty() ? 1.0f : scale[row]);
      sums[column] += shift.empty() ? 0.0 : double(shift[row]) * weight;
    }
  rewriter.setInsertionPoint(linear);
  Value newMatrix = makeWeight(rewriter, linear.getRhs().getLoc(), scaled);
  Value newBias = linear.getBias();
  if (!shift.empty()) {
    Buffer buffer = Buffer::f32({columns});
    for (int64_t column = 0; column < columns; ++column)
      buffer.getMutableF32()[column] =
          sums[column] + (newBias ? bias->getF32()[column] : 0.0f);
    newBias = makeWeight(rewriter, linear.getLoc(), buffer);
  }
  rewriter.modifyOpInPlace(linear, [&] {
    linear.getRhsMutable().assign(newMatrix);
    if (newBias)
      linear.getBiasMutable().assign(newBias);
  });
  return success();
}

/// The values of a constant as a list, one a column; empty when it has other
/// axes or is none.
static std::vector<float> getColumnConstant(Value constant, Value like) {
  if (!isConstant(constant) || !isF32(constant) || shapeOf(like).empty())
    return {};
  std::optional<int64_t> axis = getVaryingAxis(constant, shapeOf(like));
  int64_t last = shapeOf(like).size() - 1, width = shapeOf(like).back();
  FailureOr<Buffer> buffer = getConstant(constant);
  if (!axis || (*axis != -1 && *axis != last) || failed(buffer))
    return {};
  ArrayRef<float> values = buffer->getF32();
  if (values.size() == 1)
    return std::vector<float>(width, values[0]);
  return std::vector<float>(values.begin(), values.end());
}

namespace {

/// norm(x, s, b) W + c -> norm(x) (s W) + (b W + c) when only linear layers
/// read the normalised rows
template <typename NormOp>
struct NormAffineIntoLinear : public OpRewritePattern<NormOp> {
  using OpRewritePattern<NormOp>::OpRewritePattern;
  LogicalResult matchAndRewrite(NormOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<MatMulOp> readers;
    int64_t last = int64_t(shapeOf(op.getOutput()).size()) - 1;
    if (op.getAffine().empty() || int64_t(op.getAxis()) != last ||
        !collectLinearReaders(op.getOutput(), readers) || readers.empty())
      return rewriter.notifyMatchFailure(op,
                                         "read by other than linear layers");
    std::vector<float> scale = getColumnConstant(op.getScale(), op.getOutput());
    std::vector<float> shift;
    if (op.getBias())
      shift = getColumnConstant(op.getBias(), op.getOutput());
    if (scale.empty() || (op.getBias() && shift.empty()))
      return rewriter.notifyMatchFailure(op, "parameters are not constant");
    // All or none: the rows are read normalised alone afterwards.
    for (MatMulOp linear : readers)
      if (failed(getConstant(linear.getRhs())) ||
          (linear.getBias() && failed(getConstant(linear.getBias()))))
        return rewriter.notifyMatchFailure(op, "weights have no data");
    for (MatMulOp linear : readers)
      if (failed(foldOperand(rewriter, linear, scale, shift)))
        return failure();
    rewriter.modifyOpInPlace(op, [&] {
      op.getAffineMutable().clear();
      op->setLoc(getStepLoc(op.getLoc()));
    });
    return success();
  }
};

/// (x * s) W + b -> x (s W) + b
struct FactorIntoLinear : public OpRewritePattern<MatMulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MatMulOp op,
                                PatternRewriter &rewriter) const override {
    auto product = op.getLhs().getDefiningOp<MulOp>();
    if (!isLinear(op) || !product || !product->hasOneUse() ||
        product.getLhs().getType() != product.getType())
      return rewriter.notifyMatchFailure(op, "operand is no single product");
    std::vector<float> scale =
        getColumnConstant(product.getRhs(), product.getOutput());
    if (scale.empty() || failed(foldOperand(rewriter, op, scale, {})))
      return rewriter.notifyMatchFailure(op, "factor is not one a column");
    rewriter.replaceOp(product, product.getLhs());
    return success();
  }
};

} // namespace

/// Whether all readers of `value`, through views and factors, are products of
/// two computed values: attention reads columns of a packed value where they
/// lie, others would have to cut them out.
static bool feedsProducts(Value value, int depth = 8) {
  if (value.use_empty() || depth == 0)
    return false;
  for (Operation *user : value.getUsers()) {
    if (auto product = dyn_cast<MatMulOp>(user)) {
      if (shapeOf(product.getRhs()).size() < 3)
        return false;
      continue;
    }
    auto factor = dyn_cast<MulOp>(user);
    bool isView = isa<ReshapeOp, PermuteOp>(user) ||
                  (factor && factor.getLhs() == value &&
                   getSplat(factor.getRhs()).has_value());
    if (!isView || !feedsProducts(user->getResult(0), depth - 1))
      return false;
  }
  return true;
}

/// Joins matrices or biases of `count` rows column by column; a missing one is
/// zero.
static FailureOr<Buffer> joinColumns(ArrayRef<Value> parts,
                                     ArrayRef<int64_t> widths,
                                     ArrayRef<int64_t> shape) {
  Buffer joined = Buffer::f32(shape);
  int64_t width = shape.back(), rows = joined.getNumElements() / width;
  int64_t first = 0;
  for (auto [part, own] : llvm::zip(parts, widths)) {
    if (part) {
      FailureOr<Buffer> buffer = getConstant(part);
      if (failed(buffer))
        return failure();
      for (int64_t row = 0; row < rows; ++row)
        llvm::copy(buffer->getF32().slice(row * own, own),
                   joined.getMutableF32().begin() + row * width + first);
    }
    first += own;
  }
  return joined;
}

namespace {

/// x W1 + b1, x W2 + b2, .. -> columns of x [W1 W2 ..] + [b1 b2 ..], for the
/// projections that attention reads
struct PackProjections : public OpRewritePattern<MatMulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MatMulOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<MatMulOp> parts;
    for (Operation *user : op.getLhs().getUsers()) {
      auto part = dyn_cast<MatMulOp>(user);
      if (part && part.getLhs() == op.getLhs() && isLinear(part) &&
          part->getBlock() == op->getBlock() && feedsProducts(part.getOutput()))
        parts.push_back(part);
    }
    llvm::sort(parts,
               [](MatMulOp a, MatMulOp b) { return a->isBeforeInBlock(b); });
    if (parts.size() < 2 || parts.front() != op)
      return rewriter.notifyMatchFailure(op, "not the first of several");
    SmallVector<Value> matrices, biases;
    SmallVector<int64_t> widths;
    int64_t width = 0, rows = shapeOf(op.getRhs())[0];
    bool hasBias = false;
    for (MatMulOp part : parts) {
      matrices.push_back(part.getRhs());
      biases.push_back(part.getBias());
      widths.push_back(shapeOf(part.getRhs())[1]);
      width += widths.back();
      hasBias |= bool(part.getBias());
    }
    FailureOr<Buffer> matrix = joinColumns(matrices, widths, {rows, width});
    FailureOr<Buffer> bias = joinColumns(biases, widths, {width});
    if (failed(matrix) || failed(bias))
      return rewriter.notifyMatchFailure(op, "weights have no data");
    Location loc = getStepLoc(op.getLoc());
    Value packed = MatMulOp::create(
        rewriter, loc, op.getLhs(), makeWeight(rewriter, loc, *matrix),
        hasBias ? makeWeight(rewriter, loc, *bias) : Value(),
        /*left_transpose=*/false, /*right_transpose=*/false);
    int64_t first = 0, rank = shapeOf(packed).size();
    for (auto [part, own] : llvm::zip(parts, widths)) {
      SmallVector<int64_t> offsets(rank, 0), sizes(shapeOf(packed)),
          steps(rank, 1);
      offsets.back() = first;
      sizes.back() = own;
      first += own;
      rewriter.replaceOpWithNewOp<SliceOp>(part, packed, offsets, sizes, steps);
    }
    return success();
  }
};

} // namespace

void top::populateProjectionPatterns(RewritePatternSet &patterns) {
  patterns.add<FactorIntoLinear, NormAffineIntoLinear<LayerNormOp>,
               NormAffineIntoLinear<RMSNormOp>, ScaleThroughViews>(
      patterns.getContext());
}

void top::populatePackingPatterns(RewritePatternSet &patterns) {
  patterns.add<PackProjections>(patterns.getContext());
}
