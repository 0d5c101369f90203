//===- FloatFormats.h - 16-bit floats -----------------------------*- C++
//-*-===//
//
// Conversions between f32 and the 16-bit formats, free of branches so that
// loops over them vectorise. They keep subnormals; the chip's own arithmetic is
// in the simulator.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_SUPPORT_FLOATFORMATS_H
#define TPUC_SUPPORT_FLOATFORMATS_H

#include <bit>
#include <cstdint>

namespace tpuc {

/// `value` rounded to IEEE half precision: nearest, ties to even, overflow to
/// infinity.
inline uint16_t roundToHalf(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  uint32_t sign = (bits >> 16) & 0x8000;
  bits &= 0x7fffffff;
  // Adding 0.5 shifts the significand so that its last bit is 2^-24, the
  // smallest half; the float adder rounds to nearest even.
  uint32_t small =
      std::bit_cast<uint32_t>(std::bit_cast<float>(bits) + 0.5f) - 0x3f000000;
  // Rebiases the exponent by 15 - 127 and rounds off 13 bits; a carry may run
  // into the exponent, up to infinity.
  uint32_t normal = (bits + 0xfff + ((bits >> 13) & 1) - 0x38000000) >> 13;
  uint32_t special = bits > 0x7f800000 ? 0x7e00 : 0x7c00;
  uint32_t half = bits < 0x38800000   ? small
                  : bits < 0x47800000 ? normal
                                      : special;
  return sign | half;
}

/// `value` rounded to bfloat16: nearest, ties to even, overflow to infinity.
inline uint16_t roundToBFloat(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  return (bits & 0x7fffffff) > 0x7f800000 ? (bits >> 16) | 0x40 : rounded;
}

/// The number that the half-precision `bits` stand for.
inline float halfToFloat(uint16_t bits) {
  uint32_t sign = uint32_t(bits & 0x8000) << 16;
  uint32_t magnitude = uint32_t(bits & 0x7fff) << 13;
  uint32_t exponent = magnitude & 0x0f800000;
  // Rebiases the exponent by 127 - 15; all ones stay all ones.
  uint32_t normal =
      magnitude + (exponent == 0x0f800000 ? 0x70000000 : 0x38000000);
  // A subnormal is its significand times 2^-24.
  float small = float(bits & 0x3ff) * 0x1p-24f;
  uint32_t number = exponent ? normal : std::bit_cast<uint32_t>(small);
  return std::bit_cast<float>(sign | number);
}

/// The number that the bfloat16 `bits` stand for.
inline float bfloatToFloat(uint16_t bits) {
  return std::bit_cast<float>(uint32_t(bits) << 16);
}

} // namespace tpuc

#endif // TPUC_SUPPORT_FLOATFORMATS_H
