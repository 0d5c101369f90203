//===- TopShapeOps.cpp - Views and movement of data -----------------------===//
//
// Type inference and constraints of ops that rearrange or select elements.
// Gathers and scatters are in TopGatherOps.cpp.
//
//===----------------------------------------------------------------------===//

#include "Analysis/Boxes.h"
#include "Infer.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

#define GET_OP_CLASSES
#include "Dialect/Top/IR/TopShapeOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Shape given by the result
//===----------------------------------------------------------------------===//

/// Checks that operand and result have the same element type.
template <typename OpTy> static LogicalResult verifySameElement(OpTy op) {
  if (getElement(op.getInput()) == getElement(op.getOutput()))
    return success();
  return op.emitOpError("element type changes from ")
         << getElement(op.getInput()) << " to " << getElement(op.getOutput())
         << ", expected the same: insert a top.cast";
}

LogicalResult ReshapeOp::verify() {
  if (failed(verifySameElement(*this))) // reshape_c1
    return failure();
  int64_t from = getInput().getType().getNumElements();
  int64_t to = getOutput().getType().getNumElements();
  if (from != to) // reshape_c2
    return emitOpError("changes the number of elements from ")
           << from << " to " << to;
  return success();
}

LogicalResult RelayoutOp::verify() {
  if (failed(verifySameElement(*this))) // relayout_c4
    return failure();
  // relayout_c1, relayout_c2, relayout_c3
  if (llvm::Error error = checkBoxes(getBoxes(), getAxes(),
                                     getOutput().getType().getNumElements(),
                                     getInput().getType().getNumElements()))
    return emitOpError(llvm::toString(std::move(error)));
  return success();
}

LogicalResult BroadcastOp::verify() {
  if (failed(verifySameElement(*this))) // broadcast_c1
    return failure();
  ArrayRef<int64_t> input = getShape(getInput()),
                    output = getShape(getOutput());
  std::optional<SmallVector<int64_t>> shape = broadcastShapes({input, output});
  if (!shape || ArrayRef<int64_t>(*shape) != output) // broadcast_c2
    return emitOpError("operand shape ")
           << str(input) << " does not broadcast to " << str(output);
  return success();
}

LogicalResult CastOp::verify() {
  if (getShape(getInput()) != getShape(getOutput())) // cast_c1
    return emitOpError("changes the shape from ")
           << str(getShape(getInput())) << " to " << str(getShape(getOutput()));
  return success();
}

