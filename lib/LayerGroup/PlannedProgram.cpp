//===- PlannedProgram.cpp - A program as its plan wants it ----------------===//
//
// The steps and the buffers of a program follow from its fusions, its tiles and
// from which values are resident; a plan adds their addresses and the steps in
// which loads are issued.
//
//===----------------------------------------------------------------------===//

#include "PlannedProgram.h"

#include "FusedKernel.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace tpuc;
using namespace tpuc::group;
using namespace tpuc::kernel;

bool PlannedProgram::applyFusions(Failure &failure) {
  for (const PlannedFusion &fusion : plan.fusions) {
    std::unique_ptr<TiledKernel> fused =
        fusions.fuse(fusion.from, fusion.into, fusion.value, allocations);
    if (!fused) {
      failure = {fusion.from,
                 "cannot be computed tile by tile with its reader, "
                 "which does not read its result by a view of the "
                 "same axes, or is not its only one"};
      return false;
    }
    fusions.commit(fusion.from, fusion.into, fusion.value, std::move(fused));
    program.operators[fusion.from].fusion =
        ProducerFusion{fusion.into, fusion.apartCycles, fusion.cycles};
  }
  return true;
}

/// The error in a tile's sizes; empty when there is none.
static std::string checkTile(const TiledKernel &kernel, const Shape4 &tile) {
  Shape4 space = kernel.space(), unit = kernel.granularity();
  for (unsigned axis = 0; axis < 4; ++axis) {
    char name = "nchw"[axis];
    if (tile[axis] < 1 || tile[axis] > space[axis])
      return llvm::formatv("has a tile of {0} = {1}, expected 1 to {2}", name,
                           tile[axis], space[axis]);
    if (tile[axis] == space[axis])
      continue;
    if (unit[axis] == 0)
      return llvm::formatv("has a tile of {0} = {1}, but this axis of {2} "
                           "cannot be cut",
                           name, tile[axis], space[axis]);
    if (tile[axis] % unit[axis] != 0)
      return llvm::formatv("has a tile of {0} = {1}, expected a multiple of "
                           "{2}",
                           name, tile[axis], unit[axis]);
  }
  return "";
}

bool PlannedProgram::cutKernels(Failure &failure) {
  llvm::ArrayRef<PlannedKernel> rest = plan.kernels;
  for (unsigned op = 0; op < program.operators.size(); ++op)
    for (const auto &kernel : program.operators[op].kernels) {
      if (rest.empty()) {
        failure = {op, "has more kernels than the plan"};
        return false;
      }
      const PlannedKernel &planned = rest.front();
      rest = rest.drop_front();
      auto *tiled = dynamic_cast<const TiledKernel *>(kernel.get());
      bool hasTile = planned.tile != Shape4{};
      if (hasTile != (tiled != nullptr)) {
        failure = {op, tiled ? "has a kernel without a tile"
                             : "has a tile for a kernel that only moves data"};
        return false;
      }
      if (!tiled) {
        kernels.push_back(std::nullopt);
        continue;
      }
      if (std::string fault = checkTile(*tiled, planned.tile); !fault.empty()) {
        failure = {op, fault};
        return false;
      }
      KernelPlan &cut =
          *kernels.emplace_back(cutKernel(*tiled, planned.tile, allocations));
      cut.cost = double(planned.cost);
      cut.nextTile = planned.nextTile;
      cut.nextCost = double(planned.nextCost);
    }
  if (!rest.empty()) {
    failure = {unsigned(program.operators.size()) - 1,
               "is followed by kernels that the network does not have"};
    return false;
  }
  return true;
}

/// The loads of one input, and the parts of a step list that belong to a
/// kernel.
namespace {
struct InputParts {
  std::optional<unsigned> input;
  llvm::SmallVector<unsigned> loads; ///< indices
};
} // namespace

struct group::KernelParts {
  const TiledKernel *kernel;
  unsigned op;
  llvm::SmallVector<InputParts, 3> inputs;
  llvm::SmallVector<unsigned> results, scratch; ///< buffers
};

