//===- TopConvOps.cpp - Convolution, matmul, pooling ----------------------===//
//
// Type inference and constraints of ops that contract or slide a window.
//
//===----------------------------------------------------------------------===//

#include "Infer.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

#define GET_OP_CLASSES
#include "Dialect/Top/IR/TopConvOps.cpp.inc"

namespace {

/// The attributes of a sliding window, and where to complain about them.
struct Window {
  std::optional<Location> loc;
  StringRef name;
  ArrayRef<int64_t> kernel, strides, pads, dilations;

  LogicalResult error(const Twine &message) const {
    return inferError(loc, name, message);
  }
  /// Extent of the dilated kernel on a spatial axis.
  int64_t extent(int64_t axis) const {
    return dilations[axis] * (kernel[axis] - 1) + 1;
  }
  LogicalResult check(int64_t numSpatial) const;
};

} // namespace

LogicalResult Window::check(int64_t numSpatial) const {
  if (numSpatial < 1 || numSpatial > 3)
    return error("operand has " + Twine(numSpatial) +
                 " spatial axes, expected 1 to 3");
  auto checkEach = [&](StringRef what, ArrayRef<int64_t> values, int64_t count,
                       int64_t least) -> LogicalResult {
    if (int64_t(values.size()) != count)
      return error(what + " has " + Twine(values.size()) +
                   " entries, expected " + Twine(count));
    return checkEntries(loc, name, what, values, least);
  };
  return success(succeeded(checkEach("kernel", kernel, numSpatial, 1)) &&
                 succeeded(checkEach("strides", strides, numSpatial, 1)) &&
                 succeeded(checkEach("dilations", dilations, numSpatial, 1)) &&
                 succeeded(checkEach("pads", pads, 2 * numSpatial, 0)));
}

/// The window of a convolution, checked; its kernel is the filter's.
template <typename Adaptor>
static FailureOr<Window> getConvWindow(std::optional<Location> loc,
                                       StringRef name, Adaptor adaptor) {
  ArrayRef<int64_t> input = getShape(adaptor.getInput());
  ArrayRef<int64_t> filter = getShape(adaptor.getFilter());
  if (input.size() < 3 ||
      filter.size() != input.size()) // conv_c1, conv_transpose_c1
    return inferError(loc, name,
                      "operand " + str(input) + " and filter " + str(filter) +
                          " must have the same rank of 3 to 5");
  Window window{loc,
                name,
                filter.drop_front(2),
                adaptor.getStrides(),
                adaptor.getPads(),
                adaptor.getDilations()};
  // conv_c2, conv_c3
  if (failed(window.check(input.size() - 2)))
    return failure();
  return window;
}

/// Checks that a bias is [channels].
static LogicalResult checkBias(std::optional<Location> loc, StringRef name,
                               Value bias, int64_t channels) {
  if (!bias || getShape(bias) == ArrayRef<int64_t>{channels})
    return success();
  return inferError(loc, name,
                    "bias has shape " + str(getShape(bias)) + ", expected [" +
                        Twine(channels) + "]");
}

LogicalResult ConvOp::inferReturnTypes(MLIRContext *context,
                                       std::optional<Location> location,
                                       Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  ArrayRef<int64_t> input = getShape(adaptor.getInput());
  ArrayRef<int64_t> filter = getShape(adaptor.getFilter());
  StringRef name = getOperationName();
  FailureOr<Window> checked = getConvWindow(location, name, adaptor);
  if (failed(checked))
    return failure();
  const Window &window = *checked;
  int64_t numSpatial = input.size() - 2;
  int64_t group = adaptor.getGroup();
  if (group < 1 || group > kLargestSize || input[1] % group ||
      filter[0] % group || filter[1] != input[1] / group) // conv_c4
    return inferError(location, name,
                      "filter " + str(filter) + " with group " + Twine(group) +
                          " does not fit the operand's " + Twine(input[1]) +
                          " channels, expected axis 1 to be channels / group");
  if (failed(checkBias(location, name, adaptor.getBias(), filter[0])))
    return failure();
  SmallVector<int64_t> shape{input[0], filter[0]};
  for (int64_t i = 0; i < numSpatial; ++i) {
    int64_t padded =
        input[2 + i] + window.pads[i] + window.pads[numSpatial + i];
    if (window.extent(i) > padded) // conv_c5
      return inferError(location, name,
                        "dilated kernel of " + Twine(window.extent(i)) +
                            " is larger than the padded input of " +
                            Twine(padded) + " on spatial axis " + Twine(i));
    shape.push_back((padded - window.extent(i)) / window.strides[i] + 1);
  }
  types.push_back(RankedTensorType::get(shape, getElement(adaptor.getInput())));
  return success();
}

