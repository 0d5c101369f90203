//===- TileChoice.cpp - The tile of a kernel ------------------------------===//
//
// Probes the kernel's transfers to learn which operands can be used in place;
// costs candidates by the commands that they emit.
//
//===----------------------------------------------------------------------===//

#include "TileChoice.h"

#include "TransferProbe.h"

#include "Kernel/Tiling.h"
#include "Simulator/Timing/Timing.h"

#include <limits>

using namespace tpuc;
using namespace tpuc::group;
using namespace tpuc::kernel;

namespace {

/// Adds up the cycles of each engine, without stalls.
class WorkSink : public NoSink {
public:
  using NoSink::NoSink;

  void emit(codec::Layout layout, const codec::Registers &registers) override {
    uint64_t cycles = timing::cycles(layout, registers, parameters);
    bool isTiu = codec::layoutInfo(layout).engine == codec::Engine::Tiu;
    (isTiu ? tiuCycles : gdmaCycles) += cycles;
    ++(isTiu ? tiuCommands : gdmaCommands);
  }

  uint64_t tiuCycles = 0, gdmaCycles = 0, tiuCommands = 0, gdmaCommands = 0;

private:
  timing::TimingParameters parameters = timing::TimingParameters::vendor();
};

/// How the recorded transfers are served; `tensor` is the kernel's buffer, and
/// becomes the value's own memory when the operand is used in place.
Access findAccess(const TransferProbe &probe, const AllocationMap &allocations,
                  bool acceptsStrides, LocalTensor &tensor) {
  llvm::SmallVector<LocalTensor, 4> views;
  for (const TransferProbe::Transfer &transfer : probe.transfers) {
    std::optional<LocalTensor> view = allocations.localView(transfer.global);
    if (!view || transfer.local.shape != transfer.global.shape)
      return Access::Moved;
    views.push_back(*view);
  }
  if (views.empty() || !probe.others.empty())
    return Access::Moved;
  auto isUsable = [](const LocalTensor &view) {
    return view.startLane() == 0 && view.address % view.arch->vectorBytes == 0;
  };
  bool isInPlace = true;
  int64_t distance =
      int64_t(views[0].address) - int64_t(probe.transfers[0].local.address);
  for (auto [transfer, view] : llvm::zip(probe.transfers, views))
    isInPlace &=
        isCongruent(transfer.local, view) &&
        int64_t(view.address) - int64_t(transfer.local.address) == distance;
  // The memory beside the value is another value's, not padding.
  if (probe.hasFills)
    return Access::Copied;
  if (isInPlace && distance >= 0 && distance % tensor.arch->vectorBytes == 0) {
    tensor.address += uint32_t(distance);
    return Access::InPlace;
  }
  if (acceptsStrides && views.size() == 1 && isUsable(views[0]) &&
      probe.transfers[0].local.shape == tensor.shape) {
    tensor = views[0];
    return Access::InPlace;
  }
  return Access::Copied;
}

} // namespace

TilePlan group::planTile(const TiledKernel &kernel, const Box &tile,
                         const AllocationMap &allocations) {
  NoSink sink(kernel.arch);
  TilePlan plan;
  plan.tile = tile;
  for (unsigned i = 0; i < kernel.numInputs(); ++i) {
    OperandPlan operand;
    operand.box = kernel.inputBox(i, tile);
    operand.tensor = kernel.placeInput(i, operand.box);
    TransferProbe probe(sink);
    kernel.load(probe, i, operand.box, operand.tensor);
    operand.access = findAccess(probe, allocations, kernel.acceptsStrides(i),
                                operand.tensor);
    operand.isConstant = true;
    for (const auto &transfer : probe.transfers)
      operand.isConstant &= transfer.global.region == Region::Coefficient;
    for (const GlobalTensor &source : probe.others)
      operand.isConstant &= source.region == Region::Coefficient;
    plan.inputs.push_back(operand);
  }
  plan.resultTensor = kernel.placeResult(tile);
  TransferProbe probe(sink);
  kernel.store(probe, tile, plan.resultTensor);
  plan.result = findAccess(probe, allocations, kernel.acceptsResultStrides(),
                           plan.resultTensor);
  auto storesGlobal = [&](const GlobalTensor &part) {
    std::optional<unsigned> value = allocations.valueOf(part);
    return !value || allocations.byValue[*value].isGlobal;
  };
  for (const auto &transfer : probe.transfers)
    plan.storesGlobal |= storesGlobal(transfer.global);
  for (const GlobalTensor &part : probe.others)
    plan.storesGlobal |= storesGlobal(part);
  plan.scratchBytes = kernel.arch.wholeVectors(kernel.scratchBytes(tile));
  return plan;
}

