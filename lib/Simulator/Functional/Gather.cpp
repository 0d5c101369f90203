//===- Gather.cpp - Gathering and scattering in the lanes -----------------===//
//
// SG and SGL: element and row access by index lists, and packed selection. An
// index out of range is an error unless the command limits indices.
//
//===----------------------------------------------------------------------===//

#include "Commands.h"

#include <algorithm>
#include <cstring>

using namespace tpuc::sim;

namespace {

enum GatherFunction : uint32_t {
  kSharedGather = 0,
  kSharedScatter = 3,
  kGather = 5,
  kScatter = 6,
  kMaskSelect = 8,
  kNonzero = 9,
  kGatherSafe = 13,
  kScatterSafe = 14,
  kMaskSelectSafe = 15,
  kNonzeroSafe = 16,
  kGatherLine = 17,
  kScatterLine = 18,
};

constexpr uint32_t kTableALane = 4;

/// The element at an address, any of 1, 2 or 4 bytes.
uint32_t readElement(const uint8_t *memory, unsigned bytes) {
  uint32_t value = 0;
  std::memcpy(&value, memory, bytes);
  return value;
}

/// How a command treats indices.
struct IndexRule {
  bool limits, fills;
  uint32_t fillValue;
  uint32_t none; ///< the index that means "no element"

