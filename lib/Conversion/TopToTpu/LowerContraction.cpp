//===- LowerContraction.cpp - Lowering of convolution and matmul ----------===//
//
// Brings contractions into the forms that the commands have: two or three
// spatial axes, pads and strides of 4 bits, equal batch axes. What exceeds them
// is rearranged first.
//
//===----------------------------------------------------------------------===//

#include "ComparedSums.h"
#include "ConvForm.h"
#include "PatchEmbedding.h"

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
static void emitPatchEmbedding(top::ConvOp op, const PatchEmbedding &patches,
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
  if (std::optional<PatchEmbedding> patches =
          PatchEmbedding::match(lowering.getArch(), op)) {
    emitPatchEmbedding(op, *patches, lowering);
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
  bringToForm(conv, spatial, lowering);
  SmallVector<int64_t> result = {shape[0], shape[1]};
  llvm::append_range(result, spatial);
  Value output = lowering.emit<tpu::ConvOp>(
      RankedTensorType::get(result, resultElement), conv.input, conv.filter,
      conv.bias, conv.strides, conv.pads, conv.dilations, conv.group, relu,
      APFloat(limit));
  lowering.replace(op.getResult(), lowering.reshape(output, shape));
  return success();
}

/// A kernel over many strides meets more positions beside the input than a
/// command pads: those beyond become zeros of the input, whose results the pads
/// cut off.
static void padLongKernel(ConvForm &conv, Lowering &lowering) {
  size_t axes = conv.getAxes();
  SmallVector<int64_t> pads(2 * (axes + 2), 0);
  for (size_t i = 0; i < axes; ++i) {
    int64_t extent = (getShape(conv.filter)[2 + i] - 1) * conv.dilations[i] + 1;
    int64_t taps = llvm::divideCeil(extent, conv.strides[i]);
    int64_t excess = std::max<int64_t>(taps - 1 - kMaxPad, 0);
    pads[2 + i] = pads[axes + 4 + i] = excess;
    conv.pads[i] += excess * conv.strides[i];
    conv.pads[axes + i] += excess * conv.strides[i];
  }
  if (llvm::any_of(pads, [](int64_t pad) { return pad > 0; }))
    conv.input = lowering.emit<tpu::PadOp>(conv.input, ArrayRef<int64_t>(pads));
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
  padLongKernel(conv, lowering);
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

/// Products that a command can sum: a size field names their number, and a
/// lane holds a whole row of the left operand.
static int64_t longestSum(const Arch &arch, Type element) {
  int64_t longestRowBytes = arch.laneBytes * 5 / 8;
  return std::min<int64_t>(arch.maxSize, longestRowBytes * 8 /
                                             element.getIntOrFloatBitWidth());
}

/// left * right + bias as a sum of products of parts, in f32. The leading axes
/// of both are equal.
static Value productInParts(Value left, Value right, Value bias,
                            bool rightTransposed, ArrayRef<int64_t> shape,
                            Lowering &lowering) {
  Type element = getElement(left);
  int64_t depth = getShape(left).back(), rank = int64_t(shape.size());
  int64_t rightAxis = rightTransposed ? rank - 1 : rank - 2;
  // Whole lanes, so that each part begins in the first one.
  int64_t parts =
      llvm::divideCeil(depth, longestSum(lowering.getArch(), element));
  int64_t longest =
      llvm::alignTo(llvm::divideCeil(depth, parts), lowering.getArch().lanes);
  auto cut = [&](Value value, int64_t axis, int64_t offset, int64_t size) {
    SmallVector<int64_t> offsets(rank, 0), steps(rank, 1),
        sizes(getShape(value));
    offsets[axis] = offset;
    sizes[axis] = size;
    return lowering.emit<tpu::SliceOp>(value, ArrayRef<int64_t>(offsets),
                                       ArrayRef<int64_t>(sizes),
                                       ArrayRef<int64_t>(steps));
  };
  auto type = RankedTensorType::get(
      shape, Type(Float32Type::get(element.getContext())));
  Value sum;
  for (int64_t offset = 0; offset < depth; offset += longest) {
    int64_t size = std::min(longest, depth - offset);
    Value part = lowering.emit<tpu::MatMulOp>(
        type, cut(left, rank - 1, offset, size),
        cut(right, rightAxis, offset, size),
        sum || !bias ? Value() : lowering.cast(bias, type.getElementType()),
        /*left_transpose=*/false, rightTransposed, /*do_relu=*/false,
        APFloat(-1.0));
    sum = sum ? lowering.emit<tpu::BinaryOp>(type, tpu::BinaryKind::Add, sum,
                                             part)
              : part;
  }
  return sum;
}

static LogicalResult lowerMatMul(top::MatMulOp op, Lowering &lowering) {
  Type element = lowering.getFloatElement(op);
  Type resultElement = getSumElement(op.getOutput(), element);
  Value left = lowering.get(op.getLhs(), element);
  Value right = lowering.get(op.getRhs(), element);
  Value bias =
      op.getBias() ? lowering.get(op.getBias(), resultElement) : Value();
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
  Value output =
      getShape(left).back() > longestSum(lowering.getArch(), element)
          ? lowering.cast(productInParts(left, right, bias,
                                         op.getRightTranspose(), result,
                                         lowering),
                          resultElement)
          : lowering.emit<tpu::MatMulOp>(
                RankedTensorType::get(result, resultElement), left, right, bias,
                /*left_transpose=*/false, op.getRightTranspose(),
                /*do_relu=*/false, APFloat(-1.0));
  lowering.replace(op.getResult(), lowering.reshape(output, shape));
  return success();
}

void tpuc::populateContractionLowerings(LoweringSet &set) {
  set.add(lowerConv);
  set.add(lowerConvTranspose);
  set.add(lowerMatMul);
}
