//===- PrecisionAnalysis.cpp - The precision of every op ------------------===//
//
// Chooses what computes in INT8 and makes scales and zero points of ranges. Of
// a network's operators it knows which move or limit values, no more.
//
//===----------------------------------------------------------------------===//

#include "PrecisionAnalysis.h"
#include "Dialect/Top/Transforms/Calibration.h"
#include "Int8Gate.h"
#include "Int8Profitability.h"
#include "Lowering.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace tpuc;

PrecisionAnalysis::PrecisionAnalysis(const Arch &arch, func::FuncOp function,
                                     const PrecisionOptions &options,
                                     const LoweringSet &set)
    : arch(arch), options(options), set(set),
      defaultElement(getElementType(options.precision, function.getContext())) {
  if (auto names =
          function->getAttrOfType<ArrayAttr>(top::kOwnRangesAttrName)) {
    ownRanges = true;
    for (auto name : names.getAsRange<StringAttr>())
      ownFloats.insert(name.getValue());
  }
  if (options.precision != Precision::F32)
    rules = PrecisionRules(function, defaultElement, set);
  if (options.precision == Precision::BF16) {
    stem = MixedPrecisionStem(function, options.table);
    filtersInParts = FiltersInParts(function, options.table, stem);
  }
}

std::optional<Precision> PrecisionAnalysis::findInTable(Operation *op) const {
  auto it = options.table.find(getLocationName(op->getLoc()));
  return it == options.table.end() ? std::nullopt : std::optional(it->second);
}

Type PrecisionAnalysis::getGivenElement(Operation *op) const {
  if (std::optional<Precision> given = findInTable(op)) {
    // A movement in INT8 keeps the type of what it moves.
    bool keeps = *given == Precision::INT8 && set.isMove(op);
    return keeps ? Type() : getElementType(*given, op->getContext());
  }
  bool isF32 = rules.needsF32(op) || stem.contains(op);
  return isF32 ? Float32Type::get(op->getContext()) : Type();
}

Type PrecisionAnalysis::getResultElement(top::ConvOp conv) const {
  if (!stem.contains(conv) || stem.keepsResult(conv))
    return nullptr;
  return defaultElement;
}

Type PrecisionAnalysis::getFilterElement(top::ConvOp conv) const {
  return filtersInParts.contains(conv) ? Float32Type::get(conv.getContext())
                                       : Type();
}

Type PrecisionAnalysis::getArgumentElement(BlockArgument argument) {
  if (llvm::any_of(argument.getUsers(),
                   [&](Operation *user) { return rules.needsF32(user); }))
    return Float32Type::get(argument.getContext());
  if (!prefersInt8(argument))
    return defaultElement;
  return getQuantType(argument);
}

/// Whether a value is one result of several, or moved from one: those have no
/// ranges.
static bool isOneOfSeveral(Value value, const LoweringSet &set) {
  Operation *op = value.getDefiningOp();
  while (op && op->getNumResults() == 1 && set.isMove(op) &&
         !top::getCalibratedType(value)) {
    value = op->getOperand(0);
    op = value.getDefiningOp();
  }
  return op && op->getNumResults() > 1;
}

bool PrecisionAnalysis::isInt8(Operation *op) {
  if (std::optional<Precision> given = findInTable(op))
    return *given == Precision::INT8;
  if (options.precision != Precision::INT8 || rules.needsF32(op) ||
      ownFloats.contains(getLocationName(op->getLoc())))
    return false;
  // Where a network has quantised types itself, that is what it was made for.
  if (ownRanges)
    return llvm::all_of(op->getOperands(), [&](Value operand) {
      return operand.getDefiningOp<top::WeightOp>() || findRange(operand, set);
    });
  auto [entry, isNew] = gains.try_emplace(op, true);
  if (isNew) {
    auto isBad = [&](Value value) {
      return isNotFinite(value, set) || isOneOfSeveral(value, set);
    };
    gains[op] = llvm::none_of(op->getOperands(), isBad) &&
                llvm::none_of(op->getResults(), isBad) &&
                (isInt8Profitable(arch, op) || !standsAlone(op));
  }
  return gains[op];
}

/// Whether a value has elements that are not finite: it was found to, or it has
/// no name and is moved from one that was.
bool tpuc::isNotFinite(Value value, const LoweringSet &set) {
  Operation *op = value.getDefiningOp();
  while (!top::isNotFinite(value)) {
    if (!op || top::getCalibratedType(value) || !set.isMove(op))
      return false;
    value = op->getOperand(0);
    op = value.getDefiningOp();
  }
  return true;
}

