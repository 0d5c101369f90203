//===- FoldedConv.cpp - Convolution of few channels -----------------------===//
//
// A convolution multiplies 32 input channels or more at a time; a first
// layer has 3.
// Its rows and columns are folded into channels: the transfer sorts rows by
// their phase in the stride, a convolution with a 0/1 kernel puts neighbouring
// columns into channels, exactly, and what remains is a short kernel over many
// channels.
//
//===----------------------------------------------------------------------===//

#include "Arch/Arch.h"
#include "RequantEpilogue.h"
#include "Support/IntMath.h"
#include "WindowTiles.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// How the padded input x[ic][row][column] is folded: row = strideH * r + a,
/// and column = columnFold * j + b of a window become channel (b * rowFold + a)
/// * inChannels + ic. With a rowFold of strideH each row is there once, with
/// one of kernelH windows have all their rows as channels. A columnFold of 0
/// leaves columns as they are.
struct Fold {
  int64_t inChannels, rowFold, columnFold;
  Window window;

  int64_t rowChannels() const { return inChannels * rowFold; }
  bool spreads() const { return columnFold > 0; }
  int64_t channels() const {
    return spreads() ? rowChannels() * columnFold : rowChannels();
  }
  int64_t kernelH() const { return ceilDiv(window.kernelH, rowFold); }
  /// Rows of the folded input that `size` results need.
  int64_t rows(int64_t size) const { return size + kernelH() - 1; }
  int64_t kernelW() const {
    return spreads() ? ceilDiv(window.kernelW, columnFold) : window.kernelW;
  }
  /// Distance of the short kernel's columns.
  int64_t dilationW() const {
    return spreads() ? columnFold / window.strideW : 1;
  }
  /// Spread columns that `size` results need.
  int64_t spreadColumns(int64_t size) const {
    return size + (kernelW() - 1) * dilationW();
  }
  WindowExtent columnsOf(int64_t offset, int64_t size, int64_t inW) const {
    if (!spreads())
      return windowExtent(offset, size, window.strideW, window.kernelW,
                          /*dilation=*/1, window.padLeft, inW);
    return windowExtent(offset, spreadColumns(size), window.strideW, columnFold,
                        /*dilation=*/1, window.padLeft, inW);
  }
};

/// Passes over the result's pixels and a block of output channels.
int64_t passes(const Arch &arch, ElementType type, int64_t channels,
               int64_t taps, int64_t blocks) {
  return ceilDiv(channels, inputCube(arch, type)) * taps * blocks;
}

/// The type in which the convolution multiplies.
ElementType computeType(const ConvParams &params) {
  return params.rounded.value_or(params.input.type);
}

/// Cost of the transfers of the folded input's rows, in cycles.
/// Short rows lie in few pages of
/// memory, of which each command reaches those of a tile only.
int64_t loadCost(const Arch &arch, const ConvParams &params, const Fold &fold) {
  constexpr int64_t kShortRow = 512;
  int64_t rowBytes = params.inW * byteWidth(params.input.type);
  int64_t cycles = params.batch * fold.rowChannels() * fold.rows(params.outH) *
                   std::max(rowBytes, arch.shortestRowBytes) /
                   arch.loadBytesPerCycle;
  return rowBytes <= kShortRow ? cycles * 5 / 2 : cycles;
}

/// Cycles of a cast of its own before the convolution, which reads every
/// element once and writes it.
int64_t castCost(const Arch &arch, const ConvParams &params) {
  return params.batch * params.inChannels * params.inH * params.inW *
         (byteWidth(ElementType::F32) + byteWidth(computeType(params))) /
         arch.loadBytesPerCycle;
}

/// Passes of the unfolded convolution.
int64_t directPasses(const Arch &arch, const ConvParams &params) {
  return passes(arch, computeType(params), params.inChannels,
                params.window.kernelH * params.window.kernelW,
                ceilDiv(params.outChannels, arch.lanes));
}

