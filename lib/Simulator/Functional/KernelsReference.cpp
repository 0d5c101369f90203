//===- KernelsReference.cpp - Inner loops, plain --------------------------===//
//
// The kernels as their definition reads, for comparison with the vectorised
// ones. Runs with denormals flushed, as the rest of the simulator.
//
//===----------------------------------------------------------------------===//

#include "Formats.h"
#include "Kernels.h"

#include <algorithm>
#include <cstring>

using namespace tpuc::sim;

namespace {

template <typename T> T read(const uint8_t *memory) {
  T value;
  std::memcpy(&value, memory, sizeof(T));
  return value;
}
template <typename T> void write(uint8_t *memory, T value) {
  std::memcpy(memory, &value, sizeof(T));
}

void loadF16(const uint8_t *memory, ptrdiff_t stride, size_t count,
             float *values) {
  for (size_t i = 0; i < count; ++i)
    values[i] = f16ToFloat(read<uint16_t>(memory + ptrdiff_t(i) * stride));
}
void loadBf16(const uint8_t *memory, ptrdiff_t stride, size_t count,
              float *values) {
  for (size_t i = 0; i < count; ++i)
    values[i] = bf16ToFloat(read<uint16_t>(memory + ptrdiff_t(i) * stride));
}
void loadF32(const uint8_t *memory, ptrdiff_t stride, size_t count,
             float *values) {
  for (size_t i = 0; i < count; ++i)
    values[i] = read<float>(memory + ptrdiff_t(i) * stride);
}
void storeF16(uint8_t *memory, ptrdiff_t stride, size_t count,
              const float *values) {
  for (size_t i = 0; i < count; ++i)
    write(memory + ptrdiff_t(i) * stride, floatToF16(values[i]));
}
void storeBf16(uint8_t *memory, ptrdiff_t stride, size_t count,
               const float *values) {
  for (size_t i = 0; i < count; ++i)
    write(memory + ptrdiff_t(i) * stride, floatToBf16(values[i]));
}
void storeF32(uint8_t *memory, ptrdiff_t stride, size_t count,
              const float *values) {
  for (size_t i = 0; i < count; ++i)
    write(memory + ptrdiff_t(i) * stride, values[i]);
}

template <typename T>
void loadInt(const uint8_t *memory, ptrdiff_t stride, size_t count,
             int64_t *values) {
  for (size_t i = 0; i < count; ++i)
    values[i] = read<T>(memory + ptrdiff_t(i) * stride);
}
template <typename T>
void storeInt(uint8_t *memory, ptrdiff_t stride, size_t count,
              const int64_t *values) {
  for (size_t i = 0; i < count; ++i)
    write(memory + ptrdiff_t(i) * stride, T(values[i]));
}
template <typename T>
void copy(uint8_t *to, ptrdiff_t toStride, const uint8_t *from,
          ptrdiff_t fromStride, size_t count) {
  for (size_t i = 0; i < count; ++i)
    write(to + ptrdiff_t(i) * toStride,
          read<T>(from + ptrdiff_t(i) * fromStride));
}

void roundF16(float *values, size_t count) {
  for (size_t i = 0; i < count; ++i)
    values[i] = f16ToFloat(floatToF16(values[i]));
}
void roundBf16(float *values, size_t count) {
  for (size_t i = 0; i < count; ++i)
    values[i] = bf16ToFloat(floatToBf16(values[i]));
}

void add(float *result, const float *a, const float *b, size_t count) {
  for (size_t i = 0; i < count; ++i)
    result[i] = a[i] + b[i];
}
void sub(float *result, const float *a, const float *b, size_t count) {
  for (size_t i = 0; i < count; ++i)
    result[i] = a[i] - b[i];
}
void mul(float *result, const float *a, const float *b, size_t count) {
  for (size_t i = 0; i < count; ++i)
    result[i] = a[i] * b[i];
}
/// A denormal as the zero of its sign.
float flushed(float value) {
  uint32_t bits = bitsOf(value);
  return floatOf(bits & 0x7f800000 ? bits : bits & 0x80000000);
}
// Which operand wins when they compare equal or unordered is part of the rule.
void max(float *result, const float *a, const float *b, size_t count) {
  for (size_t i = 0; i < count; ++i)
    result[i] = flushed(a[i] > b[i] ? a[i] : b[i]);
}
void min(float *result, const float *a, const float *b, size_t count) {
  for (size_t i = 0; i < count; ++i)
    result[i] = flushed(a[i] >= b[i] ? b[i] : a[i]);
}
void absDifference(float *result, const float *a, const float *b,
                   size_t count) {
  for (size_t i = 0; i < count; ++i)
    result[i] = a[i] > b[i] ? a[i] - b[i] : b[i] - a[i];
}

float reciprocalSqrt(float x, unsigned iterations) {
  float y = floatOf(0x5f3759df - uint32_t(int32_t(bitsOf(x)) >> 1));
  float half = x * 0.5f;
  for (unsigned i = 0; i < iterations; ++i)
    y = y * (1.5f - (half * y) * y);
  return y;
}
void divide(float *result, const float *a, const float *b, size_t count,
            unsigned iterations) {
  for (size_t i = 0; i < count; ++i) {
    uint32_t sign = (bitsOf(a[i]) ^ bitsOf(b[i])) & 0x80000000;
    float y = reciprocalSqrt(floatOf(bitsOf(b[i]) & 0x7fffffff), iterations);
    result[i] = floatOf((bitsOf(a[i]) & 0x7fffffff) | sign) * (y * y);
  }
}
void reciprocalSqrtAll(float *result, const float *a, size_t count,
                       unsigned iterations) {
  for (size_t i = 0; i < count; ++i)
    result[i] = reciprocalSqrt(a[i], iterations);
}
void addScalar(float *values, float addend, size_t count) {
  for (size_t i = 0; i < count; ++i)
    values[i] = values[i] + addend;
}
void roundToEven(float *values, size_t count) {
  for (size_t i = 0; i < count; ++i)
    values[i] = roundToIntegral(values[i], Rounding::NearestEven);
}
void roundDown(float *values, size_t count) {
  for (size_t i = 0; i < count; ++i)
    values[i] = roundToIntegral(values[i], Rounding::Down);
}

void fusedRows(const float *a, size_t k, const float *panel, size_t width,
               const uint8_t *groups, size_t groupCount, float *sums,
               size_t rows, bool keepsSum) {
  float products[32];
  for (size_t row = 0; row < rows; ++row)
    for (size_t column = 0; column < width; ++column) {
      float &sum = sums[row * width + column];
      size_t at = 0;
      for (size_t g = 0; g < groupCount; ++g) {
        for (unsigned i = 0; i < groups[g]; ++i, ++at)
          products[i] = a[row * k + at] * panel[at * width + column];
        sum = addFused(sum, fusedAdd(products, groups[g]), keepsSum);
      }
    }
}

void evenOddRows(const float *a, size_t k, const float *panel, size_t width,
                 const float *even, float *sums, size_t rows, bool panelFirst) {
  for (size_t row = 0; row < rows; ++row)
    for (size_t column = 0; column < width; ++column) {
      float &sum = sums[row * width + column];
      sum = evenOddSum(a + row * k, panel + column, width, k,
                       even ? even[row * width + column] : 0.0f, sum,
                       panelFirst, even != nullptr);
    }
}

void integerRows(const int16_t *a, size_t k, const int16_t *panel, size_t width,
                 int32_t *sums, size_t rows) {
  for (size_t row = 0; row < rows; ++row)
    for (size_t column = 0; column < width; ++column) {
      uint32_t sum = uint32_t(sums[row * width + column]);
      for (size_t i = 0; i < k; ++i)
        sum += uint32_t(int32_t(a[row * k + i]) *
                        int32_t(panel[i * width + column]));
      sums[row * width + column] = int32_t(sum);
    }
}

} // namespace

const Kernels &tpuc::sim::referenceKernels() {
  static const Kernels kernels = {
      loadF16,
      loadBf16,
      loadF32,
      storeF16,
      storeBf16,
      storeF32,
      {loadInt<int8_t>, loadInt<int16_t>, loadInt<int32_t>},
      {loadInt<uint8_t>, loadInt<uint16_t>, loadInt<uint32_t>},
      {storeInt<uint8_t>, storeInt<uint16_t>, storeInt<uint32_t>},
      {copy<uint8_t>, copy<uint16_t>, copy<uint32_t>},
      roundF16,
      roundBf16,
      add,
      sub,
      mul,
      max,
      min,
      absDifference,
      divide,
      reciprocalSqrtAll,
      addScalar,
      roundToEven,
      roundDown,
      fusedRows,
      evenOddRows,
      integerRows};
  return kernels;
}
