//===- View.cpp - Tensors in local memory ---------------------------------===//
//
// Layout rules and the check that a tensor stays in its lanes.
//
//===----------------------------------------------------------------------===//

#include "View.h"

#include <algorithm>

using namespace tpuc::sim;

namespace {
constexpr uint64_t kMaxElements = uint64_t(kLanes) * kLaneBytes;

uint64_t alignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}
} // namespace

Strides tpuc::sim::impliedStrides(TensorLayout layout, const Shape &shape,
                                  unsigned lane, unsigned elementBytes) {
  constexpr uint64_t kLineBytes = 64;
  uint64_t line = kLineBytes / elementBytes;
  if (layout == TensorLayout::PerChannel)
    return {0, 1, 0, 0};
  Strides strides;
  strides.w = 1;
  strides.h = shape.w;
  strides.c = shape.h * shape.w;
  if (layout == TensorLayout::EuAligned)
    strides.c = alignUp(strides.c, line);
  if (layout == TensorLayout::LineAligned) {
    strides.h = alignUp(shape.w, line);
    strides.c = shape.h * strides.h;
  }
  strides.n = (lane + shape.c + kLanes - 1) / kLanes * strides.c;
  return strides;
}

Status tpuc::sim::makeView(Machine &machine, const char *operand,
                           uint32_t address, unsigned elementBytes,
                           const Shape &shape, const Strides &strides,
                           View &view) {
  if (address >= kLanes * kLaneBytes)
    return Status::error(std::string(operand) + " address " + hex(address) +
                         " lies outside local memory");
  if (shape.n == 0 || shape.c == 0 || shape.h == 0 || shape.w == 0)
    return Status::error(
        std::string(operand) + " is empty: " + std::to_string(shape.n) + "x" +
        std::to_string(shape.c) + "x" + std::to_string(shape.h) + "x" +
        std::to_string(shape.w));
  // Broadcast strides could ask for any amount of work.
  uint64_t elements = shape.n * shape.c;
  if (elements <= kMaxElements)
    elements *= shape.h;
  if (elements <= kMaxElements)
    elements *= shape.w;
  if (elements > kMaxElements)
    return Status::error(std::string(operand) +
                         " has more elements than local memory has bytes");
  if (address % elementBytes)
    return Status::error(std::string(operand) + " address " + hex(address) +
                         " is not aligned to its " +
                         std::to_string(elementBytes) + "-byte elements");
  view.memory = machine.local;
  view.lane = address / kLaneBytes;
  view.offset = address % kLaneBytes;
  view.elementBytes = elementBytes;
  view.shape = shape;
  view.strides = strides;
  // Sizes have at most 32 bits and strides 32: the sum fits in 64 for every
  // size that passes the first test.
  uint64_t rows = (view.lane + shape.c - 1) / kLanes;
  uint64_t limit = kLaneBytes / elementBytes;
  uint64_t last = 0;
  auto extend = [&](uint64_t steps, uint64_t stride) {
    if (stride != 0 && steps > limit / stride)
      last = uint64_t(limit) * 8;
    else
      last += steps * stride;
  };
  extend(shape.n - 1, strides.n);
  extend(rows, strides.c);
  extend(shape.h - 1, strides.h);
  extend(shape.w - 1, strides.w);
  if (view.offset + (last + 1) * elementBytes > kLaneBytes)
    return Status::error(std::string(operand) + " at " + hex(address) +
                         " leaves its lane of " + std::to_string(kLaneBytes) +
                         " bytes");
  return Status();
}

Status tpuc::sim::makeView(Machine &machine, const char *operand,
                           uint32_t address, unsigned elementBytes,
                           const Shape &shape, TensorLayout layout,
                           View &view) {
  return makeView(machine, operand, address, elementBytes, shape,
                  impliedStrides(layout, shape, (address / kLaneBytes) % kLanes,
                                 elementBytes),
                  view);
}

bool tpuc::sim::sharesBytes(const View &a, const View &b) {
  auto end = [](const View &view) {
    uint64_t rows = (view.lane + view.shape.c - 1) / kLanes;
    uint64_t last = (view.shape.n - 1) * view.strides.n +
                    rows * view.strides.c +
                    (view.shape.h - 1) * view.strides.h +
                    (view.shape.w - 1) * view.strides.w;
    return view.offset + (last + 1) * view.elementBytes;
  };
  return a.offset < end(b) && b.offset < end(a);
}

bool tpuc::sim::overlapUnequally(const View &result, const View &operand) {
  if (!sharesBytes(result, operand))
    return false;
  return result.lane != operand.lane || result.offset != operand.offset ||
         result.elementBytes != operand.elementBytes ||
         result.strides.c != operand.strides.c;
}
