//===- Tiling.h - Sizes that a kernel's tiles may have ---------*- C++ -*-===//
//
// Lists tile sizes of a kernel and cuts its space into tiles. Which size is
// best is for whoever knows the memory and the cost.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_TILING_H
#define TPUC_KERNEL_TILING_H

#include "Kernel/Kernel.h"

#include <vector>

namespace tpuc::kernel {

/// Tile sizes of `kernel` from few tiles to many; sizes that cut rows come
/// last, since parts of rows are short runs in global memory.
std::vector<Shape4> tileCandidates(const TiledKernel &kernel);

/// Number of tiles of this size in `space`.
int64_t countTiles(const Shape4 &space, const Shape4 &tile);

/// The tiles of a space. Columns are outermost: what a column tile needs of a
/// weight stays while the rows pass.
llvm::SmallVector<Box> cutSpace(const Shape4 &space, const Shape4 &tile);

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_TILING_H
