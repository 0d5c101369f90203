//===- WindowKernels.cpp - Kernels of convolutions and pooling ------------===//
//
// Translates the operators that slide a window into kernel parameters and packs
// their constant filters.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Tpu/Transforms/KernelTypes.h"
#include "KernelModels.h"
#include "QuantElementwise.h"

#include "Dialect/Tpu/IR/Tpu.h"
#include "Kernel/Conv.h"
#include "Kernel/Pool.h"
#include "Support/FloatFormats.h"

#include <cmath>

using namespace mlir;
using namespace tpuc;
using namespace tpuc::kernel;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

namespace {

/// The bytes of a filter and the numbers of a bias.
struct Weights {
  ArrayRef<char> filter;
  SmallVector<float> bias;
};

/// Reads the constant operands; emits an error when one is not constant.
LogicalResult readWeights(Operation *op, KernelContext &context, Value filter,
                          Value bias, Weights &weights) {
  weights.filter = context.constantBytes(filter);
  if (weights.filter.empty())
    return op->emitOpError()
           << "has a filter that is computed at run time; the chip wants it "
              "packed beforehand: make it a constant, or express the "
              "convolution by matmuls";
  if (!bias)
    return success();
  ArrayRef<char> bytes = context.constantBytes(bias);
  if (bytes.empty())
    return op->emitOpError()
           << "has a bias that is computed at run time; add it by an operator "
              "of its own";
  weights.bias.resize(bytes.size() / sizeof(float));
  std::memcpy(weights.bias.data(), bytes.data(), bytes.size());
  return success();
}

/// An f32 filter [oc, ic, kh, kw] as the sum of two bf16 filters, [oc, ic, 2,
/// kh, kw]: the rounded one and the rounding error.
std::vector<char> splitFilter(ArrayRef<char> filter, int64_t taps) {
  size_t count = filter.size() / sizeof(float);
  SmallVector<float> values(count);
  std::memcpy(values.data(), filter.data(), filter.size());
  std::vector<char> parts(2 * count * sizeof(uint16_t));
  for (size_t i = 0; i < count; ++i) {
    uint16_t high = roundToBFloat(values[i]);
    float rest = values[i] - bfloatToFloat(high);
    // Infinity has no rounding error.
    uint16_t low = std::isfinite(rest) ? roundToBFloat(rest) : 0;
    size_t at = i / taps * 2 * taps + i % taps;
    std::memcpy(&parts[at * sizeof(high)], &high, sizeof(high));
    std::memcpy(&parts[(at + taps) * sizeof(low)], &low, sizeof(low));
  }
  return parts;
}

/// Reports why a kernel cannot be made as an error of `op`.
LogicalResult report(Operation *op, llvm::Error error) {
  if (!error)
    return success();
  return op->emitOpError() << "cannot be computed: "
                           << llvm::toString(std::move(error))
                           << "; split it into smaller operators";
}

/// The packed filter of `op`, which is operand 1.
constexpr unsigned kFilter = 1;
FailureOr<GlobalTensor> packedFilter(Operation *op, KernelContext &context,
                                     int64_t bytes) {
  return context.packedWeight(op, op->getOperand(kFilter), ElementType::I8,
                              {1, 1, 1, bytes});
}

template <typename Op> Activation activationOf(Op op) {
  Activation activation;
  activation.relu = op.getDoRelu();
  activation.limit = op.getReluLimit().convertToDouble();
  return activation;
}

struct ConvModel
    : LowerToCommandsOpInterface::ExternalModel<ConvModel, tpu::ConvOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    ConvParams params;
    if (failed(setParams(cast<tpu::ConvOp>(op), context, params)))
      return failure();
    FailureOr<GlobalTensor> weights =
        packedFilter(op, context, convWeightBytes(context.arch(), params));
    if (failed(weights))
      return failure();
    params.weights = *weights;
    return report(op, makeConvKernels(context.arch(), params, kernels));
  }

  /// Whether the filter is the sum of two bf16 filters.
  static bool isSplit(tpu::ConvOp conv) {
    return conv.getInput().getType().getElementType().isBF16() &&
           conv.getFilter().getType().getElementType().isF32();
  }

  /// All but the weights; sizes are checked.
  static LogicalResult setParams(tpu::ConvOp conv, KernelContext &context,
                                 ConvParams &params) {
    params.input = context.globalTensor(conv.getInput());
    params.result = context.globalTensor(conv.getOutput());
    setConvShapes(conv, params);
    Type inputElement = conv.getInput().getType().getElementType();
    Type filterElement = conv.getFilter().getType().getElementType();
    if (inputElement.isF32() && !filterElement.isF32())
      params.rounded = elementTypeOf(conv.getFilter().getType());
    if (isSplit(conv)) {
      params.kernelD = 2;
      params.dilationD = 0;
    }
    params.hasBias = bool(conv.getBias());
    params.activation = activationOf(conv);
    params.inputZeroPoint = quantParamsOf(conv.getInput()).zeroPoint;
    if (failed(setGate(conv, params)))
      return failure();
    return report(conv, checkConv(context.arch(), params));
  }

