//===- Gdma.cpp - Moves of tensors ----------------------------------------===//
//
// GDMA commands by type; here the tensor moves, fills, broadcasts, linear
// copies and transpositions.
//
//===----------------------------------------------------------------------===//

#include "GdmaTensor.h"

using namespace tpuc;
using namespace tpuc::sim;
using codec::Layout;

namespace {
constexpr AxisOrder kExchangeBatchAndChannel = {1, 0, 2, 3};
constexpr AxisOrder kExchangeChannelAndColumn = {0, 3, 2, 1};

Shape sourceShape(const Registers &r) {
  return {r.src_nsize, r.src_csize, r.src_hsize, r.src_wsize};
}
Shape destinationShape(const Registers &r) {
  return {r.dst_nsize, r.dst_csize, r.dst_hsize, r.dst_wsize};
}
Strides sourceStrides(const Registers &r) {
  return {r.src_nstride, r.src_cstride, r.src_hstride, r.src_wstride};
}
Strides destinationStrides(const Registers &r) {
  return {r.dst_nstride, r.dst_cstride, r.dst_hstride, r.dst_wstride};
}
bool isEmpty(const Shape &shape) {
  return shape.n == 0 && shape.c == 0 && shape.h == 0 && shape.w == 0;
}
uint64_t elements(const Shape &shape) {
  return shape.n * shape.c * shape.h * shape.w;
}

Status makeSides(Machine &machine, const Registers &r, unsigned bytes,
                 const Shape &source, const Shape &destination,
                 GdmaTensor &from, GdmaTensor &to) {
  Strides fromStrides = sourceStrides(r), toStrides = destinationStrides(r);
  TPUC_RETURN_IF_FAILED(
      makeGdmaTensor(machine, "the source", sourceAddress(r), bytes, source,
                     r.stride_enable ? &fromStrides : nullptr, from));
  return makeGdmaTensor(machine, "the destination", destinationAddress(r),
                        bytes, destination,
                        r.stride_enable ? &toStrides : nullptr, to);
}

Status executeFill(Machine &machine, const Registers &r, unsigned bytes) {
  Shape shape = destinationShape(r);
  if (r.nchw_copy || isEmpty(shape))
    shape = sourceShape(r);
  Strides strides = destinationStrides(r);
  GdmaTensor to;
  TPUC_RETURN_IF_FAILED(
      makeGdmaTensor(machine, "the destination", destinationAddress(r), bytes,
                     shape, r.stride_enable ? &strides : nullptr, to));
  fillTensor(machine, to, r.constant_value, laneMask(r));
  return Status();
}

Status executeExchange(Machine &machine, const Registers &r, unsigned bytes,
                       const AxisOrder &order) {
  Shape source = sourceShape(r);
  Shape destination = order.n == 1
                          ? Shape{source.c, source.n, source.h, source.w}
                          : Shape{source.n, source.w, source.h, source.c};
  GdmaTensor from, to;
  TPUC_RETURN_IF_FAILED(
      makeSides(machine, r, bytes, source, destination, from, to));
  moveTensor(machine, from, to, order, laneMask(r));
  return Status();
}

Status executeBroadcast(Machine &machine, const Registers &r, unsigned bytes) {
  Shape source = sourceShape(r), destination = source;
  source.c = 1;
  destination.c = r.dst_csize;
  // Columns are dense whatever their strides say; streams say 0.
  Registers dense = r;
  for (uint32_t *stride : {&dense.src_wstride, &dense.dst_wstride}) {
    if (*stride > 1)
      return Status::error("a broadcast needs dense columns");
    *stride = 1;
  }
  GdmaTensor from, to;
  TPUC_RETURN_IF_FAILED(
      makeSides(machine, dense, bytes, source, destination, from, to));
  if (!to.isLocal)
    return Status::error("a broadcast needs local memory as its destination");
  if (to.lanes.lane + destination.c > kLanes)
    return Status::error("a broadcast to " + std::to_string(destination.c) +
                         " channels from lane " +
                         std::to_string(to.lanes.lane) +
                         " leaves the last lane");
  // Every channel reads channel 0.
  GdmaTensor repeated = from;
  if (from.isLocal) {
    repeated.isLocal = false;
    repeated.base = from.channel(0);
  }
  repeated.strides.c = 0;
  moveTensor(machine, repeated, to, AxisOrder(), laneMask(r));
  return Status();
}

Status executeTensor(Machine &machine, const Registers &r) {
  unsigned bytes;
  TPUC_RETURN_IF_FAILED(transferBytes(r, bytes));
  if (r.fill_constant_en) {
    if (r.cmd_special_function != codec::DmaTensorFunction::Tensor)
      return Status::error("a fill takes no function");
    return executeFill(machine, r, bytes);
  }
  switch (r.cmd_special_function) {
  case codec::DmaTensorFunction::Tensor:
    break;
  case codec::DmaTensorFunction::TensorTranspose:
    return executeExchange(machine, r, bytes, kExchangeBatchAndChannel);
  case codec::DmaTensorFunction::TensorCollect:
  case codec::DmaTensorFunction::TensorDistribute:
    return executeExchange(machine, r, bytes, kExchangeChannelAndColumn);
  case codec::DmaTensorFunction::TensorBroadcast:
    return executeBroadcast(machine, r, bytes);
  default:
    return Status::error("function " + std::to_string(r.cmd_special_function) +
                         " (four-bank copies) is not supported");
  }
  Shape source = sourceShape(r);
  Shape destination = r.nchw_copy ? source : destinationShape(r);
  GdmaTensor from, to;
  TPUC_RETURN_IF_FAILED(
      makeSides(machine, r, bytes, source, destination, from, to));
  if (elements(source) != elements(destination))
    return Status::error("the source has " + std::to_string(elements(source)) +
                         " elements, the destination " +
                         std::to_string(elements(destination)));
  bool sameShape = source.n == destination.n && source.c == destination.c &&
                   source.h == destination.h && source.w == destination.w;
  if (sameShape)
    moveTensor(machine, from, to, AxisOrder(), laneMask(r));
  else
    return reshapeTensor(machine, from, to, laneMask(r));
  return Status();
}

/// A run of elements, from one place to another or to several lanes.
Status executeGeneral(Machine &machine, const Registers &r) {
  unsigned bytes;
  TPUC_RETURN_IF_FAILED(transferBytes(r, bytes));
  constexpr uint32_t kToLanes = 1;
  bool broadcasts = r.cmd_special_function == kToLanes;
  Shape shape = {1, 1, 1, r.src_cstride};
  GdmaTensor from, to;
  Strides dense = {0, 0, 0, 1};
  // A plain copy goes through local memory as bytes, lane after lane.
  auto linear = [&](const char *side, uint64_t address, GdmaTensor &tensor) {
    tensor.elementBytes = bytes;
    tensor.shape = shape;
    tensor.strides = dense;
    uint64_t total = shape.w * bytes;
    tensor.base = machine.resolve(address, total);
    if (shape.w == 0 || !tensor.base)
      return Status::error(std::string(side) + " of " + std::to_string(total) +
                           " bytes at " + hex(address) +
                           " is not mapped memory");
    return Status();
  };
  if (r.fill_constant_en) {
    TPUC_RETURN_IF_FAILED(linear("the destination", destinationAddress(r), to));
    fillTensor(machine, to, r.constant_value, laneMask(r));
    return Status();
  }
  TPUC_RETURN_IF_FAILED(linear("the source", sourceAddress(r), from));
  if (!broadcasts) {
    TPUC_RETURN_IF_FAILED(linear("the destination", destinationAddress(r), to));
    moveTensor(machine, from, to, AxisOrder(), laneMask(r));
    return Status();
  }
  shape.c = r.dst_csize;
  TPUC_RETURN_IF_FAILED(makeGdmaTensor(machine, "the destination",
                                       destinationAddress(r), bytes, shape,
                                       &dense, to));
  if (!to.isLocal || to.lanes.lane + shape.c > kLanes)
    return Status::error("a broadcast needs lanes that exist as its "
                         "destination");
  moveTensor(machine, from, to, AxisOrder(), laneMask(r));
  return Status();
}

} // namespace

