//===- LowerContraction.cpp - Lowering of convolution and matmul ----------===//
//
// Brings contractions into the forms that the commands have: two or three
// spatial axes, pads and strides of 4 bits, equal batch axes. What exceeds them
// is rearranged first.
//
//===----------------------------------------------------------------------===//

#include "PatchConv.h"

using namespace mlir;
using namespace tpuc;

static int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

//===----------------------------------------------------------------------===//
// Convolution
//===----------------------------------------------------------------------===//

namespace {

/// A convolution on its way to the form of the chip.
struct Conv {
  Value input, filter, bias;
  SmallVector<int64_t> strides, pads, dilations;
  int64_t group;

  size_t getAxes() const { return strides.size(); }
};

} // namespace

/// Puts an axis of size 1 before the only spatial axis.
static void addAxis(Conv &conv, Lowering &lowering) {
  auto widen = [&](Value value) {
    SmallVector<int64_t> shape(getShape(value));
    shape.insert(shape.begin() + 2, 1);
    return lowering.reshape(value, shape);
  };
  conv.input = widen(conv.input);
  conv.filter = widen(conv.filter);
  conv.strides = {1, conv.strides[0]};
  conv.dilations = {1, conv.dilations[0]};
  conv.pads = {0, conv.pads[0], 0, conv.pads[1]};
}

/// Pads the axes whose pads exceed the command's by an op of its own.
static void padExcess(Conv &conv, Lowering &lowering) {
  size_t axes = conv.getAxes();
  SmallVector<int64_t> pads(2 * (axes + 2), 0);
  bool needed = false;
  for (size_t i = 0; i < axes; ++i) {
    int64_t &begin = conv.pads[i], &end = conv.pads[axes + i];
    if (begin <= kMaxPad && end <= kMaxPad)
      continue;
    needed = true;
    pads[2 + i] = std::exchange(begin, 0);
    pads[axes + 4 + i] = std::exchange(end, 0);
  }
  if (needed)
    conv.input = lowering.emit<tpu::PadOp>(conv.input, ArrayRef<int64_t>(pads));
}

/// Makes strides beyond the command's 1: blocks of stride x stride positions
/// become channels, and the filter, filled up with zeros to whole blocks, moves
/// by one block. `output` are the spatial sizes of the result.
static void moveStridesToChannels(Conv &conv, ArrayRef<int64_t> output,
                                  Lowering &lowering) {
  size_t axes = conv.getAxes();
  SmallVector<int64_t> input(getShape(conv.input));
  SmallVector<int64_t> filter(getShape(conv.filter));
  SmallVector<int64_t> pads(2 * (axes + 2), 0), filterPads(2 * (axes + 2), 0);
  SmallVector<int64_t> taken(input);
  SmallVector<int64_t> split = {input[0], input[1]},
                       filterSplit = {filter[0], filter[1]};
  SmallVector<int64_t> outer, inner;
  int64_t blockSize = 1;
  SmallVector<int64_t> blocks;
  for (size_t i = 0; i < axes; ++i) {
    int64_t block = conv.strides[i] > kMaxStride ? conv.strides[i] : 1;
    int64_t in = input[2 + i], taps = filter[2 + i];
    if (block > 1) {
      int64_t filterBlocks = ceilDiv(taps, block);
      int64_t used = (output[i] - 1 + filterBlocks) * block;
      // What no window reaches is cut off.
      pads[2 + i] = conv.pads[i];
      pads[axes + 4 + i] = std::max<int64_t>(0, used - in - conv.pads[i]);
      conv.pads[i] = conv.pads[axes + i] = 0;
      filterPads[axes + 4 + i] = filterBlocks * block - taps;
      conv.strides[i] = 1;
      in = used;
      taps = filterBlocks * block;
    }
    blocks.push_back(block);
    blockSize *= block;
    split.append({in / block, block});
    filterSplit.append({taps / block, block});
    outer.push_back(2 + 2 * i);
    inner.push_back(3 + 2 * i);
    taken[2 + i] = in;
    input[2 + i] = in / block;
    filter[2 + i] = taps / block;
  }
  Value x = conv.input;
  if (llvm::any_of(pads, [](int64_t pad) { return pad > 0; }))
    x = lowering.emit<tpu::PadOp>(x, ArrayRef<int64_t>(pads));
  if (getShape(x) != ArrayRef<int64_t>(taken)) {
    SmallVector<int64_t> zeros(taken.size(), 0), ones(taken.size(), 1);
    x = lowering.emit<tpu::SliceOp>(x, ArrayRef<int64_t>(zeros),
                                    ArrayRef<int64_t>(taken),
                                    ArrayRef<int64_t>(ones));
  }
  Value w = conv.filter;
  if (llvm::any_of(filterPads, [](int64_t pad) { return pad > 0; }))
    w = lowering.emit<tpu::PadOp>(w, ArrayRef<int64_t>(filterPads));
  // [n, c, (blocks, block)...] -> [n, (c, block...), blocks...]
  SmallVector<int64_t> order = {0, 1};
  llvm::append_range(order, inner);
  llvm::append_range(order, outer);
  input[1] *= blockSize;
  filter[1] *= blockSize;
  x = lowering.permute(lowering.reshape(x, split), order);
  w = lowering.permute(lowering.reshape(w, filterSplit), order);
  conv.input = lowering.reshape(x, input);
  conv.filter = lowering.reshape(w, filter);
}

