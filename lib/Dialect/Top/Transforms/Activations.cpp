//===- Activations.cpp - Recognises activations by their formulas ---------===//
//
// An activation f(x) is often written as sums and products of x, of constants
// and of one inner function t of x: GELU is 0.5 * x + 0.5 * x * erf(c * x). The
// patterns compare such expressions as polynomials, so that the order and the
// association in which they are written do not matter.
//
//===----------------------------------------------------------------------===//

#include "../Canonicalize/Match.h"
#include "Patterns.h"
#include <array>
#include <cmath>

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

namespace {

/// Largest power of x that is followed.
constexpr int kDegree = 3;
/// How deep expressions are looked into.
constexpr int kDepth = 8;
/// Relative precision of a formula's constants.
constexpr double kTolerance = 1e-5;

/// p(x) + q(x) * t.
struct Expression {
  std::array<double, kDegree + 1> p{}, q{};

  bool hasT() const {
    return llvm::any_of(q, [](double c) { return c != 0; });
  }
};

} // namespace

static bool isClose(double value, double expected) {
  return std::abs(value - expected) <=
         kTolerance * std::max(std::abs(expected), 0.01);
}

/// Compares with expected coefficients; those beyond the lists are zero.
static bool equals(const Expression &e, ArrayRef<double> p,
                   ArrayRef<double> q = {}) {
  for (int i = 0; i <= kDegree; ++i)
    if (!isClose(e.p[i], i < int(p.size()) ? p[i] : 0) ||
        !isClose(e.q[i], i < int(q.size()) ? q[i] : 0))
      return false;
  return true;
}

static Expression scale(const Expression &e, double factor) {
  Expression result;
  for (int i = 0; i <= kDegree; ++i) {
    result.p[i] = e.p[i] * factor;
    result.q[i] = e.q[i] * factor;
  }
  return result;
}

static Expression add(const Expression &a, const Expression &b) {
  Expression result;
  for (int i = 0; i <= kDegree; ++i) {
    result.p[i] = a.p[i] + b.p[i];
    result.q[i] = a.q[i] + b.q[i];
  }
  return result;
}

/// The product, unless it has a square of t or too high a power of x.
static std::optional<Expression> multiply(const Expression &a,
                                          const Expression &b) {
  if (a.hasT() && b.hasT())
    return std::nullopt;
  Expression result;
  for (int i = 0; i <= kDegree; ++i)
    for (int j = 0; j <= kDegree; ++j) {
      double p = a.p[i] * b.p[j], q = a.p[i] * b.q[j] + a.q[i] * b.p[j];
      if (i + j <= kDegree) {
        result.p[i + j] += p;
        result.q[i + j] += q;
      } else if (p != 0 || q != 0) {
        return std::nullopt;
      }
    }
  return result;
}

/// The two operands of a sum or product.
static std::pair<Value, Value> getOperandPair(Operation *op) {
  return {op->getOperand(0), op->getOperand(1)};
}

/// `value` as an expression of x and t (which may be null).
static std::optional<Expression> parse(Value value, Value x, Value t,
                                       int depth = kDepth) {
  Expression result;
  if (value == x) {
    result.p[1] = 1;
    return result;
  }
  if (t && value == t) {
    result.q[0] = 1;
    return result;
  }
  if (std::optional<double> constant = getSplat(value)) {
    result.p[0] = *constant;
    return result;
  }
  Operation *op = value.getDefiningOp();
  if (!op || depth == 0 || value.getType() != x.getType())
    return std::nullopt;
  auto operand = [&](Value v) { return parse(v, x, t, depth - 1); };
  if (isa<NegOp>(op)) {
    auto inner = operand(op->getOperand(0));
    return inner ? std::optional(scale(*inner, -1)) : std::nullopt;
  }
  if (!isa<AddOp, SubOp, MulOp, DivOp, PowOp>(op))
    return std::nullopt;
  auto [lhs, rhs] = getOperandPair(op);
  auto a = operand(lhs), b = operand(rhs);
  if (!a || !b)
    return std::nullopt;
  if (isa<AddOp>(op))
    return add(*a, *b);
  if (isa<SubOp>(op))
    return add(*a, scale(*b, -1));
  if (isa<MulOp>(op))
    return multiply(*a, *b);
  std::optional<double> constant = getSplat(rhs);
  if (!constant)
    return std::nullopt;
  if (isa<DivOp>(op))
    return *constant != 0 ? std::optional(scale(*a, 1 / *constant))
                          : std::nullopt;
  if (*constant != 2 && *constant != 3)
    return std::nullopt;
  std::optional<Expression> power = multiply(*a, *a);
  return *constant == 3 && power ? multiply(*power, *a) : power;
}

