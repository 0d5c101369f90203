//===- GdmaTensor.cpp - Tensors that the GDMA moves -----------------------===//
//
// Address checks and the loops that move, fill and reshape strided tensors.
//
//===----------------------------------------------------------------------===//

#include "GdmaTensor.h"

#include <algorithm>
#include <cstring>
#include <utility>

using namespace tpuc::sim;

uint64_t tpuc::sim::sourceAddress(const Registers &r) {
  return uint64_t(r.src_start_addr_h8) << 32 | r.src_start_addr_l32;
}
uint64_t tpuc::sim::destinationAddress(const Registers &r) {
  return uint64_t(r.dst_start_addr_h8) << 32 | r.dst_start_addr_l32;
}
bool tpuc::sim::isLocalAddress(uint64_t address) {
  return address >= kLocalBase &&
         address < kLocalBase + uint64_t(kLanes) * kLaneBytes;
}
uint64_t tpuc::sim::laneMask(const Registers &r) {
  return uint64_t(r.localmem_mask_h32) << 32 | r.localmem_mask_l32;
}

Status tpuc::sim::transferBytes(const Registers &r, unsigned &bytes) {
  Precision precision;
  TPUC_RETURN_IF_FAILED(
      precisionOf(r.src_data_format, "the transfer", precision));
  bytes = elementBytes(precision);
  return Status();
}

Status tpuc::sim::makeGdmaTensor(Machine &machine, const char *side,
                                 uint64_t address, unsigned elementBytes,
                                 const Shape &shape, const Strides *strides,
                                 GdmaTensor &tensor) {
  tensor.isLocal = isLocalAddress(address);
  tensor.elementBytes = elementBytes;
  tensor.shape = shape;
  if (tensor.isLocal) {
    uint32_t at = uint32_t(address - kLocalBase);
    TPUC_RETURN_IF_FAILED(strides ? makeView(machine, side, at, elementBytes,
                                             shape, *strides, tensor.lanes)
                                  : makeView(machine, side, at, elementBytes,
                                             shape, TensorLayout::EuAligned,
                                             tensor.lanes));
    tensor.strides = tensor.lanes.strides;
    return Status();
  }
  if (shape.n == 0 || shape.c == 0 || shape.h == 0 || shape.w == 0)
    return Status::error(
        std::string(side) + " is empty: " + std::to_string(shape.n) + "x" +
        std::to_string(shape.c) + "x" + std::to_string(shape.h) + "x" +
        std::to_string(shape.w));
  tensor.strides = strides ? *strides
                           : Strides{shape.c * shape.h * shape.w,
                                     shape.h * shape.w, shape.w, 1};
  // Sizes have at most 32 bits and explicit strides 32: every term fits. Four
  // terms and a factor of 4 could overflow only with sizes beyond 16 bits.
  unsigned __int128 last = (unsigned __int128)(shape.n - 1) * tensor.strides.n +
                           (unsigned __int128)(shape.c - 1) * tensor.strides.c +
                           (unsigned __int128)(shape.h - 1) * tensor.strides.h +
                           (unsigned __int128)(shape.w - 1) * tensor.strides.w;
  unsigned __int128 bytes = (last + 1) * elementBytes;
  tensor.base =
      bytes > kGlobalEnd ? nullptr : machine.resolve(address, uint64_t(bytes));
  if (!tensor.base)
    return Status::error(
        std::string(side) + " of " +
        std::to_string(bytes > kGlobalEnd ? kGlobalEnd : uint64_t(bytes)) +
        " bytes at " + hex(address) + " is not mapped memory");
  return Status();
}

