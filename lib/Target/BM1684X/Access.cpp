//===- Access.cpp - Tensors as byte ranges --------------------------------===//
//
// Turns tensors in local and linear memory into few byte ranges that cover
// them. Which tensors a command has is said in AccessTiu.cpp and
// AccessGdma.cpp.
//
//===----------------------------------------------------------------------===//

#include "AccessInternal.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::target;
using namespace tpuc::target::detail;

namespace {

/// More ranges than this for a tensor are merged, innermost first.
constexpr uint64_t kMaxRanges = 64;

/// Wide enough for every product of two 32-bit registers and an element size.
using Wide = unsigned __int128;

/// Bytes from the first to behind the last element, at most what 64 bits hold.
uint64_t extent(const Shape &shape, const Strides &strides, uint64_t bytes) {
  Wide last = Wide(shape.n - 1) * strides.n + Wide(shape.c - 1) * strides.c +
              Wide(shape.h - 1) * strides.h + Wide(shape.w - 1) * strides.w;
  Wide size = (last + 1) * bytes;
  constexpr uint64_t kMost = ~uint64_t(0) >> 1;
  return size > kMost ? kMost : uint64_t(size);
}

bool isEmpty(const Shape &shape) {
  return shape.n == 0 || shape.c == 0 || shape.h == 0 || shape.w == 0;
}

/// Lanes [first, last], with 0 <= first and last < kLanes.
uint64_t laneMask(uint64_t first, uint64_t last) {
  return (kAllLanes >> (kLanes - 1 - last)) & (kAllLanes << first);
}

} // namespace

const char *target::spaceName(Space space) {
  switch (space) {
  case Space::Local:
    return "local";
  case Space::Static:
    return "static";
  case Space::L2:
    return "L2";
  case Space::Global:
    return "global";
  }
  return "unknown";
}

const Region *target::detail::findRegion(uint64_t address) {
  for (const Region &region : kRegions)
    if (address >= region.begin && address < region.end)
      return &region;
  return nullptr;
}

Strides target::detail::euAligned(const Shape &shape, uint64_t lane,
                                  uint64_t bytes) {
  uint64_t row = alignTo(shape.h * shape.w * bytes, kEuBytes) / bytes;
  return {row * channelRows(lane, shape.c), row, shape.w, 1};
}

Strides target::detail::compact(const Shape &shape, uint64_t lane) {
  uint64_t row = shape.h * shape.w;
  return {row * channelRows(lane, shape.c), row, shape.w, 1};
}

Strides target::detail::lineAligned(const Shape &shape, uint64_t lane,
                                    uint64_t bytes) {
  uint64_t line = alignTo(shape.w * bytes, kEuBytes) / bytes;
  uint64_t row = line * shape.h;
  return {row * channelRows(lane, shape.c), row, line, 1};
}

Strides target::detail::contiguous(const Shape &shape) {
  uint64_t plane = shape.h * shape.w;
  return {shape.c * plane, plane, shape.w, 1};
}

bool Collector::fail(std::string reason) {
  if (ok)
    error = std::move(reason);
  ok = false;
  return false;
}

void Collector::emit(Direction direction, Space space, uint64_t lanes,
                     uint64_t begin, uint64_t end) {
  accesses.push_back({space, direction == Write, lanes, begin, end});
}

void Collector::cover(Direction direction, Space space, uint64_t lanes,
                      uint64_t base, std::array<Level, 4> levels,
                      uint64_t bytes) {
  // A stride of zero repeats the same bytes.
  for (Level &level : levels)
    if (level.count <= 1 || level.stride == 0)
      level = {1, 0, 0};
  std::sort(levels.begin(), levels.end(),
            [](const Level &a, const Level &b) { return a.stride < b.stride; });
  uint64_t run = bytes;
  unsigned first = 0;
  auto absorb = [&] {
    run += levels[first].stride * (levels[first].count - 1);
    ++first;
  };
  while (first < levels.size() &&
         levels[first].stride <= run + levels[first].slack)
    absorb();
  auto ranges = [&] {
    uint64_t count = 1;
    for (unsigned i = first; i < levels.size() && count <= kMaxRanges; ++i)
      count *= levels[i].count;
    return count;
  };
  while (ranges() > kMaxRanges)
    absorb();

  uint64_t count = ranges();
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t rest = i, at = base;
    for (unsigned k = first; k < levels.size(); ++k) {
      at += rest % levels[k].count * levels[k].stride;
      rest /= levels[k].count;
    }
    emit(direction, space, lanes, at, at + run);
  }
}

bool Collector::inside(const char *operand, Space space, uint64_t base,
                       const Shape &shape, const Strides &strides,
                       uint64_t bytes, uint64_t begin, uint64_t end) {
  uint64_t last = base + extent(shape, strides, bytes);
  if (base >= begin && last <= end)
    return true;
  return fail(std::string(operand) + " leaves the " + spaceName(space) +
              " memory: bytes " + std::to_string(base) + " to " +
              std::to_string(last) + " of " + std::to_string(begin) + " to " +
              std::to_string(end));
}

