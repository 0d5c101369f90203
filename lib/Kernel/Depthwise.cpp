//===- Depthwise.cpp - Depthwise convolution ------------------------------===//
//
// Convolution of every channel with a kernel of its own. The command adds up in
// the type of its operands, so that 16-bit tiles are widened to f32 in local
// memory first. INT8 sums are i32 and exact.
//
//===----------------------------------------------------------------------===//

#include "RequantEpilogue.h"
#include "Support/IntMath.h"
#include "WindowTiles.h"

#include "llvm/ADT/APFloat.h"

#include <algorithm>
#include <cstring>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// A lane's row of parameters: the kernels of its channels, then their biases,
/// all f32. For INT8 inputs the kernels are i8, and what follows are the
/// channels' SumParameters: for INT8 results channel by channel, else all
/// factors, then all summands.
struct ParameterRow {
  const Arch &arch;
  int64_t channels, kernelSize;
  bool hasBias, hasInt8Input, hasInt8Result;

  int64_t weightBytes() const { return hasInt8Input ? 1 : 4; }
  int64_t lanes() const { return std::min(channels, arch.lanes); }
  int64_t channelRows() const { return arch.channelRows(channels); }
  int64_t biasOffset() const {
    return alignUp(channelRows() * kernelSize * weightBytes(), 4);
  }
  /// The summands that stand apart.
  int64_t secondOffset() const { return biasOffset() + channelRows() * 4; }
  int64_t bytes() const {
    if (hasInt8Input)
      return secondOffset() + channelRows() * 4;
    return biasOffset() + (hasBias ? channelRows() * 4 : 0);
  }
  /// Where the requantisation's words stand, a vector a channel.
  int64_t slotsOffset() const { return alignUp(bytes(), arch.vectorBytes); }
  int64_t localBytes() const {
    return hasInt8Input && hasInt8Result
               ? slotsOffset() + channelRows() * arch.vectorBytes
               : bytes();
  }
};

ParameterRow parameterRow(const Arch &arch, const ConvParams &params) {
  return {arch,
          params.outChannels,
          params.window.kernelH * params.window.kernelW,
          params.hasBias,
          isInt8(params.input.type),
          isInt8(params.result.type)};
}