LogicalResult ConvTransposeOp::inferReturnTypes(
    MLIRContext *context, std::optional<Location> location, Adaptor adaptor,
    SmallVectorImpl<Type> &types) {
  ArrayRef<int64_t> input = getShape(adaptor.getInput());
  ArrayRef<int64_t> filter = getShape(adaptor.getFilter());
  StringRef name = getOperationName();
  FailureOr<Window> checked = getConvWindow(location, name, adaptor);
  if (failed(checked))
    return failure();
  const Window &window = *checked;
  int64_t numSpatial = input.size() - 2;
  int64_t group = adaptor.getGroup();
  if (group < 1 || group > kLargestSize || input[1] % group ||
      filter[0] != input[1])
    return inferError(location, name, // conv_transpose_c4
                      "filter " + str(filter) + " with group " + Twine(group) +
                          " does not fit the operand's " + Twine(input[1]) +
                          " channels, expected axis 0 to be the channels");
  ArrayRef<int64_t> extra = adaptor.getOutputPadding();
  if (int64_t(extra.size()) != numSpatial) // conv_transpose_c5
    return inferError(location, name,
                      "output_padding has " + Twine(extra.size()) +
                          " entries, expected " + Twine(numSpatial));
  if (failed(checkEntries(location, name, "output_padding", extra, 0)))
    return failure();
  int64_t channels = filter[1] * group;
  if (failed(checkBias(location, name, adaptor.getBias(), channels)))
    return failure();
  SmallVector<int64_t> shape{input[0], channels};
  for (int64_t i = 0; i < numSpatial; ++i) {
    int64_t size = (input[2 + i] - 1) * window.strides[i] + window.extent(i) -
                   window.pads[i] - window.pads[numSpatial + i] + extra[i];
    if (size < 1) // conv_transpose_c6
      return inferError(location, name,
                        "result has size " + Twine(size) + " on spatial axis " +
                            Twine(i) + ", the padding removes everything");
    shape.push_back(size);
  }
  types.push_back(RankedTensorType::get(shape, getElement(adaptor.getInput())));
  return success();
}

LogicalResult MatMulOp::inferReturnTypes(MLIRContext *context,
                                         std::optional<Location> location,
                                         Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  SmallVector<int64_t> lhs(getShape(adaptor.getLhs()));
  SmallVector<int64_t> rhs(getShape(adaptor.getRhs()));
  StringRef name = getOperationName();
  if (lhs.size() < 2 || rhs.size() < 2) // matmul_c1
    return inferError(location, name,
                      "operands have shapes " + str(lhs) + " and " + str(rhs) +
                          ", expected at least two axes: reshape a vector");
  if (adaptor.getLeftTranspose())
    std::swap(lhs[lhs.size() - 1], lhs[lhs.size() - 2]);
  if (adaptor.getRightTranspose())
    std::swap(rhs[rhs.size() - 1], rhs[rhs.size() - 2]);
  if (lhs.back() != rhs[rhs.size() - 2]) // matmul_c2
    return inferError(location, name,
                      "operands, transposed as asked, are " + str(lhs) +
                          " and " + str(rhs) +
                          ": the inner sizes do not agree");
  int64_t m = lhs[lhs.size() - 2], n = rhs.back();
  if (failed(checkBias(location, name, adaptor.getBias(), n))) // matmul_c4
    return failure();
  std::optional<SmallVector<int64_t>> shape =
      broadcastShapes({ArrayRef(lhs).drop_back(2), ArrayRef(rhs).drop_back(2)});
  if (!shape) // matmul_c3
    return inferError(location, name,
                      "leading axes of " + str(lhs) + " and " + str(rhs) +
                          " do not broadcast");
  shape->append({m, n});
  types.push_back(RankedTensorType::get(*shape, getElement(adaptor.getLhs())));
  return success();
}

/// Shape of a pooled tensor.
template <typename Adaptor>
static LogicalResult inferPool(std::optional<Location> loc, StringRef name,
                               Adaptor adaptor, SmallVectorImpl<Type> &types) {
  ArrayRef<int64_t> input = getShape(adaptor.getInput());
  Window window{loc,
                name,
                adaptor.getKernel(),
                adaptor.getStrides(),
                adaptor.getPads(),
                adaptor.getDilations()};
  int64_t numSpatial = int64_t(input.size()) - 2;
  if (failed(window.check(numSpatial))) // max_pool_c1, max_pool_c2
    return failure();
  SmallVector<int64_t> shape(input.take_front(2));
  for (int64_t i = 0; i < numSpatial; ++i) {
    int64_t begin = window.pads[i], end = window.pads[numSpatial + i];
    int64_t extent = window.extent(i), stride = window.strides[i];
    if (begin >= extent || end >= extent) // max_pool_c3
      return inferError(loc, name,
                        "pads are " + str(window.pads) +
                            ", expected less than the dilated kernel of " +
                            Twine(extent) + " on spatial axis " + Twine(i));
    int64_t room = input[2 + i] + begin + end - extent;
    if (room < 0) // max_pool_c4
      return inferError(
          loc, name,
          "dilated kernel of " + Twine(extent) +
              " is larger than the padded input on spatial axis " + Twine(i));
    int64_t size = room / stride + 1;
    if (adaptor.getCeilMode() && room % stride &&
        size * stride < input[2 + i] + begin)
      ++size;
    shape.push_back(size);
  }
  types.push_back(RankedTensorType::get(shape, getElement(adaptor.getInput())));
  return success();
}

LogicalResult MaxPoolOp::inferReturnTypes(MLIRContext *context,
                                          std::optional<Location> location,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  return inferPool(location, getOperationName(), adaptor, types);
}

LogicalResult AvgPoolOp::inferReturnTypes(MLIRContext *context,
                                          std::optional<Location> location,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  return inferPool(location, getOperationName(), adaptor, types);
}

SmallVector<unsigned, 2> MatMulOp::getRowOperands() {
  if (getShape(getRhs()).size() != 2 || getLeftTranspose())
    return {};
  return {0};
}
