//===- IntMath.h - Rounded divisions ---------------------------*- C++ -*-===//
//
// Arithmetic of sizes, which are signed and not negative.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_SUPPORT_INTMATH_H
#define TPUC_SUPPORT_INTMATH_H

#include <cstdint>

namespace tpuc {

constexpr int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }
constexpr int64_t alignUp(int64_t a, int64_t b) { return ceilDiv(a, b) * b; }

} // namespace tpuc

#endif // TPUC_SUPPORT_INTMATH_H
