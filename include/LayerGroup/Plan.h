//===- Plan.h - What LayerGroup decides -------------------------*- C++ -*-===//
//
// All decisions on a program, as values: which kernels become one, the tiles of
// every kernel, where each value and each buffer lies, when loads are issued.
// Commands follow from a program and its plan; nothing else is decided.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LAYERGROUP_PLAN_H
#define TPUC_LAYERGROUP_PLAN_H

#include "LayerGroup/Program.h"

namespace tpuc::group {

/// Why a value was allocated as it was. Some causes come from an operator, of
/// which Allocation::causeOp is the index.
enum class Cause : uint8_t {
  Fits,         ///< in local memory, which has room for its live range
  Caller,       ///< an input or output of the network
  Off,          ///< nothing is kept in local memory, by option
  NoLanes,      ///< it has no lane layout, or strides that no command has
  TooLarge,     ///< it exceeds a lane
  NoRoom,       ///< spilled to make room for an operator
  ReadByMove,   ///< an operator reads it by transfers from global memory only
  WrittenByMove ///< an operator writes it by transfers to global memory only
};

/// The memory of a value during its live range.
struct Allocation {
  bool isResident = false;
  uint32_t address = 0; ///< in every lane
  bool isGlobal = false;
  int64_t globalOffset = 0; ///< from the activation base
  unsigned firstStep = 0, lastStep = 0;
  /// The reason, and the operator that it comes from.
  Cause cause = Cause::Fits;
  unsigned causeOp = 0;
};

/// Two operators that become one: `from` loses its kernel, its results and its
/// operands to `into`, and `value` exists within tiles only.
struct PlannedFusion {
  unsigned from = 0, into = 0; ///< operators
  unsigned value = 0;
  /// Of both apart, 0 when that did not fit, and of both as one.
  int64_t apartCycles = 0, cycles = 0;
};

/// A point in time: a tile of an operator, or a transfer of one that only moves
/// data, counted over all of its kernels.
struct TileTime {
  unsigned op = 0, tile = 0;

  bool operator==(const TileTime &) const = default;
};

/// Entry `i` of a periodic list: one with fewer entries is repeated.
template <typename T> const T &entryOf(const std::vector<T> &list, size_t i) {
  return list[i % list.size()];
}

/// Buffers of the loads of one kernel input, and when these are issued: an
/// entry a load, in the order of use.
struct PlannedLoads {
  /// Index of the input; nothing for what all tiles of a kernel share.
  std::optional<unsigned> input;
  std::vector<int64_t> addresses; ///< in every lane
  /// Start of each buffer's live range; empty: when the load is issued.
  std::vector<TileTime> rooms;
  /// Before which tile it is issued; empty: when it is needed.
  std::vector<TileTime> issues;
};

/// The tile sizes of a kernel and the addresses of its buffers.
struct PlannedKernel {
  kernel::Shape4 tile{};           ///< sizes; zeros: it only moves data
  std::vector<PlannedLoads> loads; ///< by input, in the order of first need
  /// Addresses of the tiles' results and scratch memory; a tile that needs
  /// none, since its result is written in place, has none.
  std::vector<int64_t> results, scratch;
  /// Cost of the choice, and the next best tile size (zeros when there was
  /// none). Cycles, with a charge for commands and memory.
  int64_t cost = 0, nextCost = 0;
  kernel::Shape4 nextTile{};
};

struct Plan {
  /// Bytes per lane that the program may use, from address 0.
  int64_t localBytes = 0;
  /// Whether a tile's store is issued after the loads of the next step, since
  /// GDMA would stall on the tile's computation otherwise.
  bool fillsWaits = true;
  std::vector<PlannedFusion> fusions;  ///< in order: each sees the ones before
  std::vector<Allocation> allocations; ///< by value
  /// Of the program after its fusions, in order.
  std::vector<PlannedKernel> kernels;
  int64_t globalBytes = 0; ///< of all activations
  uint64_t cycles = 0;     ///< on the timing model
};

} // namespace tpuc::group

#endif // TPUC_LAYERGROUP_PLAN_H
