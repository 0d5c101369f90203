//===- MatmulTest.cpp - Matrix product kernels on the simulator -----------===//

#include "Kernel/Matmul.h"
#include "Arch/BM1684X.h"
#include "KernelRunner.h"

#include <algorithm>
#include <cstring>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

struct MatmulCase {
  const char *name;
  int64_t batch, rows, depth, columns;
  bool rightTransposed = false, rightShared = false, bias = false, relu = false;
  int64_t localBytes = kBM1684X.laneBytes;
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
  makeMatmulKernels(kBM1684X, params, kernels);
  runner.run(kernels, localBytes);

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
  makeMatmulKernels(kBM1684X, params, kernels);
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

struct PanelShape {
  int64_t rows, depth, columns;
  bool areApart;
};

class PanelTest
    : public testing::TestWithParam<std::tuple<PanelShape, ElementType>> {};

/// The matrix in the order of `panels`; `matrix` becomes what was stored.
GlobalTensor putPanels(KernelRunner &runner, const MatmulPanels &panels,
                       ElementType type, std::vector<double> &matrix,
                       int64_t depth, int64_t columns) {
  std::vector<char> bytes(matrix.size() * byteWidth(type));
  for (size_t i = 0; i < matrix.size(); ++i) {
    uint32_t bits = constantBits(matrix[i], type);
    std::memcpy(&bytes[i * byteWidth(type)], &bits, byteWidth(type));
    matrix[i] = decodeElement(bits, type);
  }
  return runner
      .putBytes(type, panels.pack(kBM1684X, bytes, depth, columns, type))
      .reshaped({1, depth, 1, panels.paddedColumns(kBM1684X, columns, type)});
}

TEST_P(PanelTest, MatchesReference) {
  auto [shape, type] = GetParam();
  auto [rows, depth, columns, areApart] = shape;
  auto left = randomValues(rows * depth, 1);
  auto right = randomValues(depth * columns, 2);
  MatmulPanels panels =
      MatmulPanels::choose(kBM1684X, rows, depth, columns, type);
  ASSERT_TRUE(panels);
  EXPECT_EQ(panels.areApart(), areApart);
  KernelRunner runner;
  MatmulParams params;
  params.left = runner.put(type, left).reshaped({1, rows, 1, depth});
  params.panels = panels;
  params.right = putPanels(runner, panels, type, right, depth, columns);
  params.result =
      runner.allocate(type, rows * columns).reshaped({1, rows, 1, columns});
  KernelList kernels;
  makeMatmulKernels(kBM1684X, params, kernels);
  runner.run(kernels);
  std::vector<double> reference;
  for (int64_t m = 0; m < rows; ++m)
    for (int64_t n = 0; n < columns; ++n) {
      double sum = 0;
      for (int64_t k = 0; k < depth; ++k)
        sum += left[m * depth + k] * right[k * columns + n];
      reference.push_back(sum);
    }
  // The sums are in f32; a result in 16 bit is rounded once.
  double tolerance = type == ElementType::F32 ? 1e-5 : 1.1 * roundingUnit(type);
  EXPECT_LE(maxErrorOverRange(runner.get(params.result), reference), tolerance);
}

// Odd columns lie in no whole words, so that panels are apart; the last one's
// rows are closer together than the others'.
INSTANTIATE_TEST_SUITE_P(
    OddColumns, PanelTest,
    testing::Combine(testing::Values(PanelShape{1, 128, 129, true},
                                     PanelShape{64, 131, 1203, true},
                                     PanelShape{5, 64 * 6, 2049, true}),
                     testing::Values(ElementType::F16, ElementType::BF16)));

INSTANTIATE_TEST_SUITE_P(
    Shapes, PanelTest,
    testing::Combine(testing::Values(
                         // Few columns, the last rows in some lanes only.
                         PanelShape{1, 64 * 9 + 5, 10, true},
                         // A last run that is shorter, several panels.
                         PanelShape{3, 64 * 300, 40, true},
                         // One row a lane is long enough.
                         PanelShape{64, 130, 288, false},
                         // More rows than lanes.
                         PanelShape{65, 640, 32, false}),
                     testing::Values(ElementType::F32, ElementType::F16)));

TEST(MatmulPanels, ShortRowsOfDeepMatricesJoin) {
  // 392 rows a lane: a row of 64 columns would be 128 bytes.
  MatmulPanels panels =
      MatmulPanels::choose(kBM1684X, 1, 25088, 4096, ElementType::F16);
  EXPECT_EQ(panels.columns, 32);
  EXPECT_EQ(panels.runRows, 56);
}

TEST(MatmulPanels, FewColumnsAreNotPaddedToMany) {
  EXPECT_TRUE(
      MatmulPanels::choose(kBM1684X, 1, 640, 10, ElementType::F16).areApart());
  EXPECT_FALSE(
      MatmulPanels::choose(kBM1684X, 1, 640, 10, ElementType::I8).areApart());
}

struct Int8Shape {
  int64_t batch, rows, depth, columns;
  bool rightTransposed = false;
  int64_t localBytes = kBM1684X.laneBytes;
};

class Int8Matmul : public testing::TestWithParam<Int8Shape> {};

/// Exact sums, then a factor and a summand a column in f32.
void checkInt8(const Int8Shape &shape, ElementType left, ElementType result) {
  auto [batch, rows, depth, columns, rightTransposed, localBytes] = shape;
  KernelRunner runner;
  auto a = randomIntegers(batch * rows * depth, 1, leastInt8(left),
                          largestInt8(left));
  auto b = randomIntegers(depth * columns, 2, -127, 127);
  std::vector<double> words(2 * columns);
  for (int64_t n = 0; n < columns; ++n) {
    words[n] = (1 + n % 5) * 0.5 / (100 * std::sqrt(double(depth)));
    words[columns + n] = double(n % 9) - 4;
  }
  MatmulParams params;
  params.rightTransposed = rightTransposed;
  params.left = runner.put(left, a).reshaped({batch, rows, 1, depth});
  params.right = runner.put(ElementType::I8, b)
                     .reshaped(rightTransposed ? Shape4{1, columns, 1, depth}
                                               : Shape4{1, depth, 1, columns});
  params.columns =
      runner.put(ElementType::F32, words).reshaped({1, 1, 2, columns});
  params.result = runner.allocate(result, batch * rows * columns)
                      .reshaped({batch, rows, 1, columns});
  params.relu = !isInt8(result);
  KernelList kernels;
  makeMatmulKernels(kBM1684X, params, kernels);
  runner.run(kernels, localBytes);
  std::vector<double> got = runner.get(params.result);
  for (int64_t row = 0; row < batch * rows; ++row)
    for (int64_t n = 0; n < columns; ++n) {
      double sum = 0;
      for (int64_t k = 0; k < depth; ++k)
        sum += a[row * depth + k] *
               b[rightTransposed ? n * depth + k : k * columns + n];
      float value = float(sum) * float(words[n]);
      double expected = float(value + float(words[columns + n]));
      if (isInt8(result))
        expected =
            std::clamp(std::nearbyint(expected), double(leastInt8(result)),
                       double(largestInt8(result)));
      else
        expected = std::max(expected, 0.0);
      double tolerance =
          isInt8(result)
              ? 0.0
              : roundingUnit(result) * std::abs(expected) * 1.01 + 1e-5;
      ASSERT_NEAR(got[row * columns + n], expected, tolerance)
          << "row " << row << " column " << n;
    }
}

double rounded(double value, ElementType type) {
  return decodeElement(constantBits(value, type), type);
}

/// Sums in 16 bits, times a factor a column: bit by bit.
void checkNarrow(const Int8Shape &shape, ElementType result, bool hasOffset,
                 int64_t zeroPoint) {
  auto [batch, rows, depth, columns, rightTransposed, localBytes] = shape;
  KernelRunner runner;
  ElementType left = zeroPoint ? ElementType::U8 : ElementType::I8;
  auto a = randomIntegers(batch * rows * depth, 1, leastInt8(left),
                          largestInt8(left));
  auto b = randomIntegers(depth * columns, 2, -127, 127);
  auto summands = randomIntegers(columns, 3, -20000, 20000);
  ElementType factorType = isInt8(result) ? ElementType::I16 : ElementType::F16;
  std::vector<double> factors(columns), offsets(columns);
  for (int64_t n = 0; n < columns; ++n) {
    factors[n] = isInt8(result) ? 400 + n
                                : rounded(0.01 * (1 + n % 7), ElementType::F16);
    offsets[n] = rounded(0.7 * double(n % 5), ElementType::F16);
  }
  MatmulParams params;
  params.rightTransposed = rightTransposed;
  params.left = runner.put(left, a).reshaped({batch, rows, 1, depth});
  params.right = runner.put(ElementType::I8, b)
                     .reshaped(rightTransposed ? Shape4{1, columns, 1, depth}
                                               : Shape4{1, depth, 1, columns});
  MatmulParams::Narrow narrow;
  narrow.shift = 8;
  narrow.summand = runner.put(ElementType::I32, summands);
  narrow.factor = runner.put(factorType, factors);
  narrow.factorShift = 12;
  narrow.zeroPoint = zeroPoint;
  if (hasOffset)
    narrow.offset = runner.put(ElementType::F16, offsets);
  params.narrow = narrow;
  params.result = runner.allocate(result, batch * rows * columns)
                      .reshaped({batch, rows, 1, columns});
  params.relu = hasOffset;
  if (hasOffset)
    params.upperLimit = 6.0;
  KernelList kernels;
  makeMatmulKernels(kBM1684X, params, kernels);
  runner.run(kernels, localBytes);
  std::vector<double> got = runner.get(params.result);
  auto away = [](double value) { return std::round(value); };
  for (int64_t row = 0; row < batch * rows; ++row)
    for (int64_t n = 0; n < columns; ++n) {
      double sum = summands[n];
      for (int64_t k = 0; k < depth; ++k)
        sum += a[row * depth + k] *
               b[rightTransposed ? n * depth + k : k * columns + n];
      double word = std::clamp(away(sum / 256), -32768.0, 32767.0);
      double expected;
      if (isInt8(result)) {
        expected =
            std::clamp(away(word * factors[n] / 4096) + double(zeroPoint),
                       double(leastInt8(result)), double(largestInt8(result)));
      } else {
        expected = rounded(rounded(word, ElementType::F16) * factors[n],
                           ElementType::F16);
        if (hasOffset)
          expected = std::clamp(
              rounded(expected + offsets[n], ElementType::F16), 0.0, 6.0);
      }
      ASSERT_EQ(got[row * columns + n], expected)
          << "row " << row << " column " << n;
    }
}

TEST_P(Int8Matmul, SumsOf16BitsMatchReference) {
  checkNarrow(GetParam(), ElementType::F16, /*hasOffset=*/false, 0);
  checkNarrow(GetParam(), ElementType::F16, /*hasOffset=*/true, 0);
  checkNarrow(GetParam(), ElementType::I8, /*hasOffset=*/false, 0);
  checkNarrow(GetParam(), ElementType::I8, /*hasOffset=*/false, -7);
  checkNarrow(GetParam(), ElementType::U8, /*hasOffset=*/false, 19);
}

TEST_P(Int8Matmul, MatchesReference) {
  checkInt8(GetParam(), ElementType::I8, ElementType::F16);
  checkInt8(GetParam(), ElementType::U8, ElementType::F32);
  checkInt8(GetParam(), ElementType::U8, ElementType::I8);
  checkInt8(GetParam(), ElementType::I8, ElementType::U8);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Int8Matmul,
    testing::Values(Int8Shape{1, 1, 300, 200}, Int8Shape{1, 49, 96, 288},
                    Int8Shape{2, 70, 33, 50, true},
                    Int8Shape{1, 197, 130, 90, true, 16384},
                    Int8Shape{1, 130, 64, 300, false, 16384}));

} // namespace
