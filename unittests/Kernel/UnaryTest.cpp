//===- UnaryTest.cpp - Functions of one number on the simulator -----------===//

#include "Arch/BM1684X.h"
#include "Kernel/Functions.h"
#include "KernelRunner.h"

#include <numbers>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

struct UnaryCase {
  const char *name;
  UnaryFunction function;
  double (*reference)(double);
  double low, high;
  /// Largest error in f32: absolute below 1, relative above.
  double tolerance = 1e-6;
  double alpha = 0, beta = 0;
  /// What a 16-bit recipe adds to the rounding of its result, relative to the
  /// operand where that is below 1, or to the result.
  double excessF16 = 0, excessBF16 = 0;
  bool isRelative = false;

  double excess(ElementType type) const {
    return type == ElementType::F16 ? excessF16 : excessBF16;
  }
  /// The error that a 16-bit recipe may have of f(x).
  double allowed(ElementType type, double x, double f) const {
    double rounding = 2 * roundingUnit(type) * std::fabs(f);
    if (!isRelative)
      return rounding + excess(type) * std::clamp(std::fabs(x), 1e-2, 1.0);
    // exp turns what a rounding moves its operand by into a factor; steps of
    // numbers below the normal ones.
    double factor =
        std::isinf(x) ? 0 : std::expm1(std::fabs(x) * roundingUnit(type));
    return rounding + (excess(type) + factor) * std::fabs(f) +
           (type == ElementType::F16 ? 0x1.8p-24 : 0x1p-126);
  }
};