float decode(const char *bytes, ElementType type) {
  uint32_t bits = 0;
  std::memcpy(&bits, bytes, byteWidth(type));
  if (type == ElementType::BF16)
    bits <<= 16;
  if (type == ElementType::F16)
    return llvm::APFloat(llvm::APFloat::IEEEhalf(), llvm::APInt(16, bits))
        .convertToFloat();
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

class DepthwiseKernel : public TiledKernel {
public:
  DepthwiseKernel(const Arch &arch, const ConvParams &params)
      : TiledKernel(arch), window(params.window), activation(params.activation),
        gate(params.gate), padBits(uint32_t(params.inputZeroPoint) & 0xff),
        parameters(parameterRow(arch, params)), weights(params.weights),
        input(params.input.reshaped(
            {params.batch, params.inChannels, params.inH, params.inW})),
        result(params.result.reshaped(
            {params.batch, params.outChannels, params.outH, params.outW})),
        rows{window.kernelH, window.strideH,   window.dilationH,
             window.padTop,  window.padBottom, params.inH},
        columns{window.kernelW, window.strideW,  window.dilationW,
                window.padLeft, window.padRight, params.inW} {}

  Shape4 space() const override { return result.shape; }

  Shape4 granularity() const override {
    int64_t step = parameters.hasInt8Input ? 64 : 32;
    return {1, arch.lanes, rows.canCut() ? 1 : 0, columns.canCut() ? step : 0};
  }

  unsigned numInputs() const override { return 1; }

  Box inputBox(unsigned, const Box &tile) const override {
    WindowExtent h = rowsOf(tile), w = columnsOf(tile);
    return {{tile.offset[N], tile.offset[C], h.offset, w.offset},
            {tile.size[N], tile.size[C], h.size, w.size}};
  }

  LocalTensor placeInput(unsigned, const Box &box) const override {
    return alignedTensor(arch, 0, box.size, input.type);
  }

  LocalTensor placeResult(const Box &tile) const override {
    return alignedTensor(arch, 0, tile.size, result.type);
  }

  int64_t constantBytes() const override { return parameters.localBytes(); }

  void setUp(CommandBuilder &builder, uint32_t address) const override {
    loadLaneRows(builder, weights, address, parameters.lanes(),
                 parameters.bytes());
    if (!parameters.hasInt8Input || !parameters.hasInt8Result)
      return;
    Shape4 shape{1, parameters.channels, 1, 2};
    uint32_t words = uint32_t(address + parameters.biasOffset());
    uint32_t slots = uint32_t(address + parameters.slotsOffset());
    builder.copy(alignedTensor(arch, slots, shape, ElementType::F32),
                 compactTensor(arch, words, shape, ElementType::F32));
  }

  int64_t scratchBytes(const Box &tile) const override {
    return parameters.hasInt8Input ? layOutInt8(tile, 0, 0).end
                                   : layOut(tile, 0).end;
  }

  void load(CommandBuilder &builder, unsigned, const Box &box,
            const LocalTensor &local) const override {
    builder.load(local, input.slice(box));
  }

  void compute(CommandBuilder &builder, const Box &tile,
               const TileBuffers &buffers, uint32_t constants) const override {
    if (parameters.hasInt8Input)
      return computeInt8(builder, tile, buffers, constants);
    Scratch scratch = layOut(tile, buffers.scratch);
    ActivationBuffers stages = activationBuffers(
        activation, buffers.result, buffers.result.at(scratch.other));
    LocalTensor source = buffers.inputs[0];
    if (widens()) {
      builder.cast(scratch.source, source);
      source = scratch.source;
    }
    bool sumsApart = result.type != ElementType::F32 || skipsColumns();
    LocalTensor sums = sumsApart ? scratch.sums : stages.first;
    int64_t row = tile.offset[C] / arch.lanes;
    std::optional<uint32_t> bias;
    if (parameters.hasBias)
      bias = uint32_t(constants + parameters.biasOffset() + row * 4);
    builder.depthwise(sums, source,
                      uint32_t(constants + row * parameters.kernelSize * 4),
                      bias, windowOf(tile));
    if (sumsApart) {
      Shape4 strides = sums.strides;
      strides[W] = skipsColumns() ? window.strideW : 1;
      LocalTensor wanted = sums.viewed(tile.size, strides);
      if (result.type == ElementType::F32)
        builder.copy(stages.first, wanted);
      else
        builder.cast(stages.first, wanted);
    }
    emitActivation(builder, activation, stages);
  }

  void store(CommandBuilder &builder, const Box &tile,
             const LocalTensor &local) const override {
    builder.store(result.slice(tile), local);
  }

private:
  /// The f32 input, the f32 sums and a second tile for the activation.
  struct Scratch {
    LocalTensor source, sums;
    uint32_t other;
    int64_t end;
  };

  Scratch layOut(const Box &tile, uint32_t address) const {
    Scratch scratch;
    int64_t next = address;
    auto take = [&](const Shape4 &shape, bool isNeeded) {
      LocalTensor tensor =
          alignedTensor(arch, uint32_t(next), shape, ElementType::F32);
      if (isNeeded)
        next = alignUp(next + tensor.laneBytes(), arch.vectorBytes);
      return tensor;
    };
    Shape4 in = inputBox(0, tile).size, out = tile.size;
    scratch.source = take(in, widens());
    out[W] = computedColumns(tile);
    scratch.sums = take(out, result.type != ElementType::F32 || skipsColumns());
    scratch.other = uint32_t(next);
    if (activationSteps(activation))
      next += placeResult(tile).laneBytes();
    scratch.end = next - address;
    return scratch;
  }

  int64_t bytesOf(const LocalTensor &tensor) const {
    return arch.wholeVectors(tensor.laneBytes());
  }

  /// The i32 sums and either their INT8 values, where columns are skipped, or a
  /// second buffer of as many words, or what the gate works on.
  struct Int8Scratch {
    LocalTensor sums;
    uint32_t other;
    int64_t end;
  };

  /// Requantisation is half as fast within a bank: the sums avoid that of what
  /// they lead to.
  Int8Scratch layOutInt8(const Box &tile, uint32_t address,
                         uint32_t resultAddress) const {
    Int8Scratch scratch;
    Shape4 out = tile.size;
    out[W] = computedColumns(tile);
    auto bank = [&](uint32_t place) { return place / arch.bankBytes; };
    int64_t otherBytes = 0;
    scratch.other = address;
    if (gate) {
      otherBytes = bytesOf(alignedTensor(arch, 0, out, ElementType::I16)) +
                   GatedActivation::scratchBytes(arch, tile.size);
      if (skipsColumns())
        otherBytes +=
            bytesOf(alignedTensor(arch, 0, tile.size, ElementType::I16));
    } else if (!parameters.hasInt8Result)
      otherBytes = alignedTensor(arch, 0, out, ElementType::F32).laneBytes();
    else if (skipsColumns())
      otherBytes = alignedTensor(arch, 0, out, result.type).laneBytes();
    uint32_t start = uint32_t(alignUp(address + otherBytes, arch.vectorBytes));
    uint32_t target = otherBytes ? address : resultAddress;
    if (parameters.hasInt8Result && bank(start) == bank(target))
      start += uint32_t(arch.bankBytes);
    scratch.sums = alignedTensor(arch, start, out, ElementType::I32);
    scratch.end = alignUp(address + otherBytes, arch.vectorBytes) +
                  scratch.sums.laneBytes() +
                  (parameters.hasInt8Result ? arch.bankBytes : 0) - address;
    return scratch;
  }

  void computeInt8(CommandBuilder &builder, const Box &tile,
                   const TileBuffers &buffers, uint32_t constants) const {
    Int8Scratch scratch =
        layOutInt8(tile, buffers.scratch, buffers.result.address);
    const LocalTensor &sums = scratch.sums;
    int64_t row = tile.offset[C] / arch.lanes;
    builder.depthwise(sums, buffers.inputs[0],
                      uint32_t(constants + row * parameters.kernelSize),
                      std::nullopt, windowOf(tile), padBits);
    auto wanted = [&](const LocalTensor &all) {
      Shape4 strides = all.strides;
      strides[W] = skipsColumns() ? window.strideW : 1;
      return all.viewed(tile.size, strides);
    };
    uint32_t slots =
        uint32_t(constants + parameters.slotsOffset() + row * arch.vectorBytes);
    if (gate) {
      LocalTensor words =
          alignedTensor(arch, scratch.other, sums.shape, ElementType::I16);
      builder.requantizeChannels(words, sums, slots);
      LocalTensor operand = words;
      uint32_t next = uint32_t(scratch.other + bytesOf(words));
      if (skipsColumns()) {
        operand = alignedTensor(arch, next, tile.size, ElementType::I16);
        builder.copy(operand, wanted(words));
        next += uint32_t(bytesOf(operand));
      }
      return gate->emit(builder, buffers.result, operand, next);
    }
    if (parameters.hasInt8Result) {
      LocalTensor bytes =
          skipsColumns()
              ? alignedTensor(arch, scratch.other, sums.shape, result.type)
              : buffers.result;
      builder.requantizeChannels(bytes, sums, slots);
      if (skipsColumns())
        builder.copy(buffers.result, wanted(bytes));
      return;
    }
    LocalTensor floats =
        alignedTensor(arch, scratch.other, tile.size, ElementType::F32);
    LocalTensor scaled = floats.at(sums.address);
    builder.cast(floats, wanted(sums));
    auto words = [&](uint32_t address) {
      return compactTensor(arch, address, {1, tile.size[C], 1, 1},
                           ElementType::F32);
    };
    builder.linear(
        scaled, floats,
        words(uint32_t(constants + parameters.biasOffset() + row * 4)),
        words(uint32_t(constants + parameters.secondOffset() + row * 4)));
    if (result.type == ElementType::F32 && !activationSteps(activation))
      return builder.copy(buffers.result, scaled);
    emitFloatResult(builder, activation, buffers.result, scaled, scratch.other);
  }

  bool widens() const { return input.type != ElementType::F32; }

  /// Strides above 1 in both axes cost three times the vectors; it is cheaper
  /// to compute every column and to take each second one.
  bool skipsColumns() const {
    return window.strideH > 1 && window.strideW == 2;
  }

  int64_t computedColumns(const Box &tile) const {
    if (!skipsColumns())
      return tile.size[W];
    WindowExtent w = columnsOf(tile);
    return w.padBefore + w.size + w.padAfter - columns.extent() + 1;
  }

  WindowExtent rowsOf(const Box &tile) const {
    return rows.extentOf(tile.offset[H], tile.size[H]);
  }
  WindowExtent columnsOf(const Box &tile) const {
    return columns.extentOf(tile.offset[W], tile.size[W], result.shape[W]);
  }

  Window windowOf(const Box &tile) const {
    Window clipped = clipWindow(window, rowsOf(tile), columnsOf(tile));
    if (skipsColumns())
      clipped.strideW = 1;
    return clipped;
  }

  Window window;
  Activation activation;
  std::optional<GatedActivation> gate;
  uint32_t padBits;
  ParameterRow parameters;
  GlobalTensor weights, input, result;
  WindowAxis rows, columns;
};

} // namespace

