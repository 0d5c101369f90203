//===- AttentionTest.cpp - Attention on the simulator ---------------------===//

#include "Kernel/Attention.h"
#include "Arch/BM1684X.h"
#include "KernelRunner.h"

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

struct AttentionCase {
  const char *name;
  int64_t batch, rows, heads, depth;
  /// A summand of the scores a head, and one a batch (of one row or of all).
  bool hasBias = false, hasMask = false, maskIsOneRow = false;
  int64_t localBytes = kBM1684X.laneBytes;
};

class AttentionTest
    : public testing::TestWithParam<std::tuple<AttentionCase, ElementType>> {};

TEST_P(AttentionTest, MatchesReference) {
  auto [shape, type] = GetParam();
  auto [name, batch, rows, heads, depth, hasBias, hasMask, maskIsOneRow,
        localBytes] = shape;
  // Queries, keys and values side by side, as a projection leaves them.
  int64_t width = heads * depth, pitch = 3 * width;
  int64_t maskRows = maskIsOneRow ? 1 : rows;
  auto packed = randomValues(batch * rows * pitch, 1);
  auto bias = randomValues(heads * rows * rows, 2);
  auto mask = randomValues(batch * maskRows * rows, 3, 2.0);

  KernelRunner runner;
  AttentionParams params;
  GlobalTensor source = runner.put(type, packed);
  Shape4 viewShape{batch, rows, heads, depth};
  Shape4 viewStrides{rows * pitch, pitch, depth, 1};
  params.query = source.viewed(viewShape, viewStrides);
  params.key = source.advanced(width).viewed(viewShape, viewStrides);
  params.value = source.advanced(2 * width).viewed(viewShape, viewStrides);
  params.result = runner.allocate(type, batch * rows * width)
                      .viewed(viewShape, {rows * width, width, depth, 1});
  params.scale = 0.3;
  if (hasBias)
    params.addends.push_back(
        runner.put(type, bias)
            .viewed({1, rows, heads, rows}, {0, rows, rows * rows, 1}));
  if (hasMask)
    params.addends.push_back(
        runner.put(type, mask)
            .viewed({batch, maskRows, 1, rows}, {maskRows * rows, rows, 0, 1}));
  KernelList kernels;
  makeAttentionKernels(kBM1684X, params, kernels);
  runner.run(kernels, localBytes);

  std::vector<double> reference(batch * rows * width);
  std::vector<double> scores(rows);
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t h = 0; h < heads; ++h)
      for (int64_t q = 0; q < rows; ++q) {
        const double *query = &packed[(b * rows + q) * pitch + h * depth];
        double sum = 0;
        for (int64_t k = 0; k < rows; ++k) {
          const double *key =
              &packed[(b * rows + k) * pitch + width + h * depth];
          double score = 0;
          for (int64_t d = 0; d < depth; ++d)
            score += query[d] * key[d];
          score *= 0.3;
          if (hasBias)
            score += bias[(h * rows + q) * rows + k];
          if (hasMask)
            score += mask[(b * maskRows + (maskIsOneRow ? 0 : q)) * rows + k];
          scores[k] = std::exp(score);
          sum += scores[k];
        }
        for (int64_t d = 0; d < depth; ++d) {
          double mixed = 0;
          for (int64_t k = 0; k < rows; ++k)
            mixed += scores[k] / sum *
                     packed[(b * rows + k) * pitch + 2 * width + h * depth + d];
          reference[(b * rows + q) * width + h * depth + d] = mixed;
        }
      }
  GlobalTensor whole = params.result.reshaped({1, 1, 1, batch * rows * width});
  double error = maxErrorOverRange(runner.get(whole), reference);
  // Queries, scores, their distance from the largest, weights and the result
  // are rounded to the type; the distance is up to 8 where weights count. In
  // f32 each of the `rows` steps of a sum rounds as well, in either direction.
  double sums = type == ElementType::F32 ? std::sqrt(double(rows)) : 0;
  EXPECT_LE(error, (6 + sums) * roundingUnit(type));
  RecordProperty("error", testing::PrintToString(error));
  RecordProperty("tiu_cycles", std::to_string(runner.cycles[0]));
  RecordProperty("gdma_cycles", std::to_string(runner.cycles[1]));
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, AttentionTest,
    testing::Combine(
        testing::Values(
            AttentionCase{"window", 5, 49, 3, 32, true},
            AttentionCase{"shiftedWindow", 7, 49, 3, 32, true, true},
            AttentionCase{"oneWindow", 1, 49, 4, 32, true},
            AttentionCase{"exactlyTheLanes", 2, 64, 2, 64},
            AttentionCase{"manyRows", 2, 197, 3, 64},
            AttentionCase{"oneRowMask", 2, 128, 4, 64, false, true, true},
            AttentionCase{"manyRowsWithBias", 1, 130, 2, 32, true},
            AttentionCase{"oddDepth", 2, 20, 3, 24, true, true},
            AttentionCase{"tiled", 9, 49, 3, 32, true, true, false, 20000},
            AttentionCase{"tiledRows", 1, 300, 4, 32, true, true, true, 40000}),
        testing::Values(ElementType::F32, ElementType::F16, ElementType::BF16)),
    [](const auto &info) {
      return std::string(std::get<0>(info.param).name) + "_" +
             typeName(std::get<1>(info.param));
    });

} // namespace
