//===- CopyTest.cpp - Tests of moves in global memory ---------------------===//
//
// Permutations of every kind, broadcasts, and gathers.
//
//===----------------------------------------------------------------------===//

#include "Kernel/Copy.h"
#include "Arch/BM1684X.h"
#include "KernelRunner.h"

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// Every element that `axes` name is where they say.
void expectCopied(llvm::ArrayRef<double> got, llvm::ArrayRef<double> values,
                  llvm::ArrayRef<StridedAxis> axes) {
  int64_t total = 1;
  for (const StridedAxis &axis : axes)
    total *= axis.size;
  for (int64_t i = 0; i < total; ++i) {
    int64_t rest = i, to = 0, from = 0;
    for (const StridedAxis &axis : llvm::reverse(axes)) {
      to += rest % axis.size * axis.resultStride;
      from += rest % axis.size * axis.sourceStride;
      rest /= axis.size;
    }
    ASSERT_EQ(got[to], values[from]) << "at element " << to;
  }
}

/// Copies along `axes` and checks each element.
void checkCopy(llvm::ArrayRef<StridedAxis> axes, ElementType type,
               int64_t sourceCount, int64_t resultCount) {
  KernelRunner runner;
  std::vector<double> values(sourceCount);
  for (int64_t i = 0; i < sourceCount; ++i)
    values[i] = i % 2048;
  GlobalTensor source = runner.put(type, values);
  GlobalTensor result = runner.allocate(type, resultCount);
  KernelList kernels;
  makeCopyKernels(kBM1684X, {result, source, std::nullopt}, axes, kernels);
  runner.run(kernels);
  std::vector<double> got = runner.get(result);
  expectCopied(got, values, axes);
}

/// The axes of a permutation of a contiguous tensor.
llvm::SmallVector<StridedAxis> permutation(llvm::ArrayRef<int64_t> shape,
                                           llvm::ArrayRef<int64_t> order) {
  llvm::SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  llvm::SmallVector<StridedAxis> axes(order.size());
  int64_t stride = 1;
  for (size_t i = order.size(); i-- > 0;) {
    axes[i] = {shape[order[i]], stride, strides[order[i]]};
    stride *= shape[order[i]];
  }
  return axes;
}

struct Case {
  llvm::SmallVector<int64_t> shape, order;
};

class CopyPermutation : public testing::TestWithParam<Case> {};

TEST_P(CopyPermutation, MovesEveryElement) {
  int64_t total = 1;
  for (int64_t size : GetParam().shape)
    total *= size;
  auto axes = permutation(GetParam().shape, GetParam().order);
  checkCopy(axes, ElementType::F16, total, total);
  checkCopy(axes, ElementType::F32, total, total);
}

INSTANTIATE_TEST_SUITE_P(
    Orders, CopyPermutation,
    testing::Values(Case{{5}, {0}}, Case{{33, 70}, {1, 0}},
                    Case{{3136, 96}, {1, 0}}, Case{{3, 40, 50}, {0, 2, 1}},
                    Case{{8, 7, 8, 7, 12}, {0, 2, 1, 3, 4}},
                    Case{{4, 49, 3, 2, 32}, {2, 0, 3, 1, 4}},
                    Case{{1, 64, 14, 14}, {0, 2, 3, 1}},
                    Case{{2, 3, 4, 5, 6, 7}, {5, 3, 1, 0, 2, 4}},
                    Case{{97, 101}, {1, 0}}));

TEST(Copy, RepeatsAnElement) {
  checkCopy({{3, 20, 0}, {20, 1, 1}}, ElementType::F16, 20, 60);
  checkCopy({{20, 3, 1}, {3, 1, 0}}, ElementType::F32, 20, 60);
}

TEST(Copy, TakesEverySecondElement) {
  checkCopy({{9, 15, 30}, {15, 1, 2}}, ElementType::F32, 270, 135);
}

/// Runs of the lanes, longer than the commands' size fields.
void checkLongRuns(int64_t run) {
  KernelRunner runner;
  std::vector<double> values(2 * run);
  for (int64_t i = 0; i < 2 * run; ++i)
    values[i] = i % 2039;
  GlobalTensor source = runner.put(ElementType::F16, values);
  GlobalTensor result = runner.allocate(ElementType::F16, 4 * run);
  source.shape = {1, 2, 1, run};
  source.layout = {1, 2};
  result.shape = {1, 4, 1, run};
  result.layout = {1, 4};
  KernelList kernels;
  makeCopyKernels(kBM1684X, {result.advanced(run), source, std::nullopt},
                  {{2, run, run}, {run, 1, 1}}, kernels);
  runner.run(kernels);
  std::vector<double> got = runner.get(result);
  for (int64_t i = 0; i < 2 * run; ++i)
    ASSERT_EQ(got[run + i], values[i]) << "at element " << i;
}

