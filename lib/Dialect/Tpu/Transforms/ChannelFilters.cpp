//===- ChannelFilters.cpp - Filters for other channels --------------------===//
//
// Moves the entries of constants along the axes of channels. It copies
// entries as raw data, whatever their type; zero has the bits 0 in all of them.
//
//===----------------------------------------------------------------------===//

#include "ChannelFilters.h"
#include "Arch/Arch.h"
#include "Support/IntMath.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"

#include <cstring>

using namespace mlir;
using namespace tpuc;

int64_t tpuc::elementBytesOf(Value value) {
  Type storage = tpu::getStorageElement(tpu::getElement(value));
  return int64_t(storage.getIntOrFloatBitWidth()) / 8;
}

int64_t tpuc::planeOf(Value value) {
  ArrayRef<int64_t> shape = tpu::getShape(value);
  return shape[2] * shape[3];
}

//===----------------------------------------------------------------------===//
// Cycles
//===----------------------------------------------------------------------===//

EngineCycles tpuc::convolutionCycles(const Arch &arch, int64_t results,
                                     int64_t channels, int64_t taps,
                                     int64_t pixels, int64_t elementBytes) {
  // A few pixels and channels a cycle, a result a lane. Products of f32 take
  // four times as long as the bytes say.
  int64_t depth = arch.vectorBytes / elementBytes;
  if (elementBytes == 4)
    depth /= 4;
  EngineCycles cycles;
  cycles.tiu = ceilDiv(results, arch.lanes) * ceilDiv(channels, depth) * taps *
               ceilDiv(pixels, arch.productPositions);
  cycles.gdma = int64_t(double(results * channels * taps * elementBytes) /
                        arch.loadBytesPerCycle);
  return cycles;
}

int64_t tpuc::copyCycles(const Arch &arch, int64_t channels, int64_t rowBytes) {
  return int64_t(double(channels * std::max(rowBytes, arch.shortestRowBytes)) /
                 arch.moveBytesPerCycle);
}

