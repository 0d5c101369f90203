//===- Explain.cpp - Why a schedule is as it is ---------------------------===//
//
// Reads plans and steps, and replays the commands on the timing model. Takes no
// decision.
//
//===----------------------------------------------------------------------===//

#include "Explain.h"

#include "Simulator/Timing/Timing.h"
#include "Target/BM1684X/Access.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"

#include <limits>

using namespace tpuc;
using namespace tpuc::group;
using namespace tpuc::kernel;

namespace {

KernelNote describePlan(const TiledKernel &kernel, const KernelPlan &plan) {
  KernelNote note;
  note.space = kernel.space();
  note.numTiles = unsigned(plan.tiles.size());
  note.laneBytes = plan.peakBytes;
  note.cost = int64_t(plan.cost);
  note.nextTile = plan.nextTile;
  note.nextCost = int64_t(plan.nextCost);
  if (plan.tiles.empty())
    return note;
  const TilePlan &first = plan.tiles.front();
  note.tile = first.tile.size;
  note.result = first.result;
  for (const OperandPlan &operand : first.inputs)
    note.inputs.push_back(operand.access);
  return note;
}

void extend(int64_t &start, int64_t &end, const timing::Interval &interval) {
  if (end < 0)
    start = interval.start;
  start = std::min(start, interval.start);
  end = std::max(end, interval.end);
}

class Explainer {
public:
  Explainer(const Program &program, const StepList &list,
            const GlobalBases &bases, const Schedule &schedule)
      : program(program), list(list), bases(bases), schedule(schedule) {
    result.operators.resize(program.operators.size());
    result.values.resize(program.values.size());
  }

  Explanation run(llvm::ArrayRef<std::optional<KernelPlan>> plans) {
    for (auto [value, note] : llvm::zip(program.values, result.values))
      note.isFused = value.isFused;
    for (auto [op, note] : llvm::zip(program.operators, result.operators)) {
      note.fusion = op.fusion;
      for (const auto &kernel : op.kernels) {
        const std::optional<KernelPlan> &plan = plans.front();
        plans = plans.drop_front();
        note.kernels.push_back(
            plan
                ? describePlan(static_cast<const TiledKernel &>(*kernel), *plan)
                : KernelNote());
      }
    }
    addSteps();
    addCommands();
    addGroups();
    return std::move(result);
  }

private:
  void addSteps() {
    constexpr unsigned kNone = std::numeric_limits<unsigned>::max();
    for (OperatorNote &note : result.operators)
      note.firstStep = note.firstLoadStep = kNone;
    for (auto [index, step] : llvm::enumerate(list.steps)) {
      OperatorNote &note = result.operators[step.op];
      note.firstStep = std::min(note.firstStep, unsigned(index));
      note.lastStep = unsigned(index);
    }
    for (const Load &load : list.loads) {
      OperatorNote &note = result.operators[load.op];
      note.firstLoadStep =
          std::min(note.firstLoadStep, list.buffers[load.buffer].first);
    }
    for (unsigned op = 0; op < program.operators.size(); ++op) {
      OperatorNote &note = result.operators[op];
      const OperatorNote &owner = result.operators[ownerOf(op)];
      if (&owner != &note) {
        note.firstStep = owner.firstStep;
        note.lastStep = owner.lastStep;
      }
      note.firstLoadStep = std::min(note.firstLoadStep, note.firstStep);
    }
    for (unsigned value = 0; value < program.values.size(); ++value)
      if (std::optional<unsigned> buffer = list.residents[value])
        result.values[value].laneBytes = list.buffers[*buffer].bytes;
  }

  /// The operator that `op` was fused into, or itself.
  unsigned ownerOf(unsigned op) const {
    while (program.operators[op].fusion)
      op = program.operators[op].fusion->into;
    return op;
  }

