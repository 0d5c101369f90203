//===- Int8ConvTest.cpp - Tests of INT8 convolutions ----------------------===//
//
// Convolutions of i8 and u8 tensors against exact sums: to bytes bit by bit,
// to floats within their rounding; whole and in tiles.
//
//===----------------------------------------------------------------------===//

#include "Arch/BM1684X.h"
#include "Kernel/Conv.h"
#include "KernelRunner.h"

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

struct Int8ConvCase {
  int64_t batch, inChannels, inH, inW, outChannels;
  int64_t kernel = 1, stride = 1, pad = 0;
  int64_t groups = 1;
  int64_t localBytes = kBM1684X.laneBytes;
  int64_t inDepth = 1, kernelD = 1;
};

ConvParams paramsOf(const Int8ConvCase &c) {
  ConvParams params;
  params.batch = c.batch;
  params.inChannels = c.inChannels;
  params.inDepth = c.inDepth;
  params.inH = c.inH;
  params.inW = c.inW;
  params.outChannels = c.outChannels;
  params.groups = c.groups;
  Window &window = params.window;
  window.kernelH = window.kernelW = c.kernel;
  window.strideH = window.strideW = c.stride;
  window.padTop = window.padBottom = window.padLeft = window.padRight = c.pad;
  params.kernelD = c.kernelD;
  params.padFront = c.kernelD / 2;
  params.hasBias = true;
  params.outDepth = c.inDepth;
  params.outH = (c.inH + 2 * c.pad - c.kernel) / c.stride + 1;
  params.outW = (c.inW + 2 * c.pad - c.kernel) / c.stride + 1;
  return params;
}

/// The sums of (input - zero) * filter.
std::vector<int64_t> exactSums(const ConvParams &p,
                               const std::vector<double> &input,
                               const std::vector<double> &filter) {
  const Window &w = p.window;
  int64_t inPerGroup = p.inChannels / p.groups;
  int64_t outPerGroup = p.outChannels / p.groups;
  std::vector<int64_t> sums;
  for (int64_t n = 0; n < p.batch; ++n)
    for (int64_t oc = 0; oc < p.outChannels; ++oc)
      for (int64_t od = 0; od < p.outDepth; ++od)
        for (int64_t oh = 0; oh < p.outH; ++oh)
          for (int64_t ow = 0; ow < p.outW; ++ow) {
            int64_t sum = 0;
            for (int64_t ic = 0; ic < inPerGroup; ++ic)
              for (int64_t kd = 0; kd < p.kernelD; ++kd)
                for (int64_t kh = 0; kh < w.kernelH; ++kh)
                  for (int64_t kw = 0; kw < w.kernelW; ++kw) {
                    int64_t d = od - p.padFront + kd;
                    int64_t h = oh * w.strideH - w.padTop + kh;
                    int64_t x = ow * w.strideW - w.padLeft + kw;
                    if (d < 0 || d >= p.inDepth || h < 0 || h >= p.inH ||
                        x < 0 || x >= p.inW)
                      continue;
                    int64_t channel = oc / outPerGroup * inPerGroup + ic;
                    int64_t plane =
                        ((n * p.inChannels + channel) * p.inDepth + d) * p.inH;
                    int64_t value = int64_t(input[(plane + h) * p.inW + x]) -
                                    p.inputZeroPoint;
                    int64_t tap = (oc * inPerGroup + ic) * p.kernelD + kd;
                    sum += value *
                           int64_t(
                               filter[(tap * w.kernelH + kh) * w.kernelW + kw]);
                  }
            sums.push_back(sum);
          }
  return sums;
}

/// What the chip's f32 makes of an exact sum over (input - zero) of a channel.
double roundedInt8(const ConvParams &p, const std::vector<double> &filter,
                   int64_t sum, int64_t oc, double factor, double offset,
                   ElementType type) {
  int64_t taps = int64_t(filter.size()) / p.outChannels;
  double weights = 0;
  for (int64_t i = 0; i < taps; ++i)
    weights += filter[oc * taps + i];
  // The command sees sums over the bytes themselves: here without padding's.
  double correction = double(p.inputZeroPoint) * weights;
  float summand = float(offset - correction * factor);
  float scaled = float(double(sum) + correction) * float(factor);
  double byte = std::nearbyint(scaled + summand);
  return std::clamp(byte, double(leastInt8(type)), double(largestInt8(type)));
}

