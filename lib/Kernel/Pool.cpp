//===- Pool.cpp - Pooling -------------------------------------------------===//
//
// Reduces rows first and columns second where that costs less than both at
// once. Means of 16-bit elements are taken in f32.
//
//===----------------------------------------------------------------------===//

#include "Kernel/Pool.h"
#include "Support/IntMath.h"
#include "WindowTiles.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// Planes across lanes: [1, batch * channels, H, W].
class PoolKernel : public TiledKernel {
public:
  PoolKernel(const Arch &arch, const PoolParams &params)
      : TiledKernel(arch), window(params.window), isMax(params.isMax),
        input(params.input.reshaped(
            {1, params.batch * params.channels, params.inH, params.inW})),
        result(params.result.reshaped(
            {1, params.batch * params.channels, params.outH, params.outW})),
        rows{window.kernelH, window.strideH,   1,
             window.padTop,  window.padBottom, params.inH},
        columns{window.kernelW, window.strideW,  1,
                window.padLeft, window.padRight, params.inW} {}

  Shape4 space() const override { return result.shape; }

  Shape4 granularity() const override {
    int64_t step = isInt8(input.type) ? 64 : 32;
    return {1, arch.lanes, rows.canCut() ? 1 : 0, columns.canCut() ? step : 0};
  }

  unsigned numInputs() const override { return 1; }

  Box inputBox(unsigned, const Box &tile) const override {
    WindowExtent h = rowsOf(tile), w = columnsOf(tile);
    return {{0, tile.offset[C], h.offset, w.offset},
            {1, tile.size[C], h.size, w.size}};
  }

  LocalTensor placeInput(unsigned, const Box &box) const override {
    return alignedTensor(arch, 0, box.size, input.type);
  }

  LocalTensor placeResult(const Box &tile) const override {
    return alignedTensor(arch, 0, tile.size, result.type);
  }

  int64_t scratchBytes(const Box &tile) const override {
    return layOut(tile, 0).end;
  }

  void load(CommandBuilder &builder, unsigned, const Box &box,
            const LocalTensor &local) const override {
    builder.load(local, input.slice(box));
  }

  void compute(CommandBuilder &builder, const Box &tile,
               const TileBuffers &buffers, uint32_t) const override {
    Scratch scratch = layOut(tile, buffers.scratch);
    LocalTensor source = buffers.inputs[0];
    LocalTensor target = buffers.result;
    if (widens()) {
      builder.cast(scratch.source, source);
      source = scratch.source;
      target = scratch.target;
    }
    Window whole = windowOf(tile);
    if (inTwoSteps(tile)) {
      Window down = whole, across = whole;
      down.kernelW = down.strideW = 1;
      down.padLeft = down.padRight = 0;
      across.kernelH = across.strideH = 1;
      across.padTop = across.padBottom = 0;
      reduce(builder, scratch.rowsReduced, source, down);
      reduce(builder, target, scratch.rowsReduced, across);
    } else {
      reduce(builder, target, source, whole);
    }
    if (widens())
      builder.cast(buffers.result, target);
  }

  void store(CommandBuilder &builder, const Box &tile,
             const LocalTensor &local) const override {
    builder.store(result.slice(tile), local);
  }

private:
  struct Scratch {
    LocalTensor source, rowsReduced, target;
    int64_t end;
  };

  Scratch layOut(const Box &tile, uint32_t address) const {
    Scratch scratch;
    int64_t next = address;
    auto take = [&](const Shape4 &shape, bool isNeeded) {
      LocalTensor tensor =
          alignedTensor(arch, uint32_t(next), shape, sumType());
      if (isNeeded)
        next = alignUp(next + tensor.laneBytes(), arch.vectorBytes);
      return tensor;
    };
    Shape4 in = inputBox(0, tile).size, between = in;
    between[H] = tile.size[H];
    scratch.source = take(in, widens());
    scratch.rowsReduced = take(between, inTwoSteps(tile));
    scratch.target = take(tile.size, widens());
    scratch.end = next - address;
    return scratch;
  }

  bool widens() const { return sumType() != input.type; }
  ElementType sumType() const { return isMax ? input.type : ElementType::F32; }

  /// Whether rows, then columns, take fewer cycles. A one-row kernel pads every
  /// result row to whole vectors; strides above 1 in both axes cost threefold.
  bool inTwoSteps(const Box &tile) const {
    if (window.kernelH == 1 || window.kernelW == 1)
      return false;
    int64_t vector = arch.vectorBytes / byteWidth(sumType());
    int64_t h = tile.size[H], w = tile.size[W];
    int64_t once = ceilDiv(h * w, vector) * window.kernelH * window.kernelW;
    if (window.strideH > 1 && window.strideW > 1)
      once *= 3;
    int64_t twice = ceilDiv(h * columnsOf(tile).size, vector) * window.kernelH +
                    h * ceilDiv(w, vector) * window.kernelW;
    return twice < once;
  }

  void reduce(CommandBuilder &builder, const LocalTensor &target,
              const LocalTensor &source, const Window &part) const {
    if (isMax)
      builder.maxPool(target, source, part, lowestBits());
    else
      builder.averagePool(target, source, part,
                          1.0 / double(part.kernelH * part.kernelW));
  }

  /// The lowest finite number, which no element is below.
  uint32_t lowestBits() const {
    switch (input.type) {
    case ElementType::F16:
      return 0xfbff;
    case ElementType::BF16:
      return 0xff7f;
    case ElementType::I8:
      return 0x80;
    case ElementType::U8:
      return 0;
    default:
      return 0xff7f'ffff;
    }
  }

  WindowExtent rowsOf(const Box &tile) const {
    return rows.extentOf(tile.offset[H], tile.size[H]);
  }
  WindowExtent columnsOf(const Box &tile) const {
    return columns.extentOf(tile.offset[W], tile.size[W], result.shape[W]);
  }

  Window windowOf(const Box &tile) const {
    return clipWindow(window, rowsOf(tile), columnsOf(tile));
  }

  Window window;
  bool isMax;
  GlobalTensor input, result;
  WindowAxis rows, columns;
};

} // namespace

llvm::Error kernel::makePoolKernels(const Arch &arch, const PoolParams &params,
                                    KernelList &kernels) {
  const Window &window = params.window;
  WindowAxis rows{window.kernelH, window.strideH,   1,
                  window.padTop,  window.padBottom, params.inH};
  WindowAxis columns{window.kernelW, window.strideW,  1,
                     window.padLeft, window.padRight, params.inW};
  std::string reason = rows.unsupportedReason(arch, "height");
  if (reason.empty())
    reason = columns.unsupportedReason(arch, "width");
  if (reason.empty() && !isFloat(params.input.type) &&
      !(params.isMax && isInt8(params.input.type)))
    reason = "a mean or maximum of integers";
  if (!reason.empty())
    return llvm::createStringError(reason);
  kernels.push_back(std::make_unique<PoolKernel>(arch, params));
  return llvm::Error::success();
}
