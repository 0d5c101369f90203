//===- Tiler.cpp - Tiles, buffers and the order of their commands ---------===//
//
// Chooses the tile of a kernel, gives its operands local buffers and emits the
// tiles so that the next tile's loads stand before this tile's store: with two
// buffers an operand, transfers overlap compute. It knows no operator.
//
//===----------------------------------------------------------------------===//

#include "CostSink.h"

#include "Kernel/Tiling.h"

#include <algorithm>
#include <vector>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// A tile size and what it asks of local memory.
struct Plan {
  Shape4 tile;
  llvm::SmallVector<Box> tiles;
  /// Buffers of each input: 1 when all tiles share the same part, else 2.
  llvm::SmallVector<int> inputBuffers;
  llvm::SmallVector<int64_t> inputBytes;
  int resultBuffers = 1;
  int64_t resultBytes = 0;
  int64_t scratchBytes = 0;
  int64_t totalBytes = 0;
};

int64_t alignedBytes(int64_t bytes) { return bufferBytes(bytes); }

Plan makePlan(const TiledKernel &kernel, const Shape4 &tile) {
  Plan plan;
  plan.tile = tile;
  plan.tiles = cutSpace(kernel.space(), tile);
  plan.resultBuffers = plan.tiles.size() > 1 ? 2 : 1;
  unsigned numInputs = kernel.numInputs();
  plan.inputBuffers.assign(numInputs, 1);
  plan.inputBytes.assign(numInputs, 0);
  for (unsigned i = 0; i < numInputs; ++i) {
    Box first = kernel.inputBox(i, plan.tiles.front());
    Box last;
    for (const Box &part : plan.tiles) {
      Box box = kernel.inputBox(i, part);
      if (!(box == first))
        plan.inputBuffers[i] = 2;
      if (box == last)
        continue;
      last = box;
      plan.inputBytes[i] =
          std::max(plan.inputBytes[i],
                   alignedBytes(kernel.placeInput(i, box).laneBytes()));
    }
  }
  for (const Box &part : plan.tiles) {
    plan.resultBytes = std::max(
        plan.resultBytes, alignedBytes(kernel.placeResult(part).laneBytes()));
    plan.scratchBytes = std::max(plan.scratchBytes,
                                 alignedBytes(kernel.scratchBytes(part)));
  }
  plan.totalBytes = alignedBytes(kernel.constantBytes()) + plan.scratchBytes +
                    plan.resultBuffers * plan.resultBytes;
  for (unsigned i = 0; i < numInputs; ++i)
    plan.totalBytes += plan.inputBuffers[i] * plan.inputBytes[i];
  return plan;
}

/// The local bytes of the first tile with buffers as for several tiles: a
/// bound good enough to sort candidates without listing their tiles.
int64_t estimateBytes(const TiledKernel &kernel, const Shape4 &tile) {
  Box box{{0, 0, 0, 0}, tile};
  bool isWhole = tile == kernel.space();
  int64_t bytes = alignedBytes(kernel.constantBytes()) +
                  alignedBytes(kernel.scratchBytes(box)) +
                  (isWhole ? 1 : 2) *
                      alignedBytes(kernel.placeResult(box).laneBytes());
  for (unsigned i = 0; i < kernel.numInputs(); ++i)
    bytes += alignedBytes(
        kernel.placeInput(i, kernel.inputBox(i, box)).laneBytes());
  return bytes;
}

/// Plans that fit, from few tiles to many: more tiles overlap more of their
/// transfers with compute, but move shorter runs.
std::vector<Plan> fittingPlans(const TiledKernel &kernel,
                                     int64_t budget) {
  constexpr size_t kMaxPlans = 8;
  std::vector<Plan> plans;
  int64_t lastCount = 0;
  unsigned sameCount = 0;
  for (const Shape4 &tile : tileCandidates(kernel)) {
    int64_t count = countTiles(kernel.space(), tile);
    // At most two shapes of each number of tiles.
    if (count == lastCount && sameCount == 2)
      continue;
    if (estimateBytes(kernel, tile) > budget)
      continue;
    Plan plan = makePlan(kernel, tile);
    if (plan.totalBytes > budget)
      continue;
    sameCount = count == lastCount ? sameCount + 1 : 1;
    lastCount = count;
    plans.push_back(std::move(plan));
    if (plans.size() == kMaxPlans)
      break;
  }
  return plans;
}