void Collector::local(Direction direction, const char *operand,
                      uint64_t address, const Shape &shape,
                      const Strides &strides, uint64_t bytes, uint64_t mask) {
  if (!ok || isEmpty(shape))
    return;
  uint64_t lane = address / kLaneBytes, offset = address % kLaneBytes;
  if (lane >= kLanes) {
    fail(std::string(operand) + " has address " + std::to_string(address) +
         ", which is not in local memory");
    return;
  }
  uint64_t rows = channelRows(lane, shape.c);
  if (!inside(operand, Space::Local, offset, {shape.n, rows, shape.h, shape.w},
              strides, bytes, 0, kLaneBytes))
    return;
  // A gap below the alignment cannot hold anything else.
  uint64_t slack = kEuBytes - 1;
  auto rowsIn = [&](uint64_t lanes, uint64_t firstRow, uint64_t count) {
    if ((lanes &= mask) == 0 || count == 0)
      return;
    cover(direction, Space::Local, lanes, offset + firstRow * strides.c * bytes,
          {Level{shape.n, strides.n * bytes, slack},
           Level{count, strides.c * bytes, slack},
           Level{shape.h, strides.h * bytes, 0},
           Level{shape.w, strides.w * bytes, 0}},
          bytes);
  };
  uint64_t lastLane = (lane + shape.c - 1) % kLanes;
  if (rows == 1) {
    rowsIn(laneMask(lane, lastLane), 0, 1);
    return;
  }
  // Lanes before the first channel's lack row 0, lanes behind the last
  // channel's lack the last row.
  uint64_t hasFirst = kAllLanes << lane;
  uint64_t hasLast = kAllLanes >> (kLanes - 1 - lastLane);
  rowsIn(hasFirst & hasLast, 0, rows);
  rowsIn(hasFirst & ~hasLast, 0, rows - 1);
  rowsIn(~hasFirst & hasLast, 1, rows - 1);
  rowsIn(~hasFirst & ~hasLast, 1, rows - 2);
}

void Collector::lanes(Direction direction, const char *operand, uint64_t offset,
                      uint64_t size, uint64_t mask) {
  if (!ok || size == 0 || mask == 0)
    return;
  if (offset + size > kLaneBytes) {
    fail(std::string(operand) + " leaves the local memory: bytes " +
         std::to_string(offset) + " to " + std::to_string(offset + size) +
         " of 0 to " + std::to_string(kLaneBytes));
    return;
  }
  emit(direction, Space::Local, mask, offset, offset + size);
}

void Collector::mapped(Direction direction, const char *operand,
                       uint64_t address, const Shape &shape,
                       const Strides &strides, uint64_t bytes, uint64_t mask) {
  if (!ok || isEmpty(shape))
    return;
  const Region *region = findRegion(address);
  if (!region) {
    fail(std::string(operand) + " has address " + std::to_string(address) +
         ", which is in no memory");
    return;
  }
  if (region->space == Space::Local) {
    local(direction, operand, address - region->begin, shape, strides, bytes,
          mask);
    return;
  }
  if (inside(operand, region->space, address, shape, strides, bytes,
             region->begin, region->end))
    cover(direction, region->space, kAllLanes, address,
          {Level{shape.n, strides.n * bytes, 0},
           Level{shape.c, strides.c * bytes, 0},
           Level{shape.h, strides.h * bytes, 0},
           Level{shape.w, strides.w * bytes, 0}},
          bytes);
}

void Collector::linear(Direction direction, const char *operand,
                       uint64_t address, uint64_t size) {
  if (!ok || size == 0)
    return;
  const Region *region = findRegion(address);
  if (!region || size > region->end - address) {
    fail(std::string(operand) + " of " + std::to_string(size) +
         " bytes at address " + std::to_string(address) +
         " is in no memory or leaves it");
    return;
  }
  if (region->space != Space::Local) {
    emit(direction, region->space, kAllLanes, address, address + size);
    return;
  }
  for (uint64_t at = address - region->begin, left = size; left != 0;) {
    uint64_t offset = at % kLaneBytes;
    uint64_t part = std::min(left, kLaneBytes - offset);
    emit(direction, Space::Local, uint64_t(1) << (at / kLaneBytes), offset,
         offset + part);
    at += part;
    left -= part;
  }
}

bool target::findAccesses(codec::Layout layout,
                          const codec::Registers &registers,
                          std::vector<Access> &accesses, std::string &error) {
  Collector collector(accesses, error);
  if (codec::layoutInfo(layout).engine == codec::Engine::Tiu)
    collectTiu(layout, registers, collector);
  else
    collectGdma(layout, registers, collector);
  return collector.isOk();
}