private:
  static LogicalResult setGate(tpu::ConvOp conv, ConvParams &params) {
    if (conv.getGate() == tpu::GateKind::None)
      return success();
    GateFunction function = conv.getGate() == tpu::GateKind::Silu
                                ? GateFunction::Silu
                                : GateFunction::Gelu;
    double scale = quantParamsOf(conv.getOutput()).scale;
    double expected = GatedActivation::scaleFor(function, scale);
    // Scales pass through text with fewer digits.
    constexpr double kTolerance = 1e-5;
    if (std::abs(expected / scale - 1) < kTolerance)
      params.gate = GatedActivation::make(function, expected);
    if (params.gate)
      return success();
    return conv.emitOpError("has the gate ")
           << tpu::stringifyGateKind(conv.getGate())
           << " and a result of the scale " << scale
           << ", for which there is no form; give it the scale " << expected
           << ", or the precision F16 where that is below 2e-3";
  }
};

struct ConvPacker
    : PackWeightsOpInterface::ExternalModel<ConvPacker, tpu::ConvOp> {
  FailureOr<PackedOperand> packWeights(Operation *op,
                                       KernelContext &context) const {
    auto conv = cast<tpu::ConvOp>(op);
    ConvParams params;
    Weights weights;
    if (failed(ConvModel::setParams(conv, context, params)) ||
        failed(readWeights(op, context, conv.getFilter(), conv.getBias(),
                           weights)))
      return failure();
    std::vector<char> parts;
    if (ConvModel::isSplit(conv)) {
      parts = splitFilter(weights.filter,
                          params.window.kernelH * params.window.kernelW);
      weights.filter = parts;
    }
    return PackedOperand{kFilter, pack(context.arch(), conv, params, weights)};
  }

private:
  static std::vector<char> pack(const Arch &arch, tpu::ConvOp conv,
                                const ConvParams &params, Weights &weights) {
    auto type = dyn_cast<quant::UniformQuantizedPerAxisType>(
        tpu::getElement(conv.getFilter()));
    if (!type)
      return packConvWeights(arch, params, weights.filter, weights.bias);
    QuantParams input = quantParamsOf(conv.getInput());
    QuantParams result = quantParamsOf(conv.getOutput());
    SmallVector<double> factors;
    for (double scale : type.getScales())
      factors.push_back(input.scale * scale / result.scale);
    for (float &bias : weights.bias)
      bias = float(bias / result.scale);
    return packConvWeights(arch, params, weights.filter, weights.bias,
                           {factors, result.zeroPoint});
  }
};