/// Cycles of a pass.
int64_t passCycles(const Arch &arch, const ConvParams &params) {
  return params.batch *
         ceilDiv(params.outH * params.outW, arch.productPositions);
}

struct FoldChoice {
  Fold fold;
  int64_t cycles;
};

/// The fold that costs least, when one saves a fifth of the passes or more.
std::optional<FoldChoice> chooseFold(const Arch &arch,
                                     const ConvParams &params) {
  const Window &window = params.window;
  ElementType type = computeType(params);
  if (type == ElementType::F32 || params.groups != 1 || params.kernelD != 1 ||
      isVolume(params) || window.dilationH != 1 || window.dilationW != 1)
    return std::nullopt;
  int64_t blocks = ceilDiv(params.outChannels, arch.lanes);
  int64_t direct = directPasses(arch, params);
  int64_t limit = direct * passCycles(arch, params);
  if (params.rounded)
    limit += castCost(arch, params);
  std::optional<FoldChoice> best;
  auto consider = [&](int64_t rows, int64_t columns) {
    Fold fold{params.inChannels, rows, columns, window};
    if (columns == 1 || fold.channels() > arch.lanes)
      return;
    WindowExtent extent = fold.columnsOf(0, params.outW, params.inW);
    if (extent.padAfter > kMaxWindowPad ||
        fold.dilationW() > kMaxWindowDilation)
      return;
    int64_t spread =
        fold.spreads() ? passes(arch, type, fold.rowChannels(), columns, 1) : 0;
    int64_t count = spread + passes(arch, type, fold.channels(),
                                    fold.kernelH() * fold.kernelW(), blocks);
    int64_t cost =
        count * passCycles(arch, params) + loadCost(arch, params, fold);
    // Only a folded input goes through global memory.
    if (count > direct * 4 / 5 || cost >= limit ||
        (best && cost >= best->cycles))
      return;
    best = FoldChoice{fold, cost};
  };
  for (int64_t columns = 0; columns < window.kernelW + window.strideW;
       columns += window.strideW)
    for (int64_t rows : {window.strideH, window.kernelH})
      consider(rows, columns);
  return best;
}

ConvPacking shortPacking(const Arch &arch, const ConvParams &params,
                         const Fold &fold) {
  ConvPacking packing(arch);
  packing.type = computeType(params);
  packing.outChannels = params.outChannels;
  packing.inChannels = fold.channels();
  packing.kernelH = fold.kernelH();
  packing.kernelW = fold.kernelW();
  packing.hasBias = params.hasBias;
  packing.hasSumParameters = isInt8(params.input.type);
  return packing;
}

ConvPacking spreadPacking(const Arch &arch, const ConvParams &params,
                          const Fold &fold) {
  ConvPacking packing(arch);
  packing.type = computeType(params);
  packing.outChannels = fold.channels();
  packing.inChannels = fold.rowChannels();
  packing.kernelW = fold.columnFold;
  return packing;
}

class FoldedConvKernel : public TiledKernel {
public:
  FoldedConvKernel(const Arch &arch, const ConvParams &params, const Fold &fold)
      : TiledKernel(arch), params(params), fold(fold),
        packing(shortPacking(arch, params, fold)),
        spread(spreadPacking(arch, params, fold)),
        activation(params.activation),
        padBits(uint32_t(params.inputZeroPoint) & 0xff),
        input(params.input.reshaped(
            {params.batch, params.inChannels, params.inH, params.inW})),
        weights(params.weights), spreadWeights(params.weights),
        result(params.result.reshaped(
            {params.batch, params.outChannels, params.outH, params.outW})) {
    spreadWeights.offsetBytes += partBytes(packing);
  }

  Shape4 space() const override { return result.shape; }

  Shape4 granularity() const override {
    WindowAxis columns{
        fold.window.kernelW, fold.window.strideW,  1,
        fold.window.padLeft, fold.window.padRight, input.shape[W]};
    return {1, packing.blocksPerUnit() * arch.lanes, 1,
            columns.canCut() ? arch.vectorBytes / (isInt8(input.type) ? 1 : 2)
                             : 0};
  }

