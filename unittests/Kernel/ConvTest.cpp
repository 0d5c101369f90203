//===- ConvTest.cpp - Tests of convolutions -------------------------------===//
//
// Convolutions of every geometry against sums in double precision, whole and in
// tiles forced by little local memory.
//
//===----------------------------------------------------------------------===//

#include "Kernel/Conv.h"
#include "Arch/BM1684X.h"
#include "KernelRunner.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// What a case is; the output sizes follow.
struct ConvCase {
  int64_t batch, inChannels, inH, inW, outChannels;
  Window window = {};
  int64_t groups = 1;
  bool hasBias = true;
  Activation activation = {};
  int64_t localBytes = kBM1684X.laneBytes;
  int64_t inDepth = 1, kernelD = 1, strideD = 1, dilationD = 1, padD = 0;
};

Window square(int64_t kernel, int64_t stride = 1, int64_t pad = 0,
              int64_t dilation = 1) {
  Window window;
  window.kernelH = window.kernelW = kernel;
  window.strideH = window.strideW = stride;
  window.padTop = window.padBottom = window.padLeft = window.padRight = pad;
  window.dilationH = window.dilationW = dilation;
  return window;
}

ConvParams paramsOf(const ConvCase &c) {
  ConvParams params;
  params.batch = c.batch;
  params.inChannels = c.inChannels;
  params.inDepth = c.inDepth;
  params.inH = c.inH;
  params.inW = c.inW;
  params.outChannels = c.outChannels;
  params.groups = c.groups;
  params.window = c.window;
  params.kernelD = c.kernelD;
  params.strideD = c.strideD;
  params.dilationD = c.dilationD;
  params.padFront = c.padD;
  params.hasBias = c.hasBias;
  params.activation = c.activation;
  auto outSize = [](int64_t in, int64_t pads, int64_t kernel, int64_t dilation,
                    int64_t stride) {
    return (in + pads - (kernel - 1) * dilation - 1) / stride + 1;
  };
  const Window &w = c.window;
  params.outDepth =
      outSize(c.inDepth, 2 * c.padD, c.kernelD, c.dilationD, c.strideD);
  params.outH =
      outSize(c.inH, w.padTop + w.padBottom, w.kernelH, w.dilationH, w.strideH);
  params.outW =
      outSize(c.inW, w.padLeft + w.padRight, w.kernelW, w.dilationW, w.strideW);
  return params;
}

/// The sums in double precision, before any rounding, and the sums of the
/// terms' magnitudes, by which errors are judged.
void reference(const ConvParams &p, const std::vector<double> &input,
               const std::vector<double> &filter,
               const std::vector<double> &bias, std::vector<double> &sums,
               std::vector<double> &magnitudes) {
  const Window &w = p.window;
  int64_t inPerGroup = p.inChannels / p.groups;
  int64_t outPerGroup = p.outChannels / p.groups;
  for (int64_t n = 0; n < p.batch; ++n)
    for (int64_t oc = 0; oc < p.outChannels; ++oc)
      for (int64_t od = 0; od < p.outDepth; ++od)
        for (int64_t oh = 0; oh < p.outH; ++oh)
          for (int64_t ow = 0; ow < p.outW; ++ow) {
            double sum = p.hasBias ? bias[oc] : 0, magnitude = std::abs(sum);
            for (int64_t ic = 0; ic < inPerGroup; ++ic)
              for (int64_t kd = 0; kd < p.kernelD; ++kd)
                for (int64_t kh = 0; kh < w.kernelH; ++kh)
                  for (int64_t kw = 0; kw < w.kernelW; ++kw) {
                    int64_t d = od * p.strideD - p.padFront + kd * p.dilationD;
                    int64_t h = oh * w.strideH - w.padTop + kh * w.dilationH;
                    int64_t x = ow * w.strideW - w.padLeft + kw * w.dilationW;
                    if (d < 0 || d >= p.inDepth || h < 0 || h >= p.inH ||
                        x < 0 || x >= p.inW)
                      continue;
                    int64_t channel = oc / outPerGroup * inPerGroup + ic;
                    double term =
                        input[(((n * p.inChannels + channel) * p.inDepth + d) *
                                   p.inH +
                               h) *
                                  p.inW +
                              x] *
                        filter[(((oc * inPerGroup + ic) * p.kernelD + kd) *
                                    w.kernelH +
                                kh) *
                                   w.kernelW +
                               kw];
                    sum += term;
                    magnitude += std::abs(term);
                  }
            if (p.activation.relu)
              sum = std::max(sum, 0.0);
            if (p.activation.limit >= 0)
              sum = std::min(sum, p.activation.limit);
            sums.push_back(sum);
            magnitudes.push_back(magnitude);
          }
}

