//===- DamagedFilesTest.cpp - Files with flipped bits and cut ends --------===//
//
// A container with commands of every family is damaged in 2,000 ways. Each copy
// is refused with a reason, or its commands run, or are refused, within limits;
// the timing model replays what was read.
//
//===----------------------------------------------------------------------===//

#include "ProbeFile.h"
#include "Simulator/Timing/Timing.h"
#include "Target/BM1684X/Bmodel.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <gtest/gtest.h>
#include <random>

using namespace tpuc;
using namespace tpuc::sim;
using namespace tpuc::sim::test;

namespace {

constexpr unsigned kFiles = 1000;

void append(std::vector<uint8_t> &stream, codec::Layout layout,
            const codec::Registers &registers) {
  std::vector<uint8_t> bytes(codec::layoutInfo(layout).bytes);
  std::string error;
  ASSERT_TRUE(codec::encode(layout, registers, bytes, error)) << error;
  stream.insert(stream.end(), bytes.begin(), bytes.end());
}

/// A container that runs every fourth of the recorded probes' commands.
std::string soundFile() {
  std::vector<uint8_t> streams[2];
  uint32_t counts[2] = {0, 0};
  unsigned number = 0;
  for (const char *family : {"elementwise", "convolution", "matrix",
                             "functions", "gather", "gdma", "extra"})
    for (const Probe &probe :
         readProbes(std::string(TPUC_TEST_INPUTS "/") + family + ".probes")) {
      if (number++ % 4)
        continue;
      for (const ProbeCommand &command : probe.commands) {
        auto layout = codec::peekLayout(command.engine, command.bytes);
        codec::Registers registers;
        std::string error;
        EXPECT_TRUE(codec::decode(*layout, command.bytes, registers, error));
        unsigned queue = unsigned(command.engine);
        registers.cmd_id = ++counts[queue];
        registers.cmd_id_dep = queue ? 0 : counts[1] / 2;
        append(streams[queue], *layout, registers);
      }
    }
  codec::Registers end;
  end.tsk_eu_typ = 31;
  append(streams[0], codec::Layout::Sysid, end);
  append(streams[1], codec::Layout::SDmaSys, codec::Registers());

  target::Bmodel model;
  model.version = "2.2+test";
  model.time = "now";
  target::Stage stage;
  stage.inputs.push_back(
      {"in", target::DataType::F32, {1024}, kGlobalBase, 4096, 1.0f, 0});
  stage.outputs.push_back({"out",
                           target::DataType::F32,
                           {1024},
                           kGlobalBase + 0x100000,
                           4096,
                           1.0f,
                           0});
  stage.contextAddress = kGlobalBase;
  stage.contextSize = 4 << 20;
  target::Bytes tiu = model.keep(streams[0]);
  stage.groups.push_back(
      {tiu, model.keep(streams[1]), counts[0] + 1, counts[1] + 1});
  model.networks.push_back({"net", {stage}});
  std::string bytes;
  llvm::raw_string_ostream os(bytes);
  llvm::Error error = target::serializeBmodel(model, os);
  EXPECT_FALSE(error) << llvm::toString(std::move(error));
  return bytes;
}

/// What became of the copies.
struct Outcomes {
  unsigned notRead = 0, refused = 0, ran = 0;
};

class DamagedFilesTest : public testing::Test {
protected:
  DamagedFilesTest() {
    Limits limits;
    limits.operations = 100'000'000;
    limits.globalBytes = 64 << 20;
    simulator.setLimits(limits);
  }

  /// Reads and runs one copy.
  void open(std::string bytes) {
    auto begin = std::chrono::steady_clock::now();
    auto model =
        target::parseBmodel(llvm::MemoryBuffer::getMemBufferCopy(bytes));
    if (!model) {
      EXPECT_NE(llvm::toString(model.takeError()), "");
      ++outcomes.notRead;
      return;
    }
    for (const target::Network &network : model->networks)
      for (const target::Stage &stage : network.stages)
        run(stage);
    // A second is far beyond the limit; the machine may be busy.
    std::chrono::duration<double> seconds =
        std::chrono::steady_clock::now() - begin;
    EXPECT_LT(seconds.count(), 30);
  }

  void run(const target::Stage &stage) {
    simulator.unmapGlobal();
    if (simulator.allocateGlobal(stage.contextAddress, stage.contextSize)
            .empty()) {
      ++outcomes.refused;
      return;
    }
    for (const target::CommandGroup &group : stage.groups) {
      if (auto failure = simulator.run(group.tiu, group.gdma)) {
        EXPECT_NE(failure->reason, "");
        EXPECT_NE(failure->number, 0u);
        ++outcomes.refused;
      } else {
        ++outcomes.ran;
      }
      replay(group);
    }
  }

  void replay(const target::CommandGroup &group) {
    std::vector<timing::TimedCommand> queues[2];
    for (codec::Engine engine : {codec::Engine::Tiu, codec::Engine::Gdma})
      EXPECT_FALSE(target::forEachCommand(
          engine, engine == codec::Engine::Tiu ? group.tiu : group.gdma,
          [&](size_t, size_t, codec::Layout layout,
              const codec::Registers &registers) {
            queues[unsigned(engine)].push_back({layout, registers});
            return llvm::Error::success();
          }));
    timing::Totals totals;
    std::string error;
    if (!timing::replay(queues[0], queues[1],
                        timing::TimingParameters::vendor(), totals, nullptr,
                        error))
      EXPECT_NE(error, "");
  }

  void report() {
    RecordProperty("not_read", int(outcomes.notRead));
    RecordProperty("refused", int(outcomes.refused));
    RecordProperty("ran", int(outcomes.ran));
    std::printf("not read %u, refused %u, ran %u\n", outcomes.notRead,
                outcomes.refused, outcomes.ran);
  }

  Simulator simulator{1};
  Outcomes outcomes;
};

TEST_F(DamagedFilesTest, TheSoundFileRuns) {
  open(soundFile());
  EXPECT_EQ(outcomes.ran, 1u);
}

TEST_F(DamagedFilesTest, FlippedBits) {
  std::string sound = soundFile();
  std::mt19937_64 random(1);
  for (unsigned i = 0; i < kFiles; ++i) {
    SCOPED_TRACE("file " + std::to_string(i));
    std::string damaged = sound;
    // The streams are most of the file; every second copy has its head hit.
    size_t range = i % 2 ? damaged.size() : 4096;
    for (unsigned flips = 1 + i % 8; flips > 0; --flips)
      damaged[random() % range] ^= char(1 << (random() % 8));
    open(std::move(damaged));
  }
  report();
  EXPECT_GT(outcomes.notRead, 0u);
  EXPECT_GT(outcomes.refused, 0u);
  EXPECT_GT(outcomes.ran, 0u);
}

TEST_F(DamagedFilesTest, CutEnds) {
  std::string sound = soundFile();
  std::mt19937_64 random(2);
  for (unsigned i = 0; i < kFiles; ++i) {
    SCOPED_TRACE("file " + std::to_string(i));
    open(sound.substr(0, random() % sound.size()));
  }
  report();
  // Nothing may run that lacks a part.
  EXPECT_EQ(outcomes.notRead, kFiles);
}

} // namespace
