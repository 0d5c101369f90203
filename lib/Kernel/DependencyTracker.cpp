//===- DependencyTracker.cpp - Who must wait for whom ---------------------===//
//
// Keeps, for each queue, the last reader and the last writer of each byte.
//
//===----------------------------------------------------------------------===//

#include "Kernel/DependencyTracker.h"

#include <algorithm>
#include <limits>

using namespace tpuc;
using namespace tpuc::kernel;

uint32_t DependencyTracker::add(codec::Layout layout,
                                const codec::Registers &registers) {
  unsigned self = unsigned(codec::layoutInfo(layout).engine);
  Queue &queue = queues[self], &other = queues[1 - self];
  uint32_t command = ++queue.count;
  uint32_t dependency = 0;
  accesses.clear();
  std::string reason;
  if (!target::findAccesses(layout, registers, accesses, reason))
    // An unknown command may access anything.
    accesses.push_back({target::Space::Global, /*isWrite=*/true, ~uint64_t(0),
                        0, std::numeric_limits<uint64_t>::max()});
  for (const target::Access &access : accesses) {
    dependency = std::max(dependency, other.writes.lastIn(access));
    if (access.isWrite)
      dependency = std::max(dependency, other.reads.lastIn(access));
  }
  for (const target::Access &access : accesses)
    (access.isWrite ? queue.writes : queue.reads).assign(access, command);
  if (dependency <= queue.waited)
    return 0;
  queue.waited = dependency;
  return dependency;
}
