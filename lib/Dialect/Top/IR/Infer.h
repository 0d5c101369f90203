//===- Infer.h - Helpers of type inference ----------------------*- C++ -*-===//
//
// What the families' inferReturnTypes and verifiers share. Not for other
// libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_DIALECT_TOP_IR_INFER_H
#define TPUC_LIB_DIALECT_TOP_IR_INFER_H

#include "Dialect/Top/IR/Top.h"
#include "llvm/ADT/StringExtras.h"

namespace tpuc::top {

/// Emits "'name' op message" at `loc`, when there is one, and fails.
inline llvm::LogicalResult inferError(std::optional<mlir::Location> loc,
                                      llvm::StringRef name,
                                      const llvm::Twine &message) {
  if (loc)
    mlir::emitError(*loc) << "'" << name << "' op " << message;
  return llvm::failure();
}

/// Checks an op's result types against those that its class infers. Operand and
/// attribute errors are emitted by the inference itself.
template <typename OpTy> llvm::LogicalResult verifyInferredTypes(OpTy op) {
  llvm::SmallVector<mlir::Type> types;
  if (failed(OpTy::inferReturnTypes(
          op->getContext(), op.getLoc(), op->getOperands(),
          op->getDiscardableAttrDictionary(), op->getPropertiesStorage(),
          op->getRegions(), types)))
    return llvm::failure();
  for (auto [index, type] : llvm::enumerate(types))
    if (type != op->getResult(index).getType())
      return op.emitOpError("result type ")
             << op->getResult(index).getType() << " does not follow from "
             << "operands and attributes, expected " << type;
  return llvm::success();
}

/// Largest attribute value that enters a size: sums and products of two such
/// values fit into 64 bits.
constexpr int64_t kLargestSize = int64_t(1) << 30;

/// Checks that all entries of an array attribute are within
/// [least, kLargestSize].
inline llvm::LogicalResult checkEntries(std::optional<mlir::Location> loc,
                                        llvm::StringRef name,
                                        llvm::StringRef what,
                                        llvm::ArrayRef<int64_t> values,
                                        int64_t least) {
  for (int64_t value : values)
    if (value < least || value > kLargestSize)
      return inferError(loc, name,
                        what + " has an entry " + llvm::Twine(value) +
                            ", expected " + llvm::Twine(least) + " to " +
                            llvm::Twine(kLargestSize));
  return llvm::success();
}

/// The static shape of a value.
inline llvm::ArrayRef<int64_t> getShape(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).getShape();
}

/// The element type of a tensor value.
inline mlir::Type getElement(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).getElementType();
}

/// "[1, 2, 3]", for messages.
inline std::string str(llvm::ArrayRef<int64_t> values) {
  std::string text = "[";
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(values, os);
  return text + "]";
}

/// Checks 0 <= axis < rank.
inline llvm::LogicalResult checkAxis(std::optional<mlir::Location> loc,
                                     llvm::StringRef name, int64_t axis,
                                     int64_t rank) {
  if (axis >= 0 && axis < rank)
    return llvm::success();
  return inferError(loc, name,
                    "axis " + llvm::Twine(axis) +
                        " is outside of the operand's rank " +
                        llvm::Twine(rank));
}

/// The tensor type of the broadcast shapes of `values`.
mlir::FailureOr<mlir::RankedTensorType>
inferBroadcast(std::optional<mlir::Location> loc, llvm::StringRef name,
               mlir::ValueRange values, mlir::Type element);

} // namespace tpuc::top

#endif // TPUC_LIB_DIALECT_TOP_IR_INFER_H
