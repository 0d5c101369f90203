//===- ArOperands.h - Operands of AR commands -----------------*- C++ -*-===//
//
// Reads the operands of AR commands, which may be constants or tensors in one
// of four layouts, and the loop over the channels of the result.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_SIMULATOR_FUNCTIONAL_AROPERANDS_H
#define TPUC_LIB_SIMULATOR_FUNCTIONAL_AROPERANDS_H

#include "Commands.h"

#include <algorithm>

namespace tpuc::sim {

struct ArOperand {
  bool constant = true;
  bool present = false;
  uint32_t bits = 0;
  Precision precision = Precision::I8;
  View view;

  const View *memory() const { return constant ? nullptr : &view; }
  uint8_t *channel(uint64_t c) const {
    return constant ? nullptr : view.channel(c);
  }
};

/// An AR command with its operands checked.
struct ArCommand {
  ArOperand result, operand[3];
  /// A tensor operand is not element on element with the result: channels must
  /// be worked on in order.
  bool ordered = false;
};

/// Reads `operands` operands (1 to 3). Operand 2 may be a constant or a scalar
/// a channel.
Status readArCommand(Machine &machine, const Registers &r, unsigned operands,
                     ArCommand &command);

/// Splits the channels of the result over the threads.
template <typename Body>
void forEachChannel(Machine &machine, const Shape &shape, bool ordered,
                    unsigned costPerElement, Body &&body) {
  uint64_t cost =
      ordered ? 0 : shape.n * shape.c * shape.h * shape.w * costPerElement;
  machine.pool.run(shape.c, cost, [&](uint64_t begin, uint64_t end, unsigned) {
    for (uint64_t c = begin; c < end; ++c)
      body(c);
  });
}

} // namespace tpuc::sim

#endif // TPUC_LIB_SIMULATOR_FUNCTIONAL_AROPERANDS_H
