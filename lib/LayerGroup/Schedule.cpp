//===- Schedule.cpp - From kernels to one command stream ------------------===//
//
// Drives LayerGroup: residency, tiles, steps, addresses, prefetch, commands.
// When something does not fit, a value is spilled and planning restarts.
//
//===----------------------------------------------------------------------===//

#include "LayerGroup/Schedule.h"
#include "Support/IntMath.h"

#include "Emission.h"
#include "Explain.h"
#include "PlanCache.h"
#include "PlannedProgram.h"
#include "ProducerFusion.h"
#include "Residency.h"
#include "Search.h"

using namespace tpuc;
using namespace tpuc::group;
using namespace tpuc::kernel;

namespace {

class Scheduler {
public:
  Scheduler(const Program &program, const Options &options, PlanCache &costs,
            Failure &failure)
      : program(program), options(options), costs(costs), failure(failure),
        allocations(program), residency(allocations, options),
        tileLimits(program.operators.size(), options.localBytes),
        numShrinks(program.operators.size()) {}

  /// Chooses residency and the tiles of every kernel.
  bool plan() {
    do {
      residency.relieve();
      if (!planKernels())
        return false;
      list = listSteps(allocations, plans);
    } while (!fits());
    return true;
  }

  const AllocationMap &getAllocations() const { return allocations; }
  const Residency &getResidency() const { return residency; }

  /// Assigns addresses and fills the plan, except for fusions.
  bool finish(Plan &result) {
    for (const Interval &buffer : list.buffers)
      if (buffer.offset + buffer.bytes > options.localBytes) {
        failure = {list.steps[buffer.first].op,
                   "its tiles do not fit into local memory beside what must be "
                   "there at the same time; reduce the sizes of its operands, "
                   "or compute it in a type of fewer bytes"};
        return false;
      }
    if (options.prefetch)
      prefetch();
    for (auto [value, buffer] : llvm::enumerate(list.residents))
      if (buffer)
        allocations.byValue[value].address =
            uint32_t(list.buffers[*buffer].offset);
    result.localBytes = options.localBytes;
    result.fillsWaits = options.fillWaits;
    result.globalBytes = placeGlobal();
    bindAddresses(list, allocations);
    std::vector<unsigned> issues =
        chooseIssues(list, allocations, options.fillWaits,
                     options.prefetchShort, result.cycles);
    result.allocations = allocations.byValue;
    result.kernels = describeKernels(list, plans, issues);
    return true;
  }

private:
  /// Plans every kernel, to a fixed point: until all placement constraints
  /// hold.
  bool planKernels() {
    bool hasChanged = true;
    while (hasChanged) {
      hasChanged = false;
      plans.clear();
      for (unsigned op = 0; op < program.operators.size(); ++op)
        for (const auto &kernel : program.operators[op].kernels)
          if (!planOne(op, *kernel, hasChanged))
            return false;
    }
    return true;
  }

  bool planOne(unsigned op, const Kernel &kernel, bool &hasChanged) {
    PlacementConstraints constraints;
    if (auto *tiled = dynamic_cast<const TiledKernel *>(&kernel)) {
      std::optional<KernelPlan> plan;
      while (!(plan = planTiled(op, *tiled))) {
        if (tileLimits[op] < options.localBytes) {
          tileLimits[op] = options.localBytes;
          numShrinks[op] = kMostShrinks;
        } else if (!residency.evictAt(op)) {
          failure = {op, "its smallest tile does not fit into the " +
                             std::to_string(options.localBytes) +
                             " bytes of a lane; reduce the size of the axis "
                             "that cannot be split"};
          return false;
        }
        hasChanged = true;
      }
      if (cache[plans.size()].wantsRoom) {
        residency.evictAt(op);
        hasChanged = true;
      }
      constraints = plan->constraints;
      plans.push_back(std::move(plan));
    } else {
      constraints =
          costs.constraintsOf(static_cast<const TransferKernel &>(kernel),
                              program.operators[op], allocations);
      plans.push_back(std::nullopt);
    }
    for (unsigned value : constraints.global) {
      Allocation &allocation = allocations.byValue[value];
      if (allocation.isGlobal)
        continue;
      hasChanged = allocation.isGlobal = true;
      allocation.cause = Cause::ReadByMove;
      allocation.causeOp = op;
    }
    for (unsigned value : constraints.notResident)
      if (allocations.byValue[value].isResident) {
        hasChanged = true;
        residency.evict(value, Cause::WrittenByMove, op);
      }
    return true;
  }

