//===- NormFormulas.cpp - Formulas of normalisations ----------------------===//
//
// Reads a formula from its result to its operands. Sums are means times the
// number of their terms, and every constant factor is moved outwards, so that
// one reader does for all spellings.
//
//===----------------------------------------------------------------------===//

#include "NormFormulas.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

/// How far products of constants with rounded factors may be off.
static constexpr double kRounding = 1e-5;

static bool isClose(double a, double b) {
  return std::abs(a - b) <= kRounding * std::abs(b);
}

/// `value` before axes of size 1 were put in or taken out.
static Value dropUnitAxes(Value value) {
  auto sizes = [](Value of) {
    return llvm::to_vector(llvm::make_filter_range(
        shapeOf(of), [](int64_t size) { return size != 1; }));
  };
  while (auto view = value.getDefiningOp<ReshapeOp>()) {
    if (sizes(view.getInput()) != sizes(value))
      break;
    value = view.getInput();
  }
  return value;
}

/// `value` without its factors that are one positive number, which `factor` is
/// multiplied by, and before axes of size 1 were put in.
static Value dropFactors(Value value, double &factor) {
  value = dropUnitAxes(value);
  while (auto product = value.getDefiningOp<MulOp>()) {
    std::optional<double> number = getSplat(product.getRhs());
    Value rest = product.getLhs();
    if (!number) {
      number = getSplat(product.getLhs());
      rest = product.getRhs();
    }
    if (!number || *number <= 0 || rest.getType() != product.getType())
      break;
    factor *= *number;
    value = dropUnitAxes(rest);
  }
  return value;
}

/// The reduction behind `value`, whose axes are anywhere or gone.
static ReduceOp matchReduce(Value value) {
  auto reduce = dropUnitAxes(value).getDefiningOp<ReduceOp>();
  return reduce && isF32(value) ? reduce : ReduceOp();
}

/// Whether `value` has the axes of the mean that it is computed from in their
/// places, with size 1.
static bool keepsAxes(Value value, const Mean &mean) {
  SmallVector<int64_t> kept(shapeOf(mean.of));
  for (int64_t axis : mean.axes)
    kept[axis] = 1;
  return shapeOf(value) == ArrayRef(kept);
}

/// What `reduce` combines, as a mean of the same.
static Mean asMean(ReduceOp reduce) {
  Mean mean{reduce.getInput(), SmallVector<int64_t>(reduce.getAxes())};
  llvm::sort(mean.axes);
  ArrayRef<int64_t> shape = shapeOf(reduce.getInput());
  if (mean.axes.empty())
    llvm::append_range(mean.axes, llvm::seq<int64_t>(0, shape.size()));
  if (reduce.getKind() != ReduceKind::Mean)
    for (int64_t axis : mean.axes)
      mean.factor *= double(shape[axis]);
  return mean;
}

/// `value` as a mean, whose axes are anywhere or gone.
static std::optional<Mean> matchAnyMean(Value value) {
  double factor = 1;
  ReduceOp reduce = matchReduce(dropFactors(value, factor));
  if (!reduce || (reduce.getKind() != ReduceKind::Mean &&
                  reduce.getKind() != ReduceKind::Sum))
    return std::nullopt;
  Mean mean = asMean(reduce);
  mean.factor *= factor;
  return mean;
}

std::optional<Mean> top::matchMean(Value value) {
  std::optional<Mean> mean = matchAnyMean(value);
  return mean && keepsAxes(value, *mean) ? mean : std::nullopt;
}

/// x when `value` is x * x.
static Value matchSquare(Value value) {
  if (auto mul = value.getDefiningOp<MulOp>())
    return mul.getLhs() == mul.getRhs() ? mul.getLhs() : Value();
  if (auto pow = value.getDefiningOp<PowOp>())
    return isSplat(pow.getRhs(), 2) ? pow.getLhs() : Value();
  return {};
}

/// `value` as a mean of y * y, of y.
static std::optional<Mean> matchMeanSquare(Value value) {
  double factor = 1;
  Value inner = dropFactors(value, factor);
  // A norm that is squared again.
  Value root = matchSquare(inner);
  ReduceOp reduce = matchReduce(root ? root : inner);
  if (reduce &&
      reduce.getKind() == (root ? ReduceKind::L2 : ReduceKind::SumSquare)) {
    Mean mean = asMean(reduce);
    mean.factor *= factor;
    return mean;
  }
  std::optional<Mean> mean = matchAnyMean(value);
  Value of = mean ? matchSquare(mean->of) : Value();
  if (!of)
    return std::nullopt;
  mean->of = of;
  return mean;
}

std::optional<Mean> top::matchCentred(Value value) {
  Value x, subtrahend;
  if (auto difference = value.getDefiningOp<SubOp>()) {
    x = difference.getLhs();
    subtrahend = difference.getRhs();
  } else if (auto sum = value.getDefiningOp<AddOp>()) {
    for (unsigned i : {0u, 1u})
      if (auto negated = sum->getOperand(i).getDefiningOp<NegOp>()) {
        x = sum->getOperand(1 - i);
        subtrahend = negated.getInput();
      }
  }
  std::optional<Mean> mean = subtrahend ? matchMean(subtrahend) : std::nullopt;
  if (!mean || mean->of != x || !isClose(mean->factor, 1))
    return std::nullopt;
  return mean;
}