static Value emitSlice(Value x, ArrayRef<int64_t> offsets,
                       ArrayRef<int64_t> sizes, Lowering &lowering) {
  if (getShape(x) == sizes)
    return x;
  SmallVector<int64_t> ones(sizes.size(), 1);
  return lowering.emit<tpu::SliceOp>(x, offsets, sizes,
                                     ArrayRef<int64_t>(ones));
}

/// Takes away taps that only ever meet the pads, as those of a wide dilation on
/// a small image do. `output` are the spatial sizes of the result.
static void trimTaps(Conv &conv, ArrayRef<int64_t> output, Lowering &lowering) {
  size_t axes = conv.getAxes();
  ArrayRef<int64_t> input = getShape(conv.input);
  SmallVector<int64_t> sizes(getShape(conv.filter)), offsets(sizes.size(), 0);
  for (size_t i = 0; i < axes; ++i) {
    int64_t in = input[2 + i], begin = conv.pads[i],
            dilation = conv.dilations[i];
    int64_t way = (output[i] - 1) * conv.strides[i];
    auto meetsInput = [&](int64_t tap) {
      int64_t first = tap * dilation - begin;
      return first < in && first + way >= 0;
    };
    int64_t first = 0, last = sizes[2 + i] - 1;
    while (first < last && !meetsInput(first))
      ++first;
    while (last > first && !meetsInput(last))
      --last;
    int64_t newBegin = begin - first * dilation;
    int64_t newEnd = way + (last - first) * dilation + 1 - in - newBegin;
    bool isTrimmed = first > 0 || last < sizes[2 + i] - 1;
    if (!isTrimmed || newBegin < 0 || newEnd < 0)
      continue;
    conv.pads[i] = newBegin;
    conv.pads[axes + i] = newEnd;
    offsets[2 + i] = first;
    sizes[2 + i] = last - first + 1;
    if (sizes[2 + i] == 1)
      conv.dilations[i] = 1;
  }
  conv.filter = emitSlice(conv.filter, offsets, sizes, lowering);
}

