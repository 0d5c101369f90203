//===- Gather.cpp - Gathering and scattering in the lanes -----------------===//
//
// SG and SGL: element and row access by index lists, and packed selection. An
// index out of range is an error unless the command limits indices.
//
//===----------------------------------------------------------------------===//

#include "GatherLists.h"

using namespace tpuc::sim;

namespace {

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

/// Packs the positions of the elements that are not zero; counts them in the
/// second result.
Status nonzero(Machine &machine, const Registers &r) {
  TPUC_RETURN_IF_FAILED(checkFlat(r));
  Precision data, index;
  TPUC_RETURN_IF_FAILED(precisionOf(r.opd0_prec, "operand 0", data));
  TPUC_RETURN_IF_FAILED(precisionOf(r.res0_prec, "the result", index));
  if (isFloat(data))
    return Status::error(std::string("operand 0 of ") + name(data) +
                         " is not supported, only integers");
  if (isFloat(index) || index == Precision::I8)
    return Status::error(std::string("positions in ") + name(index) +
                         " are not supported, only in i16 and i32");
  unsigned bytes = elementBytes(data), indexBytes = elementBytes(index);
  Shape shape = resultShape(r);
  uint64_t width = r.opd0_w;
  View tested, result, counts;
  TPUC_RETURN_IF_FAILED(makeView(machine, "operand 0", r.opd0_addr, bytes,
                                 {shape.n, shape.c, 1, width},
                                 TensorLayout::EuAligned, tested));
  TPUC_RETURN_IF_FAILED(makeView(machine, "the result", r.res0_addr, indexBytes,
                                 shape, TensorLayout::EuAligned, result));
  TPUC_RETURN_IF_FAILED(makeView(machine, "the counts", r.res1_addr, 2,
                                 {shape.n, shape.c, 1, 1},
                                 TensorLayout::Compact, counts));
  for (uint64_t n = 0; n < shape.n; ++n)
    for (uint64_t c = 0; c < shape.c; ++c) {
      const uint8_t *from = tested.channel(c) + ptrdiff_t(n) * tested.nStep();
      uint8_t *to = result.channel(c) + ptrdiff_t(n) * result.nStep();
      uint16_t found = 0;
      for (uint32_t i = 0; i < width; ++i) {
        if (!readElement(from + i * bytes, bytes))
          continue;
        if (found >= shape.w)
          return Status::error("more elements are not zero than the result "
                               "holds");
        std::memcpy(to + found * indexBytes, &i, indexBytes);
        ++found;
      }
      std::memcpy(counts.channel(c) + ptrdiff_t(n) * counts.nStep(), &found, 2);
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
  case codec::SgFunction::PeSGatherD1coor:
  case codec::SgFunction::PeSGatherHzd:
    return gatherOrScatter(machine, r, /*scatters=*/false);
  case codec::SgFunction::PeSScatterD1coor:
  case codec::SgFunction::PeSScatterHzd:
    return gatherOrScatter(machine, r, /*scatters=*/true);
  case codec::SgFunction::PlGatherD1coor:
  case codec::SgFunction::PlGatherD2coor:
  case codec::SgFunction::PlScatterD1coor:
  case codec::SgFunction::PlScatterD2coor:
    return executeSharedGather(machine, r);
  case codec::SgFunction::PeSNonzero:
  case codec::SgFunction::PeSNonzeroHzd:
    return nonzero(machine, r);
  case codec::SgFunction::PeSMaskSelect:
  case codec::SgFunction::PeSMaskSelhzd:
    return maskSelect(machine, r);
  default:
    return Status::error("function " + std::to_string(r.tsk_eu_typ) +
                         " of SG is not supported");
  }
}

Status tpuc::sim::executeGatherLine(Machine &machine, const Registers &r) {
  bool scatters = r.tsk_eu_typ == codec::SglFunction::PeSScatterLine;
  if (!scatters && r.tsk_eu_typ != codec::SglFunction::PeSGatherLine)
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
  // Rows of the list: those of the result, or of the data that is scattered.
  uint64_t count = scatters ? r.opd0_h : shape.h;
  uint64_t limit = scatters ? shape.h : r.opd0_h;
  View data, indices, rows;
  TPUC_RETURN_IF_FAILED(
      makeView(machine, "operand 0", r.opd0_addr, bytes,
               {1, tableALane ? 1 : shape.c, r.opd0_h, shape.w},
               TensorLayout::LineAligned, data));
  TPUC_RETURN_IF_FAILED(makeView(machine, "the indices", r.opd1_addr,
                                 indexBytes, {shape.n, shape.c, count, 1},
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
      for (uint64_t h = 0; h < count; ++h) {
        uint32_t at = readElement(index + h * indexBytes, indexBytes);
        if (rule.limits && at == rule.none) {
          uint8_t *row = to + ptrdiff_t(h) * rows.hStep();
          for (uint64_t w = 0; rule.fills && !scatters && w < shape.w; ++w)
            std::memcpy(row + w * bytes, &rule.fillValue, bytes);
          continue;
        }
        if (at >= limit)
          return outOfRange(at, limit);
        uint64_t fromRow = scatters ? h : at, toRow = scatters ? at : h;
        std::memmove(to + ptrdiff_t(toRow) * rows.hStep(),
                     table + ptrdiff_t(fromRow) * data.hStep(),
                     shape.w * bytes);
      }
    }
  return Status();
}
