//===- ProbeTest.cpp - The simulator against recorded results -------------===//
//
// Replays single commands whose results were recorded on the reference model:
// all memory must be equal, whether the fast or the plain code runs.
//
//===----------------------------------------------------------------------===//

#include "ProbeFile.h"

#include <gtest/gtest.h>

using namespace tpuc::sim::test;

namespace {

struct Family {
  const char *name;
  /// How many probes the file must hold.
  size_t count;
};

class ProbeTest : public testing::TestWithParam<Family> {};

TEST_P(ProbeTest, EveryProbeLeavesTheRecordedMemory) {
  std::vector<Probe> probes = readProbes(std::string(TPUC_TEST_INPUTS "/") +
                                         GetParam().name + ".probes");
  EXPECT_EQ(probes.size(), GetParam().count);
  ProbeMachine machine;
  for (const Probe &probe : probes)
    for (bool reference : {false, true}) {
      SCOPED_TRACE(probe.name + (reference ? ", plain code" : ", fast code"));
      EXPECT_EQ(machine.run(probe, reference), "");
      EXPECT_EQ(machine.digest(), probe.result);
    }
}

std::string nameOf(const testing::TestParamInfo<Family> &info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    Families, ProbeTest,
    testing::Values(Family{"elementwise", 112}, Family{"convolution", 72},
                    Family{"matrix", 47}, Family{"functions", 64},
                    Family{"gather", 21}, Family{"gdma", 47},
                    Family{"extra", 138}, Family{"special", 96}),
    nameOf);

} // namespace
