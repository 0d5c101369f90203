//===- SplitCopy.cpp - Copies between values in local memory --------------===//
//
// Splits the axes of a copy at the boundaries of both lane layouts, so that
// each piece belongs to n, c or the rest of a lane on either side. Lanes that
// stay lanes are one copy; lanes that become rows while rows become lanes are a
// lane transposition; anything else goes through global memory, in the layout
// of the result.
//
//===----------------------------------------------------------------------===//

#include "SplitCopy.h"

#include "Arch/Arch.h"
#include "LaneCopy.h"
#include "LaneTranspose.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// A transfer between two tensors in global memory.
class MoveKernel : public TransferKernel {
public:
  MoveKernel(const Arch &arch, const GlobalTensor &result,
             const GlobalTensor &source)
      : TransferKernel(arch), result(result), source(source) {}

  void emit(CommandBuilder &builder) const override {
    builder.copyS2S(result, source);
  }

private:
  GlobalTensor result, source;
};

/// Beyond this many commands the plain forms are better: short transfers reach
/// few pages of global memory at a time.
constexpr int64_t kMostKernels = 24;

/// Transposes of lanes and rows that a copy may fall into: parts that begin in
/// the midst of the lanes are moved to their start first.
constexpr int64_t kMostParts = 16;

/// Beyond this many elements each must not be a transfer of its own.
constexpr int64_t kManyElements = 4096;

/// Decomposition of element strides by a value's lane layout.
struct LaneStrides {
  int64_t lanes;
  int64_t n, c; ///< of neighbours on n and c

  LaneStrides(const Arch &arch, const GlobalTensor &tensor)
      : lanes(arch.lanes), n(numElements(tensor.shape) / tensor.layout.n),
        c(n / tensor.layout.c) {}

  bool isAcrossLanes(int64_t stride) const { return stride >= c && stride < n; }

  /// The distance in a lane of elements `stride` apart, which are in one.
  int64_t inLane(int64_t stride) const {
    return stride >= n ? stride / n * c : stride;
  }

  /// Whether neighbours lie in the same lane, a round of them apart.
  bool isRound(int64_t stride) const {
    return isAcrossLanes(stride) && stride % (c * lanes) == 0;
  }
};

/// Cuts axes at the multiples of `boundary` that their strides on one side
/// cross. False when one crosses in the midst of a step.
bool cutAt(StridedAxes &axes, int64_t StridedAxis::*stride, int64_t boundary) {
  StridedAxes cut;
  for (const StridedAxis &axis : axes) {
    // The last position may leave a part of a step over, as every second one
    // of an odd number does.
    int64_t step = axis.*stride, end = step * axis.size;
    if (step >= boundary || boundary > end - step || step == 0) {
      cut.push_back(axis);
      continue;
    }
    if (boundary % step != 0 || end % boundary != 0)
      return false;
    int64_t inner = boundary / step;
    cut.push_back({axis.size / inner, axis.resultStride * inner,
                   axis.sourceStride * inner});
    cut.push_back({inner, axis.resultStride, axis.sourceStride});
  }
  axes = cut;
  return true;
}

class SplitCopy {
public:
  SplitCopy(const Arch &arch, const CopyParams &params, KernelList &kernels)
      : arch(arch), params(params), to(arch, params.result),
        from(arch, params.source), kernels(kernels) {}

  bool make(StridedAxes axes) {
    return cut(axes) &&
           (makeInLanes(axes) || makeAcrossLanes(axes) ||
            (params.passesGlobal &&
             makeByLanes(axes, &StridedAxis::sourceStride, from)) ||
            makeByLanes(axes, &StridedAxis::resultStride, to));
  }

  /// Only what needs no global memory between the two sides.
  bool makeLocal(StridedAxes axes) {
    return cut(axes) && (makeInLanes(axes) || makeAcrossLanes(axes));
  }

  /// Only by transposing lanes and rows.
  bool makeTranspose(StridedAxes axes) {
    return cut(axes) && !makeInLanes(axes) &&
           makeAcrossLanes(axes, /*isWhole=*/true);
  }

private:
  bool cut(StridedAxes &axes) const {
    for (int64_t boundary : {to.n, to.c})
      if (!cutAt(axes, &StridedAxis::resultStride, boundary))
        return false;
    for (int64_t boundary : {from.n, from.c})
      if (!cutAt(axes, &StridedAxis::sourceStride, boundary))
        return false;
    return true;
  }