/// Whether neither what makes the operand of `op` nor what reads its result has
/// an INT8 form, so that both would be cast.
bool PrecisionAnalysis::standsAlone(Operation *op) {
  auto usesInt8 = [&](Operation *other) {
    const LoweringSet::Entry *entry = set.find(other);
    return entry && entry->supportsInt8(other) && !set.isMove(other);
  };
  Operation *producer = op->getOperand(0).getDefiningOp();
  while (producer && set.isMove(producer))
    producer = producer->getOperand(0).getDefiningOp();
  if (!producer || usesInt8(producer))
    return false;
  SmallVector<Operation *> users(op->getResult(0).getUsers());
  while (!users.empty()) {
    Operation *user = users.pop_back_val();
    if (usesInt8(user) ||
        (options.quantizesResults && user->hasTrait<OpTrait::IsTerminator>()))
      return false;
    if (set.isMove(user))
      llvm::append_range(users, user->getResult(0).getUsers());
  }
  return true;
}

bool PrecisionAnalysis::canUseInt8(Operation *op) {
  const LoweringSet::Entry *entry = set.find(op);
  return entry && entry->supportsInt8(op) && isInt8(op);
}

bool PrecisionAnalysis::prefersInt8(Value value) {
  auto [entry, isNew] = wanted.try_emplace(value, false);
  if (!isNew)
    return entry->second;
  bool all = !value.use_empty() && getElement(value).isF32() &&
             !isNotFinite(value, set) && (!ownRanges || findRange(value, set));
  for (Operation *user : value.getUsers()) {
    if (options.quantizesResults && user->hasTrait<OpTrait::IsTerminator>()) {
      all &=
          options.precision == Precision::INT8 && top::getCalibratedType(value);
      continue;
    }
    all &= canUseInt8(user) && (set.find(user)->int8Use == Int8Use::Contracts ||
                                prefersInt8(user->getResult(0)));
    if (!all)
      break;
  }
  return wanted[value] = all;
}

/// The interval to which an op limits its result.
static std::pair<double, double> getLimits(Operation *op) {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  if (isa_and_nonnull<top::ReluOp>(op))
    return {0, kNone};
  if (auto clip = dyn_cast_if_present<top::ClipOp>(op))
    return {clip.getMin().convertToDouble(), clip.getMax().convertToDouble()};
  auto conv = dyn_cast_if_present<top::ConvOp>(op);
  if (conv && conv.getDoRelu()) {
    double limit = conv.getReluLimit().convertToDouble();
    return {0, limit < 0 ? kNone : limit};
  }
  return {-kNone, kNone};
}

std::optional<std::pair<double, double>>
tpuc::findRange(Value value, const LoweringSet &set) {
  Operation *op = value.getDefiningOp();
  auto [least, most] = getLimits(op);
  if (quant::CalibratedQuantizedType type = top::getCalibratedType(value)) {
    double low = std::max(type.getMin(), least);
    double high = std::min(type.getMax(), most);
    if (low < high)
      return std::make_pair(low, high);
  }
  // What only moves or limits elements has the range of its operand.
  bool keepsRange = op && (set.isMove(op) || isa<top::ReluOp, top::ClipOp>(op));
  if (!keepsRange)
    return std::nullopt;
  std::optional<std::pair<double, double>> range =
      findRange(op->getOperand(0), set);
  if (!range)
    return std::nullopt;
  double low = std::max(range->first, least);
  double high = std::min(range->second, most);
  return low < high ? std::make_pair(low, high) : *range;
}

/// The operands that an op only moves or joins to its result, if it does.
static ValueRange getMoved(Operation *op, bool isMove) {
  if (isa<top::ConcatOp>(op))
    return op->getOperands();
  return isMove ? ValueRange(op->getOperands().take_front()) : ValueRange();
}

/// The largest magnitude of a range, 0 when it is unknown.
static double getMagnitude(std::optional<std::pair<double, double>> range) {
  return range ? std::max(-range->first, range->second) : 0.0;
}

double PrecisionAnalysis::getLargestJoined(Value value) {
  if (auto it = largestJoined.find(value); it != largestJoined.end())
    return it->second;
  double largest = getMagnitude(findRange(value, set));
  for (Operation *user : value.getUsers())
    if (user->getNumResults() == 1 && canUseInt8(user) &&
        prefersInt8(user->getResult(0)) &&
        llvm::is_contained(getMoved(user, set.isMove(user)), value))
      largest = std::max(largest, getLargestJoined(user->getResult(0)));
  return largestJoined[value] = largest;
}

bool PrecisionAnalysis::joinsWell(Value operand, Value result) {
  if (operand.hasOneUse() || !isa<top::ConcatOp>(result.getDefiningOp()))
    return true;
  return 2 * getMagnitude(findRange(operand, set)) >= getLargestJoined(result);
}