std::vector<char> bytesOf(const std::vector<double> &values, ElementType type) {
  std::vector<char> bytes(values.size() * byteWidth(type));
  for (size_t i = 0; i < values.size(); ++i) {
    uint32_t bits = constantBits(values[i], type);
    std::memcpy(bytes.data() + i * byteWidth(type), &bits, byteWidth(type));
  }
  return bytes;
}

void roundTo(std::vector<double> &values, ElementType type) {
  for (double &value : values)
    value = decodeElement(constantBits(value, type), type);
}

void checkConv(const Arch &arch, const ConvCase &c, ElementType type,
               ElementType resultType, bool roundsInput = false) {
  ConvParams params = paramsOf(c);
  KernelRunner runner;
  auto input =
      randomValues(c.batch * c.inChannels * c.inDepth * c.inH * c.inW, 1);
  auto filter =
      randomValues(c.outChannels * (c.inChannels / c.groups) * c.kernelD *
                       c.window.kernelH * c.window.kernelW,
                   2, 0.1);
  auto bias = randomValues(c.hasBias ? c.outChannels : 0, 3);
  roundTo(filter, type);
  roundTo(bias, ElementType::F32);
  if (roundsInput) {
    params.rounded = type;
    params.input = runner.put(ElementType::F32, input);
    roundTo(input, type);
  } else {
    params.input = runner.put(type, input);
  }
  std::vector<float> biasFloats(bias.begin(), bias.end());
  params.weights = runner.putBytes(
      ElementType::F32,
      packConvWeights(kBM1684X, params, bytesOf(filter, type), biasFloats));
  std::vector<double> expected, magnitudes;
  reference(params, input, filter, bias, expected, magnitudes);
  params.result = runner.allocate(resultType, expected.size());
  KernelList kernels;
  llvm::Error error = makeConvKernels(kBM1684X, params, kernels);
  ASSERT_FALSE(bool(error)) << llvm::toString(std::move(error));
  runner.run(kernels, c.localBytes);
  std::vector<double> got = runner.get(params.result);
  int64_t outPlane = params.outH * params.outW;
  for (size_t i = 0; i < expected.size(); ++i)
    ASSERT_NEAR(got[i], expected[i],
                roundingUnit(resultType) * std::abs(expected[i]) * 1.01 +
                    0x1p-20 * magnitudes[i] + 1e-6)
        << "at n " << i / (outPlane * params.outDepth * params.outChannels)
        << " channel " << i / (outPlane * params.outDepth) % params.outChannels
        << " row " << i / params.outW % params.outH << " column "
        << i % params.outW;
}

class Conv : public testing::TestWithParam<ConvCase> {};

TEST_P(Conv, MatchesReference) {
  for (ElementType type :
       {ElementType::F32, ElementType::F16, ElementType::BF16})
    checkConv(kBM1684X, GetParam(), type, type);
}

TEST_P(Conv, GivesF32) {
  checkConv(kBM1684X, GetParam(), ElementType::F16, ElementType::F32);
}

TEST_P(Conv, RoundsF32) {
  checkConv(kBM1684X, GetParam(), ElementType::F32, ElementType::BF16);
}

/// Convolutions of few channels that can read f32 and round it.
class RoundingConv : public testing::TestWithParam<ConvCase> {};

