//===- LaneCopy.cpp - Permutations within each lane -----------------------===//
//
// A transfer of single elements takes a hundred times as long as one of rows.
// Where lanes keep their data, both sides are therefore moved in their own
// order and the vector unit, which reads and writes with any stride, does the
// rest: it interleaves the phases of a depth-to-space, repeats columns, or
// picks every second one.
//
//===----------------------------------------------------------------------===//

#include "LaneCopy.h"
#include "Support/IntMath.h"

#include "Arch/Arch.h"
#include "CopySide.h"
#include "LocalCopy.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <numeric>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// Transfers of a tile on one side, at most.
constexpr int64_t kMostTransfers = 64;

/// The tile axes: c the lanes, h the cut axis, w everything else.
class LaneCopyKernel : public TiledKernel {
public:
  LaneCopyKernel(const Arch &arch, const GlobalTensor &result,
                 const GlobalTensor &source, const StridedAxis &lanes,
                 llvm::ArrayRef<StridedAxis> axes, unsigned cut)
      : TiledKernel(arch), type(result.type), lanes(lanes.size),
        axes(axes.begin(), axes.end()), cut(cut),
        to(arch, result, &StridedAxis::resultStride, lanes, axes, cut,
           /*mayCover=*/false),
        from(arch, source, &StridedAxis::sourceStride, lanes, axes, cut,
             /*mayCover=*/true) {
    for (auto [i, axis] : llvm::enumerate(axes))
      inner *= i == cut ? 1 : axis.size;
    chooseUnit();
  }

  bool isPossible() const {
    return to.numTransfers() <= kMostTransfers &&
           from.numTransfers() <= kMostTransfers &&
           to.columns(unit) <= arch.maxSize &&
           from.columns(unit) <= arch.maxSize && bytes(unit) <= tileBytes();
  }

  /// About what the whole copy takes, in bytes that are transferred; halves of
  /// it where several choices agree.
  double cost() const {
    int64_t rows = axes[cut].size;
    while (rows > unit && bytes(rows) > tileBytes())
      rows = alignUp(ceilDiv(rows, 2), unit);
    double tiles = double(axes[cut].size) / double(rows);
    double transferred =
        tiles * double(lanes) *
        double(to.transferBytes(rows) + from.transferBytes(rows));
    double perLane = double(inner) * double(axes[cut].size) *
                     double(arch.channelRows(lanes));
    double vectors = perLane * double(byteWidth(type)) / arch.vectorBytes;
    return transferred + vectors * double(arch.moveBytesPerCycle);
  }

  Shape4 space() const override { return {1, lanes, axes[cut].size, inner}; }
  Shape4 granularity() const override { return {0, arch.lanes, unit, 0}; }
  unsigned numInputs() const override { return 1; }
  Box inputBox(unsigned, const Box &tile) const override {
    Box box = tile;
    box.size[W] = from.columns(tile.size[H]);
    return box;
  }
  LocalTensor placeInput(unsigned, const Box &box) const override {
    return from.place(box.size[C], box.size[H]);
  }
  LocalTensor placeResult(const Box &tile) const override {
    return to.place(tile.size[C], tile.size[H]);
  }
  bool acceptsStrides(unsigned) const override {
    return from.numTransfers() == 1;
  }
  bool acceptsResultStrides() const override { return to.numTransfers() == 1; }
  void load(CommandBuilder &builder, unsigned, const Box &box,
            const LocalTensor &local) const override {
    from.forEachTransfer(
        box.offset[C], box.offset[H], box.size[H], local,
        [&](const LocalTensor &part, const GlobalTensor &global) {
          builder.load(part, global);
        });
  }
  void store(CommandBuilder &builder, const Box &tile,
             const LocalTensor &local) const override {
    to.forEachTransfer(
        tile.offset[C], tile.offset[H], tile.size[H], local,
        [&](const LocalTensor &part, const GlobalTensor &global) {
          builder.store(global, part);
        });
  }

  void compute(CommandBuilder &builder, const Box &tile,
               const TileBuffers &buffers, uint32_t) const override {
    int64_t rows = tile.size[H];
    LocalTensor result = buffers.result, source = buffers.inputs[0];
    llvm::SmallVector<int64_t> toStrides = to.localStrides(result, rows);
    llvm::SmallVector<int64_t> fromStrides = from.localStrides(source, rows);
    StridedAxes local;
    for (auto [i, axis] : llvm::enumerate(axes))
      local.push_back(
          {i == cut ? rows : axis.size, toStrides[i], fromStrides[i]});
    copyWithinLanes(builder, result, source, local);
  }

private:
  /// Tiles of both sides, twice, so that transfers go on meanwhile.
  int64_t tileBytes() const { return arch.laneBytes / 2; }

