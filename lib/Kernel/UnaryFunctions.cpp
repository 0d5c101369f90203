//===- UnaryFunctions.cpp - Functions of one number -----------------------===//
//
// The passes of every unary function, in f32 or by a 16-bit recipe. Polynomials
// are fits of utils/fit_functions.py: minimax, those in 16 bit refined on the
// rounded chain. "Error" below is beyond the rounding of the result, relative
// to the operand where that is below 1/4.
//
//===----------------------------------------------------------------------===//

#include "Kernel/Functions.h"

#include <cmath>
#include <limits>
#include <numbers>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

//===----------------------------------------------------------------------===//
// Rectifier minus gate
//===----------------------------------------------------------------------===//

/// f(x) = x gate(x) with gate(x) + gate(-x) = 1, as max(x, 0) - a p(a)^(2^s)
/// where a = min(|x|, limit) and s = squarings: the power is gate(-a), which
/// falls so steeply that a root of it takes far fewer coefficients. No
/// division, exact for large x, and as exact relative to x near 0.
struct Gate {
  double limit;
  unsigned squarings;
  llvm::ArrayRef<double> coefficients;
};

/// a p(a)^(2^s) for a = min(`magnitude`, limit).
VectorValue appendTail(VectorProgram &list, VectorValue magnitude,
                       const Gate &gate) {
  VectorValue distance = list.atMost(magnitude, gate.limit);
  VectorValue t = gate.squarings > 0
                      ? distance
                      : list.linear(distance, 2.0 / gate.limit, -1.0);
  VectorValue tail = list.polynomial(t, gate.coefficients);
  for (unsigned step = 0; step < gate.squarings; ++step)
    tail = list.mul(tail, tail);
  return list.mul(distance, tail);
}

VectorValue appendGate(VectorProgram &list, VectorValue x, const Gate &gate) {
  VectorValue tail = appendTail(list, list.abs(x), gate);
  return list.sub(list.atLeast(x, 0.0), tail);
}

// Error 1.2e-3, rms 2.9e-4.
constexpr double kSiluF16[] = {
    0.8408203125,        -0.10418701171875,       -0.02392578125,
    0.00792694091796875, -0.00083875656127929688, 3.1352043151855469e-05};
// 6.2e-3, rms 1.6e-3.
constexpr double kSiluBF16[] = {0.037841796875, -0.115234375,  0.1796875,
                                -0.181640625,   0.07470703125, 0.046630859375,
                                -0.041015625};
// 1.7e-6, rms 4.0e-7.
constexpr double kSiluF32[] = {
    0.957603335,     -0.0299266148,  -0.00700801006,  0.00022979053,
    0.000306412432,  4.690883e-05,   -7.43556084e-05, 2.64937589e-05,
    -5.37025062e-06, 7.11136352e-07, -6.37759001e-08, 3.8501522e-09,
    -1.49988133e-10, 3.40523616e-12, -3.42078322e-14};
// 7.1e-4, rms 1.8e-4; 0 beyond the limit, as the others in 16 bit.
constexpr double kGeluF16[] = {0.70703125, -0.279052734375, -0.0712890625,
                               0.04766845703125, -0.00591278076171875};
// 3.4e-3, rms 7.4e-4.
constexpr double kGeluBF16[] = {0.70703125, -0.279296875, -0.0712890625,
                                0.048583984375, -0.0062255859375};
// 2.7e-7, rms 9.3e-8.
constexpr double kGeluF32[] = {0.840896487,    -0.16773653,    -0.0501812734,
                               0.00461002486,  0.00384113216,  -6.279433e-05,
                               -0.00029837701, 5.69035328e-05, -3.2997184e-06};
// 6.2e-4, rms 1.4e-4.
constexpr double kGeluTanhF16[] = {0.70703125, -0.279541015625, -0.06982421875,
                                   0.046722412109375, -0.005756378173828125};
// 3.5e-3, rms 5.5e-4.
constexpr double kGeluTanhBF16[] = {0.70703125, -0.279296875, -0.0712890625,
                                    0.0478515625, -0.006011962890625};
// 4.2e-7, rms 2.0e-7.
constexpr double kGeluTanhF32[] = {
    0.840896368,     -0.167729005,   -0.0502556711,  0.00505121658,
    0.00328304153,   0.000670803711, -0.00086407928, 0.000254199666,
    -3.45629742e-05, 1.86070304e-06};