/// Emits the tiles of a plan.
class TileEmitter {
public:
  TileEmitter(const TiledKernel &kernel, const Plan &plan,
              CommandBuilder &builder)
      : kernel(kernel), plan(plan), builder(builder) {
    uint32_t address = uint32_t(alignedBytes(kernel.constantBytes()));
    auto take = [&](int64_t bytes) {
      uint32_t start = address;
      address += uint32_t(bytes);
      return start;
    };
    for (unsigned i = 0; i < kernel.numInputs(); ++i)
      for (int buffer = 0; buffer < 2; ++buffer)
        inputAddress[buffer].push_back(buffer < plan.inputBuffers[i]
                                           ? take(plan.inputBytes[i])
                                           : inputAddress[0][i]);
    for (int buffer = 0; buffer < 2; ++buffer)
      resultAddress[buffer] = buffer < plan.resultBuffers
                                  ? take(plan.resultBytes)
                                  : resultAddress[0];
    scratch = take(plan.scratchBytes);
    loaded.resize(kernel.numInputs());
    current.assign(kernel.numInputs(), 0);
  }

  void run() {
    kernel.setUp(builder, /*address=*/0);
    llvm::SmallVector<LocalTensor> inputs = load(plan.tiles.front());
    for (size_t t = 0; t < plan.tiles.size(); ++t) {
      llvm::SmallVector<LocalTensor> next;
      if (t + 1 < plan.tiles.size())
        next = load(plan.tiles[t + 1]);
      const Box &tile = plan.tiles[t];
      LocalTensor result = kernel.placeResult(tile).at(resultAddress[t % 2]);
      kernel.compute(builder, tile, {inputs, result, scratch},
                     /*constants=*/0);
      kernel.store(builder, tile, result);
      inputs = std::move(next);
    }
  }

private:
  llvm::SmallVector<LocalTensor> load(const Box &tile) {
    llvm::SmallVector<LocalTensor> tensors;
    for (unsigned i = 0; i < kernel.numInputs(); ++i) {
      Box box = kernel.inputBox(i, tile);
      bool isNew = !loaded[i] || !(*loaded[i] == box);
      if (isNew && loaded[i])
        current[i] = 1 - current[i];
      LocalTensor local =
          kernel.placeInput(i, box).at(inputAddress[current[i]][i]);
      if (isNew)
        kernel.load(builder, i, box, local);
      loaded[i] = box;
      tensors.push_back(local);
    }
    return tensors;
  }

  const TiledKernel &kernel;
  const Plan &plan;
  CommandBuilder &builder;
  llvm::SmallVector<uint32_t> inputAddress[2];
  uint32_t resultAddress[2];
  uint32_t scratch;
  llvm::SmallVector<std::optional<Box>> loaded;
  llvm::SmallVector<int> current;
};

/// The plan whose commands take the fewest cycles.
const Plan &cheapestPlan(const TiledKernel &kernel,
                         llvm::ArrayRef<Plan> plans) {
  if (plans.size() == 1)
    return plans.front();
  const Plan *best = nullptr;
  uint64_t bestCycles = 0;
  for (const Plan &plan : plans) {
    CostSink sink;
    CommandBuilder builder(sink);
    TileEmitter(kernel, plan, builder).run();
    if (!best || sink.cycles() < bestCycles) {
      best = &plan;
      bestCycles = sink.cycles();
    }
  }
  return *best;
}

} // namespace

llvm::Error TiledKernel::emit(CommandBuilder &builder,
                              const KernelOptions &options) const {
  std::vector<Plan> plans = fittingPlans(*this, options.localBytes);
  if (plans.empty())
    return llvm::createStringError(
        "its smallest tile does not fit into the " +
        std::to_string(options.localBytes) +
        " bytes of a lane; reduce the size of the axis that cannot be split");
  TileEmitter(*this, cheapestPlan(*this, plans), builder).run();
  return llvm::Error::success();
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