/// By tiled kernel, in order.
static std::vector<KernelParts> partsOf(const StepList &list) {
  std::vector<KernelParts> parts;
  for (const Step &step : list.steps) {
    if (!step.tiled)
      continue;
    if (parts.empty() || parts.back().kernel != step.tiled)
      parts.push_back({step.tiled, step.op, {}, {}, {}});
    if (step.result)
      parts.back().results.push_back(*step.result);
    if (step.scratch)
      parts.back().scratch.push_back(*step.scratch);
  }
  size_t next = 0;
  for (auto [index, load] : llvm::enumerate(list.loads)) {
    while (parts[next].kernel != load.kernel)
      ++next;
    auto &inputs = parts[next].inputs;
    auto *found = llvm::find_if(inputs, [&](const InputParts &part) {
      return part.input == load.input;
    });
    if (found == inputs.end())
      inputs.push_back({load.input, {unsigned(index)}});
    else
      found->loads.push_back(index);
  }
  return parts;
}

static std::string inputName(std::optional<unsigned> input) {
  return input ? "input " + std::to_string(*input) : "what its tiles share";
}

std::optional<unsigned> PlannedProgram::stepOf(const TileTime &time) const {
  if (time.op >= firstSteps.size() || firstSteps[time.op] == kNoSteps)
    return std::nullopt;
  size_t step = size_t(firstSteps[time.op]) + time.tile;
  if (step >= list.steps.size() || list.steps[step].op != time.op)
    return std::nullopt;
  return unsigned(step);
}

bool PlannedProgram::placeLoads(unsigned op, llvm::ArrayRef<unsigned> loads,
                                const PlannedLoads &planned, Failure &failure) {
  auto fail = [&](const std::string &what) {
    failure = {op, inputName(planned.input) + " " + what};
    return false;
  };
  for (size_t size :
       {planned.addresses.size(), planned.rooms.size(), planned.issues.size()})
    if (size > loads.size())
      return fail(
          llvm::formatv("has {0} entries for {1} loads", size, loads.size()));
  if (planned.addresses.empty())
    return fail("has no address");
  for (auto [i, index] : llvm::enumerate(loads)) {
    Load &load = list.loads[index];
    Interval &buffer = list.buffers[load.buffer];
    buffer.offset = entryOf(planned.addresses, i);
    issues[index] = load.needed;
    if (!planned.issues.empty()) {
      std::optional<unsigned> step = stepOf(entryOf(planned.issues, i));
      if (!step)
        return fail("is issued before a tile that does not exist");
      issues[index] = *step;
    }
    buffer.first = issues[index];
    if (!planned.rooms.empty()) {
      std::optional<unsigned> step = stepOf(entryOf(planned.rooms, i));
      if (!step)
        return fail("has room from a tile on that does not exist");
      buffer.first = *step;
    }
  }
  return true;
}

bool PlannedProgram::placeInputs(const KernelParts &part,
                                 const PlannedKernel &planned,
                                 Failure &failure) {
  for (const PlannedLoads &loads : planned.loads) {
    auto *found = llvm::find_if(part.inputs, [&](const InputParts &input) {
      return input.input == loads.input;
    });
    if (found == part.inputs.end()) {
      failure = {part.op, inputName(loads.input) +
                              " is loaded, but its tiles do not need that"};
      return false;
    }
    if (!placeLoads(part.op, found->loads, loads, failure))
      return false;
  }
  for (const InputParts &input : part.inputs)
    if (llvm::count_if(planned.loads, [&](const PlannedLoads &loads) {
          return loads.input == input.input;
        }) != 1) {
      failure = {part.op, inputName(input.input) +
                              " is loaded for its tiles, but not once in the "
                              "plan"};
      return false;
    }
  return true;
}

