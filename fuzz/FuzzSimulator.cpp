//===- FuzzSimulator.cpp - Arbitrary commands in the simulator ------------===//
//
// Every command that decodes either runs within the limits or is refused with
// a reason, and touches no byte outside the simulated memories.
//
//===----------------------------------------------------------------------===//

#include "Simulator/Functional/Simulator.h"
#include "Streams.h"

#include <cstring>

using namespace tpuc;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // One chip for all inputs, its memory set anew: making one takes longer than
  // a command.
  static sim::Simulator simulator(1);
  static const bool prepared = [] {
    simulator.allocateGlobal(sim::kGlobalBase, 1 << 20);
    sim::Limits limits;
    limits.operations = 1 << 20;
    simulator.setLimits(limits);
    return true;
  }();
  (void)prepared;
  if (size == 0)
    return 0;
  simulator.useReferenceCode(data[0] & 1);
  // Indices and masks come from memory: the input's own bytes.
  auto local = simulator.localMemory();
  constexpr size_t kTouched = 1024;
  for (size_t lane = 0; lane < sim::kLanes; ++lane) {
    uint8_t *memory = local.data() + lane * sim::kLaneBytes;
    std::memset(memory, 0, kTouched);
    std::memcpy(memory, data, std::min(size, kTouched));
  }
  std::memcpy(simulator.memory(sim::kGlobalBase, kTouched).data(), data,
              std::min(size, kTouched));
  constexpr unsigned kCommands = 8;
  fuzz::forEachCommand({data + 1, size - 1}, kCommands,
                       [&](codec::Engine, codec::Layout layout,
                           const codec::Registers &registers) {
                         auto failure = simulator.execute(layout, registers);
                         if (failure && failure->reason.empty())
                           __builtin_trap();
                       });
  return 0;
}
