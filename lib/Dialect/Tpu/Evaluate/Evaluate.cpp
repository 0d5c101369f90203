//===- Evaluate.cpp - Reference evaluation of tpu ops ---------------------===//
//
// Evaluates a tpu op by building, in a block of its own, the top op that means
// the same, and evaluating that. Nothing is computed here but what top has no
// op for: constants, casts and roundings; attention is in a file of its own.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Tpu/Evaluate/Evaluate.h"
#include "Attention.h"
#include "Dialect/Top/IR/Top.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "Support/FloatFormats.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/Sequence.h"

#include <cmath>

using namespace mlir;
using namespace tpuc;
using namespace tpuc::tpu;

using EvalResult = llvm::Expected<SmallVector<Buffer>>;

//===----------------------------------------------------------------------===//
// Element types
//===----------------------------------------------------------------------===//

/// The nearest numbers that `type` represents.
static Buffer roundToInt8(const Buffer &buffer,
                          quant::UniformQuantizedType type) {
  Buffer result = Buffer::f32(buffer.getShape());
  double scale = type.getScale(), zero = double(type.getZeroPoint());
  double low = double(type.getStorageTypeMin());
  double high = double(type.getStorageTypeMax());
  for (auto [to, from] : llvm::zip(result.getMutableF32(), buffer.getF32())) {
    double byte = std::nearbyint(double(from) / scale) + zero;
    to = float((std::clamp(byte, low, high) - zero) * scale);
  }
  return result;
}

/// Rounds a float result to the element type that the op gives it.
static Buffer roundTo(Buffer buffer, Type element) {
  if (!buffer.isF32() || element.isF32())
    return buffer;
  if (auto type = dyn_cast<quant::UniformQuantizedType>(element))
    return roundToInt8(buffer, type);
  if (isa<quant::QuantizedType>(element))
    return buffer; // a constant, which is exact
  Buffer result = Buffer::f32(buffer.getShape());
  for (auto [to, from] : llvm::zip(result.getMutableF32(), buffer.getF32()))
    to = element.isF16() ? halfToFloat(roundToHalf(from))
                         : bfloatToFloat(roundToBFloat(from));
  return result;
}

/// Integers as floats, for truth values and casts.
static Buffer toFloats(const Buffer &buffer) {
  if (buffer.isF32())
    return buffer;
  Buffer result = Buffer::f32(buffer.getShape());
  for (auto [to, from] : llvm::zip(result.getMutableF32(), buffer.getInts()))
    to = float(from);
  return result;
}

/// Floats as integers, truncated toward zero.
static Buffer toInts(const Buffer &buffer) {
  if (!buffer.isF32())
    return buffer;
  Buffer result = Buffer::ints(buffer.getShape());
  for (auto [to, from] : llvm::zip(result.getMutableInts(), buffer.getF32()))
    to = int64_t(from);
  return result;
}

/// A result that may be a truth value, as numbers of the type `element`.
static Buffer toElement(const Buffer &buffer, Type element) {
  return isa<IntegerType>(element) ? toInts(buffer)
                                   : roundTo(toFloats(buffer), element);
}

/// The type of top that holds the values of a tpu type.
static RankedTensorType getTopType(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  if (isa<IntegerType>(tensor.getElementType()))
    return tensor;
  return cast<RankedTensorType>(
      tensor.clone(Float32Type::get(type.getContext())));
}

//===----------------------------------------------------------------------===//
// Ops as top ops
//===----------------------------------------------------------------------===//

namespace {

/// Builds top ops on the operands of a tpu op and evaluates them at once.
class TopEvaluator {
public:
  explicit TopEvaluator(Operation *op) : op(op), builder(op->getContext()) {
    builder.setInsertionPointToStart(&block);
  }
  ~TopEvaluator() { block.clear(); }

  /// Evaluates the op `name` on `operands`. `results` are needed by ops that do
  /// not infer theirs.
  EvalResult run(StringRef name, ArrayRef<Buffer> operands,
                 ArrayRef<NamedAttribute> attrs = {}, TypeRange results = {}) {
    SmallVector<Value> values;
    for (const Buffer &operand : operands) {
      Type element = operand.isF32() ? Type(builder.getF32Type())
                                     : Type(builder.getIntegerType(64));
      values.push_back(addOperand(operand.getShape(), element));
    }
    return runOn(name, values, operands, attrs, results);
  }