  int64_t bytes(int64_t rows) const {
    return (to.laneElements(rows) + from.laneElements(rows)) * byteWidth(type);
  }

  /// Tiles start at vectors on both sides, if such fit.
  void chooseUnit() {
    int64_t vector = arch.vectorBytes / byteWidth(type);
    auto unitOf = [&](const CopySide &side) {
      return vector / std::gcd(vector, side.startOf(1));
    };
    unit = std::min(std::lcm(unitOf(to), unitOf(from)), axes[cut].size);
    if (bytes(unit) > tileBytes())
      unit = 1;
  }

  ElementType type;
  int64_t lanes, inner = 1;
  StridedAxes axes;
  unsigned cut;
  CopySide to, from;
  int64_t unit = 1; ///< of the cut axis
};

/// The best choice of the axis that is cut, or null.
std::unique_ptr<LaneCopyKernel> chooseCut(const Arch &arch,
                                          const GlobalTensor &result,
                                          const GlobalTensor &source,
                                          const StridedAxis &lanes,
                                          llvm::ArrayRef<StridedAxis> rest) {
  std::unique_ptr<LaneCopyKernel> best;
  for (unsigned cut = 0; cut < rest.size(); ++cut) {
    auto kernel = std::make_unique<LaneCopyKernel>(arch, result, source, lanes,
                                                   rest, cut);
    if (kernel->isPossible() && (!best || kernel->cost() < best->cost()))
      best = std::move(kernel);
  }
  return best;
}

/// The bytes that transfers without reordering would count for: runs that both
/// sides have, or single elements.
double costOfTransfers(const Arch &arch, const StridedAxis &lanes,
                       llvm::ArrayRef<StridedAxis> rest, int64_t elementBytes) {
  double count = double(lanes.size);
  for (const StridedAxis &axis : rest)
    count *= double(axis.size);
  const StridedAxis &run = rest.back();
  int64_t length =
      run.resultStride == 1 && run.sourceStride == 1 ? run.size : 1;
  return 2.0 * count / double(length) *
         double(std::max(length * elementBytes, arch.shortestRowBytes));
}

} // namespace

bool kernel::makeLaneCopyKernel(const Arch &arch, const GlobalTensor &result,
                                const GlobalTensor &source,
                                const StridedAxis &lanes,
                                llvm::ArrayRef<StridedAxis> rest,
                                KernelList &kernels) {
  std::unique_ptr<LaneCopyKernel> kernel =
      chooseCut(arch, result, source, lanes, rest);
  if (!kernel || 2 * kernel->cost() >
                     costOfTransfers(arch, lanes, rest, byteWidth(result.type)))
    return false;
  kernels.push_back(std::move(kernel));
  return true;
}

namespace {

/// The best choice of what goes across the lanes, or null.
std::unique_ptr<LaneCopyKernel> chooseLanes(const Arch &arch,
                                            const GlobalTensor &result,
                                            const GlobalTensor &source,
                                            llvm::ArrayRef<StridedAxis> axes) {
  std::unique_ptr<LaneCopyKernel> best;
  auto consider = [&](const StridedAxis &lanes,
                      llvm::ArrayRef<StridedAxis> rest) {
    auto kernel = chooseCut(arch, result, source, lanes, joinAxes(rest));
    if (kernel && (!best || kernel->cost() < best->cost()))
      best = std::move(kernel);
  };
  for (unsigned i = 0; i < axes.size(); ++i) {
    const StridedAxis &axis = axes[i];
    if (axis.size > arch.maxSize)
      continue;
    StridedAxes rest(axes);
    rest.erase(rest.begin() + i);
    consider(axis, rest);
    int64_t count = arch.laneDivisor(axis.size), inner = axis.size / count;
    rest.push_back({inner, axis.resultStride, axis.sourceStride});
    consider({count, axis.resultStride * inner, axis.sourceStride * inner},
             rest);
  }
  return best;
}

} // namespace

bool kernel::makeFreeLaneCopy(const Arch &arch, const GlobalTensor &result,
                              const GlobalTensor &source,
                              llvm::ArrayRef<StridedAxis> axes,
                              KernelList &kernels) {
  std::unique_ptr<LaneCopyKernel> kernel =
      chooseLanes(arch, result, source, axes);
  if (!kernel || 2 * kernel->cost() > costOfTransfers(arch, {1, 1, 1}, axes,
                                                      byteWidth(result.type)))
    return false;
  kernels.push_back(std::move(kernel));
  return true;
}
