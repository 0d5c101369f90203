//===- CopySide.h - One side of a copy within lanes ------------*- C++ -*-===//
//
// How a tile of a copy lies in one of its two places, and how it gets there by
// the longest runs.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_KERNEL_COPYSIDE_H
#define TPUC_LIB_KERNEL_COPYSIDE_H

#include "Kernel/CommandBuilder.h"
#include "SplitCopy.h"

namespace tpuc::kernel {

/// The axes of a copy with the strides of one side. A tile has all of them but
/// a part of one, the cut axis; it lies in a lane in the order that it has in
/// global memory, as [n, c, h, w]: c the lanes, w the run, h the cut axis where
/// the run does not hold it, n one more axis; other axes are transfers.
class CopySide {
public:
  using Stride = int64_t StridedAxis::*;

  /// `mayCover`: runs may take in elements that the copy leaves out, which is
  /// for reading.
  CopySide(const Arch &arch, const GlobalTensor &global, Stride stride,
           const StridedAxis &lanes, llvm::ArrayRef<StridedAxis> axes,
           unsigned cut, bool mayCover);

  /// Transfers of a tile.
  int64_t numTransfers() const { return transfers; }
  /// Elements of a lane from the first to the last of a tile with `rows`
  /// elements on the cut axis.
  int64_t laneElements(int64_t rows) const;
  /// Elements of such a tile that go to w.
  int64_t columns(int64_t rows) const {
    return coversCut ? (rows - 1) * cutStride() + run : run;
  }
  /// Bytes that transfers of such a tile count for, of a lane.
  int64_t transferBytes(int64_t rows) const;
  /// Elements by which the tile behind `rows` elements of the cut axis starts.
  int64_t startOf(int64_t rows) const { return rows * cutStride(); }

  /// Such a tile of `channels` lanes in local memory, from address 0 on.
  LocalTensor place(int64_t channels, int64_t rows) const;
  /// Distance of neighbours on each axis in a tile of `rows` that lies as
  /// `local`.
  llvm::SmallVector<int64_t> localStrides(const LocalTensor &local,
                                          int64_t rows) const;

  using TransferAction =
      llvm::function_ref<void(const LocalTensor &, const GlobalTensor &)>;
  /// Calls `action` with each transfer of the tile from channel `firstChannel`
  /// and element `firstRow` of the cut axis on, `rows` of them: the places in
  /// `local`, which holds the tile, and in global memory.
  void forEachTransfer(int64_t firstChannel, int64_t firstRow, int64_t rows,
                       const LocalTensor &local, TransferAction action) const;

private:
  int64_t cutStride() const { return axes[cut].*stride; }
  LocalTensor viewOfTransfer(const LocalTensor &whole, int64_t rows) const;
  /// Distances in a lane for tiles of `rows`.
  llvm::SmallVector<int64_t> denseStrides(int64_t rows) const;

  const Arch &arch;
  GlobalTensor global;
  Stride stride;
  int64_t laneStride;
  unsigned cut;
  StridedAxes axes;
  llvm::SmallVector<unsigned> inner; ///< axes of the run, the innermost first
  llvm::SmallVector<unsigned> outer; ///< the others, the innermost first
  std::optional<unsigned> n;         ///< the one of them that is n
  int64_t run = 1;                   ///< elements of the axes in the run
  int64_t transfers = 1;
  bool continuesCut = false; ///< the run goes on along the cut axis
  bool coversCut = false;    ///< ... with elements that are left out
};

} // namespace tpuc::kernel

#endif // TPUC_LIB_KERNEL_COPYSIDE_H
