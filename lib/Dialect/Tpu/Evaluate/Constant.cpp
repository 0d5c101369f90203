//===- Constant.cpp - Reference evaluation of constants -------------------===//
//
// The numbers that the stored elements of a constant stand for.
//
//===----------------------------------------------------------------------===//

#include "Evaluate.h"
#include "Support/FloatFormats.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::tpu;

/// The elements of a constant of 16-bit floats.
static Buffer evaluateHalves(WeightOp op, ArrayRef<char> data, bool splat) {
  Buffer result = Buffer::f32(getShape(op.getOutput()));
  bool isHalf = getElement(op.getOutput()).isF16();
  const auto *bits = reinterpret_cast<const uint16_t *>(data.data());
  for (auto [index, to] : llvm::enumerate(result.getMutableF32())) {
    uint16_t from = bits[splat ? 0 : index];
    to = isHalf ? halfToFloat(from) : bfloatToFloat(from);
  }
  return result;
}

/// The numbers that an INT8 constant stands for.
static Buffer evaluateInt8(WeightOp op, const Buffer &bytes) {
  Buffer result = Buffer::f32(getShape(op.getOutput()));
  Type element = getElement(op.getOutput());
  ArrayRef<int64_t> from = bytes.getInts();
  MutableArrayRef<float> to = result.getMutableF32();
  if (auto type = dyn_cast<quant::UniformQuantizedType>(element)) {
    for (size_t i = 0; i < to.size(); ++i) {
      int64_t byte = type.isSigned() ? from[i] : from[i] & 0xff;
      to[i] = float(double(byte - type.getZeroPoint()) * type.getScale());
    }
    return result;
  }
  auto type = cast<quant::UniformQuantizedPerAxisType>(element);
  int64_t axis = type.getQuantizedDimension();
  int64_t stride = getRowMajorStrides(result.getShape())[axis];
  int64_t size = result.getDim(axis);
  for (size_t i = 0; i < to.size(); ++i)
    to[i] =
        float(double(from[i]) * type.getScales()[int64_t(i) / stride % size]);
  return result;
}

EvalResult WeightOp::evaluate(ArrayRef<Buffer>) {
  Type element = getElement(getOutput());
  if (isa<quant::QuantizedType>(element)) {
    FailureOr<Buffer> buffer = bufferFromAttr(getValue());
    if (failed(buffer))
      return llvm::createStringError("the constant has no data");
    return give(*this, evaluateInt8(*this, *buffer));
  }
  if (element.isF32() || isa<IntegerType>(element)) {
    FailureOr<Buffer> buffer = bufferFromAttr(getValue());
    if (failed(buffer))
      return llvm::createStringError("the constant has no data");
    return give(*this, *buffer);
  }
  if (auto dense = dyn_cast<DenseElementsAttr>(getValue()))
    return give(*this,
                evaluateHalves(*this, dense.getRawData(), dense.isSplat()));
  auto resource = dyn_cast<DenseResourceElementsAttr>(getValue());
  AsmResourceBlob *blob =
      resource ? resource.getRawHandle().getBlob() : nullptr;
  if (!blob || blob->getData().size() < size_t(getType().getNumElements()) * 2)
    return llvm::createStringError("the constant has no data");
  return give(*this, evaluateHalves(*this, blob->getData(), /*splat=*/false));
}
