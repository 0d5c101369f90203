//===- TimingInternal.h - Shared by the timing formulas -------*- C++ -*-===//
//
// Constants and small helpers of the cycle formulas.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_SIMULATOR_TIMING_TIMINGINTERNAL_H
#define TPUC_LIB_SIMULATOR_TIMING_TIMINGINTERNAL_H

#include "Arch/BM1684X.h"
#include "Simulator/Timing/Timing.h"

#include <algorithm>

namespace tpuc::timing::detail {

constexpr uint64_t kLanes = kBM1684X.lanes;
/// A lane moves one line a cycle.
constexpr uint64_t kLineBits = 8 * kBM1684X.vectorBytes;

/// Bits of an element by precision code; the unused code 7 counts as i8.
constexpr uint64_t elementBits(uint32_t precision) {
  constexpr uint8_t bits[8] = {8, 16, 32, 16, 32, 16, 4, 8};
  return bits[precision & 7];
}

constexpr uint64_t ceilDiv(uint64_t a, uint64_t b) { return (a + b - 1) / b; }

/// A cycle count from a real-valued formula: rounded down, and bounded so that
/// hostile sizes do not overflow sums.
inline uint64_t floorCycles(double value) {
  constexpr double limit = double(uint64_t(1) << 53);
  return uint64_t(std::clamp(value, 0.0, limit));
}

uint64_t tiuCycles(codec::Layout layout, const codec::Registers &r,
                   const TimingParameters &parameters);
uint64_t gdmaCycles(codec::Layout layout, const codec::Registers &r,
                    const TimingParameters &parameters);

} // namespace tpuc::timing::detail

#endif // TPUC_LIB_SIMULATOR_TIMING_TIMINGINTERNAL_H
