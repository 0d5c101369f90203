//===- Folders.cpp - Folders of the top dialect ---------------------------===//
//
// Ops that give back an operand: identities of movement. Folding of constants
// is the dialect's, for all ops alike.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Top/IR/Top.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace tpuc::top;

/// op(x) -> x when nothing moves and nothing is repeated: the types agree.
template <typename OpTy> static OpFoldResult foldSameType(OpTy op) {
  if (op.getInput().getType() == op.getOutput().getType())
    return op.getInput();
  return {};
}

/// reshape(constant) -> the same data under another type, uncopied
OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (auto dense = dyn_cast_or_null<DenseElementsAttr>(adaptor.getInput()))
    return dense.reshape(getType());
  if (auto resource =
          dyn_cast_or_null<DenseResourceElementsAttr>(adaptor.getInput()))
    return DenseResourceElementsAttr::get(getType(), resource.getRawHandle());
  return foldSameType(*this);
}
OpFoldResult BroadcastOp::fold(FoldAdaptor adaptor) {
  return foldSameType(*this);
}
OpFoldResult CastOp::fold(FoldAdaptor adaptor) { return foldSameType(*this); }
OpFoldResult PadOp::fold(FoldAdaptor adaptor) { return foldSameType(*this); }
OpFoldResult TileOp::fold(FoldAdaptor adaptor) { return foldSameType(*this); }

/// permute[0, 1, ...](x) -> x
OpFoldResult PermuteOp::fold(FoldAdaptor adaptor) {
  for (auto [index, axis] : llvm::enumerate(getOrder()))
    if (int64_t(index) != axis)
      return {};
  return getInput();
}

/// concat(x) -> x
OpFoldResult ConcatOp::fold(FoldAdaptor adaptor) {
  return getInputs().size() == 1 ? getInputs().front() : Value();
}

/// A slice of everything, in order -> x
OpFoldResult SliceOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() != getOutput().getType())
    return {};
  for (auto [size, step] : llvm::zip(getSizes(), getSteps()))
    if (size > 1 && step < 0)
      return {};
  return getInput();
}

/// A resize by scales of exactly 1 -> x. Equal sizes are not enough: a scale
/// of 1.01 moves the samples.
OpFoldResult ResizeOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() != getOutput().getType() ||
      !llvm::all_of(getScales(), [](double scale) { return scale == 1; }))
    return {};
  return getInput();
}
