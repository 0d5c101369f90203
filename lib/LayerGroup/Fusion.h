//===- Fusion.h - Which kernels become one ---------------------*- C++ -*-===//
//
// Joins producers and consumers of values that do not fit into local memory.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_LAYERGROUP_FUSION_H
#define TPUC_LIB_LAYERGROUP_FUSION_H

#include "Residency.h"

namespace tpuc::group {

/// The kernels of a program that became one. Lives as long as the program.
class Joins {
public:
  explicit Joins(Program &program) : program(program) {}

  /// Where one kernel writes a value that lies in global memory only and one
  /// kernel reads it, both become one if that costs less. True when something
  /// changed; `memory` and `residency` are of the program before and no longer
  /// hold.
  bool add(const Memory &memory, const Residency &residency,
           const Options &options);

  /// Brings the program back to where it was before the first join.
  void undo();

  /// The values that exist within kernels, in the order of joins.
  std::vector<unsigned> values() const;

  /// The kernel of two operators as one, if `value` is only theirs and both
  /// have one kernel that fit together; else null.
  std::unique_ptr<kernel::TiledKernel>
  fuse(unsigned from, unsigned to, unsigned value, const Memory &memory) const;

  /// The joins so far, in order.
  std::vector<PlannedJoin> list() const;

  /// Joins the kernels of two operators to `fused`.
  void join(unsigned from, unsigned to, unsigned value,
            std::unique_ptr<kernel::Kernel> fused);

private:
  /// What a join changed.
  struct Entry {
    unsigned from, to, value;
    std::unique_ptr<kernel::Kernel> producer, consumer;
    llvm::SmallVector<unsigned, 4> producerOperands, producerResults,
        consumerOperands;
  };

  Program &program;
  std::vector<Entry> entries;
  /// Kernels of joins that are undone: nothing else may get their addresses.
  std::vector<std::unique_ptr<kernel::Kernel>> undone;
};

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_FUSION_H
