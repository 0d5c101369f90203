//===- CopySide.cpp - One side of a copy within lanes ---------------------===//
//
// Rows shorter than Arch::shortestRowBytes take as long as those: a run
// includes the gaps between its elements as long as that costs nothing.
//
//===----------------------------------------------------------------------===//

#include "CopySide.h"

#include "Arch/Arch.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::kernel;

CopySide::CopySide(const Arch &arch, const GlobalTensor &global, Stride stride,
                   const StridedAxis &lanes, llvm::ArrayRef<StridedAxis> axes,
                   unsigned cut, bool mayCover)
    : arch(arch), global(global), stride(stride), laneStride(lanes.*stride),
      cut(cut), axes(axes.begin(), axes.end()) {
  // What repeats elements is no axis of this side.
  llvm::SmallVector<unsigned> order;
  for (unsigned i = 0; i < axes.size(); ++i)
    if (axes[i].*stride != 0)
      order.push_back(i);
  llvm::stable_sort(order, [&](unsigned a, unsigned b) {
    return axes[a].*stride < axes[b].*stride;
  });
  int64_t bytes = byteWidth(global.type);
  auto continues = [&](unsigned axis) {
    int64_t step = axes[axis].*stride;
    // Beyond the end of the lane begins the next one.
    if (lanes.size > 1 && step >= laneStride)
      return false;
    return step == run ||
           (mayCover && step > run &&
            step * bytes <= std::max(run * bytes, arch.shortestRowBytes));
  };
  bool isRun = true;
  for (unsigned axis : order) {
    isRun &= continues(axis);
    if (axis == cut) {
      continuesCut = isRun;
      coversCut = isRun && axes[axis].*stride != run;
      isRun = false;
    } else if (isRun) {
      inner.push_back(axis);
      run += (axes[axis].size - 1) * (axes[axis].*stride);
    } else {
      outer.push_back(axis);
      transfers *= axes[axis].size;
      if (!n || axes[axis].size > axes[*n].size)
        n = axis;
    }
  }
  if (n)
    transfers /= axes[*n].size;
}

int64_t CopySide::laneElements(int64_t rows) const {
  int64_t elements = columns(rows);
  if (!coversCut && cutStride() != 0)
    elements *= rows;
  for (unsigned axis : outer)
    elements *= axes[axis].size;
  return elements;
}

int64_t CopySide::transferBytes(int64_t rows) const {
  int64_t count = continuesCut || cutStride() == 0 ? 1 : rows;
  for (unsigned axis : outer)
    count *= axes[axis].size;
  int64_t length = continuesCut ? (rows - 1) * cutStride() + run : run;
  return count *
         std::max(length * byteWidth(global.type), arch.shortestRowBytes);
}

llvm::SmallVector<int64_t> CopySide::denseStrides(int64_t rows) const {
  llvm::SmallVector<int64_t> strides(axes.size(), 0);
  for (unsigned axis : inner)
    strides[axis] = axes[axis].*stride;
  strides[cut] = coversCut ? cutStride() : cutStride() == 0 ? 0 : run;
  int64_t next = coversCut || cutStride() == 0 ? columns(rows) : run * rows;
  for (unsigned axis : outer) {
    strides[axis] = next;
    next *= axes[axis].size;
  }
  return strides;
}

LocalTensor CopySide::place(int64_t channels, int64_t rows) const {
  LocalTensor whole =
      alignedTensor(arch, 0, {1, channels, 1, laneElements(rows)}, global.type);
  // What one transfer moves has axes that may lie at any distance.
  return transfers == 1 ? viewOfTransfer(whole, rows) : whole;
}

/// The first transfer's part of a dense tile.
LocalTensor CopySide::viewOfTransfer(const LocalTensor &whole,
                                     int64_t rows) const {
  llvm::SmallVector<int64_t> strides = denseStrides(rows);
  bool hasRows = !coversCut && cutStride() != 0;
  return whole.viewed({n ? axes[*n].size : 1, whole.shape[C],
                       hasRows ? rows : 1, columns(rows)},
                      {n ? strides[*n] : 0, whole.strides[C],
                       hasRows ? strides[cut] : columns(rows), 1});
}

llvm::SmallVector<int64_t> CopySide::localStrides(const LocalTensor &local,
                                                  int64_t rows) const {
  llvm::SmallVector<int64_t> strides = denseStrides(rows);
  if (transfers > 1)
    return strides;
  if (n)
    strides[*n] = local.strides[N];
  if (!coversCut && cutStride() != 0)
    strides[cut] = local.strides[H];
  return strides;
}

void CopySide::forEachTransfer(int64_t firstChannel, int64_t firstRow,
                               int64_t rows, const LocalTensor &local,
                               TransferAction action) const {
  llvm::SmallVector<int64_t> strides = denseStrides(rows);
  LocalTensor to = transfers == 1 ? local : viewOfTransfer(local, rows);
  GlobalTensor from =
      global
          .viewed(to.shape, {n ? axes[*n].*stride : 0, laneStride,
                             to.shape[H] > 1 ? cutStride() : to.shape[W], 1})
          .advanced(firstChannel * laneStride + firstRow * cutStride());
  for (int64_t i = 0; i < transfers; ++i) {
    int64_t rest = i, localStart = 0, globalStart = 0;
    for (unsigned axis : outer) {
      if (axis == n)
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
