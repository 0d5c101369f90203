//===- Residency.cpp - Who stays in local memory --------------------------===//
//
// Starts with everything resident and gives up what holds the most memory for
// the longest time for the least traffic saved.
//
//===----------------------------------------------------------------------===//

#include "Residency.h"

#include "TileChoice.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::group;

Residency::Residency(Memory &memory, const Options &options)
    : memory(memory), localBytes(options.localBytes),
      ranges(memory.places.size()), uses(memory.places.size()) {
  const Program &program = memory.program;
  std::vector<bool> isWritten(memory.places.size());
  for (unsigned op = 0; op < program.operators.size(); ++op) {
    for (unsigned value : program.operators[op].operands) {
      ranges[value].last = op;
      ++uses[value];
    }
    for (unsigned value : program.operators[op].results) {
      if (!isWritten[value])
        ranges[value] = {op, op};
      isWritten[value] = true;
      ranges[value].last = std::max(ranges[value].last, op);
    }
  }
  for (unsigned value = 0; value < memory.places.size(); ++value) {
    const Value &info = program.values[value];
    Place &place = memory.places[value];
    place.isResident = options.keepResident && info.split.isKnown() &&
                       !info.isInput && !info.isOutput && !info.isFused &&
                       memory.isAddressable(value) &&
                       memory.laneBytes(value) <= localBytes;
    place.isGlobal = !place.isResident && !info.isFused;
    place.cause = info.isInput || info.isOutput ? Cause::Caller
                  : !options.keepResident       ? Cause::Off
                  : !info.split.isKnown() || !memory.isAddressable(value)
                      ? Cause::NoLanes
                  : memory.laneBytes(value) > localBytes ? Cause::TooLarge
                                                         : Cause::Fits;
  }
}

int64_t Residency::heldAt(unsigned op) const {
  int64_t bytes = 0;
  for (unsigned value = 0; value < ranges.size(); ++value)
    if (memory.places[value].isResident && ranges[value].contains(op))
      bytes += memory.laneBytes(value);
  return bytes;
}

void Residency::evict(unsigned value, Cause cause, unsigned op) {
  Place &place = memory.places[value];
  place.isResident = false;
  place.isGlobal = true;
  place.cause = cause;
  place.causeOp = op;
}

double Residency::trafficOf(unsigned value) const {
  return double(memory.program.values[value].bytes) *
         (1.0 + double(uses[value]));
}

std::optional<unsigned> Residency::victimAt(unsigned op) const {
  std::optional<unsigned> victim;
  double bestScore = 0;
  for (unsigned value = 0; value < ranges.size(); ++value) {
    if (!memory.places[value].isResident || !ranges[value].contains(op))
      continue;
    double duration = double(ranges[value].last - ranges[value].first + 1);
    double score =
        double(memory.laneBytes(value)) * duration / trafficOf(value);
    if (!victim || score > bestScore) {
      victim = value;
      bestScore = score;
    }
  }
  return victim;
}

bool Residency::evictAt(unsigned op) {
  std::optional<unsigned> victim = victimAt(op);
  if (victim)
    evict(*victim, Cause::NoRoom, op);
  return victim.has_value();
}

void Residency::relieve() {
  const Program &program = memory.program;
  for (unsigned op = 0; op < program.operators.size(); ++op) {
    auto need = [&] {
      int64_t bytes = 0;
      for (const auto &kernel : program.operators[op].kernels)
        if (auto *tiled =
                dynamic_cast<const kernel::TiledKernel *>(kernel.get()))
          bytes = std::max(bytes, leastBytes(*tiled, memory));
      return bytes;
    };
    while (heldAt(op) + need() > localBytes && evictAt(op))
      ;
  }
}
