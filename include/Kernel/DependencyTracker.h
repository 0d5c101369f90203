//===- DependencyTracker.h - Who must wait for whom ------------*- C++ -*-===//
//
// Finds, for each command as it is emitted, the last command of the other
// queue that it must wait for, from the memory that both touch.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_DEPENDENCYTRACKER_H
#define TPUC_KERNEL_DEPENDENCYTRACKER_H

#include "Target/BM1684X/AccessMap.h"

#include <vector>

namespace tpuc::kernel {

class DependencyTracker {
public:
  /// Records the next command of its queue (numbered from 1) and returns the
  /// number of the command of the other queue that it must wait for; 0 when it
  /// need not wait, or an earlier command of its queue waits already.
  uint32_t add(codec::Layout layout, const codec::Registers &registers);

private:
  struct Queue {
    uint32_t count = 0;
    /// The last command of the other queue that was waited for.
    uint32_t waited = 0;
    target::AccessMap reads, writes;
  };

  Queue queues[2];
  std::vector<target::Access> accesses;
};

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_DEPENDENCYTRACKER_H