/// x gate(x) whose gate has two sides of its own: max(x, 0) less the tails of
/// both.
VectorValue appendGates(VectorProgram &list, VectorValue x, const Gate &above,
                        const Gate &below) {
  VectorValue positive = list.atLeast(x, 0.0);
  VectorValue y = list.sub(positive, appendTail(list, positive, above));
  VectorValue negative = list.abs(list.atMost(x, 0.0));
  return list.sub(y, appendTail(list, negative, below));
}

// Above 0 6.8e-4, rms 1.6e-4; below 1.2e-3, rms 3.1e-4.
constexpr double kMishAboveF16[] = {
    0.63232421875,     -0.2490234375,       -0.057373046875,
    0.051177978515625, -0.0106658935546875, 0.00074338912963867188};
constexpr double kMishBelowF16[] = {
    0.8798828125,           -0.11517333984375,    -0.035247802734375,
    0.01528167724609375,    -0.00254058837890625, 0.00020718574523925781,
    -6.7949295043945312e-06};
// 3.8e-3, rms 7.9e-4; 5.6e-3, rms 1.6e-3.
constexpr double kMishAboveBF16[] = {0.6328125, -0.26171875, -0.031005859375,
                                     0.03125, -0.004241943359375};
constexpr double kMishBelowBF16[] = {
    0.038330078125, -0.11669921875, 0.193359375,   -0.232421875,
    0.1298828125,   0.048095703125, -0.06005859375};

/// The function's gate in `type`, or nothing.
std::optional<Gate> gateOf(UnaryFunction function, ElementType type) {
  bool isF16 = type == ElementType::F16, isF32 = type == ElementType::F32;
  auto choose = [&](Gate f16, Gate bf16, Gate f32) {
    return isF32 ? f32 : isF16 ? f16 : bf16;
  };
  switch (function) {
  case UnaryFunction::Silu:
    return choose({10.0, 2, kSiluF16}, {6.5, 0, kSiluBF16},
                  {17.0, 4, kSiluF32});
  case UnaryFunction::Gelu:
    return choose({3.8, 1, kGeluF16}, {3.6, 1, kGeluBF16}, {5.6, 2, kGeluF32});
  case UnaryFunction::GeluTanh:
    return choose({3.8, 1, kGeluTanhF16}, {3.6, 1, kGeluTanhBF16},
                  {5.2, 2, kGeluTanhF32});
  default:
    return std::nullopt;
  }
}

//===----------------------------------------------------------------------===//
// Odd functions that saturate
//===----------------------------------------------------------------------===//

/// f(x) = c p(t) with c = x clamped to +-limit, t = 2 c^2 / limit^2 - 1.
struct Odd {
  double limit;
  llvm::ArrayRef<double> coefficients;
};

VectorValue appendOdd(VectorProgram &list, VectorValue x, const Odd &odd) {
  VectorValue c = list.clamp(x, -odd.limit, odd.limit);
  VectorValue t =
      list.linear(list.mul(c, c), 2.0 / (odd.limit * odd.limit), -1.0);
  return list.mul(c, list.polynomial(t, odd.coefficients));
}

// Error 1.5e-3, rms 4.3e-4.
constexpr double kTanhF16[] = {
    0.38818359375,     -0.1798095703125, 0.1171875,
    -0.11224365234375, 0.089599609375,   0.03961181640625,
    -0.04156494140625, -0.1083984375,    0.08514404296875};
// 7.7e-3, rms 2.1e-3.
constexpr double kTanhBF16[] = {0.458984375,    -0.203125,     0.09765625,
                                -0.05517578125, 0.10888671875, -0.07470703125};
// 9.7e-4, rms 1.7e-4.
constexpr double kErfF16[] = {0.57958984375,       -0.25830078125,
                              0.148193359375,      -0.07781982421875,
                              0.037628173828125,   -0.0199432373046875,
                              0.007007598876953125};
// 5.9e-3, rms 1.1e-3.
constexpr double kErfBF16[] = {0.625, -0.259765625, 0.13671875, -0.07666015625,
                               0.030029296875};

// erfc(a) on [0, 4]; largest error 1.5e-7.
constexpr double kErfcF32[] = {
    0.0046777013,  -0.0413339933, 0.165341549,   -0.385782558, 0.550962467,
    -0.418866358,  -0.027706672,  0.432563595,   -0.416454017, 0.0257290733,
    0.297450217,   -0.214037889,  -0.0744340192, 0.138858715,  -0.00391365726,
    -0.0428004042, 0.00407644755, 0.00566982618};

//===----------------------------------------------------------------------===//
// In f32
//===----------------------------------------------------------------------===//