  bool isLaneOfResult(const StridedAxis &axis) const {
    return to.isAcrossLanes(axis.resultStride);
  }
  bool isLaneOfSource(const StridedAxis &axis) const {
    return from.isAcrossLanes(axis.sourceStride);
  }

  /// Every lane keeps what it has. Steps of whole rounds of lanes on one side
  /// stay in their lane, whatever they are on the other.
  bool makeInLanes(llvm::ArrayRef<StridedAxis> axes) {
    StridedAxes lanes, rest;
    for (const StridedAxis &axis : axes) {
      bool isLane = isLaneOfResult(axis) && !to.isRound(axis.resultStride);
      if (isLane != (isLaneOfSource(axis) && !from.isRound(axis.sourceStride)))
        return false;
      (isLane ? lanes : rest).push_back(axis);
    }
    lanes = joinAxes(lanes);
    rest = joinAxes(rest);
    if (lanes.size() > 1 ||
        (lanes.front().size > 1 && (lanes.front().resultStride != to.c ||
                                    lanes.front().sourceStride != from.c)))
      return false;
    bool keepsRuns =
        rest.back().resultStride == 1 && rest.back().sourceStride == 1;
    if (makeLaneCopyKernel(arch, params.result, params.source, lanes.front(),
                           rest, kernels))
      return true;
    // Single elements of a value that is not resident take longest of all.
    bool turnsRows = !keepsRuns && rest.back().sourceStride != 0;
    if (positions(rest, 3) > kMostKernels ||
        (turnsRows && numElements(params.result.shape) > kManyElements))
      return false;
    moveAll(lanes.front(), rest, 0, 0);
    return true;
  }

  /// Positions on all axes but the inner `count`.
  static int64_t positions(llvm::ArrayRef<StridedAxis> axes, size_t count) {
    int64_t product = 1;
    for (const StridedAxis &axis : axes.drop_back(std::min(count, axes.size())))
      product *= axis.size;
    return product;
  }

  /// One transfer for the inner three axes around the lanes, for each position
  /// on the others.
  void moveAll(const StridedAxis &lanes, llvm::ArrayRef<StridedAxis> rest,
               int64_t resultOffset, int64_t sourceOffset) {
    cutSizes(arch, rest, resultOffset, sourceOffset,
             [&](llvm::ArrayRef<StridedAxis> cut, int64_t resultStart,
                 int64_t sourceStart) {
               moveCut(lanes, cut, resultStart, sourceStart);
             });
  }

  void moveCut(const StridedAxis &lanes, llvm::ArrayRef<StridedAxis> rest,
               int64_t resultOffset, int64_t sourceOffset) {
    if (rest.size() > 3) {
      for (int64_t i = 0; i < rest.front().size; ++i)
        moveCut(lanes, rest.drop_front(),
                resultOffset + i * rest.front().resultStride,
                sourceOffset + i * rest.front().sourceStride);
      return;
    }
    Shape4 shape{1, lanes.size, 1, 1};
    Shape4 resultStrides{1, lanes.resultStride, 1, 1};
    Shape4 sourceStrides{1, lanes.sourceStride, 1, 1};
    // Two axes leave h free, so that the larger steps are those of n.
    constexpr unsigned kPositions[][3] = {{W, W, W}, {N, W, W}, {N, H, W}};
    for (auto [i, axis] : llvm::enumerate(rest)) {
      unsigned position = kPositions[rest.size() - 1][i];
      shape[position] = axis.size;
      resultStrides[position] = axis.resultStride;
      sourceStrides[position] = axis.sourceStride;
    }
    if (rest.size() < 3) {
      resultStrides[H] = shape[W];
      sourceStrides[H] = shape[W];
    }
    makeMoveKernel(
        arch, params.result.viewed(shape, resultStrides).advanced(resultOffset),
        params.source.viewed(shape, sourceStrides).advanced(sourceOffset),
        kernels);
  }

