//===- AllocationMapTest.cpp - Views of values in local memory ------------===//

#include "LayerGroup/AllocationMap.h"
#include "Arch/BM1684X.h"

#include "gtest/gtest.h"

using namespace tpuc;
using namespace tpuc::group;
using namespace tpuc::kernel;

namespace {

/// One resident f16 value of `elements` elements, split into [n, c, rest].
struct OneValue {
  OneValue(int64_t elements, LaneLayout layout) {
    Value value;
    value.offset = 4096;
    value.bytes = elements * 2;
    value.type = ElementType::F16;
    value.layout = layout;
    program.values.push_back(value);
  }

  GlobalTensor part(int64_t start, const Shape4 &shape,
                    const Shape4 &strides) const {
    GlobalTensor tensor;
    tensor.type = ElementType::F16;
    tensor.offsetBytes = 4096;
    return tensor.viewed(shape, strides).advanced(start);
  }

  std::optional<LocalTensor> view(const GlobalTensor &tensor) const {
    AllocationMap allocations(program);
    allocations.byValue[0].isResident = true;
    allocations.byValue[0].address = 1024;
    return allocations.localView(tensor);
  }

  Program program{kBM1684X};
};

// 4 windows of 49 rows of 288 columns: a row takes 576 bytes of its lane.
TEST(LocalView, HeadsOfAPackedRowAreColumns) {
  OneValue rows(4 * 49 * 288, {4, 49});
  auto view = rows.view(rows.part(96, {4, 49, 3, 32}, {49 * 288, 288, 32, 1}));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->address, 1024u + 96 * 2);
  EXPECT_EQ(view->strides, (Shape4{288, 288, 32, 1}));
}

TEST(LocalView, ChannelsBeyond64LieInFurtherRows) {
  OneValue image(128 * 10, {1, 128});
  auto view = image.view(image.part(64 * 10, {1, 64, 2, 5}, {0, 10, 5, 1}));
  ASSERT_TRUE(view);
  // 10 elements of 2 bytes are padded to 64.
  EXPECT_EQ(view->address, 1024u + 64);
  EXPECT_EQ(view->startLane(), 0u);
}

TEST(LocalView, AChannelInTheMidstStartsInItsLane) {
  OneValue image(128 * 32, {1, 128});
  auto view = image.view(image.part(5 * 32, {1, 3, 1, 32}, {0, 32, 32, 1}));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->startLane(), 5u);
}

TEST(LocalView, AnAxisAcrossTheSplitHasNone) {
  OneValue rows(4 * 49 * 96, {4, 49});
  // All 196 rows as one axis of lanes: they lie in four windows.
  EXPECT_FALSE(rows.view(rows.part(0, {1, 196, 1, 96}, {0, 96, 96, 1})));
  // Lanes along a column.
  EXPECT_FALSE(rows.view(rows.part(0, {1, 1, 49, 96}, {0, 0, 96, 1})));
  // More rows than a window has left.
  EXPECT_FALSE(rows.view(rows.part(96, {1, 49, 1, 96}, {0, 96, 96, 1})));
}

TEST(LocalView, WhatIsNotResidentHasNone) {
  OneValue rows(49 * 96, {1, 49});
  AllocationMap allocations(rows.program);
  EXPECT_FALSE(
      allocations.localView(rows.part(0, {1, 49, 1, 96}, {0, 96, 96, 1})));
}

} // namespace
