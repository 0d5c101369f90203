//===- Rotations.cpp - Rotary embeddings of some of the rows --------------===//
//
// Vision transformers turn the rows of the image and leave those of class
// tokens alone: rows are cut apart, some are rotated, all are joined again. To
// cut and join rows is to move them to other lanes; to rotate them by an angle
// of zero costs nothing.
//
//===----------------------------------------------------------------------===//

#include "../Canonicalize/Match.h"
#include "Patterns.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

namespace {

/// `part`: rows `begin` to `begin + count` of `axis` of the `total` rows of a
/// tensor.
struct Rows {
  Value part, tensor;
  int64_t axis, begin, count, total;
};

} // namespace

/// The rows of `axis` that `value` takes of a tensor, with all else.
static std::optional<Rows> matchRows(Value value, int64_t axis) {
  auto slice = value.getDefiningOp<SliceOp>();
  if (!slice)
    return std::nullopt;
  for (auto [i, size] : llvm::enumerate(shapeOf(slice.getInput())))
    if ((slice.getSteps()[i] != 1 && slice.getSizes()[i] != 1) ||
        (int64_t(i) != axis && slice.getSizes()[i] != size))
      return std::nullopt;
  return Rows{value,
              slice.getInput(),
              axis,
              slice.getOffsets()[axis],
              slice.getSizes()[axis],
              shapeOf(slice.getInput())[axis]};
}

/// Makes of a function of each row, of rows `rows`, the same of all rows.
class RowExtension {
public:
  RowExtension(const Rows &rows, PatternRewriter &rewriter)
      : rows(rows), rewriter(rewriter) {}

  /// Whether `value` is such a function.
  bool canExtend(Value value) const {
    if (value == rows.part)
      return true;
    Operation *op = value.getDefiningOp();
    // Others that read it would have it computed twice.
    if (!op || !op->hasOneUse())
      return false;
    if (isFunction(op))
      return canExtend(op->getOperand(0));
    if (auto slice = dyn_cast<SliceOp>(op))
      return slice.getSizes()[rows.axis] == rows.count &&
             slice.getSteps()[rows.axis] == 1 && canExtend(slice.getInput());
    if (auto concat = dyn_cast<ConcatOp>(op))
      return concat.getAxis() != uint64_t(rows.axis) &&
             llvm::all_of(concat.getInputs(),
                          [&](Value part) { return canExtend(part); });
    auto reshape = dyn_cast<ReshapeOp>(op);
    return reshape && keepsRows(reshape) && canExtend(reshape.getInput());
  }

  Value extend(Value value) {
    if (value == rows.part)
      return rows.tensor;
    Operation *op = value.getDefiningOp();
    IRMapping mapping;
    for (Value operand : op->getOperands())
      mapping.map(operand, extend(operand));
    Operation *all = rewriter.clone(*op, mapping);
    all->setLoc(getStepLoc(op->getLoc()));
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape[rows.axis] = rows.total;
    all->getResult(0).setType(type.clone(shape));
    if (auto slice = dyn_cast<SliceOp>(all)) {
      SmallVector<int64_t> sizes(slice.getSizes());
      sizes[rows.axis] = rows.total;
      slice.setSizes(sizes);
    }
    return all->getResult(0);
  }

  /// The factors of all rows: those of `factors`, and `other` elsewhere.
  Value extendFactors(Value factors, float other, ArrayRef<int64_t> shape) {
    Buffer given = *getConstant(factors);
    int64_t rank = shape.size(), lead = rank - given.getShape().size();
    SmallVector<int64_t> sizes(rank, 1);
    llvm::copy(given.getShape(), sizes.begin() + lead);
    bool isShared = sizes[rows.axis] == 1;
    sizes[rows.axis] = rows.total;
    Buffer all = Buffer::f32(sizes);
    int64_t inner = 1;
    for (int64_t i = rows.axis + 1; i < rank; ++i)
      inner *= sizes[i];
    MutableArrayRef<float> to = all.getMutableF32();
    ArrayRef<float> from = given.getF32();
    for (int64_t i = 0; i < all.getNumElements(); ++i) {
      int64_t outer = i / (inner * rows.total), column = i % inner;
      int64_t row = i / inner % rows.total - rows.begin;
      bool isGiven = row >= 0 && row < rows.count;
      int64_t source = isShared ? outer : outer * rows.count + row;
      to[i] = isGiven ? from[source * inner + column] : other;
    }
    return makeWeight(rewriter, factors.getLoc(), all);
  }

private:
  /// Whether the axes up to that of the rows stay as they are.
  bool keepsRows(ReshapeOp reshape) const {
    ArrayRef<int64_t> from = shapeOf(reshape.getInput());
    ArrayRef<int64_t> to = shapeOf(reshape.getOutput());
    size_t count = rows.axis + 1;
    return from.size() >= count && to.size() >= count &&
           from.take_front(count) == to.take_front(count);
  }

