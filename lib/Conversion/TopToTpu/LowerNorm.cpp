//===- LowerNorm.cpp - Lowering of normalisations and reductions ----------===//
//
// Brings the axes that an op combines to the end, where the chip's forms have
// them, and splits what has no form into steps.
//
//===----------------------------------------------------------------------===//

#include "HierarchicalReduction.h"
#include "IntegerSteps.h"

#include <cmath>

using namespace mlir;
using namespace tpuc;
using tpu::BinaryKind;
using tpu::ScalarKind;
using tpu::UnaryKind;

/// [C] as [1, C, 1...] of `rank` axes.
static SmallVector<int64_t> getChannelShape(int64_t channels, size_t rank) {
  SmallVector<int64_t> shape(rank, 1);
  shape[1] = channels;
  return shape;
}

//===----------------------------------------------------------------------===//
// Normalisation
//===----------------------------------------------------------------------===//

static LogicalResult lowerSoftmax(top::SoftmaxOp op, Lowering &lowering) {
  Value x = lowering.get(op.getInput(), lowering.getFloatElement(op));
  SmallVector<int64_t> order =
      getOrderWithLast(getShape(x).size(), int64_t(op.getAxis()));
  x = lowering.permute(x, order);
  Value inSteps = softmaxInSteps(x, op.getLog(), lowering);
  x = inSteps ? inSteps
              : lowering.emit<tpu::SoftmaxOp>(x.getType(), x, op.getLog());
  lowering.replace(op.getResult(), lowering.permute(x, invertOrder(order)));
  return success();
}

/// The axes from `axis` on become one, over which `NormOp` normalises.
template <typename NormOp, typename OpTy>
static LogicalResult lowerLastAxesNorm(OpTy op, Lowering &lowering) {
  Type element = lowering.getFloatElement(op);
  Value x = lowering.get(op.getInput(), element);
  ArrayRef<int64_t> shape = getShape(op.getInput());
  int64_t size = getProduct(shape.drop_front(op.getAxis()));
  SmallVector<int64_t> merged(shape.take_front(op.getAxis()));
  merged.push_back(size);
  x = lowering.reshape(x, merged);
  GroupNorm norm{x, op.getScale(), op.getBias(), {}};
  norm.epsilon = op.getEpsilon().convertToDouble();
  norm.subtractsMean = std::is_same_v<NormOp, tpu::LayerNormOp>;
  if (Value inSteps = normInSteps(norm, lowering)) {
    lowering.replace(op.getResult(), lowering.reshape(inSteps, shape));
    return success();
  }
  auto getVector = [&](Value value) {
    return value ? lowering.reshape(lowering.get(value, element), size)
                 : Value();
  };
  Value scale = getVector(op.getScale()), bias = getVector(op.getBias());
  x = lowering.emit<NormOp>(x.getType(), x, scale, bias, op.getEpsilon());
  lowering.replace(op.getResult(), lowering.reshape(x, shape));
  return success();
}

/// group_norm(x) -> layer_norm of the groups, then scale and bias of channels
static LogicalResult lowerGroupNorm(top::GroupNormOp op, Lowering &lowering) {
  Type element = lowering.getFloatElement(op);
  Value x = lowering.get(op.getInput(), element);
  ArrayRef<int64_t> shape = getShape(op.getInput());
  int64_t groups = op.getNumGroups();
  int64_t size = getProduct(shape.drop_front(2));
  if (shape[1] / groups * size > kLongRow) {
    GroupNorm norm{lowering.reshape(x, {shape[0], shape[1], size}),
                   op.getScale(),
                   op.getBias(),
                   {1, shape[1], 1},
                   op.getEpsilon().convertToDouble(),
                   groups};
    lowering.replace(op.getResult(),
                     lowering.reshape(normOfGroups(norm, lowering), shape));
    return success();
  }
  x = lowering.reshape(x, {shape[0], groups, shape[1] / groups * size});
  x = lowering.emit<tpu::LayerNormOp>(x.getType(), x, Value(), Value(),
                                      op.getEpsilon());
  x = lowering.reshape(x, shape);
  SmallVector<int64_t> channels = getChannelShape(shape[1], shape.size());
  if (Value scale = op.getScale())
    x = lowering.emit<tpu::BinaryOp>(
        BinaryKind::Mul, x,
        lowering.reshape(lowering.get(scale, element), channels));
  if (Value bias = op.getBias())
    x = lowering.emit<tpu::BinaryOp>(
        BinaryKind::Add, x,
        lowering.reshape(lowering.get(bias, element), channels));
  lowering.replace(op.getResult(), x);
  return success();
}

