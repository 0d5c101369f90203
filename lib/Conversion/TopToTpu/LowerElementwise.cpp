//===- LowerElementwise.cpp - Lowering of elementwise ops -----------------===//
//
// Activations, arithmetic, comparisons and choices. Constants become scalars
// where all their elements are equal.
//
//===----------------------------------------------------------------------===//

#include "IntegerSteps.h"
#include "Weights.h"

#include <cmath>

using namespace mlir;
using namespace tpuc;
using tpu::BinaryKind;
using tpu::CompareKind;
using tpu::ScalarKind;
using tpu::UnaryKind;

static double toDouble(const APFloat &value) { return value.convertToDouble(); }

static size_t getRank(Value value) { return getShape(value).size(); }

static bool isInteger(Value value) {
  return isa<IntegerType>(getElement(value));
}

//===----------------------------------------------------------------------===//
// One operand
//===----------------------------------------------------------------------===//

template <typename OpTy, UnaryKind kind>
static LogicalResult lowerUnary(OpTy op, Lowering &lowering) {
  double alpha = 0, beta = 0;
  if constexpr (requires { op.getAlpha(); })
    alpha = toDouble(op.getAlpha());
  if constexpr (requires { op.getBeta(); })
    beta = toDouble(op.getBeta());
  if constexpr (requires { op.getMin(); }) {
    alpha = toDouble(op.getMin());
    beta = toDouble(op.getMax());
  }
  Value input = lowering.get(op.getInput(), lowering.getFloatElement(op));
  lowering.replace(op.getResult(),
                   lowering.emit<tpu::UnaryOp>(kind, input, alpha, beta));
  return success();
}

/// abs, neg and sign are for integers, too.
template <typename OpTy, UnaryKind kind>
static LogicalResult lowerSigned(OpTy op, Lowering &lowering) {
  if (!isInteger(op.getInput()))
    return lowerUnary<OpTy, kind>(op, lowering);
  Value input = lowering.get(op.getInput());
  Value result;
  if constexpr (kind == UnaryKind::Sign) {
    result = lowering.emit<tpu::ScalarOp>(ScalarKind::Max, input, -1.0);
    result = lowering.emit<tpu::ScalarOp>(ScalarKind::Min, result, 1.0);
  } else {
    result = lowering.emit<tpu::ScalarOp>(ScalarKind::Mul, input, -1.0);
    if constexpr (kind == UnaryKind::Abs)
      result = lowering.emit<tpu::BinaryOp>(BinaryKind::Max, input, result);
  }
  lowering.replace(op.getResult(), result);
  return success();
}

static LogicalResult lowerGelu(top::GeluOp op, Lowering &lowering) {
  bool tanh = op.getApproximate() == top::GeluApproximation::Tanh;
  Value input = lowering.get(op.getInput(), lowering.getFloatElement(op));
  lowering.replace(op.getResult(),
                   lowering.emit<tpu::UnaryOp>(
                       tanh ? UnaryKind::GeluTanh : UnaryKind::Gelu, input));
  return success();
}

/// selu(x) -> gamma * elu(x, alpha)
static LogicalResult lowerSelu(top::SeluOp op, Lowering &lowering) {
  Value input = lowering.get(op.getInput(), lowering.getFloatElement(op));
  Value elu = lowering.emit<tpu::UnaryOp>(UnaryKind::Elu, input,
                                          toDouble(op.getAlpha()));
  lowering.replace(op.getResult(),
                   lowering.emit<tpu::ScalarOp>(ScalarKind::Mul, elu,
                                                toDouble(op.getGamma())));
  return success();
}

/// not(x) -> 1 - x
static LogicalResult lowerNot(top::NotOp op, Lowering &lowering) {
  Value input = lowering.get(op.getInput());
  lowering.replace(op.getResult(),
                   lowering.emit<tpu::ScalarOp>(ScalarKind::Rsub, input, 1.0));
  return success();
}

static LogicalResult lowerPRelu(top::PReluOp op, Lowering &lowering) {
  Type element = lowering.getFloatElement(op);
  Value input = lowering.get(op.getInput(), element);
  Value slope = lowering.getOfRank(op.getSlope(), element, getRank(input));
  lowering.replace(op.getResult(),
                   lowering.emit<tpu::PReluOp>(input.getType(), input, slope));
  return success();
}

