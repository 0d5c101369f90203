//===- Steps.h - A program as a sequence of tiles ---------------*- C++ -*-===//
//
// Time is counted in steps: the computation of one tile, or the transfers of a
// kernel that only moves data. Buffers and values live for a range of steps.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_LAYERGROUP_STEPS_H
#define TPUC_LIB_LAYERGROUP_STEPS_H

#include "Packing.h"
#include "TileChoice.h"

namespace tpuc::group {

/// A transfer, or several, into a buffer before a step needs it.
struct Load {
  unsigned op = 0;
  const kernel::TiledKernel *kernel = nullptr;
  /// Index of the input; nothing for what setUp() writes.
  std::optional<unsigned> input;
  OperandPlan operand;
  unsigned buffer = 0;
  /// First step at which it may be issued, and step that needs it.
  unsigned earliest = 0, needed = 0;

  /// Whether it reads coefficients only.
  bool isConstant() const { return !input || operand.isConstant; }
};

struct Step {
  unsigned op = 0;
  /// One of the two: what is moved, or the kernel of the tile.
  const kernel::TransferKernel *transfer = nullptr;
  const kernel::TiledKernel *tiled = nullptr;
  TilePlan tile;
  /// Buffers; those that do not exist are nothing.
  llvm::SmallVector<std::optional<unsigned>, 3> inputs;
  std::optional<unsigned> result, scratch, constants;
};

struct StepList {
  std::vector<Step> steps;
  /// Local bytes of a lane; buffers first, then resident values.
  std::vector<Interval> buffers;
  /// In order of need.
  std::vector<Load> loads;
  /// By value: the buffer that it is, when it is resident.
  std::vector<std::optional<unsigned>> residents;
};

/// Cuts all kernels by `plans` (one a kernel, in order; nothing for kernels
/// that are not tiled) and finds out how long everything lives; fills the first
/// and last steps of `memory.byValue`.
StepList listSteps(AllocationMap &allocations,
                   llvm::ArrayRef<std::optional<KernelPlan>> plans);

} // namespace tpuc::group

#endif // TPUC_LIB_LAYERGROUP_STEPS_H