/// batch_norm(x) -> x * s + b, with s and b made from constant statistics
static LogicalResult lowerBatchNorm(top::BatchNormOp op, Lowering &lowering) {
  SmallVector<Buffer> parameters;
  for (Value value :
       {op.getScale(), op.getBias(), op.getMean(), op.getVariance()}) {
    FailureOr<Buffer> buffer = top::getConstant(value);
    if (failed(buffer))
      return lowering.fail(op, "its parameters are computed by the network; "
                               "make them constants");
    parameters.push_back(*buffer);
  }
  double epsilon = op.getEpsilon().convertToDouble();
  ArrayRef<int64_t> shape = getShape(op.getInput());
  std::vector<float> scale, bias;
  for (int64_t c = 0; c < shape[1]; ++c) {
    double factor = parameters[0].getF32()[c] /
                    std::sqrt(parameters[3].getF32()[c] + epsilon);
    scale.push_back(factor);
    bias.push_back(parameters[1].getF32()[c] -
                   factor * parameters[2].getF32()[c]);
  }
  Type element = lowering.getFloatElement(op);
  Value x = lowering.get(op.getInput(), element);
  SmallVector<int64_t> channels = getChannelShape(shape[1], shape.size());
  x = lowering.emit<tpu::BinaryOp>(BinaryKind::Mul, x,
                                   lowering.constant(scale, channels, element));
  x = lowering.emit<tpu::BinaryOp>(BinaryKind::Add, x,
                                   lowering.constant(bias, channels, element));
  lowering.replace(op.getResult(), x);
  return success();
}

//===----------------------------------------------------------------------===//
// Reduction
//===----------------------------------------------------------------------===//

/// Emits the steps of a reduction of the axes from `axis` on.
static Value emitReduction(top::ReduceKind kind, Value x, int64_t axis,
                           Lowering &lowering) {
  auto reduce = [&](tpu::ReduceKind kind, Value x) {
    return reduceInSteps(kind, x, axis, lowering);
  };
  auto square = [&](Value x) {
    return lowering.emit<tpu::BinaryOp>(BinaryKind::Mul, x, x);
  };
  switch (kind) {
  case top::ReduceKind::Mean:
    return reduce(tpu::ReduceKind::Mean, x);
  case top::ReduceKind::Sum:
    return reduce(tpu::ReduceKind::Sum, x);
  case top::ReduceKind::Max:
    return reduce(tpu::ReduceKind::Max, x);
  case top::ReduceKind::Min:
    return reduce(tpu::ReduceKind::Min, x);
  case top::ReduceKind::L1:
    return reduce(tpu::ReduceKind::Sum,
                  lowering.emit<tpu::UnaryOp>(UnaryKind::Abs, x));
  case top::ReduceKind::SumSquare:
    return reduce(tpu::ReduceKind::Sum, square(x));
  case top::ReduceKind::L2:
    return lowering.emit<tpu::UnaryOp>(UnaryKind::Sqrt,
                                       reduce(tpu::ReduceKind::Sum, square(x)));
  case top::ReduceKind::LogSum:
    return lowering.emit<tpu::UnaryOp>(UnaryKind::Log,
                                       reduce(tpu::ReduceKind::Sum, x));
  case top::ReduceKind::LogSumExp: {
    // max + log(sum(exp(x - max))) does not overflow.
    Value max = reduce(tpu::ReduceKind::Max, x);
    Value exp = lowering.emit<tpu::UnaryOp>(
        UnaryKind::Exp, lowering.emit<tpu::BinaryOp>(BinaryKind::Sub, x, max));
    Value log = lowering.emit<tpu::UnaryOp>(UnaryKind::Log,
                                            reduce(tpu::ReduceKind::Sum, exp));
    return lowering.emit<tpu::BinaryOp>(BinaryKind::Add, max, log);
  }
  case top::ReduceKind::Prod:
    return reduceByHalves(BinaryKind::Mul, x, axis, lowering);
  }
  return nullptr;
}