TEST_P(RoundingConv, MatchesReference) {
  for (ElementType type : {ElementType::F16, ElementType::BF16}) {
    ConvParams params = paramsOf(GetParam());
    params.input.type = type;
    ASSERT_TRUE(canRoundInput(kBM1684X, params, /*rereads=*/false));
    checkConv(kBM1684X, GetParam(), type, type, /*roundsInput=*/true);
  }
}

Window uneven() {
  Window window;
  window.kernelH = 5;
  window.kernelW = 2;
  window.strideH = 2;
  window.strideW = 3;
  window.padTop = 3;
  window.padBottom = 1;
  window.padLeft = 0;
  window.padRight = 1;
  window.dilationH = 2;
  return window;
}

constexpr Activation kRelu{true, -1}, kRelu6{true, 6};

INSTANTIATE_TEST_SUITE_P(
    Shapes, Conv,
    testing::Values(ConvCase{1, 64, 14, 14, 64, square(1)},
                    ConvCase{1, 3, 33, 31, 70, square(7, 2, 3)},
                    ConvCase{2, 40, 9, 11, 130, square(3, 1, 1), 1, false},
                    ConvCase{1, 100, 13, 17, 33, uneven(), 1, true, kRelu},
                    ConvCase{3, 24, 10, 10, 144, square(1), 1, true, kRelu6},
                    ConvCase{1, 8, 40, 40, 16, square(3, 1, 8, 8)},
                    ConvCase{1, 5, 1, 50, 7, square(1, 1, 2)},
                    ConvCase{1, 256, 6, 6, 256, square(3, 1, 1)}));

/// One row, as in audio.
Window row(int64_t kernel, int64_t stride) {
  Window window;
  window.kernelW = kernel;
  window.strideW = stride;
  return window;
}

INSTANTIATE_TEST_SUITE_P(
    Tiles, Conv,
    testing::Values(
        ConvCase{1, 2, 1, 70000, 3, row(10, 5)},
        ConvCase{1, 33, 1, 66000, 3, row(3, 1)},
        ConvCase{1, 70, 24, 30, 150, square(3, 1, 1), 1, true, kRelu, 24576},
        ConvCase{2, 16, 50, 41, 64, square(5, 2, 2), 1, true, kRelu6, 8192},
        ConvCase{1, 12, 61, 300, 20, uneven(), 1, true, {}, 12288}));

// Few channels: the 16-bit forms fold rows and columns into channels.
INSTANTIATE_TEST_SUITE_P(
    FewChannels, Conv,
    testing::Values(
        ConvCase{2, 3, 37, 30, 20, square(7, 2, 3), 1, true, kRelu},
        ConvCase{1, 3, 24, 25, 70, square(6, 2, 2), 1, true, kRelu6},
        ConvCase{1, 3, 32, 32, 96, square(4, 4)},
        ConvCase{1, 1, 9, 40, 8, square(5, 1, 2), 1, false},
        ConvCase{1, 4, 20, 19, 10, square(3, 3, 1)},
        ConvCase{1, 3, 61, 70, 32, square(3, 2, 1), 1, true, kRelu6, 4096},
        ConvCase{1, 3, 40, 200, 16, square(7, 2, 3), 1, true, {}, 8192}));

INSTANTIATE_TEST_SUITE_P(
    FewChannels, RoundingConv,
    testing::Values(
        ConvCase{2, 3, 37, 30, 20, square(7, 2, 3), 1, true, kRelu},
        ConvCase{1, 3, 32, 300, 96, square(4, 4)},
        ConvCase{1, 3, 61, 300, 32, square(3, 2, 1), 1, true, kRelu6, 16384},
        ConvCase{1, 3, 20, 400, 24, square(3, 2, 1), 1, true, kRelu6, 32768}));