/// `value` as the variance of x, written as the difference of two moments.
static std::optional<Mean> matchVarianceOfMoments(Value value) {
  double factor = 1;
  value = dropFactors(value, factor);
  // Rounding may make the difference negative, which some exporters clip.
  if (auto clip = value.getDefiningOp<ClipOp>())
    value = clip.getMin().isZero() && clip.getMax().isInfinity()
                ? clip.getInput()
                : value;
  else if (auto relu = value.getDefiningOp<ReluOp>())
    value = relu.getInput();
  auto difference = dropUnitAxes(value).getDefiningOp<SubOp>();
  if (!difference)
    return std::nullopt;
  std::optional<Mean> square = matchMeanSquare(difference.getLhs());
  double meanFactor = 1;
  Value meanSquare = dropFactors(difference.getRhs(), meanFactor);
  Value root = matchSquare(meanSquare);
  std::optional<Mean> mean = root ? matchAnyMean(root) : std::nullopt;
  if (!square || !mean || mean->of != square->of ||
      mean->axes != square->axes ||
      !isClose(meanFactor * mean->factor * mean->factor, square->factor))
    return std::nullopt;
  square->factor *= factor;
  return square;
}

/// Drops a constant summand >= 0, which `epsilon` is set to.
static Value dropEpsilon(Value value, double &epsilon) {
  epsilon = 0;
  auto sum = value.getDefiningOp<AddOp>();
  if (!sum)
    return value;
  std::optional<double> constant = getSplat(sum.getRhs());
  if (!constant || *constant < 0 || sum.getType() != sum.getLhs().getType())
    return {};
  epsilon = *constant;
  return sum.getLhs();
}

/// The deviation whose square is `radicand`.
static std::optional<InverseDeviation> matchRadicand(Value radicand) {
  InverseDeviation deviation;
  Value spread = dropEpsilon(radicand, deviation.epsilon);
  if (!spread)
    return std::nullopt;
  if (std::optional<Mean> square = matchMeanSquare(spread)) {
    deviation.spread = *square;
    std::optional<Mean> centred = matchCentred(square->of);
    if (centred && centred->axes == square->axes) {
      deviation.spread.of = centred->of;
      deviation.isCentred = true;
    }
    return deviation;
  }
  std::optional<Mean> variance = matchVarianceOfMoments(spread);
  if (!variance)
    return std::nullopt;
  deviation.spread = *variance;
  deviation.isCentred = true;
  return deviation;
}

/// Multiplies the deviation by a number > 0.
static std::optional<InverseDeviation>
scaled(std::optional<InverseDeviation> deviation, double factor) {
  if (deviation) {
    deviation->spread.factor *= factor * factor;
    deviation->epsilon *= factor * factor;
  }
  return deviation;
}

/// matchDeviation() of a value whose axes are anywhere or gone.
static std::optional<InverseDeviation> matchAnyDeviation(Value value) {
  double factor = 1;
  value = dropFactors(value, factor);
  if (auto root = value.getDefiningOp<SqrtOp>())
    return scaled(matchRadicand(root.getInput()), factor);
  if (auto pow = value.getDefiningOp<PowOp>())
    return isSplat(pow.getRhs(), 0.5)
               ? scaled(matchRadicand(pow.getLhs()), factor)
               : std::nullopt;
  ReduceOp norm = matchReduce(value);
  if (!norm || norm.getKind() != ReduceKind::L2)
    return std::nullopt;
  InverseDeviation deviation{asMean(norm)};
  if (std::optional<Mean> centred = matchCentred(deviation.spread.of);
      centred && centred->axes == deviation.spread.axes) {
    deviation.spread.of = centred->of;
    deviation.isCentred = true;
  }
  return scaled(deviation, factor);
}

/// matchInverseDeviation() of such a value.
static std::optional<InverseDeviation> matchAnyInverse(Value value) {
  double factor = 1;
  value = dropFactors(value, factor);
  Operation *op = value.getDefiningOp();
  if (auto root = dyn_cast_if_present<RsqrtOp>(op))
    return scaled(matchRadicand(root.getInput()), 1 / factor);
  if (auto pow = dyn_cast_if_present<PowOp>(op))
    return isSplat(pow.getRhs(), -0.5)
               ? scaled(matchRadicand(pow.getLhs()), 1 / factor)
               : std::nullopt;
  if (auto reciprocal = dyn_cast_if_present<ReciprocalOp>(op))
    return scaled(matchAnyDeviation(reciprocal.getInput()), 1 / factor);
  auto quotient = dyn_cast_if_present<DivOp>(op);
  std::optional<double> number =
      quotient ? getSplat(quotient.getLhs()) : std::nullopt;
  if (!number || *number <= 0)
    return std::nullopt;
  return scaled(matchAnyDeviation(quotient.getRhs()), 1 / (factor * *number));
}

std::optional<InverseDeviation> top::matchDeviation(Value value) {
  std::optional<InverseDeviation> found = matchAnyDeviation(value);
  return found && keepsAxes(value, found->spread) ? found : std::nullopt;
}

std::optional<InverseDeviation> top::matchInverseDeviation(Value value) {
  std::optional<InverseDeviation> found = matchAnyInverse(value);
  return found && keepsAxes(value, found->spread) ? found : std::nullopt;
}