  /// Lanes of either side become rows of the other. Axes that are lanes on both
  /// sides, as the heads of channels that become rows, part the copy; a whole
  /// one has none.
  bool makeAcrossLanes(llvm::ArrayRef<StridedAxis> axes, bool isWhole = false) {
    if (byteWidth(params.result.type) <= 2 && !params.identity)
      return false;
    StridedAxes staysLane, becomesRow, becomesLane, rest;
    for (const StridedAxis &axis : axes) {
      bool isLane = isLaneOfResult(axis);
      (isLaneOfSource(axis) ? (isLane ? staysLane : becomesRow)
       : isLane             ? becomesLane
                            : rest)
          .push_back(axis);
    }
    if (!staysLane.empty() && (isWhole || positions(staysLane, 0) > kMostParts))
      return false;
    // Lanes must be whole and in order: [A1, A2] of the source, [B1, B2] of
    // the result.
    llvm::stable_sort(becomesRow,
                      [](const StridedAxis &a, const StridedAxis &b) {
                        return a.sourceStride > b.sourceStride;
                      });
    bool isOneRow = becomesLane.empty();
    if (isOneRow)
      becomesLane.push_back({1, to.c, 0});
    auto isDense = [](llvm::ArrayRef<StridedAxis> pair,
                      int64_t StridedAxis::*stride, int64_t unit) {
      return !pair.empty() && pair.size() <= 2 && pair.back().*stride == unit &&
             (pair.size() == 1 ||
              pair.front().*stride == unit * pair.back().size);
    };
    if (!isDense(becomesRow, &StridedAxis::sourceStride, from.c) ||
        !isDense(becomesLane, &StridedAxis::resultStride, to.c))
      return false;
    // A product takes lanes x lanes elements; a few of them cost as much, but
    // less than to transfer the elements of a row one by one.
    constexpr int64_t kFew = 16;
    bool isWorthwhile =
        positions(becomesRow, 0) >= (isOneRow ? arch.lanes : kFew) &&
        (isOneRow || positions(becomesLane, 0) >= kFew);
    rest = joinAxes(rest);
    if (!isWorthwhile || positions(rest, 1) > kMostKernels)
      return false;
    // Runs that both sides keep are transfers as they are; parts that have to
    // be moved to their lanes want rows no shorter than those.
    constexpr int64_t kShortRunBytes = 64;
    if (!staysLane.empty() &&
        positions(becomesRow, 0) * byteWidth(params.result.type) <
            kShortRunBytes)
      return false;
    const StridedAxis &run = rest.back();
    if (run.resultStride == 1 && run.sourceStride == 1 &&
        run.size * byteWidth(params.result.type) >= kShortRunBytes)
      return false;
    if (becomesRow.size() == 1)
      becomesRow.insert(becomesRow.begin(), StridedAxis{1, 1, 1});
    if (becomesLane.size() == 1)
      becomesLane.insert(becomesLane.begin(), StridedAxis{1, 1, 1});
    size_t numBefore = kernels.size();
    transposeParts(staysLane, becomesRow, becomesLane, rest, 0, 0);
    // Two axes that become lanes are not cut within the inner one.
    if (llvm::all_of(llvm::drop_begin(kernels, numBefore),
                     [&](const auto &kernel) { return fitsLane(*kernel); }))
      return true;
    kernels.truncate(numBefore);
    return false;
  }

  /// Whether the kernel's smallest tile fits into local memory.
  bool fitsLane(const Kernel &kernel) const {
    const auto *tiled = dynamic_cast<const TiledKernel *>(&kernel);
    if (!tiled)
      return true;
    Box tile{{}, tiled->space()};
    for (auto [size, unit] : llvm::zip(tile.size, tiled->granularity()))
      size = unit == 0 ? size : std::min(size, unit);
    int64_t bytes =
        tiled->placeResult(tile).laneBytes() + tiled->scratchBytes(tile);
    for (unsigned i = 0; i < tiled->numInputs(); ++i)
      bytes += tiled->placeInput(i, tiled->inputBox(i, tile)).laneBytes();
    return bytes + int64_t(tiled->numInputs() + 2) * arch.vectorBytes <=
           arch.laneBytes;
  }

