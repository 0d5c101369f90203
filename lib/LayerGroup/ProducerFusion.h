//===- ProducerFusion.h - Which kernels become one --------------*- C++ -*-===//
//
// Fuses producers and consumers of values that do not fit into local memory.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_LAYERGROUP_PRODUCERFUSION_H
#define TPUC_LIB_LAYERGROUP_PRODUCERFUSION_H

#include "Residency.h"

namespace tpuc::group {

/// The fusions of a program. Lives as long as the program.
class ProducerFusions {
public:
  explicit ProducerFusions(Program &program) : program(program) {}

  /// Fuses the producer and the consumer of each value in global memory that
  /// has one reader, if that costs less. True when something changed, which
  /// invalidates `allocations` and `residency`.
  bool add(const AllocationMap &allocations, const Residency &residency,
           const Options &options);

  /// Restores the program as it was before the first fusion.
  void undo();

  /// The values that exist within kernels, in the order of fusions.
  std::vector<unsigned> values() const;

  /// The fused kernel of two operators, if `value` has no other user and each
  /// has one kernel, of compatible views; else null.
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
