//===- LanePermute.h - Movements between lanes as products -----*- C++ -*-===//
//
// Rows that change their lane in regular ways, as windows that are shifted or
// merged do, are the sums of a few products with matrices of zeros and ones.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_LANEPERMUTE_H
#define TPUC_KERNEL_LANEPERMUTE_H

#include "Analysis/Boxes.h"
#include "Kernel/Kernel.h"

#include <optional>
#include <vector>

namespace tpuc::kernel {

/// A movement as products. What a lane holds is a sequence of slots, each a run
/// of bytes that moves as a whole.
struct LanePermutation {
  /// Adds `matrix` times `count` slots of the source, from `source` on with
  /// distance `step`, to the slots from `position` on of a group.
  struct Product {
    unsigned matrix;
    int64_t position, source, step, count;
    bool accumulates; ///< false: the first that writes these slots
  };
  /// Slots of the result that the same matrices make: `count` from `first` on
  /// with distance `step`.
  struct Group {
    int64_t first, step, count;
    llvm::SmallVector<Product> products;
  };

  /// Columns of a matrix: bytes that an INT8 product takes at once.
  int64_t depth = 0;
  int64_t runBytes = 0;
  int64_t resultLanes = 0, sourceLanes = 0;
  std::vector<Group> groups;
  /// [result lane][matrix][depth]: one where a lane gets what another has. i8.
  std::vector<char> matrices;
  int64_t numMatrices = 0;
};

/// The movement of `boxes` (in elements, of whole values) as products; nothing
/// when the values have no lanes or fill more than half of them, when runs are
/// shorter than a vector or stay in their lanes, or when transfers from lane to
/// lane are cheaper.
std::optional<LanePermutation>
planLanePermutation(const Arch &arch, const GlobalTensor &result,
                    const GlobalTensor &source,
                    llvm::ArrayRef<StridedMap> boxes);

/// Appends the kernel of a movement between whole values. `matrices` holds
/// those of `permutation`, as [1, result lanes, 1, matrices * depth] in i8.
/// Bytes move as they are, whatever the values' type.
void makeLanePermuteKernel(const Arch &arch, const GlobalTensor &result,
                           const GlobalTensor &source,
                           const GlobalTensor &matrices,
                           LanePermutation permutation, KernelList &kernels);

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_LANEPERMUTE_H
