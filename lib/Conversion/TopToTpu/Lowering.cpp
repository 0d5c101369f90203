//===- Lowering.cpp - State of the lowering of a network ------------------===//
//
// Values, constants, casts and precision of ops. It knows no op's meaning.
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "ByteGain.h"
#include "Dialect/Top/Transforms/Calibration.h"
#include "Int8Gate.h"
#include "Weights.h"
#include "mlir/IR/DialectResourceBlobManager.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace tpuc;

/// Constants above this many bytes become resources, which are not hashed.
static constexpr size_t kInlineBytes = 1024;

int64_t tpuc::getProduct(ArrayRef<int64_t> sizes) {
  int64_t product = 1;
  for (int64_t size : sizes)
    product *= size;
  return product;
}

StringRef tpuc::getLocationName(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return name.getName();
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : llvm::reverse(fused.getLocations()))
      if (StringRef name = getLocationName(part); !name.empty())
        return name;
  return {};
}

std::optional<SmallVector<int64_t>> tpuc::getConstantInts(Value value) {
  FailureOr<Buffer> buffer = top::getConstant(value);
  if (failed(buffer) || buffer->isF32())
    return std::nullopt;
  return SmallVector<int64_t>(buffer->getInts());
}

SmallVector<int64_t> tpuc::getOrderWithLast(int64_t rank,
                                            ArrayRef<int64_t> last) {
  SmallVector<int64_t> order;
  for (int64_t axis = 0; axis < rank; ++axis)
    if (!llvm::is_contained(last, axis))
      order.push_back(axis);
  llvm::append_range(order, last);
  return order;
}

SmallVector<int64_t> tpuc::invertOrder(ArrayRef<int64_t> order) {
  SmallVector<int64_t> inverse(order.size());
  for (auto [index, axis] : llvm::enumerate(order))
    inverse[axis] = index;
  return inverse;
}

