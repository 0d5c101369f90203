//===- ElementMapTest.cpp - Movements from boxes and in parts -------------===//
//
// Compares maps of boxes with the elements that the boxes move.
//
//===----------------------------------------------------------------------===//

#include "Interfaces/ElementMap.h"

#include "gtest/gtest.h"

using namespace tpuc;

namespace {

/// The input element of each result element, by the definition of boxes.
std::vector<int64_t> sourcesOf(llvm::ArrayRef<CopyBox> boxes, int64_t count) {
  std::vector<int64_t> sources(count, -1);
  for (const CopyBox &box : boxes) {
    int64_t total = 1;
    for (int64_t size : box.sizes)
      total *= size;
    for (int64_t i = 0; i < total; ++i) {
      int64_t rest = i, to = box.to, from = box.from;
      for (size_t axis = box.sizes.size(); axis-- > 0;) {
        to += rest % box.sizes[axis] * box.toStrides[axis];
        from += rest % box.sizes[axis] * box.fromStrides[axis];
        rest /= box.sizes[axis];
      }
      sources[to] = from;
    }
  }
  return sources;
}

TEST(ElementMapTest, OfBoxesKeepsEveryElement) {
  // Two transposed halves of four rows, the second from behind the first; the
  // run of the first box is cut into two axes.
  std::vector<CopyBox> boxes = {
      {0, 0, {2, 2, 4}, {16, 4, 1}, {8, 4, 1}},
      {8, 16, {2, 8}, {16, 1}, {8, 1}},
  };
  std::optional<ElementMap> map = ElementMap::ofBoxes(boxes, 32, 32);
  ASSERT_TRUE(map);
  EXPECT_EQ(map->getUnit(), 8);
  EXPECT_EQ(sourcesOf(map->getBoxes(), 32), sourcesOf(boxes, 32));
}

TEST(ElementMapTest, OfBoxesRepeats) {
  std::vector<CopyBox> boxes = {{0, 4, {3, 4}, {4, 1}, {0, 1}}};
  std::optional<ElementMap> map = ElementMap::ofBoxes(boxes, 12, 8);
  ASSERT_TRUE(map);
  EXPECT_EQ(sourcesOf(map->getBoxes(), 12), sourcesOf(boxes, 12));
}

TEST(ElementMapTest, PartsOfWhatStaysInThem) {
  // Both halves exchange their rows.
  std::vector<CopyBox> boxes = {{0, 6, {2, 6}, {12, 1}, {12, 1}},
                                {6, 0, {2, 6}, {12, 1}, {12, 1}}};
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
  std::vector<CopyBox> boxes = {{0, 6, {18}, {1}, {1}}, {18, 0, {6}, {1}, {1}}};
  std::optional<ElementMap> map = ElementMap::ofBoxes(boxes, 24, 24);
  ASSERT_TRUE(map);
  EXPECT_FALSE(map->part(2, 0));
  EXPECT_FALSE(map->part(5, 0)); // no equal parts
}

} // namespace
