//===- ProfileTest.cpp - Where the time of a stage goes -------------------===//
//
// Profiles stages of a few commands that are encoded here.
//
//===----------------------------------------------------------------------===//

#include "Simulator/Timing/Profile.h"

#include <gtest/gtest.h>

using namespace tpuc;
using namespace tpuc::timing;
using codec::Engine;
using codec::Layout;
using codec::Registers;

namespace {

constexpr uint64_t kGlobal = 0x1'0000'0000;

/// Encodes commands and numbers them.
class StageBuilder {
public:
  void add(Layout layout, Registers registers, uint32_t dependency) {
    const codec::LayoutInfo &info = codec::layoutInfo(layout);
    unsigned queue = unsigned(info.engine);
    registers.cmd_id = ++ids[queue];
    registers.cmd_id_dep = dependency;
    std::vector<uint8_t> &bytes = queues[queue];
    bytes.resize(bytes.size() + info.bytes);
    std::string error;
    EXPECT_TRUE(codec::encode(layout, registers,
                              std::span(bytes).last(info.bytes), error))
        << error;
  }

  /// One group of the commands added so far; the builder keeps the bytes.
  target::Stage finish() {
    Registers end;
    end.tsk_eu_typ = 31;
    add(Layout::Sysid, end, 0);
    add(Layout::SDmaSys, Registers(), 0);
    target::Stage stage;
    stage.coefficients.address = kGlobal;
    stage.contextAddress = kGlobal + 0x10000;
    stage.contextSize = 0x10000;
    stage.groups.push_back({queues[0], queues[1], ids[0], ids[1]});
    return stage;
  }

private:
  std::vector<uint8_t> queues[2];
  uint32_t ids[2] = {0, 0};
};

Registers copy(uint64_t source, uint64_t destination) {
  Registers r;
  r.src_data_format = 2;
  r.stride_enable = 1;
  r.localmem_mask_l32 = r.localmem_mask_h32 = 0xffffffff;
  r.src_nsize = r.src_csize = r.src_hsize = 1;
  r.src_wsize = 256;
  r.dst_nsize = r.dst_csize = r.dst_hsize = 1;
  r.dst_wsize = 256;
  r.src_hstride = r.dst_hstride = 256;
  r.src_wstride = r.dst_wstride = 1;
  r.src_start_addr_h8 = source >> 32;
  r.src_start_addr_l32 = uint32_t(source);
  r.dst_start_addr_h8 = destination >> 32;
  r.dst_start_addr_l32 = uint32_t(destination);
  return r;
}

Registers multiply() {
  Registers r;
  r.tsk_eu_typ = 4; // columns of the right side as they lie
  r.res0_prec = r.opd0_prec = 1;
  r.res0_c = 8;
  r.res0_w = 16;
  r.opd1_c = 32;
  return r;
}

TEST(ProfileTest, CountsMultiplyAccumulatesOfRealSizes) {
  EXPECT_EQ(countMacs(Layout::SMm2, multiply()), 8u * 16 * 32);
  Registers conv;
  conv.res0_n = 2;
  conv.res0_c = 3;
  conv.res0_h = conv.res0_w = 5;
  conv.opd0_c = 7;
  conv.opd1_h = conv.opd1_w = 3;
  EXPECT_EQ(countMacs(Layout::Conv, conv), 2u * 3 * 25 * 7 * 9);
  EXPECT_EQ(countMacs(Layout::SAr, conv), 0u);
}

TEST(ProfileTest, TellsTrafficByAddress) {
  StageBuilder builder;
  builder.add(Layout::DmaTensor, copy(kGlobal + 0x10000, 0x0800'0000), 0);
  builder.add(Layout::DmaTensor, copy(kGlobal + 0x10000, kGlobal + 0x11000), 0);
  builder.add(Layout::DmaTensor, copy(kGlobal + 0x90000, 0x0800'0000), 0);
  target::Stage stage = builder.finish();
  auto profile = timing::profile(stage, {});
  ASSERT_TRUE(bool(profile));
  ASSERT_EQ(profile->commands.size(), 3u);
  EXPECT_EQ(profile->commands[0].readCause, Cause::Activations);
  EXPECT_EQ(profile->commands[0].writeCause, Cause::None);
  EXPECT_EQ(profile->commands[1].readCause, Cause::Permutes);
  EXPECT_EQ(profile->commands[1].writeCause, Cause::Permutes);
  EXPECT_EQ(profile->commands[2].readCause, Cause::Other);
  EXPECT_EQ(profile->totals.ddrReadBytes, 3u * 1024);
}

TEST(ProfileTest, TellsSpillsFromActivationsByTheOperation) {
  StageBuilder builder;
  constexpr uint64_t kLocal = 0x0800'0000;
  // Operation 0 reads back what it wrote, operation 1 reads it once more.
  builder.add(Layout::DmaTensor, copy(kLocal, kGlobal + 0x10000), 0);
  builder.add(Layout::DmaTensor, copy(kLocal, kGlobal + 0x11000), 0);
  builder.add(Layout::DmaTensor, copy(kGlobal + 0x10000, kLocal), 0);
  builder.add(Layout::DmaTensor, copy(kGlobal + 0x11000, kLocal), 0);
  target::Stage stage = builder.finish();
  target::SideTable table;
  table.layers = {{"a", "tpu.a"}, {"b", "tpu.b"}};
  table.groups = {{{}, {0, 0, 0, 1}}};
  stage.sideTable = table;
  auto profile = timing::profile(stage, {});
  ASSERT_TRUE(bool(profile));
  EXPECT_EQ(profile->commands[0].writeCause, Cause::Spills);
  EXPECT_EQ(profile->commands[1].writeCause, Cause::Activations);
  EXPECT_EQ(profile->commands[2].readCause, Cause::Spills);
  EXPECT_EQ(profile->commands[3].readCause, Cause::Activations);

  // Scheduled together, both read what their own group wrote.
  stage.sideTable->fusedGroups = {"ab"};
  for (target::SideTable::Layer &layer : stage.sideTable->layers)
    layer.fusedGroup = 0;
  profile = timing::profile(stage, {});
  ASSERT_TRUE(bool(profile));
  EXPECT_EQ(profile->commands[1].writeCause, Cause::Spills);
  EXPECT_EQ(profile->commands[3].readCause, Cause::Spills);
}

TEST(ProfileTest, OnlyTheLastWriterOfAnOutputWritesOutputs) {
  StageBuilder builder;
  constexpr uint64_t kLocal = 0x0800'0000;
  for (int i = 0; i < 2; ++i)
    builder.add(Layout::DmaTensor, copy(kLocal, kGlobal + 0x10000), 0);
  target::Stage stage = builder.finish();
  stage.outputs.push_back(
      {"out", target::DataType::F32, {256}, kGlobal + 0x10000, 1024});
  auto profile = timing::profile(stage, {});
  ASSERT_TRUE(bool(profile));
  EXPECT_EQ(profile->commands[0].writeCause, Cause::Activations);
  EXPECT_EQ(profile->commands[1].writeCause, Cause::Outputs);
}

TEST(ProfileTest, OperationsThatOnlyMoveArePermutes) {
  StageBuilder builder;
  constexpr uint64_t kLocal = 0x0800'0000;
  builder.add(Layout::DmaTensor, copy(kGlobal + 0x10000, kLocal), 0);
  builder.add(Layout::DmaTensor, copy(kLocal, kGlobal + 0x12000), 0);
  target::Stage stage = builder.finish();
  target::SideTable table;
  table.layers = {{"transpose", "tpu.permute"}};
  table.groups = {{{}, {0, 0}}};
  stage.sideTable = table;
  auto profile = timing::profile(stage, {});
  ASSERT_TRUE(bool(profile));
  EXPECT_EQ(profile->commands[0].readCause, Cause::Permutes);
  EXPECT_EQ(profile->commands[1].writeCause, Cause::Permutes);
}

TEST(ProfileTest, CriticalCyclesAddUpToTheTotal) {
  StageBuilder builder;
  builder.add(Layout::SMm2, multiply(), 0);
  builder.add(Layout::DmaTensor, copy(kGlobal, 0x0800'0000), 0);
  builder.add(Layout::SMm2, multiply(), 1);
  builder.add(Layout::DmaTensor, copy(0x0800'0000, kGlobal), 2);
  target::Stage stage = builder.finish();
  auto profile = timing::profile(stage, {});
  ASSERT_TRUE(bool(profile));
  int64_t critical = 0;
  for (const CommandProfile &command : profile->commands)
    critical += command.critical ? command.cycles : 0;
  EXPECT_EQ(uint64_t(critical), profile->totals.cycles);
  // The first product runs beside the load.
  EXPECT_FALSE(profile->commands[0].critical);
  EXPECT_EQ(profile->commands[1].dependency, 2);
}

TEST(ProfileTest, ADependencyThatIsNeverMetIsAnError) {
  StageBuilder builder;
  builder.add(Layout::SMm2, multiply(), 5);
  target::Stage stage = builder.finish();
  auto profile = timing::profile(stage, {});
  ASSERT_FALSE(bool(profile));
  EXPECT_NE(llvm::toString(profile.takeError()).find("never runs"),
            std::string::npos);
}

TEST(ResidencyTest, AValueEndsWithItsLastReader) {
  StageBuilder builder;
  builder.add(Layout::DmaTensor, copy(kGlobal, 0x0800'0000), 0);
  builder.add(Layout::DmaTensor, copy(0x0800'0000, kGlobal), 0);
  builder.add(Layout::DmaTensor, copy(kGlobal, 0x0800'0000), 0);
  target::Stage stage = builder.finish();
  auto profile = timing::profile(stage, {});
  ASSERT_TRUE(bool(profile));
  uint64_t unknown = 1;
  auto held = findResidencies(stage, *profile, &unknown);
  ASSERT_TRUE(bool(held));
  EXPECT_EQ(unknown, 0u);
  ASSERT_EQ(held->size(), 2u);
  const Residency &first = held->front();
  EXPECT_EQ(first.begin, 0u);
  EXPECT_EQ(first.end, 1024u / kResidencyBytes);
  EXPECT_EQ(first.command, 0u);
  EXPECT_EQ(first.lastCycle + 1, profile->commands[2].start);
  EXPECT_EQ(held->back().command, 2u);
}

} // namespace
