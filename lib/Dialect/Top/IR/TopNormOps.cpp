//===- TopNormOps.cpp - Normalisation and reduction -----------------------===//
//
// Type inference and constraints of ops that combine elements along axes.
//
//===----------------------------------------------------------------------===//

#include "Infer.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

#define GET_OP_CLASSES
#include "Dialect/Top/IR/TopNormOps.cpp.inc"

/// Checks that every one of `parameters` has the shape `expected`.
static LogicalResult checkParameters(std::optional<Location> loc,
                                     StringRef name, ValueRange parameters,
                                     ArrayRef<int64_t> expected) {
  for (Value value : parameters)
    if (getShape(value) != expected)
      return inferError(loc, name,
                        "parameter has shape " + str(getShape(value)) +
                            ", expected " + str(expected));
  return success();
}

/// Checks the optional scale and bias, and that epsilon is not negative.
static LogicalResult checkAffine(std::optional<Location> loc, StringRef name,
                                 ValueRange affine, ArrayRef<int64_t> expected,
                                 const APFloat &epsilon) {
  if (affine.size() > 2)
    return inferError(loc, name,
                      "has " + Twine(affine.size()) +
                          " parameters, expected at most scale and bias");
  if (!(epsilon.convertToDouble() >= 0))
    return inferError(loc, name, "epsilon is negative");
  return checkParameters(loc, name, affine, expected);
}

LogicalResult SoftmaxOp::inferReturnTypes(MLIRContext *context,
                                          std::optional<Location> location,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  types.push_back(adaptor.getInput().getType());
  return checkAxis(location, getOperationName(), adaptor.getAxis(),
                   getShape(adaptor.getInput()).size()); // softmax_c1
}

/// Types of layer_norm and rms_norm.
template <typename Adaptor>
static LogicalResult inferTrailingNorm(std::optional<Location> loc,
                                       StringRef name, Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  ArrayRef<int64_t> shape = getShape(adaptor.getInput());
  int64_t axis = adaptor.getAxis();
  if (failed(checkAxis(loc, name, axis, shape.size()))) // layer_norm_c1
    return failure();
  types.push_back(adaptor.getInput().getType());
  return checkAffine(loc, name, adaptor.getAffine(), // layer_norm_c2, c3
                     shape.drop_front(axis), adaptor.getEpsilon());
}

LogicalResult LayerNormOp::inferReturnTypes(MLIRContext *context,
                                            std::optional<Location> location,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  return inferTrailingNorm(location, getOperationName(), adaptor, types);
}

LogicalResult RMSNormOp::inferReturnTypes(MLIRContext *context,
                                          std::optional<Location> location,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  return inferTrailingNorm(location, getOperationName(), adaptor, types);
}

LogicalResult GroupNormOp::inferReturnTypes(MLIRContext *context,
                                            std::optional<Location> location,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  ArrayRef<int64_t> shape = getShape(adaptor.getInput());
  if (shape.size() < 2) // group_norm_c1
    return inferError(location, getOperationName(),
                      "operand " + str(shape) + " has no channel axis");
  int64_t groups = adaptor.getNumGroups();
  if (groups < 1 || shape[1] % groups) // group_norm_c2
    return inferError(location, getOperationName(),
                      "num_groups " + Twine(groups) + " does not divide the " +
                          Twine(shape[1]) + " channels");
  types.push_back(adaptor.getInput().getType());
  return checkAffine(location, getOperationName(), adaptor.getAffine(),
                     shape.slice(1, 1), adaptor.getEpsilon());
}

LogicalResult BatchNormOp::inferReturnTypes(MLIRContext *context,
                                            std::optional<Location> location,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  ArrayRef<int64_t> shape = getShape(adaptor.getInput());
  if (shape.size() < 2) // batch_norm_c1
    return inferError(location, getOperationName(),
                      "operand " + str(shape) + " has no channel axis");
  types.push_back(adaptor.getInput().getType());
  return checkParameters(location, getOperationName(), // batch_norm_c2
                         adaptor.getOperands().drop_front(), shape.slice(1, 1));
}

