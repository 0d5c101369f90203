//===- VerifyPlan.cpp - Whether a plan can be carried out -----------------===//
//
// Steps and buffers follow from tiles and allocations; their sizes and live
// ranges are recomputed instead of taken from the plan.
//
//===----------------------------------------------------------------------===//

#include "LayerGroup/VerifyPlan.h"

#include "Emission.h"
#include "PlannedProgram.h"
#include "TransferProbe.h"
#include "llvm/Support/FormatVariadic.h"

using namespace tpuc;
using namespace tpuc::group;
using namespace tpuc::kernel;

namespace {

class PlanVerifier {
public:
  PlanVerifier(Program &program, const Plan &plan)
      : program(program), plan(plan), planned(program, plan) {}

  std::vector<Fault> run() {
    checkLimits();
    for (unsigned value = 0; value < program.values.size(); ++value)
      checkPlace(value);
    // The checks below rely on these sizes.
    if (!faults.empty())
      return std::move(faults);
    Failure failure;
    if (!planned.apply(failure)) {
      report({failure.op, std::nullopt, failure.reason, std::nullopt});
      return std::move(faults);
    }
    nameBuffers();
    checkBuffers();
    checkGlobal();
    for (unsigned load = 0; load < planned.list.loads.size(); ++load)
      checkLoad(load);
    if (faults.empty())
      checkConstraints();
    return std::move(faults);
  }

private:
  /// Errors reported at most.
  static constexpr size_t kMostFaults = 20;

  /// Tiles mostly repeat the same error, which is reported once.
  void report(Fault fault) {
    if (faults.size() < kMostFaults && !llvm::is_contained(faults, fault))
      faults.push_back(std::move(fault));
  }

  void checkLimits() {
    if (plan.allocations.size() != program.values.size())
      report({{}, {}, "has places for other values than the network has", {}});
    if (plan.localBytes > program.arch.laneBytes)
      report({{},
              {},
              llvm::formatv("takes {0} bytes of a lane, which has {1}",
                            plan.localBytes, program.arch.laneBytes),
              {}});
  }

  void checkPlace(unsigned value) {
    const Value &info = program.values[value];
    const Allocation &allocation = plan.allocations[value];
    auto fail = [&](const std::string &text) { report({{}, value, text, {}}); };
    bool isForeign = info.isInput || info.isOutput;
    if (isForeign && !allocation.isGlobal)
      return fail("belongs to the caller, who finds it in global memory only");
    if (isForeign && allocation.isResident)
      return fail("belongs to the caller, but is planned in local memory");
    if (allocation.isResident && !info.layout.isKnown())
      return fail("lies in local memory, but has no lane layout");
    if (allocation.isResident && !planned.allocations.isAddressable(value))
      return fail("lies in local memory with strides that no command can say");
    if (allocation.isGlobal &&
        allocation.globalOffset % program.arch.globalAlignBytes != 0)
      return fail(llvm::formatv("lies at {0} of global memory, expected a "
                                "multiple of {1}",
                                allocation.globalOffset,
                                program.arch.globalAlignBytes));
    if (allocation.isGlobal &&
        allocation.globalOffset + info.bytes > plan.globalBytes)
      return fail(llvm::formatv("ends at {0} of global memory, of which the "
                                "plan takes {1} bytes",
                                allocation.globalOffset + info.bytes,
                                plan.globalBytes));
  }

  /// What a buffer holds, for messages.
  struct BufferName {
    unsigned op = 0;
    std::optional<unsigned> value;
    std::string text;
  };

  void nameBuffers() {
    const StepList &list = planned.list;
    names.resize(list.buffers.size());
    for (const Step &step : list.steps) {
      if (step.result)
        names[*step.result] = {step.op, {}, "the result of a tile"};
      if (step.scratch)
        names[*step.scratch] = {step.op, {}, "scratch memory"};
    }
    for (const Load &load : list.loads)
      names[load.buffer] = {load.op,
                            {},
                            load.input ? "input " + std::to_string(*load.input)
                                       : "what its tiles share"};
    for (auto [value, buffer] : llvm::enumerate(list.residents))
      if (buffer)
        names[*buffer] = {list.steps[list.buffers[*buffer].first].op,
                          unsigned(value), "its result"};
  }

  void failBuffer(unsigned buffer, const std::string &text,
                  std::optional<unsigned> other = {}) {
    const BufferName &name = names[buffer];
    report({name.op, name.value, "has " + name.text + " " + text, other});
  }