int64_t group::tileBytes(const TiledKernel &kernel, const TilePlan &tile) {
  int64_t bytes =
      kernel.arch.wholeVectors(kernel.constantBytes()) + tile.scratchBytes;
  for (const OperandPlan &operand : tile.inputs)
    if (operand.access != Access::InPlace)
      bytes += kernel.arch.wholeVectors(operand.tensor.laneBytes());
  if (tile.result != Access::InPlace)
    bytes += kernel.arch.wholeVectors(tile.resultTensor.laneBytes());
  return bytes;
}

LocalTensor group::operandTensor(const OperandPlan &operand, uint32_t buffer) {
  return operand.access == Access::InPlace
             ? operand.tensor
             : operand.tensor.at(operand.tensor.address + buffer);
}

void group::emitTile(ResidentBuilder &builder, const TiledKernel &kernel,
                     const TilePlan &tile, llvm::ArrayRef<uint32_t> buffers,
                     uint32_t resultBuffer, uint32_t scratch,
                     uint32_t constants) {
  llvm::SmallVector<LocalTensor, 3> inputs;
  for (auto [operand, buffer] : llvm::zip(tile.inputs, buffers))
    inputs.push_back(operandTensor(operand, buffer));
  LocalTensor result = tile.resultTensor;
  if (tile.result != Access::InPlace)
    result.address += resultBuffer;
  kernel.compute(builder, tile.tile, {inputs, result, scratch}, constants);
  builder.setStores(ResidentBuilder::Stores::Local);
  kernel.store(builder, tile.tile, result);
  builder.setStores(ResidentBuilder::Stores::All);
}

/// Emits everything that the kernel does, with all buffers at address 0.
static void addWork(const TiledKernel &kernel, Candidate &candidate,
                    const AllocationMap &allocations) {
  WorkSink sink(kernel.arch);
  ResidentBuilder builder(sink, allocations);
  KernelPlan &plan = candidate.plan;
  kernel.setUp(builder, 0);
  llvm::SmallVector<Box, 3> loaded(kernel.numInputs());
  llvm::SmallVector<uint32_t, 3> zeros(kernel.numInputs(), 0);
  for (const TilePlan &tile : plan.tiles) {
    for (unsigned i = 0; i < kernel.numInputs(); ++i) {
      const OperandPlan &operand = tile.inputs[i];
      if (!(operand.box == loaded[i]))
        kernel.load(builder, i, operand.box, operand.tensor);
      loaded[i] = operand.box;
    }
    emitTile(builder, kernel, tile, zeros, 0, 0, 0);
    builder.setStores(ResidentBuilder::Stores::Global);
    kernel.store(builder, tile.tile, tile.resultTensor);
    builder.setStores(ResidentBuilder::Stores::All);
  }
  plan.constraints = builder.constraints();
  plan.tiuCycles = sink.tiuCycles;
  plan.gdmaCycles = sink.gdmaCycles;
  candidate.tiuCommands = sink.tiuCommands;
  candidate.gdmaCommands = sink.gdmaCommands;
  candidate.isCosted = true;
}

/// Plans the tiles of `size`, until one exceeds `budget`.
static void cut(const TiledKernel &kernel, const Shape4 &size,
                const AllocationMap &allocations, int64_t budget,
                KernelPlan &plan) {
  plan.size = size;
  plan.constantBytes = kernel.arch.wholeVectors(kernel.constantBytes());
  for (const Box &box : cutSpace(kernel.space(), size)) {
    plan.tiles.push_back(planTile(kernel, box, allocations));
    plan.peakBytes =
        std::max(plan.peakBytes, tileBytes(kernel, plan.tiles.back()));
    if (plan.peakBytes > budget)
      break;
  }
}

