//===- RandomCommandsTest.cpp - Any bytes are safe, any path the same -----===//
//
// Random registers in every layout: nothing crashes or leaves its memory, and
// plain code, vectorised code and several threads give the same bits.
//
//===----------------------------------------------------------------------===//

#include "LaneTensor.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::sim;
using namespace tpuc::sim::test;
using codec::Layout;
using codec::Registers;

namespace {

/// Registers that often make sense: small sizes, addresses apart, types alike.
Registers randomRegisters(Layout layout, std::mt19937 &engine) {
  Registers r;
  const codec::LayoutInfo &info = codec::layoutInfo(layout);
  for (const codec::FieldInfo &field : info.fields) {
    std::string name = codec::fieldName(field.id);
    uint64_t value = engine();
    auto has = [&](const char *part) {
      return name.find(part) != std::string::npos;
    };
    if (has("_addr"))
      value = engine() % 4 * 0x10000 + engine() % 4 * 64;
    else if (has("_prec") || has("format"))
      value = 1 + engine() % 2;
    else if (has("opd1_h") || has("opd1_w"))
      value = 1 + engine() % 3;
    else if (has("_n") || has("_c") || has("_h") || has("_w") || has("size"))
      value = 1 + engine() % 9;
    else if (has("pad") || has("ins0") || has("opd2_n_str"))
      value = engine() % 3;
    else if (has("x_str") || has("y_str"))
      value = 1;
    else
      value = engine() % 2;
    uint64_t mask =
        field.width == 64 ? ~uint64_t(0) : (uint64_t(1) << field.width) - 1;
    codec::setField(r, field.id, value & mask);
  }
  codec::setFunctionCode(info.engine, r,
                         info.functions[engine() % info.functions.size()].code);
  r.tsk_lane_num = ~uint64_t(0);
  r.localmem_mask_l32 = r.localmem_mask_h32 = 0xffffffff;
  if (info.engine == codec::Engine::Gdma) {
    r.src_start_addr_l32 += uint32_t(kLocalBase);
    r.dst_start_addr_l32 += uint32_t(kLocalBase);
    r.src_start_addr_h8 = r.dst_start_addr_h8 = 0;
  }
  return r;
}

void fillLocal(Simulator &simulator, unsigned seed) {
  std::mt19937 engine(seed);
  std::span<uint8_t> local = simulator.localMemory();
  for (unsigned lane = 0; lane < kLanes; ++lane)
    for (size_t i = 0; i < 0x48000 && i < kLaneBytes; i += 2) {
      // Ordinary f16 values; as f32 they are ordinary too.
      uint16_t half = uint16_t(0x3000 + engine() % 0x1000);
      std::memcpy(&local[size_t(lane) * kLaneBytes + i], &half, 2);
    }
}

TEST(RandomCommandsTest, EveryPathGivesTheSameBits) {
  Simulator fast(1), plain(1), threaded(3);
  plain.useReferenceCode(true);
  for (Simulator *simulator : {&fast, &plain, &threaded})
    fillLocal(*simulator, 1);
  std::mt19937 engine(2);
  unsigned ran = 0;
  for (unsigned round = 0; round < 1500; ++round) {
    Layout layout = Layout(engine() % codec::kNumLayouts);
    Registers r = randomRegisters(layout, engine);
    auto first = fast.execute(layout, r);
    auto second = plain.execute(layout, r);
    auto third = threaded.execute(layout, r);
    ASSERT_EQ(bool(first), bool(second));
    ASSERT_EQ(bool(first), bool(third));
    if (first) {
      EXPECT_EQ(first->reason, second->reason);
      continue;
    }
    ++ran;
    if (round % 50 == 0) {
      ASSERT_TRUE(std::ranges::equal(fast.localMemory(), plain.localMemory()))
          << codec::layoutInfo(layout).name << " function " << r.tsk_eu_typ;
      ASSERT_TRUE(
          std::ranges::equal(fast.localMemory(), threaded.localMemory()));
    }
  }
  EXPECT_GT(ran, 100u);
  EXPECT_TRUE(std::ranges::equal(fast.localMemory(), plain.localMemory()));
}

TEST(RandomCommandsTest, RandomBitsAreRefusedOrExecuted) {
  Simulator simulator(1);
  simulator.allocateGlobal(kGlobalBase, 1 << 16);
  std::mt19937 engine(3);
  for (unsigned round = 0; round < 20000; ++round) {
    auto queue = codec::Engine(engine() % 2);
    std::vector<uint8_t> bytes(128);
    for (uint8_t &byte : bytes)
      byte = engine() % 3 ? 0 : uint8_t(engine());
    if (queue == codec::Engine::Tiu)
      (void)simulator.run(bytes, {});
    else
      (void)simulator.run({}, bytes);
  }
}

TEST(RandomCommandsTest, RandomFieldsAreRefusedOrExecuted) {
  Simulator simulator(1);
  simulator.allocateGlobal(kGlobalBase, 1 << 16);
  std::mt19937 engine(4);
  for (unsigned round = 0; round < 20000; ++round) {
    Layout layout = Layout(engine() % codec::kNumLayouts);
    Registers r = randomRegisters(layout, engine);
    // One or two fields of any value.
    const codec::LayoutInfo &info = codec::layoutInfo(layout);
    for (unsigned i = 0; i < 2; ++i) {
      const codec::FieldInfo &field =
          info.fields[engine() % info.fields.size()];
      uint64_t mask =
          field.width == 64 ? ~uint64_t(0) : (uint64_t(1) << field.width) - 1;
      codec::setField(r, field.id,
                      (uint64_t(engine()) << 32 | engine()) & mask);
    }
    (void)simulator.execute(layout, r);
  }
}

} // namespace
