//===- Emission.cpp - The order of all commands ---------------------------===//
//
// Commands are emitted in a sequentially valid order; dependencies between the
// two queues follow from the memory that they access. The planner
// chooses when weights are loaded while it emits, since that depends on what
// the engines do; the emission of a plan repeats its choice.
//
//===----------------------------------------------------------------------===//

#include "Emission.h"

#include "Kernel/DependencyTracker.h"
#include "Simulator/Timing/Timing.h"

using namespace tpuc;
using namespace tpuc::group;
using namespace tpuc::kernel;

namespace {

/// Sink of commands, each with its operator.
class OperatorSink : public CommandSink {
public:
  virtual void setOperator(unsigned op) {}
  /// Whether the GDMA queue, after a transfer of so many cycles, is idle before
  /// the TIU queue is.
  virtual bool isTransferAhead(double cycles) const { return false; }
};

/// Discards commands.
class NoCommands : public OperatorSink {
public:
  explicit NoCommands(const Arch &arch) : arch(arch) {}

  void emit(codec::Layout, const codec::Registers &) override {}
  uint64_t coefficientBase() const override { return arch.globalBase; }
  uint64_t activationBase() const override { return arch.globalBase; }

private:
  const Arch &arch;
};

/// Tracks dependencies and simulates the timing of both queues.
class StreamSink : public OperatorSink {
public:
  StreamSink(const GlobalBases &bases, std::vector<Command> *commands)
      : bases(bases), commands(commands) {}

  void setOperator(unsigned newOp) override { op = newOp; }

  void emit(codec::Layout layout, const codec::Registers &registers) override {
    uint32_t dependency = tracker.add(layout, registers);
    if (commands)
      commands->push_back({layout, registers, dependency, op});
    if (auto interval = timeline.add(layout, registers, dependency))
      ends[unsigned(codec::layoutInfo(layout).engine)] = interval->end;
  }
  uint64_t coefficientBase() const override { return bases.coefficients; }
  uint64_t activationBase() const override { return bases.activations; }

  uint64_t cycles() const { return timeline.totals().cycles; }
  bool isTransferAhead(double cycles) const override {
    return double(ends[unsigned(codec::Engine::Gdma)]) + cycles <
           double(ends[unsigned(codec::Engine::Tiu)]);
  }

private:
  GlobalBases bases;
  std::vector<Command> *commands;
  unsigned op = 0;
  DependencyTracker tracker;
  timing::Timeline timeline;
  int64_t ends[2] = {-1, -1};
};

/// Emits steps; derived classes decide when weights are prefetched.
class StepEmitter {
public:
  StepEmitter(const StepList &list, const AllocationMap &allocations,
              bool fillsWaits, OperatorSink &sink)
      : arch(allocations.program.arch), list(list), fillsWaits(fillsWaits),
        sink(sink), builder(sink, allocations) {}
  virtual ~StepEmitter() = default;

  void run() {
    for (unsigned now = 0; now < list.steps.size(); ++now)
      emitStep(now);
    flushStores();
  }

  const PlacementConstraints &constraints() const {
    return builder.constraints();
  }

protected:
  const Arch &arch;
  const StepList &list;
  bool fillsWaits;

  /// Issues prefetches before step `now`, then the other loads, which may
  /// depend on stores of the step before.
  virtual void emitConstants(unsigned now) = 0;
  virtual void emitOthers(unsigned now) = 0;

  void emitLoad(unsigned index) {
    const Load &load = list.loads[index];
    sink.setOperator(load.op);
    uint32_t address = addressOf(load.buffer);
    if (!load.input)
      load.kernel->setUp(builder, address);
    else
      load.kernel->load(builder, *load.input, load.operand.box,
                        operandTensor(load.operand, address));
  }

  bool isTransferAhead(double cycles) const {
    return sink.isTransferAhead(cycles);
  }

