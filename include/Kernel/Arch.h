//===- Arch.h - Facts of the BM1684X that kernels need ---------*- C++ -*-===//
//
// Sizes of the chip's memories and vectors, each with its one name. No policy.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_ARCH_H
#define TPUC_KERNEL_ARCH_H

#include <cstdint>

namespace tpuc::arch {

/// Vector lanes; lane l owns local bytes [l * kLaneBytes, (l+1) * kLaneBytes).
constexpr int64_t kLanes = 64;
constexpr int64_t kLaneBytes = 256 * 1024;
/// Banks of a lane's memory.
constexpr int64_t kBankBytes = 16 * 1024;
/// Bytes a lane computes a cycle; the alignment of a channel row.
constexpr int64_t kVectorBytes = 64;

/// Where the GDMA sees lane 0 of the local memory.
constexpr uint64_t kLocalBase = 0x0800'0000;
/// Coefficient tables that the firmware writes at start-up.
constexpr uint64_t kStaticBase = 0x0900'0000;
/// Start of the global memory; coefficients lie first.
constexpr uint64_t kGlobalBase = 0x1'0000'0000;
/// Size of the window of global memory.
constexpr uint64_t kGlobalBytes = 0x2'0000'0000;
/// Alignment of tensors in global memory, as the vendor's runtime lays them.
constexpr int64_t kGlobalAlignBytes = 4096;

/// Largest value of the 16-bit size fields.
constexpr int64_t kMaxSize = 65535;

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

#endif // TPUC_KERNEL_ARCH_H
