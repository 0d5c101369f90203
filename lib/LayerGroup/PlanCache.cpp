//===- PlanCache.cpp - What tiles cost, remembered ------------------------===//
//
// A kernel accesses only values of its operator, and while tiles are planned an
// allocation is no more than a memory space: local, global, or both.
//
//===----------------------------------------------------------------------===//

#include "PlanCache.h"

using namespace tpuc;
using namespace tpuc::group;

PlanCache::Key PlanCache::keyOf(const kernel::Kernel &kernel,
                                const Operator &op,
                                const AllocationMap &allocations) {
  std::string spaces;
  for (auto *values : {&op.operands, &op.results})
    for (unsigned value : *values) {
      const Allocation &allocation = allocations.byValue[value];
      spaces += char('0' + 2 * allocation.isResident + allocation.isGlobal);
    }
  return {&kernel, std::move(spaces)};
}

Candidates *PlanCache::candidatesOf(const kernel::Kernel &kernel,
                                    const Operator &op,
                                    const AllocationMap &allocations) {
  return isOn ? &candidates[keyOf(kernel, op, allocations)] : nullptr;
}

PlacementConstraints
PlanCache::constraintsOf(const kernel::TransferKernel &kernel,
                         const Operator &op, const AllocationMap &allocations) {
  // A concatenation of thousands has a kernel for each of its operands.
  constexpr size_t kManyValues = 64;
  if (!isOn || op.operands.size() + op.results.size() > kManyValues)
    return group::constraintsOf(kernel, allocations);
  auto [it, isNew] = constraints.try_emplace(keyOf(kernel, op, allocations));
  if (isNew)
    it->second = group::constraintsOf(kernel, allocations);
  return it->second;
}
