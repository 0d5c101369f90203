//===- Conv.cpp - Convolution ---------------------------------------------===//
//
// Convolution with 2 or 3 spatial axes and groups. An output plane of a 3-D
// convolution is a sum of 2-D ones over depth taps; a batch of 2-D images is
// the same with one tap.
//
//===----------------------------------------------------------------------===//

#include "Arch/Arch.h"
#include "RequantEpilogue.h"
#include "Support/IntMath.h"
#include "WindowTiles.h"

#include <algorithm>
#include <cstring>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// The packing of one kernel when the groups are split into `parts`.
ConvPacking packingOf(const Arch &arch, const ConvParams &params,
                      int64_t parts) {
  ConvPacking packing(arch);
  packing.type = params.input.type;
  packing.outChannels = params.outChannels / parts;
  packing.inChannels = params.inChannels / parts;
  packing.groups = params.groups / parts;
  packing.taps = params.kernelD;
  packing.kernelH = params.window.kernelH;
  packing.kernelW = params.window.kernelW;
  packing.hasBias = params.hasBias;
  packing.hasSumParameters = isInt8(params.input.type);
  return packing;
}

/// Cycles of products, of the load of weights, and of the copies to lane 0 that
/// parts of uneven size need, without overlap.
int64_t partCost(const Arch &arch, const ConvParams &params, int64_t parts) {
  ConvPacking packing = packingOf(arch, params, parts);
  int64_t pixels =
      ceilDiv(params.batch * params.outDepth * params.outH * params.outW,
              arch.productPositions);
  int64_t cycles = parts * packing.totalBytes() / arch.loadBytesPerCycle;
  for (int64_t block = 0; block < packing.blocks(); ++block)
    cycles += parts * packing.taps * packing.kernelH * packing.kernelW *
              ceilDiv(packing.inputRange(block).count,
                      inputCube(arch, packing.type)) *
              pixels;
  auto copy = [&](int64_t channels, int64_t row, ElementType type) {
    if (channels / parts % arch.lanes != 0)
      cycles += params.batch * channels *
                std::max(row * byteWidth(type), arch.shortestRowBytes) /
                arch.moveBytesPerCycle;
  };
  if (parts > 1) {
    copy(params.inChannels, params.inDepth * params.inH * params.inW,
         params.input.type);
    copy(params.outChannels, params.outDepth * params.outH * params.outW,
         params.result.type);
  }
  return cycles;
}

/// The packing of one kernel: of all groups, or of a part of them, where their
/// channels do not fill the lanes evenly and would be multiplied with those of
/// other groups.
ConvPacking packingOf(const Arch &arch, const ConvParams &params) {
  int64_t parts = separateGroups(arch, params.inChannels, params.outChannels,
                                 params.groups);
  int64_t width = std::max(params.inChannels, params.outChannels) /
                  std::max<int64_t>(1, params.groups);
  if (parts > 1 || params.groups == 1 || width > arch.lanes)
    return packingOf(arch, params, parts);
  int64_t together = arch.lanes / width;
  while (params.groups % together != 0)
    --together;
  int64_t separate = params.groups / together;
  if (partCost(arch, params, separate) < partCost(arch, params, parts))
    parts = separate;
  return packingOf(arch, params, parts);
}

/// Input planes [D, C, H, W] to output planes [D', OC, H', W']; for two spatial
/// axes the planes are the batch.
class ConvKernel : public TiledKernel {
public:
  ConvKernel(const Arch &arch, const ConvParams &params,
             const ConvPacking &packing, const GlobalTensor &input,
             const GlobalTensor &weights, const GlobalTensor &result,
             const WindowAxis &depth)
      : TiledKernel(arch), params(params), packing(packing),
        window(params.window), activation(params.activation),
        inputZeroPoint(params.inputZeroPoint), input(input), weights(weights),
        result(result), depth(depth),
        rows{window.kernelH, window.strideH,   window.dilationH,
             window.padTop,  window.padBottom, input.shape[H]},
        columns{window.kernelW, window.strideW,  window.dilationW,
                window.padLeft, window.padRight, input.shape[W]} {}

