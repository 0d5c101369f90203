//===- MathPrograms.cpp - Exponential, logarithm, reciprocal --------------===//
//
// Building blocks of the unary functions. Polynomials are minimax fits
// (Lawson's iteration) on the interval that the range reduction leaves.
//
//===----------------------------------------------------------------------===//

#include "Kernel/Functions.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// Bits of an f32 mantissa.
constexpr int kMantissaBits = 23;

/// ln 2 in two parts; products of the first with integers up to 2^9 are exact.
constexpr double kLn2High = 0.693145751953125;
constexpr double kLn2Low = 1.428606820309417e-6;
constexpr double kLog2E = 1.4426950408889634;

/// Clamps that keep 2^n a normal number.
constexpr double kSmallestExponent = -87.33;
constexpr double kLargestExponent = 88.7;

/// p * 2^n for whole n; `p` is not used elsewhere. Exponents stay those of
/// normal numbers or become 0.
VectorValue appendScale(VectorProgram &list, VectorValue p, VectorValue n) {
  if (p.type != ElementType::F32)
    return list.scaleByPowerOfTwo(p, list.cast(n, ElementType::I16));
  // n * 2^23 is exact in f32 and, as an integer, adds n to p's exponent.
  VectorValue shifted =
      list.cast(list.mul(n, double(1 << kMantissaBits)), ElementType::I32);
  return list.add(p.as(ElementType::I32), shifted).as(ElementType::F32);
}

/// exp(x) for x within the clamps.
VectorValue appendClampedExp(VectorProgram &list, VectorValue x) {
  // exp on [-ln 2 / 2, ln 2 / 2], relative error 2e-9.
  static constexpr double kExp[] = {1,
                                    1.00000004,
                                    0.500000017,
                                    0.166664155,
                                    0.0416660836,
                                    0.00837512903,
                                    0.00139560563};
  VectorValue n = list.round(list.mul(x, kLog2E), Rounding::HalfToEven);
  VectorValue r =
      list.sub(list.sub(x, list.mul(n, kLn2High)), list.mul(n, kLn2Low));
  VectorValue p = list.polynomial(r, kExp);
  return appendScale(list, p, n);
}

} // namespace

VectorValue kernel::appendExpOfNegative(VectorProgram &list, VectorValue x) {
  VectorValue y = appendClampedExp(list, list.atLeast(x, kSmallestExponent));
  return list.select(Compare::SelectGreater, kSmallestExponent, x, 0.0, y);
}

double kernel::leastExponent(ElementType type, int bias) {
  return -(type == ElementType::F16 ? 15.0 : 127.0) - bias;
}

VectorValue kernel::appendPowerOfTwo(VectorProgram &list, VectorValue x,
                                     int bias) {
  // 2^r on [-1/2, 1/2], 1 at 0 so that the exponent of the least result is 0.
  static constexpr double kF16[] = {1, 0.693359375, 0.2421875, 0.0550231934};
  static constexpr double kBF16[] = {1, 0.703125, 0.240234375};
  static constexpr double kF32[] = {
      1, 0.693147004, 0.240222424, 0.0555073358, 0.00967151299, 0.00132647273};
  bool isF16 = x.type == ElementType::F16, isF32 = x.type == ElementType::F32;
  llvm::ArrayRef<double> fit = isF32   ? llvm::ArrayRef<double>(kF32)
                               : isF16 ? llvm::ArrayRef<double>(kF16)
                                       : llvm::ArrayRef<double>(kBF16);
  llvm::SmallVector<double, 6> scaled;
  for (double coefficient : fit)
    scaled.push_back(std::ldexp(coefficient, bias));
  VectorValue n = list.round(x, Rounding::HalfToEven);
  return appendScale(list, list.polynomial(list.sub(x, n), scaled), n);
}

VectorValue kernel::appendExp(VectorProgram &list, VectorValue x) {
  VectorValue clamped = list.clamp(x, kSmallestExponent, kLargestExponent);
  VectorValue y = appendClampedExp(list, clamped);
  VectorValue z =
      list.select(Compare::SelectGreater, kSmallestExponent, x, 0.0, y);
  // exp(88.7) is 0.98 of the largest number.
  return list.select(Compare::SelectGreater, x, kLargestExponent,
                     std::numeric_limits<double>::infinity(), z);
}

VectorValue kernel::appendReciprocalOfPositive(VectorProgram &list,
                                               VectorValue x, unsigned steps) {
  // The integer difference from this constant is 1/x to 12 %; each
  // of Newton's steps y (2 - x y) squares that. Division takes three times
  // longer.
  constexpr double kMagic = 0x7ef311c3;
  VectorValue y = list.sub(kMagic, x.as(ElementType::I32)).as(ElementType::F32);
  for (unsigned step = 0; step < steps; ++step)
    y = list.mul(y, list.linear(list.mul(x, y), -1.0, 2.0));
  return y;
}

