//===- ConvTranspose.cpp - Transposed convolution -------------------------===//
//
// Result positions that agree modulo the stride see the same taps. Each such
// phase is an ordinary convolution of stride 1 with a part of the kernel, whose
// result goes to every stride-th row and column. No zeros are inserted or
// multiplied.
//
//===----------------------------------------------------------------------===//

#include "Support/IntMath.h"
#include "WindowTiles.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// One spatial axis. With y = phase + stride * u - pad, result y is the sum
/// over taps j of kernel[phase + stride * j] * input[u - j].
struct PhaseAxis {
  int64_t kernel, stride, dilation, pad, inputSize, outputSize;

  /// Taps of each phase.
  int64_t taps() const { return ceilDiv((kernel - 1) * dilation + 1, stride); }
  /// The kernel's row for tap `position` (in the order of a convolution) of a
  /// phase, or -1 where it has none.
  int64_t kernelIndex(int64_t phase, int64_t position) const {
    int64_t index = phase + stride * (taps() - 1 - position);
    if (index % dilation || index / dilation >= kernel)
      return -1;
    return index / dilation;
  }
  /// The positions u that results [offset, offset + size) need.
  int64_t firstStep(int64_t offset) const { return (offset + pad) / stride; }
  int64_t numSteps(int64_t offset, int64_t size) const {
    return firstStep(offset + size - 1) - firstStep(offset) + 1;
  }
  WindowExtent extentOf(int64_t offset, int64_t size) const {
    return windowExtent(firstStep(offset), numSteps(offset, size),
                        /*stride=*/1, taps(), /*dilation=*/1,
                        /*padBefore=*/taps() - 1, inputSize);
  }
  /// The whole tile's extent touches the input even when it is small.
  bool canCut() const {
    return firstStep(outputSize - 1) - (taps() - 1) < inputSize;
  }

  /// The results of a phase within a tile: the first step, how many, and the
  /// first result's place in the tile.
  struct Part {
    int64_t step, count, place;
  };
  Part partOf(int64_t phase, int64_t offset, int64_t size) const {
    int64_t first = ceilDiv(offset + pad - phase, stride);
    int64_t end = ceilDiv(offset + size + pad - phase, stride);
    return {first, end - first, phase + stride * first - pad - offset};
  }
};

PhaseAxis rowAxis(const ConvTransposeParams &params) {
  return {params.kernelH, params.strideH, params.dilationH,
          params.padTop,  params.inH,     params.outH};
}

PhaseAxis columnAxis(const ConvTransposeParams &params) {
  return {params.kernelW, params.strideW, params.dilationW,
          params.padLeft, params.inW,     params.outW};
}

/// Windows that do not overlap make each row of a single output channel from
/// one row of the kernel: rows of the same phase are then a channel, and all
/// of them come out of one pass.
bool makesRowsChannels(const Arch &arch, const ConvTransposeParams &params) {
  return params.outChannels == 1 && params.groups == 1 && params.strideH > 1 &&
         params.kernelH == params.strideH && params.dilationH == 1 &&
         params.padTop == 0 && params.outH == params.inH * params.strideH &&
         params.strideH <= arch.lanes;
}

/// The same with phases of rows as channels.
ConvTransposeParams withRowsAsChannels(const Arch &arch,
                                       ConvTransposeParams params) {
  if (!makesRowsChannels(arch, params))
    return params;
  params.outChannels = params.strideH;
  params.outH = params.inH;
  params.kernelH = params.strideH = 1;
  return params;
}

ConvPacking packingOf(const Arch &arch, const ConvTransposeParams &params) {
  int64_t parts = separateGroups(arch, params.inChannels, params.outChannels,
                                 params.groups);
  ConvPacking packing(arch);
  packing.type = params.input.type;
  packing.outChannels = params.outChannels / parts;
  packing.inChannels = params.inChannels / parts;
  packing.groups = params.groups / parts;
  packing.taps = params.strideH * params.strideW;
  packing.kernelH = rowAxis(params).taps();
  packing.kernelW = columnAxis(params).taps();
  packing.hasBias = params.hasBias;
  return packing;
}

class ConvTransposeKernel : public TiledKernel {
public:
  ConvTransposeKernel(const Arch &arch, const ConvTransposeParams &params,
                      const ConvPacking &packing, const GlobalTensor &input,
                      const GlobalTensor &weights, const GlobalTensor &result)
      : TiledKernel(arch), packing(packing), activation(params.activation),
        input(input), weights(weights), result(result), rows(rowAxis(params)),
        columns(columnAxis(params)) {}

  Shape4 space() const override { return result.shape; }

  Shape4 granularity() const override {
    return {1, packing.blocksPerUnit() * arch.lanes, rows.canCut() ? 1 : 0,
            columns.canCut() ? 32 : 0};
  }

  unsigned numInputs() const override { return 2; }

