//===- SupportTest.cpp - The table of what the simulator runs -------------===//
//
// Makes a table of every function of every command: how many recorded probes it
// equals, or why it is refused. The table is docs/simulator-support.md; with
// TPUC_UPDATE_DOCS=1 in the environment this test writes it.
//
//===----------------------------------------------------------------------===//

#include "ProbeFile.h"

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <sstream>

using namespace tpuc;
using namespace tpuc::sim;
using namespace tpuc::sim::test;

namespace {

constexpr const char *kFamilies[] = {"elementwise", "convolution", "matrix",
                                     "functions",   "gather",      "gdma",
                                     "extra"};

using Key = std::pair<codec::Layout, uint32_t>;

/// Counts of probes, and a command of each layout to try functions on.
struct Recorded {
  std::map<Key, unsigned> probes;
  std::map<codec::Layout, codec::Registers> samples;
};

Recorded readAll() {
  Recorded recorded;
  for (const char *family : kFamilies)
    for (const Probe &probe :
         readProbes(std::string(TPUC_TEST_INPUTS "/") + family + ".probes")) {
      const ProbeCommand &command = probe.commands.back();
      auto layout = codec::peekLayout(command.engine, command.bytes);
      codec::Registers registers;
      std::string error;
      EXPECT_TRUE(codec::decode(*layout, command.bytes, registers, error));
      ++recorded
            .probes[{*layout, codec::functionCode(command.engine, registers)}];
      recorded.samples.emplace(*layout, registers);
    }
  return recorded;
}

/// What the simulator does with a function that no probe has.
std::string tryFunction(Simulator &simulator, const Recorded &recorded,
                        const codec::LayoutInfo &info, codec::Layout layout,
                        uint32_t function) {
  auto sample = recorded.samples.find(layout);
  codec::Registers registers =
      sample == recorded.samples.end() ? codec::Registers() : sample->second;
  codec::setFunctionCode(info.engine, registers, function);
  std::optional<Failure> failure;
  if (layout == codec::Layout::Sysid || layout == codec::Layout::SDmaSys) {
    std::vector<uint8_t> bytes(info.bytes);
    std::string error;
    EXPECT_TRUE(codec::encode(layout, registers, bytes, error)) << error;
    failure = info.engine == codec::Engine::Tiu ? simulator.run(bytes, {})
                                                : simulator.run({}, bytes);
  } else {
    failure = simulator.execute(layout, registers);
  }
  if (!failure)
    return sample == recorded.samples.end() ? "runs" : "runs, not recorded";
  std::string reason = failure->reason;
  std::string prefix = std::string(info.name) + " (";
  if (reason.starts_with(prefix))
    reason = reason.substr(reason.find("): ") + 3);
  return "refused: " + reason;
}

std::string makeTable() {
  Recorded recorded = readAll();
  Simulator simulator(1);
  simulator.allocateGlobal(kGlobalBase, 4 << 20);
  std::ostringstream text;
  text << "# What the simulator runs\n\n"
          "Every function of every command. A number counts the probes whose "
          "results were\nrecorded on the reference model and are equal in all "
          "of memory, with the fast and\nwith the plain code. What is refused "
          "has no known result: the reference model\naborts, or its rule was "
          "not found. Types that a function does not take are refused\nwith "
          "an error of their own.\n\n"
          "| command | function | probes |\n| --- | --- | --- |\n";
  for (unsigned i = 0; i < codec::kNumLayouts; ++i) {
    auto layout = codec::Layout(i);
    const codec::LayoutInfo &info = codec::layoutInfo(layout);
    if (layout == codec::Layout::Lar) {
      text << "| " << info.name << " | all | "
           << tryFunction(simulator, recorded, info, layout, 0) << " |\n";
      continue;
    }
    for (const codec::FunctionInfo &function : info.functions) {
      text << "| " << info.name << " | " << function.keyword << " | ";
      auto count = recorded.probes.find({layout, function.code});
      if (count != recorded.probes.end())
        text << count->second;
      else
        text << tryFunction(simulator, recorded, info, layout, function.code);
      text << " |\n";
    }
  }
  return text.str();
}

TEST(SupportTest, TheTableIsCurrent) {
  std::string table = makeTable();
  const char *path = TPUC_DOCS "/simulator-support.md";
  if (std::getenv("TPUC_UPDATE_DOCS"))
    std::ofstream(path) << table;
  std::ifstream file(path);
  std::ostringstream written;
  written << file.rdbuf();
  EXPECT_EQ(written.str(), table)
      << "run this test with TPUC_UPDATE_DOCS=1 to bring " << path
      << " up to date";
}

} // namespace