/// The rows for INT8 inputs.
static std::vector<char> packBytes(const ConvParams &params,
                                   const ParameterRow &row,
                                   llvm::ArrayRef<char> filter,
                                   llvm::ArrayRef<char> parameters) {
  std::vector<std::vector<char>> lanes(row.lanes());
  for (std::vector<char> &lane : lanes)
    lane.assign(alignUp(row.bytes(), 4), 0);
  for (int64_t channel = 0; channel < row.channels; ++channel) {
    char *bytes = lanes[channel % row.arch.lanes].data();
    int64_t channelRow = channel / row.arch.lanes;
    std::memcpy(bytes + channelRow * row.kernelSize,
                filter.data() + channel * row.kernelSize, row.kernelSize);
    SumParameters words;
    std::memcpy(&words, parameters.data() + channel * sizeof(words),
                sizeof(words));
    char *first = bytes + row.biasOffset() + channelRow * 4;
    if (row.hasInt8Result) {
      std::memcpy(first + channelRow * 4, &words, sizeof(words));
    } else {
      std::memcpy(first, &words.factor, 4);
      std::memcpy(bytes + row.secondOffset() + channelRow * 4, &words.summand,
                  4);
    }
  }
  return packLaneRows(row.arch, lanes);
}

bool kernel::isDepthwise(const ConvParams &params) {
  return params.groups > 1 && params.groups == params.inChannels &&
         params.groups == params.outChannels && params.kernelD == 1 &&
         !isVolume(params);
}

