//===- GatherShared.cpp - One index list for all channels -----------------===//
//
// The functions of SG whose indices lie compact over the channels and serve
// every batch and channel: positions in a row, or pairs of a column and a row.
//
//===----------------------------------------------------------------------===//

#include "GatherLists.h"

using namespace tpuc::sim;

Status tpuc::sim::executeSharedGather(Machine &machine, const Registers &r) {
  bool scatters = r.tsk_eu_typ == codec::SgFunction::PlScatterD1coor ||
                  r.tsk_eu_typ == codec::SgFunction::PlScatterD2coor;
  bool pairs = r.tsk_eu_typ == codec::SgFunction::PlGatherD2coor ||
               r.tsk_eu_typ == codec::SgFunction::PlScatterD2coor;
  Lists lists;
  TPUC_RETURN_IF_FAILED(readTypes(r, lists));
  if (pairs && lists.indexPrecision != Precision::I16)
    return Status::error(std::string("coordinates of ") +
                         name(lists.indexPrecision) +
                         " are not supported, only of i16");
  if (pairs && r.opd3_const)
    return Status::error("a limit of coordinates is not supported");
  if (!pairs)
    TPUC_RETURN_IF_FAILED(checkFlat(r));
  // The side with coordinates may have rows; the other is a list.
  Shape shape = resultShape(r);
  if ((scatters ? r.opd0_h : shape.h) != 1)
    return Status::error("what a list of indices takes or gives must have one "
                         "row");
  uint64_t count = scatters ? r.opd0_w : shape.w;
  if (r.opd1_c != count)
    return Status::error("the list has " + std::to_string(r.opd1_c) +
                         " indices for " + std::to_string(count) + " elements");
  TPUC_RETURN_IF_FAILED(makeView(machine, "operand 0", r.opd0_addr, lists.bytes,
                                 {shape.n, shape.c, r.opd0_h, r.opd0_w},
                                 TensorLayout::EuAligned, lists.data));
  TPUC_RETURN_IF_FAILED(makeView(
      machine, "the indices", r.opd1_addr, lists.indexBytes,
      {1, count, 1, pairs ? 2u : 1u}, TensorLayout::Compact, lists.index));
  TPUC_RETURN_IF_FAILED(makeView(machine, "the result", r.res0_addr,
                                 lists.bytes, shape, TensorLayout::EuAligned,
                                 lists.result));
  IndexRule rule(r, lists.indexBytes);
  uint64_t width = scatters ? shape.w : r.opd0_w;
  uint64_t height = scatters ? shape.h : r.opd0_h;
  constexpr uint32_t kNone = ~uint32_t(0);
  uint32_t *places = machine.scratch[3].get<uint32_t>(count);
  for (uint64_t i = 0; i < count; ++i) {
    const uint8_t *at = lists.index.channel(i);
    uint32_t column = readElement(at, lists.indexBytes);
    if (rule.limits && column == rule.none) {
      places[i] = kNone;
      continue;
    }
    uint32_t row =
        pairs ? readElement(at + lists.indexBytes, lists.indexBytes) : 0;
    if (column >= width)
      return outOfRange(column, width);
    if (row >= height)
      return outOfRange(row, height);
    places[i] = uint32_t(row * width + column);
  }
  unsigned bytes = lists.bytes;
  for (uint64_t n = 0; n < shape.n; ++n)
    for (uint64_t c = 0; c < shape.c; ++c) {
      const uint8_t *data =
          lists.data.channel(c) + ptrdiff_t(n) * lists.data.nStep();
      uint8_t *result =
          lists.result.channel(c) + ptrdiff_t(n) * lists.result.nStep();
      for (uint64_t i = 0; i < count; ++i) {
        if (places[i] == kNone) {
          if (rule.fills && !scatters)
            std::memcpy(result + i * bytes, &rule.fillValue, bytes);
          continue;
        }
        uint64_t from = scatters ? i : places[i], to = scatters ? places[i] : i;
        std::memcpy(result + to * bytes, data + from * bytes, bytes);
      }
    }
  return Status();
}
