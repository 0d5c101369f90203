//===- TopBinaryOps.cpp - Broadcasting elementwise ops --------------------===//
//
// Type inference of elementwise ops of several operands.
//
//===----------------------------------------------------------------------===//

#include "Infer.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

#define GET_OP_CLASSES
#include "Dialect/Top/IR/TopBinaryOps.cpp.inc"

/// Broadcasts two operands of the same element type; `element` is the result's,
/// or null for that of the operands.
static LogicalResult inferBinary(std::optional<Location> loc, StringRef name,
                                 Value lhs, Value rhs, Type element,
                                 SmallVectorImpl<Type> &types) {
  if (getElement(lhs) != getElement(rhs)) {
    std::string text;
    llvm::raw_string_ostream(text)
        << "operands have element types '" << getElement(lhs) << "' and '"
        << getElement(rhs) << "', expected the same: insert a top.cast";
    return inferError(loc, name, text);
  }
  FailureOr<RankedTensorType> type = inferBroadcast(
      loc, name, {lhs, rhs}, element ? element : getElement(lhs));
  if (failed(type))
    return failure();
  types.push_back(*type);
  return success();
}

#define TOP_INFER_BINARY(OpTy)                                                 \
  LogicalResult OpTy::inferReturnTypes(                                        \
      MLIRContext *context, std::optional<Location> location, Adaptor adaptor, \
      SmallVectorImpl<Type> &types) {                                          \
    return inferBinary(location, getOperationName(), adaptor.getLhs(),         \
                       adaptor.getRhs(), Type(), types);                       \
  }

TOP_INFER_BINARY(AddOp)
TOP_INFER_BINARY(SubOp)
TOP_INFER_BINARY(MulOp)
TOP_INFER_BINARY(DivOp)
TOP_INFER_BINARY(MaxOp)
TOP_INFER_BINARY(MinOp)
TOP_INFER_BINARY(PowOp)
TOP_INFER_BINARY(ModOp)
TOP_INFER_BINARY(AndOp)
TOP_INFER_BINARY(OrOp)
TOP_INFER_BINARY(XorOp)

#undef TOP_INFER_BINARY

LogicalResult CompareOp::inferReturnTypes(MLIRContext *context,
                                          std::optional<Location> location,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  return inferBinary(location, getOperationName(), adaptor.getLhs(),
                     adaptor.getRhs(), IntegerType::get(context, 1), types);
}

LogicalResult WhereOp::inferReturnTypes(MLIRContext *context,
                                        std::optional<Location> location,
                                        Adaptor adaptor,
                                        SmallVectorImpl<Type> &types) {
  SmallVector<Type> values;
  if (failed(inferBinary(location, getOperationName(), adaptor.getLhs(),
                         adaptor.getRhs(), Type(), values)))
    return failure();
  FailureOr<RankedTensorType> type =
      inferBroadcast(location, getOperationName(), adaptor.getOperands(),
                     getElement(adaptor.getLhs()));
  if (failed(type))
    return failure();
  types.push_back(*type);
  return success();
}
