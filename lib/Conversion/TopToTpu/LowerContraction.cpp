//===- LowerContraction.cpp - Lowering of convolution and matmul ----------===//
//
// Brings contractions into the forms that the commands have: two or three
// spatial axes, pads and strides of 4 bits, equal batch axes. What exceeds them
// is rearranged first.
//
//===----------------------------------------------------------------------===//

#include "ConvForm.h"
#include "PatchConv.h"

using namespace mlir;
using namespace tpuc;

//===----------------------------------------------------------------------===//
// Convolution
//===----------------------------------------------------------------------===//

/// True when the windows of a convolution tile its input.
static bool isTiling(const ConvForm &conv) {
  ArrayRef<int64_t> input = getShape(conv.input);
  ArrayRef<int64_t> filter = getShape(conv.filter);
  if (conv.group != 1 || llvm::any_of(conv.pads, [](int64_t p) { return p; }))
    return false;
  for (size_t i = 0; i < conv.getAxes(); ++i)
    if (conv.strides[i] != filter[2 + i] || input[2 + i] % filter[2 + i] ||
        conv.dilations[i] != 1)
      return false;
  return true;
}

/// A convolution of tiles is a matmul of the tiles, one a row.
static Value emitTileMatMul(const ConvForm &conv, bool relu, double limit,
                            Lowering &lowering) {
  ArrayRef<int64_t> input = getShape(conv.input);
  ArrayRef<int64_t> filter = getShape(conv.filter);
  size_t axes = conv.getAxes();
  SmallVector<int64_t> split = {input[0], input[1]}, order = {0};
  SmallVector<int64_t> output = {input[0]}, back = {0, int64_t(axes) + 1};
  for (size_t i = 0; i < axes; ++i) {
    split.append({input[2 + i] / filter[2 + i], filter[2 + i]});
    order.push_back(2 + 2 * i);
    output.push_back(input[2 + i] / filter[2 + i]);
    back.push_back(1 + i);
  }
  order.push_back(1);
  for (size_t i = 0; i < axes; ++i)
    order.push_back(3 + 2 * i);
  int64_t rows = getProduct(output), sums = getProduct(filter.drop_front());
  Value x = lowering.permute(lowering.reshape(conv.input, split), order);
  x = lowering.reshape(x, {rows, sums});
  Value w = lowering.reshape(conv.filter, {filter[0], sums});
  auto type = RankedTensorType::get({rows, filter[0]}, getElement(x));
  Value y = lowering.emit<tpu::MatMulOp>(
      type, x, w, conv.bias, /*left_transpose=*/false, /*right_transpose=*/true,
      relu, APFloat(limit));
  output.push_back(filter[0]);
  return lowering.permute(lowering.reshape(y, output), back);
}

/// What moves the patches meets the input before a cast does, which may leave
/// them in local memory.
static void emitPatchConv(top::ConvOp op, const PatchConv &patches,
                          Lowering &lowering) {
  auto [element, filterElement, resultElement] = lowering.getConvElements(op);
  Value input = lowering.cast(
      patches.arrange(lowering.get(op.getInput()), lowering), element);
  Value filter = lowering.reshape(lowering.get(op.getFilter(), filterElement),
                                  patches.getFilterShape());
  Value bias;
  if (op.getBias())
    bias = lowering.get(op.getBias(), Float32Type::get(op.getContext()));
  Value output = lowering.emit<tpu::ConvOp>(
      RankedTensorType::get(patches.getResultShape(), resultElement), input,
      filter, bias, ArrayRef<int64_t>{1, 1}, ArrayRef<int64_t>{0, 0, 0, 0},
      ArrayRef<int64_t>{1, 1}, /*group=*/1, op.getDoRelu(), op.getReluLimit());
  lowering.replace(op.getResult(),
                   lowering.reshape(output, getShape(op.getOutput())));
}

static LogicalResult lowerConv(top::ConvOp op, Lowering &lowering) {
  if (std::optional<PatchConv> patches = PatchConv::match(op)) {
    emitPatchConv(op, *patches, lowering);
    return success();
  }
  auto [element, filterElement, resultElement] = lowering.getConvElements(op);
  ConvForm conv;
  conv.strides.assign(op.getStrides().begin(), op.getStrides().end());
  conv.pads.assign(op.getPads().begin(), op.getPads().end());
  conv.dilations.assign(op.getDilations().begin(), op.getDilations().end());
  conv.group = op.getGroup();
  conv.input = lowering.get(op.getInput(), element);
  conv.filter = lowering.get(op.getFilter(), filterElement);
  ArrayRef<int64_t> shape = getShape(op.getOutput());
  SmallVector<int64_t> spatial(shape.drop_front(2));
  if (conv.getAxes() == 1) {
    addAxis(conv, lowering);
    spatial.insert(spatial.begin(), 1);
  }
  bool relu = op.getDoRelu();
  double limit = op.getReluLimit().convertToDouble();
  bool isStrideTooLong =
      llvm::any_of(conv.strides, [](int64_t s) { return s > kMaxStride; });
  bool isMatMul = isStrideTooLong && isTiling(conv);
  if (op.getBias())
    conv.bias = lowering.get(
        op.getBias(), isMatMul ? element : Float32Type::get(op.getContext()));
  if (isMatMul) {
    Value result = emitTileMatMul(conv, relu, limit, lowering);
    lowering.replace(op.getResult(), lowering.reshape(result, shape));
    return success();
  }
  if (!bringToForm(conv, spatial, lowering))
    return lowering.fail(op, "stride " +
                                 Twine(*llvm::max_element(conv.strides)) +
                                 " exceeds the chip's " + Twine(kMaxStride) +
                                 " and the kernel is dilated; slice the "
                                 "result of a convolution of stride 1");
  SmallVector<int64_t> result = {shape[0], shape[1]};
  llvm::append_range(result, spatial);
  Value output = lowering.emit<tpu::ConvOp>(
      RankedTensorType::get(result, resultElement), conv.input, conv.filter,
      conv.bias, conv.strides, conv.pads, conv.dilations, conv.group, relu,
      APFloat(limit));
  lowering.replace(op.getResult(), lowering.reshape(output, shape));
  return success();
}

