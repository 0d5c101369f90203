//===- Emission.cpp - The order of all commands ---------------------------===//
//
// Commands appear in an order in which running them one by one is right; the
// waits between the queues come from the memory that they touch. Weights are
// loaded while the transfer engine would otherwise wait for a computation.
//
//===----------------------------------------------------------------------===//

#include "Emission.h"

#include "Kernel/DependencyTracker.h"
#include "Simulator/Timing/Timing.h"

using namespace tpuc;
using namespace tpuc::group;
using namespace tpuc::kernel;

namespace {

/// Records commands, what they wait for and when they run.
class StreamSink : public CommandSink {
public:
  StreamSink(const Options &options, std::vector<Command> &commands)
      : options(options), commands(commands) {}

  void setOperator(unsigned newOp) { op = newOp; }

  void emit(codec::Layout layout, const codec::Registers &registers) override {
    uint32_t dependency = tracker.add(layout, registers);
    commands.push_back({layout, registers, dependency, op});
    if (auto interval = timeline.add(layout, registers, dependency))
      ends[unsigned(codec::layoutInfo(layout).engine)] = interval->end;
  }
  uint64_t coefficientBase() const override { return options.coefficientBase; }
  uint64_t activationBase() const override { return options.activationBase; }

  uint64_t cycles() const { return timeline.totals().cycles; }
  /// Whether the transfer engine is done before the vector engine.
  bool isTransferAhead() const {
    return ends[unsigned(codec::Engine::Gdma)] <
           ends[unsigned(codec::Engine::Tiu)];
  }

private:
  const Options &options;
  std::vector<Command> &commands;
  unsigned op = 0;
  DependencyTracker tracker;
  timing::Timeline timeline;
  int64_t ends[2] = {-1, -1};
};

class StepEmitter {
public:
  StepEmitter(const StepList &list, const Memory &memory,
              const Options &options, std::vector<Command> &commands)
      : list(list), sink(options, commands), builder(sink, memory),
        options(options) {
    for (const Load &load : list.loads)
      (load.isConstant() ? constants : others).push_back(&load);
    // The order of issue; loads that start together in order of need.
    for (auto *queue : {&constants, &others})
      llvm::stable_sort(*queue, [&](const Load *a, const Load *b) {
        return startOf(*a) < startOf(*b);
      });
  }

  void run() {
    for (unsigned now = 0; now < list.steps.size(); ++now)
      emitStep(now);
    flushStores();
  }

  uint64_t cycles() const { return sink.cycles(); }

private:
  unsigned startOf(const Load &load) const {
    return list.buffers[load.buffer].first;
  }
  uint32_t addressOf(std::optional<unsigned> buffer) const {
    return buffer ? uint32_t(list.buffers[*buffer].offset) : 0;
  }

  void emitLoad(const Load &load) {
    sink.setOperator(load.op);
    uint32_t address = addressOf(load.buffer);
    if (!load.input)
      load.kernel->setUp(builder, address);
    else
      load.kernel->load(builder, *load.input, load.operand.box,
                        operandTensor(load.operand, address));
  }

  void flushStores() {
    if (!pending)
      return;
    const Step &step = *pending;
    pending = nullptr;
    sink.setOperator(step.op);
    LocalTensor result = step.tile.resultTensor;
    if (step.tile.result != Access::InPlace)
      result.address += addressOf(step.result);
    builder.setStores(ResidentBuilder::Stores::Global);
    step.tiled->store(builder, step.tile.tile, result);
    builder.setStores(ResidentBuilder::Stores::All);
  }

  /// Weights that are due, then, while stores wait for the computation before,
  /// those that have a place already.
  void emitConstants(unsigned now, bool onlyDue) {
    while (nextConstant < constants.size()) {
      const Load &load = *constants[nextConstant];
      if (startOf(load) > now)
        return;
      bool isDue = load.needed <= now;
      if (!isDue && (onlyDue || !options.fillWaits || !sink.isTransferAhead()))
        return;
      emitLoad(load);
      ++nextConstant;
    }
  }

  void emitStep(unsigned now) {
    const Step &step = list.steps[now];
    emitConstants(now, /*onlyDue=*/false);
    flushStores();
    for (; nextOther < others.size() && startOf(*others[nextOther]) <= now;
         ++nextOther)
      emitLoad(*others[nextOther]);
    emitConstants(now, /*onlyDue=*/true);
    sink.setOperator(step.op);
    if (step.transfer)
      return step.transfer->emit(builder);
    llvm::SmallVector<uint32_t, 3> buffers;
    for (std::optional<unsigned> buffer : step.inputs)
      buffers.push_back(addressOf(buffer));
    emitTile(builder, *step.tiled, step.tile, buffers, addressOf(step.result),
             addressOf(step.scratch), addressOf(step.constants));
    if (step.tile.storesGlobal)
      pending = &step;
    if (!options.fillWaits)
      flushStores();
  }

  const StepList &list;
  StreamSink sink;
  ResidentBuilder builder;
  const Options &options;
  std::vector<const Load *> constants, others;
  size_t nextConstant = 0, nextOther = 0;
  /// The step whose result is still to be stored.
  const Step *pending = nullptr;
};

} // namespace

void group::emitSteps(const StepList &list, const Memory &memory,
                      const Options &options, Schedule &result) {
  result.commands.clear();
  StepEmitter emitter(list, memory, options, result.commands);
  emitter.run();
  result.cycles = emitter.cycles();
}
