//===- QuantizedValues.cpp - INT8 values of the lowered network -----------===//
//
// Reads what top-assign-precision decided about INT8, and makes the casts and
// constants that follow from it.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Top/Transforms/Calibration.h"
#include "Lowering.h"
#include "PrecisionAnalysis.h"
#include "PrecisionAttributes.h"
#include "Weights.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace tpuc;

bool Lowering::isInt8(Operation *op) const {
  return op->hasAttr(kInt8AttrName);
}

bool Lowering::prefersInt8(Value value) const {
  return top::getValueAttr(value, kPrefersInt8AttrName) != nullptr;
}

/// The first value without a range, of those that `value` is moved, joined or
/// clamped from.
static Value findWithoutRange(Value value, const LoweringSet &set) {
  Operation *op = value.getDefiningOp();
  bool isJoined = isa_and_nonnull<top::ConcatOp>(op);
  bool isSame =
      op && (isJoined || set.isMove(op) || isa<top::ReluOp, top::ClipOp>(op));
  if (!isSame)
    return findRange(value, set) ? Value() : value;
  ValueRange operands = op->getOperands();
  for (Value operand : isJoined ? operands : operands.take_front())
    if (Value missing = findWithoutRange(operand, set))
      return missing;
  return nullptr;
}

FailureOr<quant::UniformQuantizedType> Lowering::getQuantType(Value value) {
  if (auto type = dyn_cast_if_present<TypeAttr>(
          top::getValueAttr(value, kQuantTypeAttrName)))
    return llvm::cast<quant::UniformQuantizedType>(type.getValue());
  failed = true;
  StringRef opName = current->getName().getStringRef();
  if (isNotFinite(value, set))
    return emitError(value.getLoc())
           << "'" << opName << "' op cannot be lowered: '"
           << top::getTensorName(value)
           << "' has elements that are not finite, which INT8 does not have; "
           << "give the op F16 in the quantize table";
  if (Value missing = findWithoutRange(value, set))
    value = missing;
  StringRef name = top::getTensorName(value);
  return emitError(value.getLoc())
         << "'" << opName
         << "' op cannot be lowered: the calibration table has no entry for '"
         << name << "'; calibrate again, or give the ops that read it F16 in "
         << "the quantize table";
}

bool Lowering::isLoweredToInt8(Value value) const {
  Value by = getLowered(value);
  return by && tpu::isQuantized(getElement(by));
}

FailureOr<Value> Lowering::getInt8(Value value) {
  if (isLoweredToInt8(value))
    return getLowered(value);
  FailureOr<quant::UniformQuantizedType> type = getQuantType(value);
  if (mlir::failed(type))
    return failure();
  return get(value, *type);
}

FailureOr<Type> Lowering::getContractionElement(Operation *op, Value result) {
  if (prefersInt8(result)) {
    FailureOr<quant::UniformQuantizedType> type = getQuantType(result);
    if (mlir::failed(type))
      return failure();
    return Type(*type);
  }
  bool leaves = llvm::all_of(result.getUsers(), [](Operation *user) {
    return user->hasTrait<OpTrait::IsTerminator>();
  });
  return leaves && !quantizesResults ? Type(types.getF32Type())
                                     : getFloatElement(op);
}

Type Lowering::getPortElement(Value value) {
  Value by = getLowered(value);
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
      quant::QuantizationFlags::Signed, types.getI8Type(), types.getF32Type(),
      quantized->scales, SmallVector<int64_t>(quantized->scales.size(), 0),
      axis, -128, 127);
  auto stored = RankedTensorType::get(shape, types.getI8Type());
  auto elements = DenseResourceElementsAttr::get(
      stored, quantized->elements.getRawHandle());
  return tpu::WeightOp::create(*rewriter, weight.getLoc(),
                               RankedTensorType::get(shape, type), elements);
}
