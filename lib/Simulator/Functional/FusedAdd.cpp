//===- FusedAdd.cpp - Sums of products, one element at a time -------------===//
//
// Scalar forms of the adder behind f16 and bf16 convolutions and matrix
// products, and of the two accumulators behind those of f32. The vectorised
// forms fall back on them for rare exponents and for NaNs.
//
//===----------------------------------------------------------------------===//

#include "Formats.h"

using namespace tpuc::sim;

float tpuc::sim::fusedAdd(const float *values, unsigned count) {
  uint32_t largest = 0;
  bool hasNan = false, hasPositiveInfinity = false, hasNegativeInfinity = false;
  for (unsigned i = 0; i < count; ++i) {
    uint32_t bits = bitsOf(values[i]);
    uint32_t exponent = (bits >> 23) & 0xff;
    if (exponent == 0xff) {
      if (bits & 0x7fffff)
        hasNan = true;
      else if (bits >> 31)
        hasNegativeInfinity = true;
      else
        hasPositiveInfinity = true;
    }
    if (exponent > largest)
      largest = exponent;
  }
  // A NaN beside infinities of one sign is lost.
  if (hasPositiveInfinity != hasNegativeInfinity)
    return floatOf(hasPositiveInfinity ? 0x7f800000 : 0xff800000);
  if (hasNan || hasPositiveInfinity)
    return floatOf(0xffc00000);

  int64_t sum = 0;
  for (unsigned i = 0; i < count; ++i) {
    uint32_t bits = bitsOf(values[i]);
    uint32_t exponent = (bits >> 23) & 0xff;
    uint32_t shift = largest - exponent;
    if (exponent == 0 || shift > 25)
      continue;
    // One guard bit below the significand.
    int64_t significand = int64_t((bits & 0x7fffff) | 0x800000) << 1 >> shift;
    sum += bits >> 31 ? -significand : significand;
  }
  if (sum == 0)
    return 0.0f;
  float rounded = intToFloat(sum, Rounding::NearestEven);
  int exponent = int((bitsOf(rounded) >> 23) & 0xff) + int(largest) - 127 - 24;
  uint32_t sign = bitsOf(rounded) & 0x80000000;
  if (exponent <= 0)
    return 0.0f;
  if (exponent >= 255)
    return floatOf(sign | 0x7f800000);
  return floatOf(sign | uint32_t(exponent) << 23 |
                 (bitsOf(rounded) & 0x7fffff));
}

float tpuc::sim::evenOddSum(const float *a, const float *column,
                            std::size_t width, std::size_t k, float even,
                            float odd, bool panelFirst, bool oddFirst) {
  float accumulators[2] = {even, odd};
  for (std::size_t i = 0; i < k; ++i) {
    float right = column[i * width];
    float product =
        panelFirst ? mulInOrder(right, a[i]) : mulInOrder(a[i], right);
    accumulators[i & 1] = addInOrder(accumulators[i & 1], product);
  }
  return addInOrder(accumulators[oddFirst], accumulators[!oddFirst]);
}
