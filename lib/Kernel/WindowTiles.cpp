//===- WindowTiles.cpp - What window kernels share ------------------------===//
//
// Views of tiles in channel blocks, activations, limits of windows.
//
//===----------------------------------------------------------------------===//

#include "WindowTiles.h"

#include <algorithm>
#include <cstring>

using namespace tpuc;
using namespace tpuc::kernel;

LocalTensor kernel::blockMajor(const Arch &arch, uint32_t address,
                               const Shape4 &shape, ElementType type) {
  LocalTensor tile = alignedTensor(arch, address, shape, type);
  int64_t row = tile.strides[C];
  tile.strides[N] = row;
  tile.strides[C] = shape[N] * row;
  return tile;
}

LocalTensor kernel::blockOf(const LocalTensor &tile, int64_t block) {
  int64_t channel = block * tile.arch->lanes;
  int64_t lanes = std::min(tile.arch->lanes, tile.shape[C] - channel);
  return tile.slice(C, channel, lanes);
}

LocalTensor kernel::flatView(const LocalTensor &tile) {
  Shape4 shape = {tile.shape[N] * tile.channelRows(),
                  std::min(tile.shape[C], tile.arch->lanes), tile.shape[H],
                  tile.shape[W]};
  return alignedTensor(*tile.arch, tile.address, shape, tile.type);
}

unsigned kernel::activationSteps(const Activation &activation) {
  return activation.relu ? (activation.limit >= 0 ? 2 : 1) : 0;
}

ActivationBuffers kernel::activationBuffers(const Activation &activation,
                                            const LocalTensor &result,
                                            const LocalTensor &other) {
  if (activationSteps(activation) == 1)
    return {other, result};
  return {result, other};
}

void kernel::emitActivation(CommandBuilder &builder,
                            const Activation &activation,
                            const ActivationBuffers &buffers) {
  if (!activation.relu)
    return;
  ElementType type = buffers.first.type;
  LocalTensor first = flatView(buffers.first);
  LocalTensor second = flatView(buffers.second);
  builder.arith(Arith::Max, second, first, Operand(0.0, type));
  if (activation.limit >= 0)
    builder.arith(Arith::Min, first, second, Operand(activation.limit, type));
}

std::vector<char> kernel::packLaneRows(const Arch &arch,
                                       llvm::ArrayRef<std::vector<char>> rows) {
  int64_t rowBytes = rows.front().size(), lanes = rows.size();
  std::vector<char> packed(rowBytes * lanes);
  int64_t chunkBytes = matrixChunkBytes(arch);
  for (int64_t at = 0; at < rowBytes; at += chunkBytes) {
    int64_t size = std::min(chunkBytes, rowBytes - at);
    for (int64_t lane = 0; lane < lanes; ++lane)
      std::memcpy(packed.data() + at * lanes + lane * size,
                  rows[lane].data() + at, size);
  }
  return packed;
}

void kernel::loadLaneRows(CommandBuilder &builder, const GlobalTensor &packed,
                          uint32_t address, int64_t lanes, int64_t rowBytes) {
  GlobalTensor words = packed;
  words.type = ElementType::F32;
  int64_t chunkBytes = matrixChunkBytes(builder.arch);
  for (int64_t at = 0; at < rowBytes; at += chunkBytes) {
    int64_t chunk = std::min(chunkBytes, rowBytes - at) / 4;
    LocalTensor result;
    result.arch = &builder.arch;
    result.address = uint32_t(address + at);
    result.shape = {1, lanes, 1, chunk};
    result.strides = {chunk, chunk, chunk, 1};
    builder.loadBlocks(result, words.advanced(at * lanes / 4), /*rows=*/1,
                       lanes * chunk, lanes * chunk);
  }
}

std::string WindowAxis::unsupportedReason(const Arch &arch,
                                          const char *name) const {
  auto reason = [&](const char *what, int64_t value, int64_t limit) {
    return std::string(what) + " " + std::to_string(value) + " along " + name +
           " exceeds " + std::to_string(limit);
  };
  if (stride > kMaxWindowStride)
    return reason("stride", stride, kMaxWindowStride);
  if (dilation > kMaxWindowDilation)
    return reason("dilation", dilation, kMaxWindowDilation);
  if (std::max(padBefore, padAfter) > kMaxWindowPad)
    return reason("padding", std::max(padBefore, padAfter), kMaxWindowPad);
  // A longer input is cut into tiles.
  int64_t size = canCut() ? kernel : std::max(inputSize, kernel);
  if (size > arch.maxSize)
    return reason("size", size, arch.maxSize);
  return {};
}

WindowExtent kernel::windowExtent(int64_t offset, int64_t size, int64_t stride,
                                  int64_t kernel, int64_t dilation,
                                  int64_t padBefore, int64_t inputSize) {
  int64_t begin = offset * stride - padBefore;
  int64_t end =
      (offset + size - 1) * stride - padBefore + (kernel - 1) * dilation + 1;
  WindowExtent extent;
  extent.padBefore = std::clamp<int64_t>(-begin, 0, end - begin);
  extent.padAfter = std::clamp<int64_t>(end - inputSize, 0, end - begin);
  extent.offset = std::clamp<int64_t>(begin, 0, inputSize);
  extent.size = std::max<int64_t>(std::min(end, inputSize) - extent.offset, 0);
  return extent;
}

Window kernel::clipWindow(const Window &window, const WindowExtent &rows,
                          const WindowExtent &columns) {
  Window clipped = window;
  clipped.padTop = rows.padBefore;
  clipped.padBottom = rows.padAfter;
  clipped.padLeft = columns.padBefore;
  clipped.padRight = columns.padAfter;
  return clipped;
}