VectorValue kernel::appendTanh(VectorProgram &list, VectorValue x) {
  // x p(x^2) / q(x^2), relative error 2e-8 up to where the result rounds to 1;
  // utils/fit_functions.py.
  constexpr double kLimit = 9.02;
  static constexpr double kAbove[] = {
      0.9999999790379335, 0.1337970820395573, 0.0034940229395669857,
      2.0583290655624026e-05, 1.3318814262162082e-08};
  static constexpr double kBelow[] = {
      1.0, 0.46713023451674784, 0.025871029106287396, 0.00032830738251498693,
      7.761912357773029e-07};
  VectorValue c = list.clamp(x, -kLimit, kLimit);
  VectorValue square = list.mul(c, c);
  VectorValue above = list.mul(c, list.polynomial(square, kAbove));
  VectorValue y = list.mul(
      above, appendReciprocalOfPositive(list, list.polynomial(square, kBelow)));
  return list.clamp(y, -1.0, 1.0);
}

VectorValue kernel::appendCoarseRsqrt(VectorProgram &list, VectorValue x) {
  // The integer difference from this constant is 1/sqrt(x) to 3.5 %. What is
  // left is a function of x y^2 near 1, fitted by a square.
  // SFU's own root takes 30 cycles a vector.
  constexpr double kMagic = 0x5f3759df;
  constexpr double kShift = 1.66719015, kScale = 0.375526737,
                   kOffset = 0.832837202;
  VectorValue y = list.sub(kMagic, list.shift(x.as(ElementType::I32), -1))
                      .as(ElementType::F32);
  VectorValue t = list.sub(list.mul(list.mul(x, y), y), kShift);
  return list.mul(y, list.linear(list.mul(t, t), kScale, kOffset));
}

VectorValue kernel::appendLogOfPositive(VectorProgram &list, VectorValue x) {
  // log(1 + f) / f on [sqrt(1/2) - 1, sqrt(2) - 1], absolute error 4e-8.
  static constexpr double kLog[] = {
      1,           -0.499999768, 0.333333169,  -0.250023313, 0.200028191,
      -0.16595215, 0.141607315,  -0.133215743, 0.130515017,  -0.0762303993};
  // sqrt(1/2) as an integer: the exponent counts from there on.
  constexpr double kRootHalfBits = 0x3f3504f3;
  VectorValue bits = x.as(ElementType::I32);
  VectorValue n = list.shift(list.sub(bits, kRootHalfBits), -kMantissaBits);
  VectorValue mantissa =
      list.sub(bits, list.shift(n, kMantissaBits)).as(ElementType::F32);
  VectorValue f = list.sub(mantissa, 1.0);
  VectorValue logOfMantissa = list.mul(f, list.polynomial(f, kLog));
  VectorValue exponent = list.cast(n, ElementType::F32);
  return list.add(list.mul(exponent, kLn2High),
                  list.add(list.mul(exponent, kLn2Low), logOfMantissa));
}

VectorValue kernel::appendPowersUpTo1(VectorProgram &list, VectorValue x,
                                      int bias) {
  double least = leastExponent(x.type, bias);
  // In 16 bit -inf - -inf is a row that is masked altogether.
  VectorValue clamped =
      x.type == ElementType::F32 ? list.atLeast(x, least) : list.max(x, least);
  return appendPowerOfTwo(list, clamped, bias);
}

VectorValue kernel::appendNormalizedPowers(VectorProgram &list, VectorValue x,
                                           int64_t columns) {
  // In f16 the powers take the upper end of the range, so that none that the
  // result can hold is lost below the normal numbers. The reciprocal of their
  // sum still is a normal number, and of long rows a multiple of it.
  constexpr int kMaxBias = 9, kHeadroom = 14, kMinBias = 8;
  int bias = 0, excess = 0;
  if (x.type == ElementType::F16) {
    bias = kHeadroom - int(llvm::Log2_64_Ceil(columns));
    if (bias < kMinBias)
      excess = kMaxBias - bias;
    bias = std::min(bias + excess, kMaxBias);
  }
  VectorValue p = appendPowersUpTo1(list, x, bias);
  // The sum is at least 1, or 0.
  VectorValue sum = list.atLeast(list.rowSum(p, columns), 0.5);
  VectorValue reciprocal =
      appendReciprocalOfPositive(list, sum, x.type == ElementType::F32 ? 3 : 2);
  if (excess == 0)
    return list.mul(p, list.cast(reciprocal, x.type));
  VectorValue multiple = list.mul(reciprocal, std::ldexp(1.0, excess));
  return list.mul(list.mul(p, list.cast(multiple, x.type)),
                  std::ldexp(1.0, -excess));
}
