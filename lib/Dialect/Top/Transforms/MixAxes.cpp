//===- MixAxes.cpp - Products with small matrices along outer axes --------===//
//
// A product sums along the last axis. Where a permute brings an outer axis of a
// few elements there, as for heads that attention mixes, single elements would
// move; sums of parts move nothing.
//
//===----------------------------------------------------------------------===//

#include "../Canonicalize/Match.h"
#include "PatternPass.h"

namespace tpuc::top {
#define GEN_PASS_DEF_TOPMIXAXES
#include "Dialect/Top/Transforms/Passes.h.inc"
} // namespace tpuc::top

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

namespace {

/// Products of more numbers take less time as products.
constexpr int64_t kMostNumbers = 64;
/// Rows that are worth an operator for each number.
constexpr int64_t kFewestRows = 2048;

/// The axis of a permute's operand that is last in its result, the others
/// being in order; nothing where no outer axis is.
std::optional<int64_t> axisMovedLast(PermuteOp permute) {
  ArrayRef<int64_t> order = permute.getOrder();
  int64_t moved = order.back();
  if (moved == int64_t(order.size()) - 1)
    return std::nullopt;
  for (auto [place, axis] : llvm::enumerate(order.drop_back()))
    if (axis != int64_t(place) + (int64_t(place) >= moved))
      return std::nullopt;
  return moved;
}

/// The sum of the parts of one axis that becomes one column of the product.
class Mixture {
public:
  Mixture(PatternRewriter &rewriter, Value source, int64_t axis, Location loc)
      : rewriter(rewriter), loc(loc) {
    ArrayRef<int64_t> shape = shapeOf(source);
    SmallVector<int64_t> offsets(shape.size(), 0), sizes(shape),
        steps(shape.size(), 1);
    sizes[axis] = 1;
    for (int64_t i = 0; i < shape[axis]; ++i) {
      offsets[axis] = i;
      parts.push_back(
          SliceOp::create(rewriter, loc, source, offsets, sizes, steps));
    }
  }

  Value column(ArrayRef<float> factors, float summand) {
    Value sum;
    for (auto [part, factor] : llvm::zip_equal(parts, factors)) {
      Value term = part;
      if (factor != 1.0f)
        term = MulOp::create(rewriter, loc, part, number(factor));
      sum = sum ? AddOp::create(rewriter, loc, sum, term) : term;
    }
    if (summand != 0.0f)
      sum = AddOp::create(rewriter, loc, sum, number(summand));
    return sum;
  }

private:
  Value number(float value) {
    return makeWeight(rewriter, loc, Buffer::f32({}, {value}));
  }

  PatternRewriter &rewriter;
  Location loc;
  SmallVector<Value> parts;
};

/// matmul(reshape(permute(x)), w) -> reshape(permute(concat of sums of slices
/// of x)) for a small matrix
struct MixOuterAxis : public OpRewritePattern<MatMulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MatMulOp op,
                                PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> matrix = shapeOf(op.getRhs());
    if (op.getLeftTranspose() || matrix.size() != 2 || !isF32(op.getLhs()) ||
        matrix[0] * matrix[1] > kMostNumbers)
      return rewriter.notifyMatchFailure(op, "not times a small matrix");
    Value rows = op.getLhs();
    if (auto reshape = rows.getDefiningOp<ReshapeOp>())
      rows = reshape.getInput();
    auto permute = rows.getDefiningOp<PermuteOp>();
    std::optional<int64_t> axis =
        permute ? axisMovedLast(permute) : std::nullopt;
    int64_t depth = shapeOf(op.getLhs()).back();
    if (!axis || shapeOf(rows).back() != depth ||
        tpuc::getNumElements(shapeOf(rows)) < kFewestRows * depth)
      return rewriter.notifyMatchFailure(op, "no outer axis of many rows");
    FailureOr<Buffer> factors = getConstant(op.getRhs());
    FailureOr<Buffer> bias = failure();
    if (op.getBias())
      bias = getConstant(op.getBias());
    if (failed(factors) || (op.getBias() && failed(bias)))
      return rewriter.notifyMatchFailure(op, "not times a constant");
    replace(rewriter, op, permute, *axis, *factors,
            op.getBias() ? &*bias : nullptr);
    return success();
  }

private:
  static void replace(PatternRewriter &rewriter, MatMulOp op, PermuteOp permute,
                      int64_t axis, const Buffer &factors, const Buffer *bias) {
    Location loc = getStepLoc(op.getLoc());
    Value source = permute.getInput();
    int64_t depth = shapeOf(source)[axis],
            columns = shapeOf(op.getOutput()).back();
    Mixture mixture(rewriter, source, axis, loc);
    SmallVector<Value> sums;
    for (int64_t column = 0; column < columns; ++column) {
      SmallVector<float> own;
      for (int64_t i = 0; i < depth; ++i)
        own.push_back(
            factors.getF32()[op.getRightTranspose() ? column * depth + i
                                                    : i * columns + column]);
      sums.push_back(mixture.column(own, bias ? bias->getF32()[column] : 0));
    }
    Value mixed = sums.front();
    if (sums.size() > 1)
      mixed = ConcatOp::create(rewriter, loc, sums, axis);
    Value permuted =
        PermuteOp::create(rewriter, loc, mixed, permute.getOrder());
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), permuted);
  }
};

struct TopMixAxes
    : public PatternPass<top::impl::TopMixAxesBase<TopMixAxes>,
                         populateMixedAxisPatterns, populateViewPatterns> {};

} // namespace

void top::populateMixedAxisPatterns(RewritePatternSet &patterns) {
  patterns.add<MixOuterAxis>(patterns.getContext());
}
