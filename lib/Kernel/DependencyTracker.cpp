//===- DependencyTracker.cpp - Who must wait for whom ---------------------===//
//
// Keeps, for each queue, who last read and who last wrote each byte. All lanes
// count as one: transfers touch all of them as a rule.
//
//===----------------------------------------------------------------------===//

#include "Kernel/DependencyTracker.h"

#include <algorithm>
#include <limits>

using namespace tpuc;
using namespace tpuc::kernel;

uint32_t DependencyTracker::IntervalMap::lastIn(uint64_t begin,
                                                uint64_t end) const {
  uint32_t last = 0;
  auto it = pieces.upper_bound(begin);
  if (it != pieces.begin() && std::prev(it)->second.end > begin)
    --it;
  for (; it != pieces.end() && it->first < end; ++it)
    last = std::max(last, it->second.command);
  return last;
}

void DependencyTracker::IntervalMap::assign(uint64_t begin, uint64_t end,
                                            uint32_t command) {
  auto it = pieces.upper_bound(begin);
  if (it != pieces.begin()) {
    auto before = std::prev(it);
    Piece piece = before->second;
    if (piece.end > begin) {
      // Cut the piece that reaches into the interval.
      if (before->first == begin)
        pieces.erase(before);
      else
        before->second.end = begin;
      if (piece.end > end)
        pieces.emplace(end, piece);
    }
  }
  it = pieces.lower_bound(begin);
  while (it != pieces.end() && it->first < end) {
    Piece piece = it->second;
    it = pieces.erase(it);
    if (piece.end > end) {
      pieces.emplace(end, piece);
      break;
    }
  }
  pieces.emplace(begin, Piece{end, command});
}

uint32_t DependencyTracker::add(codec::Layout layout,
                                const codec::Registers &registers) {
  unsigned self = unsigned(codec::layoutInfo(layout).engine);
  Queue &queue = queues[self], &other = queues[1 - self];
  uint32_t command = ++queue.count;
  uint32_t dependency = 0;
  accesses.clear();
  std::string reason;
  if (!target::findAccesses(layout, registers, accesses, reason))
    // A command that is not understood may touch anything.
    accesses.push_back({target::Space::Global, /*isWrite=*/true, ~uint64_t(0),
                        0, std::numeric_limits<uint64_t>::max()});
  // Bytes inside a lane lie below every address of the other memories, so one
  // map holds all.
  for (const target::Access &access : accesses) {
    dependency =
        std::max(dependency, other.writes.lastIn(access.begin, access.end));
    if (access.isWrite)
      dependency =
          std::max(dependency, other.reads.lastIn(access.begin, access.end));
  }
  for (const target::Access &access : accesses)
    (access.isWrite ? queue.writes : queue.reads)
        .assign(access.begin, access.end, command);
  if (dependency <= queue.waited)
    return 0;
  queue.waited = dependency;
  return dependency;
}
