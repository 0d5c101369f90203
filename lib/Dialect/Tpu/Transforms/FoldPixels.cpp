//===- FoldPixels.cpp - Neighbouring pixels as channels -------------------===//
//
// A convolution gives each output channel a lane. Where channels are fewer than
// lanes, blocks of neighbouring pixels become channels: their windows overlap,
// so that a window around the block has few more taps than that of one pixel.
//
//===----------------------------------------------------------------------===//

#include "Arch/Chip.h"
#include "ChannelFilters.h"
#include "Support/IntMath.h"

#include "Dialect/Tpu/IR/ConvLimits.h"
#include "Dialect/Tpu/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/DebugLog.h"

#include <array>

#define DEBUG_TYPE "tpu-fold-pixels"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPUFOLDPIXELS
#include "Dialect/Tpu/Transforms/Passes.h.inc"
} // namespace tpuc::tpu

using namespace mlir;
using namespace tpuc;

namespace {

/// Pixels of a block: larger ones are sorted by slower commands.
constexpr int64_t kMaxPixels = 8;

/// A convolution whose results are blocks of block[0] x block[1] pixels.
struct BlockConv {
  std::array<int64_t, 2> block, kernel, strides, blocks, endPads;

  int64_t pixels() const { return block[0] * block[1]; }
  int64_t taps() const { return kernel[0] * kernel[1]; }
};

} // namespace

/// The convolution of blocks that computes the results of `conv` and what fills
/// up the last blocks, if it is one that the chip has.
static std::optional<BlockConv> makeBlocks(tpu::ConvOp conv,
                                           std::array<int64_t, 2> block) {
  BlockConv made;
  made.block = block;
  for (unsigned axis : {0, 1}) {
    int64_t stride = conv.getStrides()[axis],
            size = tpu::getShape(conv.getOutput())[2 + axis];
    if (block[axis] > 1 && conv.getDilations()[axis] != 1)
      return std::nullopt;
    made.kernel[axis] =
        tpu::getShape(conv.getFilter())[2 + axis] + (block[axis] - 1) * stride;
    made.strides[axis] = block[axis] * stride;
    made.blocks[axis] = ceilDiv(size, block[axis]);
    int64_t extent = (made.kernel[axis] - 1) * conv.getDilations()[axis] + 1;
    int64_t last = (made.blocks[axis] - 1) * made.strides[axis] + extent;
    int64_t given =
        tpu::getShape(conv.getInput())[2 + axis] + conv.getPads()[axis];
    made.endPads[axis] = std::max<int64_t>(0, last - given);
    if (made.strides[axis] > tpu::kMaxStride ||
        made.endPads[axis] > tpu::kMaxPad)
      return std::nullopt;
  }
  return made;
}

/// Cycles of a convolution of blocks. Of few input channels the kernel of 16
/// bits and INT8 multiplies several taps at once.
static EngineCycles cyclesOf(const Arch &arch, tpu::ConvOp conv,
                             const BlockConv &made) {
  ArrayRef<int64_t> shape = tpu::getShape(conv.getOutput());
  int64_t bytes = elementBytesOf(conv.getFilter()),
          channels = tpu::getShape(conv.getInput())[1], taps = made.taps();
  if (bytes < 4 && channels * bytes < arch.vectorBytes) {
    channels *= taps;
    taps = 1;
  }
  return convolutionCycles(arch, shape[1] * made.pixels(), channels, taps,
                           shape[0] * made.blocks[0] * made.blocks[1], bytes);
}