void PrintTo(const UnaryCase &unary, std::ostream *stream) {
  *stream << unary.name;
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double gelu(double x) { return x / 2 * std::erfc(-x / std::numbers::sqrt2); }
double geluTanh(double x) {
  return x / 2 *
         (1 + std::tanh(std::sqrt(2 / std::numbers::pi) *
                        (x + 0.044715 * x * x * x)));
}

class UnaryTest
    : public testing::TestWithParam<std::tuple<UnaryCase, ElementType>> {};

TEST_P(UnaryTest, MatchesReference) {
  auto [unary, type] = GetParam();
  constexpr int64_t kCount = 3 * 64 * 40 + 37;
  std::vector<double> values;
  for (int64_t i = 0; i < kCount; ++i)
    values.push_back(unary.low +
                     (unary.high - unary.low) * double(i) / (kCount - 1));
  KernelRunner runner;
  GlobalTensor operand = runner.put(type, values);
  GlobalTensor result = runner.allocate(type, kCount);
  KernelList kernels;
  makeUnaryKernels(kBM1684X, unary.function, unary.alpha, unary.beta, result,
                   operand, kCount, kernels);
  runner.run(kernels);

  std::vector<double> results = runner.get(result);
  double worst = 0, worstAt = 0;
  for (int64_t i = 0; i < kCount; ++i) {
    double expected = unary.reference(values[i]);
    double error = std::fabs(results[i] - expected);
    if (type != ElementType::F32)
      error -= unary.allowed(type, values[i], expected) + 0x1p-24;
    error /= std::max(1.0, std::fabs(expected));
    if (!(error <= worst)) {
      worst = error;
      worstAt = values[i];
    }
  }
  EXPECT_LE(worst, unary.tolerance) << "at " << worstAt;
  RecordProperty("error", testing::PrintToString(worst));
  RecordProperty("tiu_cycles", std::to_string(runner.cycles[0]));
}

const UnaryCase kCases[] = {
    {"relu", UnaryFunction::Relu, [](double x) { return std::max(x, 0.0); }, -8,
     8, 0},
    {"leakyRelu", UnaryFunction::LeakyRelu,
     [](double x) { return x >= 0 ? x : 0.125 * x; }, -8, 8, 0, 0.125},
    {"clip", UnaryFunction::Clip,
     [](double x) { return std::clamp(x, -1.0, 6.0); }, -8, 8, 0, -1, 6},
    {"sigmoid", UnaryFunction::Sigmoid, sigmoid, -100, 100, 1e-6, 0, 0, 3e-3,
     1.5e-2, true},
    {"sigmoidNearZero", UnaryFunction::Sigmoid, sigmoid, -4, 4, 1e-6, 0, 0,
     3e-3, 1.5e-2, true},
    {"silu", UnaryFunction::Silu, [](double x) { return x * sigmoid(x); }, -20,
     20, 2e-6, 0, 0, 1.3e-3, 9e-3},
    {"gelu", UnaryFunction::Gelu, gelu, -10, 10, 1e-6, 0, 0, 8e-4, 4e-3},
    {"geluTanh", UnaryFunction::GeluTanh, geluTanh, -10, 10, 1e-6, 0, 0, 8e-4,
     4e-3},
    {"hardsigmoid", UnaryFunction::Hardsigmoid,
     [](double x) { return std::clamp(0.25 * x + 0.5, 0.0, 1.0); }, -4, 4, 1e-6,
     0.25, 0.5, 1e-4, 8e-4},
    {"hardswish", UnaryFunction::Hardswish,
     [](double x) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); }, -8, 8,
     1e-6, 0, 0, 2e-3, 1.6e-2},
    {"tanh", UnaryFunction::Tanh, [](double x) { return std::tanh(x); }, -12,
     12, 1e-6, 0, 0, 1.5e-3, 7.5e-3},
    {"tanhNearZero", UnaryFunction::Tanh, [](double x) { return std::tanh(x); },
     -0.02, 0.02, 1e-7, 0, 0, 1.5e-3, 7.5e-3},
    {"erf", UnaryFunction::Erf, [](double x) { return std::erf(x); }, -6, 6,
     1e-6, 0, 0, 1e-3, 6e-3},
    {"exp", UnaryFunction::Exp, [](double x) { return std::exp(x); }, -90, 11},
    {"expLarge", UnaryFunction::Exp, [](double x) { return std::exp(x); }, -1,
     8},
    {"log", UnaryFunction::Log, [](double x) { return std::log(x); }, 1e-3,
     60000},
    {"logNearOne", UnaryFunction::Log, [](double x) { return std::log(x); },
     0.5, 2},
    {"sqrt", UnaryFunction::Sqrt, [](double x) { return std::sqrt(x); }, 0,
     60000},
    {"rsqrt", UnaryFunction::Rsqrt, [](double x) { return 1 / std::sqrt(x); },
     1e-3, 300},
    {"reciprocal", UnaryFunction::Reciprocal, [](double x) { return 1 / x; },
     -40, -0.01},
    {"abs", UnaryFunction::Abs, [](double x) { return std::fabs(x); }, -8, 8,
     0},
    {"neg", UnaryFunction::Neg, [](double x) { return -x; }, -8, 8, 0},
    {"softplus", UnaryFunction::Softplus,
     [](double x) { return std::log1p(std::exp(x)); }, -30, 30},
    {"elu", UnaryFunction::Elu,
     [](double x) { return x >= 0 ? x : 0.75 * std::expm1(x); }, -20, 8, 1e-6,
     0.75},
    {"mish", UnaryFunction::Mish,
     [](double x) { return x * std::tanh(std::log1p(std::exp(x))); }, -30, 30,
     1e-6, 0, 0, 2e-3, 8e-3},
    {"sin", UnaryFunction::Sin, [](double x) { return std::sin(x); }, -500,
     500},
    {"cos", UnaryFunction::Cos, [](double x) { return std::cos(x); }, -500,
     500},
    {"floor", UnaryFunction::Floor, [](double x) { return std::floor(x); }, -9,
     9, 0},
    {"ceil", UnaryFunction::Ceil, [](double x) { return std::ceil(x); }, -9, 9,
     0},
    {"round", UnaryFunction::Round, [](double x) { return std::nearbyint(x); },
     -9, 9, 0},
    {"sign", UnaryFunction::Sign,
     [](double x) { return double((x > 0) - (x < 0)); }, -2, 2, 0},
    {"softsign", UnaryFunction::Softsign,
     [](double x) { return x / (1 + std::fabs(x)); }, -90, 90},
};

std::string nameOf(const testing::TestParamInfo<UnaryTest::ParamType> &info) {
  return std::string(std::get<0>(info.param).name) + "_" +
         typeName(std::get<1>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Functions, UnaryTest,
                         testing::Combine(testing::ValuesIn(kCases),
                                          testing::Values(ElementType::F32,
                                                          ElementType::F16,
                                                          ElementType::BF16)),
                         nameOf);

/// Every 16-bit number, in the order of its bits.
std::vector<char> allPatterns() {
  std::vector<char> bytes;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    bytes.push_back(char(bits));
    bytes.push_back(char(bits >> 8));
  }
  return bytes;
}

/// The functions that have a recipe in 16 bit, for the types it serves.
std::vector<std::tuple<UnaryCase, ElementType>> casesIn16Bit() {
  std::vector<std::tuple<UnaryCase, ElementType>> cases;
  for (const UnaryCase &unary : kCases)
    for (ElementType type : {ElementType::F16, ElementType::BF16})
      if (unary.excess(type) != 0)
        cases.emplace_back(unary, type);
  return cases;
}

