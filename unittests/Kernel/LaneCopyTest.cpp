//===- LaneCopyTest.cpp - Tests of rearrangements in the lanes ------------===//
//
// Copies of any size whose sides have no common run: each element is right, and
// none is transferred by itself.
//
//===----------------------------------------------------------------------===//

#include "Arch/BM1684X.h"
#include "Kernel/Copy.h"
#include "KernelRunner.h"
#include "Support/IntMath.h"

#include "llvm/ADT/STLExtras.h"

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

struct Case {
  llvm::SmallVector<StridedAxis> axes; ///< the first across the lanes, if split

  int64_t count(int64_t StridedAxis::*stride) const {
    int64_t last = 0;
    for (const StridedAxis &axis : axes)
      last += (axis.size - 1) * (axis.*stride);
    return last + 1;
  }
  int64_t numElements() const {
    int64_t product = 1;
    for (const StridedAxis &axis : axes)
      product *= axis.size;
    return product;
  }
};

/// The copy of `test` between places of their own; returns the cycles of its
/// transfers.
uint64_t checkCopy(const Case &test, ElementType type, bool isSplit) {
  KernelRunner runner;
  int64_t lanes = test.axes.front().size;
  int64_t from = test.count(&StridedAxis::sourceStride);
  from = alignUp(from, std::max<int64_t>(test.axes.front().sourceStride, 1));
  std::vector<double> values(from);
  for (int64_t i = 0; i < from; ++i)
    values[i] = isInt8(type) ? i % 251 - 125 : i % 2039;
  GlobalTensor source = runner.put(type, values);
  GlobalTensor result = runner.allocate(type, test.numElements());
  if (isSplit) {
    result.layout = {1, lanes};
    source.layout = {1, test.axes.front().sourceStride == 0 ? 1 : lanes};
  }
  KernelList kernels;
  makeCopyKernels(kBM1684X, {result, source, std::nullopt}, test.axes, kernels);
  EXPECT_TRUE(llvm::all_of(kernels, [](const auto &kernel) {
    return dynamic_cast<TiledKernel *>(kernel.get()) != nullptr;
  }));
  runner.run(kernels);
  std::vector<double> got = runner.get(result);
  for (int64_t i = 0; i < int64_t(got.size()); ++i) {
    int64_t at = 0;
    for (const StridedAxis &axis : test.axes)
      at += i / axis.resultStride % axis.size * axis.sourceStride;
    if (got[i] != values[at]) {
      ADD_FAILURE() << "element " << i << " is " << got[i] << ", not "
                    << values[at];
      return 0;
    }
  }
  return runner.cycles[unsigned(codec::Engine::Gdma)];
}

class LaneCopyOf : public testing::TestWithParam<Case> {};

