//===- AxisOrder.cpp - Permutes that compose through reshapes -------------===//
//
// Splits axes until both permutes are permutes of the same axes.
//
//===----------------------------------------------------------------------===//

#include "Analysis/AxisOrder.h"
#include "llvm/ADT/STLExtras.h"
#include <numeric>

using namespace tpuc;

/// Elements from which on a row is worth being moved as one: an eighth of what
/// DMA moves at full speed, of 16-bit elements.
static constexpr int64_t kShortestRow = 16;

/// The coarsest shape that both shapes, of equal numbers of elements, come from
/// by joining axes. Nothing when their axes cross.
static std::optional<llvm::SmallVector<int64_t>>
refineShapes(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b) {
  llvm::SmallVector<int64_t> refined;
  int64_t restA = 1, restB = 1;
  size_t i = 0, j = 0;
  while (i < a.size() || j < b.size() || restA > 1 || restB > 1) {
    if (restA == 1 && i < a.size())
      restA = a[i++];
    if (restB == 1 && j < b.size())
      restB = b[j++];
    if (restA == 1 || restB == 1) {
      // An axis of size 1 has no counterpart.
      if ((restA != 1 && i == a.size() && j == b.size()) ||
          (restB != 1 && j == b.size() && i == a.size()))
        return std::nullopt;
      continue;
    }
    int64_t size = std::gcd(restA, restB);
    if (size != restA && size != restB)
      return std::nullopt;
    // Row-major: what is taken off comes from the outer side.
    refined.push_back(size);
    restA /= size;
    restB /= size;
  }
  return refined;
}

/// For each axis of `coarse`, how many axes of `fine` (without size 1) it
/// joins.
static llvm::SmallVector<int64_t> countParts(llvm::ArrayRef<int64_t> coarse,
                                             llvm::ArrayRef<int64_t> fine) {
  llvm::SmallVector<int64_t> counts;
  size_t next = 0;
  for (int64_t size : coarse) {
    int64_t count = 0;
    for (int64_t product = 1; product < size; ++count)
      product *= fine[next++];
    counts.push_back(count);
  }
  return counts;
}

/// `order` as an order of the axes that those of the operand are joined of.
static llvm::SmallVector<int64_t>
refineOrder(llvm::ArrayRef<int64_t> order,
            llvm::ArrayRef<int64_t> partsOfInput) {
  llvm::SmallVector<int64_t> starts;
  int64_t start = 0;
  for (int64_t parts : partsOfInput) {
    starts.push_back(start);
    start += parts;
  }
  llvm::SmallVector<int64_t> refined;
  for (int64_t axis : order)
    for (int64_t i = 0; i < partsOfInput[axis]; ++i)
      refined.push_back(starts[axis] + i);
  return refined;
}

std::optional<AxisOrder> tpuc::composeThroughReshape(
    llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> first,
    llvm::ArrayRef<int64_t> reshaped, llvm::ArrayRef<int64_t> second) {
  llvm::SmallVector<int64_t> between;
  for (int64_t axis : first)
    between.push_back(shape[axis]);
  std::optional<llvm::SmallVector<int64_t>> fine =
      refineShapes(between, reshaped);
  if (!fine)
    return std::nullopt;
  // The first permute's result axes, and from these its operand's.
  llvm::SmallVector<int64_t> resultParts = countParts(between, *fine);
  llvm::SmallVector<int64_t> inputParts(resultParts.size());
  for (auto [index, axis] : llvm::enumerate(first))
    inputParts[axis] = resultParts[index];
  llvm::SmallVector<int64_t> inner = refineOrder(first, inputParts);
  AxisOrder composed;
  composed.shape.resize(fine->size());
  for (auto [index, axis] : llvm::enumerate(inner))
    composed.shape[axis] = (*fine)[index];
  for (int64_t axis : refineOrder(second, countParts(reshaped, *fine)))
    composed.order.push_back(inner[axis]);
  return composed;
}

