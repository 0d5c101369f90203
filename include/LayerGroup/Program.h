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
/// virtual offsets in Region::Activation that no other value shares; where it
/// lies in truth is the plan's business.
struct Value {
  int64_t offset = 0; ///< first virtual byte
  int64_t bytes = 0;
  kernel::ElementType type = kernel::ElementType::F32;
  /// Lanes that it has when it stays in local memory. Not known: it never does.
  kernel::LaneLayout layout;
  bool isInput = false;  ///< lies in global memory before the first command
  bool isOutput = false; ///< must lie there after the last
  bool isFused = false;  ///< lies nowhere: it exists within one kernel

  int64_t numElements() const { return bytes / byteWidth(type); }
  /// Local bytes of a lane that it takes with its lanes.
  int64_t laneBytes() const;
};

/// Says that an operator is computed as a part of another.
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
  std::vector<Value> values;
  std::deque<Operator> operators;
};

} // namespace tpuc::group

#endif // TPUC_LAYERGROUP_PROGRAM_H