namespace {

bool isMasked(const GdmaTensor &to, uint64_t c, uint64_t mask) {
  return to.isLocal && !(mask >> ((to.lanes.lane + c) % kLanes) & 1);
}

/// Size and steps of one level of a loop over two tensors.
struct Level {
  uint64_t size;
  ptrdiff_t from, to;
};

void copyRow(const Kernels &k, unsigned bytes, uint8_t *to, const uint8_t *from,
             const Level &row) {
  k.copy[sizeIndex(bytes)](to, row.to, from, row.from, row.size);
}

/// Merges a level into the one inside it where both tensors continue it.
void mergeLevels(Level *levels, unsigned count) {
  for (unsigned i = count - 1; i-- > 0;) {
    Level &outer = levels[i], &inner = levels[i + 1];
    if (outer.size == 1 || inner.size == 1 ||
        (outer.from == inner.from * ptrdiff_t(inner.size) &&
         outer.to == inner.to * ptrdiff_t(inner.size))) {
      if (inner.size == 1) {
        inner.from = outer.from;
        inner.to = outer.to;
      }
      inner.size *= outer.size;
      outer = {1, 0, 0};
    }
  }
}

} // namespace

void tpuc::sim::moveTensor(Machine &machine, const GdmaTensor &from,
                           const GdmaTensor &to, const AxisOrder &order,
                           uint64_t mask) {
  const Kernels &k = kernelsOf(machine);
  unsigned bytes = to.elementBytes;
  ptrdiff_t sourceSteps[4] = {from.nStep(), 0, from.hStep(), from.wStep()};
  constexpr unsigned kChannel = 1;
  // The axis of the destination that walks along the source's channels.
  auto move = [&](uint64_t c) {
    if (isMasked(to, c, mask))
      return;
    uint8_t *target = to.channel(c);
    auto sourceOf = [&](uint64_t channel) { return from.channel(channel); };
    if (order.c == kChannel) {
      Level levels[3] = {{to.shape.n, sourceSteps[order.n], to.nStep()},
                         {to.shape.h, sourceSteps[order.h], to.hStep()},
                         {to.shape.w, sourceSteps[order.w], to.wStep()}};
      mergeLevels(levels, 3);
      const uint8_t *source = sourceOf(c);
      for (uint64_t n = 0; n < levels[0].size; ++n)
        for (uint64_t h = 0; h < levels[1].size; ++h)
          copyRow(k, bytes,
                  target + ptrdiff_t(n) * levels[0].to +
                      ptrdiff_t(h) * levels[1].to,
                  source + ptrdiff_t(n) * levels[0].from +
                      ptrdiff_t(h) * levels[1].from,
                  levels[2]);
      return;
    }
    // Channels of the source lie along n or w of the destination.
    ptrdiff_t own = ptrdiff_t(c) * sourceSteps[order.c];
    if (order.n == kChannel) {
      Level row = {to.shape.w, sourceSteps[order.w], to.wStep()};
      for (uint64_t n = 0; n < to.shape.n; ++n)
        for (uint64_t h = 0; h < to.shape.h; ++h)
          copyRow(k, bytes,
                  target + ptrdiff_t(n) * to.nStep() +
                      ptrdiff_t(h) * to.hStep(),
                  sourceOf(n) + own + ptrdiff_t(h) * sourceSteps[order.h], row);
      return;
    }
    Level row = {to.shape.h, sourceSteps[order.h], to.hStep()};
    for (uint64_t n = 0; n < to.shape.n; ++n)
      for (uint64_t w = 0; w < to.shape.w; ++w)
        copyRow(k, bytes,
                target + ptrdiff_t(n) * to.nStep() + ptrdiff_t(w) * to.wStep(),
                sourceOf(w) + own + ptrdiff_t(n) * sourceSteps[order.n], row);
  };
  // Only different lanes are sure to be different bytes.
  bool parallel = to.isLocal && !from.isLocal && to.shape.c <= kLanes;
  machine.pool.run(to.shape.c, parallel ? to.elements() * bytes / 4 : 0,
                   [&](uint64_t begin, uint64_t end, unsigned) {
                     for (uint64_t c = begin; c < end; ++c)
                       move(c);
                   });
}