std::vector<char> kernel::packDepthwiseWeights(const Arch &arch,
                                               const ConvParams &params,
                                               llvm::ArrayRef<char> filter,
                                               llvm::ArrayRef<float> bias,
                                               const ChannelFactors &factors) {
  ParameterRow row = parameterRow(arch, params);
  if (row.hasInt8Input)
    return packBytes(params, row, filter,
                     packSumParameters(params, filter, bias, factors));
  int64_t width = byteWidth(params.input.type);
  std::vector<std::vector<char>> lanes(row.lanes(),
                                       std::vector<char>(row.bytes(), 0));
  for (int64_t channel = 0; channel < row.channels; ++channel) {
    char *bytes = lanes[channel % arch.lanes].data();
    int64_t channelRow = channel / arch.lanes;
    for (int64_t tap = 0; tap < row.kernelSize; ++tap) {
      int64_t index = channel * row.kernelSize + tap;
      float value = decode(filter.data() + index * width, params.input.type);
      std::memcpy(bytes + (channelRow * row.kernelSize + tap) * 4, &value, 4);
    }
    if (row.hasBias)
      std::memcpy(bytes + row.biasOffset() + channelRow * 4, &bias[channel], 4);
  }
  return packLaneRows(arch, lanes);
}

int64_t kernel::depthwiseWeightBytes(const Arch &arch,
                                     const ConvParams &params) {
  ParameterRow row = parameterRow(arch, params);
  return row.lanes() * alignUp(row.bytes(), 4);
}

void kernel::makeDepthwiseKernels(const Arch &arch, const ConvParams &params,
                                  KernelList &kernels) {
  kernels.push_back(std::make_unique<DepthwiseKernel>(arch, params));
}