LogicalResult ResizeOp::verify() {
  if (failed(verifySameElement(*this))) // resize_c1
    return failure();
  ArrayRef<int64_t> input = getShape(getInput()),
                    output = getShape(getOutput());
  if (input.size() != output.size() || getScales().size() != input.size())
    return emitOpError("operand ") // resize_c1, resize_c2
           << str(input) << ", result " << str(output) << " and "
           << getScales().size() << " scales must have the same rank";
  for (auto [axis, scale] : llvm::enumerate(getScales())) {
    if (!(scale > 0)) // resize_c2
      return emitOpError("scale ")
             << scale << " of axis " << axis << " is not positive";
    if (!(std::abs(double(output[axis]) - input[axis] * scale) <=
          1)) // resize_c3
      return emitOpError("axis ")
             << axis << " has size " << output[axis] << ", but its operand's "
             << input[axis] << " times scale " << scale << " is "
             << input[axis] * scale;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Shape inferred
//===----------------------------------------------------------------------===//

/// Checks that an array attribute has an entry an axis (or `perAxis` of them).
static LogicalResult checkLength(std::optional<Location> loc, StringRef name,
                                 StringRef what, ArrayRef<int64_t> values,
                                 int64_t count) {
  if (int64_t(values.size()) == count)
    return success();
  return inferError(loc, name,
                    what + " has " + Twine(values.size()) +
                        " entries, expected " + Twine(count));
}

LogicalResult PermuteOp::inferReturnTypes(MLIRContext *context,
                                          std::optional<Location> location,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  ArrayRef<int64_t> input = getShape(adaptor.getInput());
  ArrayRef<int64_t> order = adaptor.getOrder();
  SmallVector<int64_t> sorted(order);
  llvm::sort(sorted);
  bool isPermutation = order.size() == input.size();
  for (auto [index, axis] : llvm::enumerate(sorted))
    isPermutation &= int64_t(index) == axis;
  if (!isPermutation) // permute_c1
    return inferError(location, getOperationName(),
                      "order " + str(order) + " is not a permutation of " +
                          Twine(input.size()) + " axes");
  SmallVector<int64_t> shape;
  for (int64_t axis : order)
    shape.push_back(input[axis]);
  types.push_back(RankedTensorType::get(shape, getElement(adaptor.getInput())));
  return success();
}

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *context,
                                         std::optional<Location> location,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  StringRef name = getOperationName();
  if (adaptor.getInputs().empty()) // concat_c1
    return inferError(location, name, "has no operands, expected at least one");
  Value first = adaptor.getInputs().front();
  SmallVector<int64_t> shape(getShape(first));
  int64_t axis = adaptor.getAxis();
  if (failed(checkAxis(location, name, axis, shape.size()))) // concat_c2
    return failure();
  for (Value value : adaptor.getInputs().drop_front()) {
    ArrayRef<int64_t> other = getShape(value);
    bool fits =
        other.size() == shape.size() && getElement(value) == getElement(first);
    for (size_t i = 0; fits && i < shape.size(); ++i)
      fits = int64_t(i) == axis || other[i] == shape[i];
    if (!fits) { // concat_c3
      std::string text;
      llvm::raw_string_ostream(text)
          << "operands '" << first.getType() << "' and '" << value.getType()
          << "' differ beyond axis " << axis;
      return inferError(location, name, text);
    }
    shape[axis] += other[axis];
  }
  types.push_back(RankedTensorType::get(shape, getElement(first)));
  return success();
}

LogicalResult SliceOp::inferReturnTypes(MLIRContext *context,
                                        std::optional<Location> location,
                                        Adaptor adaptor,
                                        SmallVectorImpl<Type> &types) {
  ArrayRef<int64_t> input = getShape(adaptor.getInput());
  ArrayRef<int64_t> offsets = adaptor.getOffsets();
  ArrayRef<int64_t> sizes = adaptor.getSizes();
  ArrayRef<int64_t> steps = adaptor.getSteps();
  StringRef name = getOperationName();
  int64_t rank = input.size();
  if (failed(checkLength(location, name, "offsets", offsets, rank)) ||
      failed(checkLength(location, name, "sizes", sizes, rank)) ||
      failed(checkLength(location, name, "steps", steps, rank))) // slice_c1
    return failure();
  for (int64_t step : steps)
    if (step < -kLargestSize || step > kLargestSize) // slice_c2
      return inferError(location, name,
                        "step " + Twine(step) + " is too large");
  if (failed(checkEntries(location, name, "offsets", offsets, 0)) ||
      failed(checkEntries(location, name, "sizes", sizes, 1))) // slice_c2, c3
    return failure();
  for (int64_t i = 0; i < rank; ++i) {
    if (steps[i] == 0) // slice_c2
      return inferError(location, name,
                        "step of axis " + Twine(i) +
                            " is 0, expected another number");
    int64_t last = offsets[i] + (sizes[i] - 1) * steps[i];
    if (offsets[i] >= input[i] || last < 0 || last >= input[i]) // slice_c3
      return inferError(location, name,
                        "elements " + Twine(offsets[i]) + " to " + Twine(last) +
                            " are outside of axis " + Twine(i) + " of size " +
                            Twine(input[i]));
  }
  types.push_back(RankedTensorType::get(sizes, getElement(adaptor.getInput())));
  return success();
}

LogicalResult PadOp::inferReturnTypes(MLIRContext *context,
                                      std::optional<Location> location,
                                      Adaptor adaptor,
                                      SmallVectorImpl<Type> &types) {
  SmallVector<int64_t> shape(getShape(adaptor.getInput()));
  ArrayRef<int64_t> pads = adaptor.getPads();
  StringRef name = getOperationName();
  int64_t rank = shape.size();
  if (failed(checkLength(location, name, "pads", pads, 2 * rank)))
    return failure();
  for (int64_t i = 0; i < 2 * rank; ++i) {
    int64_t size = getShape(adaptor.getInput())[i % rank];
    if (pads[i] < 0) // pad_c1
      return inferError(location, name,
                        "pads are " + str(pads) +
                            ", expected none negative: use top.slice");
    bool isReflect = adaptor.getMode() == PadMode::Reflect;
    bool isWrap = adaptor.getMode() == PadMode::Wrap;
    if ((isReflect && pads[i] >= size) || (isWrap && pads[i] > size)) // pad_c2
      return inferError(location, name,
                        stringifyPadMode(adaptor.getMode()) + " padding of " +
                            Twine(pads[i]) + " is too large for axis " +
                            Twine(i % rank) + " of size " + Twine(size));
    if (pads[i] > kLargestSize)
      return inferError(location, name,
                        "pads has an entry " + Twine(pads[i]) +
                            ", which is too large");
    shape[i % rank] += pads[i];
  }
  types.push_back(RankedTensorType::get(shape, getElement(adaptor.getInput())));
  return success();
}

LogicalResult TileOp::inferReturnTypes(MLIRContext *context,
                                       std::optional<Location> location,
                                       Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  SmallVector<int64_t> shape(getShape(adaptor.getInput()));
  ArrayRef<int64_t> repeats = adaptor.getRepeats();
  if (failed(checkLength(location, getOperationName(), "repeats", repeats,
                         shape.size())) ||
      failed(checkEntries(location, getOperationName(), "repeats", repeats,
                          1))) // tile_c1
    return failure();
  for (auto [dim, count] : llvm::zip(shape, repeats)) {
    if (count > kLargestSize / dim)
      return inferError(location, getOperationName(), "result is too large");
    dim *= count;
  }
  types.push_back(RankedTensorType::get(shape, getElement(adaptor.getInput())));
  return success();
}

/// Checks a square block that must divide what it is taken from.
static LogicalResult checkBlock(std::optional<Location> loc, StringRef name,
                                ArrayRef<int64_t> shape, int64_t block) {
  if (shape.size() != 4)
    return inferError(loc, name,
                      "operand has shape " + str(shape) +
                          ", expected [N, C, H, W]");
  // The square must not overflow either.
  if (block < 1 || block > 65536)
    return inferError(
        loc, name, "block_size is " + Twine(block) + ", expected at least 1");
  return success();
}

LogicalResult DepthToSpaceOp::inferReturnTypes(MLIRContext *context,
                                               std::optional<Location> location,
                                               Adaptor adaptor,
                                               SmallVectorImpl<Type> &types) {
  ArrayRef<int64_t> input = getShape(adaptor.getInput());
  int64_t block = adaptor.getBlockSize();
  if (failed(checkBlock(location, getOperationName(), input, block)))
    return failure();             // depth_to_space_c1
  if (input[1] % (block * block)) // depth_to_space_c2
    return inferError(location, getOperationName(),
                      "block of " + Twine(block * block) +
                          " channels does not divide " + Twine(input[1]));
  types.push_back(RankedTensorType::get({input[0], input[1] / (block * block),
                                         input[2] * block, input[3] * block},
                                        getElement(adaptor.getInput())));
  return success();
}

LogicalResult SpaceToDepthOp::inferReturnTypes(MLIRContext *context,
                                               std::optional<Location> location,
                                               Adaptor adaptor,
                                               SmallVectorImpl<Type> &types) {
  ArrayRef<int64_t> input = getShape(adaptor.getInput());
  int64_t block = adaptor.getBlockSize();
  if (failed(checkBlock(location, getOperationName(), input, block)))
    return failure();                       // space_to_depth_c1
  if (input[2] % block || input[3] % block) // space_to_depth_c2
    return inferError(location, getOperationName(),
                      "block_size " + Twine(block) + " does not divide " +
                          str(input.drop_front(2)));
  types.push_back(RankedTensorType::get(
      {input[0], input[1] * block * block, input[2] / block, input[3] / block},
      getElement(adaptor.getInput())));
  return success();
}

//===----------------------------------------------------------------------===//
// Movement and rows
//===----------------------------------------------------------------------===//

std::optional<ElementMap> ReshapeOp::getElementMap() {
  return ElementMap::identity(getOutput().getType().getNumElements());
}

std::optional<ElementMap> PermuteOp::getElementMap() {
  return ElementMap::of(
      StridedMap::identity(getShape(getInput())).permuted(getOrder()),
      getInput().getType().getNumElements());
}

std::optional<ElementMap> RelayoutOp::getElementMap() {
  return ElementMap::ofBoxes(unpackBoxes(getBoxes(), getAxes()),
                             getOutput().getType().getNumElements(),
                             getInput().getType().getNumElements());
}

std::optional<ElementMap> SliceOp::getElementMap() {
  return ElementMap::of(StridedMap::identity(getShape(getInput()))
                            .sliced(getOffsets(), getSizes(), getSteps()),
                        getInput().getType().getNumElements());
}

SmallVector<unsigned, 2> SliceOp::getRowOperands() {
  if (getShape(getInput()).drop_back() != getShape(getOutput()).drop_back())
    return {};
  return {0};
}

SmallVector<unsigned, 2> ConcatOp::getRowOperands() {
  if (int64_t(getAxis()) != getOutput().getType().getRank() - 1)
    return {};
  return llvm::to_vector<2>(llvm::seq<unsigned>(0, getNumOperands()));
}