/// Makes dilations beyond the command's 1: what each tap of such an axis sees
/// becomes channels, so that one convolution still adds all products. `output`
/// are the spatial sizes of the result.
static void moveTapsToChannels(Conv &conv, ArrayRef<int64_t> output,
                               Lowering &lowering) {
  size_t axes = conv.getAxes();
  SmallVector<int64_t> filter(getShape(conv.filter));
  SmallVector<int64_t> pads(2 * (axes + 2), 0);
  SmallVector<SmallVector<int64_t>> taps = {SmallVector<int64_t>(axes, 0)};
  // The filter as [oc, taps..., c / group, other taps...].
  SmallVector<int64_t> order = {0}, others = {1};
  SmallVector<int64_t> dilations(conv.dilations);
  SmallVector<bool> isMoved(axes, false);
  for (size_t i = 0; i < axes; ++i) {
    if (conv.dilations[i] <= kMaxDilation) {
      others.push_back(2 + i);
      continue;
    }
    isMoved[i] = true;
    order.push_back(2 + i);
    pads[2 + i] = std::exchange(conv.pads[i], 0);
    pads[axes + 4 + i] = std::exchange(conv.pads[axes + i], 0);
    conv.dilations[i] = 1;
    SmallVector<SmallVector<int64_t>> all;
    for (const SmallVector<int64_t> &tap : taps)
      for (int64_t k = 0; k < filter[2 + i]; ++k) {
        all.push_back(tap);
        all.back()[i] = k;
      }
    taps = all;
  }
  llvm::append_range(order, others);
  Value x = conv.input;
  if (llvm::any_of(pads, [](int64_t pad) { return pad > 0; }))
    x = lowering.emit<tpu::PadOp>(x, ArrayRef<int64_t>(pads));
  SmallVector<int64_t> sizes(getShape(x));
  for (size_t i = 0; i < axes; ++i)
    if (isMoved[i])
      sizes[2 + i] = (output[i] - 1) * conv.strides[i] + 1;
  // Each group has the channels of its taps side by side.
  SmallVector<int64_t> grouped = {sizes[0], conv.group, sizes[1] / conv.group};
  llvm::append_range(grouped, ArrayRef<int64_t>(sizes).drop_front(2));
  SmallVector<Value> parts;
  for (const SmallVector<int64_t> &tap : taps) {
    SmallVector<int64_t> offsets = {0, 0};
    for (size_t i = 0; i < axes; ++i)
      offsets.push_back(isMoved[i] ? tap[i] * dilations[i] : 0);
    parts.push_back(
        lowering.reshape(emitSlice(x, offsets, sizes, lowering), grouped));
  }
  grouped[2] *= parts.size();
  x = lowering.emit<tpu::ConcatOp>(
      RankedTensorType::get(grouped, getElement(x)), parts, /*axis=*/2);
  sizes[1] *= parts.size();
  conv.input = lowering.reshape(x, sizes);
  filter[1] *= parts.size();
  for (size_t i = 0; i < axes; ++i)
    if (isMoved[i])
      filter[2 + i] = 1;
  conv.filter = lowering.reshape(lowering.permute(conv.filter, order), filter);
}

/// True when the windows of a convolution tile its input.
static bool isTiling(const Conv &conv) {
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
static Value emitTileMatMul(const Conv &conv, bool relu, double limit,
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
  Conv conv;
  conv.strides.assign(op.getStrides().begin(), op.getStrides().end());
  conv.pads.assign(op.getPads().begin(), op.getPads().end());
  conv.dilations.assign(op.getDilations().begin(), op.getDilations().end());
  conv.group = op.getGroup();
  for (auto [dilation, stride] : llvm::zip(conv.dilations, conv.strides))
    if (dilation > 1 && stride > kMaxStride)
      return lowering.fail(op, "stride " + Twine(stride) +
                                   " exceeds the chip's " + Twine(kMaxStride) +
                                   " and the kernel is dilated; slice the "
                                   "result of a convolution of stride 1");
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
  if (isStrideTooLong)
    moveStridesToChannels(conv, spatial, lowering);
  trimTaps(conv, spatial, lowering);
  if (llvm::any_of(conv.dilations, [](int64_t d) { return d > kMaxDilation; }))
    moveTapsToChannels(conv, spatial, lowering);
  padExcess(conv, lowering);
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
  Conv conv;
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