/// |magnitude| with the sign of `sign`.
VectorValue appendCopySign(VectorProgram &list, VectorValue magnitude,
                           VectorValue sign) {
  VectorValue bit =
      list.arith(Arith::And, sign.as(ElementType::I32), double(0x80000000));
  return list.arith(Arith::Or, magnitude.as(ElementType::I32), bit)
      .as(ElementType::F32);
}

/// 1 / (1 + exp(-x)).
VectorValue appendSigmoid(VectorProgram &list, VectorValue x) {
  // e = exp(-|x|) never overflows; the numerator is 1 or e.
  VectorValue e = appendExpOfNegative(list, list.mul(list.abs(x), -1.0));
  VectorValue numerator = list.select(Compare::SelectLess, x, 0.0, e, 1.0);
  return list.mul(numerator,
                  appendReciprocalOfPositive(list, list.add(e, 1.0)));
}

VectorValue appendErf(VectorProgram &list, VectorValue x) {
  constexpr double kLimit = 4.0;
  VectorValue distance = list.atMost(list.abs(x), kLimit);
  VectorValue t = list.linear(distance, 2.0 / kLimit, -1.0);
  VectorValue magnitude = list.sub(1.0, list.polynomial(t, kErfcF32));
  return appendCopySign(list, magnitude, x);
}

VectorValue appendLog(VectorProgram &list, VectorValue x) {
  constexpr double kSmallest = 0x1p-126;
  VectorValue y = appendLogOfPositive(list, x);
  VectorValue finite =
      list.select(Compare::SelectEqual, x, kInfinity, kInfinity, y);
  // Denormals count as zero, as everywhere in f32.
  VectorValue zero =
      list.select(Compare::SelectLess, x, kSmallest, -kInfinity, finite);
  return list.select(Compare::SelectLess, x, 0.0,
                     std::numeric_limits<double>::quiet_NaN(), zero);
}

VectorValue appendRsqrt(VectorProgram &list, VectorValue x) {
  VectorValue y = list.rsqrt(x);
  VectorValue large = list.select(Compare::SelectEqual, x, kInfinity, 0.0, y);
  // Zeros of both signs: nothing equals a zero of the other sign.
  VectorValue zero =
      list.select(Compare::SelectGreater, x, 0.0, large, kInfinity);
  return list.select(Compare::SelectLess, x, 0.0,
                     std::numeric_limits<double>::quiet_NaN(), zero);
}

VectorValue appendSqrt(VectorProgram &list, VectorValue x) {
  // rsqrt(0) is finite on this chip, so that 0 needs no care.
  VectorValue y = list.mul(x, list.rsqrt(x));
  VectorValue large =
      list.select(Compare::SelectEqual, x, kInfinity, kInfinity, y);
  return list.select(Compare::SelectLess, x, 0.0,
                     std::numeric_limits<double>::quiet_NaN(), large);
}

VectorValue appendReciprocal(VectorProgram &list, VectorValue x) {
  // Newton's steps take half of what a division does. Beyond the bound the
  // result is no normal number.
  constexpr double kLargest = 1.7e38;
  VectorValue magnitude = list.abs(x);
  VectorValue y = appendReciprocalOfPositive(list, magnitude);
  y = list.select(Compare::SelectGreater, magnitude, kLargest, 0.0, y);
  y = list.select(Compare::SelectEqual, magnitude, 0.0, kInfinity, y);
  return appendCopySign(list, y, x);
}

/// log(1 + exp(x)).
VectorValue appendSoftplus(VectorProgram &list, VectorValue x) {
  // log(1 + e) / e on [0, 1] as a polynomial in 2 e - 1; error 8e-8.
  static constexpr double kLog1p[] = {
      0.810930216,    -0.144263556,    0.0331524502,   -0.00846095102,
      0.00228812302,  -0.000642862504, 0.000185341273, -5.26793254e-05,
      1.54187321e-05, -6.36014908e-06, 2.04103561e-06};
  VectorValue e = appendExpOfNegative(list, list.mul(list.abs(x), -1.0));
  VectorValue p = list.polynomial(list.linear(e, 2.0, -1.0), kLog1p);
  return list.add(list.atLeast(x, 0.0), list.mul(e, p));
}

VectorValue appendElu(VectorProgram &list, VectorValue x, double alpha) {
  VectorValue e = appendExpOfNegative(list, list.atMost(x, 0.0));
  return list.add(list.atLeast(x, 0.0), list.mul(list.add(e, -1.0), alpha));
}