static LogicalResult lowerConvTranspose(top::ConvTransposeOp op,
                                        Lowering &lowering) {
  Type element = lowering.getFloatElement(op);
  ArrayRef<int64_t> shape = getShape(op.getOutput());
  if (shape.size() > 4)
    return lowering.fail(op, "transposed convolutions have 1 or 2 spatial axes "
                             "on the chip, not 3; split the outermost axis");
  ConvForm conv;
  conv.strides.assign(op.getStrides().begin(), op.getStrides().end());
  conv.pads.assign(op.getPads().begin(), op.getPads().end());
  conv.dilations.assign(op.getDilations().begin(), op.getDilations().end());
  SmallVector<int64_t> outputPadding(op.getOutputPadding());
  for (int64_t value : llvm::concat<int64_t>(conv.strides, conv.dilations))
    if (value > kMaxDilation)
      return lowering.fail(
          op, "stride or dilation " + Twine(value) + " exceeds the chip's " +
                  Twine(kMaxDilation) + "; use two convolutions");
  conv.group = op.getGroup();
  conv.input = lowering.get(op.getInput(), element);
  conv.filter = lowering.get(op.getFilter(), element);
  if (op.getBias())
    conv.bias = lowering.get(op.getBias(), Float32Type::get(op.getContext()));
  SmallVector<int64_t> result(shape);
  if (conv.getAxes() == 1) {
    addAxis(conv, lowering);
    outputPadding.insert(outputPadding.begin(), 0);
    result.insert(result.begin() + 2, 1);
  }
  Value output = lowering.emit<tpu::ConvTransposeOp>(
      RankedTensorType::get(result, element), conv.input, conv.filter,
      conv.bias, conv.strides, conv.pads, conv.dilations, outputPadding,
      conv.group, op.getDoRelu(), op.getReluLimit());
  lowering.replace(op.getResult(), lowering.reshape(output, shape));
  return success();
}

//===----------------------------------------------------------------------===//
// Matmul
//===----------------------------------------------------------------------===//

/// Exchanges the last two axes.
static Value transpose(Value value, Lowering &lowering) {
  SmallVector<int64_t> order =
      llvm::to_vector(llvm::seq<int64_t>(0, getShape(value).size()));
  std::swap(order.end()[-1], order.end()[-2]);
  return lowering.permute(value, order);
}

/// Expands the leading axes of a stack of matrices to `batch`.
static Value expandBatch(Value value, ArrayRef<int64_t> batch,
                         Lowering &lowering) {
  ArrayRef<int64_t> shape = getShape(value);
  SmallVector<int64_t> padded(batch.size() + 2 - shape.size(), 1);
  llvm::append_range(padded, shape);
  SmallVector<int64_t> full(batch);
  llvm::append_range(full, shape.take_back(2));
  return lowering.broadcast(lowering.reshape(value, padded), full);
}

static LogicalResult lowerMatMul(top::MatMulOp op, Lowering &lowering) {
  Type element = lowering.getFloatElement(op);
  Value left = lowering.get(op.getLhs(), element);
  Value right = lowering.get(op.getRhs(), element);
  Value bias = op.getBias() ? lowering.get(op.getBias(), element) : Value();
  // Rows of the result lie across the lanes, so that no command reads columns.
  if (op.getLeftTranspose())
    left = transpose(left, lowering);
  ArrayRef<int64_t> shape = getShape(op.getOutput());
  ArrayRef<int64_t> batch = shape.drop_back(2);
  SmallVector<int64_t> result(shape);

  bool sharesRight = getProduct(getShape(right).drop_back(2)) == 1;
  if (sharesRight && !batch.empty()) {
    // [b..., m, k] x [k, n] -> [b * m, k] x [k, n]
    ArrayRef<int64_t> from = getShape(left);
    left = lowering.reshape(left, {getProduct(from.drop_back()), from.back()});
    right = lowering.reshape(right, getShape(right).take_back(2));
    result = {getProduct(shape.drop_back()), shape.back()};
  } else {
    left = expandBatch(left, batch, lowering);
    right = expandBatch(right, batch, lowering);
  }
  Value output = lowering.emit<tpu::MatMulOp>(
      RankedTensorType::get(result, element), left, right, bias,
      /*left_transpose=*/false, op.getRightTranspose(), /*do_relu=*/false,
      APFloat(-1.0));
  lowering.replace(op.getResult(), lowering.reshape(output, shape));
  return success();
}

void tpuc::populateContractionLowerings(LoweringSet &set) {
  set.add(lowerConv);
  set.add(lowerConvTranspose);
  set.add(lowerMatMul);
}
