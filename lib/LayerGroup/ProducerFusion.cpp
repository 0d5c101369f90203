//===- ProducerFusion.cpp - Which kernels become one ----------------------===//
//
// Greedy: tries each value once and compares the costs of the emitted commands.
//
//===----------------------------------------------------------------------===//

#include "ProducerFusion.h"

#include "FusedKernel.h"
#include "TileChoice.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::group;
using namespace tpuc::kernel;

namespace {

/// The operators that write and read a value.
struct Users {
  llvm::SmallVector<unsigned, 1> writers;
  llvm::SmallVector<unsigned, 2> readers;
};

Users usersOf(const Program &program, unsigned value) {
  Users users;
  for (unsigned op = 0; op < program.operators.size(); ++op) {
    const Operator &info = program.operators[op];
    users.writers.append(llvm::count(info.results, value), op);
    users.readers.append(llvm::count(info.operands, value), op);
  }
  return users;
}

const TiledKernel *onlyKernel(const Operator &op) {
  if (op.kernels.size() != 1)
    return nullptr;
  return dynamic_cast<const TiledKernel *>(op.kernels.front().get());
}

class Fuser {
public:
  Fuser(Program &program, const AllocationMap &allocations,
        const Residency &residency, const Options &options,
        ProducerFusions &fusions)
      : program(program), allocations(allocations), residency(residency),
        options(options), fusions(fusions), users(program.values.size()),
        isTouched(program.operators.size()), nothingResident(program) {
    for (unsigned op = 0; op < program.operators.size(); ++op) {
      for (unsigned value : program.operators[op].results)
        users[value].writers.push_back(op);
      for (unsigned value : program.operators[op].operands)
        users[value].readers.push_back(op);
    }
  }

  bool run() {
    bool hasChanged = false;
    for (unsigned value = 0; value < program.values.size(); ++value)
      hasChanged |= tryValue(value);
    return hasChanged;
  }

private:
  bool tryValue(unsigned value) {
    const Value &info = program.values[value];
    const Users &ends = users[value];
    if (info.isInput || info.isOutput ||
        allocations.byValue[value].isResident || ends.writers.size() != 1 ||
        ends.readers.size() != 1)
      return false;
    unsigned from = ends.writers.front(), to = ends.readers.front();
    // At most one fusion an operator and round; the next round sees the result.
    if (isTouched[from] || isTouched[to] ||
        program.operators[from].results.size() != 1)
      return false;
    const TiledKernel *producer = onlyKernel(program.operators[from]);
    const TiledKernel *consumer = onlyKernel(program.operators[to]);
    if (!producer || !consumer)
      return false;
    std::unique_ptr<TiledKernel> fused =
        fuseKernels(*producer, *consumer, allocations, value);
    if (!fused)
      return false;
    std::optional<double> before = costOf(*producer, from);
    std::optional<double> after = costOf(*consumer, to);
    std::optional<double> together = costOf(*fused, to);
    if (!together || (before && after && *together >= *before + *after))
      return false;
    // Must fit even if values that are resident now are spilled later.
    if (leastBytes(*fused, nothingResident) > options.localBytes)
      return false;
    bool fitted = before && after;
    fusions.commit(from, to, value, std::move(fused));
    isTouched[from] = isTouched[to] = true;
    program.operators[from].fusion = ProducerFusion{
        to, fitted ? int64_t(*before + *after) : 0, int64_t(*together)};
    return true;
  }

  std::optional<double> costOf(const TiledKernel &kernel, unsigned op) const {
    std::optional<KernelPlan> plan =
        planKernel(kernel, allocations,
                   options.localBytes - residency.heldAt(op), options);
    if (!plan)
      return std::nullopt;
    double tiu = double(plan->tiuCycles), gdma = double(plan->gdmaCycles);
    double apart = tiu + gdma;
    double together =
        std::max(tiu, gdma) + std::min(tiu, gdma) / double(plan->tiles.size());
    return apart + options.fusionOverlap * (together - apart);
  }

  Program &program;
  const AllocationMap &allocations;
  const Residency &residency;
  const Options &options;
  ProducerFusions &fusions;
  std::vector<Users> users;    ///< by value
  std::vector<bool> isTouched; ///< by operator
  const AllocationMap nothingResident;
};

} // namespace

bool ProducerFusions::add(const AllocationMap &allocations,
                          const Residency &residency, const Options &options) {
  return Fuser(program, allocations, residency, options, *this).run();
}

void ProducerFusions::commit(unsigned from, unsigned to, unsigned value,
                             std::unique_ptr<Kernel> fused) {
  Operator &producer = program.operators[from];
  Operator &consumer = program.operators[to];
  entries.push_back({from, to, value, std::move(producer.kernels.front()),
                     std::move(consumer.kernels.front()), producer.operands,
                     producer.results, consumer.operands});
  producer.kernels.clear();
  consumer.kernels.front() = std::move(fused);
  llvm::erase(consumer.operands, value);
  consumer.operands.append(producer.operands.begin(), producer.operands.end());
  producer.operands.clear();
  producer.results.clear();
  program.values[value].isFused = true;
}

void ProducerFusions::undo() {
  for (; !entries.empty(); entries.pop_back()) {
    Entry &entry = entries.back();
    Operator &producer = program.operators[entry.from];
    Operator &consumer = program.operators[entry.to];
    undone.push_back(std::move(consumer.kernels.front()));
    consumer.kernels.front() = std::move(entry.consumer);
    consumer.operands = entry.consumerOperands;
    producer.kernels.push_back(std::move(entry.producer));
    producer.operands = entry.producerOperands;
    producer.results = entry.producerResults;
    producer.fusion.reset();
    program.values[entry.value].isFused = false;
  }
}

std::unique_ptr<TiledKernel>
ProducerFusions::fuse(unsigned from, unsigned to, unsigned value,
                      const AllocationMap &allocations) const {
  auto isOperator = [&](unsigned op) { return op < program.operators.size(); };
  if (!isOperator(from) || !isOperator(to) || value >= program.values.size())
    return nullptr;
  const Value &info = program.values[value];
  Users users = usersOf(program, value);
  const TiledKernel *producer = onlyKernel(program.operators[from]);
  const TiledKernel *consumer = onlyKernel(program.operators[to]);
  if (info.isInput || info.isOutput || !producer || !consumer ||
      users.writers.size() != 1 || users.writers.front() != from ||
      users.readers.size() != 1 || users.readers.front() != to ||
      program.operators[from].results.size() != 1)
    return nullptr;
  return fuseKernels(*producer, *consumer, allocations, value);
}

std::vector<PlannedFusion> ProducerFusions::list() const {
  std::vector<PlannedFusion> list;
  for (const Entry &entry : entries) {
    const ProducerFusion &fusion = *program.operators[entry.from].fusion;
    list.push_back(
        {entry.from, entry.to, entry.value, fusion.apartCycles, fusion.cycles});
  }
  return list;
}

std::vector<unsigned> ProducerFusions::values() const {
  std::vector<unsigned> values;
  for (const Entry &entry : entries)
    values.push_back(entry.value);
  return values;
}
