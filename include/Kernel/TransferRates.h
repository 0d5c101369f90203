//===- TransferRates.h - What transfers take, about ------------*- C++ -*-===//
//
// For choices that are made before there are commands to cost. The whole of the
// transfer engine's timing is in Simulator/Timing.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_TRANSFERRATES_H
#define TPUC_KERNEL_TRANSFERRATES_H

#include <cstdint>

namespace tpuc::rates {

/// Bytes a cycle from global to local memory.
constexpr int64_t kLoadBytesPerCycle = 54;
/// Bytes a cycle within one memory, between lanes too.
constexpr int64_t kMoveBytesPerCycle = 26;
/// A row of fewer bytes takes as long as one of this many.
constexpr int64_t kShortestRowBytes = 256;

} // namespace tpuc::rates

#endif // TPUC_KERNEL_TRANSFERRATES_H
