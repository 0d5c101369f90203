//===- TimingTest.cpp - Command costs and queue overlap -------------------===//
//
// Compares the formulas with recorded costs of commands, and checks the rules
// by which the two queues overlap.
//
//===----------------------------------------------------------------------===//

#include "Simulator/Timing/Timing.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>

using namespace tpuc;
using namespace tpuc::timing;
using codec::FieldId;
using codec::Layout;
using codec::Registers;

namespace {

std::map<std::string, Layout> layoutsByName() {
  std::map<std::string, Layout> layouts;
  for (unsigned i = 0; i < codec::kNumLayouts; ++i)
    layouts[codec::layoutInfo(Layout(i)).name] = Layout(i);
  return layouts;
}

TEST(TimingTest, RecordedCommandsCostWhatWasRecorded) {
  std::ifstream file(std::string(TPUC_TEST_INPUTS) + "/commands.txt");
  ASSERT_TRUE(file.is_open());
  auto layouts = layoutsByName();
  TimingParameters parameters = TimingParameters::vendor();
  parameters.freeZeroRowStride = true;
  Layout layout = Layout::Sysid;
  std::vector<FieldId> fields;
  unsigned compared = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#')
      continue;
    std::istringstream words(line);
    std::string word;
    if (!isdigit(line[0])) {
      words >> word;
      ASSERT_TRUE(layouts.count(word)) << word;
      layout = layouts[word];
      fields.clear();
      while (words >> word) {
        auto field = codec::findField(word);
        ASSERT_TRUE(field) << word;
        fields.push_back(*field);
      }
      continue;
    }
    uint64_t expected, value;
    words >> expected;
    Registers registers;
    for (FieldId field : fields) {
      ASSERT_TRUE(words >> value) << line;
      codec::setField(registers, field, value);
    }
    EXPECT_EQ(cycles(layout, registers, parameters), expected)
        << codec::layoutInfo(layout).name << " " << line;
    ++compared;
  }
  EXPECT_GT(compared, 1900u);
}

Registers elementwise(uint32_t w) {
  Registers r;
  r.tsk_eu_typ = 2; // add
  r.tsk_opd_num = 2;
  r.res0_prec = r.opd0_prec = r.opd1_prec = 2; // f32
  r.res0_n = r.res0_h = 1;
  r.res0_c = 64;
  r.res0_w = w;
  r.res0_addr = 0x4000;
  r.opd0_addr = 0x8000;
  r.opd1_addr = 0xc000;
  return r;
}

Registers load(uint32_t w) {
  Registers r;
  r.src_data_format = 2;
  r.src_nsize = r.src_csize = r.src_hsize = 1;
  r.src_wsize = w;
  r.src_hstride = r.dst_hstride = w;
  r.src_wstride = r.dst_wstride = 1;
  r.src_start_addr_h8 = 1;
  r.dst_start_addr_l32 = 0x08000000;
  return r;
}

TEST(TimingTest, SystemCommandsCostNothing) {
  EXPECT_EQ(cycles(Layout::Sysid, Registers(), TimingParameters::silicon()),
            0u);
  EXPECT_EQ(cycles(Layout::SDmaSys, Registers(), TimingParameters::silicon()),
            0u);
}

TEST(TimingTest, SiliconProfileAddsIssueCostAndLatency) {
  auto vendor = TimingParameters::vendor();
  auto silicon = TimingParameters::silicon();
  EXPECT_EQ(cycles(Layout::SAr, elementwise(64), silicon),
            cycles(Layout::SAr, elementwise(64), vendor) + 20);
  EXPECT_GT(cycles(Layout::DmaTensor, load(4096), silicon),
            cycles(Layout::DmaTensor, load(4096), vendor) + 300);
}

TEST(TimingTest, ZeroRowStrideIsChargedUnlessAskedNotTo) {
  Registers r = load(64);
  r.src_hsize = 8;
  r.src_hstride = 0;
  TimingParameters parameters;
  EXPECT_GT(cycles(Layout::DmaTensor, r, parameters), 0u);
  parameters.freeZeroRowStride = true;
  EXPECT_EQ(cycles(Layout::DmaTensor, r, parameters), 0u);
}

