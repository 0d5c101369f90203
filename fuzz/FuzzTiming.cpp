//===- FuzzTiming.cpp - Arbitrary commands in the timing model ------------===//
//
// Every command that decodes costs something, under either profile, and a
// replay of both queues ends or says why not.
//
//===----------------------------------------------------------------------===//

#include "Simulator/Timing/Timing.h"
#include "Streams.h"

#include <vector>

using namespace tpuc;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  auto parameters = (data[0] & 1) ? timing::TimingParameters::silicon()
                                  : timing::TimingParameters::vendor();
  std::vector<timing::TimedCommand> queues[2];
  constexpr unsigned kCommands = 64;
  fuzz::forEachCommand({data + 1, size - 1}, kCommands,
                       [&](codec::Engine engine, codec::Layout layout,
                           const codec::Registers &registers) {
                         timing::ddrTraffic(layout, registers);
                         queues[unsigned(engine)].push_back(
                             {layout, registers});
                       });
  timing::Totals totals;
  std::vector<timing::CommandTiming> records;
  std::string error;
  if (!timing::replay(queues[0], queues[1], parameters, totals, &records,
                      error) &&
      error.empty())
    __builtin_trap();
  return 0;
}
