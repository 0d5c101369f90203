//===- Residency.cpp - What local memory holds when -----------------------===//
//
// Follows every line of a lane through the commands in the order of their
// start: written, read, overwritten. A line stands for the same line of all
// lanes.
//
//===----------------------------------------------------------------------===//

#include "Arch/BM1684X.h"
#include "ProfileInternal.h"
#include "Target/BM1684X/Access.h"
#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::timing;
using codec::Engine;
using codec::Layout;
using codec::Registers;
using llvm::Error;
using llvm::Expected;

namespace {

constexpr uint32_t kLaneBytes = kBM1684X.laneBytes;
constexpr uint32_t kLines = kLaneBytes / kResidencyBytes;

/// A part of local memory that a command touches, in lines.
struct Touch {
  uint64_t lanes;
  uint16_t begin, end;
  bool isWrite;
};

/// What a line holds.
struct Line {
  bool held = false;
  bool read = false; ///< since it was written
  uint32_t command = 0;
  uint64_t lanes = 0; ///< that were written
  int64_t firstCycle = 0, lastCycle = 0;

  bool sameValue(const Line &other) const {
    return held && other.held && command == other.command &&
           firstCycle == other.firstCycle && lastCycle == other.lastCycle;
  }
};

class LocalMemory {
public:
  explicit LocalMemory(std::vector<Residency> &residencies)
      : lines(kLines), residencies(residencies) {}

  void read(const Touch &touch, int64_t lastCycle) {
    for (uint32_t i = touch.begin; i < touch.end; ++i)
      if (Line &line = lines[i]; line.held && (line.lanes & touch.lanes)) {
        line.read = true;
        line.lastCycle = std::max(line.lastCycle, lastCycle);
      }
  }

  void write(const Touch &touch, uint32_t command, int64_t firstCycle,
             int64_t lastCycle) {
    for (uint32_t i = touch.begin; i < touch.end;) {
      uint32_t end = i + 1;
      // Several commands may fill the lanes of one value.
      if (lines[i].held && !lines[i].read && !(lines[i].lanes & touch.lanes)) {
        lines[i].lanes |= touch.lanes;
        lines[i].lastCycle = std::max(lines[i].lastCycle, lastCycle);
        i = end;
        continue;
      }
      while (end < touch.end && lines[i].sameValue(lines[end]))
        ++end;
      close(i, end);
      for (; i < end; ++i)
        lines[i] = {true, false, command, touch.lanes, firstCycle, lastCycle};
    }
  }

  void closeAll() {
    for (uint32_t i = 0; i < kLines;) {
      uint32_t end = i + 1;
      while (end < kLines && lines[i].sameValue(lines[end]))
        ++end;
      close(i, end);
      i = end;
    }
  }

private:
  void close(uint32_t begin, uint32_t end) {
    const Line &line = lines[begin];
    if (line.held)
      residencies.push_back({uint16_t(begin), uint16_t(end), line.firstCycle,
                             line.lastCycle, line.command});
  }

  std::vector<Line> lines;
  std::vector<Residency> &residencies;
};

} // namespace

Expected<std::vector<Residency>>
tpuc::timing::findResidencies(const target::Stage &stage,
                              const Profile &profile, uint64_t *unknown) {
  // The touches of command i are [begins[i], begins[i + 1]).
  std::vector<Touch> touches;
  std::vector<size_t> begins;
  std::vector<target::Access> accesses;
  uint64_t failed = 0;
  for (Engine engine : {Engine::Tiu, Engine::Gdma}) {
    auto visit = [&](size_t, size_t, Layout layout, const Registers &r) {
      begins.push_back(touches.size());
      accesses.clear();
      std::string reason;
      failed += !target::findAccesses(layout, r, accesses, reason);
      for (const target::Access &access : accesses) {
        if (access.space != target::Space::Local || access.end > kLaneBytes)
          continue;
        touches.push_back(
            {access.lanes, uint16_t(access.begin / kResidencyBytes),
             uint16_t((access.end + kResidencyBytes - 1) / kResidencyBytes),
             access.isWrite});
      }
    };
    if (Error error = detail::visitQueue(stage, engine, visit))
      return std::move(error);
  }
  begins.push_back(touches.size());
  if (unknown)
    *unknown = failed;

  const std::vector<CommandProfile> &commands = profile.commands;
  if (begins.size() != commands.size() + 1)
    return llvm::createStringError("the profile is of another stage");
  std::vector<uint32_t> order(commands.size());
  for (uint32_t i = 0; i < order.size(); ++i)
    order[i] = i;
  llvm::sort(order, [&](uint32_t a, uint32_t b) {
    return std::pair(commands[a].start, a) < std::pair(commands[b].start, b);
  });

  std::vector<Residency> residencies;
  LocalMemory memory(residencies);
  for (uint32_t index : order) {
    const CommandProfile &command = commands[index];
    int64_t last = command.start + std::max<int64_t>(command.cycles, 1) - 1;
    for (bool isWrite : {false, true})
      for (size_t i = begins[index]; i < begins[index + 1]; ++i) {
        if (touches[i].isWrite != isWrite)
          continue;
        if (isWrite)
          memory.write(touches[i], index, command.start, last);
        else
          memory.read(touches[i], last);
      }
  }
  memory.closeAll();
  return residencies;
}