  IndexRule(const Registers &r, unsigned indexBytes)
      : limits(r.opd3_const), fills(r.opd2_const), fillValue(r.opd2_addr),
        none(indexBytes == 1   ? 0xff
             : indexBytes == 2 ? 0xffff
                               : 0xffffffff) {}
};

Status outOfRange(uint32_t index, uint64_t size) {
  return Status::error("index " + std::to_string(index) +
                       " is out of range of " + std::to_string(size) +
                       " elements");
}

/// Operands of a gather or scatter with a list of indices a channel or shared.
struct Lists {
  View data, index, result;
  Precision indexPrecision;
  unsigned bytes, indexBytes;
  bool tableALane;
};

/// The data of channel c; one private table a lane has no channel rows.
const uint8_t *tableOf(const Lists &lists, uint64_t c) {
  if (!lists.tableALane)
    return lists.data.channel(c);
  return lists.data.memory + (lists.data.lane + c) % kLanes * kLaneBytes +
         lists.data.offset;
}

Status readTypes(const Registers &r, Lists &lists) {
  Precision data, result;
  TPUC_RETURN_IF_FAILED(precisionOf(r.opd0_prec, "operand 0", data));
  TPUC_RETURN_IF_FAILED(precisionOf(r.res0_prec, "the result", result));
  TPUC_RETURN_IF_FAILED(
      precisionOf(r.opd1_prec, "operand 1", lists.indexPrecision));
  lists.bytes = elementBytes(result);
  lists.indexBytes = elementBytes(lists.indexPrecision);
  if (elementBytes(data) != lists.bytes)
    return Status::error("data and result must have elements of one size");
  if (isFloat(lists.indexPrecision) || lists.indexBytes == 4)
    return Status::error(std::string("indices of ") +
                         name(lists.indexPrecision) + " are not supported");
  return Status();
}

Status checkFlat(const Registers &r) {
  if (r.res0_h != 1 || r.opd0_h != 1)
    return Status::error("data and result of this function must have one row");
  return Status();
}

/// One index list a batch and channel.
Status gatherOrScatter(Machine &machine, const Registers &r, bool scatters) {
  Lists lists;
  TPUC_RETURN_IF_FAILED(readTypes(r, lists));
  TPUC_RETURN_IF_FAILED(checkFlat(r));
  Shape shape = resultShape(r);
  lists.tableALane = r.opd0_str == kTableALane;
  uint64_t count = scatters ? r.opd1_w : shape.w;
  if (!scatters && r.opd1_w != shape.w)
    return Status::error("a gather needs an index an element of the result");
  Shape dataShape = {1, lists.tableALane ? 1 : shape.c, 1, r.opd0_w};
  TPUC_RETURN_IF_FAILED(makeView(machine, "operand 0", r.opd0_addr, lists.bytes,
                                 dataShape, TensorLayout::EuAligned,
                                 lists.data));
  TPUC_RETURN_IF_FAILED(makeView(machine, "the indices", r.opd1_addr,
                                 lists.indexBytes, {shape.n, shape.c, 1, count},
                                 TensorLayout::EuAligned, lists.index));
  TPUC_RETURN_IF_FAILED(makeView(machine, "the result", r.res0_addr,
                                 lists.bytes, shape, TensorLayout::EuAligned,
                                 lists.result));
  IndexRule rule(r, lists.indexBytes);
  uint64_t size = scatters ? shape.w : r.opd0_w;
  if (scatters && r.opd0_w < count)
    return Status::error("a scatter needs an element of data an index");
  unsigned bytes = lists.bytes;
  for (uint64_t n = 0; n < shape.n; ++n)
    for (uint64_t c = 0; c < shape.c; ++c) {
      const uint8_t *table = tableOf(lists, c);
      const uint8_t *index =
          lists.index.channel(c) + ptrdiff_t(n) * lists.index.nStep();
      uint8_t *result =
          lists.result.channel(c) + ptrdiff_t(n) * lists.result.nStep();
      for (uint64_t i = 0; i < count; ++i) {
        uint32_t at =
            readElement(index + i * lists.indexBytes, lists.indexBytes);
        if (rule.limits && at == rule.none) {
          if (!scatters && rule.fills)
            std::memcpy(result + i * bytes, &rule.fillValue, bytes);
          continue;
        }
        if (at >= size)
          return outOfRange(at, size);
        std::memcpy(result + (scatters ? at : i) * bytes,
                    table + (scatters ? i : at) * bytes, bytes);
      }
    }
  return Status();
}

/// One list, compact over the channels, for every batch and channel.
Status sharedGather(Machine &machine, const Registers &r) {
  Lists lists;
  TPUC_RETURN_IF_FAILED(readTypes(r, lists));
  TPUC_RETURN_IF_FAILED(checkFlat(r));
  Shape shape = resultShape(r);
  if (r.opd1_c != shape.w)
    return Status::error("a gather needs an index an element of the result");
  TPUC_RETURN_IF_FAILED(makeView(machine, "operand 0", r.opd0_addr, lists.bytes,
                                 {shape.n, shape.c, 1, r.opd0_w},
                                 TensorLayout::EuAligned, lists.data));
  TPUC_RETURN_IF_FAILED(makeView(machine, "the indices", r.opd1_addr,
                                 lists.indexBytes, {1, shape.w, 1, 1},
                                 TensorLayout::Compact, lists.index));
  TPUC_RETURN_IF_FAILED(makeView(machine, "the result", r.res0_addr,
                                 lists.bytes, shape, TensorLayout::EuAligned,
                                 lists.result));
  IndexRule rule(r, lists.indexBytes);
  std::vector<uint32_t> indices(shape.w);
  for (uint64_t i = 0; i < shape.w; ++i) {
    indices[i] = readElement(lists.index.channel(i), lists.indexBytes);
    if (!(rule.limits && indices[i] == rule.none) && indices[i] >= r.opd0_w)
      return outOfRange(indices[i], r.opd0_w);
  }
  unsigned bytes = lists.bytes;
  for (uint64_t n = 0; n < shape.n; ++n)
    for (uint64_t c = 0; c < shape.c; ++c) {
      const uint8_t *table =
          lists.data.channel(c) + ptrdiff_t(n) * lists.data.nStep();
      uint8_t *result =
          lists.result.channel(c) + ptrdiff_t(n) * lists.result.nStep();
      for (uint64_t i = 0; i < shape.w; ++i) {
        if (rule.limits && indices[i] == rule.none) {
          if (rule.fills)
            std::memcpy(result + i * bytes, &rule.fillValue, bytes);
          continue;
        }
        std::memcpy(result + i * bytes, table + indices[i] * bytes, bytes);
      }
    }
  return Status();
}

/// Packs the elements that a mask selects; counts them in the second result.
Status maskSelect(Machine &machine, const Registers &r) {
  Lists lists;
  TPUC_RETURN_IF_FAILED(readTypes(r, lists));
  TPUC_RETURN_IF_FAILED(checkFlat(r));
  Shape shape = resultShape(r);
  View counts;
  uint64_t width = r.opd0_w;
  lists.tableALane = r.opd0_str == kTableALane;
  TPUC_RETURN_IF_FAILED(makeView(machine, "operand 0", r.opd0_addr, lists.bytes,
                                 {1, lists.tableALane ? 1 : shape.c, 1, width},
                                 TensorLayout::EuAligned, lists.data));
  TPUC_RETURN_IF_FAILED(makeView(machine, "the mask", r.opd1_addr,
                                 lists.indexBytes, {shape.n, shape.c, 1, width},
                                 TensorLayout::EuAligned, lists.index));
  TPUC_RETURN_IF_FAILED(makeView(machine, "the result", r.res0_addr,
                                 lists.bytes, {shape.n, shape.c, 1, shape.w},
                                 TensorLayout::EuAligned, lists.result));
  TPUC_RETURN_IF_FAILED(makeView(machine, "the counts", r.res1_addr, 2,
                                 {shape.n, shape.c, 1, 1},
                                 TensorLayout::Compact, counts));
  unsigned bytes = lists.bytes;
  for (uint64_t n = 0; n < shape.n; ++n)
    for (uint64_t c = 0; c < shape.c; ++c) {
      const uint8_t *data = tableOf(lists, c);
      const uint8_t *mask =
          lists.index.channel(c) + ptrdiff_t(n) * lists.index.nStep();
      uint8_t *result =
          lists.result.channel(c) + ptrdiff_t(n) * lists.result.nStep();
      uint16_t selected = 0;
      for (uint64_t i = 0; i < width; ++i) {
        if (!readElement(mask + i * lists.indexBytes, lists.indexBytes))
          continue;
        if (selected >= shape.w)
          return Status::error("the mask selects more elements than the "
                               "result holds");
        std::memcpy(result + selected * bytes, data + i * bytes, bytes);
        ++selected;
      }
      std::memcpy(counts.channel(c) + ptrdiff_t(n) * counts.nStep(), &selected,
                  2);
    }
  return Status();
}

} // namespace

