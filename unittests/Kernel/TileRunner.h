//===- TileRunner.h - A kernel's tiles, one after the other ----*- C++ -*-===//
//
// The plainest schedule of one kernel: nothing overlaps, nothing stays in local
// memory. LayerGroup's schedules must compute the same.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_UNITTESTS_KERNEL_TILERUNNER_H
#define TPUC_UNITTESTS_KERNEL_TILERUNNER_H

#include "Kernel/Tiling.h"

#include <algorithm>

namespace tpuc::kernel {

class TileRunner {
public:
  TileRunner(const TiledKernel &kernel, CommandBuilder &builder)
      : kernel(kernel), builder(builder) {}

  /// Emits the fewest tiles whose buffers fit into `localBytes` of a lane;
  /// false when none do.
  bool run(int64_t localBytes) {
    for (const Shape4 &size : tileCandidates(kernel)) {
      llvm::SmallVector<Box> tiles = cutSpace(kernel.space(), size);
      if (!llvm::all_of(tiles, [&](const Box &tile) {
            return place(tile).end <= localBytes;
          }))
        continue;
      kernel.setUp(builder, /*address=*/0);
      for (const Box &tile : tiles)
        emit(tile);
      return true;
    }
    return false;
  }

private:
  /// A tile's buffers, behind what all tiles share.
  struct Buffers {
    llvm::SmallVector<LocalTensor> inputs;
    LocalTensor result;
    int64_t scratch, end;
  };

  Buffers place(const Box &tile) const {
    Buffers buffers;
    buffers.end = kernel.arch.wholeVectors(kernel.constantBytes());
    auto add = [&](LocalTensor tensor) {
      tensor = tensor.at(uint32_t(buffers.end));
      buffers.end += kernel.arch.wholeVectors(tensor.laneBytes());
      return tensor;
    };
    for (unsigned i = 0; i < kernel.numInputs(); ++i)
      buffers.inputs.push_back(
          add(kernel.placeInput(i, kernel.inputBox(i, tile))));
    buffers.result = add(kernel.placeResult(tile));
    buffers.scratch = buffers.end;
    buffers.end += kernel.arch.wholeVectors(kernel.scratchBytes(tile));
    return buffers;
  }

  void emit(const Box &tile) {
    Buffers buffers = place(tile);
    for (unsigned i = 0; i < kernel.numInputs(); ++i)
      kernel.load(builder, i, kernel.inputBox(i, tile), buffers.inputs[i]);
    kernel.compute(builder, tile,
                   {buffers.inputs, buffers.result, uint32_t(buffers.scratch)},
                   /*constants=*/0);
    kernel.store(builder, tile, buffers.result);
  }

  const TiledKernel &kernel;
  CommandBuilder &builder;
};

} // namespace tpuc::kernel

#endif // TPUC_UNITTESTS_KERNEL_TILERUNNER_H