struct ConvTransposeModel
    : LowerToCommandsOpInterface::ExternalModel<ConvTransposeModel,
                                                tpu::ConvTransposeOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    ConvTransposeParams params;
    if (failed(setParams(cast<tpu::ConvTransposeOp>(op), context, params)))
      return failure();
    FailureOr<GlobalTensor> weights = packedFilter(
        op, context, convTransposeWeightBytes(context.arch(), params));
    if (failed(weights))
      return failure();
    params.weights = *weights;
    return report(op,
                  makeConvTransposeKernels(context.arch(), params, kernels));
  }

  /// All but the weights; sizes are checked.
  static LogicalResult setParams(tpu::ConvTransposeOp conv,
                                 KernelContext &context,
                                 ConvTransposeParams &params) {
    ArrayRef<int64_t> in = shapeOf(conv.getInput());
    ArrayRef<int64_t> out = shapeOf(conv.getOutput());
    ArrayRef<int64_t> filter = shapeOf(conv.getFilter());
    params.input = context.globalTensor(conv.getInput());
    params.result = context.globalTensor(conv.getOutput());
    params.batch = in[0];
    params.inChannels = in[1];
    params.inH = in[2];
    params.inW = in[3];
    params.outChannels = out[1];
    params.outH = out[2];
    params.outW = out[3];
    params.groups = conv.getGroup();
    params.kernelH = filter[2];
    params.kernelW = filter[3];
    params.strideH = conv.getStrides()[0];
    params.strideW = conv.getStrides()[1];
    params.padTop = conv.getPads()[0];
    params.padLeft = conv.getPads()[1];
    params.dilationH = conv.getDilations()[0];
    params.dilationW = conv.getDilations()[1];
    params.hasBias = bool(conv.getBias());
    params.activation = activationOf(conv);
    return report(conv, checkConvTranspose(context.arch(), params));
  }
};

struct ConvTransposePacker
    : PackWeightsOpInterface::ExternalModel<ConvTransposePacker,
                                            tpu::ConvTransposeOp> {
  FailureOr<PackedOperand> packWeights(Operation *op,
                                       KernelContext &context) const {
    auto conv = cast<tpu::ConvTransposeOp>(op);
    ConvTransposeParams params;
    Weights weights;
    if (failed(ConvTransposeModel::setParams(conv, context, params)) ||
        failed(readWeights(op, context, conv.getFilter(), conv.getBias(),
                           weights)))
      return failure();
    return PackedOperand{
        kFilter, packConvTransposeWeights(context.arch(), params,
                                          weights.filter, weights.bias)};
  }
};

struct PoolModel
    : LowerToCommandsOpInterface::ExternalModel<PoolModel, tpu::PoolOp> {
  LogicalResult buildKernels(Operation *op, KernelContext &context,
                             KernelList &kernels) const {
    auto pool = cast<tpu::PoolOp>(op);
    ArrayRef<int64_t> in = shapeOf(pool.getInput());
    ArrayRef<int64_t> out = shapeOf(pool.getOutput());
    PoolParams params;
    params.input = context.globalTensor(pool.getInput());
    params.result = context.globalTensor(pool.getOutput());
    params.batch = in[0];
    params.channels = in[1];
    params.inH = in[2];
    params.inW = in[3];
    params.outH = out[2];
    params.outW = out[3];
    Window &window = params.window;
    window.kernelH = pool.getKernel()[0];
    window.kernelW = pool.getKernel()[1];
    window.strideH = pool.getStrides()[0];
    window.strideW = pool.getStrides()[1];
    window.padTop = pool.getPads()[0];
    window.padLeft = pool.getPads()[1];
    window.padBottom = pool.getPads()[2];
    window.padRight = pool.getPads()[3];
    params.isMax = pool.getKind() == tpu::PoolKind::Max;
    return report(op, makePoolKernels(context.arch(), params, kernels));
  }
};

} // namespace

void tpuc::attachWindowKernels(MLIRContext *context) {
  tpu::ConvOp::attachInterface<ConvModel, ConvPacker>(*context);
  tpu::ConvTransposeOp::attachInterface<ConvTransposeModel,
                                        ConvTransposePacker>(*context);
  tpu::PoolOp::attachInterface<PoolModel>(*context);
}