TEST(Copy, CutsLongRunsInTheLanes) { checkLongRuns(1 << 16); }

TEST(Copy, CutsLongRunsOfPrimeLengthInTheLanes) { checkLongRuns(65537); }

/// A permutation of [lanes, rest] in which the lanes stay: one kernel of tiles.
void checkLaneCopy(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> order,
                   ElementType type) {
  KernelRunner runner;
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  std::vector<double> values(count);
  for (int64_t i = 0; i < count; ++i)
    values[i] = i % 2039;
  GlobalTensor source = runner.put(type, values);
  GlobalTensor result = runner.allocate(type, count);
  source.shape = result.shape = {1, shape[0], 1, count / shape[0]};
  source.layout = result.layout = {1, shape[0]};
  KernelList kernels;
  auto axes = permutation(shape, order);
  makeCopyKernels(kBM1684X, {result, source, std::nullopt}, axes, kernels);
  EXPECT_EQ(kernels.size(), 1u);
  EXPECT_NE(dynamic_cast<TiledKernel *>(kernels.front().get()), nullptr);
  runner.run(kernels);
  std::vector<double> got = runner.get(result);
  expectCopied(got, values, axes);
}

/// A permutation of [lanes, columns] that exchanges the two, in one kernel.
void checkTranspose(int64_t lanes, int64_t columns, ElementType type) {
  KernelRunner runner;
  std::vector<double> values(lanes * columns), unit(64 * 64, 0.0);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = isSigned(type) ? int(i % 256) - 128 : int(i % 256);
  for (int i = 0; i < 64; ++i)
    unit[i * 65] = 1;
  GlobalTensor source = runner.put(type, values);
  GlobalTensor result = runner.allocate(type, lanes * columns);
  GlobalTensor identity =
      runner.put(isInt8(type) ? ElementType::I8 : type, unit)
          .reshaped({1, 64, 1, 64});
  source.shape = {1, lanes, 1, columns};
  source.layout = {1, lanes};
  result.shape = {1, columns, 1, lanes};
  result.layout = {1, columns};
  KernelList kernels;
  makeCopyKernels(kBM1684X, {result, source, identity},
                  permutation({lanes, columns}, {1, 0}), kernels);
  ASSERT_EQ(kernels.size(), 1u);
  EXPECT_NE(dynamic_cast<TiledKernel *>(kernels.front().get()), nullptr);
  runner.run(kernels);
  std::vector<double> got = runner.get(result);
  for (int64_t i = 0; i < lanes; ++i)
    for (int64_t j = 0; j < columns; ++j)
      ASSERT_EQ(got[j * lanes + i], values[i * columns + j])
          << "lane " << i << ", column " << j;
}

TEST(Copy, TransposesLanesAndRowsByAProduct) {
  for (ElementType type : {ElementType::F16, ElementType::I8, ElementType::U8})
    for (auto [lanes, columns] :
         {std::pair(49, 96), {64, 64}, {96, 49}, {197, 192}, {130, 70}})
      checkTranspose(lanes, columns, type);
}

/// Heads of channels, each turned into rows: how many kernels that is.
size_t turnHeads(int64_t heads, int64_t channels, int64_t columns) {
  KernelRunner runner;
  std::vector<double> values(heads * channels * columns), unit(64 * 64, 0.0);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = i % 2039;
  for (int i = 0; i < 64; ++i)
    unit[i * 65] = 1;
  GlobalTensor source = runner.put(ElementType::F16, values);
  GlobalTensor result = runner.allocate(ElementType::F16, values.size());
  GlobalTensor identity =
      runner.put(ElementType::F16, unit).reshaped({1, 64, 1, 64});
  source.shape = {1, heads * channels, 1, columns};
  source.layout = {1, heads * channels};
  result.shape = {1, heads * columns, 1, channels};
  result.layout = {1, heads * columns};
  KernelList kernels;
  auto axes = permutation({heads, channels, columns}, {0, 2, 1});
  makeCopyKernels(kBM1684X, {result, source, identity}, axes, kernels);
  runner.run(kernels);
  expectCopied(runner.get(result), values, axes);
  return kernels.size();
}