/// Collects ops that may be the inner function of an expression.
static void collectInner(Value value, SmallVectorImpl<Operation *> &found,
                         int depth) {
  Operation *op = value.getDefiningOp();
  if (!op || depth == 0)
    return;
  if (isa<ErfOp, TanhOp, SigmoidOp, HardsigmoidOp, ClipOp, ReluOp>(op)) {
    found.push_back(op);
    return;
  }
  if (isa<AddOp, SubOp, MulOp, DivOp, NegOp>(op))
    for (Value operand : op->getOperands())
      collectInner(operand, found, depth - 1);
}

/// Collects values that may be the variable of an expression, nearest first.
static void collectVariables(Value value, SmallVectorImpl<Value> &found,
                             int depth) {
  if (isConstant(value) || llvm::is_contained(found, value))
    return;
  found.push_back(value);
  Operation *op = value.getDefiningOp();
  if (op && depth > 0 && isa<AddOp, SubOp, MulOp, DivOp, NegOp, PowOp>(op))
    for (Value operand : op->getOperands())
      collectVariables(operand, found, depth - 1);
}

/// Makes the activation that p(x) + q(x) * inner(argument) is, if it is one.
static Operation *buildActivation(OpBuilder &builder, Location loc, Value x,
                                  Operation *inner, const Expression &argument,
                                  const Expression &whole) {
  const double halfRoot = 0.7071067811865475;  // sqrt(1 / 2)
  const double tanhScale = 0.7978845608028654; // sqrt(2 / pi)
  bool isHalf = equals(whole, {0, 0.5}, {0, 0.5});
  bool isProduct = equals(whole, {}, {0, 1});
  if (isa<ErfOp>(inner) && isHalf && equals(argument, {0, halfRoot}))
    return GeluOp::create(builder, loc, x, GeluApproximation::None);
  if (isa<TanhOp>(inner) && isHalf &&
      equals(argument, {0, tanhScale, 0, tanhScale * 0.044715}))
    return GeluOp::create(builder, loc, x, GeluApproximation::Tanh);
  if (isa<SigmoidOp>(inner) && isProduct) {
    if (equals(argument, {0, 1}))
      return SiluOp::create(builder, loc, x);
    double slope = argument.p[1];
    if (slope > 0 && equals(argument, {0, slope})) {
      // x * sigmoid(c x) = silu(c x) / c; the factors go into the layers before
      // and after it.
      auto factor = [&](double value) {
        return makeWeight(builder, loc, Buffer::f32({}, {float(value)}));
      };
      Location step = getStepLoc(loc);
      Value inside = MulOp::create(builder, step, x, factor(slope));
      inside = SiluOp::create(builder, step, inside);
      return MulOp::create(builder, loc, inside, factor(1 / slope));
    }
  }
  if (auto hard = dyn_cast<HardsigmoidOp>(inner))
    if (isProduct && equals(argument, {0, 1}) &&
        isClose(hard.getAlpha().convertToDouble(), 1.0 / 6) &&
        isClose(hard.getBeta().convertToDouble(), 0.5))
      return HardswishOp::create(builder, loc, x);
  if (auto clip = dyn_cast<ClipOp>(inner)) {
    double min = clip.getMin().convertToDouble();
    double max = clip.getMax().convertToDouble();
    // x * clip(x + 3, 0, 6) / 6 or x * clip(x / 6 + 1 / 2, 0, 1)
    if (min == 0 &&
        ((max == 6 && equals(argument, {3, 1}) &&
          equals(whole, {}, {0, 1.0 / 6})) ||
         (max == 1 && equals(argument, {0.5, 1.0 / 6}) && isProduct)))
      return HardswishOp::create(builder, loc, x);
    // clip(a x + b, 0, c) / c
    if (min == 0 && std::isfinite(max) && max > 0 && argument.p[0] != 0 &&
        equals(argument, {argument.p[0], argument.p[1]}) &&
        equals(whole, {}, {1 / max}))
      return HardsigmoidOp::create(builder, loc, x,
                                   APFloat(argument.p[1] / max),
                                   APFloat(argument.p[0] / max));
  }
  return nullptr;
}

