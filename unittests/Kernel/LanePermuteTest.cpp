//===- LanePermuteTest.cpp - Tests of movements between lanes -------------===//
//
// Shifted and merged windows, bit by bit, and what is left to transfers.
//
//===----------------------------------------------------------------------===//

#include "Kernel/LanePermute.h"
#include "Arch/BM1684X.h"
#include "KernelRunner.h"

#include "llvm/ADT/STLFunctionalExtras.h"

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// A movement of `rows` rows of `width` elements, by the row that each comes
/// from.
struct RowMove {
  int64_t rows, width;
  LaneLayout to, from;
  std::vector<int64_t> sources;

  std::vector<StridedMap> boxes() const {
    std::vector<StridedMap> result;
    for (int64_t row = 0; row < rows; ++row)
      result.push_back({row * width, sources[row] * width, {{width, 1, 1}}});
    return result;
  }
  GlobalTensor withLayout(GlobalTensor tensor, LaneLayout layout) const {
    tensor.layout = layout;
    return tensor;
  }
};

/// Row of an image of `size` x `size`, in the order of its windows.
int64_t windowRow(int64_t size, int64_t window, int64_t y, int64_t x) {
  int64_t windows = size / window;
  return ((y / window * windows + x / window) * window + y % window) * window +
         x % window;
}

/// Windows of a square image, cut again after it has been rolled by `shift`.
RowMove shiftedWindows(int64_t size, int64_t window, int64_t shift,
                       int64_t width) {
  int64_t windows = size / window;
  LaneLayout layout{windows * windows, window * window};
  RowMove move{size * size, width, layout, layout,
               std::vector<int64_t>(size * size)};
  for (int64_t y = 0; y < size; ++y)
    for (int64_t x = 0; x < size; ++x)
      move.sources[windowRow(size, window, y, x)] =
          windowRow(size, window, (y + shift) % size, (x + shift) % size);
  return move;
}

/// Shifted windows, of which 2 x 2 rows become one of windows that are not.
RowMove mergedWindows(int64_t size, int64_t window, int64_t shift,
                      int64_t width) {
  RowMove move = shiftedWindows(size, window, shift, width);
  int64_t windows = size / window / 2;
  move.to = {windows * windows, window * window};
  for (int64_t y = 0; y < size; ++y)
    for (int64_t x = 0; x < size; ++x)
      move.sources[windowRow(size / 2, window, y / 2, x / 2) * 4 + x % 2 * 2 +
                   y % 2] =
          windowRow(size, window, (y + shift) % size, (x + shift) % size);
  return move;
}

std::optional<LanePermutation> planOf(const RowMove &move, ElementType type) {
  GlobalTensor tensor;
  tensor.type = type;
  tensor = tensor.reshaped({1, 1, 1, move.rows * move.width});
  return planLanePermutation(kBM1684X, move.withLayout(tensor, move.to),
                             move.withLayout(tensor, move.from), move.boxes());
}

/// Moves random bits and expects each where it belongs.
void checkMove(const RowMove &move, ElementType type) {
  KernelRunner runner;
  std::mt19937 engine(7);
  int64_t rowBytes = move.width * byteWidth(type);
  std::vector<char> bytes(move.rows * rowBytes);
  for (char &byte : bytes)
    byte = char(engine());
  GlobalTensor source =
      move.withLayout(runner.putBytes(type, bytes), move.from);
  GlobalTensor result =
      move.withLayout(runner.allocate(type, move.rows * move.width), move.to);
  std::optional<LanePermutation> plan =
      planLanePermutation(kBM1684X, result, source, move.boxes());
  ASSERT_TRUE(plan);
  GlobalTensor matrices =
      runner.putBytes(ElementType::I8, plan->matrices)
          .reshaped({1, plan->resultLanes, 1, plan->numMatrices * plan->depth});
  KernelList kernels;
  makeLanePermuteKernel(kBM1684X, result, source, matrices, *plan, kernels);
  runner.run(kernels);
  result.type = ElementType::I8;
  std::vector<double> got =
      runner.get(result.reshaped({1, 1, 1, move.rows * rowBytes}));
  for (int64_t row = 0; row < move.rows; ++row)
    for (int64_t i = 0; i < rowBytes; ++i)
      ASSERT_EQ(got[row * rowBytes + i],
                double(int8_t(bytes[move.sources[row] * rowBytes + i])))
          << "byte " << i << " of row " << row;
}

TEST(LanePermute, ShiftsWindows) {
  checkMove(shiftedWindows(28, 7, 3, 64), ElementType::F16);
}

TEST(LanePermute, MergesWindows) {
  checkMove(mergedWindows(28, 7, 3, 64), ElementType::BF16);
}

TEST(LanePermute, MovesRowsThatAreNoMultipleOfVectors) {
  RowMove move = shiftedWindows(14, 7, 3, 96);
  // Two rows of a lane fill whole vectors.
  move.to.n = move.from.n = 2;
  for (int64_t row = 0; row < move.rows; ++row)
    move.sources[row] = (row + 2) % move.rows;
  checkMove(move, ElementType::I8);
}

TEST(LanePermute, MovesFourByteTypes) {
  checkMove(shiftedWindows(16, 8, 4, 16), ElementType::F32);
}

TEST(LanePermute, WindowsMayTakeSeveralRoundsOfLanes) {
  checkMove(shiftedWindows(24, 12, 6, 64), ElementType::F16);
}

TEST(LanePermute, LeavesRowsThatKeepTheirLanes) {
  RowMove move = shiftedWindows(28, 7, 0, 64);
  EXPECT_FALSE(planOf(move, ElementType::F16));
}

TEST(LanePermute, LeavesShortRows) {
  EXPECT_TRUE(planOf(shiftedWindows(28, 7, 3, 32), ElementType::F16));
  EXPECT_FALSE(planOf(shiftedWindows(28, 7, 3, 16), ElementType::F16));
}

TEST(LanePermute, LeavesValuesWithoutLanes) {
  RowMove move = shiftedWindows(28, 7, 3, 64);
  move.to = {};
  EXPECT_FALSE(planOf(move, ElementType::F16));
}

TEST(LanePermute, LeavesValuesThatFillTheLanes) {
  EXPECT_TRUE(planOf(shiftedWindows(56, 7, 3, 256), ElementType::F16));
  EXPECT_FALSE(planOf(shiftedWindows(56, 7, 3, 1024), ElementType::F16));
}

TEST(LanePermute, LeavesIrregularMovements) {
  RowMove move = shiftedWindows(28, 7, 3, 64);
  std::shuffle(move.sources.begin(), move.sources.end(), std::mt19937(7));
  EXPECT_FALSE(planOf(move, ElementType::F16));
}

} // namespace