  EvalResult runOn(StringRef name, ArrayRef<Value> values,
                   ArrayRef<Buffer> operands, ArrayRef<NamedAttribute> attrs,
                   TypeRange results) {
    FailureOr<Operation *> built =
        top::buildOp(builder, op->getLoc(), name, values, attrs, results);
    if (failed(built))
      return llvm::createStringError("cannot be expressed as " + name);
    return cast<EvaluableOp>(*built).evaluate(operands);
  }

  Value addOperand(ArrayRef<int64_t> shape, Type element) {
    return block.addArgument(RankedTensorType::get(shape, element),
                             op->getLoc());
  }

  NamedAttribute i64(StringRef name, int64_t value) {
    return builder.getNamedAttr(name, builder.getI64IntegerAttr(value));
  }
  NamedAttribute f64(StringRef name, const APFloat &value) {
    return builder.getNamedAttr(
        name, builder.getF64FloatAttr(value.convertToDouble()));
  }
  NamedAttribute flag(StringRef name, bool value) {
    return builder.getNamedAttr(name, builder.getBoolAttr(value));
  }
  NamedAttribute list(StringRef name, ArrayRef<int64_t> values) {
    return builder.getNamedAttr(name, builder.getDenseI64ArrayAttr(values));
  }
  NamedAttribute member(StringRef name, uint32_t value) {
    return builder.getNamedAttr(name, builder.getI32IntegerAttr(value));
  }

private:
  Operation *op;
  Block block;
  OpBuilder builder;
};

} // namespace

static EvalResult one(const Buffer &buffer) {
  return SmallVector<Buffer>{buffer};
}

/// min(max(x, 0), limit) in place; a negative limit is none.
static Buffer applyRelu(Buffer buffer, bool relu, const APFloat &limit) {
  if (!relu)
    return buffer;
  Buffer result = Buffer::f32(buffer.getShape());
  float top = limit.convertToDouble();
  for (auto [to, from] : llvm::zip(result.getMutableF32(), buffer.getF32())) {
    to = std::max(from, 0.0f);
    if (top >= 0)
      to = std::min(to, top);
  }
  return result;
}

static EvalResult evaluateOp(ConvOp op, ArrayRef<Buffer> operands) {
  TopEvaluator top(op);
  SmallVector<Buffer> rounded(operands);
  Type filter = getElement(op.getFilter());
  if (filter.isF16() || filter.isBF16())
    rounded.front() = roundTo(rounded.front(), filter);
  EvalResult result = top.run(
      "top.conv", rounded,
      {top.list("strides", op.getStrides()), top.list("pads", op.getPads()),
       top.list("dilations", op.getDilations()),
       top.i64("group", op.getGroup()), top.flag("do_relu", op.getDoRelu()),
       top.f64("relu_limit", op.getReluLimit())});
  if (!result || op.getGate() == GateKind::None)
    return result;
  TopEvaluator gate(op);
  return gate.run(("top." + stringifyGateKind(op.getGate())).str(), *result, {},
                  getTopType(op.getOutput().getType()));
}

static EvalResult evaluateOp(ConvTransposeOp op, ArrayRef<Buffer> operands) {
  TopEvaluator top(op);
  return top.run(
      "top.conv_transpose", operands,
      {top.list("strides", op.getStrides()), top.list("pads", op.getPads()),
       top.list("dilations", op.getDilations()),
       top.list("output_padding", op.getOutputPadding()),
       top.i64("group", op.getGroup()), top.flag("do_relu", op.getDoRelu()),
       top.f64("relu_limit", op.getReluLimit())});
}

static EvalResult evaluateOp(MatMulOp op, ArrayRef<Buffer> operands) {
  TopEvaluator top(op);
  SmallVector<Buffer> matrices(operands);
  // Exchanges heads and rows, either way.
  auto moveHeads = [&](Buffer &buffer) -> llvm::Error {
    auto order = llvm::to_vector(llvm::seq<int64_t>(buffer.getShape().size()));
    std::swap(order.end()[-2], order.end()[-3]);
    EvalResult moved =
        top.run("top.permute", buffer, {top.list("order", order)});
    if (moved)
      buffer = moved->front();
    return moved.takeError();
  };
  if (op.getHdimIsBatch())
    for (Buffer &matrix : llvm::MutableArrayRef(matrices).take_front(2))
      if (llvm::Error error = moveHeads(matrix))
        return std::move(error);
  EvalResult result =
      top.run("top.matmul", matrices,
              {top.flag("left_transpose", op.getLeftTranspose()),
               top.flag("right_transpose", op.getRightTranspose())});
  if (!result)
    return result;
  if (op.getHdimIsBatch())
    if (llvm::Error error = moveHeads(result->front()))
      return std::move(error);
  return one(applyRelu(result->front(), op.getDoRelu(), op.getReluLimit()));
}

