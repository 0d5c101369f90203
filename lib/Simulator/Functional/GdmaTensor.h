//===- GdmaTensor.h - Tensors that the GDMA moves -------------*- C++ -*-===//
//
// A strided tensor in any of the memories, as GDMA commands describe it, with
// the check that all of it is mapped.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_SIMULATOR_FUNCTIONAL_GDMATENSOR_H
#define TPUC_LIB_SIMULATOR_FUNCTIONAL_GDMATENSOR_H

#include "Commands.h"

namespace tpuc::sim {

/// A side of a move. In local memory channels go from lane to lane; in the
/// other memories a channel is a stride away.
struct GdmaTensor {
  bool isLocal = false;
  View lanes;
  uint8_t *base = nullptr;
  unsigned elementBytes = 1;
  Shape shape;
  Strides strides;

  uint8_t *channel(uint64_t c) const {
    return isLocal ? lanes.channel(c) : base + c * strides.c * elementBytes;
  }
  ptrdiff_t nStep() const { return ptrdiff_t(strides.n * elementBytes); }
  ptrdiff_t hStep() const { return ptrdiff_t(strides.h * elementBytes); }
  ptrdiff_t wStep() const { return ptrdiff_t(strides.w * elementBytes); }
  uint64_t elements() const { return shape.n * shape.c * shape.h * shape.w; }
};

/// Makes and checks a side. Without strides a local tensor is EU-aligned and
/// any other contiguous.
Status makeGdmaTensor(Machine &machine, const char *side, uint64_t address,
                      unsigned elementBytes, const Shape &shape,
                      const Strides *strides, GdmaTensor &tensor);

uint64_t sourceAddress(const Registers &r);
uint64_t destinationAddress(const Registers &r);

/// Whether an address lies in the lanes.
bool isLocalAddress(uint64_t address);
/// The lanes that a command may write.
uint64_t laneMask(const Registers &r);

/// Bytes of an element of the transfer.
Status transferBytes(const Registers &r, unsigned &bytes);

/// Which axis of the destination an axis of the source becomes.
struct AxisOrder {
  unsigned n = 0, c = 1, h = 2, w = 3;
};

/// Copies `from` to `to`; `order` says which source axis each axis of the
/// destination walks along. The sizes are those of the destination.
void moveTensor(Machine &machine, const GdmaTensor &from, const GdmaTensor &to,
                const AxisOrder &order, uint64_t mask);

/// Writes the low bytes of `value` to every element.
void fillTensor(Machine &machine, const GdmaTensor &to, uint32_t value,
                uint64_t mask);

/// Copies between shapes of equal element count, in row-major order. Fails when
/// tensors that share memory are too large to be copied by way of a buffer.
Status reshapeTensor(Machine &machine, const GdmaTensor &from,
                     const GdmaTensor &to, uint64_t mask);

Status executeGdmaMatrix(Machine &machine, const Registers &r);
Status executeGdmaRows(Machine &machine, codec::Layout layout,
                       const Registers &r);
Status executeGdmaSelect(Machine &machine, codec::Layout layout,
                         const Registers &r);

} // namespace tpuc::sim

#endif // TPUC_LIB_SIMULATOR_FUNCTIONAL_GDMATENSOR_H
