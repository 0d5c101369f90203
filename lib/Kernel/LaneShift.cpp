//===- LaneShift.cpp - Channels moved to other lanes ----------------------===//
//
// A convolution reads channels from any lane and writes them from any lane on.
// With the identity for a filter it copies bytes, whatever their type.
//
//===----------------------------------------------------------------------===//

#include "Kernel/Copy.h"
#include "Support/IntMath.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// Channels that share a row of lanes, both where they are and where they go.
class LaneShiftKernel : public TiledKernel {
public:
  LaneShiftKernel(const Arch &arch, const GlobalTensor &result,
                  const GlobalTensor &source, const GlobalTensor &identity,
                  int64_t resultLane, int64_t sourceLane)
      : TiledKernel(arch), result(result), source(source),
        identity(identity.slice({{}, {1, result.shape[C], 1, arch.lanes}})),
        resultLane(resultLane), sourceLane(sourceLane) {}

  Shape4 space() const override { return result.shape; }
  Shape4 granularity() const override { return {0, 0, 1, 0}; }
  unsigned numInputs() const override { return 2; }
  Box inputBox(unsigned index, const Box &tile) const override {
    return index == 0 ? tile : Box{{}, identity.shape};
  }
  LocalTensor placeInput(unsigned index, const Box &box) const override {
    return index == 0 ? place(sourceLane, box.size, source.type)
                      : place(resultLane, box.size, ElementType::I8);
  }
  LocalTensor placeResult(const Box &tile) const override {
    return place(resultLane, tile.size, result.type);
  }

  void load(CommandBuilder &builder, unsigned index, const Box &box,
            const LocalTensor &local) const override {
    builder.load(local, index == 0 ? source.slice(box) : identity);
  }
  void compute(CommandBuilder &builder, const Box &, const TileBuffers &buffers,
               uint32_t) const override {
    builder.convolve(bytesOf(buffers.result), bytesOf(buffers.inputs[0]),
                     buffers.inputs[1].address, std::nullopt, Window());
  }
  void store(CommandBuilder &builder, const Box &tile,
             const LocalTensor &local) const override {
    builder.store(result.slice(tile), local);
  }

private:
  LocalTensor place(int64_t lane, const Shape4 &shape, ElementType type) const {
    return alignedTensor(arch, uint32_t(lane * arch.laneBytes), shape, type);
  }

  LocalTensor bytesOf(const LocalTensor &tensor) const {
    Shape4 shape = tensor.shape;
    shape[W] *= byteWidth(tensor.type);
    return alignedTensor(arch, tensor.address, shape, ElementType::I8);
  }

  GlobalTensor result, source, identity;
  int64_t resultLane, sourceLane;
};

} // namespace

bool kernel::makeLaneShift(const Arch &arch, const GlobalTensor &result,
                           const GlobalTensor &source, int64_t firstChannel,
                           const GlobalTensor &identity, KernelList &kernels) {
  auto [n, channels, h, w] = source.shape;
  int64_t width = byteWidth(source.type), bytes = h * w * width;
  bool isOfChannels = n == 1 && source.layout.n == 1 && result.layout.n == 1 &&
                      source.layout.c == channels &&
                      result.layout.c == result.shape[C];
  int64_t laneBytes =
      arch.channelRows(result.shape[C]) * arch.wholeVectors(bytes);
  // A value that fills most of local memory is not there.
  if (!isOfChannels || w * width > arch.maxSize ||
      2 * laneBytes > arch.laneBytes)
    return false;
  llvm::SmallVector<std::pair<int64_t, int64_t>> pieces; // first, count
  for (int64_t first = 0; first < channels;) {
    auto left = [&](int64_t channel) {
      return arch.lanes - channel % arch.lanes;
    };
    int64_t count =
        std::min({channels - first, left(first), left(firstChannel + first)});
    pieces.push_back({first, count});
    first += count;
  }
  int64_t products =
      int64_t(pieces.size()) * ceilDiv(bytes, int64_t(arch.productPositions));
  int64_t transfers = channels * bytes / arch.moveBytesPerCycle;
  if (products >= transfers)
    return false;
  for (auto [first, count] : pieces) {
    Box from{{0, first, 0, 0}, {1, count, h, w}}, to = from;
    to.offset[C] += firstChannel;
    kernels.push_back(std::make_unique<LaneShiftKernel>(
        arch, result.slice(to), source.slice(from), identity,
        to.offset[C] % arch.lanes, first % arch.lanes));
  }
  return true;
}
