//===- Formats.h - Number formats and rounding ----------------*- C++ -*-===//
//
// Conversions between the chip's number formats, one value at a time, and the
// seven rounding modes. Integer code throughout, so that results do not depend
// on the host's floating-point mode.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_SIMULATOR_FUNCTIONAL_FORMATS_H
#define TPUC_LIB_SIMULATOR_FUNCTIONAL_FORMATS_H

#include <bit>
#include <cstdint>

namespace tpuc::sim {

/// Rounding modes as the commands encode them.
enum class Rounding : uint8_t {
  NearestEven,
  NearestAway,
  TowardZero,
  Down,
  Up,
  HalfUp,
  HalfDown,
};
constexpr unsigned kRoundingModes = 7;

inline uint32_t bitsOf(float value) { return std::bit_cast<uint32_t>(value); }
inline float floatOf(uint32_t bits) { return std::bit_cast<float>(bits); }

/// Whether a magnitude whose kept part is `quotient` and whose dropped part is
/// `remainder` of 2 * `half` rounds away from zero.
inline bool roundsAway(uint64_t quotient, uint64_t remainder, uint64_t half,
                       bool negative, Rounding mode) {
  if (remainder == 0)
    return false;
  switch (mode) {
  case Rounding::NearestEven:
    return remainder > half || (remainder == half && (quotient & 1));
  case Rounding::NearestAway:
    return remainder >= half;
  case Rounding::TowardZero:
    return false;
  case Rounding::Down:
    return negative;
  case Rounding::Up:
    return !negative;
  case Rounding::HalfUp:
    return remainder > half || (remainder == half && !negative);
  case Rounding::HalfDown:
    return remainder > half || (remainder == half && negative);
  }
  return false;
}

/// round(value / 2^shift).
inline int64_t shiftRightRounded(int64_t value, unsigned shift, Rounding mode) {
  if (shift == 0)
    return value;
  if (shift > 63)
    shift = 63;
  bool negative = value < 0;
  uint64_t magnitude = negative ? 0 - uint64_t(value) : uint64_t(value);
  uint64_t quotient = magnitude >> shift;
  uint64_t remainder = magnitude & ((uint64_t(1) << shift) - 1);
  quotient += roundsAway(quotient, remainder, uint64_t(1) << (shift - 1),
                         negative, mode);
  return negative ? int64_t(0 - quotient) : int64_t(quotient);
}

/// An f32 rounded to a format of `exponentBits` and `mantissaBits` whose
/// denormals are kept; magnitudes from 2^(bias + 1) on become infinity.
inline uint32_t narrowFloat(uint32_t bits, unsigned exponentBits,
                            unsigned mantissaBits, Rounding mode) {
  uint32_t signBit = bits >> 31;
  uint32_t sign = signBit << (exponentBits + mantissaBits);
  uint32_t maxExponent = (1u << exponentBits) - 1;
  uint32_t infinity = maxExponent << mantissaBits;
  uint32_t exponent = (bits >> 23) & 0xff;
  uint32_t mantissa = bits & 0x7fffff;
  if (exponent == 0xff)
    return mantissa ? 0x7fff : sign | infinity;
  if (exponent == 0)
    return sign;
  int bias = int(maxExponent / 2);
  int target = int(exponent) - 127 + bias;
  if (target >= int(maxExponent))
    return sign | infinity;
  uint64_t significand = mantissa | 0x800000;
  unsigned drop = 23 - mantissaBits;
  if (target < 1) {
    drop += unsigned(1 - target);
    target = 1;
    if (drop > 40)
      drop = 40;
  }
  uint64_t quotient = significand >> drop;
  uint64_t remainder = significand & ((uint64_t(1) << drop) - 1);
  if (drop)
    quotient += roundsAway(quotient, remainder, uint64_t(1) << (drop - 1),
                           signBit, mode);
  // The leading bit adds itself to the exponent; a denormal has none.
  uint64_t result = (uint64_t(target - 1) << mantissaBits) + quotient;
  return sign | uint32_t(result);
}

inline uint16_t floatToF16(float value, Rounding mode = Rounding::NearestEven) {
  return uint16_t(narrowFloat(bitsOf(value), 5, 10, mode));
}
inline uint16_t floatToBf16(float value,
                            Rounding mode = Rounding::NearestEven) {
  return uint16_t(narrowFloat(bitsOf(value), 8, 7, mode));
}

/// The f16 nearest to a double, rounded once.
inline uint16_t doubleToF16(double value) {
  // Rounding to odd at f32 keeps the second rounding exact.
  float nearest = float(value);
  uint32_t bits = bitsOf(nearest);
  if (double(nearest) != value) {
    bool tooLarge = (nearest < 0 ? -double(nearest) : double(nearest)) >
                    (value < 0 ? -value : value);
    if (tooLarge)
      bits -= 1;
    bits |= 1;
  }
  return floatToF16(floatOf(bits));
}

inline float f16ToFloat(uint16_t half) {
  uint32_t sign = uint32_t(half & 0x8000) << 16;
  uint32_t exponent = (half >> 10) & 0x1f, mantissa = half & 0x3ff;
  if (exponent == 0x1f)
    return floatOf(mantissa ? 0x7fffffff : sign | 0x7f800000);
  if (exponent == 0) {
    if (mantissa == 0)
      return floatOf(sign);
    unsigned shift = unsigned(std::countl_zero(mantissa)) - 21;
    return floatOf(sign | ((113 - shift) << 23) |
                   ((mantissa << (shift + 13)) & 0x7fffff));
  }
  return floatOf(sign | ((exponent + 112) << 23) | (mantissa << 13));
}
inline float bf16ToFloat(uint16_t bits) {
  return floatOf(uint32_t(bits) << 16);
}

/// An integer as f32.
inline float intToFloat(int64_t value, Rounding mode) {
  if (value == 0)
    return 0.0f;
  bool negative = value < 0;
  uint64_t magnitude = negative ? 0 - uint64_t(value) : uint64_t(value);
  unsigned width = 64 - unsigned(std::countl_zero(magnitude));
  uint64_t significand = magnitude;
  if (width > 24) {
    unsigned drop = width - 24;
    significand = magnitude >> drop;
    significand +=
        roundsAway(significand, magnitude & ((uint64_t(1) << drop) - 1),
                   uint64_t(1) << (drop - 1), negative, mode);
  } else {
    significand <<= 24 - width;
  }
  uint64_t bits = (uint64_t(width + 125) << 23) + significand;
  return floatOf(uint32_t(bits) | (negative ? 0x80000000 : 0));
}

/// An f32 rounded to an integer, saturated to [low, high]; NaN gives 0.
inline int64_t floatToInt(float value, Rounding mode, int64_t low,
                          int64_t high) {
  uint32_t bits = bitsOf(value);
  uint32_t exponent = (bits >> 23) & 0xff;
  bool negative = bits >> 31;
  if (exponent == 0xff && (bits & 0x7fffff))
    return 0;
  if (exponent >= 127 + 40)
    return negative ? low : high;
  // A denormal is not zero here: modes that round away from it see it.
  uint64_t significand =
      exponent ? (bits & 0x7fffff) | 0x800000 : bits & 0x7fffff;
  int shift = int(exponent) - 127 - 23;
  int64_t magnitude;
  if (shift >= 0) {
    magnitude = int64_t(significand << shift);
  } else {
    unsigned drop = unsigned(-shift) > 40 ? 40 : unsigned(-shift);
    uint64_t quotient = significand >> drop;
    quotient += roundsAway(quotient, significand & ((uint64_t(1) << drop) - 1),
                           uint64_t(1) << (drop - 1), negative, mode);
    magnitude = int64_t(quotient);
  }
  int64_t result = negative ? -magnitude : magnitude;
  return result < low ? low : result > high ? high : result;
}

/// An f32 rounded to an integral f32, keeping the sign of zero.
inline float roundToIntegral(float value, Rounding mode) {
  uint32_t bits = bitsOf(value);
  uint32_t exponent = (bits >> 23) & 0xff;
  if (exponent >= 127 + 23)
    return value;
  int64_t integral = floatToInt(value, mode, INT64_MIN, INT64_MAX);
  float result = intToFloat(integral, Rounding::NearestEven);
  return floatOf(bitsOf(result) | (bits & 0x80000000));
}

/// The fused multi-operand adder: the sum of up to 32 f32 values, aligned to
/// the largest exponent with one guard bit, truncated there and rounded once.
/// Denormals count as zero and results below the normal range become zero.
float fusedAdd(const float *values, unsigned count);

/// A NaN as arithmetic hands it on.
inline float quiet(float nan) { return floatOf(bitsOf(nan) | 0x400000); }

/// The sum and the product of f32 values; of two NaNs the first is kept.
/// Compilers exchange operands where that is written as `a + b`.
inline float addInOrder(float first, float second) {
  return first != first     ? quiet(first)
         : second != second ? quiet(second)
                            : first + second;
}
inline float mulInOrder(float first, float second) {
  return first != first     ? quiet(first)
         : second != second ? quiet(second)
                            : first * second;
}

/// What the fused adder's result gives with the sum so far.
inline float addFused(float sum, float fused, bool keepsSum) {
  return keepsSum ? addInOrder(sum, fused) : addInOrder(fused, sum);
}

/// One element of Kernels::evenOddRows.
float evenOddSum(const float *a, const float *column, std::size_t width,
                 std::size_t k, float even, float odd, bool panelFirst,
                 bool oddFirst);

} // namespace tpuc::sim

#endif // TPUC_LIB_SIMULATOR_FUNCTIONAL_FORMATS_H
