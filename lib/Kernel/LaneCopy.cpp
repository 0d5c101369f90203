//===- LaneCopy.cpp - Permutations within each lane -----------------------===//
//
// A transfer of single elements takes a hundred times as long as one of rows.
// Where lanes keep their data, both sides are therefore moved in their own
// order and the vector unit, which reads and writes with any stride, does the
// rest: it interleaves the phases of a depth-to-space, for example.
//
//===----------------------------------------------------------------------===//

#include "LaneCopy.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// Transfers of a tile on one side, at most.
constexpr int64_t kMostTransfers = 64;

using Stride = int64_t CopyAxis::*;

/// One side of a tile: its axes from the outermost on, dense in local memory.
class Side {
public:
  Side(const GlobalTensor &global, Stride stride, const CopyAxis &lanes,
       llvm::ArrayRef<CopyAxis> axes, unsigned cut)
      : global(global), stride(stride), laneStride(lanes.*stride), cut(cut),
        axes(axes.begin(), axes.end()) {
    // What repeats elements is no axis of this side.
    for (unsigned i = 0; i < axes.size(); ++i)
      if (axes[i].*stride != 0)
        order.push_back(i);
    llvm::stable_sort(order, [&](unsigned a, unsigned b) {
      return axes[a].*stride > axes[b].*stride;
    });
    // The run: what follows the cut axis without gaps.
    for (first = order.size(); first-- > 0;) {
      unsigned axis = order[first];
      if (axis == cut || axes[axis].*stride != run)
        break;
      run *= axes[axis].size;
    }
    ++first;
    for (unsigned i = 0; i < first; ++i)
      if (order[i] != cut)
        transfers *= axes[order[i]].size;
  }

  int64_t run = 1;       ///< Elements of a transfer's rows.
  int64_t transfers = 1; ///< Of a tile.

  /// Distances of neighbours in a tile of `rows` on the cut axis.
  llvm::SmallVector<int64_t> localStrides(int64_t rows) const {
    llvm::SmallVector<int64_t> strides(axes.size());
    int64_t next = 1;
    for (unsigned axis : llvm::reverse(order)) {
      strides[axis] = next;
      next *= axis == cut ? rows : axes[axis].size;
    }
    return strides;
  }

  /// Calls `action` with each transfer's place in `local`, which holds the
  /// tile, and in global memory.
  void forEachTransfer(
      const Box &tile, const LocalTensor &local,
      llvm::function_ref<void(const LocalTensor &, const GlobalTensor &)>
          action) const {
    llvm::SmallVector<int64_t> strides = localStrides(tile.size[H]);
    Shape4 shape{1, tile.size[C], tile.size[H], run};
    GlobalTensor from =
        global.viewed(shape, {1, laneStride, axes[cut].*stride, 1})
            .advanced(tile.offset[C] * laneStride +
                      tile.offset[H] * (axes[cut].*stride));
    LocalTensor to =
        local.viewed(shape, {1, local.strides[C], strides[cut], 1});
    for (int64_t i = 0; i < transfers; ++i) {
      int64_t rest = i, localStart = 0, globalStart = 0;
      for (unsigned at = first; at-- > 0;) {
        unsigned axis = order[at];
        if (axis == cut)
          continue;
        int64_t index = rest % axes[axis].size;
        rest /= axes[axis].size;
        localStart += index * strides[axis];
        globalStart += index * (axes[axis].*stride);
      }
      action(to.at(to.address + uint32_t(localStart * byteWidth(to.type))),
             from.advanced(globalStart));
    }
  }

private:
  GlobalTensor global;
  Stride stride;
  int64_t laneStride;
  unsigned cut;
  CopyAxes axes;
  llvm::SmallVector<unsigned> order; ///< Of the axes, the outermost first.
  unsigned first = 0;                ///< Of `order`, in the run.
};

/// The tile axes: c the lanes, h the cut axis, w everything else.
class LaneCopyKernel : public TiledKernel {
public:
  LaneCopyKernel(const GlobalTensor &result, const GlobalTensor &source,
                 const CopyAxis &lanes, llvm::ArrayRef<CopyAxis> axes,
                 unsigned cut)
      : type(result.type), lanes(lanes.size), axes(axes.begin(), axes.end()),
        cut(cut), to(result, &CopyAxis::resultStride, lanes, axes, cut),
        from(source, &CopyAxis::sourceStride, lanes, axes, cut) {
    for (auto [i, axis] : llvm::enumerate(axes))
      inner *= i == cut ? 1 : axis.size;
  }

  bool isWorthwhile() const {
    return to.transfers <= kMostTransfers && from.transfers <= kMostTransfers &&
           std::min(to.run, from.run) > 1 &&
           4 * inner * byteWidth(type) <= arch::kLaneBytes;
  }