  unsigned numInputs() const override { return 2; }

  Box inputBox(unsigned index, const Box &tile) const override {
    if (index == 1)
      return {{tile.offset[C] / arch.lanes, 0, 0, 0},
              {ceilDiv(tile.size[C], arch.lanes), 1, 1, 1}};
    WindowExtent w = columnsOf(tile);
    // Rows of the padded and sorted input.
    return {
        {tile.offset[N], 0, tile.offset[H], w.offset},
        {tile.size[N], fold.rowChannels(), fold.rows(tile.size[H]), w.size}};
  }

  LocalTensor placeInput(unsigned index, const Box &box) const override {
    return index == 1 ? packing.place(box.size[0])
                      : alignedTensor(arch, 0, box.size, input.type);
  }

  LocalTensor placeResult(const Box &tile) const override {
    return blockMajor(arch, 0, tile.size, result.type);
  }

  int64_t constantBytes() const override {
    return fold.spreads() ? spread.pitchBytes() : 0;
  }

  void setUp(CommandBuilder &builder, uint32_t address) const override {
    if (fold.spreads())
      spread.load(builder, spreadWeights, address, 0, 1);
  }

  int64_t scratchBytes(const Box &tile) const override {
    int64_t bytes = spreadBytes(tile) + roundedBytes(tile);
    if (isInt8(input.type))
      bytes +=
          RequantEpilogue::scratchBytes(blockOf(placeResult(tile), 0), params);
    else if (activationSteps(activation))
      bytes += placeResult(tile).laneBytes();
    return bytes;
  }

  void load(CommandBuilder &builder, unsigned index, const Box &box,
            const LocalTensor &local) const override {
    if (index == 1)
      return packing.load(builder, weights, local.address, box.offset[0],
                          box.size[0]);
    for (int64_t phase = 0; phase < fold.rowFold; ++phase)
      loadPhase(builder, phase, box, local);
  }

  void compute(CommandBuilder &builder, const Box &tile,
               const TileBuffers &buffers, uint32_t constants) const override {
    LocalTensor columns = spreadTensor(tile, buffers.scratch);
    uint32_t roundedAt = uint32_t(buffers.scratch + spreadBytes(tile));
    uint32_t other = uint32_t(roundedAt + roundedBytes(tile));
    LocalTensor folded = buffers.inputs[0];
    if (params.rounded) {
      folded = alignedTensor(arch, roundedAt, folded.shape, *params.rounded);
      builder.cast(folded, buffers.inputs[0]);
    }
    if (fold.spreads())
      spreadInput(builder, tile, folded, columns, constants);
    ActivationBuffers stages =
        activationBuffers(activation, buffers.result, buffers.result.at(other));
    RequantEpilogue sums(blockOf(buffers.result, 0), params, other);
    Window rest;
    rest.kernelH = fold.kernelH();
    rest.kernelW = fold.kernelW();
    rest.dilationW = fold.dilationW();
    LocalTensor source = folded;
    if (fold.spreads()) {
      source = columns.slice(W, 0, fold.spreadColumns(tile.size[W]));
    } else {
      WindowExtent extent = columnsOf(tile);
      rest.strideW = fold.window.strideW;
      rest.padLeft = extent.padBefore;
      rest.padRight = extent.padAfter;
    }
    int64_t numBlocks = ceilDiv(tile.size[C], arch.lanes);
    for (int64_t block = 0; block < numBlocks; ++block) {
      uint32_t row =
          buffers.inputs[1].address + uint32_t(block * packing.pitchBytes());
      uint32_t parameters = row + uint32_t(packing.biasOffset());
      if (isInt8(input.type)) {
        LocalTensor target = blockOf(buffers.result, block);
        builder.convolve(sums.begin(target), source, row, std::nullopt, rest,
                         /*accumulate=*/false, padBits);
        sums.finish(builder, target, parameters);
        continue;
      }
      std::optional<uint32_t> bias;
      if (packing.hasBias)
        bias = parameters;
      builder.convolve(blockOf(stages.first, block), source, row, bias, rest);
    }
    if (!isInt8(input.type))
      emitActivation(builder, activation, stages);
  }

