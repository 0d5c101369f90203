//===- Copy.h - Moving elements in global memory ----------------*- C++ -*-===//
//
// Kernels that compute nothing: strided copies (permutation, slicing,
// concatenation, broadcasting, padding) and gathers.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_COPY_H
#define TPUC_KERNEL_COPY_H

#include "Analysis/StridedMap.h"
#include "Kernel/Kernel.h"

#include <optional>

namespace tpuc::kernel {

/// The two sides of a copy: place, type (which must agree), split and number of
/// elements of whole values, at least.
struct CopyParams {
  GlobalTensor result, source;
  /// [1, lanes, 1, lanes], the identity matrix of a 16-bit float type, or in i8
  /// for bytes; with it, lanes and rows are transposed in local memory.
  std::optional<GlobalTensor> identity;
  /// All that read the result read it from global memory: transfers then follow
  /// the lanes of the source, which may be resident.
  bool passesGlobal = false;
};

/// Appends the kernels that copy source[sum i*sourceStride] to
/// result[sum i*resultStride] for all i; every result element is written at
/// most once.
void makeCopyKernels(const Arch &arch, const CopyParams &params,
                     llvm::ArrayRef<StridedAxis> axes, KernelList &kernels);

/// Whether makeCopyKernels() copies between the splits of the two sides by
/// transposing lanes and rows in local memory, when it has the identity matrix.
bool transposesLanes(const Arch &arch, const CopyParams &params,
                     llvm::ArrayRef<StridedAxis> axes);

/// Whether makeCopyKernels() copies between the splits of the two sides without
/// global memory.
bool staysLocal(const Arch &arch, const CopyParams &params,
                llvm::ArrayRef<StridedAxis> axes);

/// Columns that come from one place, where they lie row by row, or that all
/// hold one element, given by its bits.
struct RowPart {
  std::optional<GlobalTensor> source;
  int64_t columns;
  uint32_t bits = 0;
};

/// Appends a kernel that joins the columns of `parts` in each of `rows` rows.
/// False, with nothing appended, when rows are too long for it.
bool makeRowConcat(const Arch &arch, const GlobalTensor &result,
                   llvm::ArrayRef<RowPart> parts, int64_t rows,
                   KernelList &kernels);

/// Appends the kernels that copy the channels of `source`, [1, C, H, W], to
/// those of `result` from `firstChannel` on, which lie in other lanes: products
/// with `identity`, [1, lanes, 1, lanes] in i8, of their bytes. False, with
/// nothing appended, where the values have no lanes or transfers take less.
bool makeLaneShift(const Arch &arch, const GlobalTensor &result,
                   const GlobalTensor &source, int64_t firstChannel,
                   const GlobalTensor &identity, KernelList &kernels);

/// Appends a kernel that writes `bits` into `count` elements from `result` on.
void makeFillKernels(const Arch &arch, const GlobalTensor &result,
                     int64_t count, uint32_t bits, KernelList &kernels);

/// Appends the kernels of result[o, i, :] = source[o, index[i], :] with `outer`
/// slabs of `rows` rows of `inner` elements; `count` indices, i32, shared by
/// the slabs. A row out of range reads as zero.
void makeGatherKernels(const Arch &arch, const GlobalTensor &result,
                       const GlobalTensor &source, const GlobalTensor &index,
                       int64_t outer, int64_t rows, int64_t inner,
                       int64_t count, KernelList &kernels);

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_COPY_H