/// The blocks that save most, if any saves more than sorting its pixels takes.
static std::optional<BlockConv> chooseBlocks(const Arch &arch,
                                             tpu::ConvOp conv) {
  std::optional<BlockConv> single = makeBlocks(conv, {1, 1}), best;
  if (!single)
    return std::nullopt;
  ArrayRef<int64_t> shape = tpu::getShape(conv.getOutput());
  // A filter of f32 for another input is held in two parts.
  if (elementBytesOf(conv.getFilter()) > elementBytesOf(conv.getInput()))
    return std::nullopt;
  // Signals have no rows; their windows are of many taps.
  if (shape[2] == 1 || shape[3] == 1)
    return std::nullopt;
  // Sorted pixels are written and read once more than those of a layer that
  // is computed in tiles with its neighbours.
  int64_t sorting = 2 * copyCycles(arch, shape[0] * shape[1] * shape[2],
                                   shape[3] * elementBytesOf(conv.getOutput()));
  int64_t before = cyclesOf(arch, conv, *single).together();
  // Less is within what the estimate is off by.
  int64_t least = std::min(before - sorting, before * 4 / 5);
  for (int64_t rows = 1; rows <= kMaxPixels; ++rows)
    for (int64_t columns = 1; rows * columns <= kMaxPixels; ++columns) {
      if (rows > shape[2] || columns > shape[3])
        continue;
      std::optional<BlockConv> made = makeBlocks(conv, {rows, columns});
      if (!made || made->pixels() == 1)
        continue;
      int64_t cycles = cyclesOf(arch, conv, *made).together();
      if (cycles < least) {
        least = cycles;
        best = made;
      }
    }
  return best;
}

/// Computes blocks, and puts their pixels where they belong.
static bool foldPixels(const Arch &arch, tpu::ConvOp conv) {
  std::optional<BlockConv> made = chooseBlocks(arch, conv);
  if (!made)
    return false;
  OpBuilder builder(conv);
  Location loc = conv.getLoc();
  int64_t rows = made->block[0], columns = made->block[1];
  ArrayRef<int64_t> taps = tpu::getShape(conv.getFilter()),
                    steps = conv.getStrides();
  Value filter = spreadFilter(
      builder, conv.getFilter(),
      {taps[0] * made->pixels(), taps[1], made->kernel[0], made->kernel[1]},
      made->pixels(), [&](int64_t pixel, int64_t row, int64_t column) {
        return TapPlace{0, row + pixel / columns * steps[0],
                        column + pixel % columns * steps[1]};
      });
  Value bias = conv.getBias();
  if (bias)
    bias = repeatEntries(builder, bias, made->pixels());
  if (!filter || (conv.getBias() && !bias))
    return false;
  ArrayRef<int64_t> shape = tpu::getShape(conv.getOutput());
  auto [high, wide] = made->blocks;
  auto type =
      RankedTensorType::get({shape[0], shape[1] * made->pixels(), high, wide},
                            tpu::getElement(conv.getOutput()));
  ArrayRef<int64_t> pads = conv.getPads();
  Value blocks = tpu::ConvOp::create(
      builder, loc, type, conv.getInput(), filter, bias, made->strides,
      ArrayRef<int64_t>{pads[0], pads[1], made->endPads[0], made->endPads[1]},
      conv.getDilations(), /*group=*/1, conv.getDoRelu(), conv.getReluLimit(),
      conv.getGate());
  Value split = tpu::ReshapeOp::create(
      builder, loc, blocks,
      ArrayRef<int64_t>{shape[0], shape[1], rows, columns, high, wide});
  Value sorted = tpu::PermuteOp::create(builder, loc, split,
                                        ArrayRef<int64_t>{0, 1, 4, 2, 5, 3});
  Value image = tpu::ReshapeOp::create(
      builder, loc, sorted,
      ArrayRef<int64_t>{shape[0], shape[1], high * rows, wide * columns});
  if (tpu::getShape(image) != shape)
    image =
        tpu::SliceOp::create(builder, loc, image, ArrayRef<int64_t>{0, 0, 0, 0},
                             shape, ArrayRef<int64_t>{1, 1, 1, 1});
  LDBG() << "blocks of " << rows << " x " << columns << " pixels at " << loc;
  conv.getOutput().replaceAllUsesWith(image);
  conv.erase();
  return true;
}

namespace {

struct TpuFoldPixels
    : public tpuc::tpu::impl::TpuFoldPixelsBase<TpuFoldPixels> {
  using TpuFoldPixelsBase::TpuFoldPixelsBase;

  void runOnOperation() override {
    const Arch &arch = archOf(getOperation());
    for (tpu::ConvOp conv : denseConvs(getOperation()))
      numFolded += foldPixels(arch, conv);
  }
};

} // namespace