static LogicalResult lowerCast(top::CastOp op, Lowering &lowering) {
  Type from = getElement(op.getInput()), to = getElement(op.getOutput());
  Value input = lowering.get(op.getInput());
  Type element = getElement(input);
  if (to.isInteger(1)) {
    // 1 where x != 0, unless it is a truth value already.
    if (!from.isInteger(1)) {
      SmallVector<int64_t> ones(getRank(input), 1);
      Value zero = isa<FloatType>(element)
                       ? lowering.constant({0.0f}, ones, element)
                       : lowering.indices({0}, ones);
      input = lowering.emit<tpu::CompareOp>(CompareKind::Ne, input, zero);
    }
  } else if (isa<IntegerType>(to)) {
    input = lowering.cast(input, IntegerType::get(op.getContext(), 32));
  } else if (isa<IntegerType>(from) && isa<IntegerType>(element)) {
    input = lowering.cast(input, lowering.getFloatElement(op));
  }
  lowering.replace(op.getResult(), input);
  return success();
}

//===----------------------------------------------------------------------===//
// Several operands
//===----------------------------------------------------------------------===//

/// `value` with the result's shape: a scalar op keeps its operand's shape, but
/// the constant may have had more axes.
static Value toResultShape(Operation *op, Value value, Lowering &lowering) {
  ArrayRef<int64_t> shape = getShape(op->getResult(0));
  SmallVector<int64_t> padded(shape.size() - getRank(value), 1);
  llvm::append_range(padded, getShape(value));
  return lowering.broadcast(lowering.reshape(value, padded), shape);
}

/// Lowers x `kind` c and c `kind` x with c a constant of equal elements to a
/// scalar op; null when there is none for it.
static Value lowerWithScalar(Operation *op, BinaryKind kind, Value value,
                             double number, bool numberFirst, Type element,
                             Lowering &lowering) {
  auto emit = [&](ScalarKind scalar, double by) -> Value {
    Value operand = lowering.get(value, element);
    return toResultShape(op, lowering.emit<tpu::ScalarOp>(scalar, operand, by),
                         lowering);
  };
  // Left to the conversion of constants, which reports what does not fit.
  if (std::isnan(number) ||
      (isa<IntegerType>(element) && std::abs(number) > INT32_MAX))
    return nullptr;
  switch (kind) {
  case BinaryKind::Add:
    return emit(ScalarKind::Add, number);
  case BinaryKind::Sub:
    return numberFirst ? emit(ScalarKind::Rsub, number)
                       : emit(ScalarKind::Add, -number);
  case BinaryKind::Mul:
    return emit(ScalarKind::Mul, number);
  case BinaryKind::Max:
    return emit(ScalarKind::Max, number);
  case BinaryKind::Min:
    return emit(ScalarKind::Min, number);
  case BinaryKind::Div:
    // x / 0 has a sign that depends on x's: left to the division itself.
    if (isa<IntegerType>(element) || number == 0)
      return nullptr;
    if (!numberFirst) {
      ConstantFit fit = getFit(1 / number, element);
      return fit.isTooSmall || fit.isTooLarge
                 ? nullptr
                 : emit(ScalarKind::Mul, 1 / number);
    }
    Value inverse = lowering.emit<tpu::UnaryOp>(UnaryKind::Reciprocal,
                                                lowering.get(value, element));
    if (number != 1)
      inverse = lowering.emit<tpu::ScalarOp>(ScalarKind::Mul, inverse, number);
    return toResultShape(op, inverse, lowering);
  }
  return nullptr;
}

template <typename OpTy, BinaryKind kind>
static LogicalResult lowerBinary(OpTy op, Lowering &lowering) {
  Type element;
  if (isInteger(op.getOutput())) {
    element = IntegerType::get(op.getContext(), 32);
  } else {
    element = lowering.getFloatElement(op);
  }
  Value result;
  if (std::optional<double> number = top::getSplat(op.getRhs()))
    result = lowerWithScalar(op, kind, op.getLhs(), *number, false, element,
                             lowering);
  else if (std::optional<double> number = top::getSplat(op.getLhs()))
    result = lowerWithScalar(op, kind, op.getRhs(), *number, true, element,
                             lowering);
  if (!result) {
    size_t rank = getRank(op.getOutput());
    Value lhs = lowering.getOfRank(op.getLhs(), element, rank);
    Value rhs = lowering.getOfRank(op.getRhs(), element, rank);
    result = kind == BinaryKind::Div && isa<IntegerType>(element)
                 ? divideIntegers(lhs, rhs, lowering).quotient
                 : lowering.emit<tpu::BinaryOp>(kind, lhs, rhs);
  }
  lowering.replace(op.getResult(), result);
  return success();
}