llvm::SetVector<Value> PrecisionAnalysis::getJoined(Value value) {
  llvm::SetVector<Value> joined;
  joined.insert(value);
  auto visit = [&](Operation *op, Value from) {
    if (!op || op->getNumResults() != 1 || !canUseInt8(op) ||
        !prefersInt8(op->getResult(0)))
      return;
    ValueRange moved = getMoved(op, set.isMove(op));
    if (!llvm::is_contained(moved, from) && from != op->getResult(0))
      return;
    if (moved.empty())
      return;
    Value result = op->getResult(0);
    if (from != result && !joinsWell(from, result))
      return;
    joined.insert(result);
    for (Value operand : moved)
      if (!operand.getDefiningOp<top::WeightOp>() && joinsWell(operand, result))
        joined.insert(operand);
  };
  for (size_t i = 0; i < joined.size(); ++i) {
    Value member = joined[i];
    visit(member.getDefiningOp(), member);
    for (Operation *user : member.getUsers())
      visit(user, member);
  }
  return joined;
}

/// The type of a range. Unsigned ones begin at 0; the zero point of signed ones
/// is 0 unless `isAsymmetric`, for a range that has 0 in it.
static quant::UniformQuantizedType
makeQuantType(MLIRContext *context, std::pair<double, double> range,
              bool isSigned, bool isAsymmetric) {
  auto [low, high] = range;
  constexpr int64_t kLeast = -128, kMost = 127, kSteps = kMost - kLeast;
  double scale = !isSigned      ? high / kSteps
                 : isAsymmetric ? (high - low) / kSteps
                                : std::max(-low, high) / kMost;
  // Types keep scales in the range of f32.
  scale = std::clamp(scale, 1e-30, 1e30);
  int64_t zero = 0;
  if (isAsymmetric)
    zero =
        std::clamp<int64_t>(kLeast + std::llround(-low / scale), kLeast, kMost);
  return quant::UniformQuantizedType::get(
      isSigned ? quant::QuantizationFlags::Signed : 0,
      IntegerType::get(context, 8), Float32Type::get(context), scale, zero,
      isSigned ? kLeast : 0, isSigned ? kMost : kSteps);
}

/// Whether the ops that read `value` have a form for a zero other than 0.
static bool canShiftZeroPoint(Value value, PrecisionAnalysis &analysis,
                              const LoweringSet &set) {
  return llvm::all_of(value.getUsers(), [&](Operation *user) {
    if (!analysis.canUseInt8(user) || set.isMove(user))
      return true;
    const LoweringSet::Entry *entry = set.find(user);
    return entry->takesZeroPoint && entry->takesZeroPoint(user);
  });
}

quant::UniformQuantizedType PrecisionAnalysis::getQuantType(Value value) {
  if (auto it = quantTypes.find(value); it != quantTypes.end())
    return it->second;
  if (value.hasOneUse()) {
    Operation *user = *value.getUsers().begin();
    bool decides = isa<top::ReluOp, top::ClipOp>(user);
    if (decides && isInt8(user) && prefersInt8(user->getResult(0)))
      return quantTypes[value] = getQuantType(user->getResult(0));
  }
  llvm::SetVector<Value> joined = getJoined(value);
  std::pair<double, double> range = {INFINITY, -INFINITY};
  tpu::GateKind gate = tpu::GateKind::None;
  for (Value member : joined) {
    std::optional<std::pair<double, double>> part = findRange(member, set);
    if (!part)
      return quantTypes[value] = {};
    range = {std::min(range.first, part->first),
             std::max(range.second, part->second)};
    if (gate == tpu::GateKind::None)
      gate = getGate(member);
  }
  if (range.first < 0)
    range.second = std::max(range.second, 0.0);
  auto [low, high] = range;
  bool hasGate = gate != tpu::GateKind::None, isSigned = low < 0 || hasGate;
  // The part by which integers reach beyond the range when the zero point is 0:
  // with less to gain, one more command or another form is not worth it. An
  // input is often made from uint8, 255 steps from its least to its largest
  // number: with a zero among them they are kept as they are.
  bool isInput = llvm::any_of(
      joined, [](Value member) { return isa<BlockArgument>(member); });
  double leastWaste = isInput ? 0 : 0.25;
  bool isAsymmetric = options.asymmetric && isSigned && !hasGate &&
                      std::abs(low + high) > leastWaste * (high - low) &&
                      llvm::all_of(joined, [&](Value member) {
                        return canShiftZeroPoint(member, *this, set);
                      });
  quant::UniformQuantizedType type =
      makeQuantType(value.getContext(), range, isSigned, isAsymmetric);
  if (hasGate)
    type = quant::UniformQuantizedType::get(
        type.getFlags(), type.getStorageType(), type.getExpressedType(),
        kernel::GatedActivation::scaleFor(getGateFunction(gate),
                                          type.getScale()),
        /*zeroPoint=*/0, type.getStorageTypeMin(), type.getStorageTypeMax());
  for (Value member : joined)
    quantTypes[member] = type;
  return type;
}
