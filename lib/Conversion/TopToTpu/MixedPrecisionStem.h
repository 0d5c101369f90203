//===- MixedPrecisionStem.h - BF16 networks ---------------------*- C++ -*-===//
//
// Convolutions of a BF16 network that compute in more than bf16. Decides from
// the graph and its sizes alone and changes nothing. Not for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TOPTOTPU_MIXEDPRECISIONSTEM_H
#define TPUC_LIB_CONVERSION_TOPTOTPU_MIXEDPRECISIONSTEM_H

#include "Conversion/TopToTpu/Precision.h"
#include "Dialect/Top/IR/Top.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseSet.h"

namespace tpuc {

/// The stem of a network: the convolutions that read the network's inputs, the
/// convolutions that read the results of these, and what lies between. It
/// computes in f32 in networks of bf16.
///
/// What the first layers round off is carried through all layers behind them:
/// in ResNet-50 the stem, 4 % of the multiplications, makes 30 % of the error
/// (1 - cosine falls from 1.4e-3 to 1.0e-3). The inputs are f32 in memory
/// anyway.
///
/// f32 multiplies at an eighth of the rate: neither the first nor the second
/// convolutions may have more than 1/32 of the network's multiplications. The
/// stem ends before an op that is not a convolution, because a value that stays
/// f32 for one reader passes memory twice for all.
class MixedPrecisionStem {
public:
  /// No op.
  MixedPrecisionStem() = default;
  /// The stem of `function`. Ops that `table` names are left to it.
  MixedPrecisionStem(mlir::func::FuncOp function, const QuantizeTable &table);

  /// Whether `op` computes in f32.
  bool contains(mlir::Operation *op) const { return ops.contains(op); }
  /// Whether the results of `op`, which the stem contains, stay f32: only the
  /// stem reads them.
  bool keepsResult(mlir::Operation *op) const;

private:
  llvm::DenseSet<mlir::Operation *> ops;
};

/// The convolutions of a BF16 network that multiply with both parts of a filter
/// in two parts (see tpu.conv), so that nothing of the filter is lost.
///
/// Rounded filters make more than a third of the error of a network in bf16.
/// The second part costs its bytes and a second multiplication for each. It is
/// taken where the filter has at most an eighth of the elements of the input
/// and the result, and for the first convolutions of that kind, up to an eighth
/// of the network's multiplications: their error is carried the farthest. In
/// ResNet-50, behind the stem, 1 - cosine falls from 1.0e-3 to 0.74e-3; all
/// such convolutions, twice as many, would bring 0.66e-3.
class FiltersInParts {
public:
  /// None.
  FiltersInParts() = default;
  /// Those of `function`. Ops that `table` names or `stem` contains stay.
  FiltersInParts(mlir::func::FuncOp function, const QuantizeTable &table,
                 const MixedPrecisionStem &stem);

  /// Whether the convolution's filter is held in two parts.
  bool contains(mlir::Operation *op) const { return ops.contains(op); }

private:
  llvm::DenseSet<mlir::Operation *> ops;
};

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TOPTOTPU_MIXEDPRECISIONSTEM_H