  Shape4 space() const override { return result.shape; }

  Shape4 granularity() const override {
    // Cut rows keep whole vectors of the narrower elements.
    return {1, packing.blocksPerUnit() * arch.lanes, rows.canCut() ? 1 : 0,
            columns.canCut() ? arch.vectorBytes / (hasInt8Input() ? 1 : 2) : 0};
  }

  unsigned numInputs() const override { return 2; }

  Box inputBox(unsigned index, const Box &tile) const override {
    int64_t firstBlock = tile.offset[C] / arch.lanes;
    int64_t numBlocks = ceilDiv(tile.size[C], arch.lanes);
    if (index == 1)
      return {{firstBlock, 0, 0, 0}, {numBlocks, 1, 1, 1}};
    WindowExtent d = depth.extentOf(tile.offset[N], tile.size[N]);
    WindowExtent h = rowsOf(tile), w = columnsOf(tile);
    ConvPacking::ChannelRange channels =
        packing.inputRange(firstBlock, numBlocks);
    return {{d.offset, channels.begin, h.offset, w.offset},
            {d.size, channels.count, h.size, w.size}};
  }

  LocalTensor placeInput(unsigned index, const Box &box) const override {
    return index == 1 ? packing.place(box.size[0])
                      : alignedTensor(arch, 0, box.size, input.type);
  }

  LocalTensor placeResult(const Box &tile) const override {
    return blockMajor(arch, 0, tile.size, result.type);
  }

  bool acceptsStrides(unsigned index) const override { return index == 0; }

  int64_t scratchBytes(const Box &tile) const override {
    int64_t bytes = 0;
    if (hasInt8Input())
      return RequantEpilogue::scratchBytes(blockOf(placeResult(tile), 0),
                                           params);
    if (sumsApart())
      bytes += sums(tile, 0).laneBytes();
    if (activationSteps(activation))
      bytes = alignUp(bytes, arch.vectorBytes) + placeResult(tile).laneBytes();
    if (addsApart())
      bytes = alignUp(bytes, arch.vectorBytes) + term(tile, 0).laneBytes();
    return bytes;
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
    if (hasInt8Input())
      return computeInt8(builder, tile, buffers);
    uint32_t scratch = buffers.scratch;
    LocalTensor partial;
    if (sumsApart()) {
      partial = sums(tile, scratch);
      scratch =
          uint32_t(alignUp(scratch + partial.laneBytes(), arch.vectorBytes));
    }
    ActivationBuffers stages = activationBuffers(activation, buffers.result,
                                                 buffers.result.at(scratch));
    const LocalTensor &target = sumsApart() ? partial : stages.first;
    int64_t numBlocks = ceilDiv(tile.size[C], arch.lanes);
    // The term is the last in scratch.
    uint32_t termAddress =
        addsApart() ? buffers.scratch + uint32_t(scratchBytes(tile) -
                                                 term(tile, 0).laneBytes())
                    : 0;
    for (int64_t block = 0; block < numBlocks; ++block)
      computeBlock(builder, tile, buffers, block, blockOf(target, block),
                   /*accumulates=*/false, termAddress);
    if (sumsApart())
      builder.cast(flatView(stages.first), flatView(partial));
    emitActivation(builder, activation, stages);
  }

  void store(CommandBuilder &builder, const Box &tile,
             const LocalTensor &local) const override {
    builder.store(result.slice(tile), local);
  }

private:
  WindowExtent rowsOf(const Box &tile) const {
    return rows.extentOf(tile.offset[H], tile.size[H]);
  }
  WindowExtent columnsOf(const Box &tile) const {
    return columns.extentOf(tile.offset[W], tile.size[W], result.shape[W]);
  }

