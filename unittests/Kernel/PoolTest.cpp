//===- PoolTest.cpp - Tests of pooling ------------------------------------===//
//
// Maxima must be exact, means within the rounding of the result.
//
//===----------------------------------------------------------------------===//

#include "Kernel/Pool.h"
#include "Arch/BM1684X.h"
#include "KernelRunner.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

struct PoolCase {
  int64_t batch, channels, inH, inW;
  Window window;
  int64_t localBytes = kBM1684X.laneBytes;
};

Window windowOf(int64_t kernelH, int64_t kernelW, int64_t strideH,
                int64_t strideW, int64_t padTop, int64_t padBottom,
                int64_t padLeft, int64_t padRight) {
  Window window;
  window.kernelH = kernelH;
  window.kernelW = kernelW;
  window.strideH = strideH;
  window.strideW = strideW;
  window.padTop = padTop;
  window.padBottom = padBottom;
  window.padLeft = padLeft;
  window.padRight = padRight;
  return window;
}

class Pool : public testing::TestWithParam<PoolCase> {
public:
  void check(ElementType type, bool isMax) {
    const PoolCase &c = GetParam();
    const Window &w = c.window;
    PoolParams params;
    params.batch = c.batch;
    params.channels = c.channels;
    params.inH = c.inH;
    params.inW = c.inW;
    params.outH = (c.inH + w.padTop + w.padBottom - w.kernelH) / w.strideH + 1;
    params.outW = (c.inW + w.padLeft + w.padRight - w.kernelW) / w.strideW + 1;
    params.window = w;
    params.isMax = isMax;
    KernelRunner runner;
    int64_t planes = c.batch * c.channels;
    // All negative, so that a zero from the padding would win.
    auto values = randomValues(planes * c.inH * c.inW, 5);
    if (isMax)
      for (double &value : values)
        value = -std::abs(value) - 1;
    params.input = runner.put(type, values);
    params.result = runner.allocate(type, planes * params.outH * params.outW);
    KernelList kernels;
    llvm::Error error = makePoolKernels(kBM1684X, params, kernels);
    ASSERT_FALSE(bool(error)) << llvm::toString(std::move(error));
    runner.run(kernels, c.localBytes);
    auto got = runner.get(params.result);
    for (int64_t plane = 0, i = 0; plane < planes; ++plane)
      for (int64_t oh = 0; oh < params.outH; ++oh)
        for (int64_t ow = 0; ow < params.outW; ++ow, ++i) {
          double best = -INFINITY, sum = 0;
          for (int64_t kh = 0; kh < w.kernelH; ++kh)
            for (int64_t kw = 0; kw < w.kernelW; ++kw) {
              int64_t h = oh * w.strideH - w.padTop + kh;
              int64_t x = ow * w.strideW - w.padLeft + kw;
              if (h < 0 || h >= c.inH || x < 0 || x >= c.inW)
                continue;
              double value = values[(plane * c.inH + h) * c.inW + x];
              best = std::max(best, value);
              sum += value;
            }
          double mean = sum / double(w.kernelH * w.kernelW);
          if (isMax)
            ASSERT_EQ(got[i], best)
                << "plane " << plane << " row " << oh << " column " << ow;
          else
            ASSERT_NEAR(got[i], mean,
                        roundingUnit(type) * std::abs(mean) * 1.01 + 1e-6)
                << "plane " << plane << " row " << oh << " column " << ow;
        }
  }
};

constexpr ElementType kTypes[] = {ElementType::F32, ElementType::F16,
                                  ElementType::BF16};

TEST_P(Pool, FindsMaximum) {
  for (ElementType type : kTypes)
    check(type, true);
}

TEST_P(Pool, AveragesInF32) {
  for (ElementType type : kTypes)
    check(type, false);
}

INSTANTIATE_TEST_SUITE_P(
    Windows, Pool,
    testing::Values(
        PoolCase{1, 64, 28, 28, windowOf(3, 3, 2, 2, 1, 1, 1, 1)},
        PoolCase{2, 40, 9, 11, windowOf(2, 2, 2, 2, 0, 1, 0, 1)},
        PoolCase{1, 70, 7, 7, windowOf(7, 7, 1, 1, 0, 0, 0, 0)},
        PoolCase{3, 5, 20, 21, windowOf(5, 4, 1, 3, 2, 0, 1, 3)},
        PoolCase{1, 3, 1, 100, windowOf(1, 9, 1, 4, 0, 0, 4, 4)},
        PoolCase{1, 2, 40, 33, windowOf(31, 17, 1, 1, 15, 15, 8, 8)},
        PoolCase{1, 65, 40, 50, windowOf(3, 3, 2, 2, 1, 0, 0, 1), 8192},
        PoolCase{1, 8, 33, 400, windowOf(5, 5, 1, 1, 2, 2, 2, 2), 6144}));

} // namespace
