//===- Transpose.cpp - Transpositions and broadcasts ----------------------===//
//
// TRANS&BC: exchanges of channels and columns, copies between lanes, and
// broadcasts from a lane or from static memory.
//
//===----------------------------------------------------------------------===//

#include "Commands.h"

#include <cstring>

using namespace tpuc::sim;

namespace { /// Copies dense rows of w elements between a tensor and a buffer.
template <typename Move> void forEachRow(const View &view, Move &&move) {
  for (uint64_t n = 0; n < view.shape.n; ++n)
    for (uint64_t c = 0; c < view.shape.c; ++c)
      for (uint64_t h = 0; h < view.shape.h; ++h)
        move(view.channel(c) + ptrdiff_t(n) * view.nStep() +
                 ptrdiff_t(h) * view.hStep(),
             ((n * view.shape.c + c) * view.shape.h + h) * view.shape.w);
}

void readDense(const View &view, uint8_t *buffer) {
  uint64_t bytes = view.elementBytes;
  forEachRow(view, [&](const uint8_t *row, uint64_t at) {
    std::memcpy(buffer + at * bytes, row, view.shape.w * bytes);
  });
}

Status exchange(Machine &machine, const Registers &r, unsigned bytes) {
  Shape shape = resultShape(r);
  if (r.opd0_c != shape.w || r.opd0_w != shape.c)
    return Status::error(
        "the source has " + std::to_string(r.opd0_c) + " channels and " +
        std::to_string(r.opd0_w) + " columns, the result needs " +
        std::to_string(shape.w) + " and " + std::to_string(shape.c));
  View source, result;
  TPUC_RETURN_IF_FAILED(makeView(machine, "operand 0", r.opd0_addr, bytes,
                                 {shape.n, r.opd0_c, shape.h, r.opd0_w},
                                 TensorLayout::EuAligned, source));
  TPUC_RETURN_IF_FAILED(makeView(
      machine, "the result", r.res0_addr, bytes, shape,
      r.tsk_eu_typ == codec::TransBcFunction::CwTs ? TensorLayout::LineAligned
                                                   : TensorLayout::EuAligned,
      result));
  uint8_t *buffer = machine.scratch[0].get<uint8_t>(shape.n * shape.c *
                                                    shape.h * shape.w * bytes);
  readDense(source, buffer);
  Kernels::Copy copy = kernelsOf(machine).copy[sizeIndex(bytes)];
  // Row (n, c, h) of the result is column c of the source's channels.
  ptrdiff_t stride = ptrdiff_t(shape.h * shape.c * bytes);
  for (uint64_t n = 0; n < shape.n; ++n)
    for (uint64_t c = 0; c < shape.c; ++c)
      for (uint64_t h = 0; h < shape.h; ++h)
        copy(result.channel(c) + ptrdiff_t(n) * result.nStep() +
                 ptrdiff_t(h) * result.hStep(),
             bytes,
             buffer + ((n * shape.w * shape.h + h) * shape.c + c) * bytes,
             stride, shape.w);
  return Status();
}

Status betweenLanes(Machine &machine, const Registers &r, unsigned bytes) {
  Shape shape = resultShape(r), from = shape;
  bool broadcasts = r.tsk_eu_typ == codec::TransBcFunction::LBc;
  if (broadcasts)
    from.c = 1;
  View source, result;
  TPUC_RETURN_IF_FAILED(makeView(machine, "operand 0", r.opd0_addr, bytes, from,
                                 TensorLayout::EuAligned, source));
  TPUC_RETURN_IF_FAILED(makeView(machine, "the result", r.res0_addr, bytes,
                                 shape, TensorLayout::EuAligned, result));
  uint64_t plane = shape.h * shape.w * bytes;
  uint8_t *buffer = machine.scratch[0].get<uint8_t>(from.n * from.c * plane);
  readDense(source, buffer);
  for (uint64_t n = 0; n < shape.n; ++n)
    for (uint64_t c = 0; c < shape.c; ++c)
      std::memcpy(result.channel(c) + ptrdiff_t(n) * result.nStep(),
                  buffer + (n * from.c + (broadcasts ? 0 : c)) * plane, plane);
  return Status();
}

Status fromStatic(Machine &machine, const Registers &r, unsigned bytes) {
  Shape shape = resultShape(r);
  bool distributes = r.tsk_eu_typ == codec::TransBcFunction::SDistribute;
  if (distributes && bytes != 4)
    return Status::error("only 32-bit words can be distributed from static "
                         "memory");
  if (shape.n != 1 || shape.h != 1 || (distributes && shape.w != 1))
    return Status::error("a tensor from static memory must be a row a channel");
  uint64_t count = distributes ? shape.c : shape.w;
  View result;
  TPUC_RETURN_IF_FAILED(makeView(
      machine, "the result", r.res0_addr, bytes, shape,
      distributes ? TensorLayout::Compact : TensorLayout::EuAligned, result));
  if (r.opd0_addr < kStaticBase || r.opd0_addr >= kStaticBase + kStaticBytes ||
      count * bytes > kStaticBase + kStaticBytes - r.opd0_addr)
    return Status::error("operand 0 at " + hex(r.opd0_addr) +
                         " lies outside static memory");
  const uint8_t *source =
      machine.staticMemory.data() + (r.opd0_addr - kStaticBase);
  for (uint64_t c = 0; c < shape.c; ++c)
    std::memcpy(result.channel(c), distributes ? source + c * bytes : source,
                distributes ? bytes : shape.w * bytes);
  return Status();
}

} // namespace

Status tpuc::sim::executeTranspose(Machine &machine, const Registers &r) {
  Precision precision;
  TPUC_RETURN_IF_FAILED(precisionOf(r.res0_prec, "the result", precision));
  unsigned bytes = elementBytes(precision);
  switch (r.tsk_eu_typ) {
  case codec::TransBcFunction::CwTs:
  case codec::TransBcFunction::WcTs:
    return exchange(machine, r, bytes);
  case codec::TransBcFunction::LCopy:
  case codec::TransBcFunction::LBc:
    return betweenLanes(machine, r, bytes);
  case codec::TransBcFunction::SBc:
  case codec::TransBcFunction::SDistribute:
    return fromStatic(machine, r, bytes);
  default:
    return Status::error("function " + std::to_string(r.tsk_eu_typ) +
                         " is not defined for TRANS&BC");
  }
}