bool PlannedProgram::placeBuffers(Failure &failure) {
  issues.assign(list.loads.size(), 0);
  firstSteps.assign(program.operators.size(), kNoSteps);
  for (auto [index, step] : llvm::enumerate(list.steps))
    firstSteps[step.op] = std::min(firstSteps[step.op], unsigned(index));
  std::vector<KernelParts> parts = partsOf(list);
  auto next = parts.begin();
  for (const PlannedKernel &planned : plan.kernels) {
    if (planned.tile == Shape4{})
      continue;
    const KernelParts &part = *next++;
    auto place = [&](const std::vector<int64_t> &addresses,
                     llvm::ArrayRef<unsigned> buffers, llvm::StringRef what) {
      if (addresses.size() > buffers.size() ||
          addresses.empty() != buffers.empty()) {
        failure = {part.op,
                   llvm::formatv("has {0} addresses of {1}, but its "
                                 "tiles need {2}",
                                 addresses.size(), what, buffers.size())};
        return false;
      }
      for (auto [i, buffer] : llvm::enumerate(buffers))
        list.buffers[buffer].offset = entryOf(addresses, i);
      return true;
    };
    if (!place(planned.results, part.results, "results") ||
        !place(planned.scratch, part.scratch, "scratch memory") ||
        !placeInputs(part, planned, failure))
      return false;
  }
  for (auto [value, buffer] : llvm::enumerate(list.residents))
    if (buffer)
      list.buffers[*buffer].offset = plan.allocations[value].address;
  return true;
}

bool PlannedProgram::apply(Failure &failure) {
  if (!applyFusions(failure))
    return false;
  // As in the planner, tiles are planned before values have addresses.
  allocations.byValue = plan.allocations;
  for (Allocation &allocation : allocations.byValue)
    allocation.address = 0;
  if (!cutKernels(failure))
    return false;
  list = listSteps(allocations, kernels);
  if (!placeBuffers(failure))
    return false;
  for (auto [allocation, planned] :
       llvm::zip(allocations.byValue, plan.allocations))
    allocation.address = planned.address;
  bindAddresses(list, allocations);
  return true;
}

void group::bindAddresses(StepList &list, const AllocationMap &allocations) {
  for (Step &step : list.steps)
    if (step.tiled)
      step.tile = planTile(*step.tiled, step.tile.tile, allocations);
  for (Load &load : list.loads)
    if (load.input)
      load.operand.tensor =
          load.kernel->placeInput(*load.input, load.operand.box);
}

/// Shortens a list to the entries that entryOf() does not repeat.
template <typename T> static void shorten(std::vector<T> &list) {
  size_t period = 1;
  auto repeats = [&] {
    for (size_t i = period; i < list.size(); ++i)
      if (!(list[i] == list[i - period]))
        return false;
    return true;
  };
  while (period < list.size() && !repeats())
    ++period;
  list.resize(std::min(period, list.size()));
}

std::vector<PlannedKernel>
group::describeKernels(const StepList &list,
                       llvm::ArrayRef<std::optional<KernelPlan>> kernels,
                       llvm::ArrayRef<unsigned> issues) {
  std::vector<TileTime> times;
  for (const Step &step : list.steps) {
    bool isSame = !times.empty() && times.back().op == step.op;
    times.push_back({step.op, isSame ? times.back().tile + 1 : 0});
  }
  auto describeLoads = [&](const InputParts &part) {
    PlannedLoads loads{part.input, {}, {}, {}};
    bool isDue = true, isTight = true;
    for (unsigned index : part.loads) {
      const Load &load = list.loads[index];
      const Interval &buffer = list.buffers[load.buffer];
      loads.addresses.push_back(buffer.offset);
      loads.rooms.push_back(times[buffer.first]);
      loads.issues.push_back(times[issues[index]]);
      isDue &= issues[index] == load.needed;
      isTight &= buffer.first == issues[index];
    }
    if (isDue)
      loads.issues.clear();
    if (isTight)
      loads.rooms.clear();
    shorten(loads.addresses);
    shorten(loads.rooms);
    shorten(loads.issues);
    return loads;
  };
  std::vector<KernelParts> parts = partsOf(list);
  auto next = parts.begin();
  std::vector<PlannedKernel> result;
  for (const std::optional<KernelPlan> &kernel : kernels) {
    PlannedKernel &planned = result.emplace_back();
    if (!kernel)
      continue;
    planned.tile = kernel->size;
    planned.cost = int64_t(kernel->cost);
    planned.nextTile = kernel->nextTile;
    planned.nextCost = int64_t(kernel->nextCost);
    const KernelParts &part = *next++;
    for (const InputParts &input : part.inputs)
      planned.loads.push_back(describeLoads(input));
    for (unsigned buffer : part.results)
      planned.results.push_back(list.buffers[buffer].offset);
    for (unsigned buffer : part.scratch)
      planned.scratch.push_back(list.buffers[buffer].offset);
    shorten(planned.results);
    shorten(planned.scratch);
  }
  return result;
}