void tpuc::sim::fillTensor(Machine &machine, const GdmaTensor &to,
                           uint32_t value, uint64_t mask) {
  const Kernels &k = kernelsOf(machine);
  uint8_t word[4];
  std::memcpy(word, &value, 4);
  for (uint64_t c = 0; c < to.shape.c; ++c) {
    if (isMasked(to, c, mask))
      continue;
    Level levels[3] = {{to.shape.n, 0, to.nStep()},
                       {to.shape.h, 0, to.hStep()},
                       {to.shape.w, 0, to.wStep()}};
    mergeLevels(levels, 3);
    for (uint64_t n = 0; n < levels[0].size; ++n)
      for (uint64_t h = 0; h < levels[1].size; ++h)
        copyRow(k, to.elementBytes,
                to.channel(c) + ptrdiff_t(n) * levels[0].to +
                    ptrdiff_t(h) * levels[1].to,
                word, levels[2]);
  }
}

namespace {

/// The bytes from a tensor's first to its last element; those of all lanes for
/// a tensor in local memory.
std::pair<const uint8_t *, const uint8_t *> extent(const GdmaTensor &tensor) {
  if (tensor.isLocal)
    return {tensor.lanes.memory,
            tensor.lanes.memory + size_t(kLanes) * kLaneBytes};
  uint64_t last = (tensor.shape.n - 1) * tensor.strides.n +
                  (tensor.shape.c - 1) * tensor.strides.c +
                  (tensor.shape.h - 1) * tensor.strides.h +
                  (tensor.shape.w - 1) * tensor.strides.w;
  return {tensor.base, tensor.base + (last + 1) * tensor.elementBytes};
}

/// Walks through the rows of a tensor in row-major order.
class RowWalk {
public:
  explicit RowWalk(const GdmaTensor &tensor) : tensor(tensor) {}

  uint64_t channel() const { return c; }
  /// Elements from here to the end of the row.
  uint64_t rest() const { return tensor.shape.w - w; }
  uint8_t *here() const {
    return tensor.channel(c) + ptrdiff_t(n) * tensor.nStep() +
           ptrdiff_t(h) * tensor.hStep() + ptrdiff_t(w) * tensor.wStep();
  }
  void advance(uint64_t count) {
    w += count;
    if (w < tensor.shape.w)
      return;
    w = 0;
    if (++h < tensor.shape.h)
      return;
    h = 0;
    if (++c < tensor.shape.c)
      return;
    c = 0;
    ++n;
  }

private:
  const GdmaTensor &tensor;
  uint64_t n = 0, c = 0, h = 0, w = 0;
};

} // namespace

Status tpuc::sim::reshapeTensor(Machine &machine, const GdmaTensor &from,
                                const GdmaTensor &to, uint64_t mask) {
  Kernels::Copy copy = kernelsOf(machine).copy[sizeIndex(to.elementBytes)];
  uint64_t bytes = to.elementBytes, total = from.elements();
  auto [fromBegin, fromEnd] = extent(from);
  auto [toBegin, toEnd] = extent(to);
  RowWalk source(from), target(to);
  auto put = [&](const uint8_t *data, ptrdiff_t step, uint64_t count) {
    if (!isMasked(to, target.channel(), mask))
      copy(target.here(), to.wStep(), data, step, count);
    target.advance(count);
  };
  if (toEnd <= fromBegin || fromEnd <= toBegin) {
    for (uint64_t done = 0; done < total;) {
      uint64_t count = std::min(source.rest(), target.rest());
      put(source.here(), from.wStep(), count);
      source.advance(count);
      done += count;
    }
    return Status();
  }
  // The tensors may share bytes: everything is read before anything is written.
  constexpr uint64_t kLargestBuffer = uint64_t(256) << 20;
  if (total > kLargestBuffer / bytes)
    return Status::error("a reshape of " + std::to_string(total) +
                         " elements within one memory is not supported");
  uint8_t *buffer = machine.scratch[3].get<uint8_t>(total * bytes);
  for (uint64_t done = 0; done < total;) {
    uint64_t count = source.rest();
    copy(buffer + done * bytes, ptrdiff_t(bytes), source.here(), from.wStep(),
         count);
    source.advance(count);
    done += count;
  }
  for (uint64_t done = 0; done < total;) {
    uint64_t count = target.rest();
    put(buffer + done * bytes, ptrdiff_t(bytes), count);
    done += count;
  }
  return Status();
}
