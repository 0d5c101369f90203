//===- KernelsVector.cpp - Inner loops for the host's vector units --------===//
//
// Compiles the vectorised kernels for several instruction sets and chooses one
// when the program starts. The results are the same bits for all of them: no
// operation is fused, and only elements side by side share an instruction.
//
//===----------------------------------------------------------------------===//

#include "Formats.h"
#include "Kernels.h"

using namespace tpuc::sim;

#define TPUC_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define TPUC_BEGIN_TARGET(features)                                            \
  TPUC_PRAGMA(clang attribute push(__attribute__((target(features))),          \
                                   apply_to = function))
#define TPUC_END_TARGET TPUC_PRAGMA(clang attribute pop)
#else
#define TPUC_BEGIN_TARGET(features)                                            \
  TPUC_PRAGMA(GCC push_options)                                                \
  TPUC_PRAGMA(GCC target(features))
#define TPUC_END_TARGET TPUC_PRAGMA(GCC pop_options)
#endif

namespace baseline {
namespace {
#include "KernelsVector.inc"
} // namespace
} // namespace baseline

#if defined(__x86_64__)
TPUC_BEGIN_TARGET("avx2,f16c,bmi2")
namespace avx2 {
namespace {
#include "KernelsVector.inc"
} // namespace
} // namespace avx2
TPUC_END_TARGET

TPUC_BEGIN_TARGET("avx2,f16c,bmi2,avx512f,avx512dq,avx512bw,avx512vl")
namespace avx512 {
namespace {
#include "KernelsVector.inc"
} // namespace
} // namespace avx512
TPUC_END_TARGET
#endif

const Kernels &tpuc::sim::vectorKernels() {
#if defined(__x86_64__)
  static const Kernels &best = [&]() -> const Kernels & {
    bool hasAvx2 = __builtin_cpu_supports("avx2") &&
                   __builtin_cpu_supports("f16c") &&
                   __builtin_cpu_supports("bmi2");
    if (hasAvx2 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl"))
      return avx512::table;
    return hasAvx2 ? avx2::table : baseline::table;
  }();
  return best;
#else
  return baseline::table;
#endif
}
