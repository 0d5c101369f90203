//===- LanePermute.cpp - Movements between lanes as products --------------===//
//
// The vector units never see another lane's data, but a convolution does: its
// channels are the lanes. INT8 sums, of which all but one are zero, are
// exact for every type.
//
//===----------------------------------------------------------------------===//

#include "Kernel/LanePermute.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

class LanePermuteKernel : public TiledKernel {
public:
  LanePermuteKernel(const Arch &arch, const GlobalTensor &result,
                    const GlobalTensor &source, const GlobalTensor &matrices,
                    LanePermutation permutation)
      : TiledKernel(arch), result(byLanes(result)), source(byLanes(source)),
        matrices(matrices), plan(std::move(permutation)) {}

  Shape4 space() const override { return result.shape; }
  Shape4 granularity() const override { return {0, 0, 0, 0}; }
  unsigned numInputs() const override { return 2; }
  Box inputBox(unsigned index, const Box &) const override {
    return {{0, 0, 0, 0}, index == 0 ? source.shape : matrices.shape};
  }
  LocalTensor placeInput(unsigned index, const Box &box) const override {
    return alignedTensor(arch, 0, box.size,
                         index == 0 ? source.type : matrices.type);
  }
  LocalTensor placeResult(const Box &tile) const override {
    return alignedTensor(arch, 0, tile.size, result.type);
  }
  int64_t scratchBytes(const Box &) const override {
    int64_t most = 0;
    for (const LanePermutation::Group &group : plan.groups)
      most = std::max(most, sumsOf(group, 0).laneBytes());
    return most;
  }

  void load(CommandBuilder &builder, unsigned index, const Box &,
            const LocalTensor &local) const override {
    builder.load(local, index == 0 ? source : matrices);
  }

  void compute(CommandBuilder &builder, const Box &, const TileBuffers &buffers,
               uint32_t) const override {
    for (const LanePermutation::Group &group : plan.groups) {
      LocalTensor sums = sumsOf(group, buffers.scratch);
      for (const LanePermutation::Product &product : group.products)
        builder.convolve(sums.slice(H, product.position, product.count),
                         slotsOf(buffers.inputs[0].address, plan.sourceLanes,
                                 product.source, product.step, product.count),
                         buffers.inputs[1].address +
                             uint32_t(product.matrix * plan.depth),
                         std::nullopt, Window(), product.accumulates);
      builder.cast(slotsOf(buffers.result.address, plan.resultLanes,
                           group.first, group.step, group.count),
                   sums);
    }
  }

  void store(CommandBuilder &builder, const Box &,
             const LocalTensor &local) const override {
    builder.store(result, local);
  }

private:
  /// A whole value in its lane layout.
  static GlobalTensor byLanes(const GlobalTensor &value) {
    int64_t n = value.layout.n, c = value.layout.c;
    return value.reshaped({n, c, 1, numElements(value.shape) / (n * c)});
  }

  LocalTensor sumsOf(const LanePermutation::Group &group,
                     int64_t address) const {
    return alignedTensor(arch, uint32_t(address),
                         {1, plan.resultLanes, group.count, plan.runBytes},
                         ElementType::I32);
  }

  /// The bytes of `count` slots of a value.
  LocalTensor slotsOf(uint32_t address, int64_t lanes, int64_t first,
                      int64_t step, int64_t count) const {
    LocalTensor slots =
        alignedTensor(arch, uint32_t(address + first * plan.runBytes),
                      {1, lanes, count, plan.runBytes}, ElementType::I8);
    slots.strides[H] = step * plan.runBytes;
    return slots;
  }

  GlobalTensor result, source, matrices;
  LanePermutation plan;
};

} // namespace

void kernel::makeLanePermuteKernel(const Arch &arch, const GlobalTensor &result,
                                   const GlobalTensor &source,
                                   const GlobalTensor &matrices,
                                   LanePermutation permutation,
                                   KernelList &kernels) {
  kernels.push_back(std::make_unique<LanePermuteKernel>(
      arch, result, source, matrices, std::move(permutation)));
}