  bool hasInt8Input() const { return isInt8(input.type); }

  void computeInt8(CommandBuilder &builder, const Box &tile,
                   const TileBuffers &buffers) const {
    RequantEpilogue sums(blockOf(buffers.result, 0), params, buffers.scratch);
    int64_t numBlocks = ceilDiv(tile.size[C], arch.lanes);
    for (int64_t block = 0; block < numBlocks; ++block) {
      LocalTensor target = blockOf(buffers.result, block);
      uint32_t parameters =
          uint32_t(buffers.inputs[1].address + block * packing.pitchBytes() +
                   packing.biasOffset());
      computeBlock(builder, tile, buffers, block, sums.begin(target),
                   /*accumulates=*/false, /*termAddress=*/0);
      sums.finish(builder, target, parameters);
    }
  }

  /// Partial sums of floats, and all sums of a convolution of f32, exist only
  /// in f32.
  bool sumsApart() const {
    return result.type != ElementType::F32 &&
           (packing.taps > 1 || input.type == ElementType::F32);
  }
  LocalTensor sums(const Box &tile, uint32_t address) const {
    return blockMajor(arch, address, tile.size, ElementType::F32);
  }

  /// A convolution of f32 cannot accumulate: further taps of the depth go to a
  /// plane of their own and are added.
  bool addsApart() const {
    return packing.taps > 1 && input.type == ElementType::F32;
  }
  LocalTensor term(const Box &tile, uint32_t address) const {
    return blockMajor(
        arch, address,
        {1, std::min(tile.size[C], arch.lanes), tile.size[H], tile.size[W]},
        ElementType::F32);
  }

  /// The window at this tile's borders.
  Window windowOf(const Box &tile) const {
    return clipWindow(window, rowsOf(tile), columnsOf(tile));
  }

  void computeBlock(CommandBuilder &builder, const Box &tile,
                    const TileBuffers &buffers, int64_t block,
                    const LocalTensor &target, bool accumulates,
                    uint32_t termAddress) const {
    int64_t firstBlock = tile.offset[C] / arch.lanes;
    uint32_t row =
        buffers.inputs[1].address + uint32_t(block * packing.pitchBytes());
    std::optional<uint32_t> bias;
    if (packing.hasBias && !packing.hasSumParameters)
      bias = row + uint32_t(packing.biasOffset());
    uint32_t padBits = uint32_t(inputZeroPoint) & 0xff;
    ConvPacking::ChannelRange range = packing.inputRange(firstBlock + block);
    int64_t channel = range.begin - packing.inputRange(firstBlock).begin;
    LocalTensor source = buffers.inputs[0];
    Window clipped = windowOf(tile);
    if (depth.kernel == 1 && depth.stride == 1 &&
        source.shape[C] == range.count) {
      builder.convolve(target, source, row, bias, clipped, accumulates,
                       padBits);
      return;
    }
    source = source.slice(C, channel, range.count);
    for (int64_t plane = 0; plane < tile.size[N]; ++plane) {
      LocalTensor sum = target.slice(N, plane, 1);
      WindowExtent all = depth.extentOf(tile.offset[N], tile.size[N]);
      bool accumulate = accumulates;
      for (int64_t tap = 0; tap < depth.kernel; ++tap) {
        if (!depth.meetsInput(tile.offset[N] + plane, tap))
          continue;
        int64_t position = depth.positionOf(tile.offset[N] + plane, tap);
        bool addTerm = accumulate && addsApart();
        LocalTensor part = addTerm ? sum.at(termAddress) : sum;
        builder.convolve(part, source.slice(N, position - all.offset, 1),
                         row + uint32_t(tap * packing.tapBytes()),
                         accumulate ? std::nullopt : bias, clipped,
                         accumulate && !addTerm, padBits);
        if (addTerm)
          builder.arith(Arith::Add, sum, sum, part);
        accumulate = true;
      }
    }
  }