  /// One transposition for each position on `parts`.
  void transposeParts(llvm::ArrayRef<StridedAxis> parts,
                      llvm::ArrayRef<StridedAxis> a,
                      llvm::ArrayRef<StridedAxis> b,
                      llvm::ArrayRef<StridedAxis> rest, int64_t resultOffset,
                      int64_t sourceOffset) {
    if (parts.empty())
      return transposeAll(a, b, rest, resultOffset, sourceOffset);
    for (int64_t i = 0; i < parts.front().size; ++i)
      transposeParts(parts.drop_front(), a, b, rest,
                     resultOffset + i * parts.front().resultStride,
                     sourceOffset + i * parts.front().sourceStride);
  }

  void transposeAll(llvm::ArrayRef<StridedAxis> a,
                    llvm::ArrayRef<StridedAxis> b,
                    llvm::ArrayRef<StridedAxis> rest, int64_t resultOffset,
                    int64_t sourceOffset) {
    if (rest.size() > 1) {
      for (int64_t i = 0; i < rest.front().size; ++i)
        transposeAll(a, b, rest.drop_front(),
                     resultOffset + i * rest.front().resultStride,
                     sourceOffset + i * rest.front().sourceStride);
      return;
    }
    const StridedAxis &n = rest.front();
    LaneTransposeParams transpose;
    transpose.result =
        params.result
            .viewed({n.size, b[0].size * b[1].size, a[0].size, a[1].size},
                    {n.resultStride, b[1].resultStride, a[0].resultStride,
                     a[1].resultStride})
            .advanced(resultOffset);
    transpose.source =
        params.source
            .viewed({n.size, a[0].size * a[1].size, b[0].size, b[1].size},
                    {n.sourceStride, a[1].sourceStride, b[0].sourceStride,
                     b[1].sourceStride})
            .advanced(sourceOffset);
    if (byteWidth(params.result.type) <= 2)
      transpose.identity = params.identity;
    makeLaneTransposeKernel(arch, transpose, kernels);
  }

  /// Transfers from or into the lanes of one side, whose strides are `near`,
  /// to or from anywhere.
  bool makeByLanes(llvm::ArrayRef<StridedAxis> axes, int64_t StridedAxis::*near,
                   const LaneStrides &layout) {
    StridedAxes lanes, rest;
    for (const StridedAxis &axis : axes)
      (layout.isAcrossLanes(axis.*near) ? lanes : rest).push_back(axis);
    lanes = joinLanes(lanes, near);
    bool keepsRuns = llvm::any_of(axes, [](const StridedAxis &axis) {
      return axis.resultStride == 1 && axis.sourceStride == 1;
    });
    if (!keepsRuns || lanes.back().*near != layout.c)
      return false;
    StridedAxis inner = lanes.pop_back_val();
    rest = joinAxes(rest);
    int64_t StridedAxis::*far = near == &StridedAxis::resultStride
                                    ? &StridedAxis::sourceStride
                                    : &StridedAxis::resultStride;
    size_t outer = orderForTransfers(rest, far);
    int64_t count = positions(lanes, 0) *
                    positions(llvm::ArrayRef(rest).take_front(outer), 0);
    int64_t numRuns = inner.size * positions(lanes, 0) * positions(rest, 1);
    if (count > kMostKernels && !areLarge(count, numRuns, rest.back().size))
      return false;
    // Further lanes are positions of their own: they cannot join n.
    moveEach(inner, lanes, rest, 0, 0);
    return true;
  }

  /// The axes across the lanes of the side with strides `near`, outermost
  /// first, joined where both sides continue.
  static StridedAxes joinLanes(StridedAxes lanes, int64_t StridedAxis::*near) {
    auto exchange = [&](StridedAxes &axes) {
      if (near == &StridedAxis::sourceStride)
        for (StridedAxis &axis : axes)
          std::swap(axis.resultStride, axis.sourceStride);
    };
    exchange(lanes);
    lanes = joinAxes(lanes);
    exchange(lanes);
    return lanes;
  }

  /// Puts the two longest axes before the run, so that transfers are few, the
  /// last of them as h: one whose rows continue each other in the lanes of both
  /// sides, or else the one with longer steps in global memory, strides `far`,
  /// since rows of h may lie in any page. Returns the number of axes before.
  size_t orderForTransfers(StridedAxes &axes, int64_t StridedAxis::*far) const {
    llvm::stable_sort(llvm::MutableArrayRef(axes).drop_back(),
                      [](const StridedAxis &a, const StridedAxis &b) {
                        return a.size < b.size;
                      });
    if (axes.size() < 3)
      return 0;
    StridedAxis &n = axes.end()[-3], &h = axes.end()[-2];
    auto continues = [&](const StridedAxis &axis) {
      return to.inLane(axis.resultStride) == axes.back().size &&
             from.inLane(axis.sourceStride) == axes.back().size;
    };
    if (continues(n) || (!continues(h) && n.*far > h.*far))
      std::swap(n, h);
    return axes.size() - 3;
  }

