//===- Calibration.h - Ranges of a network's tensors -----------*- C++ -*-===//
//
// The text file in which calibration leaves the ranges of tensors, and how a
// module carries them. It measures nothing.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TOP_TRANSFORMS_CALIBRATION_H
#define TPUC_DIALECT_TOP_TRANSFORMS_CALIBRATION_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace tpuc::top {

/// What a table says of one tensor: the numbers to keep, at most `threshold` in
/// magnitude, and the smallest and largest finite ones seen. The threshold of a
/// tensor with elements that are not finite is infinite.
struct CalibrationEntry {
  unsigned line;
  double threshold, min, max;

  bool isFinite() const;
  /// The range to represent: what was seen, cut to the threshold. Not empty.
  std::pair<double, double> getRange() const;
};

/// Entries by tensor, see `getNamedTensors`.
using CalibrationTable = llvm::StringMap<CalibrationEntry>;

/// Parses a table: lines of a name, a threshold, a minimum and a maximum;
/// lines that begin with `#` and empty ones are left out. `file` is for
/// messages. Fails with the line, and the tensor where one is named, on a line
/// of another form, a minimum or maximum that is not finite, a threshold that
/// is not positive, a minimum above the maximum, and a tensor named twice.
llvm::Expected<CalibrationTable> parseCalibrationTable(llvm::StringRef text,
                                                       llvm::StringRef file);

/// Reads and parses a table.
llvm::Expected<CalibrationTable> readCalibrationTable(llvm::StringRef file);

/// A discardable attribute of a value: of the op that makes it, if that has one
/// result, or of the function's argument; null when there is none.
mlir::Attribute getValueAttr(mlir::Value value, llvm::StringRef name);
void setValueAttr(mlir::Value value, llvm::StringRef name,
                  mlir::Attribute attribute);

/// The attribute of an op or an argument that holds its range, as a
/// `!quant.calibrated` type.
inline constexpr llvm::StringLiteral kRangeAttrName = "top.range";

/// The attribute of an op or an argument with elements that are not finite,
/// such as a mask of infinities: INT8 cannot represent it, so that it stays in
/// floats.
inline constexpr llvm::StringLiteral kNotFiniteAttrName = "top.not_finite";

/// The attribute of a function whose ranges came with the network: an array of
/// the names of ops that were not quantised. They and those without a range
/// compute in floats, where a missing range is an error otherwise.
inline constexpr llvm::StringLiteral kOwnRangesAttrName = "top.own_ranges";

/// The name by which a table knows a value: of an argument its `top.name`, of a
/// result its op's; empty when it has none.
llvm::StringRef getTensorName(mlir::Value value);

/// A value and the name by which a table knows it.
struct NamedTensor {
  std::string name;
  mlir::Value value;
};

/// The tensors that a table can have entries for, in order: the arguments and
/// the results of ops with one result that are no constants. Each has a name of
/// its own: that of its op, where several ops have the name that of the last;
/// the ones before it have `name:0`, `name:1`, ... A value without a name is
/// left out.
llvm::SmallVector<NamedTensor> getNamedTensors(mlir::func::FuncOp function);

/// Gives a value the range from `low` to `high`. Values that are not f32, or
/// one of several results of an op, have none.
void setCalibratedRange(mlir::Value value, double low, double high);

/// Whether a value was found to have elements that are not finite.
bool isNotFinite(mlir::Value value);

/// The range that a value was given, or null.
mlir::quant::CalibratedQuantizedType getCalibratedType(mlir::Value value);

} // namespace tpuc::top

#endif // TPUC_DIALECT_TOP_TRANSFORMS_CALIBRATION_H
