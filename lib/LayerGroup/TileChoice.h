//===- TileChoice.h - The tile of a kernel ----------------------*- C++ -*-===//
//
// Finds out which operands of a tile need buffers, given where values lie, and
// chooses the tile size that costs least.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_LAYERGROUP_TILECHOICE_H
#define TPUC_LIB_LAYERGROUP_TILECHOICE_H

#include "ResidentBuilder.h"

#include <map>

namespace tpuc::group {

struct OperandPlan {
  kernel::Box box;
  Access access = Access::Moved;
  /// In place: the tensor. Else the tensor relative to its buffer.
  kernel::LocalTensor tensor;
  /// Reads coefficients only: may be loaded at any time.
  bool isConstant = false;
};

struct TilePlan {
  kernel::Box tile;
  llvm::SmallVector<OperandPlan, 3> inputs;
  Access result = Access::Moved;
  kernel::LocalTensor resultTensor;
  /// Stored to global memory as well.
  bool storesGlobal = false;
  int64_t scratchBytes = 0;
};

/// A kernel cut into tiles.
struct KernelPlan {
  kernel::Shape4 size{}; ///< of a tile
  std::vector<TilePlan> tiles;
  int64_t constantBytes = 0;
  /// Most local bytes of a lane that one tile needs.
  int64_t peakBytes = 0;
  uint64_t tiuCycles = 0, gdmaCycles = 0;
  /// What it was chosen by, and the next best size of a tile with its cost.
  double cost = 0, nextCost = 0;
  kernel::Shape4 nextTile{};
  PlacementConstraints constraints;
};

/// Tiles of one size, as far as they were looked at.
struct Candidate {
  /// Without its tiles.
  KernelPlan plan;
  size_t numTiles = 0;
  uint64_t tiuCommands = 0, gdmaCommands = 0;
  /// The plan's cycles and constraints, and the commands, are known.
  bool isCosted = false;
};

/// What is known of a kernel's tiles, while its values lie where they lie.
struct Candidates {
  std::vector<kernel::Shape4> sizes; ///< in the order in which they are tried
  std::map<kernel::Shape4, Candidate> bySize;
};

/// Plans one tile.
TilePlan planTile(const kernel::TiledKernel &kernel, const kernel::Box &tile,
                  const AllocationMap &allocations);

/// Bytes of all buffers of one tile.
int64_t tileBytes(const kernel::TiledKernel &kernel, const TilePlan &tile);

/// The cheapest plan that needs at most `budget` bytes; nothing when none does.
/// Looks up in `known` what tiles cost, and adds to it.
std::optional<KernelPlan> planKernel(const kernel::TiledKernel &kernel,
                                     const AllocationMap &allocations,
                                     int64_t budget, const Options &options,
                                     const CostWeights &costWeights = {},
                                     Candidates *known = nullptr);

/// The plan of tiles of `size`, whatever they cost.
KernelPlan cutKernel(const kernel::TiledKernel &kernel,
                     const kernel::Shape4 &size,
                     const AllocationMap &allocations);

/// What a kernel that is not tiled wants elsewhere.
PlacementConstraints constraintsOf(const kernel::TransferKernel &kernel,
                                   const AllocationMap &allocations);

/// The least bytes that any tile size needs.
int64_t leastBytes(const kernel::TiledKernel &kernel,
                   const AllocationMap &allocations);

/// Emits the commands of one tile at the given buffer addresses: what copies
/// operands within lanes, the computation, and what copies the result.
void emitTile(ResidentBuilder &builder, const kernel::TiledKernel &kernel,
              const TilePlan &tile, llvm::ArrayRef<uint32_t> inputBuffers,
              uint32_t resultBuffer, uint32_t scratch, uint32_t constants);

/// The operand's tensor when its buffer starts at `buffer`.
kernel::LocalTensor operandTensor(const OperandPlan &operand, uint32_t buffer);

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_TILECHOICE_H
