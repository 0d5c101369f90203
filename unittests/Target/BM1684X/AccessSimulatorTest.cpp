//===- AccessSimulatorTest.cpp - Accesses against the simulator -----------===//
//
// Runs commands in the functional simulator and compares what they do with what
// the access computation says: nothing outside the writes may change, and what
// is outside the reads may not matter.
//
//===----------------------------------------------------------------------===//

#include "Simulator/Functional/Simulator.h"
#include "Target/BM1684X/Access.h"
#include "gtest/gtest.h"

#include <cstring>
#include <random>

using namespace tpuc;
using namespace tpuc::target;
using codec::Layout;
using codec::Registers;

namespace {

constexpr uint64_t kGlobalBytes = 1 << 20;
constexpr uint32_t kI8 = 0, kF16 = 1, kF32 = 2, kI32 = 4;
constexpr uint32_t kLocalBase = 0x08000000;

/// Local and global memory side by side, as plain bytes.
struct Memory {
  std::vector<uint8_t> local, global;

  explicit Memory(unsigned seed)
      : local(sim::kLanes * size_t(sim::kLaneBytes)), global(kGlobalBytes) {
    std::mt19937_64 random(seed);
    for (std::vector<uint8_t> *bytes : {&local, &global})
      for (size_t i = 0; i < bytes->size(); i += 8) {
        // Small bytes are valid as indices too.
        uint64_t value = random() & 0x0303030303030303;
        std::memcpy(bytes->data() + i, &value, 8);
      }
  }

  /// Calls `visit(bytes, offset, size)` for each run of bytes of `access`.
  template <typename Visit> void forEachRun(const Access &access, Visit visit) {
    if (access.space == Space::Global) {
      visit(global, access.begin - sim::kGlobalBase, access.end - access.begin);
      return;
    }
    ASSERT_EQ(access.space, Space::Local);
    for (unsigned lane = 0; lane < sim::kLanes; ++lane)
      if ((access.lanes >> lane) & 1)
        visit(local, lane * size_t(sim::kLaneBytes) + access.begin,
              access.end - access.begin);
  }

  /// Takes over the bytes of `access` from `other`.
  void copy(const Access &access, Memory &other) {
    forEachRun(access,
               [&](std::vector<uint8_t> &bytes, size_t at, size_t size) {
                 std::vector<uint8_t> &from =
                     &bytes == &local ? other.local : other.global;
                 std::memcpy(bytes.data() + at, from.data() + at, size);
               });
  }

  bool operator==(const Memory &) const = default;
};

class AccessSimulatorTest : public testing::Test {
protected:
  void SetUp() override {
    global = machine.allocateGlobal(sim::kGlobalBase, kGlobalBytes);
  }

  Memory run(const Memory &before, Layout layout, const Registers &registers) {
    std::memcpy(machine.localMemory().data(), before.local.data(),
                before.local.size());
    std::memcpy(global.data(), before.global.data(), before.global.size());
    auto failure = machine.execute(layout, registers);
    EXPECT_FALSE(failure) << failure->str();
    Memory after = before;
    std::memcpy(after.local.data(), machine.localMemory().data(),
                after.local.size());
    std::memcpy(after.global.data(), global.data(), after.global.size());
    return after;
  }

  void check(Layout layout, const Registers &registers) {
    std::vector<Access> accesses;
    std::string error;
    ASSERT_TRUE(findAccesses(layout, registers, accesses, error)) << error;
    Memory before = first;
    Memory after = run(before, layout, registers);
    EXPECT_TRUE(after != before) << "the command does nothing";

    // Outside the writes nothing changed.
    Memory restored = after;
    for (const Access &access : accesses)
      if (access.isWrite)
        restored.copy(access, before);
    EXPECT_TRUE(restored == before) << "writes outside its accesses";

    // With other bytes everywhere but in its accesses, it writes the same.
    Memory otherBefore = second;
    for (const Access &access : accesses)
      otherBefore.copy(access, before);
    Memory otherAfter = run(otherBefore, layout, registers);
    Memory expected = otherBefore;
    for (const Access &access : accesses)
      if (access.isWrite)
        expected.copy(access, after);
    EXPECT_TRUE(otherAfter == expected) << "reads outside its accesses";
  }