/// x tanh(log(1 + u)), u = exp(x), is x n / (n + 2) with n = u (u + 2).
VectorValue appendMish(VectorProgram &list, VectorValue x) {
  constexpr double kLimit = 20.0; // x from there on
  VectorValue u = appendExp(list, list.atMost(x, kLimit));
  VectorValue n = list.mul(u, list.add(u, 2.0));
  VectorValue ratio =
      list.mul(n, appendReciprocalOfPositive(list, list.add(n, 2.0)));
  return list.mul(x, ratio);
}

/// sin(x) or cos(x) = sin(x + pi/2): x minus the nearest multiple of pi, then
/// an odd polynomial, negated when the multiple is odd.
VectorValue appendSine(VectorProgram &list, VectorValue x, bool isCosine) {
  // sin(r) / r in r^2, |r| <= pi/2; error 1.3e-7.
  static constexpr double kSine[] = {1,
                                     -0.166666666,
                                     0.00833333096,
                                     -0.000198408595,
                                     2.75251782e-06,
                                     -2.38875063e-08};
  // pi in three parts; products of the first two with 12-bit integers are
  // exact.
  constexpr double kPiHigh = 3.140625, kPiMiddle = 9.6702575683593750e-4,
                   kPiLow = 6.2783295205e-7;
  VectorValue scaled = list.mul(x, 1.0 / std::numbers::pi);
  VectorValue n = list.round(isCosine ? list.add(scaled, 0.5) : scaled,
                             Rounding::HalfToEven);
  VectorValue multiple = isCosine ? list.add(n, -0.5) : n;
  VectorValue r = list.sub(x, list.mul(multiple, kPiHigh));
  r = list.sub(r, list.mul(multiple, kPiMiddle));
  r = list.sub(r, list.mul(multiple, kPiLow));
  VectorValue y = list.mul(r, list.polynomial(list.mul(r, r), kSine));
  VectorValue sign = list.shift(list.cast(n, ElementType::I32), 31);
  return list.arith(Arith::Xor, y.as(ElementType::I32), sign)
      .as(ElementType::F32);
}

VectorValue appendSoftsign(VectorProgram &list, VectorValue x) {
  constexpr double kLargest = 1e30;
  VectorValue bounded = list.clamp(x, -kLargest, kLargest);
  VectorValue denominator = list.add(list.abs(bounded), 1.0);
  return list.mul(bounded, appendReciprocalOfPositive(list, denominator));
}

/// Functions whose 16-bit form goes through f32.
VectorValue appendWide(VectorProgram &list, UnaryFunction function,
                       VectorValue x, double alpha) {
  switch (function) {
  case UnaryFunction::Sigmoid:
    return appendSigmoid(list, x);
  case UnaryFunction::Tanh:
    return appendTanh(list, x);
  case UnaryFunction::Erf:
    return appendErf(list, x);
  case UnaryFunction::Exp:
    return appendExp(list, x);
  case UnaryFunction::Log:
    return appendLog(list, x);
  case UnaryFunction::Sqrt:
    return appendSqrt(list, x);
  case UnaryFunction::Rsqrt:
    return appendRsqrt(list, x);
  case UnaryFunction::Reciprocal:
    return appendReciprocal(list, x);
  case UnaryFunction::Softplus:
    return appendSoftplus(list, x);
  case UnaryFunction::Elu:
    return appendElu(list, x, alpha);
  case UnaryFunction::Mish:
    return appendMish(list, x);
  case UnaryFunction::Sin:
    return appendSine(list, x, /*isCosine=*/false);
  case UnaryFunction::Cos:
    return appendSine(list, x, /*isCosine=*/true);
  default:
    return appendSoftsign(list, x);
  }
}

//===----------------------------------------------------------------------===//
// In 16 bit
//===----------------------------------------------------------------------===//

// 1 / (1 + e) on [0, 1]. Error of the sigmoid 1.1e-3, rms 2.3e-4; relative to
// the result 5e-3, from the rounding of x log2(e).
constexpr double kLogisticF16[] = {0.99951171875, -0.98193359375, 0.8642578125,
                                   -0.5341796875, 0.1522216796875};
// 4.8e-3, rms 1.2e-3; relative 3e-2 down to -10.
constexpr double kLogisticBF16[] = {1.0, -0.94140625, 0.66015625,
                                    -0.2177734375};

