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

/// f(x) = x gate(x) with gate(x) + gate(-x) = 1, as max(x, 0) - a h(t) where
/// a = min(|x|, limit), h = gate(-a), t = 2 a / limit - 1. No division, exact
/// for large x, and as exact relative to x near 0.
struct Gate {
  double limit;
  llvm::ArrayRef<double> coefficients;
};

PassValue appendGate(PassList &list, PassValue x, const Gate &gate) {
  PassValue distance = list.min(list.abs(x), gate.limit);
  PassValue t = list.linear(distance, 2.0 / gate.limit, -1.0);
  PassValue tail = list.mul(distance, list.polynomial(t, gate.coefficients));
  return list.sub(list.max(x, 0.0), tail);
}

// Error 1.3e-3, rms 2.8e-4.
constexpr double kSiluF16[] = {
    0.008697509765625, -0.040985107421875, 0.09002685546875,
    -0.1328125,        0.184326171875,     -0.1904296875,
    0.033172607421875, 0.1142578125,       -0.0662841796875};
// 5.9e-3, rms 1.7e-3.
constexpr double kSiluBF16[] = {0.036865234375, -0.11328125,   0.1826171875,
                                -0.1875,        0.07373046875, 0.05029296875,
                                -0.041748046875};
// 6.4e-6, rms 2.9e-6.
constexpr double kSiluF32[] = {
    0.00055310945, -0.00413994351, 0.015447461,  -0.0389175415, 0.0749320015,
    -0.104564138,  0.0954217613,   -0.150052309, 0.366216749,   -0.0866464674,
    -0.898285627,  0.260311484,    2.00959587,   -0.877235055,  -2.62132049,
    1.62601721,    1.5313257,      -1.15353096,  -0.323884964,  0.27875644};
// 7.4e-4, rms 1.8e-4.
constexpr double kGeluF16[] = {
    0.0225830078125,   -0.1085205078125, 0.220703125,       -0.2119140625,
    0.045623779296875, 0.07061767578125, -0.039031982421875};
// 6.2e-3, rms 1.7e-3.
constexpr double kGeluBF16[] = {0.068359375, -0.2041015625, 0.208984375,
                                -0.0478515625, -0.025390625};
// 6.8e-4, rms 1.6e-4.
constexpr double kGeluTanhF16[] = {
    0.02252197265625, -0.10919189453125, 0.22119140625,     -0.21044921875,
    0.0447998046875,  0.06976318359375,  -0.038604736328125};
// 5.9e-3, rms 1.6e-3.
constexpr double kGeluTanhBF16[] = {0.068359375, -0.2041015625, 0.208984375,
                                    -0.048583984375, -0.024658203125};

//===----------------------------------------------------------------------===//
// Odd functions that saturate
//===----------------------------------------------------------------------===//

/// f(x) = c p(t) with c = x clamped to +-limit, t = 2 c^2 / limit^2 - 1.
struct Odd {
  double limit;
  llvm::ArrayRef<double> coefficients;
};

PassValue appendOdd(PassList &list, PassValue x, const Odd &odd) {
  PassValue c = list.max(list.min(x, odd.limit), -odd.limit);
  PassValue t =
      list.linear(list.mul(c, c), 2.0 / (odd.limit * odd.limit), -1.0);
  return list.mul(c, list.polynomial(t, odd.coefficients));
}

// Sigmoid less 1/2; error 6.9e-4, rms 2.1e-4.
constexpr double kSigmoidF16[] = {
    0.099609375,           -0.045928955078125,  0.030029296875,
    -0.0261688232421875,   0.0189208984375,     0.00547027587890625,
    -0.004322052001953125, -0.0225677490234375, 0.0163116455078125};
// 4.0e-3, rms 1.1e-3.
constexpr double kSigmoidBF16[] = {0.11474609375,  -0.050537109375,
                                   0.025634765625, -0.0157470703125,
                                   0.025146484375, -0.015869140625};
// 1.5e-3, rms 4.3e-4.
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

//===----------------------------------------------------------------------===//
// Rectifier minus bump
//===----------------------------------------------------------------------===//