Status tpuc::sim::executeGather(Machine &machine, const Registers &r) {
  switch (r.tsk_eu_typ) {
  case kGather:
  case kGatherSafe:
    return gatherOrScatter(machine, r, /*scatters=*/false);
  case kScatter:
  case kScatterSafe:
    return gatherOrScatter(machine, r, /*scatters=*/true);
  case kSharedGather:
    return sharedGather(machine, r);
  case kMaskSelect:
  case kMaskSelectSafe:
    return maskSelect(machine, r);
  default:
    return Status::error("function " + std::to_string(r.tsk_eu_typ) +
                         " of SG is not supported");
  }
}

Status tpuc::sim::executeGatherLine(Machine &machine, const Registers &r) {
  if (r.tsk_eu_typ != kGatherLine)
    return Status::error("function " + std::to_string(r.tsk_eu_typ) +
                         " of SGL is not supported");
  Precision result, index;
  TPUC_RETURN_IF_FAILED(precisionOf(r.res0_prec, "the result", result));
  TPUC_RETURN_IF_FAILED(precisionOf(r.opd1_prec, "operand 1", index));
  unsigned bytes = elementBytes(result), indexBytes = elementBytes(index);
  if (isFloat(index) || indexBytes == 4)
    return Status::error(std::string("indices of ") + name(index) +
                         " are not supported");
  Shape shape = resultShape(r);
  bool tableALane = r.opd0_str == kTableALane;
  View data, indices, rows;
  TPUC_RETURN_IF_FAILED(
      makeView(machine, "operand 0", r.opd0_addr, bytes,
               {1, tableALane ? 1 : shape.c, r.opd0_h, shape.w},
               TensorLayout::LineAligned, data));
  TPUC_RETURN_IF_FAILED(makeView(machine, "the indices", r.opd1_addr,
                                 indexBytes, {shape.n, shape.c, shape.h, 1},
                                 TensorLayout::EuAligned, indices));
  TPUC_RETURN_IF_FAILED(makeView(machine, "the result", r.res0_addr, bytes,
                                 shape, TensorLayout::LineAligned, rows));
  IndexRule rule(r, indexBytes);
  for (uint64_t n = 0; n < shape.n; ++n)
    for (uint64_t c = 0; c < shape.c; ++c) {
      const uint8_t *table =
          tableALane ? data.memory + (data.lane + c) % kLanes * kLaneBytes +
                           data.offset
                     : data.channel(c);
      const uint8_t *index =
          indices.channel(c) + ptrdiff_t(n) * indices.nStep();
      uint8_t *to = rows.channel(c) + ptrdiff_t(n) * rows.nStep();
      for (uint64_t h = 0; h < shape.h; ++h, to += rows.hStep()) {
        uint32_t at = readElement(index + h * indexBytes, indexBytes);
        if (rule.limits && at == rule.none) {
          for (uint64_t w = 0; rule.fills && w < shape.w; ++w)
            std::memcpy(to + w * bytes, &rule.fillValue, bytes);
          continue;
        }
        if (at >= r.opd0_h)
          return outOfRange(at, r.opd0_h);
        std::memmove(to, table + ptrdiff_t(at) * data.hStep(), shape.w * bytes);
      }
    }
  return Status();
}
