//===- Patterns.h - Rewrites of the top dialect -----------------*- C++ -*-===//
//
// One populate function a family of patterns that a pass applies. Not for other
// libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_DIALECT_TOP_TRANSFORMS_PATTERNS_H
#define TPUC_LIB_DIALECT_TOP_TRANSFORMS_PATTERNS_H

#include "../Canonicalize/Patterns.h"

namespace tpuc::top {

/// Activations out of their formulas: gelu, silu, hardswish, mish, softplus.
void populateActivationPatterns(mlir::RewritePatternSet &patterns);
/// layer_norm and rms_norm out of their formulas.
void populateNormalizationPatterns(mlir::RewritePatternSet &patterns);
/// group_norm out of reshapes and instance normalisation.
void populateGroupNormPatterns(mlir::RewritePatternSet &patterns);

/// Constant factors and summands into weights and biases; batch_norm. Changes
/// rounding.
void populateAffinePatterns(mlir::RewritePatternSet &patterns);
/// Factors and summands of channels into the convolution that reads them.
/// Changes rounding.
void populateLeadingAffinePatterns(mlir::RewritePatternSet &patterns);
/// Chains of arithmetic with constants. Changes rounding.
void populateConstantChainPatterns(mlir::RewritePatternSet &patterns);
/// Factors and summands of columns into the linear layers around them, also
/// through views and out of attention. Changes rounding.
void populateProjectionPatterns(mlir::RewritePatternSet &patterns);
/// Parts of a product that lie between its columns as runs of them.
void populatePackedProductPatterns(mlir::RewritePatternSet &patterns);
/// The projections that attention reads into one product.
void populatePackingPatterns(mlir::RewritePatternSet &patterns);
/// Rotary embeddings of some rows as those of all. Before slices move.
void populateRotationPatterns(mlir::RewritePatternSet &patterns);
/// Products with small matrices along outer axes as sums of parts. Changes
/// rounding. After products of rows have two axes.
void populateMixedAxisPatterns(mlir::RewritePatternSet &patterns);
void populateJoinedHeadPatterns(mlir::RewritePatternSet &patterns);
/// Products of rows with one matrix in two axes, reshapes below elementwise
/// ops.
void populateRowPatterns(mlir::RewritePatternSet &patterns);

} // namespace tpuc::top

#endif // TPUC_LIB_DIALECT_TOP_TRANSFORMS_PATTERNS_H