LogicalResult ReduceOp::inferReturnTypes(MLIRContext *context,
                                         std::optional<Location> location,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  ArrayRef<int64_t> input = getShape(adaptor.getInput());
  StringRef name = getOperationName();
  SmallVector<bool> isReduced(input.size(), adaptor.getAxes().empty());
  for (int64_t axis : adaptor.getAxes()) { // reduce_c1
    if (failed(checkAxis(location, name, axis, input.size())))
      return failure();
    if (isReduced[axis])
      return inferError(location, name,
                        "axis " + Twine(axis) + " is listed twice");
    isReduced[axis] = true;
  }
  Type element = getElement(adaptor.getInput());
  ReduceKind kind = adaptor.getKind();
  if (!isa<FloatType>(element) &&
      (kind == ReduceKind::L2 || kind == ReduceKind::LogSum ||
       kind == ReduceKind::LogSumExp)) // reduce_c2
    return inferError(location, name,
                      stringifyReduceKind(kind) +
                          " of integers is not an integer: insert a top.cast");
  SmallVector<int64_t> shape;
  for (auto [dim, reduced] : llvm::zip(input, isReduced)) {
    if (!reduced)
      shape.push_back(dim);
    else if (adaptor.getKeepdims())
      shape.push_back(1);
  }
  types.push_back(RankedTensorType::get(shape, element));
  return success();
}

LogicalResult ArgOp::inferReturnTypes(MLIRContext *context,
                                      std::optional<Location> location,
                                      Adaptor adaptor,
                                      SmallVectorImpl<Type> &types) {
  SmallVector<int64_t> shape(getShape(adaptor.getInput()));
  int64_t axis = adaptor.getAxis();
  if (failed(checkAxis(location, getOperationName(), axis, shape.size())))
    return failure(); // arg_c1
  if (adaptor.getKeepdims())
    shape[axis] = 1;
  else
    shape.erase(shape.begin() + axis);
  types.push_back(RankedTensorType::get(shape, IntegerType::get(context, 64)));
  return success();
}

LogicalResult TopKOp::inferReturnTypes(MLIRContext *context,
                                       std::optional<Location> location,
                                       Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  SmallVector<int64_t> shape(getShape(adaptor.getInput()));
  int64_t axis = adaptor.getAxis(), k = adaptor.getK();
  if (failed(checkAxis(location, getOperationName(), axis, shape.size())))
    return failure();           // topk_c1
  if (k < 1 || k > shape[axis]) // topk_c2
    return inferError(location, getOperationName(),
                      "k is " + Twine(k) + ", expected 1 to the axis's size " +
                          Twine(shape[axis]));
  shape[axis] = k;
  types.push_back(RankedTensorType::get(shape, getElement(adaptor.getInput())));
  types.push_back(RankedTensorType::get(shape, IntegerType::get(context, 64)));
  return success();
}

LogicalResult CumSumOp::inferReturnTypes(MLIRContext *context,
                                         std::optional<Location> location,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  types.push_back(adaptor.getInput().getType());
  return checkAxis(location, getOperationName(), adaptor.getAxis(),
                   getShape(adaptor.getInput()).size()); // cumsum_c1
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

/// The first operand, where `axis` is the last one.
template <typename OpTy>
static SmallVector<unsigned, 2> getRowsAlong(OpTy op, int64_t axis) {
  if (axis != op.getInput().getType().getRank() - 1)
    return {};
  return {0};
}

SmallVector<unsigned, 2> SoftmaxOp::getRowOperands() {
  return getRowsAlong(*this, getAxis());
}

SmallVector<unsigned, 2> LayerNormOp::getRowOperands() {
  return getRowsAlong(*this, getAxis());
}

SmallVector<unsigned, 2> RMSNormOp::getRowOperands() {
  return getRowsAlong(*this, getAxis());
}

SmallVector<unsigned, 2> ReduceOp::getRowOperands() {
  if (!getKeepdims() || getAxes().size() != 1)
    return {};
  return getRowsAlong(*this, getAxes()[0]);
}

bool ReduceOp::combinesRows() {
  ArrayRef<int64_t> shape = getShape(getInput());
  int64_t last = int64_t(shape.size()) - 1;
  for (auto [axis, size] : llvm::enumerate(shape.drop_back(!shape.empty())))
    if (size != 1 && !llvm::is_contained(getAxes(), int64_t(axis)))
      return false;
  return !getAxes().empty() && !llvm::is_contained(getAxes(), last);
}
