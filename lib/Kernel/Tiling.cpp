//===- Tiling.cpp - Sizes that a kernel's tiles may have ------------------===//
//
// Divides each axis into ever more parts, within the kernel's granularity.
//
//===----------------------------------------------------------------------===//

#include "Kernel/Tiling.h"
#include "Support/IntMath.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::kernel;

/// Tile sizes of one axis, from the largest that a command can name down.
static llvm::SmallVector<int64_t> axisCandidates(const Arch &arch, int64_t size,
                                                 int64_t granularity) {
  llvm::SmallVector<int64_t> sizes{size};
  if (granularity == 0)
    return sizes;
  if (size > arch.maxSize)
    sizes.front() = arch.maxSize / granularity * granularity;
  for (int64_t parts = 2; sizes.back() > granularity; parts += (parts + 1) / 2)
    if (int64_t cut = alignUp(ceilDiv(size, parts), granularity);
        cut < sizes.back())
      sizes.push_back(cut);
  return sizes;
}

int64_t kernel::countTiles(const Shape4 &space, const Shape4 &tile) {
  int64_t count = 1;
  for (unsigned axis = 0; axis < 4; ++axis)
    count *= ceilDiv(space[axis], tile[axis]);
  return count;
}

/// Whether commands can name the sizes of all inputs of `tile`.
static bool hasNamedSizes(const TiledKernel &kernel, const Box &tile) {
  for (unsigned i = 0; i < kernel.numInputs(); ++i)
    if (llvm::any_of(kernel.inputBox(i, tile).size,
                     [&](int64_t size) { return size > kernel.arch.maxSize; }))
      return false;
  return true;
}

/// The same for tiles of a size: the first one and, as the first lacks what
/// padding stands for, the one behind it on all axes.
static bool hasNamedSizes(const TiledKernel &kernel, const Shape4 &size) {
  Shape4 space = kernel.space();
  Box first{{0, 0, 0, 0}, size}, inner = first;
  for (unsigned axis = 0; axis < 4; ++axis)
    inner.offset[axis] = std::min(size[axis], space[axis] - size[axis]);
  return hasNamedSizes(kernel, first) && hasNamedSizes(kernel, inner);
}

std::vector<Shape4> kernel::tileCandidates(const TiledKernel &kernel) {
  Shape4 space = kernel.space(), granularity = kernel.granularity();
  llvm::SmallVector<int64_t> candidates[4];
  for (unsigned axis = 0; axis < 4; ++axis)
    candidates[axis] =
        axisCandidates(kernel.arch, space[axis], granularity[axis]);
  std::vector<Shape4> tiles;
  for (int64_t n : candidates[N])
    for (int64_t c : candidates[C])
      for (int64_t h : candidates[H])
        for (int64_t w : candidates[W])
          tiles.push_back({n, c, h, w});
  // Few operators are that large.
  if (!hasNamedSizes(kernel, Box{{0, 0, 0, 0}, space}))
    llvm::erase_if(tiles, [&](const Shape4 &size) {
      return !hasNamedSizes(kernel, size);
    });
  auto rank = [&](const Shape4 &tile) {
    bool cutsRows = tile[W] < space[W] && space[H] > 1;
    return std::pair(cutsRows, countTiles(space, tile));
  };
  llvm::stable_sort(tiles, [&](const Shape4 &a, const Shape4 &b) {
    return rank(a) < rank(b);
  });
  return tiles;
}

llvm::SmallVector<Box> kernel::cutSpace(const Shape4 &space,
                                        const Shape4 &tile) {
  llvm::SmallVector<Box> tiles;
  for (int64_t w = 0; w < space[W]; w += tile[W])
    for (int64_t n = 0; n < space[N]; n += tile[N])
      for (int64_t c = 0; c < space[C]; c += tile[C])
        for (int64_t h = 0; h < space[H]; h += tile[H])
          tiles.push_back({{n, c, h, w},
                           {std::min(tile[N], space[N] - n),
                            std::min(tile[C], space[C] - c),
                            std::min(tile[H], space[H] - h),
                            std::min(tile[W], space[W] - w)}});
  return tiles;
}
