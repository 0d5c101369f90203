//===- AccessInternal.h - Tensors as byte ranges ----------------*- C++ -*-===//
//
// Shared by the parts of the access computation: the chip's memories, tensors
// in local and linear memory, and the collector that turns them into ranges.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_TARGET_BM1684X_ACCESSINTERNAL_H
#define TPUC_LIB_TARGET_BM1684X_ACCESSINTERNAL_H

#include "Arch/BM1684X.h"
#include "Target/BM1684X/Access.h"

#include <array>

namespace tpuc::target::detail {

constexpr uint64_t kLanes = kBM1684X.lanes;
constexpr uint64_t kLaneBytes = kBM1684X.laneBytes;
constexpr uint64_t kEuBytes = kBM1684X.vectorBytes;
constexpr uint64_t kAllLanes = ~uint64_t(0);

/// A memory's place in the chip's address map.
struct Region {
  Space space;
  uint64_t begin, end;
};
constexpr Region kLocal = {Space::Local, kBM1684X.localBase,
                           kBM1684X.localEnd()};
constexpr Region kRegions[] = {
    kLocal,
    {Space::Static, kBM1684X.staticBase,
     kBM1684X.staticBase + kBM1684X.staticBytes},
    {Space::L2, kBM1684X.l2Base, kBM1684X.l2Base + kBM1684X.l2Bytes},
    {Space::Global, kBM1684X.globalBase, kBM1684X.globalEnd()},
};

/// Bytes of an element by precision code, or 0 for codes that the access
/// computation does not know (4-bit elements).
constexpr uint64_t elementBytes(uint32_t precision) {
  constexpr uint8_t bytes[8] = {1, 2, 4, 2, 4, 2, 0, 0};
  return bytes[precision & 7];
}

constexpr uint64_t alignTo(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}
constexpr uint64_t ceilDiv(uint64_t value, uint64_t divisor) {
  return (value + divisor - 1) / divisor;
}

struct Shape {
  uint64_t n, c, h, w;
};

/// Strides in elements; in local memory `c` is that of a lane's channel rows.
struct Strides {
  uint64_t n, c, h, w;
};

/// Channel rows of a lane for `channels` from lane `first` on.
constexpr uint64_t channelRows(uint64_t first, uint64_t channels) {
  return ceilDiv(first + channels, kLanes);
}

/// The implied layouts of local memory.
Strides euAligned(const Shape &shape, uint64_t lane, uint64_t bytes);
Strides compact(const Shape &shape, uint64_t lane);
Strides lineAligned(const Shape &shape, uint64_t lane, uint64_t bytes);
/// Row-major order of linear memory.
Strides contiguous(const Shape &shape);

/// Collects the ranges of one command. The first failure stays; later calls do
/// nothing.
class Collector {
public:
  Collector(std::vector<Access> &accesses, std::string &error)
      : accesses(accesses), error(error) {}

  enum Direction : bool { Read = false, Write = true };

  /// A tensor in local memory at `address` (lane * kLaneBytes + byte), only in
  /// the lanes of `mask`.
  void local(Direction direction, const char *operand, uint64_t address,
             const Shape &shape, const Strides &strides, uint64_t bytes,
             uint64_t mask = kAllLanes);

  /// Bytes [offset, offset + size) of the lanes in `mask`.
  void lanes(Direction direction, const char *operand, uint64_t offset,
             uint64_t size, uint64_t mask);

  /// A tensor of any memory at an address of the address map. A local one has
  /// its channels across the lanes.
  void mapped(Direction direction, const char *operand, uint64_t address,
              const Shape &shape, const Strides &strides, uint64_t bytes,
              uint64_t mask = kAllLanes);

  /// `size` bytes in a row from an address of the address map on; in local
  /// memory they run from lane to lane.
  void linear(Direction direction, const char *operand, uint64_t address,
              uint64_t size);

  /// Records why the command cannot be analysed; always false.
  bool fail(std::string reason);

  bool isOk() const { return ok; }

private:
  /// `count` repetitions, `stride` bytes apart. Gaps up to `slack` bytes are
  /// counted as touched.
  struct Level {
    uint64_t count, stride, slack;
  };

  void emit(Direction direction, Space space, uint64_t lanes, uint64_t begin,
            uint64_t end);
  void cover(Direction direction, Space space, uint64_t lanes, uint64_t base,
             std::array<Level, 4> levels, uint64_t bytes);
  bool inside(const char *operand, Space space, uint64_t base,
              const Shape &shape, const Strides &strides, uint64_t bytes,
              uint64_t begin, uint64_t end);

  std::vector<Access> &accesses;
  std::string &error;
  bool ok = true;
};

/// The memory that holds `address`, or null.
const Region *findRegion(uint64_t address);

/// What the commands of each queue touch.
void collectTiu(codec::Layout layout, const codec::Registers &registers,
                Collector &collector);
void collectGdma(codec::Layout layout, const codec::Registers &registers,
                 Collector &collector);

} // namespace tpuc::target::detail

#endif // TPUC_LIB_TARGET_BM1684X_ACCESSINTERNAL_H
