//===- PrecisionRules.cpp - Ops that need more than 16 bits ---------------===//
//
// One walk against the order of ops finds what phases and sums are made of, one
// in their order what is computed from sums, constants and integers.
//
//===----------------------------------------------------------------------===//

#include "PrecisionRules.h"
#include "Dialect/Top/IR/Detection.h"
#include "Lowering.h"
#include "Weights.h"

#include <cmath>

using namespace mlir;
using namespace tpuc;

/// Sums of fewer terms are as additions: in the range of their terms.
static constexpr int64_t kManyTerms = 8;
/// Ops between a square and its sum.
static constexpr int kLongestSum = 8;
/// Coordinates that a product turns into phases; more are features, which are
/// activations.
static constexpr int64_t kManyCoordinates = 64;

static bool isConstant(Value value) {
  return value.getDefiningOp<top::WeightOp>() != nullptr;
}

static bool isF32(Value value) { return getElement(value).isF32(); }

/// The operands of f32 that are no constants.
static SmallVector<Value> getComputed(Operation *op) {
  return llvm::filter_to_vector(op->getOperands(), [](Value operand) {
    return isF32(operand) && !isConstant(operand);
  });
}

static Magnitude getMagnitude(Operation *op) {
  auto numbers = dyn_cast_if_present<MagnitudeOpInterface>(op);
  return numbers ? numbers.getMagnitude() : Magnitude::Unknown;
}

static bool isArithmetic(Operation *op) {
  return getMagnitude(op) == Magnitude::LikeOperands;
}

static bool isF32ByKind(Operation *op) {
  auto numbers = dyn_cast<MagnitudeOpInterface>(op);
  return numbers && numbers.needsF32();
}

/// Whether the numbers are at most 1 by what they were computed with.
static bool isBounded(Value value) {
  Operation *op = value.getDefiningOp();
  while (isa_and_nonnull<DataMovementOpInterface, top::BroadcastOp>(op))
    op = op->getOperand(0).getDefiningOp();
  if (auto cast = dyn_cast_if_present<top::CastOp>(op))
    return getElement(cast.getInput()).isInteger(1);
  return getMagnitude(op) == Magnitude::AtMostOne;
}

/// A product of a value with itself, or with such a product: a power up to the
/// fourth.
static bool isSquare(Operation *op, int depth = 2) {
  auto mul = dyn_cast_if_present<top::MulOp>(op);
  return mul && depth > 0 &&
         (mul.getLhs() == mul.getRhs() ||
          isSquare(mul.getLhs().getDefiningOp(), depth - 1) ||
          isSquare(mul.getRhs().getDefiningOp(), depth - 1));
}

static bool isMean(Value value) {
  auto reduce = value.getDefiningOp<top::ReduceOp>();
  return reduce && reduce.getKind() == top::ReduceKind::Mean;
}

/// How many elements make one of the result.
static int64_t countTerms(Operation *op) {
  auto count = [](Value value) {
    return cast<RankedTensorType>(value.getType()).getNumElements();
  };
  if (auto sum = dyn_cast<top::CumSumOp>(op))
    return getShape(sum.getInput())[sum.getAxis()];
  return count(op->getOperand(0)) / count(op->getResult(0));
}

PrecisionRules::PrecisionRules(func::FuncOp function, FloatType element,
                               const LoweringSet &set)
    : set(&set), element(element) {
  Block &body = function.front();
  findInputsOnly(body);
  for (Operation &op : llvm::reverse(body)) {
    if (isa<top::SinOp, top::CosOp>(op))
      followPhase(op.getOperand(0));
    else if (auto cast = dyn_cast<top::CastOp>(op);
             cast && isF32(cast.getInput()) && !isF32(cast.getOutput())) {
      followPhase(cast.getInput());
      followCoordinate(cast.getInput());
    } else if (isa<top::CompareOp>(op))
      for (Value operand : op.getOperands())
        if (inputsOnly.contains(operand))
          followPhase(operand);
    if (auto nms = dyn_cast<top::NmsOp>(op))
      followBoxes(nms.getBoxes());
    followSum(&op);
  }
  for (Operation &op : body)
    visit(&op);
  for (Operation &op : llvm::reverse(body))
    widenFactor(&op);
}