  Box inputBox(unsigned index, const Box &tile) const override {
    int64_t firstBlock = tile.offset[C] / arch.lanes;
    int64_t numBlocks = ceilDiv(tile.size[C], arch.lanes);
    if (index == 1)
      return {{firstBlock, 0, 0, 0}, {numBlocks, 1, 1, 1}};
    WindowExtent h = rows.extentOf(tile.offset[H], tile.size[H]);
    WindowExtent w = columns.extentOf(tile.offset[W], tile.size[W]);
    ConvPacking::ChannelRange channels =
        packing.inputRange(firstBlock, numBlocks);
    return {{tile.offset[N], channels.begin, h.offset, w.offset},
            {tile.size[N], channels.count, h.size, w.size}};
  }

  LocalTensor placeInput(unsigned index, const Box &box) const override {
    return index == 1 ? packing.place(box.size[0])
                      : alignedTensor(arch, 0, box.size, input.type);
  }

  LocalTensor placeResult(const Box &tile) const override {
    return blockMajor(arch, 0, tile.size, result.type);
  }

  int64_t scratchBytes(const Box &tile) const override {
    int64_t tensors = 1 + (activationSteps(activation) == 2);
    return tensors *
           alignUp(phaseTensor(tile, 0).laneBytes(), arch.vectorBytes);
  }

  void load(CommandBuilder &builder, unsigned index, const Box &box,
            const LocalTensor &local) const override {
    if (index == 1)
      packing.load(builder, weights, local.address, box.offset[0], box.size[0]);
    else
      builder.load(local, input.slice(box));
  }

  void compute(CommandBuilder &builder, const Box &tile,
               const TileBuffers &buffers, uint32_t) const override {
    int64_t numBlocks = ceilDiv(tile.size[C], arch.lanes);
    for (int64_t block = 0; block < numBlocks; ++block)
      for (int64_t phase = 0; phase < packing.taps; ++phase)
        computePhase(builder, tile, buffers, block, phase);
  }

  void store(CommandBuilder &builder, const Box &tile,
             const LocalTensor &local) const override {
    builder.store(result.slice(tile), local);
  }

private:
  /// All steps of one phase and channel block.
  LocalTensor phaseTensor(const Box &tile, uint32_t address) const {
    Shape4 shape = {tile.size[N], std::min(tile.size[C], arch.lanes),
                    rows.numSteps(tile.offset[H], tile.size[H]),
                    columns.numSteps(tile.offset[W], tile.size[W])};
    return alignedTensor(arch, address, shape, result.type);
  }

  void computePhase(CommandBuilder &builder, const Box &tile,
                    const TileBuffers &buffers, int64_t block,
                    int64_t phase) const {
    PhaseAxis::Part down =
        rows.partOf(phase / columns.stride, tile.offset[H], tile.size[H]);
    PhaseAxis::Part across =
        columns.partOf(phase % columns.stride, tile.offset[W], tile.size[W]);
    if (down.count <= 0 || across.count <= 0)
      return;
    LocalTensor target = blockOf(buffers.result, block);
    LocalTensor steps = phaseTensor(tile, buffers.scratch);
    steps.shape[C] = target.shape[C];
    convolve(builder, tile, buffers, block, phase, steps);

    auto wanted = [&](const LocalTensor &all) {
      return all
          .slice(H, down.step - rows.firstStep(tile.offset[H]), down.count)
          .slice(W, across.step - columns.firstStep(tile.offset[W]),
                 across.count);
    };
    target.address += uint32_t((down.place * target.strides[H] + across.place) *
                               byteWidth(target.type));
    target.shape[H] = down.count;
    target.shape[W] = across.count;
    target.strides[H] *= rows.stride;
    target.strides[W] *= columns.stride;
    if (!activation.relu)
      return builder.copy(target, wanted(steps));
    Operand zero(0.0, result.type);
    if (activation.limit < 0)
      return builder.arith(Arith::Max, target, wanted(steps), zero);
    LocalTensor rectified = steps.at(
        uint32_t(steps.address +
                 alignUp(phaseTensor(tile, 0).laneBytes(), arch.vectorBytes)));
    builder.arith(Arith::Max, rectified, steps, zero);
    builder.arith(Arith::Min, target, wanted(rectified),
                  Operand(activation.limit, result.type));
  }

  void convolve(CommandBuilder &builder, const Box &tile,
                const TileBuffers &buffers, int64_t block, int64_t phase,
                const LocalTensor &steps) const {
    WindowExtent h = rows.extentOf(tile.offset[H], tile.size[H]);
    WindowExtent w = columns.extentOf(tile.offset[W], tile.size[W]);
    Window window;
    window.kernelH = packing.kernelH;
    window.kernelW = packing.kernelW;
    window.padTop = h.padBefore;
    window.padBottom = h.padAfter;
    window.padLeft = w.padBefore;
    window.padRight = w.padAfter;
    uint32_t row =
        buffers.inputs[1].address + uint32_t(block * packing.pitchBytes());
    uint32_t kernel = row + uint32_t(phase * packing.tapBytes());
    std::optional<uint32_t> bias;
    if (packing.hasBias)
      bias = row + uint32_t(packing.biasOffset());
    int64_t firstBlock = tile.offset[C] / arch.lanes;
    ConvPacking::ChannelRange range = packing.inputRange(firstBlock + block);
    LocalTensor source = buffers.inputs[0];
    if (source.shape[C] == range.count)
      return builder.convolve(steps, source, kernel, bias, window);
    source = source.slice(C, range.begin - packing.inputRange(firstBlock).begin,
                          range.count);
    for (int64_t n = 0; n < tile.size[N]; ++n)
      builder.convolve(steps.slice(N, n, 1), source.slice(N, n, 1), kernel,
                       bias, window);
  }

