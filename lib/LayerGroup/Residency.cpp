//===- Residency.cpp - Who stays in local memory --------------------------===//
//
// Starts with everything resident and spills by bytes times live range over the
// traffic that the value saves.
//
//===----------------------------------------------------------------------===//

#include "Residency.h"

#include "TileChoice.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::group;

Residency::Residency(AllocationMap &allocations, const Options &options)
    : allocations(allocations), localBytes(options.localBytes),
      ranges(allocations.byValue.size()), uses(allocations.byValue.size()),
      held(allocations.program.operators.size()),
      live(held.size() / kSpan + 1) {
  const Program &program = allocations.program;
  std::vector<bool> isWritten(allocations.byValue.size());
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
  for (unsigned value = 0; value < allocations.byValue.size(); ++value) {
    const Value &info = program.values[value];
    Allocation &allocation = allocations.byValue[value];
    allocation.isResident = options.keepResident && info.layout.isKnown() &&
                            !info.isInput && !info.isOutput && !info.isFused &&
                            allocations.isAddressable(value) &&
                            allocations.laneBytes(value) <= localBytes;
    allocation.isGlobal = !allocation.isResident && !info.isFused;
    allocation.cause =
        info.isInput || info.isOutput ? Cause::Caller
        : !options.keepResident       ? Cause::Off
        : !info.layout.isKnown() || !allocations.isAddressable(value)
            ? Cause::NoLanes
        : allocations.laneBytes(value) > localBytes ? Cause::TooLarge
                                                    : Cause::Fits;
    if (!allocation.isResident)
      continue;
    hold(value, allocations.laneBytes(value));
    for (unsigned span = ranges[value].first / kSpan;
         span <= ranges[value].last / kSpan; ++span)
      live[span].push_back(value);
  }
}

void Residency::hold(unsigned value, int64_t bytes) {
  const OpRange &range = ranges[value];
  for (unsigned op = range.first; op <= range.last && op < held.size(); ++op)
    held[op] += bytes;
}

void Residency::evict(unsigned value, Cause cause, unsigned op) {
  Allocation &allocation = allocations.byValue[value];
  if (allocation.isResident)
    hold(value, -allocations.laneBytes(value));
  allocation.isResident = false;
  allocation.isGlobal = true;
  allocation.cause = cause;
  allocation.causeOp = op;
}

double Residency::trafficOf(unsigned value) const {
  return double(allocations.program.values[value].bytes) *
         (1.0 + double(uses[value]));
}

std::optional<unsigned> Residency::victimAt(unsigned op) const {
  std::optional<unsigned> victim;
  double bestScore = 0;
  for (unsigned value : live[op / kSpan]) {
    if (!allocations.byValue[value].isResident || !ranges[value].contains(op))
      continue;
    double duration = double(ranges[value].last - ranges[value].first + 1);
    double score =
        double(allocations.laneBytes(value)) * duration / trafficOf(value);
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
  const Program &program = allocations.program;
  for (unsigned op = 0; op < program.operators.size(); ++op) {
    auto need = [&] {
      int64_t bytes = 0;
      for (const auto &kernel : program.operators[op].kernels)
        if (auto *tiled =
                dynamic_cast<const kernel::TiledKernel *>(kernel.get()))
          bytes = std::max(bytes, leastBytes(*tiled, allocations));
      return bytes;
    };
    while (heldAt(op) + need() > localBytes && evictAt(op))
      ;
  }
}
