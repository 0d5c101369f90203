//===- Arch.h - A chip of the family ---------------------------*- C++ -*-===//
//
// Sizes of a chip's memories and vectors and its nominal rates. Whoever needs
// one gets the chip from its caller; passes read which one it is from the
// module (Arch/Chip.h). No policy.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_ARCH_ARCH_H
#define TPUC_ARCH_ARCH_H

#include <cstdint>

namespace tpuc {

/// The facts of one chip. Bytes and elements, cycles of its clock.
struct Arch {
  /// Its name in the IR and on the command line.
  const char *name;

  //===--- Lanes ------------------------------------------------------------//

  /// Vector lanes; lane l owns local bytes [l * laneBytes, (l+1) * laneBytes).
  int64_t lanes;
  int64_t laneBytes;
  /// Banks of a lane's memory.
  int64_t bankBytes;
  /// Bytes a lane computes a cycle; the alignment of a channel row.
  int64_t vectorBytes;
  /// Largest value of the commands' size fields.
  int64_t maxSize;

  /// A convolution or product gives this many positions a lane and cycle, each
  /// summed over this many 16-bit channels; over twice as many of INT8.
  int64_t productPositions;
  int64_t productDepth;

  //===--- Memory map -------------------------------------------------------//

  /// Where the GDMA sees lane 0 of the local memory.
  uint64_t localBase;
  /// Coefficient tables that the firmware writes at start-up.
  uint64_t staticBase;
  uint64_t staticBytes;
  /// Memory that the cores of a larger chip of the family share.
  uint64_t l2Base;
  uint64_t l2Bytes;
  /// The window of global memory; coefficients lie first.
  uint64_t globalBase;
  uint64_t globalBytes;
  /// Alignment of tensors in global memory, as the vendor's runtime lays them.
  int64_t globalAlignBytes;

  //===--- Rates ------------------------------------------------------------//

  /// Bytes a cycle that the memory interface has at most.
  double ddrBytesPerCycle;
  /// A row of fewer bytes in global memory takes as long as one of this many.
  int64_t shortestRowBytes;
  /// Bytes a cycle of transfers as choices made before there are commands take
  /// them: loads, and moves within one memory, between lanes too. The transfer
  /// engine's timing as a whole is the timing simulator's.
  int64_t loadBytesPerCycle;
  int64_t moveBytesPerCycle;
  /// The same of values that are spilled to global memory and read again, in
  /// rows that are often short.
  int64_t spillBytesPerCycle;

  //===--- What follows -----------------------------------------------------//

  /// Bytes of all lanes.
  constexpr int64_t localBytes() const { return lanes * laneBytes; }
  constexpr uint64_t localEnd() const {
    return localBase + uint64_t(localBytes());
  }
  constexpr uint64_t globalEnd() const { return globalBase + globalBytes; }

  /// The smallest whole number of vectors that holds `bytes`.
  constexpr int64_t wholeVectors(int64_t bytes) const {
    return (bytes + vectorBytes - 1) / vectorBytes * vectorBytes;
  }
  /// Channel rows that a lane holds when `channels` lie across the lanes, the
  /// first of them in lane 0.
  constexpr int64_t channelRows(int64_t channels) const {
    return (channels + lanes - 1) / lanes;
  }
  /// Largest divisor of `size` that is at most the number of lanes.
  constexpr int64_t laneDivisor(int64_t size) const {
    for (int64_t divisor = lanes; divisor > 1; --divisor)
      if (size % divisor == 0)
        return divisor;
    return 1;
  }
};

} // namespace tpuc

#endif // TPUC_ARCH_ARCH_H