  ConvParams params;
  ConvPacking packing;
  Window window;
  Activation activation;
  int64_t inputZeroPoint;
  GlobalTensor input, weights, result;
  WindowAxis depth, rows, columns;
};

} // namespace

std::vector<char> kernel::packSumParameters(const ConvParams &params,
                                            llvm::ArrayRef<char> filter,
                                            llvm::ArrayRef<float> bias,
                                            const ChannelFactors &factors) {
  std::vector<char> bytes(params.outChannels * sizeof(SumParameters));
  int64_t size = filter.size() / params.outChannels;
  double unit = params.gate ? params.gate->operandUnit() : 1.0;
  for (int64_t oc = 0; oc < params.outChannels; ++oc) {
    int64_t sum = 0;
    for (char weight : filter.slice(oc * size, size))
      sum += int8_t(weight);
    SumParameters parameters = sumParameters(
        factors.factors[oc] * unit, (bias.empty() ? 0.0 : bias[oc]) * unit,
        factors.zeroPoint, params.inputZeroPoint, sum);
    std::memcpy(bytes.data() + oc * sizeof(parameters), &parameters,
                sizeof(parameters));
  }
  return bytes;
}

std::vector<char> kernel::packParameters(const ConvParams &params,
                                         llvm::ArrayRef<char> filter,
                                         llvm::ArrayRef<float> bias,
                                         const ChannelFactors &factors) {
  if (isInt8(params.input.type))
    return packSumParameters(params, filter, bias, factors);
  auto *words = reinterpret_cast<const char *>(bias.data());
  return {words, words + bias.size() * sizeof(float)};
}

int64_t kernel::convWeightBytes(const Arch &arch, const ConvParams &params) {
  if (isDepthwise(params))
    return depthwiseWeightBytes(arch, params);
  if (isFoldable(arch, params))
    return foldedWeightBytes(arch, params);
  ConvPacking packing = packingOf(arch, params);
  return bytesOfParts(packing, params.groups / packing.groups);
}

std::vector<char> kernel::packConvWeights(const Arch &arch,
                                          const ConvParams &params,
                                          llvm::ArrayRef<char> filter,
                                          llvm::ArrayRef<float> bias,
                                          const ChannelFactors &factors) {
  if (isDepthwise(params))
    return packDepthwiseWeights(arch, params, filter, bias, factors);
  if (isFoldable(arch, params))
    return packFoldedWeights(arch, params, filter, bias, factors);
  ConvPacking packing = packingOf(arch, params);
  int64_t inPerGroup = params.inChannels / params.groups;
  int64_t plane = packing.kernelH * packing.kernelW;
  auto element = [&](int64_t tap, int64_t oc, int64_t ic, int64_t kh,
                     int64_t kw) {
    int64_t channel = oc * inPerGroup + ic;
    return filter.data() + ((channel * packing.taps + tap) * plane +
                            kh * packing.kernelW + kw) *
                               byteWidth(packing.type);
  };
  return packParts(packing, params.groups / packing.groups, element,
                   packParameters(params, filter, bias, factors));
}

bool kernel::isVolume(const ConvParams &params) {
  return params.inDepth > 1 || params.outDepth > 1 ||
         (params.kernelD > 1 && params.dilationD > 0);
}

/// Whether each plane of the result is a sum over one tap of the depth at
/// least.
static bool allPlanesHaveTaps(const WindowAxis &depth, int64_t outDepth) {
  for (int64_t plane = 0; plane < outDepth; ++plane) {
    int64_t tap = 0;
    while (tap < depth.kernel && !depth.meetsInput(plane, tap))
      ++tap;
    if (tap == depth.kernel)
      return false;
  }
  return true;
}