void checkConv(const Arch &arch, const Int8ConvCase &c, ElementType type,
               ElementType resultType, int64_t inputZeroPoint = 0,
               int64_t zeroPoint = 0, Activation activation = {}) {
  ConvParams params = paramsOf(c);
  params.inputZeroPoint = inputZeroPoint;
  params.activation = activation;
  KernelRunner runner;
  auto input =
      randomIntegers(c.batch * c.inChannels * c.inDepth * c.inH * c.inW, 1,
                     leastInt8(type), largestInt8(type));
  int64_t taps = (c.inChannels / c.groups) * c.kernelD * c.kernel * c.kernel;
  auto filter = randomIntegers(c.outChannels * taps, 2, -127, 127);
  std::vector<double> factors;
  std::vector<float> bias;
  for (int64_t oc = 0; oc < c.outChannels; ++oc) {
    factors.push_back((1 + oc % 7) * 0.4 / (127 * std::sqrt(double(taps))));
    bias.push_back(float(oc % 11) - 5);
  }
  std::vector<char> bytes;
  for (double weight : filter)
    bytes.push_back(char(int8_t(weight)));
  params.input = runner.put(type, input);
  params.result.type = resultType;
  params.weights = runner.putBytes(
      ElementType::I8,
      packConvWeights(kBM1684X, params, bytes, bias, {factors, zeroPoint}));
  std::vector<int64_t> sums = exactSums(params, input, filter);
  params.result = runner.allocate(resultType, sums.size());
  KernelList kernels;
  llvm::Error error = makeConvKernels(kBM1684X, params, kernels);
  ASSERT_FALSE(bool(error)) << llvm::toString(std::move(error));
  runner.run(kernels, c.localBytes);
  std::vector<double> got = runner.get(params.result);
  int64_t plane = params.outDepth * params.outH * params.outW;
  for (size_t i = 0; i < sums.size(); ++i) {
    int64_t oc = i / plane % c.outChannels;
    if (isInt8(resultType)) {
      ASSERT_EQ(got[i],
                roundedInt8(params, filter, sums[i], oc, factors[oc],
                            double(bias[oc]) + double(zeroPoint), resultType))
          << "at " << i << " channel " << oc;
      continue;
    }
    double expected = sums[i] * factors[oc] + bias[oc];
    if (activation.relu)
      expected = std::max(expected, 0.0);
    if (activation.limit >= 0)
      expected = std::min(expected, activation.limit);
    ASSERT_NEAR(got[i], expected,
                roundingUnit(resultType) * std::abs(expected) * 1.01 + 1e-4)
        << "at " << i << " channel " << oc;
  }
}

/// f(x) for the function of a gate.
double gated(GateFunction function, double x) {
  return function == GateFunction::Silu
             ? x / (1 + std::exp(-x))
             : x / 2 * (1 + std::erf(x / std::sqrt(2.0)));
}

/// Convolutions whose result is a gated function of the sums, of results up to
/// `most`.
void checkGate(const Int8ConvCase &c, GateFunction function, double most) {
  double scale = GatedActivation::scaleFor(function, most / 127);
  ASSERT_GE(scale, most / 127);
  ASSERT_LE(scale, most / 127 * 1.2);
  ASSERT_DOUBLE_EQ(GatedActivation::scaleFor(function, scale), scale);
  ConvParams params = paramsOf(c);
  params.gate = GatedActivation::make(function, scale);
  ASSERT_TRUE(params.gate.has_value());
  KernelRunner runner;
  auto input = randomIntegers(
      c.batch * c.inChannels * c.inDepth * c.inH * c.inW, 1, -128, 127);
  int64_t taps = (c.inChannels / c.groups) * c.kernelD * c.kernel * c.kernel;
  auto filter = randomIntegers(c.outChannels * taps, 2, -127, 127);
  std::vector<double> factors;
  std::vector<float> bias;
  for (int64_t oc = 0; oc < c.outChannels; ++oc) {
    // Channel 0 leaves every range.
    double wide = oc == 0 ? 100.0 : 0.5;
    factors.push_back(wide * most / scale /
                      (74 * 73 * std::sqrt(double(taps))));
    bias.push_back(float((oc % 11 - 5) / 10.0 / scale));
  }
  std::vector<char> bytes;
  for (double weight : filter)
    bytes.push_back(char(int8_t(weight)));
  params.input = runner.put(ElementType::I8, input);
  params.result.type = ElementType::I8;
  params.weights =
      runner.putBytes(ElementType::I8, packConvWeights(kBM1684X, params, bytes,
                                                       bias, {factors, 0}));
  std::vector<int64_t> sums = exactSums(params, input, filter);
  params.result = runner.allocate(ElementType::I8, sums.size());
  KernelList kernels;
  llvm::Error error = makeConvKernels(kBM1684X, params, kernels);
  ASSERT_FALSE(bool(error)) << llvm::toString(std::move(error));
  runner.run(kernels, c.localBytes);
  std::vector<double> got = runner.get(params.result);
  int64_t plane = params.outDepth * params.outH * params.outW;
  constexpr double kFitError = 0.006;
  for (size_t i = 0; i < sums.size(); ++i) {
    int64_t oc = i / plane % c.outChannels;
    double x = (double(sums[i]) * factors[oc] + bias[oc]) * scale;
    double y = std::min(gated(function, x) / scale, 127.0);
    ASSERT_NEAR(got[i], y, 0.52 + kFitError / scale)
        << "at " << i << " channel " << oc << " of " << x;
  }
}

class Int8Conv : public testing::TestWithParam<Int8ConvCase> {};

