//===- SchedulerTest.cpp - Streams, ids and refusals ----------------------===//
//
// The two-queue scheduler and the checks that keep a hostile stream from doing
// harm.
//
//===----------------------------------------------------------------------===//

#include "LaneTensor.h"
#include "Simulator/Functional/Stepper.h"

using namespace tpuc;
using namespace tpuc::sim;
using namespace tpuc::sim::test;
using codec::Layout;
using codec::Registers;

namespace {

/// A queue's bytes, command by command.
class Stream {
public:
  void add(Layout layout, Registers registers) {
    registers.cmd_id = ++id;
    append(layout, registers);
  }
  void append(Layout layout, const Registers &registers) {
    std::vector<uint8_t> command(codec::layoutInfo(layout).bytes);
    std::string error;
    EXPECT_TRUE(codec::encode(layout, registers, command, error)) << error;
    bytes.insert(bytes.end(), command.begin(), command.end());
  }
  std::vector<uint8_t> bytes;

private:
  uint32_t id = 0;
};

Registers addConstant(uint32_t from, uint32_t to, float value) {
  Registers r;
  r.tsk_eu_typ = 2;
  r.tsk_opd_num = 2;
  r.res0_prec = r.opd0_prec = r.opd1_prec = 2;
  r.opd0_addr = from;
  r.opd1_const = 1;
  std::memcpy(&r.opd1_addr, &value, 4);
  setResult(r, {1, 1, 1, 16}, to);
  return r;
}

Registers move(uint64_t from, uint64_t to) {
  Registers r;
  r.nchw_copy = 1;
  r.src_data_format = 2;
  r.src_nsize = r.src_csize = r.src_hsize = 1;
  r.src_wsize = 16;
  r.src_start_addr_l32 = uint32_t(from);
  r.src_start_addr_h8 = uint32_t(from >> 32);
  r.dst_start_addr_l32 = uint32_t(to);
  r.dst_start_addr_h8 = uint32_t(to >> 32);
  r.localmem_mask_l32 = r.localmem_mask_h32 = 0xffffffff;
  return r;
}

TEST(SchedulerTest, CommandsRunInTheOrderOfTheirDependencies) {
  Simulator simulator(1);
  auto global = simulator.allocateGlobal(kGlobalBase, 4096);
  ASSERT_FALSE(global.empty());
  std::vector<float> input(16, 1.5f);
  std::memcpy(global.data(), input.data(), 64);
  Stream tiu, gdma;
  gdma.add(Layout::DmaTensor, move(kGlobalBase, kLocalBase));
  Registers add = addConstant(0, 0x4000, 2.0f);
  add.cmd_id_dep = 1;
  tiu.add(Layout::SAr, add);
  Registers store = move(kLocalBase + 0x4000, kGlobalBase + 1024);
  store.cmd_id_dep = 1;
  gdma.add(Layout::DmaTensor, store);
  RunCounts counts;
  auto failure = simulator.run(tiu.bytes, gdma.bytes, &counts);
  ASSERT_FALSE(failure) << failure->str();
  float result;
  std::memcpy(&result, global.data() + 1024 + 60, 4);
  EXPECT_EQ(result, 3.5f);
  EXPECT_EQ(counts.tiuCommands, 1u);
  EXPECT_EQ(counts.gdmaCommands, 2u);
}

TEST(SchedulerTest, ADeadlockNamesTheCommandThatWaits) {
  Simulator simulator(1);
  Stream tiu;
  Registers add = addConstant(0, 0x4000, 2.0f);
  add.cmd_id_dep = 7;
  tiu.add(Layout::SAr, add);
  auto failure = simulator.run(tiu.bytes, {});
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->str(),
            "tiu command 1 at byte 0: it waits for command 7 of the other "
            "queue, which never completes");
}

