//===- NormFormulas.h - Formulas of normalisations --------------*- C++ -*-===//
//
// Reads means, variances and roots of them, however they are spelled. Not for
// other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_DIALECT_TOP_TRANSFORMS_NORMFORMULAS_H
#define TPUC_LIB_DIALECT_TOP_TRANSFORMS_NORMFORMULAS_H

#include "../Canonicalize/Match.h"

namespace tpuc::top {

/// `factor` times a mean over `axes` (ascending), which the value keeps with
/// size 1.
struct Mean {
  mlir::Value of;
  llvm::SmallVector<int64_t> axes;
  double factor = 1;
};

/// `value` as a mean: of a mean or sum, with any constant factor, whose axes
/// may have been put back by a reshape.
std::optional<Mean> matchMean(mlir::Value value);

/// x and its axes when `value` is x - mean(x); the mean's factor is 1.
std::optional<Mean> matchCentred(mlir::Value value);

/// 1 / sqrt(factor * spread(x) + epsilon). The spread is the variance of x, or
/// with `isCentred` false the mean of its squares.
struct InverseDeviation {
  Mean spread;
  bool isCentred = false;
  double epsilon = 0;
};

/// `value` as such. A mean of squares of x - mean(x) is the variance of x.
std::optional<InverseDeviation> matchInverseDeviation(mlir::Value value);
/// The same of 1 / value.
std::optional<InverseDeviation> matchDeviation(mlir::Value value);

} // namespace tpuc::top

#endif // TPUC_LIB_DIALECT_TOP_TRANSFORMS_NORMFORMULAS_H
