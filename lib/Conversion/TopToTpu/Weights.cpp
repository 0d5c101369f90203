//===- Weights.cpp - Conversion of constants ------------------------------===//
//
// Rounds the elements of constants. Loops are free of branches, so that the
// compiler vectorises them: a network has up to hundreds of millions of
// elements.
//
//===----------------------------------------------------------------------===//

#include "Weights.h"
#include "Interfaces/Evaluable.h"
#include "Support/FloatFormats.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/StringExtras.h"

#include <bit>
#include <cmath>

using namespace mlir;
using namespace tpuc;

namespace {

/// What is wrong with converted elements, if anything: the first one.
struct Overflow {
  std::optional<int64_t> index;
};

} // namespace

/// Applies `convert` to all elements; `isBad(from, to)` finds an overflow.
template <typename From, typename To, typename Convert, typename IsBad>
static Overflow convertAll(const From *from, To *to, int64_t count,
                           Convert convert, IsBad isBad) {
  bool bad = false;
  for (int64_t i = 0; i < count; ++i) {
    to[i] = convert(from[i]);
    bad |= isBad(from[i], to[i]);
  }
  if (!bad)
    return {};
  for (int64_t i = 0; i < count; ++i)
    if (isBad(from[i], to[i]))
      return {i};
  return {};
}

static bool isFinite(float value) {
  return (std::bit_cast<uint32_t>(value) & 0x7fffffff) < 0x7f800000;
}

static Overflow convertFloats(const float *from, char *to, int64_t count,
                              Type element) {
  if (element.isF16())
    return convertAll(from, reinterpret_cast<uint16_t *>(to), count,
                      roundToHalf, [](float a, uint16_t b) {
                        return isFinite(a) & ((b & 0x7fff) == 0x7c00);
                      });
  if (element.isBF16())
    return convertAll(from, reinterpret_cast<uint16_t *>(to), count,
                      roundToBFloat, [](float a, uint16_t b) {
                        return isFinite(a) & ((b & 0x7fff) == 0x7f80);
                      });
  if (element.isInteger(32))
    return convertAll(
        from, reinterpret_cast<int32_t *>(to), count,
        [](float a) {
          return a > -2147483648.0f && a < 2147483648.0f ? int32_t(a) : 0;
        },
        [](float a, int32_t) {
          return !(a > -2147483648.0f && a < 2147483648.0f);
        });
  std::memcpy(to, from, count * sizeof(float));
  return {};
}

static Overflow convertInts(ArrayRef<int64_t> from, char *to, Type element) {
  int64_t count = from.size();
  if (element.isInteger(32))
    return convertAll(
        from.data(), reinterpret_cast<int32_t *>(to), count,
        [](int64_t a) { return int32_t(a); },
        [](int64_t a, int32_t b) { return a != b; });
  // Truth values and small numbers; f32 holds integers up to 2^24 exactly.
  std::vector<float> floats(count);
  for (int64_t i = 0; i < count; ++i)
    floats[i] = float(from[i]);
  return convertFloats(floats.data(), to, count, element);
}

/// The elements of an integer constant of any width.
static std::vector<int64_t> getInts(ElementsAttr from, ArrayRef<char> blob) {
  std::vector<int64_t> values;
  int64_t count = from.getNumElements();
  values.reserve(count);
  unsigned bits = from.getElementType().getIntOrFloatBitWidth();
  if (auto dense = dyn_cast<DenseElementsAttr>(from)) {
    for (const APInt &value : dense.getValues<APInt>())
      values.push_back(bits == 1 ? value.getZExtValue() : value.getSExtValue());
    return values;
  }
  for (int64_t i = 0; i < count; ++i) {
    if (bits == 64)
      values.push_back(reinterpret_cast<const int64_t *>(blob.data())[i]);
    else if (bits == 32)
      values.push_back(reinterpret_cast<const int32_t *>(blob.data())[i]);
    else
      values.push_back(blob[i] != 0);
  }
  return values;
}

/// Describes element `index` of `from`, which does not fit into `element`.
static llvm::Error getOverflowError(ElementsAttr from, ArrayRef<char> blob,
                                    int64_t index, Type element) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "element " << index << " is ";
  if (isa<FloatType>(from.getElementType()))
    os << reinterpret_cast<const float *>(blob.data())[index];
  else
    os << getInts(from, blob)[index];
  os << ", beyond the range of " << element;
  return llvm::createStringError(text);
}

