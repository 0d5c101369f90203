//===- PlannedProgram.h - A program with a plan applied --------*- C++ -*-===//
//
// Applies a plan to a program: fuses and tiles its kernels and assigns
// addresses to all buffers. Input of emission and verification.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_LAYERGROUP_PLANNEDPROGRAM_H
#define TPUC_LIB_LAYERGROUP_PLANNEDPROGRAM_H

#include "ProducerFusion.h"
#include "Steps.h"

namespace tpuc::group {

struct KernelParts;

class PlannedProgram {
public:
  /// Applies `plan`; both must outlive this. The destructor restores the
  /// program's kernels.
  PlannedProgram(Program &program, const Plan &plan)
      : plan(plan), fusions(program), allocations(program), program(program) {}
  ~PlannedProgram() { fusions.undo(); }

  /// Returns false and fills `failure` when the plan does not match the
  /// program's kernels, values, buffers or loads.
  bool apply(Failure &failure);

  const Plan &plan;
  ProducerFusions fusions;
  AllocationMap allocations;
  std::vector<std::optional<KernelPlan>> kernels; ///< by kernel
  StepList list;
  std::vector<unsigned> issues; ///< by load of the list

private:
  bool applyFusions(Failure &failure);
  bool cutKernels(Failure &failure);
  bool placeBuffers(Failure &failure);
  bool placeInputs(const KernelParts &part, const PlannedKernel &planned,
                   Failure &failure);
  bool placeLoads(unsigned op, llvm::ArrayRef<unsigned> loads,
                  const PlannedLoads &planned, Failure &failure);
  /// The step of a tile; nothing when the operator has no such tile.
  std::optional<unsigned> stepOf(const TileTime &time) const;

  static constexpr unsigned kNoSteps = ~0u;

  Program &program;
  std::vector<unsigned> firstSteps; ///< by operator, or kNoSteps
};

/// The plan's description of the kernels of `list`, whose buffers have
/// addresses: tiled by `kernels`, with loads issued at `issues`.
std::vector<PlannedKernel>
describeKernels(const StepList &list,
                llvm::ArrayRef<std::optional<KernelPlan>> kernels,
                llvm::ArrayRef<unsigned> issues);

/// Plans all tiles again with the addresses of the values that they access.
void bindAddresses(StepList &list, const AllocationMap &allocations);

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_PLANNEDPROGRAM_H
