//===- Timing.cpp - Overlap of the two command queues ---------------------===//
//
// The cost of one command from either unit's formulas, and the replay of two
// in-order queues that wait for each other by command number.
//
//===----------------------------------------------------------------------===//

#include "TimingInternal.h"

#include <string>

using namespace tpuc;
using namespace tpuc::timing;
using codec::Engine;
using codec::Layout;
using codec::Registers;

namespace {

bool isGdma(Layout layout) { return layout >= Layout::DmaTensor; }
bool isSystem(Layout layout) {
  return layout == Layout::Sysid || layout == Layout::SDmaSys;
}

} // namespace

TimingParameters TimingParameters::silicon() {
  TimingParameters parameters;
  parameters.tiuIssueCycles = 20;
  parameters.gdmaLatencyCycles = 300;
  parameters.gdmaEfficiency = 0.9;
  parameters.f32ConvMacsPerCycle = 560.0;
  return parameters;
}

uint64_t tpuc::timing::cycles(Layout layout, const Registers &registers,
                              const TimingParameters &parameters) {
  if (isSystem(layout))
    return 0;
  if (isGdma(layout))
    return detail::gdmaCycles(layout, registers, parameters) +
           parameters.gdmaLatencyCycles;
  return detail::tiuCycles(layout, registers, parameters) +
         parameters.tiuIssueCycles;
}

std::optional<Interval> Timeline::add(Layout layout, const Registers &registers,
                                      uint32_t dependency) {
  bool gdma = isGdma(layout);
  std::vector<int64_t> &own = ends[gdma];
  const std::vector<int64_t> &other = ends[!gdma];
  if (isSystem(layout))
    return Interval{own.back() + 1, own.back()};
  if (dependency >= other.size())
    return std::nullopt;
  // Streams from outside can ask for any number of cycles; sums of what is
  // counted here cannot overflow.
  constexpr uint64_t kLongestCommand = uint64_t(1) << 40;
  constexpr int64_t kLatestStart = int64_t(1) << 62;
  int64_t cost =
      int64_t(std::min(cycles(layout, registers, parameters), kLongestCommand));
  Interval interval;
  interval.start =
      std::min(std::max(own.back(), other[dependency]) + 1, kLatestStart);
  interval.end = interval.start + cost - 1;
  own.push_back(interval.end);

  sums.cycles = std::max(sums.cycles, uint64_t(interval.end + 1));
  (gdma ? sums.gdmaBusyCycles : sums.tiuBusyCycles) += uint64_t(cost);
  ++(gdma ? sums.gdmaCommands : sums.tiuCommands);
  if (gdma) {
    DdrTraffic traffic = ddrTraffic(layout, registers);
    sums.ddrReadBytes += traffic.readBytes;
    sums.ddrWrittenBytes += traffic.writtenBytes;
  }
  return interval;
}

void Timeline::clear() {
  sums = {};
  for (std::vector<int64_t> &queue : ends)
    queue.resize(1);
}

bool tpuc::timing::replay(std::span<const TimedCommand> tiu,
                          std::span<const TimedCommand> gdma,
                          const TimingParameters &parameters, Totals &totals,
                          std::vector<CommandTiming> *records,
                          std::string &error) {
  Timeline timeline(parameters);
  std::span<const TimedCommand> queues[2] = {tiu, gdma};
  size_t next[2] = {0, 0};
  uint32_t ids[2] = {0, 0};
  bool progress = true;
  while (progress) {
    progress = false;
    for (int queue : {0, 1}) {
      while (next[queue] < queues[queue].size()) {
        const TimedCommand &command = queues[queue][next[queue]];
        std::optional<Interval> interval =
            timeline.add(command.layout, command.registers);
        if (!interval)
          break;
        ++next[queue];
        progress = true;
        if (isSystem(command.layout) || !records) {
          continue;
        }
        Engine engine = queue ? Engine::Gdma : Engine::Tiu;
        records->push_back({engine, command.layout, ++ids[queue],
                            codec::functionCode(engine, command.registers),
                            uint64_t(interval->end - interval->start + 1),
                            *interval});
      }
    }
  }
  for (int queue : {0, 1})
    if (next[queue] < queues[queue].size()) {
      const Registers &r = queues[queue][next[queue]].registers;
      error = std::string(queue ? "gdma" : "tiu") + " command " +
              std::to_string(next[queue] + 1) + " waits for command " +
              std::to_string(r.cmd_id_dep) + " of the " +
              (queue ? "tiu" : "gdma") + " queue, which never runs";
      return false;
    }
  totals = timeline.totals();
  return true;
}
