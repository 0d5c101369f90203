//===- StridedMapTest.cpp - Permutes, slices, repeats and reshapes --------===//
//
// Compares what maps read with the elements that the movements name.
//
//===----------------------------------------------------------------------===//

#include "Analysis/StridedMap.h"
#include "llvm/ADT/STLExtras.h"
#include "gtest/gtest.h"

#include <vector>

using namespace tpuc;

namespace {

/// The source element of each element of a result of `count` elements.
std::vector<int64_t> read(const StridedMap &map, int64_t count) {
  std::vector<int64_t> sources(count, -1);
  int64_t total = 1;
  for (const StridedAxis &axis : map.axes)
    total *= axis.size;
  for (int64_t i = 0; i < total; ++i) {
    int64_t rest = i, to = map.resultOffset, from = map.sourceOffset;
    for (const StridedAxis &axis : llvm::reverse(map.axes)) {
      to += rest % axis.size * axis.resultStride;
      from += rest % axis.size * axis.sourceStride;
      rest /= axis.size;
    }
    sources[to] = from;
  }
  return sources;
}

using Elements = std::vector<int64_t>;

TEST(StridedMapTest, Permute) {
  StridedMap map = StridedMap::identity({2, 3}).permuted({1, 0});
  EXPECT_EQ(read(map, 6), Elements({0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(map.permuted({1, 0}), StridedMap::identity({2, 3}));
}

TEST(StridedMapTest, SliceWithStepsAndBackwards) {
  StridedMap whole = StridedMap::identity({5, 7});
  EXPECT_EQ(read(whole.sliced({1, 2}, {2, 3}, {3, 2}), 6),
            Elements({9, 11, 13, 30, 32, 34}));
  EXPECT_EQ(read(whole.sliced({4, 0}, {2, 1}, {-2, 1}), 2), Elements({28, 14}));
}

TEST(StridedMapTest, SliceOfPermute) {
  StridedMap map = StridedMap::identity({2, 3}).permuted({1, 0}).sliced(
      {1, 0}, {2, 2}, {1, 1});
  EXPECT_EQ(read(map, 4), Elements({1, 4, 2, 5}));
}

TEST(StridedMapTest, Repeat) {
  StridedMap map = StridedMap::identity({2, 1}).repeated({2, 3});
  EXPECT_EQ(read(map, 6), Elements({0, 0, 0, 1, 1, 1}));
}

TEST(StridedMapTest, ReshapeJoinsAndSplitsAxes) {
  StridedMap heads =
      StridedMap::identity({4, 6}).reshaped({4, 2, 3})->permuted({1, 0, 2});
  EXPECT_EQ(read(heads.sliced({1, 0, 0}, {1, 4, 3}, {1, 1, 1}), 12),
            Elements({3, 4, 5, 9, 10, 11, 15, 16, 17, 21, 22, 23}));
  // Rows and heads do not follow each other in the source.
  EXPECT_FALSE(heads.reshaped({8, 3}));
  EXPECT_FALSE(heads.reshaped({2, 12}));
  EXPECT_TRUE(heads.reshaped({1, 2, 2, 2, 3}));
}

TEST(StridedMapTest, PlaceInALargerResult) {
  StridedMap map = StridedMap::identity({2, 2}).placedIn({2, 4}, {0, 1});
  EXPECT_EQ(read(map, 8), Elements({-1, 0, 1, -1, -1, 2, 3, -1}));
}

TEST(StridedMapTest, JoinAxes) {
  // Of one element, in another order, and continued on both sides.
  StridedAxes joined =
      joinAxes({{3, 1, 1}, {1, 99, 7}, {2, 12, 12}, {4, 3, 3}});
  EXPECT_EQ(joined, StridedAxes({{24, 1, 1}}));
  EXPECT_EQ(joinAxes({}), StridedAxes({{1, 1, 1}}));
  EXPECT_EQ(joinAxes({{2, 3, 6}, {3, 1, 1}}),
            StridedAxes({{2, 3, 6}, {3, 1, 1}}));
}

} // namespace