/// f(x) = max(x, 0) - p(t), t = 2 min(|x|, limit) / limit - 1: one pass less
/// than a gate, with an absolute error near 0 that only f32 makes small.
struct Bump {
  double limit;
  llvm::ArrayRef<double> coefficients;
};

PassValue appendBump(PassList &list, PassValue x, const Bump &bump) {
  PassValue distance = list.min(list.abs(x), bump.limit);
  PassValue t = list.linear(distance, 2.0 / bump.limit, -1.0);
  PassValue p = list.polynomial(t, bump.coefficients);
  return list.sub(list.max(x, 0.0), p);
}

// a Phi(-a); largest error 1.6e-7.
constexpr double kGeluF32[] = {
    0.00715437474, -0.0549033775, 0.181205177,  -0.311343256, 0.214636101,
    0.214745977,   -0.634678946,  0.531190704,  0.0815536264, -0.550084825,
    0.363073677,   0.157795871,   -0.310466684, 0.0480251685, 0.115408839,
    -0.0448983493, -0.0178861423, 0.00947211727};
// a sigmoid(-2 sqrt(2/pi) (a + 0.044715 a^3)); largest error 1e-7.
constexpr double kGeluTanhF32[] = {
    0.0116539007,  -0.0801318124,  0.224388384,  -0.287972096, 0.0380248515,
    0.397368526,   -0.512513651,   0.144229716,  0.235994065,  -0.254212007,
    0.0762738889,  0.0624511034,   -0.109310431, 0.0445874542, 0.041290948,
    -0.0331809562, -0.00580192242, 0.00686010039};
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
PassValue appendCopySign(PassList &list, PassValue magnitude, PassValue sign) {
  PassValue bit =
      list.arith(Arith::And, sign.as(ElementType::I32), double(0x80000000));
  return list.arith(Arith::Or, magnitude.as(ElementType::I32), bit)
      .as(ElementType::F32);
}

/// 1 / (1 + exp(-x)).
PassValue appendSigmoid(PassList &list, PassValue x) {
  // e = exp(-|x|) never overflows; the numerator is 1 or e.
  PassValue e = appendExpOfNegative(list, list.mul(list.abs(x), -1.0));
  PassValue numerator = list.select(Compare::SelectLess, x, 0.0, e, 1.0);
  return list.mul(numerator,
                  appendReciprocalOfPositive(list, list.add(e, 1.0)));
}

PassValue appendTanh(PassList &list, PassValue x) {
  PassValue e = appendExpOfNegative(list, list.mul(list.abs(x), -2.0));
  PassValue ratio =
      list.mul(list.linear(e, -1.0, 1.0),
               appendReciprocalOfPositive(list, list.add(e, 1.0)));
  // Near 0 the difference 1 - e loses the digits that x itself has.
  PassValue cube = list.mul(list.mul(x, x), x);
  PassValue small = list.add(x, list.mul(cube, -1.0 / 3.0));
  PassValue large = appendCopySign(list, ratio, x);
  return list.select(Compare::SelectLess, list.abs(x), 0.01, small, large);
}

PassValue appendErf(PassList &list, PassValue x) {
  constexpr double kLimit = 4.0;
  PassValue distance = list.min(list.abs(x), kLimit);
  PassValue t = list.linear(distance, 2.0 / kLimit, -1.0);
  PassValue magnitude = list.sub(1.0, list.polynomial(t, kErfcF32));
  return appendCopySign(list, magnitude, x);
}

PassValue appendLog(PassList &list, PassValue x) {
  constexpr double kSmallest = 0x1p-126;
  PassValue y = appendLogOfPositive(list, x);
  PassValue finite =
      list.select(Compare::SelectEqual, x, kInfinity, kInfinity, y);
  // Denormals count as zero, as everywhere in f32.
  PassValue zero =
      list.select(Compare::SelectLess, x, kSmallest, -kInfinity, finite);
  return list.select(Compare::SelectLess, x, 0.0,
                     std::numeric_limits<double>::quiet_NaN(), zero);
}

PassValue appendRsqrt(PassList &list, PassValue x) {
  PassValue y = list.rsqrt(x);
  PassValue large = list.select(Compare::SelectEqual, x, kInfinity, 0.0, y);
  PassValue zero = list.select(Compare::SelectEqual, x, 0.0, kInfinity, large);
  return list.select(Compare::SelectLess, x, 0.0,
                     std::numeric_limits<double>::quiet_NaN(), zero);
}

