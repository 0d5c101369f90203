//===- PixelBlocks.cpp - Convolutions of blocks of pixels -----------------===//
//
// Windows of neighbouring pixels overlap, so that a window around a block has
// few more taps than that of one pixel.
//
//===----------------------------------------------------------------------===//

#include "PixelBlocks.h"
#include "Arch/Arch.h"
#include "Support/IntMath.h"

#include "Dialect/Tpu/IR/ConvLimits.h"
#include "Dialect/Tpu/IR/TensorNames.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tpuc;

RankedTensorType tpuc::blockedType(RankedTensorType type,
                                   const PixelBlock &block) {
  ArrayRef<int64_t> shape = type.getShape();
  return type.clone({shape[0], shape[1] * block.pixels(),
                     ceilDiv(shape[2], block.rows),
                     ceilDiv(shape[3], block.columns)});
}

Value tpuc::takeApart(OpBuilder &builder, Location loc, Value blocks,
                      const PixelBlock &block, ArrayRef<int64_t> shape) {
  Location step = tpu::withoutTensorName(loc);
  ArrayRef<int64_t> sizes = tpu::getShape(blocks);
  int64_t high = sizes[2], wide = sizes[3];
  Value split =
      tpu::ReshapeOp::create(builder, step, blocks,
                             ArrayRef<int64_t>{shape[0], shape[1], block.rows,
                                               block.columns, high, wide});
  Value sorted = tpu::PermuteOp::create(builder, step, split,
                                        ArrayRef<int64_t>{0, 1, 4, 2, 5, 3});
  SmallVector<int64_t> filled{shape[0], shape[1], high * block.rows,
                              wide * block.columns};
  bool isWhole = shape == ArrayRef(filled);
  Value image = tpu::ReshapeOp::create(builder, isWhole ? loc : step, sorted,
                                       ArrayRef<int64_t>(filled));
  if (isWhole)
    return image;
  return tpu::SliceOp::create(builder, loc, image,
                              ArrayRef<int64_t>{0, 0, 0, 0}, shape,
                              ArrayRef<int64_t>{1, 1, 1, 1});
}

/// Whether every result pixel is computed from one pixel of the input.
static bool isOfPhases(tpu::ConvTransposeOp conv) {
  ArrayRef<int64_t> taps = tpu::getShape(conv.getFilter());
  auto isZero = [](int64_t value) { return value == 0; };
  auto isOne = [](int64_t value) { return value == 1; };
  return taps.size() == 4 && conv.getGroup() == 1 &&
         taps.drop_front(2) == conv.getStrides() &&
         llvm::all_of(conv.getPads(), isZero) &&
         llvm::all_of(conv.getOutputPadding(), isZero) &&
         llvm::all_of(conv.getDilations(), isOne);
}

Value tpuc::blockInputOf(Operation *op) {
  if (tpu::ConvOp conv = asDenseConv(op))
    return conv.getInput();
  auto conv = dyn_cast<tpu::ConvTransposeOp>(op);
  if (!conv || !isOfPhases(conv) || !isConstantWithData(conv.getFilter()) ||
      (conv.getBias() && !isConstantWithData(conv.getBias())))
    return nullptr;
  return conv.getInput();
}

std::pair<int64_t, int64_t> BlockConv::placeOf(unsigned axis, int64_t pixel,
                                               int64_t tap) {
  auto conv = cast<tpu::ConvOp>(op);
  int64_t dilation = conv.getDilations()[axis],
          position = pixel * conv.getStrides()[axis] + tap * dilation -
                     conv.getPads()[axis];
  // Between the taps of a dilated kernel no others fit.
  if (dilation != 1)
    return {tap, 0};
  int64_t block = llvm::divideFloorSigned(position, input.along(axis));
  return {block + beginPads[axis], position - block * input.along(axis)};
}

std::optional<BlockConv> BlockConv::make(Operation *op, const PixelBlock &input,
                                         const PixelBlock &result) {
  if (auto conv = dyn_cast<tpu::ConvOp>(op))
    return makeOf(conv, input, result);
  return makeOf(cast<tpu::ConvTransposeOp>(op), input, result);
}

std::optional<BlockConv> BlockConv::makeOf(tpu::ConvTransposeOp conv,
                                           const PixelBlock &input,
                                           const PixelBlock &result) {
  BlockConv made;
  made.op = conv;
  made.input = input;
  made.result = result;
  ArrayRef<int64_t> shape = tpu::getShape(conv.getInput());
  for (unsigned axis : {0, 1}) {
    if (shape[2 + axis] % input.along(axis) != 0)
      return std::nullopt;
    made.blocks[axis] = shape[2 + axis] / input.along(axis);
  }
  // As it is, or all results of a block of the input.
  PixelBlock all{input.rows * conv.getStrides()[0],
                 input.columns * conv.getStrides()[1]};
  bool isKnown = result == all || (input.isPixel() && result.isPixel());
  return isKnown ? std::optional(made) : std::nullopt;
}