/// n / (1 + e) with e = exp(-|x|) and n = 1 or e, so that results near 0 are as
/// exact relative to themselves as those near 1.
VectorValue appendHalfSigmoid(VectorProgram &list, VectorValue x) {
  // Powers 2^9 times as large reach down to the least that f16 holds.
  bool isF16 = x.type == ElementType::F16;
  int bias = isF16 ? 9 : 0;
  VectorValue exponent = list.atLeast(
      list.mul(list.abs(x), -std::numbers::log2e), leastExponent(x.type, bias));
  VectorValue e = appendPowerOfTwo(list, exponent, bias);
  if (bias != 0)
    e = list.mul(e, std::ldexp(1.0, -bias));
  VectorValue numerator = list.select(Compare::SelectGreater, 0.0, x, e, 1.0);
  return list.mul(numerator,
                  list.polynomial(e, isF16 ? llvm::ArrayRef(kLogisticF16)
                                           : llvm::ArrayRef(kLogisticBF16)));
}

/// Functions that have a recipe in 16 bit of their own, or nothing.
std::optional<VectorValue> appendHalf(VectorProgram &list,
                                      UnaryFunction function, VectorValue x) {
  bool isF16 = x.type == ElementType::F16;
  switch (function) {
  case UnaryFunction::Sigmoid:
    return appendHalfSigmoid(list, x);
  case UnaryFunction::Tanh:
    return appendOdd(list, x, isF16 ? Odd{3.6, kTanhF16} : Odd{3.0, kTanhBF16});
  case UnaryFunction::Mish:
    return isF16 ? appendGates(list, x, {5.0, 1, kMishAboveF16},
                               {9.0, 2, kMishBelowF16})
                 : appendGates(list, x, {3.8, 1, kMishAboveBF16},
                               {6.5, 0, kMishBelowBF16});
  case UnaryFunction::Erf:
    return appendOdd(list, x, isF16 ? Odd{2.4, kErfF16} : Odd{2.2, kErfBF16});
  default:
    return std::nullopt;
  }
}

//===----------------------------------------------------------------------===//
// In any type
//===----------------------------------------------------------------------===//

/// Functions that are as good in 16 bit as in f32, or nothing.
std::optional<VectorValue> appendNarrow(VectorProgram &list,
                                        UnaryFunction function, VectorValue x,
                                        double alpha, double beta) {
  switch (function) {
  case UnaryFunction::Relu:
    return list.atLeast(x, 0.0);
  case UnaryFunction::LeakyRelu: {
    VectorValue scaled = list.mul(x, alpha);
    return alpha <= 1.0 ? list.max(x, scaled) : list.min(x, scaled);
  }
  case UnaryFunction::Clip:
    return list.atMost(list.atLeast(x, alpha), beta);
  case UnaryFunction::Hardsigmoid:
    return list.clamp(list.linear(x, alpha, beta), 0.0, 1.0);
  case UnaryFunction::Hardswish:
    return list.mul(x, list.clamp(list.linear(x, 1.0 / 6.0, 0.5), 0.0, 1.0));
  case UnaryFunction::Abs:
    return list.abs(x);
  case UnaryFunction::Neg:
    return list.mul(x, -1.0);
  case UnaryFunction::Floor:
    return list.round(x, Rounding::Down);
  case UnaryFunction::Ceil:
    return list.round(x, Rounding::Up);
  case UnaryFunction::Round:
    return list.round(x, Rounding::HalfToEven);
  case UnaryFunction::Sign: {
    VectorValue positive =
        list.select(Compare::SelectGreater, x, 0.0, 1.0, 0.0);
    VectorValue negative = list.select(Compare::SelectLess, x, 0.0, 1.0, 0.0);
    return list.sub(positive, negative);
  }
  default:
    return std::nullopt;
  }
}

} // namespace

VectorValue kernel::appendUnary(VectorProgram &list, UnaryFunction function,
                                VectorValue x, double alpha, double beta,
                                bool isWide) {
  if (std::optional<VectorValue> y =
          appendNarrow(list, function, x, alpha, beta))
    return *y;
  if (isWide && x.type != ElementType::F32) {
    VectorValue wide = list.cast(x, ElementType::F32);
    return list.cast(appendUnary(list, function, wide, alpha, beta), x.type);
  }
  if (std::optional<Gate> gate = gateOf(function, x.type))
    return appendGate(list, x, *gate);
  if (x.type != ElementType::F32)
    if (std::optional<VectorValue> y = appendHalf(list, function, x))
      return *y;
  VectorValue wide = list.cast(x, ElementType::F32);
  VectorValue y = appendWide(list, function, wide, alpha);
  return list.cast(y, x.type);
}
