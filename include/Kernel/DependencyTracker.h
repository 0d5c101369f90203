//===- DependencyTracker.h - Who must wait for whom ------------*- C++ -*-===//
//
// Finds, for each command as it is emitted, the last command of the other
// queue that it must wait for, from the memory that both touch.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_DEPENDENCYTRACKER_H
#define TPUC_KERNEL_DEPENDENCYTRACKER_H

#include "Target/BM1684X/Access.h"

#include <map>
#include <vector>

namespace tpuc::kernel {

class DependencyTracker {
public:
  /// Records the next command of its queue (numbered from 1) and returns the
  /// number of the command of the other queue that it must wait for; 0 when it
  /// need not wait, or an earlier command of its queue waits already.
  uint32_t add(codec::Layout layout, const codec::Registers &registers);

private:
  /// The last command to touch each byte, as disjoint intervals.
  class IntervalMap {
  public:
    /// The largest command that touched [begin, end); 0 for none.
    uint32_t lastIn(uint64_t begin, uint64_t end) const;
    void assign(uint64_t begin, uint64_t end, uint32_t command);

  private:
    struct Piece {
      uint64_t end;
      uint32_t command;
    };
    std::map<uint64_t, Piece> pieces;
  };

  struct Queue {
    uint32_t count = 0;
    /// The last command of the other queue that was waited for.
    uint32_t waited = 0;
    IntervalMap reads, writes;
  };

  Queue queues[2];
  std::vector<target::Access> accesses;
};

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_DEPENDENCYTRACKER_H