std::optional<BlockConv> BlockConv::makeOf(tpu::ConvOp conv,
                                           const PixelBlock &input,
                                           const PixelBlock &result) {
  BlockConv made;
  made.op = conv;
  made.input = input;
  made.result = result;
  for (unsigned axis : {0, 1}) {
    int64_t from = input.along(axis), to = result.along(axis),
            step = conv.getStrides()[axis] * to,
            dilation = conv.getDilations()[axis],
            taps = tpu::getShape(conv.getFilter())[2 + axis],
            given = tpu::getShape(conv.getInput())[2 + axis];
    bool isSame = from == 1 && to == 1;
    if ((dilation != 1 && !isSame) || step % from != 0 || given % from != 0)
      return std::nullopt;
    made.strides[axis] = step / from;
    made.beginPads[axis] = ceilDiv(conv.getPads()[axis], from);
    made.kernel[axis] =
        isSame ? taps : made.placeOf(axis, to - 1, taps - 1).first + 1;
    made.blocks[axis] = ceilDiv(tpu::getShape(conv.getOutput())[2 + axis], to);
    int64_t extent = (made.kernel[axis] - 1) * dilation + 1,
            last = (made.blocks[axis] - 1) * made.strides[axis] + extent;
    made.endPads[axis] =
        std::max<int64_t>(0, last - given / from - made.beginPads[axis]);
    if (made.strides[axis] > tpu::kMaxStride ||
        std::max(made.beginPads[axis], made.endPads[axis]) > tpu::kMaxPad)
      return std::nullopt;
  }
  return made;
}

EngineCycles BlockConv::cycles(const Arch &arch) {
  if (auto conv = dyn_cast<tpu::ConvTransposeOp>(op)) {
    // As it is, every phase is computed by itself.
    int64_t bytes = elementBytesOf(conv.getInput()),
            channels = tpu::getShape(conv.getInput())[1] * input.pixels(),
            results = tpu::getShape(conv.getOutput())[1],
            phases = planeOf(conv.getFilter()),
            pixels = tpu::getShape(conv.getInput())[0] * blocks[0] * blocks[1];
    bool isAsItIs = result.isPixel();
    return convolutionCycles(arch,
                             isAsItIs ? results : results * result.pixels(),
                             channels, isAsItIs ? phases : 1, pixels, bytes);
  }
  auto conv = cast<tpu::ConvOp>(op);
  // A filter of f32 for another input is held in two parts.
  int64_t width = elementBytesOf(conv.getFilter()),
          bytes = std::min(width, elementBytesOf(conv.getInput())),
          channels = tpu::getShape(conv.getInput())[1] * input.pixels(),
          taps = kernel[0] * kernel[1] * (bytes < width ? 2 : 1);
  if (bytes < 4 && channels * bytes < arch.vectorBytes) {
    channels *= taps;
    taps = 1;
  }
  ArrayRef<int64_t> shape = tpu::getShape(conv.getOutput());
  return convolutionCycles(arch, shape[1] * result.pixels(), channels, taps,
                           shape[0] * blocks[0] * blocks[1], bytes);
}

Value BlockConv::build(OpBuilder &builder, Location loc, Value blocked) {
  auto make = [&](auto conv, Value filter, ArrayRef<int64_t> dilations,
                  tpu::GateKind gate) -> Value {
    Value bias = conv.getBias();
    if (bias)
      bias = repeatEntries(builder, bias, result.pixels());
    if (!filter || (conv.getBias() && !bias))
      return nullptr;
    return tpu::ConvOp::create(
        builder, loc, blockedType(conv.getOutput().getType(), result), blocked,
        filter, bias, strides,
        ArrayRef<int64_t>{beginPads[0], beginPads[1], endPads[0], endPads[1]},
        dilations, /*group=*/1, conv.getDoRelu(), conv.getReluLimit(), gate);
  };
  if (auto conv = dyn_cast<tpu::ConvTransposeOp>(op))
    return make(conv,
                spreadTransposedFilter(builder, conv.getFilter(), input.rows,
                                       input.columns),
                conv.getDilations(), tpu::GateKind::None);
  auto conv = cast<tpu::ConvOp>(op);
  ArrayRef<int64_t> taps = tpu::getShape(conv.getFilter());
  Value filter = spreadFilter(
      builder, conv.getFilter(),
      {taps[0] * result.pixels(), taps[1] * input.pixels(), kernel[0],
       kernel[1]},
      result.pixels(), [&](int64_t pixel, int64_t row, int64_t column) {
        auto [high, rowPhase] = placeOf(0, pixel / result.columns, row);
        auto [wide, columnPhase] = placeOf(1, pixel % result.columns, column);
        return TapPlace{rowPhase * input.columns + columnPhase, high, wide};
      });
  return make(conv, filter, conv.getDilations(), conv.getGate());
}