TEST(SchedulerTest, IdsMustCount) {
  Simulator simulator(1);
  Stream tiu;
  Registers add = addConstant(0, 0x4000, 2.0f);
  add.cmd_id = 3;
  tiu.append(Layout::SAr, add);
  auto failure = simulator.run(tiu.bytes, {});
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->reason, "its id is 3, expected 1");
}

TEST(SchedulerTest, BytesAfterTheEndAreNotLookedAt) {
  Simulator simulator(1);
  Stream tiu;
  Registers end;
  end.tsk_eu_typ = 31;
  tiu.append(Layout::Sysid, end);
  tiu.bytes.insert(tiu.bytes.end(), 100, 0xff);
  EXPECT_FALSE(simulator.run(tiu.bytes, {}));
}

TEST(SchedulerTest, BytesThatAreNoCommandAreRefused) {
  Simulator simulator(1);
  // No task has this type.
  std::vector<uint8_t> garbage(64, 0x10);
  auto failure = simulator.run(garbage, {});
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->number, 1u);
}

TEST(SchedulerTest, ATruncatedCommandIsRefused) {
  Simulator simulator(1);
  Stream tiu;
  tiu.add(Layout::SAr, addConstant(0, 0x4000, 2.0f));
  tiu.bytes.resize(20);
  EXPECT_TRUE(simulator.run(tiu.bytes, {}));
}

TEST(RefusalTest, ATensorThatLeavesItsLane) {
  Simulator simulator(1);
  Registers r = addConstant(0, kLaneBytes - 32, 1.0f);
  EXPECT_NE(reasonOf(simulator, Layout::SAr, r).find("leaves its lane"),
            std::string::npos);
}

TEST(RefusalTest, AMisalignedOperand) {
  Simulator simulator(1);
  Registers r = addConstant(2, 0x4000, 1.0f);
  EXPECT_NE(reasonOf(simulator, Layout::SAr, r).find("not aligned"),
            std::string::npos);
}

TEST(RefusalTest, MoreWorkThanMemory) {
  Simulator simulator(1);
  Registers r = addConstant(0, 0x4000, 1.0f);
  r.res0_str = 3; // strides of 0: every element in one place
  r.res0_n = r.res0_c = r.res0_h = r.res0_w = 0xffff;
  EXPECT_NE(reasonOf(simulator, Layout::SAr, r).find("more elements"),
            std::string::npos);
}

TEST(RefusalTest, GlobalMemoryThatIsNotMapped) {
  Simulator simulator(1);
  simulator.allocateGlobal(kGlobalBase, 4096);
  Registers r = move(kGlobalBase + 4090, kLocalBase);
  EXPECT_NE(reasonOf(simulator, Layout::DmaTensor, r).find("not mapped"),
            std::string::npos);
}

TEST(RefusalTest, ColumnsOfGlobalMemoryThatRepeat) {
  Simulator simulator(1);
  simulator.allocateGlobal(kGlobalBase, 4096);
  auto repeat = [](Registers r) {
    r.stride_enable = 1;
    r.src_nstride = r.src_cstride = r.src_hstride = 16;
    r.dst_nstride = r.dst_cstride = r.dst_hstride = 16;
    r.src_wstride = 0;
    r.dst_wstride = 1;
    return r;
  };
  Registers r = repeat(move(kGlobalBase, kLocalBase));
  EXPECT_NE(reasonOf(simulator, Layout::DmaTensor, r).find("w stride of 0"),
            std::string::npos);
  // In the lanes they may.
  r = repeat(move(kLocalBase, kGlobalBase));
  EXPECT_EQ(reasonOf(simulator, Layout::DmaTensor, r), "");
}

TEST(RefusalTest, RegionsMustNotOverlap) {
  Simulator simulator(1);
  EXPECT_FALSE(simulator.allocateGlobal(kGlobalBase, 4096).empty());
  EXPECT_TRUE(simulator.allocateGlobal(kGlobalBase + 100, 4096).empty());
  EXPECT_TRUE(simulator.allocateGlobal(kGlobalBase - 8, 4).empty());
}

