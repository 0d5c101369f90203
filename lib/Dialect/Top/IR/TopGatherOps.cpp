//===- TopGatherOps.cpp - Gathers and scatters ----------------------------===//
//
// Type inference and constraints of ops that address elements by index.
//
//===----------------------------------------------------------------------===//

#include "Infer.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

LogicalResult GatherOp::inferReturnTypes(MLIRContext *context,
                                         std::optional<Location> location,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  ArrayRef<int64_t> input = getShape(adaptor.getInput());
  int64_t axis = adaptor.getAxis();
  if (failed(checkAxis(location, getOperationName(), axis, input.size())))
    return failure(); // gather_c1
  SmallVector<int64_t> shape(input.take_front(axis));
  llvm::append_range(shape, getShape(adaptor.getIndices()));
  llvm::append_range(shape, input.drop_front(axis + 1));
  types.push_back(RankedTensorType::get(shape, getElement(adaptor.getInput())));
  return success();
}

LogicalResult GatherElementsOp::inferReturnTypes(
    MLIRContext *context, std::optional<Location> location, Adaptor adaptor,
    SmallVectorImpl<Type> &types) {
  ArrayRef<int64_t> input = getShape(adaptor.getInput());
  ArrayRef<int64_t> indices = getShape(adaptor.getIndices());
  int64_t axis = adaptor.getAxis();
  if (failed(checkAxis(location, getOperationName(), axis, input.size())))
    return failure(); // gather_elements_c1
  bool fits = input.size() == indices.size();
  for (size_t i = 0; fits && i < input.size(); ++i)
    fits = int64_t(i) == axis || indices[i] <= input[i];
  if (!fits) // gather_elements_c2, gather_elements_c3
    return inferError(location, getOperationName(),
                      "indices " + str(indices) + " do not fit the operand " +
                          str(input) + " besides axis " + Twine(axis));
  types.push_back(
      RankedTensorType::get(indices, getElement(adaptor.getInput())));
  return success();
}

LogicalResult GatherNDOp::inferReturnTypes(MLIRContext *context,
                                           std::optional<Location> location,
                                           Adaptor adaptor,
                                           SmallVectorImpl<Type> &types) {
  ArrayRef<int64_t> input = getShape(adaptor.getInput());
  ArrayRef<int64_t> indices = getShape(adaptor.getIndices());
  int64_t batch = adaptor.getBatchDims();
  int64_t rank = std::min(input.size(), indices.size());
  if (batch < 0 || batch >= rank) // gather_nd_c1
    return inferError(location, getOperationName(),
                      "batch_dims is " + Twine(batch) +
                          ", expected 0 to less than both ranks of " +
                          str(input) + " and " + str(indices));
  if (input.take_front(batch) != indices.take_front(batch)) // gather_nd_c2
    return inferError(location, getOperationName(),
                      "the first " + Twine(batch) + " axes of " + str(input) +
                          " and " + str(indices) + " differ");
  int64_t depth = indices.back();
  if (depth < 1 || depth > int64_t(input.size()) - batch) // gather_nd_c3
    return inferError(location, getOperationName(),
                      "index tuples of " + Twine(depth) +
                          " do not address an operand of shape " + str(input));
  SmallVector<int64_t> shape(indices.drop_back());
  llvm::append_range(shape, input.drop_front(batch + depth));
  types.push_back(RankedTensorType::get(shape, getElement(adaptor.getInput())));
  return success();
}

LogicalResult ScatterNDOp::inferReturnTypes(MLIRContext *context,
                                            std::optional<Location> location,
                                            Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  ArrayRef<int64_t> input = getShape(adaptor.getInput());
  ArrayRef<int64_t> indices = getShape(adaptor.getIndices());
  int64_t depth = indices.empty() ? 0 : indices.back();
  if (depth < 1 || depth > int64_t(input.size())) // scatter_nd_c1
    return inferError(location, getOperationName(),
                      "index tuples of " + Twine(depth) +
                          " do not address an operand of shape " + str(input));
  SmallVector<int64_t> expected(indices.drop_back());
  llvm::append_range(expected, input.drop_front(depth));
  if (getShape(adaptor.getUpdates()) != ArrayRef(expected) ||
      getElement(adaptor.getUpdates()) != getElement(adaptor.getInput()))
    return inferError(location, getOperationName(), // scatter_nd_c2
                      "updates have shape " +
                          str(getShape(adaptor.getUpdates())) + ", expected " +
                          str(expected) + " of the operand's element type");
  types.push_back(adaptor.getInput().getType());
  return success();
}
