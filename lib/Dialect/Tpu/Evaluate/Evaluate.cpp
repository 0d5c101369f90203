//===- Evaluate.cpp - Reference evaluation of tpu ops ---------------------===//
//
// Evaluates a tpu op by building, in a block of its own, the top op that means
// the same, and evaluating that. Ops of the same name and attributes do so by
// their trait; here are the others. Nothing is computed but what top has no op
// for; constants and attention are in files of their own.
//
//===----------------------------------------------------------------------===//

#include "Evaluate.h"
#include "Attention.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::tpu;

RankedTensorType tpu::getTopType(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  if (isa<IntegerType>(tensor.getElementType()))
    return tensor;
  return cast<RankedTensorType>(
      tensor.clone(Float32Type::get(type.getContext())));
}

EvalResult tpu::evaluateAsTop(Operation *op, ArrayRef<Buffer> operands) {
  SmallVector<NamedAttribute> attributes;
  for (StringAttr name : op->getName().getAttributeNames())
    if (Attribute value = op->getInherentAttr(name).value_or(Attribute()))
      attributes.emplace_back(name, value);
  TopEvaluator top(op);
  return give(op, top.run(("top." + op->getName().stripDialect()).str(),
                          operands, attributes));
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

EvalResult ConvOp::evaluate(ArrayRef<Buffer> operands) {
  TopEvaluator top(*this);
  SmallVector<Buffer> rounded(operands);
  Type filter = getElement(getFilter());
  if (filter.isF16() || filter.isBF16())
    rounded.front() = roundTo(rounded.front(), filter);
  EvalResult result =
      top.run("top.conv", rounded,
              {top.list("strides", getStrides()), top.list("pads", getPads()),
               top.list("dilations", getDilations()),
               top.i64("group", getGroup()), top.flag("do_relu", getDoRelu()),
               top.f64("relu_limit", getReluLimit())});
  if (!result || getGate() == GateKind::None)
    return give(*this, std::move(result));
  TopEvaluator gate(*this);
  return give(*this, gate.run(("top." + stringifyGateKind(getGate())).str(),
                              *result, {}, getTopType(getOutput().getType())));
}

EvalResult MatMulOp::evaluate(ArrayRef<Buffer> operands) {
  TopEvaluator top(*this);
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
  if (getHdimIsBatch())
    for (Buffer &matrix : llvm::MutableArrayRef(matrices).take_front(2))
      if (llvm::Error error = moveHeads(matrix))
        return std::move(error);
  EvalResult result =
      top.run("top.matmul", matrices,
              {top.flag("left_transpose", getLeftTranspose()),
               top.flag("right_transpose", getRightTranspose())});
  if (!result)
    return result;
  if (getHdimIsBatch())
    if (llvm::Error error = moveHeads(result->front()))
      return std::move(error);
  return give(*this, applyRelu(result->front(), getDoRelu(), getReluLimit()));
}

EvalResult AttentionOp::evaluate(ArrayRef<Buffer> operands) {
  Type element = getElement(getOutput());
  return give(*this, evaluateAttention(*this, operands, [&](Buffer weights) {
    return roundTo(std::move(weights), element);
  }));
}

EvalResult PoolOp::evaluate(ArrayRef<Buffer> operands) {
  TopEvaluator top(*this);
  SmallVector<NamedAttribute> attrs = {
      top.list("kernel", getKernel()), top.list("strides", getStrides()),
      top.list("pads", getPads()), top.list("dilations", {1, 1})};
  if (getKind() == PoolKind::Max)
    return give(*this, top.run("top.max_pool", operands, attrs));
  attrs.push_back(top.flag("count_include_pad", true));
  return give(*this, top.run("top.avg_pool", operands, attrs));
}

EvalResult UnaryOp::evaluate(ArrayRef<Buffer> operands) {
  TopEvaluator top(*this);
  std::string name = ("top." + stringifyUnaryKind(getKind())).str();
  SmallVector<NamedAttribute> attrs;
  switch (getKind()) {
  case UnaryKind::GeluTanh:
    name = "top.gelu";
    attrs = {top.member("approximate", uint32_t(top::GeluApproximation::Tanh))};
    break;
  case UnaryKind::Clip:
    attrs = {top.f64("min", getAlpha()), top.f64("max", getBeta())};
    break;
  case UnaryKind::LeakyRelu:
  case UnaryKind::Elu:
    attrs = {top.f64("alpha", getAlpha())};
    break;
  case UnaryKind::Hardsigmoid:
    attrs = {top.f64("alpha", getAlpha()), top.f64("beta", getBeta())};
    break;
  default:
    break;
  }
  return give(*this, top.run(name, operands, attrs, getTopType(getType())));
}

EvalResult ScalarOp::evaluate(ArrayRef<Buffer> operands) {
  TopEvaluator top(*this);
  Type element = getElement(getInput());
  double value = getValue().convertToDouble();
  Buffer constant = Buffer::make(operands[0].getKind(), {});
  if (constant.isF32()) {
    constant.getMutableF32()[0] = float(value);
    constant = roundTo(constant, element);
  } else {
    constant.getMutableInts()[0] = int64_t(value);
  }
  switch (getKind()) {
  case ScalarKind::Add:
    return give(*this, top.run("top.add", {operands[0], constant}));
  case ScalarKind::Rsub:
    return give(*this, top.run("top.sub", {constant, operands[0]}));
  case ScalarKind::Mul:
    return give(*this, top.run("top.mul", {operands[0], constant}));
  case ScalarKind::Max:
    return give(*this, top.run("top.max", {operands[0], constant}));
  case ScalarKind::Min:
    return give(*this, top.run("top.min", {operands[0], constant}));
  }
  return llvm::createStringError("unknown function");
}

EvalResult BinaryOp::evaluate(ArrayRef<Buffer> operands) {
  TopEvaluator top(*this);
  return give(*this, top.run(("top." + stringifyBinaryKind(getKind())).str(),
                             operands));
}

EvalResult CompareOp::evaluate(ArrayRef<Buffer> operands) {
  TopEvaluator top(*this);
  // The members of both dialects have the same order.
  return give(*this, top.run("top.compare", operands,
                             {top.member("predicate", uint32_t(getKind()))}));
}

EvalResult SelectOp::evaluate(ArrayRef<Buffer> operands) {
  TopEvaluator top(*this);
  SmallVector<Buffer> buffers(operands);
  buffers[0] = toInts(buffers[0]);
  SmallVector<Value> values;
  for (auto [index, value] : llvm::enumerate((*this)->getOperands())) {
    RankedTensorType type = getTopType(value.getType());
    values.push_back(top.addOperand(
        type.getShape(), index == 0 ? Type(IntegerType::get(getContext(), 1))
                                    : type.getElementType()));
  }
  return give(*this, top.runOn("top.where", values, buffers, {}, {}));
}

EvalResult CastOp::evaluate(ArrayRef<Buffer> operands) {
  return give(*this, operands[0]);
}

EvalResult SoftmaxOp::evaluate(ArrayRef<Buffer> operands) {
  TopEvaluator top(*this);
  return give(*this, top.run("top.softmax", operands,
                             {top.i64("axis", operands[0].getRank() - 1),
                              top.flag("log", getLog())}));
}

template <typename NormOp>
static EvalResult evaluateNorm(NormOp op, StringRef name,
                               ArrayRef<Buffer> operands) {
  TopEvaluator top(op);
  return give(op, top.run(name, operands,
                          {top.i64("axis", operands[0].getRank() - 1),
                           top.f64("epsilon", op.getEpsilon())}));
}

EvalResult LayerNormOp::evaluate(ArrayRef<Buffer> operands) {
  return evaluateNorm(*this, "top.layer_norm", operands);
}

EvalResult RMSNormOp::evaluate(ArrayRef<Buffer> operands) {
  return evaluateNorm(*this, "top.rms_norm", operands);
}

EvalResult ReduceOp::evaluate(ArrayRef<Buffer> operands) {
  TopEvaluator top(*this);
  int64_t first = getAxis();
  SmallVector<int64_t> axes =
      llvm::to_vector(llvm::seq<int64_t>(first, operands[0].getRank()));
  // The first members of both dialects have the same order.
  return give(*this,
              top.run("top.reduce", operands,
                      {top.member("kind", uint32_t(getKind())),
                       top.list("axes", axes), top.flag("keepdims", true)}));
}

EvalResult ReshapeOp::evaluate(ArrayRef<Buffer> operands) {
  return give(*this, operands[0].reshaped(getShape(getOutput())));
}

EvalResult PadOp::evaluate(ArrayRef<Buffer> operands) {
  TopEvaluator top(*this);
  return give(*this,
              top.run("top.pad", operands,
                      {top.list("pads", getPads()),
                       top.member("mode", uint32_t(top::PadMode::Constant)),
                       top.f64("value", getValue())}));
}

EvalResult GatherOp::evaluate(ArrayRef<Buffer> operands) {
  TopEvaluator top(*this);
  for (int64_t index : operands[1].getInts())
    if (index < 0)
      return llvm::createStringError("index " + Twine(index) +
                                     " is negative; the chip counts from 0");
  return give(*this,
              top.run("top.gather", operands, {top.i64("axis", getAxis())}));
}

EvalResult BroadcastOp::evaluate(ArrayRef<Buffer> operands) {
  TopEvaluator top(*this);
  Type element = operands[0].isF32() ? Type(Float32Type::get(getContext()))
                                     : Type(IntegerType::get(getContext(), 64));
  Type type = RankedTensorType::get(getShape(getOutput()), element);
  return give(*this, top.run("top.broadcast", operands, {}, type));
}
