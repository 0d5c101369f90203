//===- Round.cpp - Element types of evaluated results ---------------------===//
//
// Rounds what is computed in f32 to the element type that an op gives.
//
//===----------------------------------------------------------------------===//

#include "Evaluate.h"
#include "Support/FloatFormats.h"

#include <cmath>

using namespace mlir;
using namespace tpuc;
using namespace tpuc::tpu;

/// The nearest numbers that `type` represents.
static Buffer roundToInt8(const Buffer &buffer,
                          quant::UniformQuantizedType type) {
  Buffer result = Buffer::f32(buffer.getShape());
  double scale = type.getScale(), zero = double(type.getZeroPoint());
  double low = double(type.getStorageTypeMin());
  double high = double(type.getStorageTypeMax());
  for (auto [to, from] : llvm::zip(result.getMutableF32(), buffer.getF32())) {
    double byte = std::nearbyint(double(from) / scale) + zero;
    to = float((std::clamp(byte, low, high) - zero) * scale);
  }
  return result;
}

Buffer tpu::roundTo(Buffer buffer, Type element) {
  if (!buffer.isF32() || element.isF32())
    return buffer;
  if (auto type = dyn_cast<quant::UniformQuantizedType>(element))
    return roundToInt8(buffer, type);
  if (isa<quant::QuantizedType>(element))
    return buffer; // a constant, which is exact
  Buffer result = Buffer::f32(buffer.getShape());
  for (auto [to, from] : llvm::zip(result.getMutableF32(), buffer.getF32()))
    to = element.isF16() ? halfToFloat(roundToHalf(from))
                         : bfloatToFloat(roundToBFloat(from));
  return result;
}

/// Integers as floats, for truth values and casts.
static Buffer toFloats(const Buffer &buffer) {
  if (buffer.isF32())
    return buffer;
  Buffer result = Buffer::f32(buffer.getShape());
  for (auto [to, from] : llvm::zip(result.getMutableF32(), buffer.getInts()))
    to = float(from);
  return result;
}

Buffer tpu::toInts(const Buffer &buffer) {
  if (!buffer.isF32())
    return buffer;
  Buffer result = Buffer::ints(buffer.getShape());
  for (auto [to, from] : llvm::zip(result.getMutableInts(), buffer.getF32()))
    to = int64_t(from);
  return result;
}

EvalResult tpu::give(Operation *op, EvalResult result) {
  if (!result)
    return result;
  Type element = getElement(op->getResult(0));
  Buffer &buffer = result->front();
  buffer = isa<IntegerType>(element) ? toInts(buffer)
                                     : roundTo(toFloats(buffer), element);
  return result;
}