bool PrecisionRules::isMove(Operation *op) const { return set->isMove(op); }

//===----------------------------------------------------------------------===//
// Phases
//===----------------------------------------------------------------------===//

bool PrecisionRules::isStepOfPhase(Operation *op) const {
  if (auto matmul = dyn_cast<top::MatMulOp>(op)) {
    ArrayRef<int64_t> left = getShape(matmul.getLhs());
    return left[left.size() - (matmul.getLeftTranspose() ? 2 : 1)] <=
           kManyCoordinates;
  }
  return isArithmetic(op) || isF32ByKind(op) || isMove(op) ||
         isa<top::CastOp, top::ReduceOp, top::ResizeOp, top::SignOp>(op);
}

void PrecisionRules::findInputsOnly(Block &body) {
  inputsOnly.insert(body.args_begin(), body.args_end());
  for (Operation &op : body) {
    bool isExact = isConstant(op.getNumResults() ? op.getResult(0) : Value());
    isExact |= isStepOfPhase(&op) &&
               llvm::all_of(op.getOperands(), [&](Value operand) {
                 return inputsOnly.contains(operand) || !isF32(operand);
               });
    if (isExact)
      inputsOnly.insert(op.result_begin(), op.result_end());
  }
}

void PrecisionRules::followPhase(Value value) {
  SmallVector<Value> steps{value};
  while (!steps.empty()) {
    value = steps.pop_back_val();
    Operation *op = value.getDefiningOp();
    if (!op || isConstant(value) || !isF32(value) ||
        !phases.insert(value).second)
      continue;
    SmallVector<Value> operands = getComputed(op);
    if (!inputsOnly.contains(value)) {
      // Of activations, their factors and summands.
      bool isScaled = isa<top::AddOp, top::CumSumOp, top::DivOp, top::MulOp,
                          top::NegOp, top::SubOp>(op) ||
                      isMove(op);
      int64_t activations = llvm::count_if(operands, [&](Value operand) {
        return !inputsOnly.contains(operand);
      });
      if (!isScaled || activations != 1)
        continue;
    }
    // A move keeps the type of what it moves.
    if (!isMove(op))
      ops.insert(op);
    llvm::append_range(steps, operands);
  }
}

/// A place that is rounded to a whole one: 16 bits have an eighth of a pixel at
/// 200 pixels, and what is left of the place weighs its neighbours.
void PrecisionRules::followCoordinate(Value value) {
  bool isRounded = false;
  for (Operation *op = value.getDefiningOp(); op; op = value.getDefiningOp()) {
    bool rounds = isa<top::CeilOp, top::FloorOp, top::RoundOp>(op);
    isRounded |= rounds;
    if (!rounds && !isMove(op) &&
        !isa<top::AddOp, top::ClipOp, top::DivOp, top::MulOp, top::NegOp,
             top::SubOp>(op))
      return;
    if (isRounded && !isMove(op)) {
      ops.insert(op);
      coordinates.insert(op->getResult(0));
    }
    // What comes from inputs alone is followed as a phase.
    SmallVector<Value> operands =
        llvm::filter_to_vector(getComputed(op), [&](Value operand) {
          return !inputsOnly.contains(operand);
        });
    if (operands.size() != 1)
      return;
    value = operands.front();
  }
}

