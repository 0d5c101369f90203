//===- ConvTransposeTest.cpp - Tests of transposed convolutions -----------===//
//
// Against scattering every input element over the result in double precision.
//
//===----------------------------------------------------------------------===//

#include "Arch/BM1684X.h"
#include "Kernel/Conv.h"
#include "KernelRunner.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

struct TransposeCase {
  int64_t batch, inChannels, inH, inW, outChannels;
  int64_t kernelH, kernelW, strideH, strideW;
  int64_t padTop = 0, padBottom = 0, padLeft = 0, padRight = 0;
  int64_t outputPadding = 0, dilation = 1, groups = 1;
  Activation activation = {};
  int64_t localBytes = kBM1684X.laneBytes;
};

ConvTransposeParams paramsOf(const TransposeCase &c) {
  ConvTransposeParams params;
  params.batch = c.batch;
  params.inChannels = c.inChannels;
  params.inH = c.inH;
  params.inW = c.inW;
  params.outChannels = c.outChannels;
  params.outH = (c.inH - 1) * c.strideH + c.dilation * (c.kernelH - 1) + 1 -
                c.padTop - c.padBottom + c.outputPadding;
  params.outW = (c.inW - 1) * c.strideW + c.dilation * (c.kernelW - 1) + 1 -
                c.padLeft - c.padRight + c.outputPadding;
  params.groups = c.groups;
  params.kernelH = c.kernelH;
  params.kernelW = c.kernelW;
  params.strideH = c.strideH;
  params.strideW = c.strideW;
  params.padTop = c.padTop;
  params.padLeft = c.padLeft;
  params.dilationH = params.dilationW = c.dilation;
  params.hasBias = true;
  params.activation = c.activation;
  return params;
}

/// The sums before activation.
std::vector<double> scatter(const ConvTransposeParams &p,
                            const std::vector<double> &input,
                            const std::vector<double> &filter,
                            const std::vector<double> &bias) {
  int64_t inPerGroup = p.inChannels / p.groups;
  int64_t outPerGroup = p.outChannels / p.groups;
  int64_t plane = p.outH * p.outW;
  std::vector<double> sums(p.batch * p.outChannels * plane);
  for (size_t i = 0; i < sums.size(); ++i)
    sums[i] = bias[i / plane % p.outChannels];
  for (int64_t n = 0; n < p.batch; ++n)
    for (int64_t ic = 0; ic < p.inChannels; ++ic)
      for (int64_t h = 0; h < p.inH; ++h)
        for (int64_t w = 0; w < p.inW; ++w)
          for (int64_t o = 0; o < outPerGroup; ++o)
            for (int64_t kh = 0; kh < p.kernelH; ++kh)
              for (int64_t kw = 0; kw < p.kernelW; ++kw) {
                int64_t y = h * p.strideH + kh * p.dilationH - p.padTop;
                int64_t x = w * p.strideW + kw * p.dilationW - p.padLeft;
                if (y < 0 || y >= p.outH || x < 0 || x >= p.outW)
                  continue;
                int64_t oc = ic / inPerGroup * outPerGroup + o;
                sums[((n * p.outChannels + oc) * p.outH + y) * p.outW + x] +=
                    input[((n * p.inChannels + ic) * p.inH + h) * p.inW + w] *
                    filter[((ic * outPerGroup + o) * p.kernelH + kh) *
                               p.kernelW +
                           kw];
              }
  return sums;
}