  ConvPacking packing;
  Activation activation;
  GlobalTensor input, weights, result;
  PhaseAxis rows, columns;
};

} // namespace

int64_t kernel::convTransposeWeightBytes(const Arch &arch,
                                         const ConvTransposeParams &original) {
  ConvTransposeParams params = withRowsAsChannels(arch, original);
  ConvPacking packing = packingOf(arch, params);
  return bytesOfParts(packing, params.groups / packing.groups);
}

std::vector<char> kernel::packConvTransposeWeights(
    const Arch &arch, const ConvTransposeParams &original,
    llvm::ArrayRef<char> filter, llvm::ArrayRef<float> bias) {
  // The filter's bytes are in the same order either way.
  ConvTransposeParams params = withRowsAsChannels(arch, original);
  std::vector<float> biases(bias.begin(), bias.end());
  if (makesRowsChannels(arch, original) && params.hasBias)
    biases.assign(params.outChannels, bias[0]);
  ConvPacking packing = packingOf(arch, params);
  PhaseAxis rows = rowAxis(params), columns = columnAxis(params);
  int64_t inPerGroup = params.inChannels / params.groups;
  int64_t outPerGroup = params.outChannels / params.groups;
  auto element = [&](int64_t phase, int64_t oc, int64_t ic, int64_t kh,
                     int64_t kw) -> const char * {
    int64_t h = rows.kernelIndex(phase / params.strideW, kh);
    int64_t w = columns.kernelIndex(phase % params.strideW, kw);
    if (h < 0 || w < 0)
      return nullptr;
    int64_t channel = oc / outPerGroup * inPerGroup + ic;
    int64_t index =
        ((channel * outPerGroup + oc % outPerGroup) * params.kernelH + h) *
            params.kernelW +
        w;
    return filter.data() + index * byteWidth(packing.type);
  };
  return packParts(packing, params.groups / packing.groups, element,
                   {reinterpret_cast<const char *>(biases.data()),
                    biases.size() * sizeof(float)});
}

llvm::Error kernel::checkConvTranspose(const Arch &arch,
                                       const ConvTransposeParams &original) {
  ConvTransposeParams params = withRowsAsChannels(arch, original);
  PhaseAxis axes[] = {rowAxis(params), columnAxis(params)};
  const char *names[] = {"height", "width"};
  for (unsigned i = 0; i < 2; ++i) {
    const PhaseAxis &axis = axes[i];
    WindowExtent whole = axis.extentOf(0, axis.outputSize);
    WindowAxis step{axis.taps(),   1, 1, whole.padBefore, whole.padAfter,
                    axis.inputSize};
    if (std::string reason = step.unsupportedReason(arch, names[i]);
        !reason.empty())
      return llvm::createStringError(
          reason + " in the convolutions of its phases; the kernel may span at "
                   "most 16 strides");
  }
  return llvm::Error::success();
}

llvm::Error
kernel::makeConvTransposeKernels(const Arch &arch,
                                 const ConvTransposeParams &original,
                                 KernelList &kernels) {
  if (llvm::Error error = checkConvTranspose(arch, original))
    return error;
  ConvTransposeParams params = withRowsAsChannels(arch, original);
  ConvPacking packing = packingOf(arch, params);
  int64_t parts = params.groups / packing.groups;
  Shape4 inStrides = contiguousStrides(
      {params.batch, params.inChannels, params.inH, params.inW});
  Shape4 outStrides = contiguousStrides(
      {params.batch, params.outChannels, params.outH, params.outW});
  if (makesRowsChannels(arch, original)) {
    outStrides[C] = params.outW;
    outStrides[H] = params.outW * original.strideH;
  }
  for (int64_t part = 0; part < parts; ++part) {
    GlobalTensor input =
        params.input
            .viewed({params.batch, packing.inChannels, params.inH, params.inW},
                    inStrides)
            .advanced(part * packing.inChannels * inStrides[C]);
    GlobalTensor result =
        params.result
            .viewed(
                {params.batch, packing.outChannels, params.outH, params.outW},
                outStrides)
            .advanced(part * packing.outChannels * outStrides[C]);
    GlobalTensor weights = params.weights;
    weights.offsetBytes += part * partBytes(packing);
    kernels.push_back(std::make_unique<ConvTransposeKernel>(
        arch, params, packing, input, weights, result));
  }
  return llvm::Error::success();
}
