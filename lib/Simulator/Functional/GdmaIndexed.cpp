//===- GdmaIndexed.cpp - Gathering, scattering and selecting moves --------===//
//
// GDMA moves of rows by index lists, and the packed moves by mask.
//
//===----------------------------------------------------------------------===//

#include "GdmaTensor.h"

#include <cstring>

using namespace tpuc;
using namespace tpuc::sim;
using codec::Layout;

Status tpuc::sim::executeGdmaRows(Machine &machine, Layout layout,
                                  const Registers &r) {
  unsigned bytes;
  TPUC_RETURN_IF_FAILED(transferBytes(r, bytes));
  bool scatters = layout == Layout::DmaScatter;
  auto orElse = [](uint32_t size, uint32_t other) -> uint64_t {
    return size ? size : other;
  };
  uint64_t c = r.src_csize, w = r.src_wsize;
  Shape source = {1, c, r.src_hsize, w};
  Shape destination = {1, orElse(r.dst_csize, r.src_csize), r.dst_hsize,
                       orElse(r.dst_wsize, r.src_wsize)};
  Shape indexShape = {1, r.index_csize, r.index_hsize, 1};
  uint64_t rows = scatters ? source.h : destination.h;
  if (source.c != destination.c || source.w != destination.w)
    return Status::error("source and destination rows must agree in channels "
                         "and columns");
  if (indexShape.h != rows)
    return Status::error("there are " + std::to_string(indexShape.h) +
                         " indices for " + std::to_string(rows) + " rows");
  if (indexShape.c != 1 && indexShape.c != c)
    return Status::error("indices must be shared or given a channel");
  Strides sourceStrides = {0, r.src_cstride, r.src_hstride, 1};
  Strides destinationStrides = {0, r.dst_cstride, r.dst_hstride, 1};
  Strides indexStrides = {0, r.index_cstride, r.index_hstride, 1};
  GdmaTensor from, to, index;
  bool strided = r.stride_enable;
  TPUC_RETURN_IF_FAILED(
      makeGdmaTensor(machine, "the source", sourceAddress(r), bytes, source,
                     strided ? &sourceStrides : nullptr, from));
  TPUC_RETURN_IF_FAILED(
      makeGdmaTensor(machine, "the destination", destinationAddress(r), bytes,
                     destination, strided ? &destinationStrides : nullptr, to));
  TPUC_RETURN_IF_FAILED(makeGdmaTensor(
      machine, "the index tensor",
      uint64_t(r.index_start_addr_h8) << 32 | r.index_start_addr_l32, 4,
      indexShape, strided ? &indexStrides : nullptr, index));

  const Kernels &k = kernelsOf(machine);
  Kernels::Copy copy = k.copy[sizeIndex(bytes)];
  uint64_t mask = laneMask(r);
  uint8_t constant[4];
  std::memcpy(constant, &r.constant_value, 4);
  uint64_t limit = scatters ? destination.h : source.h;
  for (uint64_t channel = 0; channel < c; ++channel) {
    if (to.isLocal && !(mask >> ((to.lanes.lane + channel) % kLanes) & 1))
      continue;
    for (uint64_t row = 0; row < rows; ++row) {
      uint32_t at;
      std::memcpy(&at,
                  index.channel(indexShape.c == 1 ? 0 : channel) +
                      ptrdiff_t(row) * index.hStep(),
                  4);
      uint64_t fromRow = scatters ? row : at, toRow = scatters ? at : row;
      if (at >= limit) {
        if (scatters)
          return Status::error("index " + std::to_string(at) +
                               " is out of range of " + std::to_string(limit) +
                               " rows");
        copy(to.channel(channel) + ptrdiff_t(row) * to.hStep(), to.wStep(),
             constant, 0, w);
        continue;
      }
      copy(to.channel(channel) + ptrdiff_t(toRow) * to.hStep(), to.wStep(),
           from.channel(channel) + ptrdiff_t(fromRow) * from.hStep(),
           from.wStep(), w);
    }
  }
  return Status();
}

Status tpuc::sim::executeGdmaSelect(Machine &machine, Layout layout,
                                    const Registers &r) {
  unsigned bytes;
  TPUC_RETURN_IF_FAILED(transferBytes(r, bytes));
  bool nonzero = layout == Layout::DmaNonzero || layout == Layout::SDmaNonzero;
  Shape shape = {r.src_nsize, r.src_csize, r.src_hsize, r.src_wsize};
  GdmaTensor from, mask;
  TPUC_RETURN_IF_FAILED(makeGdmaTensor(machine, "the source", sourceAddress(r),
                                       bytes, shape, nullptr, from));
  unsigned resultBytes = bytes;
  if (nonzero) {
    Precision precision;
    TPUC_RETURN_IF_FAILED(
        precisionOf(r.index_data_format, "the indices", precision));
    if (precision != Precision::I32)
      return Status::error(std::string("indices of ") + name(precision) +
                           " are not supported");
    resultBytes = 4;
  } else {
    Precision precision;
    TPUC_RETURN_IF_FAILED(
        precisionOf(r.mask_data_format, "the mask", precision));
    TPUC_RETURN_IF_FAILED(makeGdmaTensor(
        machine, "the mask",
        uint64_t(r.mask_start_addr_h8) << 32 | r.mask_start_addr_l32,
        elementBytes(precision), shape, nullptr, mask));
  }
  const GdmaTensor &tested = nonzero ? from : mask;
  auto forEachSelected = [&](auto &&visit) {
    // Positions count from a base.
    uint32_t position = nonzero ? r.dst_nstride : 0;
    for (uint64_t n = 0; n < shape.n; ++n)
      for (uint64_t c = 0; c < shape.c; ++c)
        for (uint64_t h = 0; h < shape.h; ++h)
          for (uint64_t w = 0; w < shape.w; ++w, ++position) {
            auto element = [&](const GdmaTensor &tensor) {
              return tensor.channel(c) + ptrdiff_t(n) * tensor.nStep() +
                     ptrdiff_t(h) * tensor.hStep() +
                     ptrdiff_t(w) * tensor.wStep();
            };
            uint32_t value = 0;
            std::memcpy(&value, element(tested), tested.elementBytes);
            if (value)
              visit(position, element(from));
          }
  };
  // The selection is counted and packed before anything is written: source and
  // destination may overlap.
  uint64_t count = 0;
  forEachSelected([&](uint32_t, const uint8_t *) { ++count; });
  if (count == 0)
    return Status();
  uint64_t total = count * resultBytes;
  uint8_t *to = machine.resolve(destinationAddress(r), total);
  if (!to)
    return Status::error("the destination of " + std::to_string(total) +
                         " bytes at " + hex(destinationAddress(r)) +
                         " is not mapped memory");
  uint8_t *packed = machine.scratch[0].get<uint8_t>(total);
  uint8_t *next = packed;
  forEachSelected([&](uint32_t position, const uint8_t *element) {
    std::memcpy(
        next, nonzero ? reinterpret_cast<const uint8_t *>(&position) : element,
        resultBytes);
    next += resultBytes;
  });
  std::memcpy(to, packed, total);
  return Status();
}
