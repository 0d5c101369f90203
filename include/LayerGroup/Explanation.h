//===- Explanation.h - Why a schedule is as it is ---------------*- C++ -*-===//
//
// What LayerGroup decided for each operator and each value, why, and what it
// costs. Free of MLIR; names and text are the caller's business.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LAYERGROUP_EXPLANATION_H
#define TPUC_LAYERGROUP_EXPLANATION_H

#include "LayerGroup/Plan.h"

namespace tpuc::group {

/// How a tile's operand reaches the memory that compute() reads, or its result
/// the value's memory.
enum class Access : uint8_t {
  InPlace, ///< the value's own local memory
  Copied,  ///< through a buffer, by copies within the lanes
  Moved    ///< through a buffer, by transfers from or to global memory
};

/// How a kernel was tiled.
struct KernelNote {
  kernel::Shape4 space{}; ///< sizes of the result's axes
  kernel::Shape4 tile{};  ///< sizes of the first tile
  unsigned numTiles = 0;  ///< 0: it only moves data and has no tiles
  /// Peak bytes per lane of a tile.
  int64_t laneBytes = 0;
  llvm::SmallVector<Access, 3> inputs;
  Access result = Access::Moved;
  /// Cost of the choice: cycles, with a charge for commands and memory.
  int64_t cost = 0;
  /// The best tile of another size; no tiles when there was none.
  kernel::Shape4 nextTile{};
  int64_t nextCost = 0;
};

/// Decisions on an operator and their cost.
struct OperatorNote {
  llvm::SmallVector<KernelNote, 1> kernels;
  /// Its steps. A fused operator has those of its consumer.
  unsigned firstStep = 0, lastStep = 0;
  /// The first step in which something is loaded for it.
  unsigned firstLoadStep = 0;
  /// First and last cycle of its commands; none when the end is negative.
  int64_t start = 0, end = -1;
  uint64_t tiuCycles = 0, gdmaCycles = 0;
  /// Index into Explanation::groups.
  std::optional<unsigned> group;
  /// Set when it is computed as a part of another.
  std::optional<ProducerFusion> fusion;
};

struct ValueNote {
  bool isFused = false; ///< exists within tiles only
  /// First and last cycle in which commands of its operators touch it in local
  /// memory; none when the end is negative.
  int64_t start = 0, end = -1;
  int64_t laneBytes = 0; ///< of a lane, when it is resident
  /// Cycles of its transfers between local and global memory: the cost of
  /// spilling it.
  uint64_t transferCycles = 0;
};

/// Operators that are connected by values that never leave local memory.
struct GroupNote {
  llvm::SmallVector<unsigned> operators;
  /// Peak bytes per lane of its live values.
  int64_t laneBytes = 0;
};

struct Explanation {
  std::vector<OperatorNote> operators; ///< by operator
  std::vector<ValueNote> values;       ///< by value
  /// In the order of their first operators; an operator that shares nothing
  /// with another is in none.
  std::vector<GroupNote> groups;
};

} // namespace tpuc::group

#endif // TPUC_LAYERGROUP_EXPLANATION_H
