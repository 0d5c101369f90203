//===- PrecisionAnalysis.h - The precision of every op ----------*- C++ -*-===//
//
// Decides in which types the ops of a network compute. It changes nothing. Not
// for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TOPTOTPU_PRECISIONANALYSIS_H
#define TPUC_LIB_CONVERSION_TOPTOTPU_PRECISIONANALYSIS_H

#include "Arch/Arch.h"
#include "Conversion/TopToTpu/Precision.h"
#include "LoweringSet.h"
#include "MixedPrecisionStem.h"
#include "PrecisionRules.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"

namespace tpuc {

/// What a user says of a network's precision.
struct PrecisionOptions {
  Precision precision = Precision::F32;
  QuantizeTable table;
  /// INT8 values may have a zero point, and results may be INT8.
  bool asymmetric = true, quantizesResults = false;
};

/// Whether a value has elements that are not finite: it was found to, or it has
/// no name and is moved from one that was.
bool isNotFinite(mlir::Value value, const LoweringSet &set);

/// The range of a value: its own, or that of what it is moved or clamped from.
std::optional<std::pair<double, double>> findRange(mlir::Value value,
                                                   const LoweringSet &set);

class PrecisionAnalysis {
public:
  PrecisionAnalysis(const Arch &arch, mlir::func::FuncOp function,
                    const PrecisionOptions &options, const LoweringSet &set);

  //===--- Floats -----------------------------------------------------------//

  /// The float type of ops that are given no other.
  mlir::FloatType getDefaultElement() const { return defaultElement; }
  /// The float type in which `op` computes as the quantize table says, else f32
  /// where the rules want it or in the stem of a network of bf16; null for all
  /// other ops.
  mlir::Type getGivenElement(mlir::Operation *op) const;
  /// Those of a convolution's filter and result where they differ, else null.
  mlir::Type getFilterElement(top::ConvOp conv) const;
  mlir::Type getResultElement(top::ConvOp conv) const;
  /// Whether finite elements of `value` beyond the 16-bit type become its
  /// largest numbers.
  bool saturates(mlir::Value value) const { return rules.saturates(value); }

  //===--- INT8 -------------------------------------------------------------//

  /// Whether `op` has an INT8 form and is to use it.
  bool canUseInt8(mlir::Operation *op);

  /// Whether every reader of `value` prefers INT8: it computes in INT8, and is
  /// a contraction or all of its own readers prefer INT8.
  bool prefersInt8(mlir::Value value);

  /// The quantised element type of a top value. Values that data movements and
  /// concatenations connect share one type, so that these need no
  /// requantisation: of the union of their ranges, or, where the only reader
  /// clamps the value, of that reader's result. An asymmetric range gets a zero
  /// point where all readers support it. An operand of a concatenation that has
  /// other readers and would lose more than a bit keeps its own type. Null when
  /// there is no range.
  mlir::quant::UniformQuantizedType getQuantType(mlir::Value value);

  /// The element type in which the network takes `argument` where it may choose
  /// it: f32 if one that reads it needs that, INT8 if all want it, else the
  /// network's float type. Null when INT8 has no range.
  mlir::Type getArgumentElement(mlir::BlockArgument argument);

private:
  std::optional<Precision> findInTable(mlir::Operation *op) const;
  bool isInt8(mlir::Operation *op);
  bool standsAlone(mlir::Operation *op);
  double getLargestJoined(mlir::Value value);
  bool joinsWell(mlir::Value operand, mlir::Value result);
  llvm::SetVector<mlir::Value> getJoined(mlir::Value value);

  const Arch &arch;
  const PrecisionOptions &options;
  const LoweringSet &set;
  mlir::FloatType defaultElement;
  PrecisionRules rules;
  MixedPrecisionStem stem;
  FiltersInParts filtersInParts;
  /// Whether the ranges came with the network, and the names of ops that were
  /// not quantised. Ops without a range then compute in floats, too.
  bool ownRanges = false;
  llvm::StringSet<> ownFloats;
  // Memos.
  llvm::DenseMap<mlir::Value, bool> wanted;
  llvm::DenseMap<mlir::Operation *, bool> gains;
  llvm::DenseMap<mlir::Value, double> largestJoined;
  llvm::DenseMap<mlir::Value, mlir::quant::UniformQuantizedType> quantTypes;
};

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TOPTOTPU_PRECISIONANALYSIS_H
