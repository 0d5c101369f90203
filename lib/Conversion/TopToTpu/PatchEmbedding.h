//===- PatchEmbedding.h - Convolutions of patches ---------------*- C++ -*-===//
//
// The form of a convolution of patches, whose strides a command may not have.
// Not for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TOPTOTPU_PATCHEMBEDDING_H
#define TPUC_LIB_CONVERSION_TOPTOTPU_PATCHEMBEDDING_H

#include "Lowering.h"

namespace tpuc {

/// A convolution of patches with strides beyond the command's, as one whose
/// rows are the patches:
///   [n, c, ph * kh, pw * kw] -> [n, c * kh, ph * pw, kw], window 1 x kw.
/// Only whole rows of the input move, and the filter's elements stay in order.
class PatchEmbedding {
public:
  /// The form of `conv`; nothing when it has none, its strides are the
  /// command's, or the product of patches and filter is faster.
  static std::optional<PatchEmbedding> match(const Arch &arch,
                                             top::ConvOp conv);

  /// The input in this form, in the element type that it has.
  mlir::Value arrange(mlir::Value input, Lowering &lowering) const;

  llvm::ArrayRef<int64_t> getInputShape() const { return inputShape; }
  llvm::ArrayRef<int64_t> getFilterShape() const { return filterShape; }
  llvm::ArrayRef<int64_t> getResultShape() const { return resultShape; }

private:
  llvm::SmallVector<int64_t> split, inputShape, filterShape, resultShape;
};

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TOPTOTPU_PATCHEMBEDDING_H