  sim::Simulator machine{1};
  std::span<uint8_t> global;
  Memory first{1}, second{2};
};

/// A TIU command on a result of [n, c, h, w] at `address`.
Registers tiu(uint32_t function, uint32_t n, uint32_t c, uint32_t h, uint32_t w,
              uint32_t precision) {
  Registers r;
  r.cmd_id_en = 1;
  r.tsk_eu_typ = function;
  r.res0_n = n;
  r.res0_c = c;
  r.res0_h = h;
  r.res0_w = w;
  r.res0_prec = r.opd0_prec = r.opd1_prec = r.opd2_prec = precision;
  r.opd0_sign = r.opd1_sign = r.opd2_sign = 1;
  r.res0_addr = 0x30000;
  r.opd0_addr = 0x00000;
  r.opd1_addr = 0x10000;
  r.opd2_addr = 0x20000;
  r.opd3_addr = 0x28000;
  return r;
}

TEST_F(AccessSimulatorTest, ElementWise) {
  for (uint32_t c : {1u, 64u, 70u, 130u}) {
    Registers r = tiu(2, 2, c, 3, 5, kF32);
    r.tsk_opd_num = 2;
    check(Layout::SAr, r);
    r.opd1_str = 2; // a scalar for each channel
    check(Layout::SAr, r);
    r.opd0_str = 1;
    r.res0_prec = r.opd0_prec = r.opd1_prec = kF16;
    check(Layout::SAr, r);
  }
}

TEST_F(AccessSimulatorTest, ElementWiseFromAnyLane) {
  Registers r = tiu(2, 2, 70, 3, 5, kF32);
  r.tsk_opd_num = 2;
  for (uint32_t *address : {&r.res0_addr, &r.opd0_addr, &r.opd1_addr})
    *address += 60 * sim::kLaneBytes;
  check(Layout::SAr, r);
}

TEST_F(AccessSimulatorTest, ElementWiseWithStrides) {
  Registers r = tiu(19, 2, 70, 3, 5, kF32);
  r.tsk_opd_num = 1;
  r.opd0_str = r.res0_str = 3;
  r.opd0_n_str = 200;
  r.opd0_c_str = 90;
  r.opd0_h_str = 1;
  r.opd0_w_str = 16;
  r.res0_n_str = 400;
  r.res0_c_str = 150;
  r.res0_h_str = 30;
  r.res0_w_str = 2;
  check(Layout::SAr, r);
}

TEST_F(AccessSimulatorTest, AccumulationReadsItsResult) {
  Registers r = tiu(18, 1, 70, 3, 5, kF32);
  r.tsk_opd_num = 3;
  r.opd2_const = 1;
  r.opd2_addr = 0;
  check(Layout::SAr, r);
}

TEST_F(AccessSimulatorTest, Convolution) {
  for (uint32_t precision : {kF32, kF16, kI8}) {
    Registers r = tiu(0, 2, 70, 6, 6, precision);
    r.res0_prec = precision == kI8 ? kI32 : kF32;
    r.opd0_c = 35;
    r.opd0_h = r.opd0_w = 8;
    r.opd1_h = r.opd1_w = 3;
    r.res_op_x_str = r.res_op_y_str = 1;
    r.opd2_const = precision == kI8;
    r.opd2_addr = r.opd2_const ? 0 : r.opd2_addr;
    r.opd3_const = 1;
    r.opd3_addr = 0;
    check(Layout::SConv, r);
    // The chip does not accumulate convolutions of f32.
    if (precision == kF32)
      continue;
    r.res_add = 1;
    check(Layout::SConv, r);
  }
}

TEST_F(AccessSimulatorTest, Pooling) {
  for (uint32_t function : {0u, 1u, 4u}) {
    Registers r = tiu(function, 2, 70, 6, 7, kF32);
    r.opd0_h = 8;
    r.opd0_w = 8;
    r.opd1_h = 3;
    r.opd1_w = 2;
    r.res_op_x_str = r.res_op_y_str = 1;
    r.opd3_const = 1;
    r.opd3_addr = 0;
    if (function == 1) {
      r.opd1_const = 1;
      r.opd1_addr = 0x3f800000;
    }
    check(Layout::SPord, r);
  }
}

TEST_F(AccessSimulatorTest, MatrixProductOfRows) {
  for (uint32_t function : {4u, 5u, 6u}) {
    Registers r = tiu(function, 1, 70, 1, 20, kF16);
    uint32_t rows = 70, columns = 20, depth = 40;
    r.res0_c = rows;
    r.res0_w = columns;
    // Stored shape of the right operand.
    r.opd1_c = function == 4 ? depth : function == 5 ? columns : rows;
    r.opd1_w = function == 4 ? columns : depth;
    r.opd2_const = 1;
    check(Layout::SMm2, r);
  }
}

TEST_F(AccessSimulatorTest, MatrixProductOfBlocks) {
  Registers r = tiu(1, 1, 3, 1, 16, kF32);
  r.opd0_n = 7;
  r.opd0_c = 2;
  r.opd0_w = 10;
  r.opd1_w = 9;
  check(Layout::SMm, r);
  r.left_tran = 1;
  r.opd2_const = 1;
  r.res_add = 1;
  check(Layout::SMm, r);
}

TEST_F(AccessSimulatorTest, CompareAndSpecialFunctions) {
  check(Layout::SCmp, tiu(22, 1, 70, 3, 5, kI32));
  Registers cmp = tiu(22, 1, 70, 3, 5, kI32);
  cmp.res1_addr = 0x38000;
  check(Layout::SCmp, cmp);
  check(Layout::SLin, tiu(1, 2, 70, 3, 5, kF32));
  Registers taylor = tiu(13, 1, 70, 3, 5, kF32);
  taylor.opd1_n = 7;
  check(Layout::SSfu, taylor);
  Registers rsqrt = tiu(17, 1, 70, 3, 5, kF32);
  rsqrt.opd2_n_str = 3;
  check(Layout::SSfu, rsqrt);
}

TEST_F(AccessSimulatorTest, TranspositionAndBroadcast) {
  for (uint32_t function : {0u, 1u, 2u, 3u}) {
    Registers r = tiu(function, 2, 33, 3, 70, kF16);
    bool swaps = function < 2;
    r.opd0_c = swaps ? 70 : function == 3 ? 1 : 33;
    r.opd0_w = swaps ? 33 : 70;
    check(Layout::STransBc, r);
  }
}

TEST_F(AccessSimulatorTest, GatherInsideALane) {
  for (uint32_t table : {0u, 4u}) {
    Registers r = tiu(5, 2, 70, 1, 25, kF32);
    r.opd0_h = 1;
    r.opd0_w = 40;
    r.opd1_c = 70;
    r.opd1_w = 25;
    r.opd1_prec = kI8;
    r.opd0_str = table;
    check(Layout::SSg, r);
  }
}

/// A move of f16 elements between `from` and `to`, [2, 70, 3, 5], densely
/// packed outside local memory and EU-aligned inside.
Registers move(uint64_t from, uint64_t to) {
  Registers r;
  r.cmd_id_en = 1;
  r.src_data_format = kF16;
  r.nchw_copy = 1;
  r.src_nsize = 2;
  r.src_csize = 70;
  r.src_hsize = 3;
  r.src_wsize = 5;
  r.src_start_addr_l32 = uint32_t(from);
  r.src_start_addr_h8 = uint32_t(from >> 32);
  r.dst_start_addr_l32 = uint32_t(to);
  r.dst_start_addr_h8 = uint32_t(to >> 32);
  r.localmem_mask_l32 = r.localmem_mask_h32 = 0xffffffff;
  return r;
}

constexpr uint64_t kGlobalSource = sim::kGlobalBase + 0x1000;
constexpr uint64_t kGlobalResult = sim::kGlobalBase + 0x80000;

TEST_F(AccessSimulatorTest, TensorMoves) {
  check(Layout::DmaTensor, move(kGlobalSource, kLocalBase + 0x100));
  check(Layout::DmaTensor, move(kLocalBase + 0x100, kGlobalResult));
  check(Layout::DmaTensor, move(kGlobalSource, kGlobalResult));
  check(Layout::DmaTensor,
        move(kLocalBase, kLocalBase + 5 * sim::kLaneBytes + 0x4000));
  Registers masked = move(kGlobalSource, kLocalBase + 0x100);
  masked.localmem_mask_l32 = 0xff;
  check(Layout::DmaTensor, masked);
  Registers fill = move(0, kLocalBase + 0x100);
  fill.fill_constant_en = 1;
  fill.constant_value = 0x4242;
  check(Layout::DmaTensor, fill);
}

TEST_F(AccessSimulatorTest, StridedTensorMoves) {
  Registers r = move(kGlobalSource, kLocalBase + 0x200);
  r.stride_enable = 1;
  r.src_nstride = 50000;
  r.src_cstride = 700;
  r.src_hstride = 200;
  r.src_wstride = 7;
  r.dst_nstride = 500;
  r.dst_cstride = 200;
  r.dst_hstride = 40;
  r.dst_wstride = 1;
  check(Layout::DmaTensor, r);
}

TEST_F(AccessSimulatorTest, TransposingMoves) {
  Registers r = move(kGlobalSource, kLocalBase + 0x100);
  r.nchw_copy = 0;
  r.cmd_special_function = 1;
  r.dst_nsize = 70;
  r.dst_csize = 2;
  r.dst_hsize = 3;
  r.dst_wsize = 5;
  check(Layout::DmaTensor, r);
  r.cmd_special_function = 0;
  r.dst_nsize = 2;
  r.dst_csize = 5;
  r.dst_wsize = 70;
  check(Layout::DmaCwTranspose, r);
  r.cmd_special_function = 4;
  check(Layout::DmaTensor, r);
}

TEST_F(AccessSimulatorTest, MatrixMoves) {
  Registers r = move(kGlobalSource, kLocalBase + 0x100);
  r.nchw_copy = 0;
  r.stride_enable = 1;
  r.src_nsize = r.src_csize = 0;
  r.src_hsize = 7;
  r.src_wsize = 50;
  r.src_hstride = 60;
  r.dst_nsize = 7;
  r.dst_csize = 4;
  r.dst_wsize = 16;
  r.dst_nstride = 32;
  r.dst_cstride = 32;
  check(Layout::DmaMatrix, r);
  r.cmd_special_function = 1;
  r.dst_nsize = 50;
  r.dst_csize = 2;
  r.dst_wsize = 4;
  check(Layout::DmaMatrix, r);
}

TEST_F(AccessSimulatorTest, LinearMoves) {
  Registers r = move(kGlobalSource, kLocalBase + sim::kLaneBytes - 100);
  r.src_cstride = 300;
  check(Layout::SDmaGeneral, r);
  Registers broadcast = move(kGlobalSource, kLocalBase + 2 * sim::kLaneBytes);
  broadcast.cmd_special_function = 1;
  broadcast.src_cstride = 100;
  broadcast.dst_csize = 10;
  check(Layout::SDmaGeneral, broadcast);
}

TEST_F(AccessSimulatorTest, RowGather) {
  Registers r = move(kGlobalSource, kGlobalResult);
  r.stride_enable = 1;
  r.constant_value = 0x3c00;
  r.src_csize = r.dst_csize = 5;
  r.src_hsize = 20;
  r.src_wsize = r.dst_wsize = 6;
  r.dst_hsize = 8;
  r.src_cstride = 120;
  r.src_hstride = 6;
  r.dst_cstride = 48;
  r.dst_hstride = 6;
  r.index_csize = 1;
  r.index_hsize = 8;
  r.index_cstride = 8;
  r.index_hstride = 1;
  r.index_start_addr_l32 = 0x40000;
  r.index_start_addr_h8 = 1;
  check(Layout::DmaGather, r);
}

} // namespace