Status tpuc::sim::executeGdma(Machine &machine, Layout layout,
                              const Registers &r) {
  if (r.decompress_enable)
    return Status::error("decompression is not supported");
  switch (layout) {
  case Layout::DmaTensor:
    return executeTensor(machine, r);
  case Layout::DmaMatrix:
    return executeGdmaMatrix(machine, r);
  case Layout::SDmaMatrix: {
    // The short form names the global matrix and the local blocks once.
    Registers full = r;
    constexpr uint64_t kLocalEnd = kStaticBase;
    bool stores =
        sourceAddress(r) >= kLocalBase && sourceAddress(r) < kLocalEnd;
    full.stride_enable = 1;
    if (stores) {
      full.dst_hstride = r.matrix_hstride;
      full.dst_hsize = r.matrix_hsize;
      full.dst_wsize = r.matrix_wsize;
      full.src_nstride = r.block_nstride;
      full.src_cstride = r.block_cstride;
      full.src_nsize = r.block_nsize;
      full.src_csize = r.block_csize;
      full.src_wsize = r.block_wsize;
    } else {
      full.src_hstride = r.matrix_hstride;
      full.src_hsize = r.matrix_hsize;
      full.src_wsize = r.matrix_wsize;
      full.dst_nstride = r.block_nstride;
      full.dst_cstride = r.block_cstride;
      full.dst_nsize = r.block_nsize;
      full.dst_csize = r.block_csize;
      full.dst_wsize = r.block_wsize;
    }
    return executeGdmaMatrix(machine, full);
  }
  case Layout::DmaGeneral:
  case Layout::SDmaGeneral:
    return executeGeneral(machine, r);
  case Layout::DmaCwTranspose: {
    unsigned bytes;
    TPUC_RETURN_IF_FAILED(transferBytes(r, bytes));
    return executeExchange(machine, r, bytes, kExchangeChannelAndColumn);
  }
  case Layout::DmaGather:
  case Layout::DmaScatter:
    return executeGdmaRows(machine, layout, r);
  case Layout::DmaMaskedSelect:
  case Layout::SDmaMaskedSelect:
  case Layout::DmaNonzero:
  case Layout::SDmaNonzero:
    return executeGdmaSelect(machine, layout, r);
  default:
    return Status::error("the command is not supported");
  }
}
