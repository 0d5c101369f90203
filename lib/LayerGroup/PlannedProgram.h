//===- PlannedProgram.h - A program as its plan wants it --------*- C++ -*-===//
//
// Applies a plan to a program: fuses its kernels, cuts them, and gives every
// step and buffer its place. What emission and verification look at.
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
  /// Applies `plan`; both must outlive this. The program gets its kernels back
  /// at the end of this object's life.
  PlannedProgram(Program &program, const Plan &plan)
      : plan(plan), fusions(program), allocations(program), program(program) {}
  ~PlannedProgram() { fusions.undo(); }

  /// Returns false and fills `failure` when the plan is not one of the program:
  /// other kernels, values, buffers or loads than it has.
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

/// What `list`, whose buffers have their places, adds to a plan: the kernels of
/// a program cut by `kernels`, with loads that are issued at `issues`.
std::vector<PlannedKernel>
describeKernels(const StepList &list,
                llvm::ArrayRef<std::optional<KernelPlan>> kernels,
                llvm::ArrayRef<unsigned> issues);

/// Plans all tiles again, now that values have their addresses, which tiles
/// hold.
void bindAddresses(StepList &list, const AllocationMap &allocations);

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_PLANNEDPROGRAM_H