  const Rows &rows;
  PatternRewriter &rewriter;
};

namespace {

/// value * constant
struct Product {
  Value value, factors;

  static std::optional<Product> match(Value result) {
    auto mul = result.getDefiningOp<MulOp>();
    if (!mul || !mul->hasOneUse())
      return std::nullopt;
    Product product{mul.getLhs(), mul.getRhs()};
    if (isConstant(product.value))
      std::swap(product.value, product.factors);
    if (!isConstant(product.factors) ||
        shapeOf(product.value) != shapeOf(result))
      return std::nullopt;
    return product;
  }
};

/// concat(x[:p], s cos + turned(s) sin), s = x[p:]
///   -> x [1, cos] + turned(x) [0, sin]
struct RotationOfSomeRows : public OpRewritePattern<ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConcatOp op,
                                PatternRewriter &rewriter) const override {
    int64_t axis = op.getAxis();
    // All parts but one are rows of one tensor as they are.
    AddOp sum;
    for (Value part : op.getInputs()) {
      auto add = part.getDefiningOp<AddOp>();
      if (!add)
        continue;
      if (sum || !add->hasOneUse())
        return rewriter.notifyMatchFailure(op, "two parts are sums");
      sum = add;
    }
    if (!sum || op.getInputs().size() < 2)
      return rewriter.notifyMatchFailure(op, "no part is a sum");
    std::optional<Product> plain = Product::match(sum.getLhs());
    std::optional<Product> turned = Product::match(sum.getRhs());
    if (!plain || !turned)
      return rewriter.notifyMatchFailure(op, "no sum of products");
    std::optional<Rows> rows = matchRows(plain->value, axis);
    if (!rows) {
      std::swap(plain, turned);
      rows = matchRows(plain->value, axis);
    }
    if (!rows || !coversAll(op, *rows, sum))
      return rewriter.notifyMatchFailure(op, "parts are not one tensor's rows");
    RowExtension extension(*rows, rewriter);
    if (!extension.canExtend(turned->value))
      return rewriter.notifyMatchFailure(op, "rows depend on others");
    ArrayRef<int64_t> shape = shapeOf(op.getOutput());
    Value x = rows->tensor;
    auto multiply = [&](Value value, const Product &product, float other) {
      Value factors = extension.extendFactors(product.factors, other, shape);
      return MulOp::create(rewriter, getStepLoc(product.factors.getLoc()),
                           op.getType(), value, factors);
    };
    Value first = multiply(x, *plain, 1.0f);
    Value second = multiply(extension.extend(turned->value), *turned, 0.0f);
    rewriter.replaceOpWithNewOp<AddOp>(op, op.getType(), first, second);
    return success();
  }

private:
  /// Whether the parts are the rows of one tensor in order, `sum` those that
  /// `rows` takes.
  static bool coversAll(ConcatOp op, const Rows &rows, AddOp sum) {
    int64_t next = 0;
    for (Value part : op.getInputs()) {
      std::optional<Rows> own = part == sum.getOutput()
                                    ? std::optional<Rows>(rows)
                                    : matchRows(part, rows.axis);
      if (!own || own->begin != next || own->tensor != rows.tensor)
        return false;
      next += own->count;
    }
    return next == rows.total;
  }
};

} // namespace

void top::populateRotationPatterns(RewritePatternSet &patterns) {
  patterns.add<RotationOfSomeRows>(patterns.getContext());
}