static EvalResult evaluateOp(AttentionOp op, ArrayRef<Buffer> operands) {
  Type element = getElement(op.getOutput());
  return one(evaluateAttention(op, operands, [&](Buffer weights) {
    return roundTo(std::move(weights), element);
  }));
}

static EvalResult evaluateOp(PoolOp op, ArrayRef<Buffer> operands) {
  TopEvaluator top(op);
  SmallVector<NamedAttribute> attrs = {
      top.list("kernel", op.getKernel()), top.list("strides", op.getStrides()),
      top.list("pads", op.getPads()), top.list("dilations", {1, 1})};
  if (op.getKind() == PoolKind::Max)
    return top.run("top.max_pool", operands, attrs);
  attrs.push_back(top.flag("count_include_pad", true));
  return top.run("top.avg_pool", operands, attrs);
}

static EvalResult evaluateOp(UnaryOp op, ArrayRef<Buffer> operands) {
  TopEvaluator top(op);
  std::string name = ("top." + stringifyUnaryKind(op.getKind())).str();
  SmallVector<NamedAttribute> attrs;
  switch (op.getKind()) {
  case UnaryKind::GeluTanh:
    name = "top.gelu";
    attrs = {top.member("approximate", uint32_t(top::GeluApproximation::Tanh))};
    break;
  case UnaryKind::Clip:
    attrs = {top.f64("min", op.getAlpha()), top.f64("max", op.getBeta())};
    break;
  case UnaryKind::LeakyRelu:
  case UnaryKind::Elu:
    attrs = {top.f64("alpha", op.getAlpha())};
    break;
  case UnaryKind::Hardsigmoid:
    attrs = {top.f64("alpha", op.getAlpha()), top.f64("beta", op.getBeta())};
    break;
  default:
    break;
  }
  return top.run(name, operands, attrs, getTopType(op.getType()));
}

static EvalResult evaluateOp(ScalarOp op, ArrayRef<Buffer> operands) {
  TopEvaluator top(op);
  Type element = getElement(op.getInput());
  double value = op.getValue().convertToDouble();
  Buffer constant = Buffer::make(operands[0].getKind(), {});
  if (constant.isF32()) {
    constant.getMutableF32()[0] = float(value);
    constant = roundTo(constant, element);
  } else {
    constant.getMutableInts()[0] = int64_t(value);
  }
  switch (op.getKind()) {
  case ScalarKind::Add:
    return top.run("top.add", {operands[0], constant});
  case ScalarKind::Rsub:
    return top.run("top.sub", {constant, operands[0]});
  case ScalarKind::Mul:
    return top.run("top.mul", {operands[0], constant});
  case ScalarKind::Max:
    return top.run("top.max", {operands[0], constant});
  case ScalarKind::Min:
    return top.run("top.min", {operands[0], constant});
  }
  return llvm::createStringError("unknown function");
}

static EvalResult evaluateOp(BinaryOp op, ArrayRef<Buffer> operands) {
  TopEvaluator top(op);
  return top.run(("top." + stringifyBinaryKind(op.getKind())).str(), operands);
}

static EvalResult evaluateOp(CompareOp op, ArrayRef<Buffer> operands) {
  TopEvaluator top(op);
  // The members of both dialects have the same order.
  return top.run("top.compare", operands,
                 {top.member("predicate", uint32_t(op.getKind()))});
}

static EvalResult evaluateOp(SelectOp op, ArrayRef<Buffer> operands) {
  TopEvaluator top(op);
  SmallVector<Buffer> buffers(operands);
  buffers[0] = toInts(buffers[0]);
  SmallVector<Value> values;
  for (auto [index, value] : llvm::enumerate(op->getOperands())) {
    RankedTensorType type = getTopType(value.getType());
    values.push_back(top.addOperand(
        type.getShape(), index == 0 ? Type(IntegerType::get(op.getContext(), 1))
                                    : type.getElementType()));
  }
  return top.runOn("top.where", values, buffers, {}, {});
}

