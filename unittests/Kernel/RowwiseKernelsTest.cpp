//===- RowwiseKernelsTest.cpp - Softmax, norms, reductions ----------------===//

#include "Kernel/RowwiseKernels.h"
#include "Arch/BM1684X.h"
#include "KernelRunner.h"

#include <algorithm>
#include <functional>
#include <numeric>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

struct RowShape {
  const char *name;
  int64_t rows, columns;
  int64_t localBytes = kBM1684X.laneBytes;
};

using Row = std::vector<double>;

class RowwiseKernelsTest
    : public testing::TestWithParam<std::tuple<RowShape, ElementType>> {
protected:
  RowShape shape() const { return std::get<0>(GetParam()); }
  ElementType type() const { return std::get<1>(GetParam()); }

  /// Runs what `make` appends over rows of `scale` times normal numbers around
  /// `offset`, and compares with `reference` row by row. The error may be
  /// `excess` beyond a rounding in f32, and `roundings` in 16 bit.
  void
  check(double scale, double offset, double excess, double roundings,
        const std::function<void(const RowOperation &, KernelList &)> &make,
        const std::function<Row(const Row &)> &reference) {
    std::vector<double> values =
        randomValues(shape().rows * shape().columns, 7, scale);
    for (double &value : values)
      value += offset;
    if (outlier != 0)
      for (int64_t r = 0; r < shape().rows; ++r)
        values[r * shape().columns + r % shape().columns] =
            r % 2 ? outlier : -outlier;
    RowOperation operation;
    operation.rows = shape().rows;
    operation.columns = shape().columns;
    operation.operand = runner.put(type(), values);
    std::vector<double> expected;
    for (int64_t r = 0; r < shape().rows; ++r) {
      auto begin = values.begin() + r * shape().columns;
      Row row = reference(Row(begin, begin + shape().columns));
      expected.insert(expected.end(), row.begin(), row.end());
    }
    operation.result = runner.allocate(type(), expected.size());
    KernelList kernels;
    make(operation, kernels);
    runner.run(kernels, shape().localBytes);
    double error = maxErrorOverRange(runner.get(operation.result), expected);
    bool isWide = type() == ElementType::F32;
    EXPECT_LE(error, isWide ? roundingUnit(type()) + excess
                            : roundings * roundingUnit(type()));
    RecordProperty("error", testing::PrintToString(error));
    RecordProperty("tiu_cycles", std::to_string(runner.cycles[0]));
    RecordProperty("gdma_cycles", std::to_string(runner.cycles[1]));
  }

  KernelRunner runner;
  /// When not 0, one element of each row, its sign alternating.
  double outlier = 0;
};

double largestOf(const Row &row) {
  return *std::max_element(row.begin(), row.end());
}
double sumOf(const Row &row) {
  return std::accumulate(row.begin(), row.end(), 0.0);
}

Row softmax(Row row, bool isLog) {
  double largest = largestOf(row), sum = 0;
  for (double x : row)
    sum += std::exp(x - largest);
  for (double &x : row)
    x = isLog ? x - largest - std::log(sum) : std::exp(x - largest) / sum;
  return row;
}

TEST_P(RowwiseKernelsTest, Softmax) {
  check(
      3, 0, 1e-6, 1.5,
      [](const RowOperation &operation, KernelList &kernels) {
        makeSoftmaxKernels(kBM1684X, operation, /*isLog=*/false, kernels);
      },
      [](const Row &row) { return softmax(row, false); });
}

TEST_P(RowwiseKernelsTest, LogSoftmax) {
  check(
      3, 2, 1e-6, 2,
      [](const RowOperation &operation, KernelList &kernels) {
        makeSoftmaxKernels(kBM1684X, operation, /*isLog=*/true, kernels);
      },
      [](const Row &row) { return softmax(row, true); });
}

Row layerNorm(Row row) {
  double mean = sumOf(row) / row.size(), variance = 0;
  for (double x : row)
    variance += (x - mean) * (x - mean) / row.size();
  for (double &x : row)
    x = (x - mean) / std::sqrt(variance + 1e-3);
  return row;
}

// Squares of these overflow f16, and those of the other elements do not count.
TEST_P(RowwiseKernelsTest, LayerNormOfOutliers) {
  outlier = 30000;
  check(
      3, 0, 1e-5, 4,
      [&](const RowOperation &operation, KernelList &kernels) {
        NormParams params;
        static_cast<RowOperation &>(params) = operation;
        params.epsilon = 1e-3;
        makeNormKernels(kBM1684X, params, kernels);
      },
      layerNorm);
}