/// The same of i32. What has a logarithm or a root is computed in f32.
static Value emitIntegerReduction(top::ReduceKind kind, Value x, int64_t axis,
                                  Lowering &lowering) {
  auto halves = [&](BinaryKind kind, Value x) {
    return reduceByHalves(kind, x, axis, lowering);
  };
  switch (kind) {
  case top::ReduceKind::Sum:
    return halves(BinaryKind::Add, x);
  case top::ReduceKind::Prod:
    return halves(BinaryKind::Mul, x);
  case top::ReduceKind::Max:
    return halves(BinaryKind::Max, x);
  case top::ReduceKind::Min:
    return halves(BinaryKind::Min, x);
  case top::ReduceKind::Mean: {
    Value sum = halves(BinaryKind::Add, x);
    int64_t count = getProduct(getShape(x).drop_front(axis));
    Value divisor =
        lowering.indices({count}, SmallVector<int64_t>(getShape(x).size(), 1));
    return divideIntegers(sum, divisor, lowering).quotient;
  }
  case top::ReduceKind::L1: {
    Value negative = lowering.emit<tpu::ScalarOp>(ScalarKind::Mul, x, -1.0);
    return halves(BinaryKind::Add,
                  lowering.emit<tpu::BinaryOp>(BinaryKind::Max, x, negative));
  }
  case top::ReduceKind::SumSquare:
    return halves(BinaryKind::Add,
                  lowering.emit<tpu::BinaryOp>(BinaryKind::Mul, x, x));
  case top::ReduceKind::L2:
  case top::ReduceKind::LogSum:
  case top::ReduceKind::LogSumExp:
    break;
  }
  Value wide = lowering.cast(x, Float32Type::get(x.getContext()));
  return lowering.cast(emitReduction(kind, wide, axis, lowering),
                       getElement(x));
}

static LogicalResult lowerReduce(top::ReduceOp op, Lowering &lowering) {
  top::ReduceKind kind = op.getKind();
  bool isInteger = isa<IntegerType>(getElement(op.getInput()));
  // Extrema keep their operand's precision.
  bool isExtremum =
      kind == top::ReduceKind::Max || kind == top::ReduceKind::Min;
  Type element = isExtremum || isInteger
                     ? lowering.getNaturalElement(op, op.getInput())
                     : lowering.getFloatElement(op);
  Value x = lowering.get(op.getInput(), element);
  ArrayRef<int64_t> shape = getShape(x);
  SmallVector<int64_t> axes(op.getAxes());
  llvm::sort(axes);
  if (axes.empty())
    axes = llvm::to_vector(llvm::seq<int64_t>(0, shape.size()));
  if (axes.empty())
    return lowering.fail(op, "its operand has no axis; leave it out");
  x = lowering.permute(x, getOrderWithLast(shape.size(), axes));
  int64_t axis = shape.size() - axes.size();
  x = isa<IntegerType>(element) ? emitIntegerReduction(kind, x, axis, lowering)
                                : emitReduction(kind, x, axis, lowering);
  lowering.replace(op.getResult(),
                   lowering.reshape(x, getShape(op.getOutput())));
  return success();
}

void tpuc::populateNormLowerings(LoweringSet &set) {
  set.add(lowerSoftmax);
  set.add(lowerLastAxesNorm<tpu::LayerNormOp, top::LayerNormOp>);
  set.add(lowerLastAxesNorm<tpu::RMSNormOp, top::RMSNormOp>);
  set.add(lowerGroupNorm);
  set.add(lowerBatchNorm);
  set.add(lowerReduce);
}