int64_t tpuc::shiftCycles(const Arch &arch, int64_t channels,
                          int64_t rowBytes) {
  return std::min(copyCycles(arch, channels, rowBytes),
                  ceilDiv(channels, arch.lanes) *
                      ceilDiv(rowBytes, int64_t(arch.productPositions)));
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

/// The bytes of a constant, or nothing when they are not there. Those of one
/// that repeats an element are made in `expanded`.
static ArrayRef<char> getBytes(Value value, std::vector<char> &expanded) {
  auto weight = value.getDefiningOp<tpu::WeightOp>();
  if (!weight)
    return {};
  if (auto dense = dyn_cast<DenseElementsAttr>(weight.getValue())) {
    ArrayRef<char> bytes = dense.getRawData();
    if (!dense.isSplat())
      return bytes;
    for (int64_t i = 0; i < dense.getNumElements(); ++i)
      llvm::append_range(expanded, bytes);
    return expanded;
  }
  auto resource = dyn_cast<DenseResourceElementsAttr>(weight.getValue());
  AsmResourceBlob *blob =
      resource ? resource.getRawHandle().getBlob() : nullptr;
  return blob ? blob->getData() : ArrayRef<char>();
}

bool tpuc::isConstantWithData(Value value) {
  std::vector<char> expanded;
  return !getBytes(value, expanded).empty();
}

/// Large data become a resource, which is not hashed.
static Value makeConstant(OpBuilder &builder, Location loc,
                          RankedTensorType type, AsmResourceBlob blob) {
  constexpr size_t kInlineBytes = 1024;
  RankedTensorType storage = tpu::getStorageType(type);
  ElementsAttr elements;
  if (blob.getData().size() <= kInlineBytes)
    elements = DenseElementsAttr::getFromRawBuffer(storage, blob.getData());
  else
    elements =
        DenseResourceElementsAttr::get(storage, "channels", std::move(blob));
  return tpu::WeightOp::create(builder, loc, type, elements);
}

static AsmResourceBlob makeZeros(RankedTensorType type) {
  Type storage = tpu::getStorageElement(type.getElementType());
  size_t bytes = type.getNumElements() * storage.getIntOrFloatBitWidth() / 8;
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(bytes, /*align=*/64);
  std::memset(blob.getMutableData().data(), 0, bytes);
  return blob;
}

/// The element type with other scales along its axis, which `change` makes of
/// the present ones.
static Type withScales(Type element,
                       function_ref<void(SmallVectorImpl<double> &)> change) {
  auto type = dyn_cast<quant::UniformQuantizedPerAxisType>(element);
  if (!type)
    return element;
  SmallVector<double> scales(type.getScales());
  change(scales);
  auto count = int64_t(scales.size());
  return quant::UniformQuantizedPerAxisType::get(
      type.getFlags(), type.getStorageType(), type.getExpressedType(), scales,
      SmallVector<int64_t>(count, 0), type.getQuantizedDimension(),
      type.getStorageTypeMin(), type.getStorageTypeMax());
}

bool tpuc::hasData(tpu::ConvOp conv) {
  return isConstantWithData(conv.getFilter()) &&
         (!conv.getBias() || isConstantWithData(conv.getBias()));
}

tpu::ConvOp tpuc::asDenseConv(Operation *op) {
  auto conv = dyn_cast<tpu::ConvOp>(op);
  if (!conv || conv.getGroup() != 1 ||
      tpu::getShape(conv.getInput()).size() != 4 || !hasData(conv))
    return nullptr;
  return conv;
}

SmallVector<tpu::ConvOp> tpuc::denseConvs(func::FuncOp function) {
  SmallVector<tpu::ConvOp> convs;
  for (Operation &op : function.getBody().front())
    if (tpu::ConvOp conv = asDenseConv(&op))
      convs.push_back(conv);
  return convs;
}

Value tpuc::scatterInputChannels(OpBuilder &builder, Value filter,
                                 ArrayRef<int64_t> to, int64_t channels) {
  std::vector<char> expanded;
  ArrayRef<char> bytes = getBytes(filter, expanded);
  if (bytes.empty())
    return nullptr;
  SmallVector<int64_t> shape(tpu::getShape(filter));
  int64_t row = planeOf(filter) * elementBytesOf(filter), count = shape[1];
  shape[1] = channels;
  auto type = RankedTensorType::get(shape, tpu::getElement(filter));
  AsmResourceBlob blob = makeZeros(type);
  char *target = blob.getMutableData().data();
  for (int64_t result = 0; result < shape[0]; ++result)
    for (int64_t channel = 0; channel < count; ++channel)
      std::memcpy(target + (result * channels + to[channel]) * row,
                  bytes.data() + (result * count + channel) * row, row);
  return makeConstant(builder, filter.getLoc(), type, std::move(blob));
}

Value tpuc::padFirstAxis(OpBuilder &builder, Value constant, int64_t size) {
  std::vector<char> expanded;
  ArrayRef<char> bytes = getBytes(constant, expanded);
  if (bytes.empty())
    return nullptr;
  SmallVector<int64_t> shape(tpu::getShape(constant));
  shape[0] = size;
  auto lengthen = [&](SmallVectorImpl<double> &scales) {
    scales.resize(size, scales.back());
  };
  auto type = RankedTensorType::get(
      shape, withScales(tpu::getElement(constant), lengthen));
  AsmResourceBlob blob = makeZeros(type);
  llvm::copy(bytes, blob.getMutableData().begin());
  return makeConstant(builder, constant.getLoc(), type, std::move(blob));
}

/// Every scale `count` times.
static Type withRepeatedScales(Type element, int64_t count) {
  return withScales(element, [&](SmallVectorImpl<double> &scales) {
    SmallVector<double> repeated;
    for (double scale : scales)
      repeated.append(count, scale);
    scales = repeated;
  });
}

Value tpuc::repeatEntries(OpBuilder &builder, Value constant, int64_t count) {
  std::vector<char> expanded;
  ArrayRef<char> bytes = getBytes(constant, expanded);
  if (bytes.empty())
    return nullptr;
  int64_t width = elementBytesOf(constant);
  SmallVector<int64_t> shape(tpu::getShape(constant));
  auto axis = llvm::find_if(shape, [](int64_t size) { return size != 1; });
  *(axis == shape.end() ? shape.begin() : axis) *= count;
  auto type = RankedTensorType::get(shape, tpu::getElement(constant));
  AsmResourceBlob blob = makeZeros(type);
  char *target = blob.getMutableData().data();
  for (int64_t i = 0, size = type.getNumElements(); i < size; ++i)
    std::memcpy(target + i * width, bytes.data() + i / count * width, width);
  return makeConstant(builder, constant.getLoc(), type, std::move(blob));
}

Value tpuc::spreadFilter(
    OpBuilder &builder, Value filter, ArrayRef<int64_t> shape, int64_t pixels,
    function_ref<TapPlace(int64_t, int64_t, int64_t)> place) {
  std::vector<char> expanded;
  ArrayRef<char> bytes = getBytes(filter, expanded);
  if (bytes.empty())
    return nullptr;
  ArrayRef<int64_t> from = tpu::getShape(filter);
  int64_t width = elementBytesOf(filter), phases = shape[1] / from[1];
  auto type = RankedTensorType::get(
      shape, withRepeatedScales(tpu::getElement(filter), pixels));
  AsmResourceBlob blob = makeZeros(type);
  char *target = blob.getMutableData().data();
  const char *source = bytes.data();
  for (int64_t result = 0; result < from[0]; ++result)
    for (int64_t channel = 0; channel < from[1]; ++channel)
      for (int64_t row = 0; row < from[2]; ++row)
        for (int64_t column = 0; column < from[3]; ++column, source += width)
          for (int64_t pixel = 0; pixel < pixels; ++pixel) {
            TapPlace to = place(pixel, row, column);
            int64_t plane = (result * pixels + pixel) * shape[1] +
                            channel * phases + to.phase;
            int64_t index = (plane * shape[2] + to.row) * shape[3] + to.column;
            std::memcpy(target + index * width, source, width);
          }
  return makeConstant(builder, filter.getLoc(), type, std::move(blob));
}

Value tpuc::spreadTransposedFilter(OpBuilder &builder, Value filter,
                                   int64_t rows, int64_t columns) {
  std::vector<char> expanded;
  ArrayRef<char> bytes = getBytes(filter, expanded);
  if (bytes.empty())
    return nullptr;
  ArrayRef<int64_t> from = tpu::getShape(filter);
  int64_t width = elementBytesOf(filter), phases = rows * columns;
  int64_t high = rows * from[2], wide = columns * from[3];
  SmallVector<int64_t> shape{from[1] * high * wide, from[0] * phases, 1, 1};
  auto type = RankedTensorType::get(shape, tpu::getElement(filter));
  AsmResourceBlob blob = makeZeros(type);
  char *target = blob.getMutableData().data();
  const char *source = bytes.data();
  for (int64_t channel = 0; channel < from[0]; ++channel)
    for (int64_t result = 0; result < from[1]; ++result)
      for (int64_t row = 0; row < from[2]; ++row)
        for (int64_t column = 0; column < from[3]; ++column, source += width)
          for (int64_t phase = 0; phase < phases; ++phase) {
            int64_t y = phase / columns * from[2] + row,
                    x = phase % columns * from[3] + column;
            int64_t index = ((result * high + y) * wide + x) * shape[1] +
                            channel * phases + phase;
            std::memcpy(target + index * width, source, width);
          }
  return makeConstant(builder, filter.getLoc(), type, std::move(blob));
}

Value tpuc::makeSelection(OpBuilder &builder, Location loc,
                          ArrayRef<int64_t> from, int64_t channels,
                          Type element) {
  int64_t count = int64_t(from.size());
  bool isInt8 = tpu::isQuantized(element);
  if (isInt8)
    element = quant::UniformQuantizedPerAxisType::get(
        quant::QuantizationFlags::Signed, builder.getI8Type(),
        builder.getF32Type(), SmallVector<double>(count, 1.0),
        SmallVector<int64_t>(count, 0), /*axis=*/0, -128, 127);
  auto type = RankedTensorType::get({count, channels, 1, 1}, element);
  AsmResourceBlob blob = makeZeros(type);
  char *bytes = blob.getMutableData().data();
  uint16_t one = element.isF16() ? 0x3c00 : 0x3f80; // f16, bf16
  for (auto [result, channel] : llvm::enumerate(from)) {
    int64_t index = int64_t(result) * channels + channel;
    if (isInt8)
      bytes[index] = 1;
    else
      std::memcpy(bytes + index * sizeof(one), &one, sizeof(one));
  }
  return makeConstant(builder, loc, type, std::move(blob));
}
