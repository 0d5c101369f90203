//===- KernelTypes.cpp - Operators in terms of kernels --------------------===//
//
// Translates types and attributes; decides nothing.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Tpu/Transforms/KernelTypes.h"

#include "mlir/Dialect/Quant/IR/QuantTypes.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::kernel;

FailureOr<ElementType> tpuc::elementTypeOf(Type type) {
  if (auto shaped = dyn_cast<ShapedType>(type))
    type = shaped.getElementType();
  if (auto quantized = dyn_cast<quant::QuantizedType>(type)) {
    if (quantized.getStorageTypeIntegralWidth() != 8)
      return failure();
    return quantized.isSigned() ? ElementType::I8 : ElementType::U8;
  }
  if (type.isF32())
    return ElementType::F32;
  if (type.isF16())
    return ElementType::F16;
  if (type.isBF16())
    return ElementType::BF16;
  if (type.isInteger(32))
    return ElementType::I32;
  if (type.isInteger(16))
    return ElementType::I16;
  if (type.isInteger(8))
    return ElementType::I8;
  return failure();
}

void tpuc::setConvShapes(tpu::ConvOp conv, ConvParams &params) {
  ArrayRef<int64_t> in = tpu::getShape(conv.getInput());
  ArrayRef<int64_t> out = tpu::getShape(conv.getOutput());
  ArrayRef<int64_t> filter = tpu::getShape(conv.getFilter());
  ArrayRef<int64_t> strides = conv.getStrides(), pads = conv.getPads();
  ArrayRef<int64_t> dilations = conv.getDilations();
  size_t axes = strides.size(), h = axes - 2, w = axes - 1;
  params.batch = in[0];
  params.inChannels = in[1];
  params.inH = in[2 + h];
  params.inW = in[2 + w];
  params.outChannels = out[1];
  params.outH = out[2 + h];
  params.outW = out[2 + w];
  params.groups = conv.getGroup();
  Window &window = params.window;
  window.kernelH = filter[2 + h];
  window.kernelW = filter[2 + w];
  window.strideH = strides[h];
  window.strideW = strides[w];
  window.dilationH = dilations[h];
  window.dilationW = dilations[w];
  window.padTop = pads[h];
  window.padLeft = pads[w];
  window.padBottom = pads[axes + h];
  window.padRight = pads[axes + w];
  if (axes == 3) {
    params.inDepth = in[2];
    params.outDepth = out[2];
    params.kernelD = filter[2];
    params.strideD = strides[0];
    params.dilationD = dilations[0];
    params.padFront = pads[0];
  }
}
