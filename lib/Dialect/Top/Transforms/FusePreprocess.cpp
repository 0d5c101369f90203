//===- FusePreprocess.cpp - Pictures as uint8 for inputs ------------------===//
//
// Draws what is done to a picture's pixels into the network. Resizing, which
// depends on the picture, stays outside.
//
//===----------------------------------------------------------------------===//

#include "../Canonicalize/Match.h"
#include "Dialect/Top/Transforms/Calibration.h"
#include "Dialect/Top/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "top-fuse-preprocess"

namespace tpuc::top {
#define GEN_PASS_DEF_TOPFUSEPREPROCESS
#include "Dialect/Top/Transforms/Passes.h.inc"
} // namespace tpuc::top

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

namespace {

/// Which channels a picture has and whether they lie behind its pixels.
struct PictureFormat {
  StringRef channels; ///< "rgb", "bgr", "gray" or "rgba"
  bool isPacked;

  int64_t count() const {
    return channels == "gray" ? 1 : int64_t(channels.size());
  }
  /// The channel of `other` that holds what channel `index` of this one does;
  /// nothing when it has none.
  std::optional<int64_t> find(int64_t index, const PictureFormat &other) const {
    if (channels == "gray" || other.channels == "gray")
      return channels == other.channels ? std::optional(index) : std::nullopt;
    size_t at = other.channels.find(channels[index]);
    return at == StringRef::npos ? std::nullopt : std::optional(int64_t(at));
  }
  SmallVector<int64_t> shape(int64_t batch, int64_t height,
                             int64_t width) const {
    if (isPacked)
      return {batch, height, width, count()};
    return {batch, count(), height, width};
  }
};

/// What `top.preprocess` says beside how to resize.
struct Preprocess {
  SmallVector<double> mean, scale;
  PictureFormat format;
};

} // namespace

static std::optional<StringRef> findChannels(StringRef name) {
  for (StringRef known : {"rgb", "bgr", "gray", "rgba"})
    if (name == known)
      return known;
  return std::nullopt;
}

static std::optional<PictureFormat> parseFormat(StringRef text) {
  auto [name, layout] = text.split('_');
  std::optional<StringRef> channels = findChannels(name);
  if (!channels || (layout != "planar" && layout != "packed"))
    return std::nullopt;
  return PictureFormat{*channels, layout == "packed"};
}

/// A number a channel, of an entry that is not trusted.
static std::optional<SmallVector<double>>
getNumbers(DictionaryAttr dictionary, StringRef key, int64_t count) {
  auto numbers = dictionary.getAs<DenseF64ArrayAttr>(key);
  if (!numbers || numbers.size() != count ||
      !llvm::all_of(numbers.asArrayRef(),
                    [](double number) { return std::isfinite(number); }))
    return std::nullopt;
  return SmallVector<double>(numbers.asArrayRef());
}

static std::optional<Preprocess> parsePreprocess(Attribute attribute) {
  auto dictionary = dyn_cast<DictionaryAttr>(attribute);
  if (!dictionary)
    return std::nullopt;
  auto pixels = dictionary.getAs<StringAttr>("pixel_format");
  auto axes = dictionary.getAs<StringAttr>("channel_format");
  if (!pixels || !axes || (axes != "nchw" && axes != "nhwc"))
    return std::nullopt;
  std::optional<StringRef> channels = findChannels(pixels);
  if (!channels)
    return std::nullopt;
  PictureFormat format = {*channels, axes == "nhwc"};
  auto mean = getNumbers(dictionary, "mean", format.count());
  auto scale = getNumbers(dictionary, "scale", format.count());
  if (!mean || !scale)
    return std::nullopt;
  return Preprocess{std::move(*mean), std::move(*scale), format};
}

/// (pixel - mean) * scale of pixels with the channels of `raw`, as a
/// convolution by a matrix with one number in a row, which puts the channels in
/// order as well.
static Value scalePixels(OpBuilder &builder, Location loc, Value pixels,
                         const Preprocess &preprocess,
                         ArrayRef<int64_t> sources) {
  int64_t count = preprocess.format.count();
  bool isInOrder = llvm::equal(sources, llvm::seq(count));
  int64_t columns = isInOrder ? 1 : count;
  std::vector<float> filter(count * columns), bias(count);
  for (int64_t i = 0; i < count; ++i) {
    filter[i * columns + (isInOrder ? 0 : sources[i])] =
        float(preprocess.scale[i]);
    bias[i] = float(-preprocess.mean[i] * preprocess.scale[i]);
  }
  Location step = getStepLoc(loc);
  Value weights =
      makeWeight(builder, step, Buffer::f32({count, columns, 1, 1}, filter));
  Value shift = makeWeight(builder, step, Buffer::f32({count}, bias));
  return ConvOp::create(builder, loc, pixels.getType(), pixels, weights, shift,
                        ArrayRef<int64_t>{1, 1}, ArrayRef<int64_t>{0, 0, 0, 0},
                        ArrayRef<int64_t>{1, 1},
                        /*group=*/isInOrder ? count : 1, /*do_relu=*/false,
                        APFloat(-1.0));
}

static Value permute(OpBuilder &builder, Location loc, Value value,
                     ArrayRef<int64_t> order) {
  SmallVector<int64_t> shape;
  for (int64_t axis : order)
    shape.push_back(shapeOf(value)[axis]);
  return PermuteOp::create(builder, loc, withShape(value, shape), value, order);
}