  /// Whether spilling the cheapest value would pay: larger tiles save more
  /// cycles than its transfers cost.
  bool isWorthRoom(unsigned op, const TiledKernel &kernel,
                   const KernelPlan &plan) {
    std::optional<unsigned> victim = residency.victimAt(op);
    if (!victim || budgetOf(op) == tileLimits[op])
      return false;
    std::optional<KernelPlan> roomy = planKernel(
        kernel, allocations, tileLimits[op], options, costWeightsOf(op),
        costs.candidatesOf(kernel, program.operators[op], allocations));
    auto cycles = [](const KernelPlan &plan) {
      return double(plan.tiuCycles) + double(plan.gdmaCycles);
    };
    return roomy && cycles(plan) - cycles(*roomy) >
                        residency.trafficOf(*victim) /
                            double(program.arch.spillBytesPerCycle);
  }

  /// The plan of the next kernel; the cached one if its inputs have not
  /// changed.
  std::optional<KernelPlan> planTiled(unsigned op, const TiledKernel &kernel) {
    if (cache.size() <= plans.size())
      cache.resize(plans.size() + 1);
    CachedPlan &cached = cache[plans.size()];
    llvm::SmallVector<bool, 8> spaces;
    const Operator &info = program.operators[op];
    for (const auto *values : {&info.operands, &info.results})
      for (unsigned value : *values) {
        spaces.push_back(allocations.byValue[value].isResident);
        spaces.push_back(allocations.byValue[value].isGlobal);
      }
    int64_t budget = budgetOf(op);
    if (cached.budget != budget || cached.spaces != spaces) {
      cached = {budget, spaces,
                planKernel(kernel, allocations, budget, options,
                           costWeightsOf(op),
                           costs.candidatesOf(kernel, info, allocations)),
                /*wantsRoom=*/false};
      cached.wantsRoom = cached.plan && isWorthRoom(op, kernel, *cached.plan);
    }
    return cached.plan;
  }

  /// Bytes per lane that are left for the tiles of an operator.
  int64_t budgetOf(unsigned op) const {
    return std::min(options.localBytes - residency.heldAt(op), tileLimits[op]);
  }

  CostWeights costWeightsOf(unsigned op) const {
    return options.costWeights.empty() ? CostWeights()
                                       : options.costWeights[op];
  }

  /// Assigns addresses to all buffers. When they do not fit, shrinks tiles at
  /// the peak; when these cannot shrink, spills a value.
  bool fits() {
    if (placeIntervals(list.buffers) <= options.localBytes)
      return true;
    unsigned op = list.steps[worstStep()].op;
    return !shrinkTiles(op) && !residency.evictAt(op);
  }

  /// The step of peak memory during the live range of the highest buffer.
  unsigned worstStep() const {
    std::vector<int64_t> held(list.steps.size() + 2);
    const Interval *highest = nullptr;
    for (const Interval &buffer : list.buffers) {
      held[buffer.first] += buffer.bytes;
      if (buffer.last + 1 < held.size())
        held[buffer.last + 1] -= buffer.bytes;
      if (!highest ||
          buffer.offset + buffer.bytes > highest->offset + highest->bytes)
        highest = &buffer;
    }
    int64_t sum = 0, most = -1;
    unsigned worst = 0;
    for (unsigned step = 0; step < list.steps.size(); ++step) {
      sum += held[step];
      if (step >= highest->first && step <= highest->last && sum > most) {
        most = sum;
        worst = step;
      }
    }
    return worst;
  }

  /// Lowers the memory limit of an operator's tiles below their present size;
  /// false when smaller tiles would cost more than a spill.
  bool shrinkTiles(unsigned op) {
    if (numShrinks[op]++ >= kMostShrinks)
      return false;
    size_t first = 0;
    for (unsigned before = 0; before < op; ++before)
      first += program.operators[before].kernels.size();
    int64_t peak = 0, least = 0;
    for (auto [i, kernel] : llvm::enumerate(program.operators[op].kernels)) {
      if (!plans[first + i])
        continue;
      peak = std::max(peak, plans[first + i]->peakBytes);
      least =
          std::max(least, leastBytes(static_cast<const TiledKernel &>(*kernel),
                                     allocations));
    }
    int64_t limit = peak / 4 * 3;
    if (limit < least)
      return false;
    tileLimits[op] = limit;
    return true;
  }

  /// Packs weights as the options say, if they fit; returns the gaps that
  /// prefetched weights use.
  Gap placeWeights() {
    if (options.weights == Options::Weights::Between)
      return Gap::Lowest;
    std::vector<unsigned> weights;
    for (const Load &load : list.loads)
      if (load.isConstant())
        weights.push_back(load.buffer);
    std::vector<Interval> apart = list.buffers;
    if (!placeApart(apart, weights, options.localBytes))
      return Gap::Lowest;
    list.buffers = std::move(apart);
    return options.weights == Options::Weights::Ring ? Gap::Next : Gap::Highest;
  }