  /// Whether each of `count` transfers is long enough to reach all pages of
  /// global memory.
  bool areLarge(int64_t count, int64_t numRuns, int64_t runElements) const {
    constexpr int64_t kMostTransfers = 256;
    constexpr int64_t kTransferBytes = 8192;
    int64_t run = runElements * byteWidth(params.result.type);
    return count <= kMostTransfers &&
           numRuns * std::max(run, arch.shortestRowBytes) >=
               count * kTransferBytes;
  }

  void moveEach(const StridedAxis &inner, llvm::ArrayRef<StridedAxis> lanes,
                llvm::ArrayRef<StridedAxis> rest, int64_t resultOffset,
                int64_t sourceOffset) {
    if (lanes.empty())
      return moveAll(inner, rest, resultOffset, sourceOffset);
    for (int64_t i = 0; i < lanes.front().size; ++i)
      moveEach(inner, lanes.drop_front(), rest,
               resultOffset + i * lanes.front().resultStride,
               sourceOffset + i * lanes.front().sourceStride);
  }

  const Arch &arch;
  const CopyParams &params;
  LaneStrides to, from;
  KernelList &kernels;
};

} // namespace

void kernel::cutSizes(const Arch &arch, llvm::ArrayRef<StridedAxis> axes,
                      int64_t resultOffset, int64_t sourceOffset,
                      CutAction action) {
  const auto *large = llvm::find_if(
      axes, [&](const StridedAxis &axis) { return axis.size > arch.maxSize; });
  if (large == axes.end())
    return action(axes, resultOffset, sourceOffset);
  StridedAxes cut(axes);
  StridedAxis &axis = cut[large - axes.begin()];
  if (int64_t divisor = arch.laneDivisor(axis.size); divisor > 1) {
    axis.size /= divisor;
    StridedAxis outer{divisor, axis.resultStride * axis.size,
                      axis.sourceStride * axis.size};
    cut.insert(cut.begin() + (large - axes.begin()), outer);
    return cutSizes(arch, cut, resultOffset, sourceOffset, action);
  }
  axis.size = arch.maxSize;
  cutSizes(arch, cut, resultOffset, sourceOffset, action);
  axis.size = large->size - arch.maxSize;
  cutSizes(arch, cut, resultOffset + axis.resultStride * arch.maxSize,
           sourceOffset + axis.sourceStride * arch.maxSize, action);
}

void kernel::makeMoveKernel(const Arch &arch, const GlobalTensor &result,
                            const GlobalTensor &source, KernelList &kernels) {
  kernels.push_back(std::make_unique<MoveKernel>(arch, result, source));
}

bool kernel::makeSplitCopy(const Arch &arch, const CopyParams &params,
                           llvm::ArrayRef<StridedAxis> axes,
                           KernelList &kernels) {
  if (!params.result.layout.isKnown() || !params.source.layout.isKnown())
    return false;
  KernelList made;
  if (!SplitCopy(arch, params, made)
           .make(StridedAxes(axes.begin(), axes.end())))
    return false;
  llvm::move(made, std::back_inserter(kernels));
  return true;
}

bool kernel::staysLocal(const Arch &arch, const CopyParams &params,
                        llvm::ArrayRef<StridedAxis> axes) {
  if (!params.result.layout.isKnown() || !params.source.layout.isKnown())
    return false;
  KernelList unused;
  return SplitCopy(arch, params, unused).makeLocal(joinAxes(axes));
}

bool kernel::transposesLanes(const Arch &arch, const CopyParams &params,
                             llvm::ArrayRef<StridedAxis> axes) {
  if (!params.result.layout.isKnown() || !params.source.layout.isKnown())
    return false;
  CopyParams transpose = params;
  if (!transpose.identity)
    transpose.identity = GlobalTensor();
  KernelList unused;
  return SplitCopy(arch, transpose, unused).makeTranspose(joinAxes(axes));
}