  /// Replays the commands; what touches an operand or a result of the
  /// command's operator counts for that value.
  void addCommands() {
    timing::Timeline timeline;
    std::vector<target::Access> accesses;
    std::string reason;
    llvm::SmallVector<unsigned, 8> values;
    std::optional<unsigned> valuesOf; ///< operator
    for (const Command &command : schedule.commands) {
      auto interval =
          timeline.add(command.layout, command.registers, command.dependency);
      if (!interval || interval->end < interval->start)
        continue;
      OperatorNote &note = result.operators[command.op];
      uint64_t cycles = uint64_t(interval->end - interval->start + 1);
      bool isTiu =
          codec::layoutInfo(command.layout).engine == codec::Engine::Tiu;
      (isTiu ? note.tiuCycles : note.gdmaCycles) += cycles;
      extend(note.start, note.end, *interval);
      accesses.clear();
      if (!target::findAccesses(command.layout, command.registers, accesses,
                                reason))
        continue;
      if (valuesOf != command.op) {
        valuesOf = command.op;
        const Operator &op = program.operators[command.op];
        values.assign(op.operands.begin(), op.operands.end());
        values.append(op.results.begin(), op.results.end());
        llvm::sort(values);
        values.erase(llvm::unique(values), values.end());
      }
      for (unsigned value : values)
        addTouch(value, accesses, *interval, cycles);
    }
  }

  void addTouch(unsigned value, llvm::ArrayRef<target::Access> accesses,
                const timing::Interval &interval, uint64_t cycles) {
    const Allocation &allocation = schedule.allocations[value];
    ValueNote &note = result.values[value];
    auto touches = [&](target::Space space, uint64_t begin, int64_t bytes) {
      return llvm::any_of(accesses, [&](const target::Access &access) {
        return access.space == space && access.begin < begin + bytes &&
               begin < access.end;
      });
    };
    if (allocation.isResident &&
        touches(target::Space::Local, allocation.address, note.laneBytes))
      extend(note.start, note.end, interval);
    if (allocation.isGlobal &&
        touches(target::Space::Global,
                bases.activations + uint64_t(allocation.globalOffset),
                program.values[value].bytes))
      note.transferCycles += cycles;
  }

  /// Unites the operators of each value that is never in global memory.
  void addGroups() {
    llvm::EquivalenceClasses<unsigned> connected;
    std::vector<std::optional<unsigned>> user(program.values.size());
    for (unsigned op = 0; op < program.operators.size(); ++op) {
      connected.insert(op);
      if (const std::optional<ProducerFusion> &fusion =
              program.operators[op].fusion)
        connected.unionSets(op, fusion->into);
      for (auto *values :
           {&program.operators[op].operands, &program.operators[op].results})
        for (unsigned value : *values) {
          if (schedule.allocations[value].isGlobal)
            continue;
          if (user[value])
            connected.unionSets(op, *user[value]);
          user[value] = op;
        }
    }
    // In the order of their first operators; single operators form no group.
    llvm::MapVector<unsigned, llvm::SmallVector<unsigned>> members;
    for (unsigned op = 0; op < program.operators.size(); ++op)
      members[connected.getLeaderValue(op)].push_back(op);
    for (auto &[leader, operators] : members) {
      if (operators.size() < 2)
        continue;
      for (unsigned op : operators)
        result.operators[op].group = unsigned(result.groups.size());
      result.groups.push_back({std::move(operators), 0});
    }
    for (GroupNote &note : result.groups)
      note.laneBytes = mostHeld(note);
  }

  /// Peak bytes per lane of the group's live values.
  int64_t mostHeld(const GroupNote &note) const {
    std::vector<int64_t> change(list.steps.size() + 2);
    llvm::SmallDenseSet<unsigned> counted;
    for (unsigned op : note.operators)
      for (unsigned value : program.operators[op].results) {
        std::optional<unsigned> buffer = list.residents[value];
        if (!buffer || !counted.insert(value).second)
          continue;
        const Interval &held = list.buffers[*buffer];
        change[held.first] += held.bytes;
        if (held.last + 1 < change.size())
          change[held.last + 1] -= held.bytes;
      }
    int64_t now = 0, most = 0;
    for (int64_t bytes : change)
      most = std::max(most, now += bytes);
    return most;
  }

  const Program &program;
  const StepList &list;
  const GlobalBases &bases;
  const Schedule &schedule;
  Explanation result;
};

} // namespace

Explanation group::explain(const Program &program, const StepList &list,
                           llvm::ArrayRef<std::optional<KernelPlan>> plans,
                           const GlobalBases &bases, const Schedule &schedule) {
  return Explainer(program, list, bases, schedule).run(plans);
}