Lowering::Lowering(func::FuncOp function, Precision precision,
                   const QuantizeTable &table, const LoweringSet &set,
                   bool quantizesResults, bool shiftsZeros)
    : builder(function.getContext()), precision(precision),
      defaultElement(getElementType(precision, function.getContext())),
      table(table), set(set), quantizesResults(quantizesResults),
      shiftsZeros(shiftsZeros) {
  if (auto names =
          function->getAttrOfType<ArrayAttr>(top::kOwnRangesAttrName)) {
    ownRanges = true;
    for (auto name : names.getAsRange<StringAttr>())
      ownFloats.insert(name.getValue());
  }
  if (precision != Precision::F32)
    rules = PrecisionRules(function, defaultElement, set);
  if (precision == Precision::BF16) {
    stem = Stem(function, table);
    filtersInParts = FiltersInParts(function, table, stem);
  }
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

Value Lowering::get(Value value, Type element) {
  auto [entry, isNew] = conversions.try_emplace({value, element});
  if (!isNew)
    return entry->second;
  Value result;
  if (rules.saturates(value) && element == defaultElement) {
    result = getSaturated(value, element);
  } else if (auto weight = value.getDefiningOp<top::WeightOp>()) {
    auto type = cast<RankedTensorType>(value.getType()).clone(element);
    auto bytes = dyn_cast<quant::UniformQuantizedType>(element);
    llvm::Expected<ElementsAttr> elements =
        bytes ? quantizeElements(weight.getValue(), bytes)
              : convertElements(weight.getValue(), element);
    if (elements) {
      result = tpu::WeightOp::create(builder, weight.getLoc(), type, *elements);
    } else {
      failed = true;
      StringRef name = getLocationName(weight.getLoc());
      InFlightDiagnostic error = emitError(current->getLoc());
      error << "'" << current->getName().getStringRef() << "' op constant ";
      if (!name.empty())
        error << "'" << name << "' ";
      error << "cannot be converted: " << llvm::toString(elements.takeError())
            << (isa<IntegerType>(element)
                    ? "; use smaller numbers"
                    : "; give the op another precision in the quantize table");
      result = standIn(type);
    }
  } else {
    result = cast(lowered.lookup(value), element);
  }
  return conversions[{value, element}] = result;
}

/// The largest finite number of a type of floats.
static double getLargest(Type element) {
  return APFloat::getLargest(cast<FloatType>(element).getFloatSemantics())
      .convertToDouble();
}

Value Lowering::getSaturated(Value value, Type element) {
  double largest = getLargest(element);
  FailureOr<Buffer> buffer = top::getConstant(value);
  if (succeeded(buffer) && buffer->isF32()) {
    SmallVector<float> numbers(buffer->getF32());
    for (float &number : numbers)
      if (std::isfinite(number))
        number = std::clamp<float>(number, -largest, largest);
    return constant(numbers, getShape(value), element);
  }
  Value limited = lowered.lookup(value);
  if (getElement(limited).isF32())
    limited =
        emit<tpu::UnaryOp>(tpu::UnaryKind::Clip, limited, -largest, largest);
  return cast(limited, element);
}

Value Lowering::get(Value value) {
  return get(value, getNaturalElement(current, value));
}

Value Lowering::getOfRank(Value value, Type element, size_t rank) {
  Value operand = get(value, element);
  SmallVector<int64_t> shape(rank - getShape(operand).size(), 1);
  llvm::append_range(shape, getShape(operand));
  return reshape(operand, shape);
}

//===----------------------------------------------------------------------===//
// Precision
//===----------------------------------------------------------------------===//

Type Lowering::getFloatElement(Operation *op) {
  StringRef name = getLocationName(op->getLoc());
  if (auto it = table.find(name); it != table.end()) {
    usedNames.insert(name);
    return getElementType(it->second, op->getContext());
  }
  return rules.needsF32(op) || stem.contains(op) ? builder.getF32Type()
                                                 : defaultElement;
}

Lowering::ConvElements Lowering::getConvElements(top::ConvOp conv) {
  Type element = getFloatElement(conv);
  ConvElements elements = {element, element, element};
  if (stem.contains(conv) && !stem.keepsResult(conv))
    elements.result = defaultElement;
  else if (filtersInParts.contains(conv))
    elements.filter = builder.getF32Type();
  return elements;
}

Type Lowering::getNaturalElement(Operation *op, ValueRange values) {
  auto entry = table.find(getLocationName(op->getLoc()));
  if (entry != table.end() && entry->second != Precision::INT8 &&
      getElement(values.front()).isF32())
    return getFloatElement(op);
  if (rules.needsF32(op) && getElement(values.front()).isF32())
    return getFloatElement(op);
  Type element;
  bool agree = true, hasConstant = false;
  for (Value value : values) {
    if (value.getDefiningOp<top::WeightOp>()) {
      hasConstant = true;
      continue;
    }
    Type found = getElement(lowered.lookup(value));
    agree &= !element || element == found;
    element = found;
  }
  // The range of a computed value need not reach what constants hold.
  bool keepsBytes = set.isMove(op) && !hasConstant;
  if (element && agree && (keepsBytes || !tpu::isQuantized(element)))
    return element;
  Type type = getElement(values.front());
  if (isa<IntegerType>(type) && !type.isInteger(1))
    return builder.getI32Type();
  return getFloatElement(op);
}

//===----------------------------------------------------------------------===//
// INT8
//===----------------------------------------------------------------------===//

bool Lowering::isInt8(Operation *op) {
  StringRef name = getLocationName(op->getLoc());
  auto it = table.find(name);
  if (it == table.end()) {
    if (precision != Precision::INT8 || ownFloats.contains(name) ||
        rules.needsF32(op))
      return false;
    // Where a network has quantised types itself, that is what it was made for.
    if (ownRanges)
      return llvm::all_of(op->getOperands(), [&](Value operand) {
        return operand.getDefiningOp<top::WeightOp>() || findRange(operand);
      });
    auto [entry, isNew] = gains.try_emplace(op, true);
    if (isNew) {
      auto isBad = [&](Value value) { return isNotFinite(value); };
      gains[op] = llvm::none_of(op->getOperands(), isBad) &&
                  llvm::none_of(op->getResults(), isBad) &&
                  (isFasterInBytes(op) || !standsAlone(op));
    }
    return gains[op];
  }
  if (it->second == Precision::INT8)
    usedNames.insert(name);
  return it->second == Precision::INT8;
}

/// Whether a value has elements that are not finite: it was found to, or it has
/// no name and is moved from one that was.
bool Lowering::isNotFinite(Value value) const {
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
bool Lowering::standsAlone(Operation *op) {
  auto hasBytes = [&](Operation *other) {
    const LoweringSet::Entry *entry = set.find(other);
    return entry && entry->takesBytes(other) && !set.isMove(other);
  };
  Operation *producer = op->getOperand(0).getDefiningOp();
  while (producer && set.isMove(producer))
    producer = producer->getOperand(0).getDefiningOp();
  if (!producer || hasBytes(producer))
    return false;
  SmallVector<Operation *> users(op->getResult(0).getUsers());
  while (!users.empty()) {
    Operation *user = users.pop_back_val();
    if (hasBytes(user) ||
        (quantizesResults && user->hasTrait<OpTrait::IsTerminator>()))
      return false;
    if (set.isMove(user))
      llvm::append_range(users, user->getResult(0).getUsers());
  }
  return true;
}

bool Lowering::canUseBytes(Operation *op) {
  const LoweringSet::Entry *entry = set.find(op);
  return entry && entry->takesBytes(op) && isInt8(op);
}

bool Lowering::wantsBytes(Value value) {
  auto [entry, isNew] = wanted.try_emplace(value, false);
  if (!isNew)
    return entry->second;
  bool all = !value.use_empty() && getElement(value).isF32() &&
             !isNotFinite(value) && (!ownRanges || findRange(value));
  for (Operation *user : value.getUsers()) {
    if (quantizesResults && user->hasTrait<OpTrait::IsTerminator>()) {
      all &= precision == Precision::INT8 && top::getCalibratedType(value);
      continue;
    }
    all &=
        canUseBytes(user) && (set.find(user)->byteUse == ByteUse::Contracts ||
                              wantsBytes(user->getResult(0)));
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

std::optional<std::pair<double, double>> Lowering::findRange(Value value) {
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
  std::optional<std::pair<double, double>> range = findRange(op->getOperand(0));
  if (!range)
    return std::nullopt;
  double low = std::max(range->first, least);
  double high = std::min(range->second, most);
  return low < high ? std::make_pair(low, high) : *range;
}

FailureOr<std::pair<double, double>> Lowering::getRange(Value value) {
  if (std::optional<std::pair<double, double>> range = findRange(value))
    return *range;
  failed = true;
  StringRef opName = current->getName().getStringRef();
  if (isNotFinite(value))
    return emitError(value.getLoc())
           << "'" << opName << "' op cannot be lowered: '"
           << top::getTensorName(value)
           << "' has elements that are not finite, for which no bytes stand; "
           << "give the op F16 in the quantize table";
  Operation *op = value.getDefiningOp();
  while (op && (set.isMove(op) || isa<top::ReluOp, top::ClipOp>(op))) {
    value = op->getOperand(0);
    op = value.getDefiningOp();
  }
  StringRef name = top::getTensorName(value);
  return emitError(value.getLoc())
         << "'" << opName
         << "' op cannot be lowered: the calibration table has no entry for '"
         << name << "'; calibrate again, or give the ops that read it F16 in "
         << "the quantize table";
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

double Lowering::getLargestJoined(Value value) {
  if (auto it = largestJoined.find(value); it != largestJoined.end())
    return it->second;
  double largest = getMagnitude(findRange(value));
  for (Operation *user : value.getUsers())
    if (user->getNumResults() == 1 && canUseBytes(user) &&
        wantsBytes(user->getResult(0)) &&
        llvm::is_contained(getMoved(user, set.isMove(user)), value))
      largest = std::max(largest, getLargestJoined(user->getResult(0)));
  return largestJoined[value] = largest;
}

bool Lowering::joinsWell(Value operand, Value result) {
  if (operand.hasOneUse() || !isa<top::ConcatOp>(result.getDefiningOp()))
    return true;
  return 2 * getMagnitude(findRange(operand)) >= getLargestJoined(result);
}

llvm::SetVector<Value> Lowering::getJoined(Value value) {
  llvm::SetVector<Value> joined;
  joined.insert(value);
  auto visit = [&](Operation *op, Value from) {
    if (!op || op->getNumResults() != 1 || !canUseBytes(op) ||
        !wantsBytes(op->getResult(0)))
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
/// is 0 unless `shiftsZero`, for a range that has 0 in it.
static quant::UniformQuantizedType makeByteType(MLIRContext *context,
                                                std::pair<double, double> range,
                                                bool isSigned,
                                                bool shiftsZero) {
  auto [low, high] = range;
  constexpr int64_t kLeast = -128, kMost = 127, kSteps = kMost - kLeast;
  double scale = !isSigned    ? high / kSteps
                 : shiftsZero ? (high - low) / kSteps
                              : std::max(-low, high) / kMost;
  // Types keep scales in the range of f32.
  scale = std::clamp(scale, 1e-30, 1e30);
  int64_t zero = 0;
  if (shiftsZero)
    zero =
        std::clamp<int64_t>(kLeast + std::llround(-low / scale), kLeast, kMost);
  return quant::UniformQuantizedType::get(
      isSigned ? quant::QuantizationFlags::Signed : 0,
      IntegerType::get(context, 8), Float32Type::get(context), scale, zero,
      isSigned ? kLeast : 0, isSigned ? kMost : kSteps);
}

/// Whether the ops that read `value` have a form for a zero other than 0. A
/// convolution and a product of matrices take it out of their sums by the
/// summands of their channels, which costs nothing; a sum takes a command more.
/// INT8 products and padding along depth have none.
static bool canShiftZero(Value value, Lowering &lowering,
                         const LoweringSet &set) {
  return llvm::all_of(value.getUsers(), [&](Operation *user) {
    if (!lowering.canUseBytes(user) || set.isMove(user))
      return true;
    auto conv = dyn_cast<top::ConvOp>(user);
    return isa<top::MatMulOp, top::AddOp, top::SubOp, top::ConcatOp>(user) ||
           (conv && conv.getStrides().size() <= 2);
  });
}

FailureOr<quant::UniformQuantizedType> Lowering::getByteType(Value value) {
  if (auto it = byteTypes.find(value); it != byteTypes.end())
    return it->second;
  if (value.hasOneUse()) {
    Operation *user = *value.getUsers().begin();
    bool decides = isa<top::ReluOp, top::ClipOp>(user);
    if (decides && isInt8(user) && wantsBytes(user->getResult(0))) {
      FailureOr<quant::UniformQuantizedType> type =
          getByteType(user->getResult(0));
      if (succeeded(type))
        byteTypes[value] = *type;
      return type;
    }
  }
  llvm::SetVector<Value> joined = getJoined(value);
  std::pair<double, double> range = {INFINITY, -INFINITY};
  tpu::GateKind gate = tpu::GateKind::None;
  for (Value member : joined) {
    FailureOr<std::pair<double, double>> part = getRange(member);
    if (mlir::failed(part))
      return failure();
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
  bool shiftsZero = shiftsZeros && isSigned && !hasGate &&
                    std::abs(low + high) > leastWaste * (high - low) &&
                    llvm::all_of(joined, [&](Value member) {
                      return canShiftZero(member, *this, set);
                    });
  quant::UniformQuantizedType type =
      makeByteType(builder.getContext(), range, isSigned, shiftsZero);
  if (hasGate)
    type = quant::UniformQuantizedType::get(
        type.getFlags(), type.getStorageType(), type.getExpressedType(),
        kernel::ByteGate::scaleFor(getGateFunction(gate), type.getScale()),
        /*zeroPoint=*/0, type.getStorageTypeMin(), type.getStorageTypeMax());
  for (Value member : joined)
    byteTypes[member] = type;
  return type;
}

bool Lowering::isBytes(Value value) const {
  Value by = lowered.lookup(value);
  return by && tpu::isQuantized(getElement(by));
}

FailureOr<Value> Lowering::getBytes(Value value) {
  if (isBytes(value))
    return lowered.lookup(value);
  FailureOr<quant::UniformQuantizedType> type = getByteType(value);
  if (mlir::failed(type))
    return failure();
  return get(value, *type);
}

FailureOr<Type> Lowering::getContractionElement(Operation *op, Value result) {
  if (wantsBytes(result)) {
    FailureOr<quant::UniformQuantizedType> type = getByteType(result);
    if (mlir::failed(type))
      return failure();
    return Type(*type);
  }
  bool leaves = llvm::all_of(result.getUsers(), [](Operation *user) {
    return user->hasTrait<OpTrait::IsTerminator>();
  });
  return leaves && !quantizesResults ? Type(builder.getF32Type())
                                     : getFloatElement(op);
}

FailureOr<Type> Lowering::getArgumentElement(Value argument) {
  if (llvm::any_of(argument.getUsers(),
                   [&](Operation *user) { return rules.needsF32(user); }))
    return Type(builder.getF32Type());
  if (!wantsBytes(argument))
    return Type(defaultElement);
  FailureOr<quant::UniformQuantizedType> type = getByteType(argument);
  if (mlir::failed(type))
    return failure();
  return Type(*type);
}

Type Lowering::getPortElement(Value value) {
  Value by = lowered.lookup(value);
  return by ? getElement(by) : Type(defaultElement);
}

Value Lowering::getFilter(Value value, int64_t axis, ArrayRef<int64_t> shape) {
  auto weight = value.getDefiningOp<top::WeightOp>();
  if (!weight)
    return nullptr;
  std::optional<QuantizedElements> quantized =
      quantizeElements(weight.getValue(), axis);
  if (!quantized)
    return nullptr;
  auto type = quant::UniformQuantizedPerAxisType::get(
      quant::QuantizationFlags::Signed, builder.getI8Type(),
      builder.getF32Type(), quantized->scales,
      SmallVector<int64_t>(quantized->scales.size(), 0), axis, -128, 127);
  auto stored = RankedTensorType::get(shape, builder.getI8Type());
  auto elements = DenseResourceElementsAttr::get(
      stored, quantized->elements.getRawHandle());
  return tpu::WeightOp::create(builder, weight.getLoc(),
                               RankedTensorType::get(shape, type), elements);
}

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

Location Lowering::getStepLoc(StringRef opName) {
  StringRef name = getLocationName(current->getLoc());
  if (name.empty())
    return current->getLoc();
  return NameLoc::get(
      builder.getStringAttr(name + ":" + opName.split('.').second));
}

Value Lowering::reshape(Value value, ArrayRef<int64_t> shape) {
  if (getShape(value) == shape)
    return value;
  return emit<tpu::ReshapeOp>(value, shape);
}

Value Lowering::permute(Value value, ArrayRef<int64_t> order) {
  if (llvm::is_sorted(order))
    return value;
  return emit<tpu::PermuteOp>(value, order);
}

Value Lowering::broadcast(Value value, ArrayRef<int64_t> shape) {
  if (getShape(value) == shape)
    return value;
  return emit<tpu::BroadcastOp>(value, shape);
}

Value Lowering::cast(Value value, Type element) {
  if (getElement(value) == element)
    return value;
  return emit<tpu::CastOp>(value, element);
}

Value Lowering::gather(Value value, ArrayRef<int64_t> list, int64_t axis) {
  return emit<tpu::GatherOp>(value, indices(list, int64_t(list.size())), axis);
}

Value Lowering::constant(ArrayRef<float> values, ArrayRef<int64_t> shape,
                         Type element) {
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  ElementsAttr attr;
  if (values.size() * sizeof(float) <= kInlineBytes)
    attr = DenseElementsAttr::get(type, values);
  else
    attr = DenseResourceElementsAttr::get(
        type, "constant",
        HeapAsmResourceBlob::allocateAndCopyInferAlign(values));
  llvm::Expected<ElementsAttr> elements = convertElements(attr, element);
  if (!elements) {
    (void)fail(current, llvm::toString(elements.takeError()) +
                            "; give the op another precision in the quantize "
                            "table");
    return standIn(type.clone(element));
  }
  return emit<tpu::WeightOp>(*elements);
}

Value Lowering::indices(ArrayRef<int64_t> values, ArrayRef<int64_t> shape) {
  SmallVector<int32_t> narrow(values.begin(), values.end());
  auto type = RankedTensorType::get(shape, builder.getI32Type());
  return emit<tpu::WeightOp>(
      DenseElementsAttr::get(type, ArrayRef<int32_t>(narrow)));
}

void Lowering::replace(Value value, Value by) {
  // An op from before this lowering keeps its own name.
  Operation *op = by.getDefiningOp();
  if (op && getLocationName(op->getLoc())
                .starts_with((getLocationName(current->getLoc()) + ":").str()))
    op->setLoc(current->getLoc());
  lowered[value] = by;
}

//===----------------------------------------------------------------------===//
// Errors and driver
//===----------------------------------------------------------------------===//

LogicalResult Lowering::fail(Operation *op, const Twine &message) {
  failed = true;
  return op->emitOpError("cannot be lowered: ") << message;
}

Value Lowering::standIn(Type type) {
  return UnrealizedConversionCastOp::create(builder, current->getLoc(), type,
                                            ValueRange())
      .getResult(0);
}

void Lowering::begin(Operation *op) {
  current = op;
  builder.setInsertionPoint(op);
}

void Lowering::abandon(Operation *op) {
  failed = true;
  for (Value result : op->getResults()) {
    auto type = mlir::cast<RankedTensorType>(result.getType());
    bool isInt = type.getElementType().isInteger(64) ||
                 type.getElementType().isInteger(32);
    lowered[result] = standIn(
        type.clone(isInt ? Type(builder.getI32Type()) : Type(defaultElement)));
  }
}
