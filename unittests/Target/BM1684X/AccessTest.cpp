//===- AccessTest.cpp - Memory that commands touch ------------------------===//
//
// Which bytes of which lanes a command's tensors cover.
//
//===----------------------------------------------------------------------===//

#include "Target/BM1684X/Access.h"
#include "Target/BM1684X/AccessMap.h"
#include "gtest/gtest.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::target;
using codec::Layout;
using codec::Registers;

namespace {

constexpr uint32_t kF16 = 1, kF32 = 2;
constexpr uint32_t kAdd = 2, kCopy = 19;
constexpr uint64_t kAll = ~uint64_t(0);

std::vector<Access> accessesOf(Layout layout, const Registers &registers) {
  std::vector<Access> accesses;
  std::string error;
  EXPECT_TRUE(findAccesses(layout, registers, accesses, error)) << error;
  return accesses;
}

std::string failureOf(Layout layout, const Registers &registers) {
  std::vector<Access> accesses;
  std::string error;
  EXPECT_FALSE(findAccesses(layout, registers, accesses, error));
  return error;
}

bool touches(const std::vector<Access> &accesses, bool isWrite, unsigned lane,
             uint64_t byte) {
  return std::any_of(accesses.begin(), accesses.end(), [&](const Access &a) {
    return a.space == Space::Local && a.isWrite == isWrite &&
           ((a.lanes >> lane) & 1) && a.begin <= byte && byte < a.end;
  });
}

/// A copy of [n, c, h, w] f32 elements with free strides on the source.
Registers copy(uint32_t n, uint32_t c, uint32_t h, uint32_t w) {
  Registers r;
  r.tsk_eu_typ = kCopy;
  r.tsk_opd_num = 1;
  r.res0_prec = r.opd0_prec = kF32;
  r.res0_n = n;
  r.res0_c = c;
  r.res0_h = h;
  r.res0_w = w;
  return r;
}

TEST(AccessTest, AlignedTensorCoversItsRows) {
  // 70 channels: two rows in lanes 0 to 5, one in the others.
  Registers r = copy(1, 70, 3, 5);
  r.res0_addr = 0x1000;
  std::vector<Access> accesses = accessesOf(Layout::SAr, r);
  EXPECT_TRUE(touches(accesses, true, 0, 0x1000));
  EXPECT_TRUE(touches(accesses, true, 63, 0x1000 + 59));
  EXPECT_FALSE(touches(accesses, true, 63, 0x1000 + 64));
  EXPECT_TRUE(touches(accesses, true, 5, 0x1000 + 64 + 59));
  EXPECT_FALSE(touches(accesses, true, 6, 0x1000 + 64));
  EXPECT_FALSE(touches(accesses, true, 0, 0x1000 + 64 + 60));
  EXPECT_FALSE(touches(accesses, true, 0, 0xfff));
}

TEST(AccessTest, TensorMayStartInAnyLane) {
  // Lanes 60 to 63 hold row 0, lanes 0 to 5 row 1.
  Registers r = copy(1, 10, 1, 16);
  r.res0_addr = 60 * 0x40000 + 0x200;
  std::vector<Access> accesses = accessesOf(Layout::SAr, r);
  EXPECT_TRUE(touches(accesses, true, 60, 0x200));
  EXPECT_FALSE(touches(accesses, true, 60, 0x240));
  EXPECT_TRUE(touches(accesses, true, 5, 0x240));
  EXPECT_FALSE(touches(accesses, true, 5, 0x200));
  EXPECT_FALSE(touches(accesses, true, 6, 0x240));
}

TEST(AccessTest, ColumnSliceLeavesItsNeighboursAlone) {
  // 32 halves of each row of 96.
  Registers r = copy(4, 64, 1, 32);
  r.res0_prec = r.opd0_prec = kF16;
  r.res0_str = 3;
  r.res0_n_str = 96;
  r.res0_c_str = 96;
  r.res0_h_str = 96;
  r.res0_w_str = 1;
  r.res0_addr = 64;
  std::vector<Access> accesses = accessesOf(Layout::SAr, r);
  for (unsigned n = 0; n < 4; ++n) {
    EXPECT_TRUE(touches(accesses, true, 3, 64 + n * 192));
    EXPECT_TRUE(touches(accesses, true, 3, 127 + n * 192));
    EXPECT_FALSE(touches(accesses, true, 3, 128 + n * 192));
    EXPECT_FALSE(touches(accesses, true, 3, 63 + n * 192));
  }
}

TEST(AccessTest, BroadcastStridesRepeatTheSameBytes) {
  Registers r = copy(4, 64, 7, 9);
  r.opd0_str = 3;
  r.opd0_w_str = 1;
  std::vector<Access> accesses = accessesOf(Layout::SAr, r);
  EXPECT_TRUE(touches(accesses, false, 0, 35));
  EXPECT_FALSE(touches(accesses, false, 0, 36));
}

TEST(AccessTest, ConstantsAndUnusedOperandsAreNoAccesses) {
  Registers r = copy(1, 64, 1, 1);
  r.tsk_eu_typ = kAdd;
  r.tsk_opd_num = 2;
  r.opd1_const = 1;
  r.opd1_addr = 0x3f800000;
  r.opd2_addr = 0xffffffff;
  EXPECT_EQ(accessesOf(Layout::SAr, r).size(), 2u);
}

TEST(AccessTest, ManyStridedRowsAreMerged) {
  Registers r = copy(1, 64, 500, 1);
  r.opd0_str = 3;
  r.opd0_h_str = 100;
  r.opd0_w_str = 1;
  std::vector<Access> accesses = accessesOf(Layout::SAr, r);
  EXPECT_LE(accesses.size(), 3u);
  EXPECT_TRUE(touches(accesses, false, 0, 499 * 400));
}

TEST(AccessTest, OperandThatLeavesItsLaneIsAnError) {
  Registers r = copy(1, 64, 1, 16);
  r.res0_addr = 0x3fff0;
  EXPECT_NE(failureOf(Layout::SAr, r).find("result leaves the local memory"),
            std::string::npos);
}

TEST(AccessTest, UnknownCommandIsAnError) {
  Registers r;
  r.tsk_eu_typ = 1;
  EXPECT_FALSE(failureOf(Layout::Sysid, r).empty());
  EXPECT_FALSE(failureOf(Layout::Conv, r).empty());
}

TEST(AccessTest, WeightsArePaddedToWhatTheUnitMultiplies) {
  // 3 input channels occupy 32 halves; 65 output channels have two rows.
  Registers r;
  r.opd0_prec = r.res0_prec = kF16;
  r.res0_n = 1;
  r.res0_c = 65;
  r.res0_h = r.res0_w = r.opd0_h = r.opd0_w = 4;
  r.opd0_c = 3;
  r.opd1_h = r.opd1_w = 1;
  r.opd0_addr = 0x10000;
  r.opd1_addr = 0x20000;
  r.res0_addr = 0x30000;
  r.opd2_const = r.opd3_const = 1;
  std::vector<Access> accesses = accessesOf(Layout::SConv, r);
  EXPECT_TRUE(touches(accesses, false, 0, 0x20000 + 127));
  EXPECT_FALSE(touches(accesses, false, 0, 0x20000 + 128));
  EXPECT_TRUE(touches(accesses, false, 1, 0x20000 + 63));
  EXPECT_FALSE(touches(accesses, false, 1, 0x20000 + 64));
}

/// A move of [1, c, 1, w] f32 elements from global to local memory.
Registers load(uint32_t c, uint32_t w) {
  Registers r;
  r.src_data_format = kF32;
  r.nchw_copy = 1;
  r.stride_enable = 1;
  r.src_nsize = r.src_hsize = 1;
  r.src_csize = c;
  r.src_wsize = w;
  r.src_cstride = w;
  r.src_wstride = 1;
  r.dst_cstride = w;
  r.dst_wstride = 1;
  r.src_start_addr_h8 = 1;
  r.dst_start_addr_l32 = 0x08000000;
  r.localmem_mask_l32 = r.localmem_mask_h32 = 0xffffffff;
  return r;
}

TEST(AccessTest, LoadReadsGlobalAndWritesLanes) {
  std::vector<Access> accesses = accessesOf(Layout::DmaTensor, load(64, 16));
  ASSERT_EQ(accesses.size(), 2u);
  EXPECT_EQ(accesses[0].space, Space::Global);
  EXPECT_FALSE(accesses[0].isWrite);
  EXPECT_EQ(accesses[0].begin, 0x100000000u);
  EXPECT_EQ(accesses[0].end, 0x100000000u + 64 * 64);
  EXPECT_EQ(accesses[1].space, Space::Local);
  EXPECT_TRUE(accesses[1].isWrite);
  EXPECT_EQ(accesses[1].lanes, kAll);
  EXPECT_EQ(accesses[1].end, 64u);
}

TEST(AccessTest, MaskedLanesAreNotWritten) {
  Registers r = load(64, 16);
  r.localmem_mask_h32 = 0;
  std::vector<Access> accesses = accessesOf(Layout::DmaTensor, r);
  EXPECT_TRUE(touches(accesses, true, 31, 0));
  EXPECT_FALSE(touches(accesses, true, 32, 0));
}

TEST(AccessTest, LinearMoveRunsFromLaneToLane) {
  Registers r;
  r.src_data_format = kF32;
  r.src_cstride = 32; // elements
  r.src_start_addr_h8 = 1;
  r.dst_start_addr_l32 = 0x08000000 + 0x40000 - 64;
  std::vector<Access> accesses = accessesOf(Layout::SDmaGeneral, r);
  EXPECT_TRUE(touches(accesses, true, 0, 0x40000 - 64));
  EXPECT_TRUE(touches(accesses, true, 1, 63));
  EXPECT_FALSE(touches(accesses, true, 1, 64));
}

TEST(AccessTest, AddressInNoMemoryIsAnError) {
  Registers r = load(64, 16);
  r.dst_start_addr_l32 = 0x0a000000;
  EXPECT_NE(failureOf(Layout::DmaTensor, r).find("is in no memory"),
            std::string::npos);
}

TEST(AccessTest, SizesThatOverflowAreAnError) {
  Registers r = load(1, 1);
  r.src_hsize = r.dst_hsize = 0x80000001;
  r.src_hstride = 0x80000000;
  r.index_hsize = r.index_csize = 1;
  r.index_start_addr_h8 = 1;
  EXPECT_NE(failureOf(Layout::DmaGather, r).find("leaves the global memory"),
            std::string::npos);
}

TEST(AccessMapTest, LaterCommandsReplaceEarlierOnes) {
  AccessMap map;
  auto at = [](uint64_t begin, uint64_t end) {
    return Access{Space::Local, true, kAll, begin, end};
  };
  map.assign(at(0, 100), 1);
  map.assign(at(40, 60), 2);
  EXPECT_EQ(map.lastIn(at(0, 40)), 1u);
  EXPECT_EQ(map.lastIn(at(39, 41)), 2u);
  EXPECT_EQ(map.lastIn(at(60, 100)), 1u);
  EXPECT_EQ(map.lastIn(at(100, 200)), 0u);
  map.assign(at(0, 100), 3);
  EXPECT_EQ(map.lastIn(at(45, 46)), 3u);
}

} // namespace