  void store(CommandBuilder &builder, const Box &tile,
             const LocalTensor &local) const override {
    builder.store(result.slice(tile), local);
  }

private:
  /// Whole rows stay whole, so that they load in one run.
  WindowExtent columnsOf(const Box &tile) const {
    WindowExtent extent =
        fold.columnsOf(tile.offset[W], tile.size[W], input.shape[W]);
    if (tile.size[W] == result.shape[W])
      extent.size = input.shape[W] - extent.offset;
    return extent;
  }

  int64_t spreadBytes(const Box &tile) const {
    return fold.spreads()
               ? alignUp(spreadTensor(tile, 0).laneBytes(), arch.vectorBytes)
               : 0;
  }

  void spreadInput(CommandBuilder &builder, const Box &tile,
                   const LocalTensor &source, const LocalTensor &columns,
                   uint32_t constants) const {
    WindowExtent extent = columnsOf(tile);
    Window window;
    window.kernelW = fold.columnFold;
    window.strideW = fold.window.strideW;
    window.padLeft = extent.padBefore;
    window.padRight = extent.padAfter;
    // A bitwise copy.
    auto bits = [](const LocalTensor &tensor) {
      return tensor.type == ElementType::U8 ? tensor.as(ElementType::I8)
                                            : tensor;
    };
    builder.convolve(bits(columns), bits(source), constants, std::nullopt,
                     window, /*accumulate=*/false, padBits);
  }

  /// The input with neighbouring columns as channels.
  LocalTensor spreadTensor(const Box &tile, uint32_t address) const {
    if (!fold.spreads())
      return {};
    WindowExtent extent = columnsOf(tile);
    int64_t columns =
        (extent.padBefore + extent.size + extent.padAfter - fold.columnFold) /
            fold.window.strideW +
        1;
    return alignedTensor(
        arch, address,
        {tile.size[N], fold.channels(), fold.rows(tile.size[H]), columns},
        computeType(params));
  }

  /// Bytes of the rounded input of a tile.
  int64_t roundedBytes(const Box &tile) const {
    if (!params.rounded)
      return 0;
    return alignUp(
        alignedTensor(arch, 0, inputBox(0, tile).size, *params.rounded)
            .laneBytes(),
        arch.vectorBytes);
  }

  /// Every strideH-th row; zeros where the padded input has no row.
  void loadPhase(CommandBuilder &builder, int64_t phase, const Box &box,
                 const LocalTensor &local) const {
    LocalTensor rows = local.slice(C, phase * fold.inChannels, fold.inChannels);
    int64_t begin = box.offset[H], end = begin + box.size[H];
    // Row r of the phase is input row step * r + shift.
    int64_t step = fold.window.strideH;
    int64_t shift = phase - fold.window.padTop;
    int64_t first =
        std::clamp(ceilDiv(std::max<int64_t>(-shift, 0), step), begin, end);
    int64_t last =
        std::clamp(ceilDiv(std::max<int64_t>(input.shape[H] - shift, 0), step),
                   first, end);
    if (first > begin)
      builder.fill(rows.slice(H, 0, first - begin), padBits);
    if (end > last)
      builder.fill(rows.slice(H, last - begin, end - last), padBits);
    if (first == last)
      return;
    GlobalTensor source = input.slice(
        {{box.offset[N], 0, step * first + shift, box.offset[W]},
         {box.size[N], fold.inChannels, last - first, box.size[W]}});
    source.strides[H] *= step;
    builder.load(rows.slice(H, first - begin, last - first), source);
  }

