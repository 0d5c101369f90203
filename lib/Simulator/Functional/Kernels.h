//===- Kernels.h - Inner loops of the simulator ---------------*- C++ -*-===//
//
// The loops over elements that commands are made of, as a table of functions.
// There are several tables with the same results: plain scalar code, and
// vectorised code for what the host offers.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_SIMULATOR_FUNCTIONAL_KERNELS_H
#define TPUC_LIB_SIMULATOR_FUNCTIONAL_KERNELS_H

#include <cstddef>
#include <cstdint>

namespace tpuc::sim {

/// Elements that a command handler works on at a time.
constexpr size_t kChunk = 1024;

/// Columns that the matrix kernels work on at a time.
constexpr size_t kColumnBlock = 16;

struct Kernels {
  /// Strided memory to f32 and back; strides in bytes.
  using LoadFloat = void (*)(const uint8_t *memory, ptrdiff_t stride,
                             size_t count, float *values);
  using StoreFloat = void (*)(uint8_t *memory, ptrdiff_t stride, size_t count,
                              const float *values);
  LoadFloat loadF16, loadBf16, loadF32;
  StoreFloat storeF16, storeBf16, storeF32;

  /// Strided integers of 1, 2 or 4 bytes to 64 bits and back (low bits).
  using LoadInt = void (*)(const uint8_t *memory, ptrdiff_t stride,
                           size_t count, int64_t *values);
  using StoreInt = void (*)(uint8_t *memory, ptrdiff_t stride, size_t count,
                            const int64_t *values);
  LoadInt loadSigned[3], loadUnsigned[3];
  StoreInt storeInt[3];

  /// Strided copy of elements of 1, 2 or 4 bytes.
  using Copy = void (*)(uint8_t *to, ptrdiff_t toStride, const uint8_t *from,
                        ptrdiff_t fromStride, size_t count);
  Copy copy[3];

  /// Rounds f32 values to f16 or bf16 in place.
  using Round = void (*)(float *values, size_t count);
  Round roundF16, roundBf16;

  using Binary = void (*)(float *result, const float *a, const float *b,
                          size_t count);
  Binary add, sub, mul;
  /// a > b ? a : b and a >= b ? b : a, denormals as zero.
  Binary max, min;
  /// a > b ? a - b : b - a.
  Binary absDifference;

  /// a * (y * y) with y = 1/sqrt(b) by `iterations` Newton steps.
  void (*divide)(float *result, const float *a, const float *b, size_t count,
                 unsigned iterations);
  void (*reciprocalSqrt)(float *result, const float *a, size_t count,
                         unsigned iterations);

  /// result = result + value, result = result * a + value and the like are
  /// composed from these: result[i] += addend.
  void (*addScalar)(float *values, float addend, size_t count);

  /// values[i] rounded to an integral f32, to the nearest even.
  void (*roundToEven)(float *values, size_t count);

  /// values[i] rounded down to an integral f32.
  void (*roundDown)(float *values, size_t count);

  /// Matrix product with the fused adder. `a` is rows x k; the panel is k x
  /// `width`, a multiple of kColumnBlock; `groups` are the numbers of products
  /// that go through the adder together (at most 32, k in sum). Adds one group
  /// after the other to `sums` (rows x width). Where the sum and a group are
  /// both NaN, the sum's is kept with `keepsSum`, else the group's.
  void (*fusedRows)(const float *a, size_t k, const float *panel, size_t width,
                    const uint8_t *groups, size_t groupCount, float *sums,
                    size_t rows, bool keepsSum);

  /// Matrix product with two accumulators: even k from `even` (rows x width, or
  /// null for zero), odd k from `sums`; their sum replaces `sums`. Where both
  /// factors are NaN, the panel's is kept with `panelFirst`, else that of `a`;
  /// where both accumulators are, that of odd k with `even`, else that of even
  /// k.
  void (*evenOddRows)(const float *a, size_t k, const float *panel,
                      size_t width, const float *even, float *sums, size_t rows,
                      bool panelFirst);

  /// Integer matrix product, modulo 2^32; k is even.
  void (*integerRows)(const int16_t *a, size_t k, const int16_t *panel,
                      size_t width, int32_t *sums, size_t rows);
};

/// Plain code, one element after the other.
const Kernels &referenceKernels();

/// The best vectorised code for this host.
const Kernels &vectorKernels();

} // namespace tpuc::sim

#endif // TPUC_LIB_SIMULATOR_FUNCTIONAL_KERNELS_H