TEST(RefusalTest, UnknownBehaviourNamesTheCommand) {
  Simulator simulator(1);
  Registers r = addConstant(0, 0x4000, 1.0f);
  r.tsk_eu_typ = 12; // division
  r.res0_prec = r.opd0_prec = r.opd1_prec = 1;
  EXPECT_EQ(reasonOf(simulator, Layout::SAr, r),
            "sAR (div): division is supported for f32 only");
}

TEST(LimitTest, ARunStopsBeforeItPassesItsOperations) {
  Simulator simulator(1);
  Limits limits;
  limits.operations = 40;
  simulator.setLimits(limits);
  Stream tiu;
  for (unsigned i = 0; i < 3; ++i)
    tiu.add(Layout::SAr, addConstant(0, 0x1000, 1.0f));
  auto failure = simulator.run(tiu.bytes, {});
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->number, 3u);
  EXPECT_EQ(failure->reason, "the run would pass its limit of 40 operations; "
                             "raise the limit if the stream is sound");
}

TEST(LimitTest, MoreGlobalMemoryThanTheLimitIsNotHandedOut) {
  Simulator simulator(1);
  Limits limits;
  limits.globalBytes = 4096;
  simulator.setLimits(limits);
  EXPECT_EQ(simulator.allocateGlobal(kGlobalBase, 4000).size(), 4000u);
  EXPECT_TRUE(simulator.allocateGlobal(kGlobalBase + 4096, 100).empty());
  EXPECT_FALSE(simulator.allocateGlobal(kGlobalBase + 4096, 96).empty());
}

TEST(StepperTest, RunsOnlyWhatACommandWaitsFor) {
  Simulator simulator(1);
  Stream tiu, gdma;
  tiu.add(Layout::SAr, addConstant(0, 0x1000, 1.0f));
  tiu.add(Layout::SAr, addConstant(0x1000, 0x2000, 1.0f));
  tiu.add(Layout::SAr, addConstant(0x2000, 0x3000, 1.0f));
  Registers second = move(kLocalBase, kLocalBase + 0x4000);
  second.cmd_id_dep = 2;
  gdma.add(Layout::DmaTensor, move(kLocalBase, kLocalBase + 0x5000));
  gdma.add(Layout::DmaTensor, second);
  Stepper stepper(simulator, tiu.bytes, gdma.bytes);
  EXPECT_FALSE(stepper.runUntil(codec::Engine::Gdma, 1));
  EXPECT_EQ(stepper.completed(codec::Engine::Tiu), 0u);
  EXPECT_FALSE(stepper.runUntil(codec::Engine::Gdma, 2));
  EXPECT_EQ(stepper.completed(codec::Engine::Tiu), 2u);
  float value;
  std::memcpy(&value, simulator.localMemory().data() + 0x2000, 4);
  EXPECT_EQ(value, 2.0f);
  EXPECT_FALSE(stepper.runToEnd());
  EXPECT_EQ(stepper.completed(codec::Engine::Tiu), 3u);
}

TEST(StepperTest, NamesACommandThatTheQueueDoesNotHave) {
  Simulator simulator(1);
  Stream tiu;
  tiu.add(Layout::SAr, addConstant(0, 0x1000, 1.0f));
  Stepper stepper(simulator, tiu.bytes, {});
  auto failure = stepper.runUntil(codec::Engine::Tiu, 5);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->reason, "there is no command 5, the queue ends after 1");
}

TEST(StepperTest, ADeadlockEnds) {
  Simulator simulator(1);
  Stream tiu;
  Registers add = addConstant(0, 0x4000, 2.0f);
  add.cmd_id_dep = 7;
  tiu.add(Layout::SAr, add);
  Stepper stepper(simulator, tiu.bytes, {});
  auto failure = stepper.runUntil(codec::Engine::Tiu, 1);
  ASSERT_TRUE(failure);
  EXPECT_NE(failure->reason.find("never completes"), std::string::npos);
}

} // namespace