PassValue appendSqrt(PassList &list, PassValue x) {
  // rsqrt(0) is finite on this chip, so that 0 needs no care.
  PassValue y = list.mul(x, list.rsqrt(x));
  PassValue large =
      list.select(Compare::SelectEqual, x, kInfinity, kInfinity, y);
  return list.select(Compare::SelectLess, x, 0.0,
                     std::numeric_limits<double>::quiet_NaN(), large);
}

PassValue appendReciprocal(PassList &list, PassValue x) {
  PassValue y = list.divide(1.0, x);
  return list.select(Compare::SelectEqual, list.abs(x), kInfinity, 0.0, y);
}

/// log(1 + exp(x)).
PassValue appendSoftplus(PassList &list, PassValue x) {
  // log(1 + e) / e on [0, 1] as a polynomial in 2 e - 1; error 8e-8.
  static constexpr double kLog1p[] = {
      0.810930216,    -0.144263556,    0.0331524502,   -0.00846095102,
      0.00228812302,  -0.000642862504, 0.000185341273, -5.26793254e-05,
      1.54187321e-05, -6.36014908e-06, 2.04103561e-06};
  PassValue e = appendExpOfNegative(list, list.mul(list.abs(x), -1.0));
  PassValue p = list.polynomial(list.linear(e, 2.0, -1.0), kLog1p);
  return list.add(list.max(x, 0.0), list.mul(e, p));
}

PassValue appendElu(PassList &list, PassValue x, double alpha) {
  PassValue e = appendExpOfNegative(list, list.min(x, 0.0));
  return list.add(list.max(x, 0.0), list.mul(list.add(e, -1.0), alpha));
}

/// x tanh(log(1 + u)), u = exp(x), is x n / (n + 2) with n = u (u + 2).
PassValue appendMish(PassList &list, PassValue x) {
  constexpr double kLimit = 20.0; // x from there on
  PassValue u = appendExp(list, list.min(x, kLimit));
  PassValue n = list.mul(u, list.add(u, 2.0));
  PassValue ratio =
      list.mul(n, appendReciprocalOfPositive(list, list.add(n, 2.0)));
  return list.mul(x, ratio);
}

/// sin(x) or cos(x) = sin(x + pi/2): x minus the nearest multiple of pi, then
/// an odd polynomial, negated when the multiple is odd.
PassValue appendSine(PassList &list, PassValue x, bool isCosine) {
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
  PassValue scaled = list.mul(x, 1.0 / std::numbers::pi);
  PassValue n = list.round(isCosine ? list.add(scaled, 0.5) : scaled,
                           Rounding::HalfToEven);
  PassValue multiple = isCosine ? list.add(n, -0.5) : n;
  PassValue r = list.sub(x, list.mul(multiple, kPiHigh));
  r = list.sub(r, list.mul(multiple, kPiMiddle));
  r = list.sub(r, list.mul(multiple, kPiLow));
  PassValue y = list.mul(r, list.polynomial(list.mul(r, r), kSine));
  PassValue sign = list.shift(list.cast(n, ElementType::I32), 31);
  return list.arith(Arith::Xor, y.as(ElementType::I32), sign)
      .as(ElementType::F32);
}

PassValue appendSoftsign(PassList &list, PassValue x) {
  constexpr double kLargest = 1e38;
  PassValue bounded = list.max(list.min(x, kLargest), -kLargest);
  PassValue denominator = list.add(list.abs(bounded), 1.0);
  return list.mul(bounded, appendReciprocalOfPositive(list, denominator));
}

