//===- Steps.cpp - A program as a sequence of tiles -----------------------===//
//
// Consecutive tiles that read the same part of an operand share a buffer.
//
//===----------------------------------------------------------------------===//

#include "Steps.h"

#include "Kernel/Tiling.h"
#include "llvm/ADT/DenseSet.h"

using namespace tpuc;
using namespace tpuc::group;
using namespace tpuc::kernel;

namespace {

class StepLister {
public:
  StepLister(AllocationMap &allocations, StepList &list)
      : allocations(allocations), list(list),
        lastWrite(allocations.byValue.size()) {}

  void run(llvm::ArrayRef<std::optional<KernelPlan>> plans) {
    for (Allocation &allocation : allocations.byValue)
      allocation.firstStep = allocation.lastStep = 0;
    for (unsigned op = 0; op < allocations.program.operators.size(); ++op) {
      unsigned firstStep = list.steps.size();
      for (const auto &kernel : allocations.program.operators[op].kernels) {
        const std::optional<KernelPlan> &plan = plans.front();
        plans = plans.drop_front();
        if (plan)
          addTiles(op, static_cast<const TiledKernel &>(*kernel), *plan);
        else
          addTransfer(op, static_cast<const TransferKernel &>(*kernel));
      }
      if (list.steps.size() > firstStep)
        recordLifetimes(op, firstStep, unsigned(list.steps.size()) - 1);
    }
    unsigned last = list.steps.empty() ? 0 : unsigned(list.steps.size()) - 1;
    for (auto [value, allocation] :
         llvm::zip(allocations.program.values, allocations.byValue))
      if (value.isOutput)
        allocation.lastStep = last + 1;
    placeLoads();
    addResidents();
  }

private:
  unsigned addBuffer(int64_t bytes, unsigned first, unsigned last) {
    list.buffers.push_back(
        {allocations.program.arch.wholeVectors(bytes), first, last});
    return unsigned(list.buffers.size()) - 1;
  }

  void addTransfer(unsigned op, const TransferKernel &kernel) {
    Step &step = list.steps.emplace_back();
    step.op = op;
    step.transfer = &kernel;
  }

  void addTiles(unsigned op, const TiledKernel &kernel,
                const KernelPlan &plan) {
    unsigned first = list.steps.size();
    unsigned last = first + unsigned(plan.tiles.size()) - 1;
    std::optional<unsigned> constants;
    if (plan.constantBytes > 0) {
      constants = addBuffer(plan.constantBytes, first, last);
      list.loads.push_back(
          {op, &kernel, std::nullopt, {}, *constants, 0, first});
    }
    for (const TilePlan &tile : plan.tiles) {
      unsigned now = list.steps.size();
      Step step;
      step.op = op;
      step.tiled = &kernel;
      step.tile = tile;
      step.constants = constants;
      for (unsigned i = 0; i < tile.inputs.size(); ++i)
        step.inputs.push_back(bufferOf(op, kernel, i, tile, now, first));
      if (tile.result != Access::InPlace)
        // A store is emitted after the loads of the next step.
        step.result = addBuffer(tile.resultTensor.laneBytes(), now,
                                now + tile.storesGlobal);
      if (tile.scratchBytes > 0)
        step.scratch = addBuffer(tile.scratchBytes, now, now);
      list.steps.push_back(std::move(step));
    }
  }

  std::optional<unsigned> bufferOf(unsigned op, const TiledKernel &kernel,
                                   unsigned input, const TilePlan &tile,
                                   unsigned now, unsigned first) {
    const OperandPlan &operand = tile.inputs[input];
    if (operand.access == Access::InPlace)
      return std::nullopt;
    if (now > first) {
      const Step &previous = list.steps.back();
      if (previous.inputs[input] &&
          previous.tile.inputs[input].box == operand.box) {
        list.buffers[*previous.inputs[input]].last = now;
        return previous.inputs[input];
      }
    }
    unsigned buffer = addBuffer(operand.tensor.laneBytes(), now, now);
    list.loads.push_back({op, &kernel, input, operand, buffer, 0, now});
    return buffer;
  }

  void recordLifetimes(unsigned op, unsigned first, unsigned last) {
    const Operator &info = allocations.program.operators[op];
    for (unsigned value : info.results) {
      Allocation &allocation = allocations.byValue[value];
      if (!written.insert(value).second) {
        allocation.lastStep = std::max(allocation.lastStep, last);
        continue;
      }
      allocation.firstStep = first;
      allocation.lastStep = last;
    }
    for (unsigned value : info.operands)
      allocations.byValue[value].lastStep =
          std::max(allocations.byValue[value].lastStep, last);
    for (unsigned value : info.results)
      lastWrite[value] = last + 1;
  }

  /// Constants may be loaded at any time, results of other operators only after
  /// their store, and copies within lanes are made at their use.
  void placeLoads() {
    for (Load &load : list.loads) {
      if (load.isConstant()) {
        load.earliest = 0;
        continue;
      }
      load.earliest = load.needed;
      if (load.operand.access == Access::Copied || load.needed == 0)
        continue;
      unsigned ready = 0;
      for (unsigned value : allocations.program.operators[load.op].operands)
        ready = std::max(ready, lastWrite[value]);
      // Some parts of a value may be written after others are read.
      load.earliest = std::clamp(ready, load.needed - 1, load.needed);
    }
  }

  void addResidents() {
    list.residents.resize(allocations.byValue.size());
    for (unsigned value = 0; value < allocations.byValue.size(); ++value) {
      const Allocation &allocation = allocations.byValue[value];
      if (!allocation.isResident)
        continue;
      unsigned last = allocation.lastStep;
      if (allocation.isGlobal)
        last = std::max(last, lastWrite[value]);
      list.residents[value] =
          addBuffer(allocations.laneBytes(value), allocation.firstStep, last);
    }
  }

  AllocationMap &allocations;
  StepList &list;
  llvm::SmallDenseSet<unsigned> written;
  /// By value: the step after the last that writes it.
  std::vector<unsigned> lastWrite;
};

} // namespace

StepList group::listSteps(AllocationMap &allocations,
                          llvm::ArrayRef<std::optional<KernelPlan>> plans) {
  StepList list;
  StepLister(allocations, list).run(plans);
  return list;
}
