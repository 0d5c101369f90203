//===- Program.h - A network as values and kernels --------------*- C++ -*-===//
//
// What LayerGroup plans: the operators of a network in order, each with its
// kernels, and the values between them. Free of MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LAYERGROUP_PROGRAM_H
#define TPUC_LAYERGROUP_PROGRAM_H

#include "Kernel/Kernel.h"

#include <deque>
#include <optional>
#include <vector>

namespace tpuc::group {

/// A tensor that operators write and read. Kernels name it by a range of
/// virtual offsets in Region::Activation that no other value shares; the plan
/// decides its real address.
struct Value {
  int64_t offset = 0; ///< first virtual byte
  int64_t bytes = 0;
  kernel::ElementType type = kernel::ElementType::F32;
  /// Lane layout when it is resident. Not known: it is never resident.
  kernel::LaneLayout layout;
  bool isInput = false;  ///< lies in global memory before the first command
  bool isOutput = false; ///< must lie there after the last
  bool isFused = false;  ///< has no memory: it exists within a fused kernel

  int64_t numElements() const { return bytes / byteWidth(type); }
  /// Bytes per lane that it takes in its lane layout.
  int64_t laneBytes(const Arch &arch) const;
};

/// Says that an operator was fused into its consumer.
struct ProducerFusion {
  unsigned into = 0;       ///< index of the other operator
  int64_t apartCycles = 0; ///< of both, before; 0 when that did not fit
  int64_t cycles = 0;      ///< of both as one
};

struct Operator {
  kernel::KernelList kernels;
  /// Indices of values; a value may occur several times.
  llvm::SmallVector<unsigned, 4> operands, results;
  /// Set when it has lost its kernels to another operator.
  std::optional<ProducerFusion> fusion;
};

struct Program {
  explicit Program(const Arch &arch) : arch(arch) {}

  const Arch &arch; ///< the kernels'
  std::vector<Value> values;
  std::deque<Operator> operators;
};

} // namespace tpuc::group

#endif // TPUC_LAYERGROUP_PROGRAM_H
