//===- MatmulPanels.h - Right operands in the order of transfers -*- C++
//-*-===//
//
// How a constant matrix lies in global memory, so that the matrix transfer,
// which is 7 % faster than the tensor transfer and has no short rows, brings it
// into the lanes. What is multiplied is not decided here.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_MATMULPANELS_H
#define TPUC_KERNEL_MATMULPANELS_H

#include "Kernel/CommandBuilder.h"
#include "Support/IntMath.h"
#include "llvm/ADT/ArrayRef.h"

#include <vector>

namespace tpuc::kernel {

/// A matrix [depth, columns] in panels of some columns, one after the other.
/// Row k of a panel goes to lane k % lanes, and runs hold for each lane one
/// row or, of panels that would have short rows, several. Then the last panel
/// is padded to whole vectors, and each lies by itself in local memory, its
/// rows at the distance that its own columns imply.
struct MatmulPanels {
  int64_t columns = 0; ///< of a panel; 0: the matrix lies row-major
  int64_t runRows = 1; ///< rows of a lane in a run

  explicit operator bool() const { return columns != 0; }
  /// Whether panels lie apart in local memory.
  bool areApart() const { return runRows > 1; }
  int64_t count(int64_t matrixColumns) const {
    return ceilDiv(matrixColumns, columns);
  }
  /// Columns in global memory.
  int64_t paddedColumns(const Arch &arch, int64_t matrixColumns,
                        ElementType type) const;

  /// The panels in which a matrix is loaded fastest for a product with `rows`
  /// rows; no panels when the tensor transfer is as good. Panels are apart only
  /// for products whose result has one row a lane: their commands imply the
  /// distance of rows from their number of columns.
  static MatmulPanels choose(const Arch &arch, int64_t rows, int64_t depth,
                             int64_t columns, ElementType type);

  /// The bytes of a row-major matrix in panels.
  std::vector<char> pack(const Arch &arch, llvm::ArrayRef<char> matrix,
                         int64_t depth, int64_t matrixColumns,
                         ElementType type) const;

  /// Where the panels that hold `width` columns lie in local memory, from
  /// address 0 on: [panels, depth, 1, columns] when they are apart, otherwise
  /// [1, depth, 1, width].
  LocalTensor place(const Arch &arch, int64_t depth, int64_t width,
                    ElementType type) const;

  /// The panel, of those that are apart, that holds `width` columns from
  /// `first` on: [1, depth, 1, width] in the layout that a product implies.
  LocalTensor panelOf(const LocalTensor &local, int64_t first,
                      int64_t width) const;

  /// Loads the panels that hold the columns from `first` on into `local`, as
  /// place() says. `first` is a multiple of a panel's columns.
  void load(CommandBuilder &builder, const GlobalTensor &matrix, int64_t first,
            const LocalTensor &local) const;
};

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_MATMULPANELS_H
