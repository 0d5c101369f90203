//===- Elementwise.h - Maps over tensors with broadcasting -----*- C++ -*-===//
//
// One kernel for everything that computes each result element from the operand
// elements at the same (broadcast) position: arithmetic with one or two
// tensors, casts, comparisons, selection, functions of one variable.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_ELEMENTWISE_H
#define TPUC_KERNEL_ELEMENTWISE_H

#include "Kernel/Kernel.h"

#include <functional>

namespace tpuc::kernel {

/// Computes one tile: operands broadcast against `result` (see Operand);
/// `scratch` holds as many tensors as asked for, shaped like `result`;
/// `constants` is where setUp() wrote.
using TileFunction = std::function<void(
    CommandBuilder &, const LocalTensor &result,
    llvm::ArrayRef<LocalTensor> operands, llvm::ArrayRef<LocalTensor> scratch,
    uint32_t constants)>;

/// A tensor of any rank, contiguous in global memory.
struct ShapedTensor {
  GlobalTensor tensor; ///< only place and type count
  llvm::SmallVector<int64_t> shape;
};

struct ElementwiseParams {
  ShapedTensor result;
  /// Ranks equal the result's; each axis has the result's size or 1.
  llvm::SmallVector<ShapedTensor, 2> operands;
  TileFunction compute;
  /// The bytes of operands that are constants, row-major; empty for others.
  llvm::SmallVector<llvm::ArrayRef<char>, 2> constants;
  /// Places bytes that the kernels read in another order than the operand's, as
  /// a tensor of the given type and shape. Without it all is read in place.
  std::function<GlobalTensor(std::vector<char>, ElementType, const Shape4 &)>
      addConstant;
  /// Whether `compute` takes tensors of any strides.
  bool takesStrides = false;
  /// Scratch tensors a tile, by element type.
  llvm::SmallVector<ElementType, 4> scratch;
  /// Constants that all tiles share: bytes a lane, and what writes them.
  int64_t constantBytes = 0;
  std::function<void(CommandBuilder &, uint32_t address)> setUp;
};

/// Appends the kernels that compute `params` (several when a size does not
/// divide among the lanes or there are many broadcast axes).
void makeElementwiseKernels(const Arch &arch, const ElementwiseParams &params,
                            KernelList &kernels);

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_ELEMENTWISE_H