llvm::Expected<ElementsAttr> tpuc::convertElements(ElementsAttr from,
                                                   Type element) {
  auto type = cast<RankedTensorType>(from.getShapedType());
  if (type.getElementType() == element)
    return from;
  auto newType = cast<RankedTensorType>(type.clone(element));
  bool isFloat = isa<FloatType>(type.getElementType());
  unsigned fromBytes =
      std::max(type.getElementType().getIntOrFloatBitWidth() / 8, 1u);
  unsigned toBytes = element.getIntOrFloatBitWidth() / 8;

  auto resource = dyn_cast<DenseResourceElementsAttr>(from);
  ArrayRef<char> data;
  int64_t count = type.getNumElements();
  if (resource) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob || int64_t(blob->getData().size()) != count * fromBytes)
      return llvm::createStringError(
          "resource '" + resource.getRawHandle().getKey() +
          "' has no data; was it elided when printing, or released?");
    data = blob->getData();
  } else if (auto dense = dyn_cast<DenseElementsAttr>(from)) {
    data = dense.getRawData();
    if (dense.isSplat())
      count = 1;
  } else {
    return llvm::createStringError("has an unknown form of constant");
  }

  auto convert = [&](char *to) -> llvm::Error {
    Overflow overflow;
    if (isFloat) {
      overflow = convertFloats(reinterpret_cast<const float *>(data.data()), to,
                               count, element);
    } else {
      std::vector<int64_t> ints = getInts(from, data);
      overflow = convertInts(ArrayRef(ints).take_front(count), to, element);
    }
    if (overflow.index)
      return getOverflowError(from, data, *overflow.index, element);
    return llvm::Error::success();
  };

  if (!resource) {
    std::vector<char> bytes(count * toBytes);
    if (llvm::Error error = convert(bytes.data()))
      return std::move(error);
    return DenseElementsAttr::getFromRawBuffer(newType, bytes);
  }
  AsmResourceBlob blob =
      HeapAsmResourceBlob::allocate(count * toBytes, /*align=*/64);
  if (llvm::Error error = convert(blob.getMutableData().data()))
    return std::move(error);
  std::string name;
  llvm::raw_string_ostream(name)
      << resource.getRawHandle().getKey() << "." << element;
  return DenseResourceElementsAttr::get(newType, name, std::move(blob));
}

bool tpuc::fitsElement(ElementsAttr from, Type element) {
  ArrayRef<char> data;
  if (auto dense = dyn_cast<DenseElementsAttr>(from))
    data = dense.getRawData();
  else if (auto resource = dyn_cast<DenseResourceElementsAttr>(from))
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      data = blob->getData();
  if (!from.getElementType().isF32() || element.isF32())
    return true;
  ArrayRef<float> values(reinterpret_cast<const float *>(data.data()),
                         data.size() / sizeof(float));
  // The largest magnitudes that still round to a finite number.
  float limit = element.isF16() ? 65520.0f : 0x1.FFp127f;
  return llvm::all_of(values, [&](float value) {
    return !isFinite(value) || std::abs(value) < limit;
  });
}

std::optional<QuantizedElements> tpuc::quantizeElements(ElementsAttr from,
                                                        int64_t axis) {
  FailureOr<Buffer> buffer = bufferFromAttr(from);
  if (failed(buffer) || !buffer->isF32())
    return std::nullopt;
  ArrayRef<float> values = buffer->getF32();
  int64_t channels = buffer->getDim(axis);
  int64_t inner = getRowMajorStrides(buffer->getShape())[axis];
  int64_t outer = int64_t(values.size()) / (channels * inner);
  SmallVector<float> largest(channels, 0.0f);
  bool isAllFinite = true;
  const float *at = values.data();
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t i = 0; i < inner; ++i, ++at) {
        isAllFinite &= isFinite(*at);
        largest[c] = std::max(largest[c], std::abs(*at));
      }
  if (!isAllFinite)
    return std::nullopt;
  QuantizedElements result;
  SmallVector<float> factors;
  for (float magnitude : largest) {
    // A channel of zeros may have any scale.
    double scale = std::max(magnitude, 1e-20f) / 127.0;
    result.scales.push_back(scale);
    factors.push_back(float(1 / scale));
  }
  AsmResourceBlob blob =
      HeapAsmResourceBlob::allocate(values.size(), /*align=*/64);
  auto *to = reinterpret_cast<int8_t *>(blob.getMutableData().data());
  at = values.data();
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t i = 0; i < inner; ++i)
        *to++ = int8_t(std::nearbyint(*at++ * factors[c]));
  std::string name = "constant";
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(from))
    name = resource.getRawHandle().getKey().str();
  auto type = RankedTensorType::get(buffer->getShape(),
                                    IntegerType::get(from.getContext(), 8));
  result.elements =
      DenseResourceElementsAttr::get(type, name + ".i8", std::move(blob));
  return result;
}

llvm::Expected<ElementsAttr>
tpuc::quantizeElements(ElementsAttr from, quant::UniformQuantizedType type) {
  FailureOr<Buffer> buffer = bufferFromAttr(from);
  if (failed(buffer) || !buffer->isF32())
    return llvm::createStringError("has no data, or is not of f32");
  ArrayRef<float> values = buffer->getF32();
  double least = type.getStorageTypeMin(), most = type.getStorageTypeMax();
  AsmResourceBlob blob =
      HeapAsmResourceBlob::allocate(values.size(), /*align=*/64);
  auto *to = reinterpret_cast<int8_t *>(blob.getMutableData().data());
  for (float value : values) {
    if (std::isnan(value))
      return llvm::createStringError("has a NaN, which INT8 does not have");
    double step = std::round(value / type.getScale()) + type.getZeroPoint();
    *to++ = int8_t(int64_t(std::clamp(step, least, most)));
  }
  auto stored = RankedTensorType::get(buffer->getShape(),
                                      IntegerType::get(from.getContext(), 8));
  return DenseResourceElementsAttr::get(stored, "constant.i8", std::move(blob));
}

ConstantFit tpuc::getFit(double value, Type element) {
  if (!std::isfinite(value) || value == 0 || element.isF32())
    return {};
  double magnitude = std::abs(value);
  bool isF16 = element.isF16();
  return {magnitude >= (isF16 ? 65520 : 0x1.FFp127),
          magnitude < (isF16 ? 0x1p-14 : 0x1p-126)};
}
