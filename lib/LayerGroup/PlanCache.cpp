//===- PlanCache.cpp - What tiles cost, remembered ------------------------===//
//
// A kernel touches no values but its operator's, and while tiles are planned a
// value's place is: in local memory, in global memory, or both.
//
//===----------------------------------------------------------------------===//

#include "PlanCache.h"

using namespace tpuc;
using namespace tpuc::group;

PlanCache::Key PlanCache::keyOf(const kernel::Kernel &kernel,
                                const Operator &op, const Memory &memory) {
  std::string places;
  for (auto *values : {&op.operands, &op.results})
    for (unsigned value : *values) {
      const Place &place = memory.places[value];
      places += char('0' + 2 * place.isResident + place.isGlobal);
    }
  return {&kernel, std::move(places)};
}

Candidates *PlanCache::candidatesOf(const kernel::Kernel &kernel,
                                    const Operator &op, const Memory &memory) {
  return isOn ? &candidates[keyOf(kernel, op, memory)] : nullptr;
}

Demands PlanCache::demandsOf(const kernel::TransferKernel &kernel,
                             const Operator &op, const Memory &memory) {
  if (!isOn)
    return group::demandsOf(kernel, memory);
  auto [it, isNew] = demands.try_emplace(keyOf(kernel, op, memory));
  if (isNew)
    it->second = group::demandsOf(kernel, memory);
  return it->second;
}