/// Finds out what tiles of `size` cost; false when one exceeds `budget`.
static bool cost(const TiledKernel &kernel, const Shape4 &size,
                 const AllocationMap &allocations, int64_t budget,
                 Candidate &candidate) {
  KernelPlan &plan = candidate.plan;
  // A cached candidate may hold the peak of its first tiles only.
  if (plan.peakBytes == 0) {
    TilePlan first = planTile(kernel, {{0, 0, 0, 0}, size}, allocations);
    plan.peakBytes = tileBytes(kernel, first);
  }
  if (plan.peakBytes > budget)
    return false;
  if (candidate.isCosted)
    return true;
  cut(kernel, size, allocations, budget, plan);
  if (plan.peakBytes <= budget)
    addWork(kernel, candidate, allocations);
  candidate.numTiles = plan.tiles.size();
  plan.tiles.clear();
  return candidate.isCosted;
}

/// The candidate's cost by the given weights; less is better.
static double rank(const Candidate &candidate, const CostWeights &costWeights,
                   const Options &options) {
  const KernelPlan &plan = candidate.plan;
  double tiu = double(plan.tiuCycles), gdma = double(plan.gdmaCycles);
  double apart = tiu + gdma;
  double together =
      std::max(tiu, gdma) + std::min(tiu, gdma) / double(candidate.numTiles);
  double cost = apart + costWeights.overlap * (together - apart) +
                double(candidate.tiuCommands) * costWeights.tiuIssue +
                double(candidate.gdmaCommands) * costWeights.gdmaIssue;
  return cost * (1.0 + costWeights.memoryShare * double(plan.peakBytes) /
                           double(options.localBytes));
}

std::optional<KernelPlan>
group::planKernel(const TiledKernel &kernel, const AllocationMap &allocations,
                  int64_t budget, const Options &options,
                  const CostWeights &costWeights, Candidates *known) {
  Candidates own;
  Candidates &candidates = known ? *known : own;
  if (candidates.sizes.empty())
    candidates.sizes = tileCandidates(kernel);
  const Shape4 *best = nullptr, *next = nullptr;
  double bestCost = 0, nextCost = 0;
  unsigned numPlans = 0, sameCount = 0;
  size_t lastCount = 0;
  for (const Shape4 &size : candidates.sizes) {
    size_t count = size_t(countTiles(kernel.space(), size));
    // At most two shapes of each number of tiles.
    if (count == lastCount && sameCount == 2)
      continue;
    Candidate &candidate = candidates.bySize[size];
    if (!cost(kernel, size, allocations, budget, candidate))
      continue;
    sameCount = count == lastCount ? sameCount + 1 : 1;
    lastCount = count;
    double rankCost = rank(candidate, costWeights, options);
    if (!best || rankCost < bestCost) {
      next = best;
      nextCost = bestCost;
      best = &size;
      bestCost = rankCost;
    } else if (!next || rankCost < nextCost) {
      next = &size;
      nextCost = rankCost;
    }
    if (++numPlans == costWeights.numSizes)
      break;
  }
  if (!best)
    return std::nullopt;
  KernelPlan plan = candidates.bySize[*best].plan;
  plan.peakBytes = 0;
  cut(kernel, *best, allocations, budget, plan);
  plan.cost = bestCost;
  if (next) {
    plan.nextTile = *next;
    plan.nextCost = nextCost;
  }
  return plan;
}

KernelPlan group::cutKernel(const TiledKernel &kernel, const Shape4 &size,
                            const AllocationMap &allocations) {
  KernelPlan plan;
  cut(kernel, size, allocations, std::numeric_limits<int64_t>::max(), plan);
  return plan;
}

int64_t group::leastBytes(const TiledKernel &kernel,
                          const AllocationMap &allocations) {
  Box smallest{{0, 0, 0, 0}, kernel.space()};
  Shape4 granularity = kernel.granularity();
  for (unsigned axis = 0; axis < 4; ++axis)
    if (granularity[axis] != 0)
      smallest.size[axis] = std::min(smallest.size[axis], granularity[axis]);
  return tileBytes(kernel, planTile(kernel, smallest, allocations));
}

PlacementConstraints group::constraintsOf(const TransferKernel &kernel,
                                          const AllocationMap &allocations) {
  NoSink sink(kernel.arch);
  ResidentBuilder builder(sink, allocations);
  kernel.emit(builder);
  return builder.constraints();
}