  /// The loads of constants, or the other loads, sorted by the given step.
  std::vector<unsigned> sorted(bool areConstant,
                               llvm::function_ref<unsigned(unsigned)> stepOf) {
    std::vector<unsigned> loads;
    for (unsigned index = 0; index < list.loads.size(); ++index)
      if (list.loads[index].isConstant() == areConstant)
        loads.push_back(index);
    llvm::stable_sort(
        loads, [&](unsigned a, unsigned b) { return stepOf(a) < stepOf(b); });
    return loads;
  }

private:
  uint32_t addressOf(std::optional<unsigned> buffer) const {
    return buffer ? uint32_t(list.buffers[*buffer].offset) : 0;
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

  void emitStep(unsigned now) {
    const Step &step = list.steps[now];
    emitConstants(now);
    flushStores();
    emitOthers(now);
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
    if (!fillsWaits)
      flushStores();
  }

  OperatorSink &sink;
  ResidentBuilder builder;
  /// The step whose store is still pending.
  const Step *pending = nullptr;
};

/// Issues weights that are due, and prefetches others while the GDMA queue
/// would stall and their buffer is free.
class ChoosingEmitter : public StepEmitter {
public:
  ChoosingEmitter(const StepList &list, const AllocationMap &allocations,
                  bool fillsWaits, bool prefetchShort, OperatorSink &sink)
      : StepEmitter(list, allocations, fillsWaits, sink),
        issues(list.loads.size()), prefetchShort(prefetchShort) {
    // Loads of equal start are issued in the order of use.
    auto startOf = [&](unsigned load) { return this->startOf(load); };
    constants = sorted(/*areConstant=*/true, startOf);
    others = sorted(/*areConstant=*/false, startOf);
  }

  std::vector<unsigned> issues;

private:
  unsigned startOf(unsigned load) const {
    return list.buffers[list.loads[load].buffer].first;
  }

  /// Cycles that are not to be exceeded when a load is prefetched.
  double lengthOf(unsigned load) const {
    if (!prefetchShort)
      return 0;
    return double(list.buffers[list.loads[load].buffer].bytes * arch.lanes) /
           arch.loadBytesPerCycle;
  }

  void emitConstants(unsigned now) override {
    for (; nextConstant < constants.size(); ++nextConstant) {
      unsigned index = constants[nextConstant];
      if (startOf(index) > now)
        return;
      bool isDue = list.loads[index].needed <= now;
      if (!isDue && (!fillsWaits || !isTransferAhead(lengthOf(index))))
        return;
      issues[index] = now;
      emitLoad(index);
    }
  }

  void emitOthers(unsigned now) override {
    for (; nextOther < others.size() && startOf(others[nextOther]) <= now;
         ++nextOther) {
      issues[others[nextOther]] = now;
      emitLoad(others[nextOther]);
    }
  }

  std::vector<unsigned> constants, others;
  size_t nextConstant = 0, nextOther = 0;
  bool prefetchShort;
};

/// Issues each load in the step that is given.
class PlannedEmitter : public StepEmitter {
public:
  PlannedEmitter(const StepList &list, const AllocationMap &allocations,
                 llvm::ArrayRef<unsigned> issues, bool fillsWaits,
                 OperatorSink &sink)
      : StepEmitter(list, allocations, fillsWaits, sink), issues(issues) {
    auto issueOf = [&](unsigned load) { return this->issues[load]; };
    constants = sorted(/*areConstant=*/true, issueOf);
    others = sorted(/*areConstant=*/false, issueOf);
  }

private:
  void emitConstants(unsigned now) override {
    emitDue(constants, nextConstant, now);
  }
  void emitOthers(unsigned now) override { emitDue(others, nextOther, now); }

  void emitDue(llvm::ArrayRef<unsigned> loads, size_t &next, unsigned now) {
    for (; next < loads.size() && issues[loads[next]] <= now; ++next)
      emitLoad(loads[next]);
  }

  llvm::ArrayRef<unsigned> issues;
  std::vector<unsigned> constants, others;
  size_t nextConstant = 0, nextOther = 0;
};

} // namespace

std::vector<unsigned> group::chooseIssues(const StepList &list,
                                          const AllocationMap &allocations,
                                          bool fillsWaits, bool prefetchShort,
                                          uint64_t &cycles) {
  StreamSink sink(GlobalBases::halves(allocations.program.arch),
                  /*commands=*/nullptr);
  ChoosingEmitter emitter(list, allocations, fillsWaits, prefetchShort, sink);
  emitter.run();
  cycles = sink.cycles();
  return std::move(emitter.issues);
}

void group::emitSteps(const StepList &list, const AllocationMap &allocations,
                      llvm::ArrayRef<unsigned> issues, bool fillsWaits,
                      const GlobalBases &bases, std::vector<Command> &commands,
                      uint64_t &cycles) {
  StreamSink sink(bases, &commands);
  PlannedEmitter(list, allocations, issues, fillsWaits, sink).run();
  cycles = sink.cycles();
}

PlacementConstraints group::findConstraints(const StepList &list,
                                            const AllocationMap &allocations,
                                            llvm::ArrayRef<unsigned> issues) {
  NoCommands sink(allocations.program.arch);
  PlannedEmitter emitter(list, allocations, issues, /*fillsWaits=*/true, sink);
  emitter.run();
  return emitter.constraints();
}