  void checkBuffers() {
    llvm::ArrayRef<Interval> buffers = planned.list.buffers;
    std::vector<unsigned> order(buffers.size());
    std::iota(order.begin(), order.end(), 0u);
    llvm::stable_sort(order, [&](unsigned a, unsigned b) {
      return buffers[a].first < buffers[b].first;
    });
    std::vector<unsigned> alive;
    for (unsigned index : order) {
      const Interval &buffer = buffers[index];
      if (buffer.offset % program.arch.vectorBytes != 0)
        failBuffer(index,
                   llvm::formatv("at {0}, expected a multiple of {1}",
                                 buffer.offset, program.arch.vectorBytes));
      if (buffer.offset + buffer.bytes > plan.localBytes)
        failBuffer(index, llvm::formatv(
                              "end at {0} of a lane, of which the plan "
                              "takes {1} bytes",
                              buffer.offset + buffer.bytes, plan.localBytes));
      // An error of the load, which is reported there.
      if (buffer.first > buffer.last)
        continue;
      llvm::erase_if(alive, [&](unsigned other) {
        return buffers[other].last < buffer.first;
      });
      for (unsigned other : alive)
        if (buffers[other].offset < buffer.offset + buffer.bytes &&
            buffer.offset < buffers[other].offset + buffers[other].bytes)
          failBuffer(index,
                     llvm::formatv("at {0} to {1} of a lane, where {2} of "
                                   "another operator or tile lies at the same "
                                   "time",
                                   buffer.offset,
                                   buffer.offset + buffer.bytes - 1,
                                   names[other].text),
                     names[other].op);
      alive.push_back(index);
    }
  }

  void checkGlobal() {
    // By address; inputs and outputs are live all the time.
    std::vector<unsigned> order;
    for (unsigned value = 0; value < program.values.size(); ++value)
      if (planned.allocations.byValue[value].isGlobal)
        order.push_back(value);
    auto offsetOf = [&](unsigned value) {
      return plan.allocations[value].globalOffset;
    };
    llvm::stable_sort(order, [&](unsigned a, unsigned b) {
      return offsetOf(a) < offsetOf(b);
    });
    auto meet = [&](unsigned a, unsigned b) {
      const Value &first = program.values[a], &second = program.values[b];
      const Allocation &one = planned.allocations.byValue[a];
      const Allocation &two = planned.allocations.byValue[b];
      return first.isInput || first.isOutput || second.isInput ||
             second.isOutput ||
             (one.firstStep <= two.lastStep && two.firstStep <= one.lastStep);
    };
    for (size_t i = 0; i < order.size(); ++i)
      for (size_t k = i + 1; k < order.size(); ++k) {
        int64_t end = offsetOf(order[i]) + program.values[order[i]].bytes;
        if (offsetOf(order[k]) >= end)
          break;
        if (meet(order[i], order[k]))
          report({{},
                  order[k],
                  llvm::formatv("lies at {0} of global memory, where another "
                                "value lies at the same time, up to {1}",
                                offsetOf(order[k]), end),
                  {}});
      }
  }

  /// The first step after all stores that a load depends on.
  unsigned readyStep(const Load &load) const {
    if (!load.input)
      return 0;
    NoSink sink(program.arch);
    TransferProbe probe(sink);
    load.kernel->load(probe, *load.input, load.operand.box,
                      load.operand.tensor);
    unsigned ready = 0;
    auto read = [&](const GlobalTensor &part) {
      std::optional<unsigned> value = planned.allocations.valueOf(part);
      if (!value)
        return;
      for (auto [index, step] : llvm::enumerate(planned.list.steps))
        if (llvm::is_contained(program.operators[step.op].results, *value))
          ready = std::max(ready, unsigned(index) + 1);
    };
    for (const TransferProbe::Transfer &transfer : probe.transfers)
      read(transfer.global);
    for (const GlobalTensor &part : probe.others)
      read(part);
    return ready;
  }

  void checkLoad(unsigned index) {
    const Load &load = planned.list.loads[index];
    const Interval &buffer = planned.list.buffers[load.buffer];
    unsigned issue = planned.issues[index];
    if (issue > load.needed)
      failBuffer(load.buffer, "loaded after the tile that needs it");
    if (buffer.first > issue)
      failBuffer(load.buffer, "loaded before there is room for it");
    if (issue < load.earliest && issue < load.needed &&
        issue < std::min(readyStep(load), load.needed))
      failBuffer(load.buffer, "loaded before it is computed");
  }

  void checkConstraints() {
    PlacementConstraints constraints =
        findConstraints(planned.list, planned.allocations, planned.issues);
    for (unsigned value : constraints.global)
      report({{},
              value,
              "is read by transfers from global memory, where it does not lie",
              {}});
    for (unsigned value : constraints.notResident)
      report({{},
              value,
              "is written by transfers to global memory, but lies in local "
              "memory",
              {}});
  }

  Program &program;
  const Plan &plan;
  PlannedProgram planned;
  std::vector<BufferName> names; ///< by buffer
  std::vector<Fault> faults;
};

} // namespace

std::vector<Fault> group::verifyPlan(Program &program, const Plan &plan) {
  return PlanVerifier(program, plan).run();
}
