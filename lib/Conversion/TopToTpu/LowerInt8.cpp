//===- LowerInt8.cpp - Lowering to INT8 -----------------------------------===//
//
// INT8 lowerings. Contractions compute in INT8 and give INT8 to readers that
// compute in it, floats to others; ops between contractions stay in INT8 where
// all readers do. Each returns false where its op has no INT8 form, and the op
// is lowered in floats.
//
//===----------------------------------------------------------------------===//

#include "ConvForm.h"
#include "Dialect/Top/Transforms/Calibration.h"
#include "Int8Gate.h"
#include "PatchEmbedding.h"

using namespace mlir;
using namespace tpuc;
using quant::UniformQuantizedType;

static bool isConstant(Value value) {
  return bool(value.getDefiningOp<top::WeightOp>());
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

/// The element type of the result of a convolution, and the function that it
/// computes beside.
static FailureOr<Type> getConvElement(top::ConvOp op, tpu::GateKind &gate,
                                      Lowering &lowering) {
  Operation *user =
      op.getOutput().hasOneUse() ? *op.getOutput().user_begin() : nullptr;
  tpu::GateKind kind = user && user->getNumResults() == 1
                           ? getGate(user->getResult(0))
                           : tpu::GateKind::None;
  if (kind == tpu::GateKind::None || !lowering.prefersInt8(op.getOutput()))
    return lowering.getContractionElement(op, op.getOutput());
  FailureOr<UniformQuantizedType> type =
      lowering.getQuantType(user->getResult(0));
  if (failed(type))
    return failure();
  if (!hasGate(kind, type->getScale()))
    return lowering.getFloatElement(op);
  gate = kind;
  return Type(*type);
}

static FailureOr<bool> lowerConv(top::ConvOp op, Lowering &lowering) {
  ConvForm conv;
  conv.strides.assign(op.getStrides().begin(), op.getStrides().end());
  conv.pads.assign(op.getPads().begin(), op.getPads().end());
  conv.dilations.assign(op.getDilations().begin(), op.getDilations().end());
  conv.group = op.getGroup();
  std::optional<PatchEmbedding> patches =
      PatchEmbedding::match(lowering.getArch(), op);
  if (patches)
    conv.strides = {1, 1};
  bool fits = isConstant(op.getFilter()) && conv.getAxes() <= 2 &&
              (!op.getBias() || isConstant(op.getBias())) &&
              llvm::all_of(conv.strides,
                           [](int64_t stride) { return stride <= kMaxStride; });
  if (!fits)
    return false;
  FailureOr<Value> input = failure();
  if (patches && !lowering.isLoweredToInt8(op.getInput())) {
    // Moved before it is rounded, which may then be done in local memory.
    FailureOr<UniformQuantizedType> type = lowering.getQuantType(op.getInput());
    if (succeeded(type))
      input = lowering.cast(
          patches->arrange(lowering.get(op.getInput()), lowering), *type);
  } else {
    input = lowering.getInt8(op.getInput());
    if (succeeded(input) && patches)
      input = patches->arrange(*input, lowering);
  }
  if (failed(input))
    return failure();
  tpu::GateKind gate = tpu::GateKind::None;
  FailureOr<Type> element = getConvElement(op, gate, lowering);
  if (failed(element))
    return failure();
  SmallVector<int64_t> filterShape(getShape(op.getFilter())),
      shape(getShape(op.getOutput()));
  if (patches) {
    filterShape.assign(patches->getFilterShape());
    shape.assign(patches->getResultShape());
  }
  conv.input = *input;
  conv.filter = lowering.getFilter(op.getFilter(), /*axis=*/0, filterShape);
  if (!conv.filter)
    return false;
  if (conv.getAxes() == 1) {
    addAxis(conv, lowering);
    shape.insert(shape.begin() + 2, 1);
  }
  bringToForm(conv, ArrayRef<int64_t>(shape).drop_front(2), lowering);
  if (op.getBias())
    conv.bias = lowering.get(op.getBias(), Float32Type::get(op.getContext()));
  bool isInt8Result = tpu::isQuantized(*element);
  Value output = lowering.emit<tpu::ConvOp>(
      RankedTensorType::get(shape, *element), conv.input, conv.filter,
      conv.bias, conv.strides, conv.pads, conv.dilations, conv.group,
      op.getDoRelu() && !isInt8Result,
      isInt8Result ? APFloat(-1.0) : op.getReluLimit(), gate);
  lowering.replace(op.getResult(),
                   lowering.reshape(output, getShape(op.getOutput())));
  return true;
}

//===----------------------------------------------------------------------===//
// Between contractions
//===----------------------------------------------------------------------===//

/// relu(x), clip(x, 0, limit) -> x as uint8, which saturates at both.
template <typename OpTy>
static FailureOr<bool> lowerLimit(OpTy op, Lowering &lowering) {
  if (!lowering.prefersInt8(op.getOutput()))
    return false;
  if constexpr (requires { op.getMin(); })
    if (op.getMin().convertToDouble() != 0.0)
      return false;
  FailureOr<UniformQuantizedType> type = lowering.getQuantType(op.getOutput());
  if (failed(type))
    return failure();
  if (type->isSigned() || type->getZeroPoint() != 0)
    return false;
  if constexpr (requires { op.getMax(); }) {
    // Rounding may put the largest integer a little above the limit.
    double most = type->getScale() * double(type->getStorageTypeMax());
    if (most > op.getMax().convertToDouble() * (1 + 1e-6))
      return false;
  }
  lowering.replace(op.getResult(), lowering.get(op.getInput(), *type));
  return true;
}

template <typename OpTy, tpu::BinaryKind kind>
static FailureOr<bool> lowerBinary(OpTy op, Lowering &lowering) {
  if (!lowering.prefersInt8(op.getOutput()) || isConstant(op.getLhs()) ||
      isConstant(op.getRhs()))
    return false;
  FailureOr<UniformQuantizedType> type = lowering.getQuantType(op.getOutput());
  FailureOr<Value> lhs = lowering.getInt8(op.getLhs());
  FailureOr<Value> rhs = lowering.getInt8(op.getRhs());
  if (failed(type) || failed(lhs) || failed(rhs))
    return failure();
  ArrayRef<int64_t> shape = getShape(op.getOutput());
  auto ofRank = [&](Value value) {
    SmallVector<int64_t> padded(shape.size() - getShape(value).size(), 1);
    llvm::append_range(padded, getShape(value));
    return lowering.reshape(value, padded);
  };
  lowering.replace(
      op.getResult(),
      lowering.emit<tpu::BinaryOp>(RankedTensorType::get(shape, Type(*type)),
                                   kind, ofRank(*lhs), ofRank(*rhs)));
  return true;
}

/// Parts of different scales are brought to that of the whole; it was measured
/// with the constants among them.
static FailureOr<bool> lowerConcat(top::ConcatOp op, Lowering &lowering) {
  if (!lowering.prefersInt8(op.getOutput()) || op.getInputs().size() < 2 ||
      llvm::all_of(op.getInputs(), isConstant))
    return false;
  FailureOr<UniformQuantizedType> type = lowering.getQuantType(op.getOutput());
  if (failed(type))
    return failure();
  SmallVector<Value> inputs;
  for (Value input : op.getInputs())
    inputs.push_back(lowering.get(input, *type));
  lowering.replace(
      op.getResult(),
      lowering.emit<tpu::ConcatOp>(ValueRange(inputs), int64_t(op.getAxis())));
  return true;
}

void tpuc::populateInt8Lowerings(LoweringSet &set) {
  set.addInt8(lowerConv, Int8Use::Contracts);
  set.addInt8(lowerLimit<top::ReluOp>, Int8Use::Passes);
  set.addInt8(lowerLimit<top::ClipOp>, Int8Use::Passes);
  set.addInt8(lowerBinary<top::AddOp, tpu::BinaryKind::Add>, Int8Use::Passes);
  set.addInt8(lowerBinary<top::SubOp, tpu::BinaryKind::Sub>, Int8Use::Passes);
  set.addInt8(lowerBinary<top::MulOp, tpu::BinaryKind::Mul>, Int8Use::Passes);
  set.addInt8(lowerConcat, Int8Use::Passes);
  // A convolution takes a zero point out of its sums by the summands of its
  // channels, which costs nothing; a sum takes a command more. Products and
  // padding along depth have no form for one.
  set.addZeroPoint<top::ConvOp>(
      [](top::ConvOp conv) { return conv.getStrides().size() <= 2; });
  set.addZeroPoint<top::AddOp>();
  set.addZeroPoint<top::SubOp>();
  set.addZeroPoint<top::ConcatOp>();
}