/// What boxes are made of, up to the products that predict them: 16 bits hold
/// neither pixels nor what keeps the boxes of classes apart.
void PrecisionRules::followBoxes(Value boxes) {
  SmallVector<Value> steps{boxes};
  while (!steps.empty()) {
    Value value = steps.pop_back_val();
    Operation *op = value.getDefiningOp();
    if (!op || isConstant(value) || !isF32(value) || ops.contains(op))
      continue;
    bool moves = isMove(op) ||
                 isa<top::GatherOp, top::GatherNDOp, top::GatherElementsOp>(op);
    if (!moves && !isArithmetic(op) && !isF32ByKind(op) &&
        !isa<top::CastOp, top::ReduceOp, top::SigmoidOp, top::TopKOp>(op))
      continue;
    if (!moves)
      ops.insert(op);
    llvm::append_range(steps, getComputed(op));
  }
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// Whether the result is a sum of what the first operand has, or is taken of
/// such a sum.
static bool isOverSum(Operation *op) {
  if (auto reduce = dyn_cast<top::ReduceOp>(op))
    return reduce.isSum();
  return isa<top::AvgPoolOp, top::CumSumOp, top::LogOp, top::PowOp,
             top::RsqrtOp, top::SqrtOp>(op);
}

/// Whether the op adds up as many numbers as may be: all products count, not
/// only squares.
static bool isLongSum(Operation *op) {
  auto reduce = dyn_cast<top::ReduceOp>(op);
  return isa<top::CumSumOp>(op) ||
         (reduce && reduce.getKind() != top::ReduceKind::Mean);
}

void PrecisionRules::followSum(Operation *sum) {
  if (!isOverSum(sum))
    return;
  struct Term {
    Value value;
    bool allProducts = false;
    int depth = 0;
  };
  SmallVector<Term> terms{{sum->getOperand(0), isLongSum(sum)}};
  while (!terms.empty()) {
    auto [value, allProducts, depth] = terms.pop_back_val();
    Operation *op = value.getDefiningOp();
    if (!op || !isF32(value) || depth++ == kLongestSum)
      continue;
    SmallVector<Value> operands = getComputed(op);
    bool isProduct = isa<top::MulOp>(op) && operands.size() == 2 &&
                     llvm::none_of(operands, isBounded);
    if (isSquare(op) || (allProducts && (isProduct || isa<top::ExpOp>(op)))) {
      sumTerms.insert(op);
      // Cubes are made of squares. Squares of means are subtracted from means
      // of squares, and nearly equal.
      for (Value operand : operands)
        if (isSquare(operand.getDefiningOp()))
          terms.push_back({operand, false, depth});
        else if (isMean(operand))
          ops.insert(operand.getDefiningOp());
    } else if (isa<top::AddOp, top::SubOp, top::ConcatOp>(op)) {
      for (Value operand : operands)
        terms.push_back({operand, false, depth});
    } else if (isa<top::MulOp>(op)) {
      // Weighted or masked.
      for (Value operand : operands)
        if (!isBounded(operand))
          terms.push_back({operand, allProducts, depth});
    } else if (operands.size() == 1 &&
               (isMove(op) || isOverSum(op) ||
                isa<top::AbsOp, top::ClipOp, top::DivOp, top::NegOp,
                    top::ReluOp, top::WhereOp>(op))) {
      terms.push_back({operands.front(), allProducts, depth});
    } else if (isa<top::MatMulOp>(op) && isa<top::LogOp>(sum) &&
               operands.size() == 1) {
      // The bands of a spectrum.
      sumTerms.insert(op);
      terms.push_back({operands.front(), false, depth});
    }
  }
}

//===----------------------------------------------------------------------===//
// From sums, constants and integers on
//===----------------------------------------------------------------------===//

/// Whether a softmax is all that reads the value, perhaps after other masks.
static bool isMasked(Value value) {
  constexpr int kMostSteps = 8;
  for (int step = 0; step < kMostSteps && value.hasOneUse(); ++step) {
    Operation *user = *value.user_begin();
    if (isa<top::SoftmaxOp>(user))
      return true;
    if (!isa<top::AddOp, top::MaxOp, top::PermuteOp, top::ReshapeOp,
             top::WhereOp>(user))
      return false;
    value = user->getResult(0);
  }
  return false;
}

static ConstantFit getWeightFit(top::WeightOp weight, Type element) {
  if (std::optional<double> splat = top::getSplat(weight.getResult()))
    return getFit(*splat, element);
  return {!fitsElement(weight.getValue(), element), false};
}

/// The constants of an op that computes element by element.
static ConstantFit getConstantsFit(Operation *op, Type element) {
  ConstantFit all;
  for (Value operand : op->getOperands())
    if (auto weight = operand.getDefiningOp<top::WeightOp>();
        weight && isF32(operand)) {
      ConstantFit fit = getWeightFit(weight, element);
      all.isTooLarge |= fit.isTooLarge;
      all.isTooSmall |= fit.isTooSmall;
    }
  // Limits beyond the type limit nothing.
  if (auto clip = dyn_cast<top::ClipOp>(op))
    for (const APFloat &limit : {clip.getMin(), clip.getMax()})
      all.isTooSmall |= getFit(limit.convertToDouble(), element).isTooSmall;
  return all;
}

/// The operands that have a range.
struct PrecisionRules::Operands {
  /// The most extreme range, and whether none is plain.
  Range largest = Range::Plain;
  bool noneIsPlain = false;
  /// The range of what is computed from them alone.
  Range joined() const { return noneIsPlain ? largest : Range::Plain; }
};

/// Whether the sum is only made a mean, perhaps after a view.
static bool isMadeMean(Operation *sum) {
  Operation *op = sum;
  do {
    if (!op->hasOneUse())
      return false;
    op = *op->user_begin();
  } while (isa<top::ReshapeOp>(op));
  return isa<top::MulOp, top::DivOp>(op) && getComputed(op).size() == 1;
}

/// The range of the result of an op that always computes in f32.
PrecisionRules::Range PrecisionRules::getRangeByKind(Operation *op,
                                                     const Operands &operands) {
  if (isLongSum(op)) {
    auto reduce = dyn_cast<top::ReduceOp>(op);
    if (reduce && (reduce.getKind() == top::ReduceKind::LogSum ||
                   reduce.getKind() == top::ReduceKind::LogSumExp))
      return Range::Plain;
    bool isOfSquares =
        reduce && (reduce.getKind() == top::ReduceKind::L2 ||
                   reduce.getKind() == top::ReduceKind::SumSquare);
    if (operands.noneIsPlain)
      return operands.largest;
    return isOfSquares || countTerms(op) >= kManyTerms || isMadeMean(op)
               ? Range::Wide
               : Range::Plain;
  }
  if (auto pow = dyn_cast<top::PowOp>(op)) {
    std::optional<double> exponent = top::getSplat(pow.getRhs());
    return exponent && *exponent > 0 && *exponent <= 1 ? operands.joined()
                                                       : Range::Wide;
  }
  // What is divided exactly is rounded to integers next.
  if (isa<top::DivOp>(op))
    return Range::Wide;
  return isa<top::SqrtOp, top::RsqrtOp>(op) ? operands.joined() : Range::Plain;
}

PrecisionRules::Range
PrecisionRules::visitArithmetic(Operation *op, const Operands &operands) {
  bool isSum = isa<top::AddOp, top::SubOp>(op);
  bool isChoice = isa<top::ClipOp, top::MaxOp, top::MinOp, top::WhereOp>(op);
  if (sumTerms.contains(op)) {
    ops.insert(op);
    return Range::Wide;
  }
  Range range = operands.joined();
  ConstantFit fit = getConstantsFit(op, element);
  if (fit.isTooSmall) {
    ops.insert(op);
    // It takes the place of 0, by which others divide.
    range = std::max(range, isSum || isChoice ? Range::Wide : Range::Extreme);
  }
  if (fit.isTooLarge) {
    auto isOneNumber = [](Value operand) {
      return top::getSplat(operand).has_value();
    };
    // The same summand everywhere is no mask.
    if ((isChoice ||
         (isSum && llvm::none_of(op->getOperands(), isOneNumber))) &&
        isMasked(op->getResult(0))) {
      for (Value operand : op->getOperands())
        if (isConstant(operand) &&
            getElementTypeOrSelf(operand.getType()).isF32())
          masks.insert(operand);
      // Of operands in f32 the op computes in f32.
      masks.insert(op->getResult(0));
    } else {
      ops.insert(op);
      range = std::max(range, Range::Extreme);
    }
  }
  // What a sum or a choice has of an extreme number is as extreme as it, or
  // rounded away.
  if (operands.noneIsPlain || operands.largest == Range::Wide ||
      (operands.largest == Range::Extreme && !isSum && !isChoice))
    ops.insert(op);
  // A ratio of sums is of moderate size again.
  if (isa<top::DivOp>(op) && operands.noneIsPlain &&
      getComputed(op).size() == 2)
    return Range::Plain;
  if (!ops.contains(op))
    for (Value operand : getComputed(op))
      if (getRange(operand) == Range::Extreme)
        masks.insert(operand);
  return range;
}

bool PrecisionRules::isWholeProduct(Operation *op) const {
  auto isWhole = [&](Value operand) {
    if (!isConstant(operand))
      return getRange(operand) == Range::Exact;
    FailureOr<Buffer> constant = top::getConstant(operand);
    return succeeded(constant) && constant->isF32() &&
           llvm::all_of(constant->getF32(), [](float number) {
             return std::rint(number) == number;
           });
  };
  return isa<top::ConvOp, top::ConvTransposeOp, top::MatMulOp>(op) &&
         llvm::all_of(op->getOperands(), isWhole);
}

void PrecisionRules::widenFactor(Operation *op) {
  if (!isa<top::MulOp>(op) || getComputed(op).size() != 1 || !op->hasOneUse() ||
      !ops.contains(*op->user_begin()))
    return;
  ops.insert(op);
}

void PrecisionRules::visit(Operation *op) {
  if (op->getNumResults() != 1 || isConstant(op->getResult(0)))
    return;
  Value result = op->getResult(0);
  Operands operands;
  SmallVector<Value> computed = getComputed(op);
  for (Value operand : computed)
    operands.largest = std::max(operands.largest, getRange(operand));
  operands.noneIsPlain =
      !computed.empty() && llvm::none_of(computed, [&](Value operand) {
        return getRange(operand) == Range::Plain;
      });

  Range range = Range::Plain;
  if (isa<top::CompareOp>(op)) {
    ConstantFit fit = getConstantsFit(op, element);
    if (operands.largest != Range::Plain || fit.isTooLarge || fit.isTooSmall)
      ops.insert(op);
  } else if (!isF32(result)) {
    return;
  } else if (auto cast = dyn_cast<top::CastOp>(op)) {
    auto from = dyn_cast<IntegerType>(getElement(cast.getInput()));
    range = operands.joined();
    if (from && from.getWidth() > 1) {
      ops.insert(op);
      range = Range::Exact;
    }
  } else if (isF32ByKind(op)) {
    ops.insert(op);
    range = getRangeByKind(op, operands);
  } else if (isWholeProduct(op)) {
    ops.insert(op);
    range = Range::Exact;
  } else if (isa<top::MatMulOp>(op)) {
    if (sumTerms.contains(op) && operands.noneIsPlain) {
      ops.insert(op);
      range = operands.largest;
    }
  } else if (isArithmetic(op)) {
    range = visitArithmetic(op, operands);
  } else if (isMove(op)) {
    range = operands.joined();
  } else if (!isa<top::ConvOp, top::ConvTransposeOp>(op)) {
    if (operands.noneIsPlain)
      ops.insert(op);
    bool isModerate =
        isBounded(result) || getMagnitude(op) == Magnitude::Moderate;
    range = isModerate ? Range::Plain : operands.joined();
  }
  // Phases are exact as long as they are made of inputs.
  if (range == Range::Plain && phases.contains(result) &&
      inputsOnly.contains(result))
    range = Range::Exact;
  if (range == Range::Plain && coordinates.contains(result))
    range = Range::Wide;
  if (range != Range::Plain)
    ranges[result] = range;
}