TEST_P(RowwiseKernelsTest, LayerNorm) {
  Row scale = randomValues(shape().columns, 1),
      bias = randomValues(shape().columns, 2);
  GlobalTensor scaleTensor = runner.put(type(), scale),
               biasTensor = runner.put(type(), bias);
  // The mean is rounded to the type.
  double offset = type() == ElementType::F32 ? 300 : 10;
  check(
      20, offset, 1e-5, 4,
      [&](const RowOperation &operation, KernelList &kernels) {
        NormParams params;
        static_cast<RowOperation &>(params) = operation;
        params.scale = scaleTensor;
        params.bias = biasTensor;
        params.epsilon = 1e-3;
        makeNormKernels(kBM1684X, params, kernels);
      },
      [&](Row row) {
        row = layerNorm(std::move(row));
        for (size_t i = 0; i < row.size(); ++i)
          row[i] = row[i] * scale[i] + bias[i];
        return row;
      });
}

TEST_P(RowwiseKernelsTest, RmsNorm) {
  Row scale = randomValues(shape().columns, 1);
  GlobalTensor scaleTensor = runner.put(ElementType::F32, scale);
  check(
      5, 0, 1e-6, 4,
      [&](const RowOperation &operation, KernelList &kernels) {
        NormParams params;
        static_cast<RowOperation &>(params) = operation;
        params.scale = scaleTensor;
        params.epsilon = 1e-3;
        params.subtractMean = false;
        makeNormKernels(kBM1684X, params, kernels);
      },
      [&](Row row) {
        double square = 0;
        for (double x : row)
          square += x * x / row.size();
        for (size_t i = 0; i < row.size(); ++i)
          row[i] = row[i] / std::sqrt(square + 1e-3) * scale[i];
        return row;
      });
}

TEST_P(RowwiseKernelsTest, Reductions) {
  using Reference = double (*)(const Row &);
  std::pair<Reduction, Reference> reductions[] = {
      {Reduction::Mean, [](const Row &row) { return sumOf(row) / row.size(); }},
      {Reduction::Sum, [](const Row &row) { return sumOf(row); }},
      {Reduction::Max, [](const Row &row) { return largestOf(row); }},
      {Reduction::Min, [](const Row &row) {
         return *std::min_element(row.begin(), row.end());
       }}};
  for (auto [reduction, reference] : reductions)
    check(
        2, 1, 1e-6, 1.5,
        [reduction = reduction](const RowOperation &operation,
                                KernelList &kernels) {
          makeReduceKernels(kBM1684X, operation, reduction, kernels);
        },
        [reference = reference](const Row &row) {
          return Row{reference(row)};
        });
}

// Terms are added before they are divided by their number.
TEST_P(RowwiseKernelsTest, MeanOfCancellingTerms) {
  int64_t rows = shape().rows, columns = shape().columns;
  std::vector<double> values(rows * columns);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t i = 0; i + 1 < columns; i += 2) {
      values[r * columns + i] = 1.0 + double(i % 7);
      values[r * columns + i + 1] = -values[r * columns + i];
    }
  RowOperation operation;
  operation.rows = rows;
  operation.columns = columns;
  operation.operand = runner.put(type(), values);
  operation.result = runner.allocate(type(), rows);
  KernelList kernels;
  makeReduceKernels(kBM1684X, operation, Reduction::Mean, kernels);
  runner.run(kernels, shape().localBytes);
  for (double mean : runner.get(operation.result))
    EXPECT_EQ(mean, 0.0);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, RowwiseKernelsTest,
    testing::Combine(
        testing::Values(
            RowShape{"oneRow", 1, 1000}, RowShape{"oneColumn", 100, 1},
            RowShape{"fewColumns", 70, 3}, RowShape{"window", 3 * 49, 49},
            RowShape{"swin", 784, 96}, RowShape{"primeColumns", 130, 197},
            RowShape{"unevenRows", 65, 128}, RowShape{"tiled", 1000, 49, 8192},
            RowShape{"tiledPrime", 300, 67, 16384},
            RowShape{"longRows", 70, 1500},
            RowShape{"manyRows", 64 * 1030 + 7, 32}),
        testing::Values(ElementType::F32, ElementType::F16, ElementType::BF16)),
    [](const auto &info) {
      return std::string(std::get<0>(info.param).name) + "_" +
             typeName(std::get<1>(info.param));
    });

} // namespace
