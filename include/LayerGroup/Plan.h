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

/// Why a value lies where it lies. Some causes come from an operator, of which
/// Place::causeOp is the index.
enum class Cause : uint8_t {
  Fits,         ///< in local memory: there is room as long as it lives
  Caller,       ///< an input or output of the network
  Off,          ///< nothing is kept in local memory, by option
  NoLanes,      ///< it has no lanes, or strides that no command can say
  TooLarge,     ///< it exceeds a lane
  NoRoom,       ///< it left to make room for an operator
  ReadByMove,   ///< an operator reads it by transfers from global memory only
  WrittenByMove ///< an operator writes it by transfers to global memory only
};

/// Where a value lies while it lives.
struct Allocation {
  bool isResident = false;
  uint32_t address = 0; ///< in every lane
  bool isGlobal = false;
  int64_t globalOffset = 0; ///< from the activation base
  unsigned firstStep = 0, lastStep = 0;
  /// Why it lies there, and the operator that it comes from.
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

/// Where a list has an entry an occasion, one of fewer entries is repeated.
template <typename T> const T &entryOf(const std::vector<T> &list, size_t i) {
  return list[i % list.size()];
}

/// Room for what is loaded as one input of a kernel, and when that happens. An
/// entry a load, in the order of need.
struct PlannedLoads {
  /// Index of the input; nothing for what all tiles of a kernel share.
  std::optional<unsigned> input;
  std::vector<int64_t> addresses; ///< in every lane
  /// From when on the room is held; empty: when it is issued.
  std::vector<TileTime> rooms;
  /// Before which tile it is issued; empty: when it is needed.
  std::vector<TileTime> issues;
};

/// How a kernel is cut, and where its tiles have their buffers.
struct PlannedKernel {
  kernel::Shape4 tile{};           ///< sizes; zeros: it only moves data
  std::vector<PlannedLoads> loads; ///< by input, in the order of first need
  /// Addresses of the tiles' results and scratch memory; a tile that needs
  /// none, since its result is written in place, has none.
  std::vector<int64_t> results, scratch;
  /// What the choice went by, and the best tile of another size; no size when
  /// there was none. Cycles, with a charge for commands and memory.
  int64_t cost = 0, nextCost = 0;
  kernel::Shape4 nextTile{};
};

struct Plan {
  /// Local bytes of a lane that the program may use, from address 0.
  int64_t localBytes = arch::kLaneBytes;
  /// Whether a tile's store is issued after the loads for the next step, as
  /// the transfer engine would wait for the tile's computation otherwise.
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
