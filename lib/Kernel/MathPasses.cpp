//===- MathPasses.cpp - Exponential, logarithm, reciprocal ----------------===//
//
// The f32 functions from which others are made. Polynomials are minimax fits
// (Lawson's iteration) on the interval that the range reduction leaves.
//
//===----------------------------------------------------------------------===//

#include "Kernel/Functions.h"

#include <limits>
#include <numbers>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// Bits of the mantissa of f32.
constexpr int kMantissaBits = 23;

/// ln 2 in two parts; products of the first with integers up to 2^9 are exact.
constexpr double kLn2High = 0.693145751953125;
constexpr double kLn2Low = 1.428606820309417e-6;
constexpr double kLog2E = 1.4426950408889634;

/// Clamps that keep 2^n a normal number.
constexpr double kSmallestExponent = -87.33;
constexpr double kLargestExponent = 88.7;

/// exp(x) for x within the clamps.
PassValue appendClampedExp(PassList &list, PassValue x,
                           ExpPrecision precision = ExpPrecision::Full) {
  // exp on [-ln 2 / 2, ln 2 / 2], relative error 2e-9.
  static constexpr double kExp[] = {1,
                                    1.00000004,
                                    0.500000017,
                                    0.166664155,
                                    0.0416660836,
                                    0.00837512903,
                                    0.00139560563};
  // The same to 3e-6.
  static constexpr double kShortExp[] = {0.999999261, 0.999963404, 0.500043587,
                                         0.167909092, 0.0414586114};
  PassValue n = list.round(list.mul(x, kLog2E), Rounding::HalfToEven);
  PassValue p;
  if (precision == ExpPrecision::Full) {
    PassValue r =
        list.sub(list.sub(x, list.mul(n, kLn2High)), list.mul(n, kLn2Low));
    p = list.polynomial(r, kExp);
  } else {
    p = list.polynomial(list.sub(x, list.mul(n, std::numbers::ln2)), kShortExp);
  }
  // n * 2^23 is exact in f32 and, as an integer, adds n to p's exponent.
  PassValue shifted =
      list.cast(list.mul(n, double(1 << kMantissaBits)), ElementType::I32);
  return list.add(p.as(ElementType::I32), shifted).as(ElementType::F32);
}

} // namespace

PassValue kernel::appendExpOfNegative(PassList &list, PassValue x) {
  PassValue y = appendClampedExp(list, list.max(x, kSmallestExponent));
  return list.select(Compare::SelectGreater, x, kSmallestExponent, y, 0.0);
}

PassValue kernel::appendExpOfShifted(PassList &list, PassValue x,
                                     ExpPrecision precision) {
  return appendClampedExp(list, list.max(x, kSmallestExponent), precision);
}

PassValue kernel::appendExp(PassList &list, PassValue x) {
  PassValue clamped =
      list.max(list.min(x, kLargestExponent), kSmallestExponent);
  PassValue y = appendClampedExp(list, clamped);
  PassValue z =
      list.select(Compare::SelectGreater, x, kSmallestExponent, y, 0.0);
  // exp(88.7) is 0.98 of the largest number.
  return list.select(Compare::SelectGreater, x, kLargestExponent,
                     std::numeric_limits<double>::infinity(), z);
}

PassValue kernel::appendReciprocalOfPositive(PassList &list, PassValue x) {
  // The integer difference from this constant is 1/x to 12 %; three of
  // Newton's steps y (2 - x y) leave 1.4e-7. Division takes three times longer.
  constexpr double kMagic = 0x7ef311c3;
  PassValue y = list.sub(kMagic, x.as(ElementType::I32)).as(ElementType::F32);
  for (int step = 0; step < 3; ++step)
    y = list.mul(y, list.linear(list.mul(x, y), -1.0, 2.0));
  return y;
}

PassValue kernel::appendLogOfPositive(PassList &list, PassValue x) {
  // log(1 + f) / f on [sqrt(1/2) - 1, sqrt(2) - 1], absolute error 4e-8.
  static constexpr double kLog[] = {
      1,           -0.499999768, 0.333333169,  -0.250023313, 0.200028191,
      -0.16595215, 0.141607315,  -0.133215743, 0.130515017,  -0.0762303993};
  // sqrt(1/2) as an integer: the exponent counts from there on.
  constexpr double kRootHalfBits = 0x3f3504f3;
  PassValue bits = x.as(ElementType::I32);
  PassValue n = list.shift(list.sub(bits, kRootHalfBits), -kMantissaBits);
  PassValue mantissa =
      list.sub(bits, list.shift(n, kMantissaBits)).as(ElementType::F32);
  PassValue f = list.sub(mantissa, 1.0);
  PassValue logOfMantissa = list.mul(f, list.polynomial(f, kLog));
  PassValue exponent = list.cast(n, ElementType::F32);
  return list.add(list.mul(exponent, kLn2High),
                  list.add(list.mul(exponent, kLn2Low), logOfMantissa));
}

PassValue kernel::appendSoftmax(PassList &list, PassValue x,
                                ExpPrecision precision) {
  PassValue e =
      appendExpOfShifted(list, list.sub(x, list.rowMax(x)), precision);
  return list.mul(e, appendReciprocalOfPositive(list, list.rowSum(e)));
}
