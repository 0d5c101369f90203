//===- CommandSink.h - Where kernels send their commands -------*- C++ -*-===//
//
// Kernels emit registers; a sink makes operations, cycles or tests of them.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_COMMANDSINK_H
#define TPUC_KERNEL_COMMANDSINK_H

#include "Target/BM1684X/Codec.h"

namespace tpuc::kernel {

/// Receives commands in an order in which running them one after the other is
/// right. The sink adds dependencies between the two queues.
class CommandSink {
public:
  virtual ~CommandSink() = default;

  /// Takes one command; `registers` holds everything but ids.
  virtual void emit(codec::Layout layout,
                    const codec::Registers &registers) = 0;

  /// The absolute address of an offset in the coefficients or activations.
  virtual uint64_t coefficientBase() const = 0;
  virtual uint64_t activationBase() const = 0;
};

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_COMMANDSINK_H