TEST_P(LaneCopyOf, TransfersRuns) {
  for (auto [type, isSplit] : {std::pair(ElementType::I8, true),
                               {ElementType::F16, false},
                               {ElementType::F32, true}}) {
    uint64_t cycles = checkCopy(GetParam(), type, isSplit);
    // Rows of 256 bytes from and to memory take 9 cycles.
    double elements = double(GetParam().numElements()) * 9;
    if (GetParam().numElements() > 4096)
      EXPECT_LT(double(cycles), elements / 2) << typeName(type);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Repeats, LaneCopyOf,
    testing::Values(
        // Rows and columns twice, of an image that fills a lane several times.
        Case{{{3, 160000, 40000},
              {200, 800, 200},
              {2, 400, 0},
              {200, 2, 1},
              {2, 1, 0}}},
        // Columns only, of prime number.
        Case{{{2, 3 * 65537, 65537}, {65537, 3, 1}, {3, 1, 0}}},
        // One element a lane, and one for all.
        Case{{{197, 768, 1}, {768, 1, 0}}}, Case{{{64, 128, 0}, {128, 1, 0}}},
        // Rows of a few columns, repeated as a whole.
        Case{{{70, 600, 40}, {5, 120, 8}, {15, 8, 0}, {8, 1, 1}}}));

INSTANTIATE_TEST_SUITE_P(
    Steps, LaneCopyOf,
    testing::Values(
        // Every second column, also where rows end with one that is left out.
        Case{{{4, 70000, 140000}, {70000, 1, 2}}},
        Case{{{30, 7 * 15, 7 * 31}, {7, 15, 31}, {15, 1, 2}}},
        // One column of many.
        Case{{{12, 256, 256 * 40}, {256, 1, 40}}},
        // Every second of both axes.
        Case{{{24, 100, 400}, {10, 10, 40}, {10, 1, 2}}}));

INSTANTIATE_TEST_SUITE_P(
    Orders, LaneCopyOf,
    testing::Values(
        // Phases of depth to space whose lanes hold a large image.
        Case{{{4, 360000, 360000},
              {300, 1200, 300},
              {2, 600, 180000},
              {300, 2, 1},
              {2, 1, 90000}}},
        // A transposition of long axes.
        Case{{{2, 90000, 90000}, {300, 300, 1}, {300, 1, 300}}}));

/// Joins columns of rows and checks each element.
void checkRowConcat(llvm::ArrayRef<int64_t> columns, int64_t rows,
                    LaneLayout layout, ElementType type) {
  KernelRunner runner;
  int64_t total = 0;
  for (int64_t count : columns)
    total += count;
  GlobalTensor result = runner.allocate(type, rows * total);
  result.layout = layout;
  std::vector<double> expected(rows * total);
  llvm::SmallVector<RowPart> parts;
  int64_t first = 0;
  for (auto [number, count] : llvm::enumerate(columns)) {
    std::vector<double> values(rows * count);
    for (int64_t i = 0; i < rows * count; ++i)
      values[i] = double((i * 7 + int64_t(number) * 31) % 251 - 125);
    parts.push_back({runner.put(type, values), count});
    for (int64_t i = 0; i < rows * count; ++i)
      expected[i / count * total + first + i % count] = values[i];
    first += count;
  }
  KernelList kernels;
  ASSERT_TRUE(makeRowConcat(kBM1684X, result, parts, rows, kernels));
  runner.run(kernels);
  EXPECT_EQ(runner.get(result), expected);
}

TEST(RowConcat, JoinsColumns) {
  for (ElementType type : {ElementType::I8, ElementType::F32}) {
    checkRowConcat({1, 1}, 3 * 197 * 8, {1, 3 * 197}, type);
    checkRowConcat({1, 1, 1}, 1000, {10, 20}, type);
    checkRowConcat({7, 16, 5}, 64 * 33, {1, 64}, type);
    checkRowConcat({4, 80}, 840, {1, 840}, type);
    // No split, one that cuts rows, and rows that do not fit whole.
    checkRowConcat({1, 1}, 20001, {}, type);
    checkRowConcat({2, 1}, 64, {1, 192}, type);
    checkRowConcat({8001, 1}, 70, {1, 70}, type);
  }
}

TEST(Transfer, RepeatsColumnsByAxesThatTheModelTakes) {
  for (Shape4 shape : {Shape4{1, 3, 1, 5}, {1, 3, 4, 5}, {2, 3, 4, 5}}) {
    KernelRunner runner;
    std::vector<double> values = {1, 2, 3};
    GlobalTensor source = runner.put(ElementType::F16, values);
    GlobalTensor result =
        runner.allocate(ElementType::F16, kernel::numElements(shape));
    class Move : public TransferKernel {
    public:
      Move(const GlobalTensor &result, const GlobalTensor &source)
          : TransferKernel(kBM1684X), result(result), source(source) {}
      void emit(CommandBuilder &builder) const override {
        builder.copyS2S(result, source);
      }
      GlobalTensor result, source;
    };
    KernelList kernels;
    kernels.push_back(std::make_unique<Move>(
        result.reshaped(shape), source.viewed(shape, {0, 1, 0, 0})));
    // The simulator refuses what the vendor's dies of.
    runner.run(kernels);
    std::vector<double> got = runner.get(result);
    for (size_t i = 0; i < got.size(); ++i)
      ASSERT_EQ(got[i], 1 + int64_t(i) / (shape[H] * shape[W]) % 3);
  }
}

} // namespace