class UnaryIn16Bit : public UnaryTest {};

INSTANTIATE_TEST_SUITE_P(Functions, UnaryIn16Bit,
                         testing::ValuesIn(casesIn16Bit()), nameOf);

/// The 16-bit recipes on every number: bounds hold up to the largest, and
/// infinities give limits.
TEST_P(UnaryIn16Bit, HoldsForEveryHalf) {
  auto [unary, type] = GetParam();
  KernelRunner runner;
  GlobalTensor operand = runner.putBytes(type, allPatterns());
  GlobalTensor result = runner.allocate(type, 0x10000);
  KernelList kernels;
  makeUnaryKernels(kBM1684X, unary.function, unary.alpha, unary.beta, result,
                   operand, 0x10000, kernels);
  runner.run(kernels);
  std::vector<double> values = runner.get(operand),
                      results = runner.get(result);
  double worst = 0, worstAt = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) {
      EXPECT_TRUE(std::isnan(results[i])) << "pattern " << i;
      continue;
    }
    double expected = unary.reference(values[i]);
    if (std::isnan(expected) && std::isnan(results[i]))
      continue;
    // The limit of x f(x) at -infinity, where f tends to 0.
    if (std::isnan(expected))
      expected = 0;
    double error = 0;
    if (std::isinf(expected) || std::isinf(results[i]))
      error = results[i] == expected ? 0 : INFINITY;
    else
      error = std::fabs(results[i] - expected) -
              unary.allowed(type, values[i], expected);
    if (!(error <= worst)) {
      worst = error;
      worstAt = values[i];
    }
  }
  EXPECT_LE(worst, 0) << "at " << worstAt;
}

/// Values at which a function is not finite or not smooth, in f32.
void expectAt(UnaryFunction function, std::vector<double> values,
              const std::vector<double> &expected) {
  KernelRunner runner;
  GlobalTensor operand = runner.put(ElementType::F32, values);
  GlobalTensor result = runner.allocate(ElementType::F32, values.size());
  KernelList kernels;
  makeUnaryKernels(kBM1684X, function, 0, 0, result, operand, values.size(),
                   kernels);
  runner.run(kernels);
  std::vector<double> results = runner.get(result);
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(expected[i]))
      EXPECT_TRUE(std::isnan(results[i])) << "at " << values[i];
    else if (std::isinf(expected[i]))
      EXPECT_EQ(results[i], expected[i]) << "at " << values[i];
    else
      EXPECT_NEAR(results[i], expected[i], 1e-6) << "at " << values[i];
  }
}

constexpr double kInf = INFINITY;

TEST(UnarySpecialValues, Exp) {
  expectAt(UnaryFunction::Exp, {-kInf, -200, 0, 89, kInf},
           {0, 0, 1, kInf, kInf});
}
TEST(UnarySpecialValues, Log) {
  expectAt(UnaryFunction::Log, {0, 1, kInf, -1}, {-kInf, 0, kInf, NAN});
}
TEST(UnarySpecialValues, Sqrt) {
  expectAt(UnaryFunction::Sqrt, {0, 1, kInf, -1}, {0, 1, kInf, NAN});
}
TEST(UnarySpecialValues, Rsqrt) {
  expectAt(UnaryFunction::Rsqrt, {0, 1, kInf, -1}, {kInf, 1, 0, NAN});
}
TEST(UnarySpecialValues, Reciprocal) {
  expectAt(UnaryFunction::Reciprocal, {0, 1, kInf, -kInf, 1e38},
           {kInf, 1, 0, 0, 0});
}
TEST(UnarySpecialValues, Sigmoid) {
  expectAt(UnaryFunction::Sigmoid, {-kInf, 0, kInf, NAN}, {0, 0.5, 1, NAN});
}
TEST(UnarySpecialValues, Softsign) {
  expectAt(UnaryFunction::Softsign, {-1e38, 0, 1e38, NAN}, {-1, 0, 1, NAN});
}
TEST(UnarySpecialValues, Tanh) {
  expectAt(UnaryFunction::Tanh, {-kInf, 0, kInf}, {-1, 0, 1});
}
TEST(UnarySpecialValues, Gelu) {
  expectAt(UnaryFunction::Gelu, {-kInf, -1e30, 0, kInf}, {0, 0, 0, kInf});
}

} // namespace