  Shape4 space() const override { return {1, lanes, axes[cut].size, inner}; }
  Shape4 granularity() const override { return {0, arch::kLanes, 1, 0}; }
  unsigned numInputs() const override { return 1; }
  Box inputBox(unsigned, const Box &tile) const override { return tile; }
  LocalTensor placeInput(unsigned, const Box &box) const override {
    return alignedTensor(0, {1, box.size[C], 1, box.size[H] * inner}, type);
  }
  LocalTensor placeResult(const Box &tile) const override {
    return placeInput(0, tile);
  }
  void load(CommandBuilder &builder, unsigned, const Box &box,
            const LocalTensor &local) const override {
    from.forEachTransfer(
        box, local, [&](const LocalTensor &part, const GlobalTensor &global) {
          builder.load(part, global);
        });
  }
  void store(CommandBuilder &builder, const Box &tile,
             const LocalTensor &local) const override {
    to.forEachTransfer(
        tile, local, [&](const LocalTensor &part, const GlobalTensor &global) {
          builder.store(global, part);
        });
  }

  void compute(CommandBuilder &builder, const Box &tile,
               const TileBuffers &buffers, uint32_t) const override {
    llvm::SmallVector<int64_t> toStrides = to.localStrides(tile.size[H]);
    llvm::SmallVector<int64_t> fromStrides = from.localStrides(tile.size[H]);
    CopyAxes local;
    for (auto [i, axis] : llvm::enumerate(axes))
      local.push_back(
          {i == cut ? tile.size[H] : axis.size, toStrides[i], fromStrides[i]});
    local = joinAxes(local);
    // Lines cost the larger stride of a row's neighbours, so that the longest
    // axis of a small stride becomes the row; short axes are commands.
    auto lineCost = [](const CopyAxis &axis) {
      int64_t step = std::max(axis.resultStride, axis.sourceStride);
      return double(std::min(step, arch::kVectorBytes)) +
             double(arch::kVectorBytes) / double(axis.size);
    };
    auto row = std::min_element(local.begin(), local.end(),
                                [&](const CopyAxis &a, const CopyAxis &b) {
                                  return lineCost(a) < lineCost(b);
                                });
    CopyAxis w = *row;
    local.erase(row);
    llvm::stable_sort(local, [](const CopyAxis &a, const CopyAxis &b) {
      return a.size > b.size;
    });
    local.resize(std::max<size_t>(local.size(), 2), CopyAxis{1, 1, 1});
    copyAll(builder, llvm::ArrayRef<CopyAxis>(local).drop_front(2),
            {local[1], local[0], w}, buffers.result, buffers.inputs[0]);
  }

private:
  /// One command for each position on `outer`.
  void copyAll(CommandBuilder &builder, llvm::ArrayRef<CopyAxis> outer,
               const std::array<CopyAxis, 3> &nhw, LocalTensor result,
               LocalTensor source) const {
    if (!outer.empty()) {
      for (int64_t i = 0; i < outer.front().size; ++i) {
        copyAll(builder, outer.drop_front(), nhw, result, source);
        result.address += outer.front().resultStride * byteWidth(type);
        source.address += outer.front().sourceStride * byteWidth(type);
      }
      return;
    }
    const auto &[n, h, w] = nhw;
    Shape4 shape{n.size, result.shape[C], h.size, w.size};
    builder.copy(result.viewed(shape, {n.resultStride, result.strides[C],
                                       h.resultStride, w.resultStride}),
                 source.viewed(shape, {n.sourceStride, source.strides[C],
                                       h.sourceStride, w.sourceStride}));
  }

  ElementType type;
  int64_t lanes, inner = 1;
  CopyAxes axes;
  unsigned cut;
  Side to, from;
};

} // namespace

bool kernel::makeLaneCopyKernel(const GlobalTensor &result,
                                const GlobalTensor &source,
                                const CopyAxis &lanes,
                                llvm::ArrayRef<CopyAxis> rest,
                                KernelList &kernels) {
  // What is neither side's run is cut, of several the longest.
  std::optional<unsigned> cut;
  CopyAxes axes(rest.begin(), rest.end());
  for (auto [i, axis] : llvm::enumerate(axes))
    if (axis.resultStride != 1 && axis.sourceStride > 1 &&
        (!cut || axis.size > axes[*cut].size))
      cut = i;
  if (!cut) {
    cut = axes.size();
    axes.push_back({1, 0, 0});
  }
  auto kernel =
      std::make_unique<LaneCopyKernel>(result, source, lanes, axes, *cut);
  if (!kernel->isWorthwhile())
    return false;
  kernels.push_back(std::move(kernel));
  return true;
}
