//===- Verify.h - Checks shared by the verifiers ----------------*- C++ -*-===//
//
// What the families' verifiers share. Not for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_DIALECT_TPU_IR_VERIFY_H
#define TPUC_LIB_DIALECT_TPU_IR_VERIFY_H

#include "Dialect/Tpu/IR/Tpu.h"
#include "llvm/ADT/StringExtras.h"

namespace tpuc::tpu {

/// "[1, 2, 3]", for messages.
inline std::string str(llvm::ArrayRef<int64_t> values) {
  std::string text = "[";
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(values, os);
  os << "]";
  return text;
}

/// Checks that the only result has the shape `expected`.
inline llvm::LogicalResult verifyResultShape(mlir::Operation *op,
                                             llvm::ArrayRef<int64_t> expected) {
  llvm::ArrayRef<int64_t> found = getShape(op->getResult(0));
  if (found == expected)
    return llvm::success();
  return op->emitOpError("result has shape ")
         << str(found) << ", expected " << str(expected)
         << " from operands and attributes";
}

/// Checks that `values`, the attribute `name`, has `count` entries in
/// [`least`, `most`].
inline llvm::LogicalResult verifyEntries(mlir::Operation *op,
                                         llvm::StringRef name,
                                         llvm::ArrayRef<int64_t> values,
                                         size_t count, int64_t least,
                                         int64_t most) {
  if (values.size() != count)
    return op->emitOpError("'") << name << "' has " << values.size()
                                << " entries, expected " << count;
  for (int64_t value : values)
    if (value < least || value > most)
      return op->emitOpError("'") << name << "' has entry " << value
                                  << ", expected " << least << " to " << most;
  return llvm::success();
}

/// Checks that `axis`, the attribute `name`, is an axis of a tensor of `rank`.
inline llvm::LogicalResult verifyAxis(mlir::Operation *op, llvm::StringRef name,
                                      int64_t axis, int64_t rank) {
  if (axis >= 0 && axis < rank)
    return llvm::success();
  return op->emitOpError("'")
         << name << "' is " << axis << ", expected 0 to " << rank - 1;
}

/// Checks that the operand called `name`, if present, has the shape `expected`.
inline llvm::LogicalResult verifyVector(mlir::Operation *op,
                                        llvm::StringRef name, mlir::Value value,
                                        int64_t size) {
  if (!value || getShape(value) == llvm::ArrayRef<int64_t>{size})
    return llvm::success();
  return op->emitOpError() << name << " has shape " << str(getShape(value))
                           << ", expected [" << size << "]";
}

/// Checks that `value` can be a constant of elements of type `element`.
inline llvm::LogicalResult verifyConstant(mlir::Operation *op,
                                          const llvm::APFloat &value,
                                          mlir::Type element) {
  double number = value.convertToDouble();
  if (value.isNaN())
    return op->emitOpError("'value' is NaN, expected a number");
  if (element.isInteger(32) &&
      (value.isInfinity() || number != std::floor(number) ||
       number < INT32_MIN || number > INT32_MAX))
    return op->emitOpError("'value' is ")
           << number << ", expected an i32 integer";
  return llvm::success();
}

} // namespace tpuc::tpu

#endif // TPUC_LIB_DIALECT_TPU_IR_VERIFY_H
