//===- Lowering.cpp - State of the lowering of a network ------------------===//
//
// Values, constants, casts and precision of ops. It knows no op's meaning.
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "Dialect/Top/Transforms/Calibration.h"
#include "PrecisionAttributes.h"
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

Lowering::Lowering(const Arch &arch, func::FuncOp function,
                   const LoweringSet &set)
    : arch(arch), types(function.getContext()),
      defaultElement(cast<FloatType>(
          function->getAttrOfType<TypeAttr>(kElementAttrName).getValue())),
      set(set), quantizesResults(function->hasAttr(kQuantizesResultsAttrName)) {
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

Value Lowering::getLowered(Value value) const {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return arguments.lookup(argument);
  Value by = rewriter->getRemappedValue(value);
  return by == value ? Value() : by;
}

Value Lowering::get(Value value, Type element) {
  auto [entry, isNew] = conversions.try_emplace({value, element});
  if (!isNew)
    return entry->second;
  Value result;
  if (top::getValueAttr(value, kSaturatesAttrName) &&
      element == defaultElement) {
    result = getSaturated(value, element);
  } else if (auto weight = value.getDefiningOp<top::WeightOp>()) {
    auto type = cast<RankedTensorType>(value.getType()).clone(element);
    auto bytes = dyn_cast<quant::UniformQuantizedType>(element);
    llvm::Expected<ElementsAttr> elements =
        bytes ? quantizeElements(weight.getValue(), bytes)
              : convertElements(weight.getValue(), element);
    if (elements) {
      result =
          tpu::WeightOp::create(*rewriter, weight.getLoc(), type, *elements);
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
    result = cast(getLowered(value), element);
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
  Value limited = getLowered(value);
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
  auto element = op->getAttrOfType<TypeAttr>(kElementAttrName);
  return element ? element.getValue() : defaultElement;
}

Lowering::ConvElements Lowering::getConvElements(top::ConvOp conv) {
  Type element = getFloatElement(conv);
  auto elementOf = [&](StringRef name) {
    auto other = conv->getAttrOfType<TypeAttr>(name);
    return other ? other.getValue() : element;
  };
  return {element, elementOf(kFilterAttrName), elementOf(kResultAttrName)};
}

Type Lowering::getNaturalElement(Operation *op, ValueRange values) {
  if (op->hasAttr(kElementAttrName) && getElement(values.front()).isF32())
    return getFloatElement(op);
  Type element;
  bool agree = true, hasConstant = false;
  for (Value value : values) {
    if (value.getDefiningOp<top::WeightOp>()) {
      hasConstant = true;
      continue;
    }
    Type found = getElement(getLowered(value));
    agree &= !element || element == found;
    element = found;
  }
  // The range of a computed value need not reach what constants hold.
  bool keepsInt8 = set.isMove(op) && !hasConstant;
  if (element && agree && (keepsInt8 || !tpu::isQuantized(element)))
    return element;
  Type type = getElement(values.front());
  if (isa<IntegerType>(type) && !type.isInteger(1))
    return types.getI32Type();
  return getFloatElement(op);
}

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

Location Lowering::getStepLoc(StringRef opName) {
  StringRef name = getLocationName(current->getLoc());
  if (name.empty())
    return current->getLoc();
  return NameLoc::get(
      types.getStringAttr(name + ":" + opName.split('.').second));
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
  auto type = RankedTensorType::get(shape, types.getF32Type());
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
  auto type = RankedTensorType::get(shape, types.getI32Type());
  return emit<tpu::WeightOp>(
      DenseElementsAttr::get(type, ArrayRef<int32_t>(narrow)));
}

void Lowering::replace(Value value, Value by) {
  // An op from before this lowering keeps its own name.
  Operation *op = by.getDefiningOp();
  if (op && getLocationName(op->getLoc())
                .starts_with((getLocationName(current->getLoc()) + ":").str()))
    op->setLoc(current->getLoc());
  assert(value.getDefiningOp() == current && "of another op");
  replacements[llvm::cast<OpResult>(value).getResultNumber()] = by;
}

//===----------------------------------------------------------------------===//
// Errors and driver
//===----------------------------------------------------------------------===//

LogicalResult Lowering::fail(Operation *op, const Twine &message) {
  failed = true;
  return op->emitOpError("cannot be lowered: ") << message;
}

Value Lowering::standIn(Type type) {
  return UnrealizedConversionCastOp::create(*rewriter, current->getLoc(), type,
                                            ValueRange())
      .getResult(0);
}

void Lowering::begin(Operation *op, ConversionPatternRewriter &with) {
  current = op;
  rewriter = &with;
  replacements.assign(op->getNumResults(), nullptr);
}

void Lowering::end() { rewriter->replaceOp(current, replacements); }

void Lowering::abandon(Operation *op) {
  failed = true;
  for (auto [result, by] : llvm::zip_equal(op->getResults(), replacements)) {
    auto type = mlir::cast<RankedTensorType>(result.getType());
    bool isInt = type.getElementType().isInteger(64) ||
                 type.getElementType().isInteger(32);
    by = standIn(
        type.clone(isInt ? Type(types.getI32Type()) : Type(defaultElement)));
  }
}
