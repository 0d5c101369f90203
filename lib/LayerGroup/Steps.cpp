//===- Steps.cpp - A program as a sequence of tiles -----------------------===//
//
// One buffer serves consecutive tiles that need the same part of an operand.
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
  StepLister(Memory &memory, StepList &list)
      : memory(memory), list(list), lastWrite(memory.places.size()) {}

  void run(llvm::ArrayRef<std::optional<KernelPlan>> plans) {
    for (Place &place : memory.places)
      place.firstStep = place.lastStep = 0;
    for (unsigned op = 0; op < memory.program.operators.size(); ++op) {
      unsigned firstStep = list.steps.size();
      for (const auto &kernel : memory.program.operators[op].kernels) {
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
    for (auto [value, place] : llvm::zip(memory.program.values, memory.places))
      if (value.isOutput)
        place.lastStep = last + 1;
    placeLoads();
    addResidents();
  }

private:
  unsigned addBuffer(int64_t bytes, unsigned first, unsigned last) {
    list.buffers.push_back({bufferBytes(bytes), first, last});
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
    const Operator &info = memory.program.operators[op];
    for (unsigned value : info.results) {
      Place &place = memory.places[value];
      if (!written.insert(value).second) {
        place.lastStep = std::max(place.lastStep, last);
        continue;
      }
      place.firstStep = first;
      place.lastStep = last;
    }
    for (unsigned value : info.operands)
      memory.places[value].lastStep =
          std::max(memory.places[value].lastStep, last);
    for (unsigned value : info.results)
      lastWrite[value] = last + 1;
  }

  /// Weights may come at any time, what other operators made only after it is
  /// stored, and what is copied within lanes only when it is needed.
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
      for (unsigned value : memory.program.operators[load.op].operands)
        ready = std::max(ready, lastWrite[value]);
      // Parts of a value may be written later than others are read.
      load.earliest = std::clamp(ready, load.needed - 1, load.needed);
    }
  }

  void addResidents() {
    list.residents.resize(memory.places.size());
    for (unsigned value = 0; value < memory.places.size(); ++value) {
      const Place &place = memory.places[value];
      if (!place.isResident)
        continue;
      unsigned last = place.lastStep;
      if (place.isGlobal)
        last = std::max(last, lastWrite[value]);
      list.residents[value] =
          addBuffer(memory.laneBytes(value), place.firstStep, last);
    }
  }

  Memory &memory;
  StepList &list;
  llvm::SmallDenseSet<unsigned> written;
  /// By value: the step after the last that writes it.
  std::vector<unsigned> lastWrite;
};

} // namespace

StepList group::listSteps(Memory &memory,
                          llvm::ArrayRef<std::optional<KernelPlan>> plans) {
  StepList list;
  StepLister(memory, list).run(plans);
  return list;
}
