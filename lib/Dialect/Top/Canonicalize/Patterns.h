//===- Patterns.h - Canonicalisation of the top dialect ---------*- C++ -*-===//
//
// One populate function a family of patterns. Not for other libraries: they
// reach the patterns through the canonicaliser and the passes.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_DIALECT_TOP_CANONICALIZE_PATTERNS_H
#define TPUC_LIB_DIALECT_TOP_CANONICALIZE_PATTERNS_H

#include "mlir/IR/PatternMatch.h"

namespace tpuc::top {

/// All families that the canonicaliser applies. They keep every result's value
/// (of floats: up to the rounding of a reciprocal).
void populateCanonicalizationPatterns(mlir::RewritePatternSet &patterns);

/// reshape, permute, depth_to_space, space_to_depth.
void populateViewPatterns(mlir::RewritePatternSet &patterns);
/// permute with reshape and slice.
void populatePermutePatterns(mlir::RewritePatternSet &patterns);
/// Convolutions of strided slices that are joined as channels.
void populatePhasePatterns(mlir::RewritePatternSet &patterns);
/// slice, concat, gather by constant indices, pad.
void populateSlicePatterns(mlir::RewritePatternSet &patterns);
/// Neutral elements, powers, limits.
void populateArithmeticPatterns(mlir::RewritePatternSet &patterns);
/// tile and broadcast.
void populateBroadcastPatterns(mlir::RewritePatternSet &patterns);
/// Padded and global windows of convolutions and pools.
void populateWindowPatterns(mlir::RewritePatternSet &patterns);
/// Transposition of matmul's operands.
void populateMatMulPatterns(mlir::RewritePatternSet &patterns);

} // namespace tpuc::top

#endif // TPUC_LIB_DIALECT_TOP_CANONICALIZE_PATTERNS_H
