//===- CostSink.h - What a kernel's commands cost --------------*- C++ -*-===//
//
// Replays commands on the timing model as they are emitted.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_KERNEL_COSTSINK_H
#define TPUC_LIB_KERNEL_COSTSINK_H

#include "Kernel/Arch.h"
#include "Kernel/CommandSink.h"
#include "Kernel/DependencyTracker.h"
#include "Simulator/Timing/Timing.h"

namespace tpuc::kernel {

class CostSink : public CommandSink {
public:
  void emit(codec::Layout layout, const codec::Registers &registers) override {
    timeline.add(layout, registers, tracker.add(layout, registers));
  }
  // Any two bases that keep the areas apart give the same cycles.
  uint64_t coefficientBase() const override { return arch::kGlobalBase; }
  uint64_t activationBase() const override {
    return arch::kGlobalBase + arch::kGlobalBytes / 2;
  }

  uint64_t cycles() const { return timeline.totals().cycles; }

private:
  DependencyTracker tracker;
  timing::Timeline timeline;
};

} // namespace tpuc::kernel

#endif // TPUC_LIB_KERNEL_COSTSINK_H
