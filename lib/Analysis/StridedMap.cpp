//===- StridedMap.cpp - A box of elements with strides --------------------===//
//
// Arithmetic on sizes and strides.
//
//===----------------------------------------------------------------------===//

#include "Analysis/StridedMap.h"
#include "llvm/ADT/STLExtras.h"

using namespace tpuc;

StridedAxes tpuc::joinAxes(llvm::ArrayRef<StridedAxis> axes) {
  StridedAxes sorted;
  for (const StridedAxis &axis : axes)
    if (axis.size != 1)
      sorted.push_back(axis);
  llvm::stable_sort(sorted, [](const StridedAxis &a, const StridedAxis &b) {
    return a.resultStride > b.resultStride;
  });
  StridedAxes joined;
  for (const StridedAxis &axis : sorted) {
    if (!joined.empty() &&
        joined.back().resultStride == axis.resultStride * axis.size &&
        joined.back().sourceStride == axis.sourceStride * axis.size) {
      joined.back() = {joined.back().size * axis.size, axis.resultStride,
                       axis.sourceStride};
    } else {
      joined.push_back(axis);
    }
  }
  if (joined.empty())
    joined.push_back({1, 1, 1});
  return joined;
}

StridedMap StridedMap::identity(llvm::ArrayRef<int64_t> shape) {
  StridedMap map;
  map.axes.resize(shape.size());
  int64_t stride = 1;
  for (auto [axis, size] :
       llvm::zip_equal(llvm::reverse(map.axes), llvm::reverse(shape))) {
    axis = {size, stride, stride};
    stride *= size;
  }
  return map;
}

llvm::SmallVector<int64_t> StridedMap::getSizes() const {
  llvm::SmallVector<int64_t> sizes;
  for (const StridedAxis &axis : axes)
    sizes.push_back(axis.size);
  return sizes;
}

StridedMap StridedMap::dense() const {
  StridedMap map = *this;
  map.resultOffset = 0;
  int64_t stride = 1;
  for (StridedAxis &axis : llvm::reverse(map.axes)) {
    axis.resultStride = stride;
    stride *= axis.size;
  }
  return map;
}

StridedMap StridedMap::permuted(llvm::ArrayRef<int64_t> order) const {
  StridedMap map{0, sourceOffset, {}};
  for (int64_t axis : order)
    map.axes.push_back(axes[axis]);
  return map.dense();
}

StridedMap StridedMap::sliced(llvm::ArrayRef<int64_t> offsets,
                              llvm::ArrayRef<int64_t> sizes,
                              llvm::ArrayRef<int64_t> steps) const {
  StridedMap map = *this;
  for (auto [axis, offset, size, step] :
       llvm::zip_equal(map.axes, offsets, sizes, steps)) {
    map.sourceOffset += offset * axis.sourceStride;
    axis.size = size;
    axis.sourceStride *= size == 1 ? 1 : step;
  }
  return map.dense();
}

StridedMap StridedMap::repeated(llvm::ArrayRef<int64_t> shape) const {
  StridedMap map = *this;
  for (auto [axis, size] : llvm::zip_equal(map.axes, shape))
    if (axis.size != size)
      axis = {size, 0, 0};
  return map.dense();
}

std::optional<StridedMap>
StridedMap::reshaped(llvm::ArrayRef<int64_t> shape) const {
  // Axes that follow each other without a gap are one.
  StridedAxes runs;
  for (const StridedAxis &axis : axes) {
    if (axis.size == 1)
      continue;
    if (!runs.empty() &&
        runs.back().sourceStride == axis.sourceStride * axis.size) {
      runs.back().size *= axis.size;
      runs.back().sourceStride = axis.sourceStride;
    } else {
      runs.push_back(axis);
    }
  }
  StridedMap map{0, sourceOffset, {}};
  map.axes.resize(shape.size(), {1, 0, 0});
  int64_t taken = 1; // of the innermost run left
  for (auto [axis, size] :
       llvm::zip_equal(llvm::reverse(map.axes), llvm::reverse(shape))) {
    if (size == 1)
      continue;
    if (runs.empty() || runs.back().size % (taken * size) != 0)
      return std::nullopt;
    axis = {size, 0, runs.back().sourceStride * taken};
    taken *= size;
    if (taken == runs.back().size) {
      runs.pop_back();
      taken = 1;
    }
  }
  return map.dense();
}

StridedMap StridedMap::placedIn(llvm::ArrayRef<int64_t> shape,
                                llvm::ArrayRef<int64_t> offsets) const {
  StridedMap map = *this;
  map.resultOffset = 0;
  StridedMap whole = identity(shape);
  for (auto [axis, place, offset] :
       llvm::zip_equal(map.axes, whole.axes, offsets)) {
    axis.resultStride = place.resultStride;
    map.resultOffset += offset * place.resultStride;
  }
  return map;
}