static LogicalResult lowerDiv(top::DivOp op, Lowering &lowering) {
  if (!op.getExact() || isInteger(op.getOutput()))
    return lowerBinary<top::DivOp, BinaryKind::Div>(op, lowering);
  Type f32 = Float32Type::get(op.getContext());
  size_t rank = getRank(op.getOutput());
  lowering.replace(op.getResult(),
                   divideExactly(lowering.getOfRank(op.getLhs(), f32, rank),
                                 lowering.getOfRank(op.getRhs(), f32, rank),
                                 lowering));
  return success();
}

/// mod -> what a division leaves; unless fmod, with the divisor added where the
/// signs differ.
static LogicalResult lowerMod(top::ModOp op, Lowering &lowering) {
  Type f32 = Float32Type::get(op.getContext());
  bool isInt = isInteger(op.getOutput());
  Type element = isInt ? IntegerType::get(op.getContext(), 32) : f32;
  size_t rank = getRank(op.getOutput());
  Value lhs = lowering.getOfRank(op.getLhs(), element, rank);
  Value rhs = lowering.getOfRank(op.getRhs(), element, rank);
  Value result = isInt ? divideIntegers(lhs, rhs, lowering).remainder
                       : divideFloats(lhs, rhs, lowering).remainder;
  if (!op.getFmod()) {
    SmallVector<int64_t> ones(rank, 1);
    Value zero = isInt ? lowering.indices({0}, ones)
                       : lowering.constant({0.0f}, ones, f32);
    auto isBelowZero = [&](Value value) {
      return lowering.emit<tpu::CompareOp>(CompareKind::Lt, value, zero);
    };
    Value differ = lowering.emit<tpu::CompareOp>(
        CompareKind::Ne, isBelowZero(result), isBelowZero(rhs));
    Value isRest = lowering.emit<tpu::CompareOp>(CompareKind::Ne, result, zero);
    Value more = lowering.emit<tpu::BinaryOp>(BinaryKind::Mul, differ, isRest);
    // Not by a product, which of an infinite divisor is no number.
    result = lowering.emit<tpu::SelectOp>(
        more, lowering.emit<tpu::BinaryOp>(BinaryKind::Add, result, rhs),
        result);
  }
  lowering.replace(op.getResult(),
                   isInt ? result
                         : lowering.cast(result, lowering.getFloatElement(op)));
  return success();
}

/// and -> product, or -> maximum, of zeros and ones
template <typename OpTy, BinaryKind kind>
static LogicalResult lowerLogical(OpTy op, Lowering &lowering) {
  Type element = lowering.getNaturalElement(op, op->getOperands());
  size_t rank = getRank(op.getOutput());
  Value lhs = lowering.getOfRank(op.getLhs(), element, rank);
  Value rhs = lowering.getOfRank(op.getRhs(), element, rank);
  lowering.replace(op.getResult(),
                   lowering.emit<tpu::BinaryOp>(kind, lhs, rhs));
  return success();
}

/// xor -> not equal, of zeros and ones
static LogicalResult lowerXor(top::XorOp op, Lowering &lowering) {
  Type element = lowering.getNaturalElement(op, op->getOperands());
  size_t rank = getRank(op.getOutput());
  Value lhs = lowering.getOfRank(op.getLhs(), element, rank);
  Value rhs = lowering.getOfRank(op.getRhs(), element, rank);
  lowering.replace(op.getResult(),
                   lowering.emit<tpu::CompareOp>(CompareKind::Ne, lhs, rhs));
  return success();
}

static CompareKind getCompareKind(top::ComparePredicate predicate) {
  switch (predicate) {
  case top::ComparePredicate::Equal:
    return CompareKind::Eq;
  case top::ComparePredicate::NotEqual:
    return CompareKind::Ne;
  case top::ComparePredicate::Less:
    return CompareKind::Lt;
  case top::ComparePredicate::LessEqual:
    return CompareKind::Le;
  case top::ComparePredicate::Greater:
    return CompareKind::Gt;
  case top::ComparePredicate::GreaterEqual:
    return CompareKind::Ge;
  }
  return CompareKind::Eq;
}

static LogicalResult lowerCompare(top::CompareOp op, Lowering &lowering) {
  // Rounding an operand could make a relation hold that does not.
  Type element = lowering.getNaturalElement(op, op->getOperands());
  size_t rank = getRank(op.getOutput());
  Value lhs = lowering.getOfRank(op.getLhs(), element, rank);
  Value rhs = lowering.getOfRank(op.getRhs(), element, rank);
  lowering.replace(op.getResult(),
                   lowering.emit<tpu::CompareOp>(
                       getCompareKind(op.getPredicate()), lhs, rhs));
  return success();
}

