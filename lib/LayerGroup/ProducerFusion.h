//===- ProducerFusion.h - Which kernels become one --------------*- C++ -*-===//
//
// Fuses producers and consumers of values that do not fit into local memory.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_LAYERGROUP_PRODUCERFUSION_H
#define TPUC_LIB_LAYERGROUP_PRODUCERFUSION_H

#include "Residency.h"

namespace tpuc::group {

/// The kernels of a program that became one. Lives as long as the program.
class ProducerFusions {
public:
  explicit ProducerFusions(Program &program) : program(program) {}

  /// Where one kernel writes a value that lies in global memory only and one
  /// kernel reads it, both become one if that costs less. True when something
  /// changed; `memory` and `residency` are of the program before and no longer
  /// hold.
  bool add(const AllocationMap &allocations, const Residency &residency,
           const Options &options);

  /// Brings the program back to where it was before the first fusion.
  void undo();

  /// The values that exist within kernels, in the order of fusions.
  std::vector<unsigned> values() const;

  /// The kernel of two operators as one, if `value` is only theirs and both
  /// have one kernel that fit together; else null.
  std::unique_ptr<kernel::TiledKernel>
  fuse(unsigned from, unsigned to, unsigned value,
       const AllocationMap &allocations) const;

  /// The fusions so far, in order.
  std::vector<PlannedFusion> list() const;

  /// Fuses the kernels of two operators to `fused`.
  void commit(unsigned from, unsigned to, unsigned value,
              std::unique_ptr<kernel::Kernel> fused);

private:
  /// What a fusion changed.
  struct Entry {
    unsigned from, to, value;
    std::unique_ptr<kernel::Kernel> producer, consumer;
    llvm::SmallVector<unsigned, 4> producerOperands, producerResults,
        consumerOperands;
  };

  Program &program;
  std::vector<Entry> entries;
  /// Kernels of fusions that are undone: nothing else may get their addresses.
  std::vector<std::unique_ptr<kernel::Kernel>> undone;
};

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_PRODUCERFUSION_H