TEST_P(Int8Conv, GivesInt8Exactly) {
  checkConv(kBM1684X, GetParam(), ElementType::I8, ElementType::I8);
  checkConv(kBM1684X, GetParam(), ElementType::U8, ElementType::U8);
  checkConv(kBM1684X, GetParam(), ElementType::I8, ElementType::U8);
}

/// Padding along depth takes 0 for zero: volumes have no zero points.
class FlatInt8Conv : public Int8Conv {};

TEST_P(FlatInt8Conv, TakesZeroPointsOut) {
  checkConv(kBM1684X, GetParam(), ElementType::I8, ElementType::I8,
            /*inputZeroPoint=*/-37,
            /*zeroPoint=*/12);
  checkConv(kBM1684X, GetParam(), ElementType::U8, ElementType::I8,
            /*inputZeroPoint=*/130,
            /*zeroPoint=*/-5);
}

TEST_P(Int8Conv, GivesFloats) {
  checkConv(kBM1684X, GetParam(), ElementType::I8, ElementType::F16);
  checkConv(kBM1684X, GetParam(), ElementType::U8, ElementType::F32, 0, 0,
            {true, -1});
  if (GetParam().kernelD == 1)
    checkConv(kBM1684X, GetParam(), ElementType::U8, ElementType::F16, 20, 0,
              {true, 3});
}

TEST_P(Int8Conv, GivesGatedFunctions) {
  for (double most : {0.9, 4.0, 31.0})
    checkGate(GetParam(), GateFunction::Silu, most);
  checkGate(GetParam(), GateFunction::Gelu, 3.3);
}

TEST(GatedActivationTest, RefusesScalesBeyond16Bits) {
  double scale = GatedActivation::scaleFor(GateFunction::Silu, 1e-4);
  EXPECT_FALSE(GatedActivation::make(GateFunction::Silu, scale).has_value());
}

const Int8ConvCase kShapes[] = {{1, 64, 14, 14, 64},
                                {2, 40, 9, 11, 130, 3, 1, 1},
                                {1, 130, 13, 17, 33, 5, 2, 2},
                                {1, 256, 7, 7, 256, 3, 1, 1},
                                {1, 70, 24, 30, 150, 3, 1, 1, 1, 24576},
                                {2, 16, 50, 41, 64, 5, 2, 2, 1, 32768}};

const Int8ConvCase kFewChannels[] = {{2, 3, 37, 30, 20, 7, 2, 3},
                                     {1, 3, 32, 32, 96, 4, 4, 0},
                                     {1, 3, 61, 70, 32, 3, 2, 1, 1, 32768},
                                     {1, 3, 40, 200, 16, 7, 2, 3, 1, 32768},
                                     {1, 3, 20, 400, 24, 3, 2, 1, 1, 32768},
                                     {2, 3, 37, 280, 20, 7, 2, 3},
                                     {1, 3, 14, 600, 70, 6, 2, 2},
                                     {1, 1, 12, 300, 8, 5, 1, 2, 1, 32768}};

const Int8ConvCase kGroups[] = {{1, 64, 14, 14, 64, 3, 1, 1, 16},
                                {1, 144, 7, 7, 72, 3, 1, 1, 2},
                                {2, 20, 12, 9, 60, 3, 1, 1, 20},
                                {1, 192, 12, 12, 192, 7, 1, 3, 8},
                                {2, 90, 9, 9, 180, 5, 1, 2, 9}};

const Int8ConvCase kDepthwise[] = {{1, 32, 14, 14, 32, 3, 1, 1, 32},
                                   {2, 144, 15, 15, 144, 3, 2, 1, 144},
                                   {1, 20, 30, 11, 20, 7, 3, 3, 20},
                                   {1, 90, 40, 32, 90, 3, 2, 1, 90, 32768},
                                   {1, 12, 23, 300, 12, 5, 1, 2, 12, 32768}};

INSTANTIATE_TEST_SUITE_P(Shapes, Int8Conv, testing::ValuesIn(kShapes));
INSTANTIATE_TEST_SUITE_P(Shapes, FlatInt8Conv, testing::ValuesIn(kShapes));
INSTANTIATE_TEST_SUITE_P(FewChannels, Int8Conv,
                         testing::ValuesIn(kFewChannels));
INSTANTIATE_TEST_SUITE_P(FewChannels, FlatInt8Conv,
                         testing::ValuesIn(kFewChannels));
INSTANTIATE_TEST_SUITE_P(Groups, Int8Conv, testing::ValuesIn(kGroups));
INSTANTIATE_TEST_SUITE_P(Groups, FlatInt8Conv, testing::ValuesIn(kGroups));
INSTANTIATE_TEST_SUITE_P(Depthwise, Int8Conv, testing::ValuesIn(kDepthwise));
INSTANTIATE_TEST_SUITE_P(Depthwise, FlatInt8Conv,
                         testing::ValuesIn(kDepthwise));

INSTANTIATE_TEST_SUITE_P(Volumes, Int8Conv,
                         testing::Values(Int8ConvCase{1, 20, 9, 8, 70, 3, 1, 1,
                                                      1, 262144, 6, 3}));

} // namespace