/// Whether `op` replaces a NaN of its last operand, a softmax. Exporters guard
/// attention in this way against rows that are masked as a whole.
static bool guardsSoftmax(top::WhereOp op) {
  auto compare = op.getCondition().getDefiningOp<top::CompareOp>();
  return compare && compare.getPredicate() == top::ComparePredicate::NotEqual &&
         compare.getLhs() == op.getRhs() && compare.getRhs() == op.getRhs() &&
         op.getRhs().getDefiningOp<top::SoftmaxOp>() &&
         op.getRhs().getType() == op.getOutput().getType();
}

static LogicalResult lowerWhere(top::WhereOp op, Lowering &lowering) {
  if (guardsSoftmax(op)) {
    Value softmax = lowering.get(op.getRhs());
    Type type = tpu::getElement(softmax);
    // In 16 bits there is no NaN: such a row is zeros.
    if (type.isF16() || type.isBF16()) {
      lowering.replace(op.getResult(), softmax);
      return success();
    }
  }
  Type element = lowering.getNaturalElement(op, {op.getLhs(), op.getRhs()});
  size_t rank = getRank(op.getOutput());
  Value condition = lowering.getOfRank(op.getCondition(), element, rank);
  Value lhs = lowering.getOfRank(op.getLhs(), element, rank);
  Value rhs = lowering.getOfRank(op.getRhs(), element, rank);
  lowering.replace(op.getResult(),
                   lowering.emit<tpu::SelectOp>(condition, lhs, rhs));
  return success();
}

void tpuc::populateElementwiseLowerings(LoweringSet &set) {
  set.add(lowerSigned<top::AbsOp, UnaryKind::Abs>);
  set.add(lowerSigned<top::NegOp, UnaryKind::Neg>);
  set.add(lowerSigned<top::SignOp, UnaryKind::Sign>);
  set.add(lowerUnary<top::ClipOp, UnaryKind::Clip>);
  set.add(lowerUnary<top::CeilOp, UnaryKind::Ceil>);
  set.add(lowerUnary<top::CosOp, UnaryKind::Cos>);
  set.add(lowerUnary<top::EluOp, UnaryKind::Elu>);
  set.add(lowerUnary<top::ErfOp, UnaryKind::Erf>);
  set.add(lowerUnary<top::ExpOp, UnaryKind::Exp>);
  set.add(lowerUnary<top::FloorOp, UnaryKind::Floor>);
  set.add(lowerUnary<top::HardsigmoidOp, UnaryKind::Hardsigmoid>);
  set.add(lowerUnary<top::HardswishOp, UnaryKind::Hardswish>);
  set.add(lowerUnary<top::LeakyReluOp, UnaryKind::LeakyRelu>);
  set.add(lowerUnary<top::LogOp, UnaryKind::Log>);
  set.add(lowerUnary<top::MishOp, UnaryKind::Mish>);
  set.add(lowerUnary<top::ReciprocalOp, UnaryKind::Reciprocal>);
  set.add(lowerUnary<top::ReluOp, UnaryKind::Relu>);
  set.add(lowerUnary<top::RoundOp, UnaryKind::Round>);
  set.add(lowerUnary<top::RsqrtOp, UnaryKind::Rsqrt>);
  set.add(lowerUnary<top::SigmoidOp, UnaryKind::Sigmoid>);
  set.add(lowerUnary<top::SiluOp, UnaryKind::Silu>);
  set.add(lowerUnary<top::SinOp, UnaryKind::Sin>);
  set.add(lowerUnary<top::SoftplusOp, UnaryKind::Softplus>);
  set.add(lowerUnary<top::SoftsignOp, UnaryKind::Softsign>);
  set.add(lowerUnary<top::SqrtOp, UnaryKind::Sqrt>);
  set.add(lowerUnary<top::TanhOp, UnaryKind::Tanh>);
  set.add(lowerGelu);
  set.add(lowerSelu);
  set.add(lowerNot);
  set.add(lowerPRelu);
  set.add(lowerCast);

  set.add(lowerBinary<top::AddOp, BinaryKind::Add>);
  set.add(lowerBinary<top::SubOp, BinaryKind::Sub>);
  set.add(lowerBinary<top::MulOp, BinaryKind::Mul>);
  set.add(lowerDiv);
  set.add(lowerBinary<top::MaxOp, BinaryKind::Max>);
  set.add(lowerBinary<top::MinOp, BinaryKind::Min>);
  set.add(lowerMod);
  set.add(lowerLogical<top::AndOp, BinaryKind::Mul>);
  set.add(lowerLogical<top::OrOp, BinaryKind::Max>);
  set.add(lowerXor);
  set.add(lowerCompare);
  set.add(lowerWhere);
}