TEST(Copy, TransposesLanesAndRowsOfEachHead) {
  EXPECT_EQ(turnHeads(4, 32, 196), 4u);
}

TEST(Copy, TurnsHeadsOfFewChannelsTogether) {
  EXPECT_EQ(turnHeads(4, 16, 196), 1u);
}

class LaneCopy : public testing::TestWithParam<Case> {};

TEST_P(LaneCopy, ReordersInTheLanes) {
  checkLaneCopy(GetParam().shape, GetParam().order, ElementType::F16);
  checkLaneCopy(GetParam().shape, GetParam().order, ElementType::F32);
}

// Depth to space by 2 and 3, space to depth, a transposition, and one that has
// to be cut.
INSTANTIATE_TEST_SUITE_P(
    Orders, LaneCopy,
    testing::Values(Case{{24, 2, 2, 10, 12}, {0, 3, 1, 4, 2}},
                    Case{{70, 3, 3, 5, 7}, {0, 3, 1, 4, 2}},
                    Case{{24, 10, 2, 12, 2}, {0, 2, 4, 1, 3}},
                    Case{{24, 2, 30, 9}, {0, 1, 3, 2}},
                    Case{{24, 2, 2, 180, 160}, {0, 3, 1, 4, 2}}));

/// Copies what lies across the lanes as [n, c] into lanes that take n, and says
/// whether that is a transposition in local memory.
bool transposesLanesOfRuns(int64_t run) {
  KernelRunner runner;
  int64_t n = 128, c = 64, count = n * c * run;
  std::vector<double> values(count);
  for (int64_t i = 0; i < count; ++i)
    values[i] = i % 2039;
  GlobalTensor source = runner.put(ElementType::F32, values);
  GlobalTensor result = runner.allocate(ElementType::F32, count);
  source.shape = {n, c, 1, run};
  source.layout = {n, c};
  result.shape = {1, n, 1, c * run};
  result.layout = {1, n};
  KernelList kernels;
  makeCopyKernels(kBM1684X, {result, source, std::nullopt}, {{count, 1, 1}},
                  kernels);
  runner.run(kernels);
  EXPECT_EQ(runner.get(result), values);
  return dynamic_cast<TiledKernel *>(kernels.front().get()) != nullptr;
}

TEST(Copy, TransposesLanesOfShortRuns) {
  EXPECT_TRUE(transposesLanesOfRuns(4));
}

TEST(Copy, TransfersLongRunsToOtherLanes) {
  EXPECT_FALSE(transposesLanesOfRuns(16));
}

/// Permutes what is split as `from` into what is split as `to`, and returns the
/// number of kernels.
size_t permuteLayout(const Case &permuted, LaneLayout from, LaneLayout to,
                     bool passesGlobal) {
  KernelRunner runner;
  int64_t count = 1;
  for (int64_t size : permuted.shape)
    count *= size;
  std::vector<double> values(count);
  for (int64_t i = 0; i < count; ++i)
    values[i] = i % 2039;
  GlobalTensor source = runner.put(ElementType::F16, values);
  GlobalTensor result = runner.allocate(ElementType::F16, count);
  source.layout = from;
  result.layout = to;
  auto axes = permutation(permuted.shape, permuted.order);
  CopyParams params{result, source, std::nullopt, passesGlobal};
  EXPECT_FALSE(staysLocal(kBM1684X, params, axes));
  KernelList kernels;
  makeCopyKernels(kBM1684X, params, axes, kernels);
  runner.run(kernels);
  expectCopied(runner.get(result), values, axes);
  return kernels.size();
}

TEST(Copy, FollowsTheLanesOfTheResult) {
  // Windows of 4 x 4 become an image: a transfer for each row of a window.
  Case windows{{2, 2, 4, 4, 40}, {0, 2, 1, 3, 4}};
  EXPECT_EQ(permuteLayout(windows, {4, 16}, {1, 64}, false), 16u);
}

TEST(Copy, FollowsTheLanesOfTheSourceToGlobalMemory) {
  // All windows at once have the same rows in the same lanes.
  Case windows{{2, 2, 4, 4, 40}, {0, 2, 1, 3, 4}};
  EXPECT_EQ(permuteLayout(windows, {4, 16}, {1, 64}, true), 4u);
}