static WindowAxis depthAxis(const ConvParams &params) {
  // A single plane has no successor.
  int64_t strideD = params.outDepth > 1 ? params.strideD : 1;
  return {params.kernelD,
          strideD,
          params.dilationD,
          params.padFront,
          (params.outDepth - 1) * strideD - params.padFront +
              (params.kernelD - 1) * params.dilationD + 1 - params.inDepth,
          params.inDepth};
}

llvm::Error kernel::checkConv(const Arch &arch, const ConvParams &params) {
  const Window &window = params.window;
  WindowAxis depth = depthAxis(params);
  WindowAxis rows{window.kernelH, window.strideH,   window.dilationH,
                  window.padTop,  window.padBottom, params.inH};
  WindowAxis columns{window.kernelW, window.strideW,  window.dilationW,
                     window.padLeft, window.padRight, params.inW};
  std::string reason = rows.unsupportedReason(arch, "height");
  if (reason.empty())
    reason = columns.unsupportedReason(arch, "width");
  if (reason.empty() && params.rounded && !isFoldable(arch, params))
    reason = "an input that is not folded is rounded by a cast of its own";
  if (reason.empty() && !allPlanesHaveTaps(depth, params.outDepth))
    reason = "all taps along depth of some results lie in the padding";
  if (reason.empty() &&
      std::max(params.inChannels, params.outChannels) > arch.maxSize)
    reason = "more than " + std::to_string(arch.maxSize) + " channels";
  // Taps in the padding are left out, which takes it for 0.
  if (reason.empty() && params.inputZeroPoint != 0 &&
      (params.padFront > 0 || depth.padAfter > 0))
    reason = "padding along depth of an input whose zero point is not 0";
  if (!reason.empty())
    return llvm::createStringError(reason);
  return llvm::Error::success();
}

llvm::Error kernel::makeConvKernels(const Arch &arch, const ConvParams &params,
                                    KernelList &kernels) {
  if (llvm::Error error = checkConv(arch, params))
    return error;
  if (isDepthwise(params)) {
    makeDepthwiseKernels(arch, params, kernels);
    return llvm::Error::success();
  }
  if (isFoldable(arch, params)) {
    makeFoldedKernels(arch, params, kernels);
    return llvm::Error::success();
  }

  ConvPacking packing = packingOf(arch, params);
  int64_t parts = params.groups / packing.groups;
  int64_t inPlane = params.inH * params.inW;
  int64_t outPlane = params.outH * params.outW;
  // A volume has its depth where two axes have the batch.
  bool hasDepth = isVolume(params);
  int64_t inPlanes = hasDepth ? params.inDepth : params.batch;
  int64_t outPlanes = hasDepth ? params.outDepth : params.batch;
  int64_t batches = hasDepth ? params.batch : 1;
  WindowAxis depth = depthAxis(params);
  depth.inputSize = inPlanes;
  Shape4 inStrides = {hasDepth ? inPlane : params.inChannels * inPlane,
                      params.inDepth * inPlane, params.inW, 1};
  Shape4 outStrides = {hasDepth ? outPlane : params.outChannels * outPlane,
                       params.outDepth * outPlane, params.outW, 1};
  for (int64_t batch = 0; batch < batches; ++batch)
    for (int64_t part = 0; part < parts; ++part) {
      GlobalTensor input =
          params.input
              .viewed({inPlanes, packing.inChannels, params.inH, params.inW},
                      inStrides)
              .advanced(
                  (batch * params.inChannels + part * packing.inChannels) *
                  inStrides[C]);
      GlobalTensor result = params.result
                                .viewed({outPlanes, packing.outChannels,
                                         params.outH, params.outW},
                                        outStrides)
                                .advanced((batch * params.outChannels +
                                           part * packing.outChannels) *
                                          outStrides[C]);
      GlobalTensor weights = params.weights;
      weights.offsetBytes += part * partBytes(packing);
      kernels.push_back(std::make_unique<ConvKernel>(
          arch, params, packing, input, weights, result, depth));
    }
  return llvm::Error::success();
}