TEST(TimingTest, DdrTrafficCountsTheGlobalSideOnly) {
  DdrTraffic traffic = ddrTraffic(Layout::DmaTensor, load(100));
  EXPECT_EQ(traffic.readBytes, 400u);
  EXPECT_EQ(traffic.writtenBytes, 0u);
  Registers fill = load(100);
  fill.fill_constant_en = 1;
  EXPECT_EQ(ddrTraffic(Layout::DmaTensor, fill).readBytes, 0u);
}

TEST(TimingTest, HostileSizesDoNotOverflow) {
  Registers r = load(0xffff);
  r.src_nsize = r.src_csize = r.src_hsize = 0xffff;
  r.src_wstride = r.dst_wstride = r.src_nstride = 0xffffffff;
  cycles(Layout::DmaTensor, r, TimingParameters::vendor());
  cycles(Layout::DmaMatrix, Registers(), TimingParameters::vendor());
  for (unsigned i = 0; i < codec::kNumLayouts; ++i)
    cycles(Layout(i), Registers(), TimingParameters::vendor());
}

TEST(TimelineTest, IndependentCommandsOverlap) {
  Timeline timeline;
  auto dma = timeline.add(Layout::DmaTensor, load(4096), 0);
  auto tiu = timeline.add(Layout::SAr, elementwise(64), 0);
  ASSERT_TRUE(dma && tiu);
  EXPECT_EQ(dma->start, 0);
  EXPECT_EQ(tiu->start, 0);
  EXPECT_EQ(tiu->end, 3);
  EXPECT_EQ(timeline.totals().cycles, uint64_t(dma->end + 1));
  EXPECT_EQ(timeline.totals().tiuCommands, 1u);
  EXPECT_EQ(timeline.totals().ddrReadBytes, 4096u * 4);
}

TEST(TimelineTest, ACommandStartsAfterWhatItWaitsFor) {
  Timeline timeline;
  auto dma = timeline.add(Layout::DmaTensor, load(4096), 0);
  auto tiu = timeline.add(Layout::SAr, elementwise(64), 1);
  auto next = timeline.add(Layout::SAr, elementwise(64), 0);
  ASSERT_TRUE(dma && tiu && next);
  EXPECT_EQ(tiu->start, dma->end + 1);
  EXPECT_EQ(next->start, tiu->end + 1);
}

TEST(TimelineTest, AnUnknownDependencyIsRefused) {
  Timeline timeline;
  EXPECT_FALSE(timeline.add(Layout::SAr, elementwise(64), 1));
  EXPECT_EQ(timeline.totals().tiuCommands, 0u);
}

TEST(ReplayTest, QueuesOfAStreamAreInterleavedByDependency) {
  Registers waiting = elementwise(64);
  waiting.cmd_id_dep = 2;
  std::vector<TimedCommand> tiu = {{Layout::SAr, waiting}, {Layout::Sysid, {}}};
  std::vector<TimedCommand> gdma = {{Layout::DmaTensor, load(64)},
                                    {Layout::DmaTensor, load(64)}};
  Totals totals;
  std::vector<CommandTiming> records;
  std::string error;
  ASSERT_TRUE(replay(tiu, gdma, {}, totals, &records, error)) << error;
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records.back().engine, codec::Engine::Tiu);
  EXPECT_EQ(totals.gdmaCommands, 2u);
}

TEST(ReplayTest, ADeadlockNamesTheCommand) {
  Registers waiting = elementwise(64);
  waiting.cmd_id_dep = 3;
  std::vector<TimedCommand> tiu = {{Layout::SAr, waiting}};
  Totals totals;
  std::string error;
  EXPECT_FALSE(replay(tiu, {}, {}, totals, nullptr, error));
  EXPECT_EQ(error, "tiu command 1 waits for command 3 of the gdma queue, which "
                   "never runs");
}

} // namespace