/// The attribute after the fusion: a picture needs resizing, nothing else.
static DictionaryAttr getRemaining(Builder &builder, DictionaryAttr before,
                                   const PictureFormat &raw) {
  NamedAttrList entries(before);
  SmallVector<double> zeros(raw.count(), 0.0), ones(raw.count(), 1.0);
  entries.set("mean", builder.getDenseF64ArrayAttr(zeros));
  entries.set("scale", builder.getDenseF64ArrayAttr(ones));
  entries.set("pixel_format", builder.getStringAttr(raw.channels));
  entries.set("channel_format",
              builder.getStringAttr(raw.isPacked ? "nhwc" : "nchw"));
  return entries.getDictionary(builder.getContext());
}

namespace {

struct TopFusePreprocess : top::impl::TopFusePreprocessBase<TopFusePreprocess> {
  using Base::Base;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    std::optional<PictureFormat> raw = parseFormat(format);
    if (!format.empty() && !raw) {
      function.emitError() << "pixels cannot lie as '" << format
                           << "'; choose rgb, bgr, gray or rgba, and _planar "
                              "or _packed behind it";
      return signalPassFailure();
    }
    bool isFused = false;
    for (BlockArgument argument : function.getArguments()) {
      Attribute attribute =
          function.getArgAttr(argument.getArgNumber(), kPreprocessAttrName);
      if (!attribute)
        continue;
      if (failed(fuse(function, argument, attribute, raw)))
        return signalPassFailure();
      isFused = true;
      LDBG() << "input " << argument.getArgNumber() << " is a picture";
    }
    if (!isFused) {
      function.emitError()
          << "no input says how it is made from a picture; give --mean, "
             "--scale and --pixel_format to model_transform";
      return signalPassFailure();
    }
    function.setType(FunctionType::get(&getContext(),
                                       function.front().getArgumentTypes(),
                                       function.getResultTypes()));
  }

private:
  LogicalResult fuse(func::FuncOp function, BlockArgument argument,
                     Attribute attribute, std::optional<PictureFormat> raw);
};

} // namespace

LogicalResult TopFusePreprocess::fuse(func::FuncOp function,
                                      BlockArgument argument,
                                      Attribute attribute,
                                      std::optional<PictureFormat> raw) {
  unsigned index = argument.getArgNumber();
  StringRef name = getTensorName(argument);
  auto fail = [&]() {
    return function.emitError()
           << "input '" << name << "' (argument " << index << ") ";
  };
  std::optional<Preprocess> preprocess = parsePreprocess(attribute);
  if (!preprocess)
    return fail() << "has a broken attribute '" << kPreprocessAttrName
                  << "'; transform the model again";
  if (function.getArgAttr(index, kPortAttrName))
    return fail() << "takes pixels already; fuse the preprocessing once";
  const PictureFormat &wanted = preprocess->format;
  auto type = dyn_cast<RankedTensorType>(argument.getType());
  if (!type || !type.hasStaticShape() || !type.getElementType().isF32() ||
      type.getRank() != 4 ||
      type.getDimSize(wanted.isPacked ? 3 : 1) != wanted.count())
    return fail() << "of type " << argument.getType() << " is no picture of "
                  << wanted.count() << " channels; set the pixel format";
  if (!raw)
    raw = wanted;
  SmallVector<int64_t> sources;
  for (int64_t i = 0; i < wanted.count(); ++i)
    if (std::optional<int64_t> source = wanted.find(i, *raw))
      sources.push_back(*source);
  if (int64_t(sources.size()) != wanted.count() ||
      raw->count() != wanted.count())
    return fail() << "wants " << wanted.channels << ", which pixels of "
                  << raw->channels << " do not have; choose another format";

  ArrayRef<int64_t> shape = type.getShape();
  int64_t height = shape[wanted.isPacked ? 1 : 2];
  int64_t width = shape[wanted.isPacked ? 2 : 3];
  OpBuilder builder(&function.front(), function.front().begin());
  // The value that ops read keeps the name that tables have for it.
  Location loc = name.empty() ? argument.getLoc()
                              : NameLoc::get(builder.getStringAttr(name));
  auto pixels = cast<Value>(function.front().insertArgument(
      index, type.clone(raw->shape(shape[0], height, width)),
      argument.getLoc()));
  BlockArgument replaced = function.front().getArgument(index + 1);
  Value value = pixels;
  if (raw->isPacked)
    value = permute(builder, getStepLoc(loc), value, {0, 3, 1, 2});
  value = scalePixels(builder, loc, value, *preprocess, sources);
  if (wanted.isPacked)
    value = permute(builder, loc, value, {0, 2, 3, 1});
  replaced.replaceAllUsesWith(value);
  function.front().eraseArgument(index + 1);

  setCalibratedRange(pixels, 0.0, 255.0);
  function.setArgAttr(
      index, kPreprocessAttrName,
      getRemaining(builder, cast<DictionaryAttr>(attribute), *raw));
  function.setArgAttr(
      index, kPortAttrName,
      TypeAttr::get(quant::UniformQuantizedType::get(
          /*flags=*/0, builder.getI8Type(), builder.getF32Type(), /*scale=*/1.0,
          /*zeroPoint=*/0, /*storageTypeMin=*/0, /*storageTypeMax=*/255)));
  return success();
}
