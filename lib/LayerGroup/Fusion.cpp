//===- Fusion.cpp - Which kernels become one ------------------------------===//
//
// Tries each value once; the cost is that of the commands before and after.
//
//===----------------------------------------------------------------------===//

#include "Fusion.h"

#include "FusedKernel.h"
#include "TileChoice.h"

using namespace tpuc;
using namespace tpuc::group;
using namespace tpuc::kernel;

namespace {

/// The operators that write and read a value.
struct Users {
  llvm::SmallVector<unsigned, 1> writers;
  llvm::SmallVector<unsigned, 2> readers;
};

const TiledKernel *onlyKernel(const Operator &op) {
  if (op.kernels.size() != 1)
    return nullptr;
  return dynamic_cast<const TiledKernel *>(op.kernels.front().get());
}

class Fuser {
public:
  Fuser(Program &program, const Memory &memory, const Residency &residency,
        const Options &options, std::vector<std::unique_ptr<Kernel>> &joined)
      : program(program), memory(memory), residency(residency),
        options(options), joined(joined), users(program.values.size()),
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
    if (info.isInput || info.isOutput || memory.places[value].isResident ||
        ends.writers.size() != 1 || ends.readers.size() != 1)
      return false;
    unsigned from = ends.writers.front(), to = ends.readers.front();
    // One change an operator at a time: the next round sees its result.
    if (isTouched[from] || isTouched[to] ||
        program.operators[from].results.size() != 1)
      return false;
    const TiledKernel *producer = onlyKernel(program.operators[from]);
    const TiledKernel *consumer = onlyKernel(program.operators[to]);
    if (!producer || !consumer)
      return false;
    std::unique_ptr<TiledKernel> fused =
        fuseKernels(*producer, *consumer, memory, value);
    if (!fused)
      return false;
    std::optional<double> before = costOf(*producer, from);
    std::optional<double> after = costOf(*consumer, to);
    std::optional<double> together = costOf(*fused, to);
    if (!together || (before && after && *together >= *before + *after))
      return false;
    // Values that are where the tile wants them now may leave later.
    if (leastBytes(*fused, nothingResident) > options.localBytes)
      return false;
    bool fitted = before && after;
    join(from, to, value, std::move(fused));
    program.operators[from].join =
        Join{to, fitted ? *before + *after : 0.0, *together};
    return true;
  }

  std::optional<double> costOf(const TiledKernel &kernel, unsigned op) const {
    std::optional<KernelPlan> plan = planKernel(
        kernel, memory, options.localBytes - residency.heldAt(op), options);
    if (!plan)
      return std::nullopt;
    return double(plan->tiuCycles + plan->gdmaCycles);
  }

  void join(unsigned from, unsigned to, unsigned value,
            std::unique_ptr<TiledKernel> fused) {
    Operator &producer = program.operators[from];
    Operator &consumer = program.operators[to];
    joined.push_back(std::move(producer.kernels.front()));
    joined.push_back(std::move(consumer.kernels.front()));
    producer.kernels.clear();
    consumer.kernels.front() = std::move(fused);
    llvm::erase(consumer.operands, value);
    consumer.operands.append(producer.operands.begin(),
                             producer.operands.end());
    producer.operands.clear();
    producer.results.clear();
    program.values[value].isFused = true;
    isTouched[from] = isTouched[to] = true;
  }

  Program &program;
  const Memory &memory;
  const Residency &residency;
  const Options &options;
  std::vector<std::unique_ptr<Kernel>> &joined;
  std::vector<Users> users;    ///< by value
  std::vector<bool> isTouched; ///< by operator
  const Memory nothingResident;
};

} // namespace

bool group::fuseKernels(Program &program, const Memory &memory,
                        const Residency &residency, const Options &options,
                        std::vector<std::unique_ptr<Kernel>> &joined) {
  return Fuser(program, memory, residency, options, joined).run();
}