std::optional<AxisRepeats> tpuc::composeRepeats(
    llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> first,
    llvm::ArrayRef<int64_t> reshaped, llvm::ArrayRef<int64_t> second) {
  std::optional<llvm::SmallVector<int64_t>> fine =
      refineShapes(first, reshaped);
  if (!fine)
    return std::nullopt;
  llvm::SmallVector<bool> repeats;
  for (auto [axis, parts] : llvm::enumerate(countParts(first, *fine)))
    repeats.append(parts, shape[axis] != first[axis]);
  AxisRepeats composed;
  size_t next = 0;
  for (auto [axis, parts] : llvm::enumerate(countParts(reshaped, *fine))) {
    if (reshaped[axis] != second[axis]) {
      composed.shape.push_back(1);
      composed.repeated.push_back(second[axis]);
    }
    for (int64_t i = 0; i < parts; ++i, ++next) {
      composed.shape.push_back(repeats[next] ? 1 : (*fine)[next]);
      composed.repeated.push_back((*fine)[next]);
    }
  }
  return composed;
}

/// The same permute without axes of size 1, and with axes that stay neighbours
/// as one.
static AxisOrder simplify(llvm::ArrayRef<int64_t> shape,
                          llvm::ArrayRef<int64_t> order) {
  // Runs of input axes, in the order of the result.
  llvm::SmallVector<std::pair<int64_t, int64_t>> runs; // first axis, size
  int64_t last = -1;
  for (int64_t axis : order) {
    if (shape[axis] == 1)
      continue;
    bool isNext = !runs.empty() && axis > last;
    for (int64_t i = last + 1; isNext && i < axis; ++i)
      isNext = shape[i] == 1;
    if (isNext)
      runs.back().second *= shape[axis];
    else
      runs.push_back({axis, shape[axis]});
    last = axis;
  }
  auto byInput = runs;
  llvm::sort(byInput);
  AxisOrder result;
  for (auto [axis, size] : byInput)
    result.shape.push_back(size);
  for (auto &run : runs)
    result.order.push_back(llvm::find(byInput, run) - byInput.begin());
  return result;
}

std::optional<std::pair<AxisOrder, AxisOrder>>
tpuc::splitTransposition(llvm::ArrayRef<int64_t> shape,
                         llvm::ArrayRef<int64_t> order) {
  AxisOrder whole = simplify(shape, order);
  int64_t rank = whole.shape.size(), last = rank - 1;
  if (rank < 3 || whole.order.back() == last)
    return std::nullopt;
  int64_t taken = whole.order.back();
  bool isFirst = whole.shape[taken] >= whole.shape[last];
  if (std::max(whole.shape[taken], whole.shape[last]) < kShortestRow)
    return std::nullopt;
  // A short axis inside one that stays outermost interleaves what lies in the
  // lanes, which they do at once.
  bool keepsLanes = whole.order[0] == 0 && whole.shape[0] >= kShortestRow;
  if (keepsLanes &&
      std::min(whole.shape[taken], whole.shape[last]) < kShortestRow)
    return std::nullopt;
  // First: the axis that becomes the innermost goes there, others stay in
  // order. Otherwise last: rows move, then their axis goes to its place.
  AxisOrder first{whole.shape, {}}, second;
  if (isFirst) {
    for (int64_t axis = 0; axis < rank; ++axis)
      if (axis != taken)
        first.order.push_back(axis);
    first.order.push_back(taken);
  } else {
    for (int64_t axis : whole.order)
      if (axis != last)
        first.order.push_back(axis);
    first.order.push_back(last);
  }
  for (int64_t axis : first.order)
    second.shape.push_back(whole.shape[axis]);
  for (int64_t axis : whole.order)
    second.order.push_back(llvm::find(first.order, axis) - first.order.begin());
  if (llvm::is_sorted(first.order) || llvm::is_sorted(second.order))
    return std::nullopt;
  return std::pair(first, second);
}

bool tpuc::isSplitTransposition(llvm::ArrayRef<int64_t> shape,
                                llvm::ArrayRef<int64_t> first,
                                const AxisOrder &whole) {
  auto parts = splitTransposition(whole.shape, whole.order);
  if (!parts)
    return false;
  AxisOrder present = simplify(shape, first);
  AxisOrder wanted = simplify(parts->first.shape, parts->first.order);
  return present.shape == wanted.shape && present.order == wanted.order;
}