/// Functions whose 16-bit form goes through f32.
PassValue appendWide(PassList &list, UnaryFunction function, PassValue x,
                     double alpha) {
  switch (function) {
  case UnaryFunction::Sigmoid:
    return appendSigmoid(list, x);
  case UnaryFunction::Silu:
    return appendGate(list, x, {15.0, kSiluF32});
  case UnaryFunction::Gelu:
    return appendBump(list, x, {5.6, kGeluF32});
  case UnaryFunction::GeluTanh:
    return appendBump(list, x, {5.2, kGeluTanhF32});
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

/// Functions that have a recipe in 16 bit of their own, or nothing.
std::optional<PassValue> appendHalf(PassList &list, UnaryFunction function,
                                    PassValue x) {
  bool isF16 = x.type == ElementType::F16;
  switch (function) {
  case UnaryFunction::Silu:
    return appendGate(list, x,
                      isF16 ? Gate{9.5, kSiluF16} : Gate{6.5, kSiluBF16});
  case UnaryFunction::Gelu:
    return appendGate(list, x,
                      isF16 ? Gate{4.0, kGeluF16} : Gate{3.0, kGeluBF16});
  case UnaryFunction::GeluTanh:
    return appendGate(
        list, x, isF16 ? Gate{4.0, kGeluTanhF16} : Gate{3.0, kGeluTanhBF16});
  case UnaryFunction::Sigmoid: {
    PassValue y = appendOdd(
        list, x, isF16 ? Odd{7.0, kSigmoidF16} : Odd{6.0, kSigmoidBF16});
    return list.add(y, 0.5);
  }
  case UnaryFunction::Tanh:
    return appendOdd(list, x, isF16 ? Odd{3.6, kTanhF16} : Odd{3.0, kTanhBF16});
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
std::optional<PassValue> appendNarrow(PassList &list, UnaryFunction function,
                                      PassValue x, double alpha, double beta) {
  switch (function) {
  case UnaryFunction::Relu:
    return list.max(x, 0.0);
  case UnaryFunction::LeakyRelu: {
    PassValue scaled = list.mul(x, alpha);
    return alpha <= 1.0 ? list.max(x, scaled) : list.min(x, scaled);
  }
  case UnaryFunction::Clip:
    return list.min(list.max(x, alpha), beta);
  case UnaryFunction::Hardsigmoid:
    return list.min(list.max(list.linear(x, alpha, beta), 0.0), 1.0);
  case UnaryFunction::Hardswish:
    return list.mul(
        x, list.min(list.max(list.linear(x, 1.0 / 6.0, 0.5), 0.0), 1.0));
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
    PassValue positive = list.select(Compare::SelectGreater, x, 0.0, 1.0, 0.0);
    PassValue negative = list.select(Compare::SelectLess, x, 0.0, 1.0, 0.0);
    return list.sub(positive, negative);
  }
  default:
    return std::nullopt;
  }
}

} // namespace

PassValue kernel::appendUnary(PassList &list, UnaryFunction function,
                              PassValue x, double alpha, double beta) {
  if (std::optional<PassValue> y = appendNarrow(list, function, x, alpha, beta))
    return *y;
  if (x.type != ElementType::F32)
    if (std::optional<PassValue> y = appendHalf(list, function, x))
      return *y;
  PassValue wide = list.cast(x, ElementType::F32);
  return list.cast(appendWide(list, function, wide, alpha), x.type);
}

void kernel::makeUnaryKernels(UnaryFunction function, double alpha, double beta,
                              const GlobalTensor &result,
                              const GlobalTensor &operand, int64_t count,
                              KernelList &kernels) {
  auto list = std::make_shared<PassList>();
  PassValue x = list->input(operand.type);
  list->setResult(appendUnary(*list, function, x, alpha, beta));

  ElementwiseParams params;
  params.result = {result, {count}};
  params.operands.push_back({operand, {count}});
  params.scratch = list->bufferTypes();
  params.constantBytes = list->constantBytes();
  params.setUp = [list](CommandBuilder &builder, uint32_t address) {
    list->setUp(builder, address);
  };
  params.compute = [list](CommandBuilder &builder, const LocalTensor &tile,
                          llvm::ArrayRef<LocalTensor> operands,
                          llvm::ArrayRef<LocalTensor> scratch,
                          uint32_t constants) {
    llvm::SmallVector<uint32_t> buffers;
    for (const LocalTensor &tensor : scratch)
      buffers.push_back(tensor.address);
    buffers.push_back(0); // no reductions
    list->emit(builder, {tile.shape, tile.shape[W]}, tile, operands, buffers,
               constants);
  };
  makeElementwiseKernels(params, kernels);
}
