//===- AllocationTest.cpp - Commands reuse their buffers ------------------===//
//
// Once a command has run, one like it takes no memory from the host: neither
// the fast nor the plain code allocates for every command.
//
//===----------------------------------------------------------------------===//

#include "ProbeFile.h"

#include <atomic>
#include <cstdlib>
#include <gtest/gtest.h>
#include <new>

namespace {
std::atomic<uint64_t> allocations = 0;

void *allocate(size_t bytes) {
  ++allocations;
  if (void *memory = std::malloc(bytes ? bytes : 1))
    return memory;
  std::abort();
}
} // namespace

void *operator new(size_t bytes) { return allocate(bytes); }
void *operator new[](size_t bytes) { return allocate(bytes); }
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete[](void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, size_t) noexcept { std::free(memory); }
void operator delete[](void *memory, size_t) noexcept { std::free(memory); }

using namespace tpuc;
using namespace tpuc::sim;
using namespace tpuc::sim::test;

namespace {

class AllocationTest : public testing::TestWithParam<const char *> {};

TEST_P(AllocationTest, ASecondRunTakesNoMemory) {
  std::vector<Probe> probes =
      readProbes(std::string(TPUC_TEST_INPUTS "/") + GetParam() + ".probes");
  ProbeMachine machine;
  for (const Probe &probe : probes) {
    SCOPED_TRACE(probe.name);
    ASSERT_EQ(machine.run(probe, /*reference=*/false), "");
    std::vector<std::pair<codec::Layout, codec::Registers>> commands;
    for (const ProbeCommand &command : probe.commands) {
      auto layout = codec::peekLayout(command.engine, command.bytes);
      std::string error;
      commands.emplace_back(*layout, codec::Registers());
      ASSERT_TRUE(
          codec::decode(*layout, command.bytes, commands.back().second, error));
    }
    uint64_t before = allocations;
    for (const auto &[layout, registers] : commands)
      EXPECT_FALSE(machine.chip().execute(layout, registers));
    EXPECT_EQ(allocations - before, 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Families, AllocationTest,
                         testing::Values("elementwise", "convolution", "matrix",
                                         "functions", "gather", "gdma",
                                         "extra"),
                         [](const testing::TestParamInfo<const char *> &info) {
                           return std::string(info.param);
                         });

} // namespace
