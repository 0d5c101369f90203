//===- AllocationMap.cpp - Where values lie -------------------------------===//
//
// Translates strides of a row-major tensor into strides within lanes.
//
//===----------------------------------------------------------------------===//

#include "AllocationMap.h"
#include "Support/IntMath.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::group;
using namespace tpuc::kernel;

AllocationMap::AllocationMap(const Program &program)
    : program(program), byValue(program.values.size()) {
  for (unsigned i = 0; i < program.values.size(); ++i)
    byOffset.push_back(i);
  std::sort(byOffset.begin(), byOffset.end(), [&](unsigned a, unsigned b) {
    return program.values[a].offset < program.values[b].offset;
  });
}

std::optional<unsigned> AllocationMap::valueOf(const GlobalTensor &part) const {
  if (part.region != Region::Activation)
    return std::nullopt;
  auto next =
      std::upper_bound(byOffset.begin(), byOffset.end(), part.offsetBytes,
                       [&](int64_t offset, unsigned value) {
                         return offset < program.values[value].offset;
                       });
  if (next == byOffset.begin())
    return std::nullopt;
  return *--next;
}

/// Pitch between rows of one lane, in elements.
static int64_t rowPitch(const Arch &arch, const Value &value) {
  int64_t rest = value.numElements() / (value.layout.n * value.layout.c);
  return alignUp(rest, arch.vectorBytes / byteWidth(value.type));
}

int64_t Value::laneBytes(const Arch &arch) const {
  return layout.n * arch.channelRows(layout.c) * rowPitch(arch, *this) *
         byteWidth(type);
}

int64_t AllocationMap::laneBytes(unsigned index) const {
  return program.values[index].laneBytes(program.arch);
}

bool AllocationMap::isAddressable(unsigned index) const {
  const Value &value = program.values[index];
  const Arch &arch = program.arch;
  int64_t pitch = rowPitch(arch, value);
  int64_t rows = arch.channelRows(value.layout.c);
  return (rows == 1 || pitch <= arch.maxSize) &&
         (value.layout.n == 1 || rows * pitch <= arch.maxSize);
}

std::optional<LocalTensor>
AllocationMap::localView(const GlobalTensor &part) const {
  std::optional<unsigned> index = valueOf(part);
  if (!index || !byValue[*index].isResident)
    return std::nullopt;
  const Arch &arch = program.arch;
  const Value &value = program.values[*index];
  int64_t width = byteWidth(part.type);
  if (byteWidth(value.type) != width)
    return std::nullopt;
  // When c is a multiple of the lanes, batches are contiguous: fold n into c.
  LaneLayout layout = value.layout;
  if (layout.c % arch.lanes == 0)
    layout = {1, layout.n * layout.c};
  // Strides of n and c in global memory; the rest is dense.
  int64_t strideC = value.numElements() / (layout.n * layout.c);
  int64_t strideN = layout.c * strideC;
  int64_t pitch = rowPitch(arch, value);
  int64_t localN = arch.channelRows(layout.c) * pitch;

  int64_t start = (part.offsetBytes - value.offset) / width;
  int64_t n = start / strideN;
  int64_t c = start % strideN / strideC;
  int64_t rest = start % strideC;
  int64_t lastN = n, lastC = c, lastRest = rest;
  LocalTensor view;
  view.arch = &arch;
  view.type = part.type;
  view.shape = part.shape;
  for (unsigned axis = 0; axis < 4; ++axis) {
    int64_t steps = part.shape[axis] - 1, stride = part.strides[axis];
    view.strides[axis] = 0;
    if (axis == C) {
      view.strides[C] = pitch;
      if (steps > 0 && stride != strideC)
        return std::nullopt;
      lastC += steps;
      continue;
    }
    if (steps == 0) {
      view.strides[axis] = axis == W ? 1 : 0;
      continue;
    }
    if (stride == 0)
      continue;
    if (stride < strideC) {
      view.strides[axis] = stride;
      lastRest += steps * stride;
    } else if (stride % strideN == 0) {
      view.strides[axis] = stride / strideN * localN;
      lastN += steps * (stride / strideN);
    } else if (stride % (arch.lanes * strideC) == 0) {
      // Channels c and c + lanes share a lane, some rows apart.
      view.strides[axis] = stride / (arch.lanes * strideC) * pitch;
      if (view.strides[axis] > arch.maxSize)
        return std::nullopt;
      lastC += steps * (stride / strideC);
    } else {
      return std::nullopt;
    }
  }
  if (lastRest >= strideC || lastC >= layout.c || lastN >= layout.n)
    return std::nullopt;
  int64_t element = n * localN + c / arch.lanes * pitch + rest;
  view.address = uint32_t(c % arch.lanes * arch.laneBytes +
                          byValue[*index].address + element * width);
  return view;
}

GlobalTensor AllocationMap::globalView(const GlobalTensor &part) const {
  std::optional<unsigned> index = valueOf(part);
  if (!index)
    return part;
  GlobalTensor moved = part;
  moved.offsetBytes +=
      byValue[*index].globalOffset - program.values[*index].offset;
  return moved;
}

bool group::isCongruent(const LocalTensor &a, const LocalTensor &b) {
  if (a.shape != b.shape || a.startLane() != b.startLane())
    return false;
  for (unsigned axis = 0; axis < 4; ++axis) {
    int64_t extent = axis == C ? a.channelRows() : a.shape[axis];
    if (extent > 1 && a.strides[axis] != b.strides[axis])
      return false;
  }
  return true;
}

bool group::isSame(const LocalTensor &a, const LocalTensor &b) {
  return a.address == b.address && isCongruent(a, b);
}
