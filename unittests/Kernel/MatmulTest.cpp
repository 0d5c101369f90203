//===- MatmulTest.cpp - Matrix product kernels on the simulator -----------===//

#include "Kernel/Matmul.h"
#include "KernelRunner.h"

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

struct MatmulCase {
  const char *name;
  int64_t batch, rows, depth, columns;
  bool rightTransposed = false, rightShared = false, bias = false, relu = false;
  int64_t localBytes = arch::kLaneBytes;
};

class MatmulTest
    : public testing::TestWithParam<std::tuple<MatmulCase, ElementType>> {};

/// Largest error over the largest result: rounding of the result alone in
/// 16 bit, of the sums in f32.
double tolerance(ElementType type) {
  return type == ElementType::F32   ? 2e-6
         : type == ElementType::F16 ? 5e-4
                                    : 4e-3;
}

TEST_P(MatmulTest, MatchesReference) {
  auto [shape, type] = GetParam();
  auto [name, batch, rows, depth, columns, rightTransposed, rightShared,
        hasBias, relu, localBytes] = shape;
  int64_t rightBatch = rightShared ? 1 : batch;
  auto left = randomValues(batch * rows * depth, 1);
  auto right = randomValues(rightBatch * depth * columns, 2);
  auto bias = randomValues(columns, 3, 2.0);

  KernelRunner runner;
  MatmulParams params;
  params.left = runner.put(type, left).reshaped({batch, rows, 1, depth});
  params.right =
      runner.put(type, right)
          .reshaped(rightTransposed ? Shape4{rightBatch, columns, 1, depth}
                                    : Shape4{rightBatch, depth, 1, columns});
  params.rightTransposed = rightTransposed;
  if (hasBias)
    params.bias = runner.put(ElementType::F32, bias);
  params.relu = relu;
  params.result = runner.allocate(type, batch * rows * columns)
                      .reshaped({batch, rows, 1, columns});
  KernelList kernels;
  makeMatmulKernels(params, kernels);
  runner.run(kernels, {localBytes});

  std::vector<double> reference;
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t m = 0; m < rows; ++m)
      for (int64_t n = 0; n < columns; ++n) {
        double sum = hasBias ? bias[n] : 0;
        const double *a = &left[(b * rows + m) * depth];
        const double *w = &right[(rightShared ? 0 : b) * depth * columns];
        for (int64_t k = 0; k < depth; ++k)
          sum +=
              a[k] * (rightTransposed ? w[n * depth + k] : w[k * columns + n]);
        reference.push_back(relu ? std::max(sum, 0.0) : sum);
      }
  auto values = runner.get(params.result);
  double error = maxErrorOverRange(values, reference);
  EXPECT_LE(error, tolerance(type));
  RecordProperty("error", std::to_string(error));
  RecordProperty("tiu_cycles", std::to_string(runner.cycles[0]));
  RecordProperty("gdma_cycles", std::to_string(runner.cycles[1]));
}

TEST(MatmulTypes, WideResultKeepsTheSumAndTheLimitCutsIt) {
  constexpr int64_t kRows = 70, kDepth = 40, kColumns = 33;
  auto left = randomValues(kRows * kDepth, 1);
  auto right = randomValues(kDepth * kColumns, 2);
  KernelRunner runner;
  MatmulParams params;
  params.left =
      runner.put(ElementType::F16, left).reshaped({1, kRows, 1, kDepth});
  params.right =
      runner.put(ElementType::F16, right).reshaped({1, kDepth, 1, kColumns});
  params.result = runner.allocate(ElementType::F32, kRows * kColumns)
                      .reshaped({1, kRows, 1, kColumns});
  params.relu = true;
  params.upperLimit = 6.0;
  KernelList kernels;
  makeMatmulKernels(params, kernels);
  runner.run(kernels);
  std::vector<double> reference;
  for (int64_t m = 0; m < kRows; ++m)
    for (int64_t n = 0; n < kColumns; ++n) {
      double sum = 0;
      for (int64_t k = 0; k < kDepth; ++k)
        sum += left[m * kDepth + k] * right[k * kColumns + n];
      reference.push_back(std::clamp(sum, 0.0, 6.0));
    }
  EXPECT_LE(maxErrorOverRange(runner.get(params.result), reference), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, MatmulTest,
    testing::Combine(
        testing::Values(
            MatmulCase{"gemv", 1, 1, 77, 203},
            MatmulCase{"linear", 1, 49, 96, 288, false, true, true},
            MatmulCase{"linearRelu", 1, 130, 70, 45, false, true, true, true},
            MatmulCase{"reluAlone", 1, 66, 33, 65, false, true, false, true},
            MatmulCase{"manyRows", 1, 200, 40, 100},
            MatmulCase{"transposed", 1, 130, 50, 70, true},
            MatmulCase{"transposedBias", 2, 70, 36, 131, true, true, true},
            MatmulCase{"batched", 5, 49, 32, 49, true},
            MatmulCase{"batchedManyRows", 3, 98, 32, 130},
            MatmulCase{"sharedRight", 4, 49, 65, 70, false, true, true},
            MatmulCase{"tiled", 1, 300, 96, 300, false, true, true, true, 4096},
            MatmulCase{"tiledTransposed", 1, 150, 128, 300, true, true, true,
                       false, 4096},
            MatmulCase{"tiledBatches", 9, 49, 49, 32, false, false, false,
                       false, 2048}),
        testing::Values(ElementType::F32, ElementType::F16, ElementType::BF16)),
    [](const auto &info) {
      return std::string(std::get<0>(info.param).name) + "_" +
             typeName(std::get<1>(info.param));
    });

} // namespace