  /// Prefetches: starts loads as early as memory allows.
  void prefetch() {
    Gap gap = placeWeights();
    PackedMemory packed(list.buffers, options.localBytes, gap);
    unsigned previous = 0;
    for (const Load &load : list.loads) {
      bool isConstant = load.isConstant();
      unsigned earliest = load.earliest;
      if (load.needed > kMostAhead)
        earliest = std::max(earliest, load.needed - kMostAhead);
      if (isConstant)
        earliest = std::max(earliest, previous);
      packed.extend(load.buffer, earliest);
      if (isConstant)
        previous = std::max(previous, list.buffers[load.buffer].first);
    }
  }

  /// Assigns global memory; returns its size.
  int64_t placeGlobal() {
    llvm::SmallVector<unsigned> values;
    std::vector<Interval> intervals;
    unsigned end = unsigned(list.steps.size()) + 1;
    for (unsigned value = 0; value < program.values.size(); ++value) {
      const Value &info = program.values[value];
      const Allocation &allocation = allocations.byValue[value];
      if (!allocation.isGlobal)
        continue;
      // Inputs and outputs of the network share memory with nothing.
      bool isForeign = info.isInput || info.isOutput;
      values.push_back(value);
      intervals.push_back({alignUp(info.bytes, program.arch.globalAlignBytes),
                           isForeign ? 0 : allocation.firstStep,
                           isForeign ? end : allocation.lastStep});
    }
    int64_t bytes = placeIntervals(intervals);
    for (auto [value, interval] : llvm::zip(values, intervals))
      allocations.byValue[value].globalOffset = interval.offset;
    return bytes;
  }

  /// A kernel's plan, with the inputs that it depends on.
  struct CachedPlan {
    int64_t budget = -1;
    llvm::SmallVector<bool, 8> spaces;
    std::optional<KernelPlan> plan;
    /// A value should be spilled, so that the tiles can be larger.
    bool wantsRoom = false;
  };

  static constexpr unsigned kMostShrinks = 2;
  /// Maximal prefetch distance in steps. Local memory seldom holds weights for
  /// longer, and the search time grows with the distance.
  static constexpr unsigned kMostAhead = 128;

  const Program &program;
  const Options &options;
  PlanCache &costs;
  Failure &failure;
  AllocationMap allocations;
  Residency residency;
  std::vector<std::optional<KernelPlan>> plans; ///< by kernel
  std::vector<CachedPlan> cache;                ///< by kernel
  std::vector<int64_t> tileLimits;              ///< by operator
  std::vector<unsigned> numShrinks;             ///< by operator
  StepList list;
};

} // namespace

bool group::makePlan(Program &program, const Options &options, Plan &result,
                     Failure &failure) {
  ProducerFusions fusions(program);
  PlanCache costs(options.rememberCosts);
  auto planOnce = [&](const Options &options, Plan &plan, Failure &failure) {
    Scheduler scheduler(program, options, costs, failure);
    return scheduler.plan() && scheduler.finish(plan);
  };
  auto planFused = [&](const Options &options, Plan &plan) {
    while (true) {
      Scheduler scheduler(program, options, costs, failure);
      if (!scheduler.plan())
        return false;
      if (!options.fuse || !fusions.add(scheduler.getAllocations(),
                                        scheduler.getResidency(), options))
        return scheduler.finish(plan);
    }
  };
  auto planAll = [&] {
    if (!planFused(options, result))
      return false;
    if (options.search == Options::Search::None)
      return true;
    // A fusion saves transfers, which may be hidden behind computation.
    if (!fusions.values().empty()) {
      fusions.undo();
      Options overlapped = options;
      overlapped.fusionOverlap = 1;
      Plan other;
      if (planFused(overlapped, other) && other.cycles < result.cycles) {
        result = std::move(other);
      } else {
        fusions.undo();
        result = Plan();
        if (!planFused(options, result))
          return false;
      }
    }
    searchSettings(
        program.operators.size(), options,
        [&](const Options &changed, Plan &attempt) {
          Failure ignored;
          return planOnce(changed, attempt, ignored);
        },
        result);
    return true;
  };
  bool isPlanned = planAll();
  result.fusions = fusions.list();
  fusions.undo();
  return isPlanned;
}

bool group::emitPlan(Program &program, const Plan &plan,
                     const GlobalBases &bases, Schedule &result,
                     Failure &failure) {
  PlannedProgram planned(program, plan);
  if (!planned.apply(failure))
    return false;
  emitSteps(planned.list, planned.allocations, planned.issues, plan.fillsWaits,
            bases, result.commands, result.cycles);
  result.allocations = planned.allocations.byValue;
  result.globalBytes = plan.globalBytes;
  result.explanation =
      explain(program, planned.list, planned.kernels, bases, result);
  return true;
}

bool group::schedule(Program &program, const Options &options,
                     const GlobalBases &bases, Schedule &result,
                     Failure &failure) {
  Plan plan;
  return makePlan(program, options, plan, failure) &&
         emitPlan(program, plan, bases, result, failure);
}