static EvalResult evaluateOp(PReluOp op, ArrayRef<Buffer> operands) {
  return TopEvaluator(op).run("top.prelu", operands);
}

static EvalResult evaluateOp(CastOp op, ArrayRef<Buffer> operands) {
  return one(operands[0]);
}

static EvalResult evaluateOp(SoftmaxOp op, ArrayRef<Buffer> operands) {
  TopEvaluator top(op);
  return top.run("top.softmax", operands,
                 {top.i64("axis", operands[0].getRank() - 1),
                  top.flag("log", op.getLog())});
}

template <typename NormOp>
static EvalResult evaluateNorm(NormOp op, StringRef name,
                               ArrayRef<Buffer> operands) {
  TopEvaluator top(op);
  return top.run(name, operands,
                 {top.i64("axis", operands[0].getRank() - 1),
                  top.f64("epsilon", op.getEpsilon())});
}

static EvalResult evaluateOp(LayerNormOp op, ArrayRef<Buffer> operands) {
  return evaluateNorm(op, "top.layer_norm", operands);
}

static EvalResult evaluateOp(RMSNormOp op, ArrayRef<Buffer> operands) {
  return evaluateNorm(op, "top.rms_norm", operands);
}

static EvalResult evaluateOp(ReduceOp op, ArrayRef<Buffer> operands) {
  TopEvaluator top(op);
  int64_t first = op.getAxis();
  SmallVector<int64_t> axes =
      llvm::to_vector(llvm::seq<int64_t>(first, operands[0].getRank()));
  // The first members of both dialects have the same order.
  return top.run("top.reduce", operands,
                 {top.member("kind", uint32_t(op.getKind())),
                  top.list("axes", axes), top.flag("keepdims", true)});
}

static EvalResult evaluateOp(ReshapeOp op, ArrayRef<Buffer> operands) {
  return one(operands[0].reshaped(getShape(op.getOutput())));
}

static EvalResult evaluateOp(PermuteOp op, ArrayRef<Buffer> operands) {
  TopEvaluator top(op);
  return top.run("top.permute", operands, {top.list("order", op.getOrder())});
}

static EvalResult evaluateOp(RelayoutOp op, ArrayRef<Buffer> operands) {
  TopEvaluator top(op);
  return top.run(
      "top.relayout", operands,
      {top.list("boxes", op.getBoxes()), top.i64("axes", op.getAxes())});
}

static EvalResult evaluateOp(ConcatOp op, ArrayRef<Buffer> operands) {
  TopEvaluator top(op);
  return top.run("top.concat", operands, {top.i64("axis", op.getAxis())});
}

static EvalResult evaluateOp(SliceOp op, ArrayRef<Buffer> operands) {
  TopEvaluator top(op);
  return top.run("top.slice", operands,
                 {top.list("offsets", op.getOffsets()),
                  top.list("sizes", op.getSizes()),
                  top.list("steps", op.getSteps())});
}

static EvalResult evaluateOp(PadOp op, ArrayRef<Buffer> operands) {
  TopEvaluator top(op);
  return top.run("top.pad", operands,
                 {top.list("pads", op.getPads()),
                  top.member("mode", uint32_t(top::PadMode::Constant)),
                  top.f64("value", op.getValue())});
}

static EvalResult evaluateOp(GatherOp op, ArrayRef<Buffer> operands) {
  TopEvaluator top(op);
  for (int64_t index : operands[1].getInts())
    if (index < 0)
      return llvm::createStringError("index " + Twine(index) +
                                     " is negative; the chip counts from 0");
  return top.run("top.gather", operands, {top.i64("axis", op.getAxis())});
}

static EvalResult evaluateOp(BroadcastOp op, ArrayRef<Buffer> operands) {
  TopEvaluator top(op);
  Type element = operands[0].isF32()
                     ? Type(Float32Type::get(op.getContext()))
                     : Type(IntegerType::get(op.getContext(), 64));
  Type type = RankedTensorType::get(getShape(op.getOutput()), element);
  return top.run("top.broadcast", operands, {}, type);
}

