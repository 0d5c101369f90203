//===- FusedAdd.cpp - The fused multi-operand adder -----------------------===//
//
// Scalar form of the adder behind f16 and bf16 convolutions and matrix
// products. The vectorised forms fall back on it for rare exponents.
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
  if (hasNan || (hasPositiveInfinity && hasNegativeInfinity))
    return floatOf(0x7fffffff);
  if (hasPositiveInfinity)
    return floatOf(0x7f800000);
  if (hasNegativeInfinity)
    return floatOf(0xff800000);

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
