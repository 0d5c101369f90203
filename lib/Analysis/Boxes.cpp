//===- Boxes.cpp - Movements as lists of strided boxes ----------------===//
//
// Packing of boxes into integers and the check of what a file says.
//
//===----------------------------------------------------------------------===//

#include "Analysis/Boxes.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/Twine.h"
#include <numeric>

using namespace tpuc;
using llvm::createStringError;
using llvm::Twine;

/// Axes of a box; more are not needed to describe any movement of a tensor.
static constexpr int64_t kMaxAxes = 16;

llvm::SmallVector<int64_t> tpuc::packBoxes(llvm::ArrayRef<StridedMap> boxes,
                                           int64_t numAxes) {
  llvm::SmallVector<int64_t> packed;
  for (const StridedMap &box : boxes) {
    packed.append({box.resultOffset, box.sourceOffset});
    int64_t missing = numAxes - int64_t(box.axes.size());
    for (int64_t i = 0; i < missing; ++i)
      packed.append({1, 0, 0});
    for (auto [size, resultStride, sourceStride] : box.axes)
      packed.append({size, resultStride, sourceStride});
  }
  return packed;
}

llvm::SmallVector<StridedMap> tpuc::unpackBoxes(llvm::ArrayRef<int64_t> packed,
                                                int64_t numAxes) {
  llvm::SmallVector<StridedMap> boxes;
  for (; !packed.empty(); packed = packed.drop_front(2 + 3 * numAxes)) {
    StridedMap box{packed[0], packed[1], {}};
    for (int64_t axis = 0; axis < numAxes; ++axis)
      box.axes.push_back(
          {packed[2 + 3 * axis], packed[3 + 3 * axis], packed[4 + 3 * axis]});
    boxes.push_back(std::move(box));
  }
  return boxes;
}

/// Whether first + sum of (size - 1) * stride stays below `count`, without
/// overflow.
static bool staysWithin(int64_t first, llvm::ArrayRef<StridedAxis> axes,
                        int64_t StridedAxis::*stride, int64_t count) {
  int64_t room = count - 1 - first;
  if (first < 0 || room < 0)
    return false;
  for (const StridedAxis &axis : axes) {
    if (axis.size > 1 && axis.*stride > room / (axis.size - 1))
      return false;
    room -= (axis.size - 1) * (axis.*stride);
  }
  return true;
}

llvm::Error tpuc::checkBoxes(llvm::ArrayRef<int64_t> packed, int64_t numAxes,
                             int64_t resultCount, int64_t inputCount) {
  if (numAxes < 0 || numAxes > kMaxAxes)
    return createStringError("has " + Twine(numAxes) +
                             " axes a box, expected 0 to " + Twine(kMaxAxes));
  if (packed.empty() || packed.size() % (2 + 3 * numAxes) != 0)
    return createStringError("has " + Twine(packed.size()) +
                             " numbers in 'boxes', expected a multiple of " +
                             Twine(2 + 3 * numAxes));
  llvm::SmallVector<StridedMap> boxes = unpackBoxes(packed, numAxes);
  // Covering is checked in units of the elements that always stay together.
  int64_t unit = resultCount, moved = 0;
  for (auto [index, box] : llvm::enumerate(boxes)) {
    int64_t elements = 1, run = 1;
    for (int64_t axis = numAxes; axis-- > 0;) {
      auto [size, resultStride, sourceStride] = box.axes[axis];
      if (size < 1 || size > resultCount / elements || resultStride < 0 ||
          sourceStride < 0)
        return createStringError(
            "has box " + Twine(index) + " with size " + Twine(size) +
            " and strides " + Twine(resultStride) + " and " +
            Twine(sourceStride) + " at axis " + Twine(axis) +
            ", expected sizes >= 1 within the result and strides >= 0");
      if (run == elements && (resultStride == run || size == 1))
        run *= size;
      else if (size > 1)
        unit = std::gcd(unit, resultStride);
      elements *= size;
    }
    if (!staysWithin(box.resultOffset, box.axes, &StridedAxis::resultStride,
                     resultCount) ||
        !staysWithin(box.sourceOffset, box.axes, &StridedAxis::sourceStride,
                     inputCount))
      return createStringError("has box " + Twine(index) +
                               " outside its operand or result");
    unit = std::gcd(std::gcd(unit, run), box.resultOffset);
    moved += elements;
    if (moved > resultCount)
      break;
  }
  if (moved != resultCount)
    return createStringError("moves " +
                             Twine(moved > resultCount ? "more than " : "") +
                             Twine(std::min(moved, resultCount)) +
                             " elements, its result has " + Twine(resultCount));
  llvm::BitVector written(resultCount / unit);
  for (const StridedMap &box : boxes) {
    llvm::SmallVector<int64_t> index(numAxes, 0);
    int64_t at = box.resultOffset;
    while (true) {
      if (at % unit == 0) {
        if (written.test(at / unit))
          return createStringError("writes element " + Twine(at) + " twice");
        written.set(at / unit);
      }
      int64_t axis = numAxes - 1;
      for (; axis >= 0; --axis) {
        at += box.axes[axis].resultStride;
        if (++index[axis] < box.axes[axis].size)
          break;
        at -= box.axes[axis].size * box.axes[axis].resultStride;
        index[axis] = 0;
      }
      if (axis < 0)
        break;
    }
  }
  return llvm::Error::success();
}