void check(const TransposeCase &c, ElementType type) {
  ConvTransposeParams params = paramsOf(c);
  KernelRunner runner;
  auto input = randomValues(c.batch * c.inChannels * c.inH * c.inW, 1);
  auto filter = randomValues(c.inChannels * (c.outChannels / c.groups) *
                                 c.kernelH * c.kernelW,
                             2, 0.1);
  auto bias = randomValues(c.outChannels, 3);
  std::vector<char> bytes(filter.size() * byteWidth(type));
  for (size_t i = 0; i < filter.size(); ++i) {
    uint32_t bits = constantBits(filter[i], type);
    std::memcpy(bytes.data() + i * byteWidth(type), &bits, byteWidth(type));
    filter[i] = decodeElement(bits, type);
  }
  std::vector<float> biasFloats(bias.begin(), bias.end());
  params.input = runner.put(type, input);
  params.weights = runner.putBytes(
      ElementType::F32,
      packConvTransposeWeights(kBM1684X, params, bytes, biasFloats));
  std::vector<double> expected = scatter(params, input, filter, bias);
  params.result = runner.allocate(type, expected.size());
  KernelList kernels;
  llvm::Error error = makeConvTransposeKernels(kBM1684X, params, kernels);
  ASSERT_FALSE(bool(error)) << llvm::toString(std::move(error));
  runner.run(kernels, c.localBytes);
  auto got = runner.get(params.result);
  for (size_t i = 0; i < expected.size(); ++i) {
    double value = expected[i];
    if (c.activation.relu)
      value = std::max(value, 0.0);
    if (c.activation.limit >= 0)
      value = std::min(value, c.activation.limit);
    ASSERT_NEAR(got[i], value,
                roundingUnit(type) * std::abs(value) * 1.01 + 2e-5)
        << "channel " << i / (params.outH * params.outW) << " row "
        << i / params.outW % params.outH << " column " << i % params.outW;
  }
}

class ConvTranspose : public testing::TestWithParam<TransposeCase> {};

TEST_P(ConvTranspose, MatchesReference) {
  for (ElementType type :
       {ElementType::F32, ElementType::F16, ElementType::BF16})
    check(GetParam(), type);
}

constexpr Activation kRelu{true, -1}, kRelu6{true, 6};

INSTANTIATE_TEST_SUITE_P(
    Shapes, ConvTranspose,
    testing::Values(
        TransposeCase{1, 32, 8, 8, 64, 4, 4, 2, 2, 1, 1, 1, 1},
        TransposeCase{2, 20, 7, 9, 70, 3, 3, 2, 2, 1, 1, 1, 1, 1},
        TransposeCase{1, 16, 5, 6, 8, 2, 2, 2, 2, 0, 0, 0, 0, 0, 1, 1, kRelu},
        TransposeCase{1, 8, 6, 5, 12, 3, 5, 1, 3, 0, 2, 1, 0},
        TransposeCase{1, 8, 6, 5, 12, 2, 2, 4, 3, 0, 0, 0, 0, 1, 1, 1, kRelu6},
        TransposeCase{1, 9, 6, 5, 4, 3, 3, 2, 2, 2, 1, 0, 2, 0, 2, 1, kRelu6},
        TransposeCase{1, 6, 4, 4, 6, 16, 16, 8, 8, 4, 4, 4, 4}));

INSTANTIATE_TEST_SUITE_P(
    OneChannel, ConvTranspose,
    testing::Values(TransposeCase{2, 20, 7, 9, 1, 2, 2, 2, 2},
                    TransposeCase{1, 40, 5, 33, 1, 4, 3, 4, 2, 0, 0, 1, 0, 0, 1,
                                  1, kRelu},
                    TransposeCase{1, 8, 30, 100, 1, 2, 2, 2, 2, 0, 0, 0, 0, 0,
                                  1, 1, kRelu6, 8192}));

INSTANTIATE_TEST_SUITE_P(
    Groups, ConvTranspose,
    testing::Values(
        TransposeCase{2, 96, 5, 5, 96, 4, 4, 2, 2, 1, 1, 1, 1, 0, 1, 96},
        TransposeCase{1, 128, 6, 6, 64, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 4},
        TransposeCase{1, 144, 4, 5, 80, 2, 2, 2, 2, 0, 0, 0, 0, 0, 1, 2}));

INSTANTIATE_TEST_SUITE_P(
    Tiles, ConvTranspose,
    testing::Values(TransposeCase{1, 40, 21, 17, 130, 4, 4, 2, 2, 1, 1, 1, 1, 0,
                                  1, 1, kRelu6, 24576},
                    TransposeCase{1, 8, 30, 100, 16, 5, 5, 3, 3, 2, 2, 2, 2, 1,
                                  1, 1, kRelu, 8192}));

} // namespace
