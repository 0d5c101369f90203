//===- ElementMapTest.cpp - Movements from boxes and in parts -------------===//
//
// Compares maps of boxes with the elements that the boxes move.
//
//===----------------------------------------------------------------------===//

#include "Analysis/ElementMap.h"

#include "gtest/gtest.h"

using namespace tpuc;

namespace {

/// The input element of each result element, by the definition of boxes.
std::vector<int64_t> sourcesOf(llvm::ArrayRef<StridedMap> boxes,
                               int64_t count) {
  std::vector<int64_t> sources(count, -1);
  for (const StridedMap &box : boxes) {
    int64_t total = 1;
    for (int64_t size : box.getSizes())
      total *= size;
    for (int64_t i = 0; i < total; ++i) {
      int64_t rest = i, to = box.resultOffset, from = box.sourceOffset;
      for (const StridedAxis &axis : llvm::reverse(box.axes)) {
        to += rest % axis.size * axis.resultStride;
        from += rest % axis.size * axis.sourceStride;
        rest /= axis.size;
      }
      sources[to] = from;
    }
  }
  return sources;
}

TEST(ElementMapTest, OfBoxesKeepsEveryElement) {
  // Two transposed halves of four rows, the second from behind the first; the
  // run of the first box is cut into two axes.
  std::vector<StridedMap> boxes = {
      {0, 0, {{2, 16, 8}, {2, 4, 4}, {4, 1, 1}}},
      {8, 16, {{2, 16, 8}, {8, 1, 1}}},
  };
  std::optional<ElementMap> map = ElementMap::ofBoxes(boxes, 32, 32);
  ASSERT_TRUE(map);
  EXPECT_EQ(map->getUnit(), 8);
  EXPECT_EQ(sourcesOf(map->getBoxes(), 32), sourcesOf(boxes, 32));
}

/// The input element of each result element of a map.
std::vector<int64_t> sourcesOf(const ElementMap &map) {
  return sourcesOf(map.getBoxes(), map.getResultCount());
}

std::optional<ElementMap> ofPermute(llvm::ArrayRef<int64_t> shape,
                                    llvm::ArrayRef<int64_t> order) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return ElementMap::of(StridedMap::identity(shape).permuted(order), count);
}

TEST(ElementMapTest, OfPermute) {
  std::optional<ElementMap> map = ofPermute({2, 3, 5}, {2, 0, 1});
  ASSERT_TRUE(map);
  std::vector<int64_t> expected;
  for (int64_t c = 0; c < 5; ++c)
    for (int64_t a = 0; a < 2; ++a)
      for (int64_t b = 0; b < 3; ++b)
        expected.push_back((a * 3 + b) * 5 + c);
  EXPECT_EQ(sourcesOf(*map), expected);
  // Whole rows stay together.
  EXPECT_EQ(ofPermute({2, 3, 5}, {1, 0, 2})->getUnit(), 5);
  EXPECT_TRUE(ofPermute({7, 1, 3}, {1, 0, 2})->isIdentity());
  EXPECT_TRUE(ofPermute({}, {})->isIdentity());
}

std::optional<ElementMap> ofSlice(llvm::ArrayRef<int64_t> offsets,
                                  llvm::ArrayRef<int64_t> sizes,
                                  llvm::ArrayRef<int64_t> steps) {
  return ElementMap::of(
      StridedMap::identity({5, 7}).sliced(offsets, sizes, steps), 35);
}

TEST(ElementMapTest, OfSlice) {
  std::optional<ElementMap> map = ofSlice({1, 2}, {2, 3}, {3, 2});
  ASSERT_TRUE(map);
  std::vector<int64_t> expected = {9, 11, 13, 30, 32, 34};
  EXPECT_EQ(sourcesOf(*map), expected);
  EXPECT_EQ(map->getInputCount(), 35);
  // A step of one element is none; others may not run backwards.
  EXPECT_TRUE(ofSlice({4, 0}, {1, 7}, {-1, 1}));
  EXPECT_FALSE(ofSlice({4, 0}, {5, 7}, {-1, 1}));
}

TEST(ElementMapTest, OfBoxesRepeats) {
  std::vector<StridedMap> boxes = {{0, 4, {{3, 4, 0}, {4, 1, 1}}}};
  std::optional<ElementMap> map = ElementMap::ofBoxes(boxes, 12, 8);
  ASSERT_TRUE(map);
  EXPECT_EQ(sourcesOf(map->getBoxes(), 12), sourcesOf(boxes, 12));
}

TEST(ElementMapTest, PartsOfWhatStaysInThem) {
  // Both halves exchange their rows.
  std::vector<StridedMap> boxes = {{0, 6, {{2, 12, 12}, {6, 1, 1}}},
                                   {6, 0, {{2, 12, 12}, {6, 1, 1}}}};
  std::optional<ElementMap> map = ElementMap::ofBoxes(boxes, 24, 24);
  ASSERT_TRUE(map);
  for (int64_t index : {0, 1}) {
    std::optional<ElementMap> part = map->part(2, index);
    ASSERT_TRUE(part);
    EXPECT_EQ(sourcesOf(part->getBoxes(), 12),
              (std::vector<int64_t>{6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5}));
  }
}

TEST(ElementMapTest, NoPartsOfWhatLeavesThem) {
  std::vector<StridedMap> boxes = {{0, 6, {{18, 1, 1}}}, {18, 0, {{6, 1, 1}}}};
  std::optional<ElementMap> map = ElementMap::ofBoxes(boxes, 24, 24);
  ASSERT_TRUE(map);
  EXPECT_FALSE(map->part(2, 0));
  EXPECT_FALSE(map->part(5, 0)); // no equal parts
}

} // namespace