TEST(Copy, TakesManyTransfersThatAreLarge) {
  Case merged{{4, 7, 2, 4, 14, 96}, {0, 3, 1, 4, 2, 5}};
  EXPECT_EQ(permuteLayout(merged, {1, 3136}, {16, 49}, false), 28u);
}

TEST(Copy, RepeatsElementsInTheLanes) {
  // Nearest neighbours: each row and each element of it twice.
  KernelRunner runner;
  int64_t lanes = 70, rows = 20, columns = 30, plane = rows * columns;
  std::vector<double> values(lanes * plane);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = i % 2039;
  GlobalTensor source = runner.put(ElementType::F16, values);
  GlobalTensor result = runner.allocate(ElementType::F16, 4 * values.size());
  source.shape = {1, lanes, 1, plane};
  result.shape = {1, lanes, 1, 4 * plane};
  source.layout = result.layout = {1, lanes};
  KernelList kernels;
  makeCopyKernels(kBM1684X, {result, source, std::nullopt},
                  {{lanes, 4 * plane, plane},
                   {rows, 4 * columns, columns},
                   {2, 2 * columns, 0},
                   {columns, 2, 1},
                   {2, 1, 0}},
                  kernels);
  EXPECT_NE(dynamic_cast<TiledKernel *>(kernels.front().get()), nullptr);
  runner.run(kernels);
  std::vector<double> got = runner.get(result);
  for (int64_t i = 0; i < int64_t(got.size()); ++i) {
    int64_t lane = i / (4 * plane), y = i / (2 * columns) % (2 * rows),
            x = i % (2 * columns);
    ASSERT_EQ(got[i], values[lane * plane + y / 2 * columns + x / 2]);
  }
}

TEST(Copy, TurnsRowsOfOneLaneInManyLanes) {
  KernelRunner runner;
  std::vector<double> values(2 * 70 * 800);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = i % 2039;
  GlobalTensor source = runner.put(ElementType::F16, values);
  GlobalTensor result = runner.allocate(ElementType::F16, values.size());
  source.shape = result.shape = {2, 1, 1, 70 * 800};
  source.layout = result.layout = {2, 1};
  KernelList kernels;
  makeCopyKernels(kBM1684X, {result, source, std::nullopt},
                  permutation({2, 70, 800}, {0, 2, 1}), kernels);
  // No transfer of elements one by one.
  EXPECT_NE(dynamic_cast<TiledKernel *>(kernels.front().get()), nullptr);
  runner.run(kernels);
  std::vector<double> got = runner.get(result);
  for (int64_t n = 0; n < 2; ++n)
    for (int64_t h = 0; h < 70; ++h)
      for (int64_t w = 0; w < 800; ++w)
        ASSERT_EQ(got[(n * 800 + w) * 70 + h], values[(n * 70 + h) * 800 + w]);
}

TEST(Gather, PicksRowsOfEachSlab) {
  KernelRunner runner;
  std::vector<double> table = randomValues(2 * 10 * 6, 3);
  std::vector<double> rows = {9, 0, 3, 3};
  GlobalTensor source = runner.put(ElementType::F32, table);
  GlobalTensor index = runner.put(ElementType::I32, rows);
  GlobalTensor result = runner.allocate(ElementType::F32, 2 * 4 * 6);
  KernelList kernels;
  makeGatherKernels(kBM1684X, result, source, index, 2, 10, 6, 4, kernels);
  runner.run(kernels);
  std::vector<double> got = runner.get(result);
  for (int slab = 0; slab < 2; ++slab)
    for (int row = 0; row < 4; ++row)
      for (int column = 0; column < 6; ++column)
        ASSERT_EQ(got[(slab * 4 + row) * 6 + column],
                  table[(slab * 10 + int(rows[row])) * 6 + column]);
}

TEST(Fill, WritesEveryElement) {
  KernelRunner runner;
  GlobalTensor result = runner.allocate(ElementType::F16, 20000);
  KernelList kernels;
  makeFillKernels(kBM1684X, result, 20000, constantBits(1.5, ElementType::F16),
                  kernels);
  runner.run(kernels);
  for (double value : runner.get(result))
    ASSERT_EQ(value, 1.5);
}

} // namespace