  ConvParams params;
  Fold fold;
  ConvPacking packing, spread;
  Activation activation;
  uint32_t padBits;
  GlobalTensor input, weights, spreadWeights, result;
};

} // namespace

bool kernel::isFoldable(const Arch &arch, const ConvParams &params) {
  return chooseFold(arch, params).has_value();
}

bool kernel::canRoundInput(const Arch &arch, const ConvParams &params,
                           bool rereads) {
  if (byteWidth(params.input.type) != 2)
    return false;
  ConvParams rounding = params;
  rounding.rounded = params.input.type;
  rounding.input.type = ElementType::F32;
  std::optional<FoldChoice> apart = chooseFold(arch, params),
                            fused = chooseFold(arch, rounding);
  if (!fused)
    return false;
  int64_t direct = directPasses(arch, params) * passCycles(arch, params);
  // A result of the cast that is not folded and leaves half of a lane stays
  // there, and nothing but the input is transferred.
  int64_t elements = params.batch * params.inChannels * params.inH * params.inW;
  int64_t laneBytes = params.batch * params.inH * params.inW *
                      ceilDiv(params.inChannels, arch.lanes) *
                      byteWidth(params.input.type);
  bool staysLocal = !apart && laneBytes < arch.laneBytes / 2;
  if (staysLocal && !rereads &&
      loadCost(arch, rounding, fused->fold) >
          elements * byteWidth(ElementType::F32) / arch.loadBytesPerCycle)
    return false;
  return fused->cycles <=
         (apart ? apart->cycles : direct) + castCost(arch, params);
}

std::vector<char> kernel::packFoldedWeights(const Arch &arch,
                                            const ConvParams &params,
                                            llvm::ArrayRef<char> filter,
                                            llvm::ArrayRef<float> bias,
                                            const ChannelFactors &factors) {
  Fold fold = chooseFold(arch, params)->fold;
  ConvPacking packing = shortPacking(arch, params, fold);
  ConvPacking spread = spreadPacking(arch, params, fold);
  const Window &window = params.window;
  auto element = [&](int64_t, int64_t oc, int64_t channel, int64_t row,
                     int64_t column) -> const char * {
    int64_t ic = channel % fold.inChannels;
    int64_t kh = row * fold.rowFold + channel / fold.inChannels % fold.rowFold;
    int64_t kw = column * (fold.spreads() ? fold.columnFold : 1) +
                 channel / fold.rowChannels();
    if (kh >= window.kernelH || kw >= window.kernelW)
      return nullptr;
    int64_t index =
        ((oc * fold.inChannels + ic) * window.kernelH + kh) * window.kernelW +
        kw;
    return filter.data() + index * byteWidth(packing.type);
  };
  std::vector<char> packed =
      packing.packWith(element, packParameters(params, filter, bias, factors));
  packed.resize(partBytes(packing), 0);
  if (!fold.spreads())
    return packed;
  uint32_t oneBits = constantBits(1.0, packing.type);
  auto spreadElement = [&](int64_t, int64_t oc, int64_t ic, int64_t,
                           int64_t kw) -> const char * {
    bool isOne = oc % fold.rowChannels() == ic && oc / fold.rowChannels() == kw;
    return isOne ? reinterpret_cast<const char *>(&oneBits) : nullptr;
  };
  std::vector<char> ones = spread.pack(spreadElement, {});
  packed.insert(packed.end(), ones.begin(), ones.end());
  return packed;
}

int64_t kernel::foldedWeightBytes(const Arch &arch, const ConvParams &params) {
  Fold fold = chooseFold(arch, params)->fold;
  int64_t bytes = partBytes(shortPacking(arch, params, fold));
  return fold.spreads() ? bytes + spreadPacking(arch, params, fold).totalBytes()
                        : bytes;
}

void kernel::makeFoldedKernels(const Arch &arch, const ConvParams &params,
                               KernelList &kernels) {
  kernels.push_back(std::make_unique<FoldedConvKernel>(
      arch, params, chooseFold(arch, params)->fold));
}