/// The elements of a constant of 16-bit floats.
static EvalResult evaluateHalves(WeightOp op, ArrayRef<char> data, bool splat) {
  Buffer result = Buffer::f32(getShape(op.getOutput()));
  bool isHalf = getElement(op.getOutput()).isF16();
  const auto *bits = reinterpret_cast<const uint16_t *>(data.data());
  for (auto [index, to] : llvm::enumerate(result.getMutableF32())) {
    uint16_t from = bits[splat ? 0 : index];
    to = isHalf ? halfToFloat(from) : bfloatToFloat(from);
  }
  return one(result);
}

/// The numbers that an INT8 constant stands for.
static EvalResult evaluateInt8(WeightOp op, const Buffer &bytes) {
  Buffer result = Buffer::f32(getShape(op.getOutput()));
  Type element = getElement(op.getOutput());
  ArrayRef<int64_t> from = bytes.getInts();
  MutableArrayRef<float> to = result.getMutableF32();
  if (auto type = dyn_cast<quant::UniformQuantizedType>(element)) {
    for (size_t i = 0; i < to.size(); ++i) {
      int64_t byte = type.isSigned() ? from[i] : from[i] & 0xff;
      to[i] = float(double(byte - type.getZeroPoint()) * type.getScale());
    }
    return one(result);
  }
  auto type = cast<quant::UniformQuantizedPerAxisType>(element);
  int64_t axis = type.getQuantizedDimension();
  int64_t stride = getRowMajorStrides(result.getShape())[axis];
  int64_t size = result.getDim(axis);
  for (size_t i = 0; i < to.size(); ++i)
    to[i] =
        float(double(from[i]) * type.getScales()[int64_t(i) / stride % size]);
  return one(result);
}

static EvalResult evaluateOp(WeightOp op, ArrayRef<Buffer> operands) {
  Type element = getElement(op.getOutput());
  if (isa<quant::QuantizedType>(element)) {
    FailureOr<Buffer> buffer = bufferFromAttr(op.getValue());
    if (failed(buffer))
      return llvm::createStringError("the constant has no data");
    return evaluateInt8(op, *buffer);
  }
  if (element.isF32() || isa<IntegerType>(element)) {
    FailureOr<Buffer> buffer = bufferFromAttr(op.getValue());
    if (failed(buffer))
      return llvm::createStringError("the constant has no data");
    return one(*buffer);
  }
  if (auto dense = dyn_cast<DenseElementsAttr>(op.getValue()))
    return evaluateHalves(op, dense.getRawData(), dense.isSplat());
  auto resource = dyn_cast<DenseResourceElementsAttr>(op.getValue());
  AsmResourceBlob *blob =
      resource ? resource.getRawHandle().getBlob() : nullptr;
  if (!blob ||
      blob->getData().size() < size_t(op.getType().getNumElements()) * 2)
    return llvm::createStringError("the constant has no data");
  return evaluateHalves(op, blob->getData(), /*splat=*/false);
}

//===----------------------------------------------------------------------===//
// Registration
//===----------------------------------------------------------------------===//

namespace {

/// Evaluates an op and gives the result its element type.
template <typename OpTy>
struct EvaluationModel
    : EvaluableOp::ExternalModel<EvaluationModel<OpTy>, OpTy> {
  EvalResult evaluate(Operation *op, ArrayRef<Buffer> operands) const {
    EvalResult result = evaluateOp(cast<OpTy>(op), operands);
    if (!result)
      return result;
    return one(toElement(result->front(), getElement(op->getResult(0))));
  }
};

template <typename... Ops> void attachAll(MLIRContext *context) {
  (Ops::template attachInterface<EvaluationModel<Ops>>(*context), ...);
}

} // namespace

void tpuc::tpu::registerEvaluation(DialectRegistry &registry) {
  registry.insert<top::TopDialect>();
  registry.addExtension(+[](MLIRContext *context, TpuDialect *) {
    attachAll<AttentionOp, BinaryOp, BroadcastOp, CastOp, CompareOp, ConcatOp,
              ConvOp, ConvTransposeOp, GatherOp, LayerNormOp, MatMulOp, PadOp,
              PermuteOp, PoolOp, PReluOp, ReduceOp, RelayoutOp, ReshapeOp,
              RMSNormOp, ScalarOp, SelectOp, SliceOp, SoftmaxOp, UnaryOp,
              WeightOp>(context);
    context->getOrLoadDialect<top::TopDialect>();
  });
}