TEST(RoundingConvTest, NotOfManyChannels) {
  ConvParams params = paramsOf({1, 64, 14, 14, 64, square(3, 1, 1)});
  params.input.type = ElementType::F16;
  EXPECT_FALSE(canRoundInput(kBM1684X, params, /*rereads=*/false));
  params.input.type = ElementType::F32;
  params.rounded = ElementType::F16;
  KernelList kernels;
  llvm::Error error = makeConvKernels(kBM1684X, params, kernels);
  EXPECT_EQ(llvm::toString(std::move(error)),
            "an input that is not folded is rounded by a cast of its own");
}

// Wide images, whose windows have all their rows as channels.
INSTANTIATE_TEST_SUITE_P(
    FewChannelsOfWideImages, Conv,
    testing::Values(
        ConvCase{1, 3, 20, 400, 24, square(3, 2, 1), 1, true, kRelu6, 16384},
        ConvCase{2, 3, 37, 280, 20, square(7, 2, 3), 1, true, kRelu},
        ConvCase{1, 3, 32, 300, 96, square(4, 4)},
        ConvCase{1, 3, 14, 600, 70, square(6, 2, 2), 1, true, {}, 24576},
        ConvCase{1, 2, 14, 600, 100, square(6, 2, 2)},
        ConvCase{1, 1, 12, 300, 8, square(5, 1, 2), 1, false}));

INSTANTIATE_TEST_SUITE_P(
    Groups, Conv,
    testing::Values(
        ConvCase{1, 64, 14, 14, 64, square(3, 1, 1), 16},
        ConvCase{2, 96, 9, 9, 96, square(3, 2, 1), 32, true, kRelu},
        ConvCase{1, 128, 7, 7, 256, square(1), 2, true, kRelu},
        ConvCase{1, 144, 7, 7, 72, square(3, 1, 1), 2},
        ConvCase{2, 20, 12, 9, 60, square(3, 1, 1), 20, false},
        // 24 channels each: two groups at a time.
        ConvCase{1, 192, 12, 12, 192, square(7, 1, 3), 8, true, kRelu},
        // 10 and 20 channels each: three at a time.
        ConvCase{2, 90, 9, 9, 180, square(5, 1, 2), 9},
        ConvCase{1, 256, 12, 10, 256, square(3, 1, 1), 32, true, {}, 20480}));

INSTANTIATE_TEST_SUITE_P(
    Depthwise, Conv,
    testing::Values(
        ConvCase{1, 32, 14, 14, 32, square(3, 1, 1), 32, true, kRelu6},
        ConvCase{2, 144, 15, 15, 144, square(3, 2, 1), 144, true, kRelu},
        ConvCase{1, 70, 12, 40, 70, uneven(), 70},
        ConvCase{1, 20, 30, 11, 20, square(7, 3, 3), 20, false},
        ConvCase{1, 90, 40, 32, 90, square(3, 2, 1), 90, true, kRelu6, 12288},
        ConvCase{1, 12, 23, 300, 12, square(5, 1, 2), 12, true, kRelu, 8192}));

INSTANTIATE_TEST_SUITE_P(
    Volumes, Conv,
    testing::Values(
        ConvCase{1, 20, 9, 8, 70, square(3, 1, 1), 1, true, kRelu, 262144, 6, 3,
                 1, 1, 1},
        ConvCase{2, 3, 12, 10, 16, square(3, 2, 1), 1, true, kRelu6, 262144, 7,
                 3, 2, 2, 2},
        ConvCase{1,
                 8,
                 30,
                 20,
                 12,
                 square(3, 1, 1),
                 2,
                 true,
                 {},
                 12288,
                 9,
                 5,
                 1,
                 1,
                 2},
        ConvCase{
            2, 6, 5, 5, 6, square(1), 1, false, {}, 262144, 5, 1, 2, 1, 0}));

// Two kernels that read the same plane and add up.
INSTANTIATE_TEST_SUITE_P(
    Parts, Conv,
    testing::Values(ConvCase{2, 40, 12, 10, 70, square(3, 1, 1), 1, true, kRelu,
                             262144, 1, 2, 1, 0, 0},
                    ConvCase{1, 64, 56, 40, 130, square(1), 1, true, kRelu6,
                             24576, 1, 2, 1, 0, 0}));

} // namespace