namespace {

/// p(x) + q(x) * t(x) -> gelu, silu, hardswish, hardsigmoid
template <typename OpTy>
struct RecognizeActivation : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (!isF32(op.getOutput()))
      return rewriter.notifyMatchFailure(op, "not of floats");
    SmallVector<Operation *> inners;
    collectInner(op.getOutput(), inners, /*depth=*/5);
    for (Operation *inner : inners) {
      SmallVector<Value> variables;
      collectVariables(inner->getOperand(0), variables, /*depth=*/5);
      for (Value x : variables) {
        if (x.getType() != op.getType())
          continue;
        auto argument = parse(inner->getOperand(0), x, Value());
        auto whole = parse(op.getOutput(), x, inner->getResult(0));
        if (!argument || !whole)
          continue;
        if (Operation *activation = buildActivation(rewriter, op.getLoc(), x,
                                                    inner, *argument, *whole)) {
          rewriter.replaceOp(op, activation);
          return success();
        }
      }
    }
    return rewriter.notifyMatchFailure(op, "not an activation's formula");
  }
};

/// x * tanh(softplus(x)) -> mish(x)
struct RecognizeMish : public OpRewritePattern<MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MulOp op,
                                PatternRewriter &rewriter) const override {
    for (auto [x, other] : {std::pair(op.getLhs(), op.getRhs()),
                            std::pair(op.getRhs(), op.getLhs())}) {
      auto tanh = other.getDefiningOp<TanhOp>();
      auto softplus =
          tanh ? tanh.getInput().getDefiningOp<SoftplusOp>() : SoftplusOp();
      if (!softplus || softplus.getInput() != x)
        continue;
      rewriter.replaceOpWithNewOp<MishOp>(op, x);
      return success();
    }
    return rewriter.notifyMatchFailure(op, "not x * tanh(softplus(x))");
  }
};

/// log(exp(x) + 1) -> softplus(x)
struct RecognizeSoftplus : public OpRewritePattern<LogOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(LogOp op,
                                PatternRewriter &rewriter) const override {
    auto sum = op.getInput().getDefiningOp<AddOp>();
    if (!sum || sum.getType() != sum.getLhs().getType() ||
        !isSplat(sum.getRhs(), 1))
      return rewriter.notifyMatchFailure(op, "operand is not exp(x) + 1");
    auto exp = sum.getLhs().getDefiningOp<ExpOp>();
    if (!exp)
      return rewriter.notifyMatchFailure(op, "operand is not exp(x) + 1");
    rewriter.replaceOpWithNewOp<SoftplusOp>(op, exp.getInput());
    return success();
  }
};

/// 1 / (1 + exp(-x)) -> sigmoid(x)
struct RecognizeSigmoid : public OpRewritePattern<ReciprocalOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReciprocalOp op,
                                PatternRewriter &rewriter) const override {
    auto sum = op.getInput().getDefiningOp<AddOp>();
    auto exp = sum ? sum.getLhs().getDefiningOp<ExpOp>() : ExpOp();
    auto neg = exp ? exp.getInput().getDefiningOp<NegOp>() : NegOp();
    if (!neg || sum.getType() != exp.getType() || !isSplat(sum.getRhs(), 1))
      return rewriter.notifyMatchFailure(op, "operand is not 1 + exp(-x)");
    rewriter.replaceOpWithNewOp<SigmoidOp>(op, neg.getInput());
    return success();
  }
};

} // namespace

void top::populateActivationPatterns(RewritePatternSet &patterns) {
  patterns.add<RecognizeActivation<AddOp>, RecognizeActivation<MulOp>,
               RecognizeActivation<ClipOp>, RecognizeActivation<DivOp>,
               RecognizeMish, RecognizeSigmoid, RecognizeSoftplus>(
      patterns.getContext());
}
