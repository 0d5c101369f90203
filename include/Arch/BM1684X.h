//===- BM1684X.h - Facts of the chip ---------------------------*- C++ -*-===//
//
// Sizes of the chip's memories and vectors and nominal rates, each in this
// place alone: the planner, the kernels, the codec and the simulators read them
// here. No policy.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_ARCH_BM1684X_H
#define TPUC_ARCH_BM1684X_H

#include <cstdint>

namespace tpuc::arch {

/// Vector lanes; lane l owns local bytes [l * kLaneBytes, (l+1) * kLaneBytes).
constexpr int64_t kLanes = 64;
constexpr int64_t kLaneBytes = 256 * 1024;
/// Banks of a lane's memory.
constexpr int64_t kBankBytes = 16 * 1024;
/// Bytes a lane computes a cycle; the alignment of a channel row.
constexpr int64_t kVectorBytes = 64;

/// A convolution or product gives this many positions a lane and cycle, each
/// summed over this many 16-bit channels; over twice as many of INT8.
constexpr int64_t kProductPositions = 4;
constexpr int64_t kProductDepth = 32;

/// Where the GDMA sees lane 0 of the local memory, and its end.
constexpr uint64_t kLocalBase = 0x0800'0000;
constexpr uint64_t kLocalEnd = 0x0900'0000;
/// Coefficient tables that the firmware writes at start-up.
constexpr uint64_t kStaticBase = 0x0900'0000;
constexpr uint64_t kStaticBytes = 16 * 1024;
/// Memory that the cores of a larger chip of the family share.
constexpr uint64_t kL2Base = 0x1000'0000;
constexpr uint64_t kL2Bytes = 2 * 1024 * 1024;
/// Start of the global memory; coefficients lie first.
constexpr uint64_t kGlobalBase = 0x1'0000'0000;
/// Size of the window of global memory.
constexpr uint64_t kGlobalBytes = 0x2'0000'0000;
constexpr uint64_t kGlobalEnd = kGlobalBase + kGlobalBytes;
/// Alignment of tensors in global memory, as the vendor's runtime lays them.
constexpr int64_t kGlobalAlignBytes = 4096;

/// Largest value of the 16-bit size fields.
constexpr int64_t kMaxSize = 65535;

/// Bytes a cycle that the memory interface has at most.
constexpr double kDdrBytesPerCycle = 64.0;
/// A row of fewer bytes in global memory takes as long as one of this many.
constexpr int64_t kShortestRowBytes = 256;
/// Bytes a cycle of transfers as choices made before there are commands take
/// them: loads, and moves within one memory, between lanes too. The transfer
/// engine's timing as a whole is the timing simulator's.
constexpr int64_t kLoadBytesPerCycle = 54;
constexpr int64_t kMoveBytesPerCycle = 26;
/// The same of values that are spilled to global memory and read again, in rows
/// that are often short.
constexpr int64_t kSpillBytesPerCycle = 32;

constexpr int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }
constexpr int64_t alignUp(int64_t a, int64_t b) { return ceilDiv(a, b) * b; }

/// Largest divisor of `size` that is at most the number of lanes.
constexpr int64_t laneDivisor(int64_t size) {
  for (int64_t lanes = kLanes; lanes > 1; --lanes)
    if (size % lanes == 0)
      return lanes;
  return 1;
}

} // namespace tpuc::arch

#endif // TPUC_ARCH_BM1684X_H
