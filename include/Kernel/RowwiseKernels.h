//===- RowwiseKernels.h - Kernels over the rows of a matrix -----*- C++ -*-===//
//
// Softmax, normalisation and reduction: what combines the elements of each row
// of a matrix that is contiguous in global memory.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_ROWWISEKERNELS_H
#define TPUC_KERNEL_ROWWISEKERNELS_H

#include "Kernel/Kernel.h"
#include "Kernel/VectorProgram.h"

#include <memory>

namespace tpuc::kernel {

/// A vector program over all rows of a matrix.
struct RowParams {
  struct Operand {
    GlobalTensor tensor; ///< only place and type count
    Extent extent;       ///< Full: the matrix; Column: one row for all
  };

  int64_t rows = 0, columns = 0;
  /// In the order in which `program` takes its inputs.
  llvm::SmallVector<Operand, 3> operands;
  /// rows x columns elements, or one a row, as the list's result is.
  GlobalTensor result;
  std::shared_ptr<const VectorProgram> program;
};

void makeRowKernels(const Arch &arch, const RowParams &params,
                    KernelList &kernels);

/// What a reduction computes; numbered as tpu::ReduceKind.
enum class Reduction : uint8_t { Mean, Sum, Max, Min };

/// A matrix of floats of `rows` rows and a result of its type; both give place
/// and type only.
struct RowOperation {
  GlobalTensor operand, result;
  int64_t rows = 0, columns = 0;
};

/// exp(x - max) / sum(exp(x - max)) of each row, or its logarithm, computed in
/// the operand's type with sums in f32. A row of which all elements are
/// -infinity becomes constant.
void makeSoftmaxKernels(const Arch &arch, const RowOperation &operation,
                        bool isLog, KernelList &kernels);

/// The normalisation of each row in its type, with sums in f32: (x - mean) /
/// sqrt(variance + epsilon), or without the mean x / sqrt(mean(x^2) + epsilon),
/// times `scale` plus `bias` (one a column). In f16 rows
/// are scaled so that every finite row has a finite result.
struct NormParams : RowOperation {
  bool subtractMean = true;
  double epsilon = 0;
  std::optional<GlobalTensor> scale, bias;
};
void makeNormKernels(const Arch &arch, const NormParams &params,
                     KernelList &kernels);

/// One element a row. Sums are kept in f32.
void makeReduceKernels(const Arch &arch, const RowOperation &operation,
                       Reduction reduction, KernelList &kernels);

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_ROWWISEKERNELS_H
