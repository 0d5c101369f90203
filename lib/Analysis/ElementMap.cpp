//===- ElementMap.cpp - Where the elements of a value come from -----------===//
//
// Composition of movements and their description by boxes.
//
//===----------------------------------------------------------------------===//

#include "Analysis/ElementMap.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include <map>
#include <numeric>

using namespace tpuc;

ElementMap::ElementMap(int64_t startUnit, std::vector<int64_t> start,
                       int64_t inputCount)
    : unit(startUnit), blocks(std::move(start)), inputCount(inputCount) {
  // Blocks join when all runs of consecutive ones, cut at multiples of the
  // longer block on both sides, allow it.
  int64_t join = std::gcd(int64_t(blocks.size()), inputCount / unit);
  for (size_t begin = 0; begin < blocks.size() && join > 1;) {
    size_t end = begin + 1;
    while (end < blocks.size() && blocks[end] == blocks[end - 1] + 1)
      ++end;
    join = std::gcd(join, std::gcd(int64_t(begin), blocks[begin]));
    begin = end;
  }
  if (join <= 1)
    return;
  for (size_t i = 0; i < blocks.size() / join; ++i)
    blocks[i] = blocks[i * join] / join;
  blocks.resize(blocks.size() / join);
  unit *= join;
}

std::vector<int64_t> ElementMap::refined(int64_t smaller) const {
  int64_t parts = unit / smaller;
  std::vector<int64_t> result;
  result.reserve(blocks.size() * parts);
  for (int64_t block : blocks)
    for (int64_t part = 0; part < parts; ++part)
      result.push_back(block * parts + part);
  return result;
}

ElementMap ElementMap::identity(int64_t count) {
  return ElementMap(count, {0}, count);
}

std::optional<ElementMap> ElementMap::of(const StridedMap &map,
                                         int64_t inputCount) {
  llvm::ArrayRef<StridedAxis> axes = map.axes;
  if (llvm::any_of(axes,
                   [](const auto &axis) { return axis.sourceStride < 0; }))
    return std::nullopt;
  int64_t run = 1;
  while (!axes.empty() &&
         (axes.back().sourceStride == run || axes.back().size == 1)) {
    run *= axes.back().size;
    axes = axes.drop_back();
  }
  int64_t unit = std::gcd(run, std::gcd(map.sourceOffset, inputCount));
  for (const StridedAxis &axis : axes)
    unit = std::gcd(unit, axis.sourceStride);
  int64_t count = run / unit;
  for (const StridedAxis &axis : axes)
    count = count > kMaxBlocks ? count : count * axis.size;
  if (count > kMaxBlocks)
    return std::nullopt;
  std::vector<int64_t> blocks = {map.sourceOffset / unit};
  for (const StridedAxis &axis : axes) {
    std::vector<int64_t> next;
    next.reserve(blocks.size() * axis.size);
    for (int64_t block : blocks)
      for (int64_t i = 0; i < axis.size; ++i)
        next.push_back(block + i * axis.sourceStride / unit);
    blocks = std::move(next);
  }
  std::vector<int64_t> whole;
  whole.reserve(count);
  for (int64_t block : blocks)
    for (int64_t i = 0; i < run / unit; ++i)
      whole.push_back(block + i);
  return ElementMap(unit, std::move(whole), inputCount);
}

/// How many elements of a box follow each other on both sides, and how many of
/// its axes are outside of them.
static std::pair<int64_t, size_t> runOf(const StridedMap &box) {
  int64_t run = 1;
  size_t outer = box.axes.size();
  for (; outer > 0; --outer) {
    auto [size, resultStride, sourceStride] = box.axes[outer - 1];
    if (size != 1 && (resultStride != run || sourceStride != run))
      break;
    run *= size;
  }
  return {run, outer};
}

std::optional<ElementMap> ElementMap::ofBoxes(llvm::ArrayRef<StridedMap> boxes,
                                              int64_t resultCount,
                                              int64_t inputCount) {
  int64_t unit = std::gcd(resultCount, inputCount);
  for (const StridedMap &box : boxes) {
    auto [run, outer] = runOf(box);
    unit = std::gcd(std::gcd(unit, run),
                    std::gcd(box.resultOffset, box.sourceOffset));
    for (const StridedAxis &axis : llvm::ArrayRef(box.axes).take_front(outer))
      if (axis.size > 1)
        unit = std::gcd(unit, std::gcd(axis.resultStride, axis.sourceStride));
  }
  if (resultCount / unit > kMaxBlocks)
    return std::nullopt;
  std::vector<int64_t> blocks(resultCount / unit);
  for (const StridedMap &box : boxes) {
    auto [run, outer] = runOf(box);
    // The places of all runs of the box, an axis after the other.
    std::vector<std::pair<int64_t, int64_t>> places = {
        {box.resultOffset, box.sourceOffset}};
    for (const StridedAxis &axis : llvm::ArrayRef(box.axes).take_front(outer)) {
      std::vector<std::pair<int64_t, int64_t>> next;
      for (auto [to, from] : places)
        for (int64_t i = 0; i < axis.size; ++i)
          next.push_back(
              {to + i * axis.resultStride, from + i * axis.sourceStride});
      places = std::move(next);
    }
    for (auto [to, from] : places)
      for (int64_t i = 0; i < run; i += unit)
        blocks[(to + i) / unit] = (from + i) / unit;
  }
  return ElementMap(unit, std::move(blocks), inputCount);
}

std::optional<ElementMap> ElementMap::part(int64_t parts, int64_t index) const {
  if (getResultCount() % parts != 0 || inputCount % parts != 0)
    return std::nullopt;
  int64_t smaller =
      std::gcd(unit, std::gcd(getResultCount() / parts, inputCount / parts));
  int64_t count = getResultCount() / parts / smaller;
  int64_t inputBlocks = inputCount / parts / smaller;
  if (count * parts > kMaxBlocks)
    return std::nullopt;
  std::vector<int64_t> all = refined(smaller);
  std::vector<int64_t> taken(all.begin() + index * count,
                             all.begin() + (index + 1) * count);
  for (int64_t &block : taken) {
    if (block / inputBlocks != index)
      return std::nullopt;
    block -= index * inputBlocks;
  }
  return ElementMap(smaller, std::move(taken), inputCount / parts);
}

std::optional<ElementMap> ElementMap::joined(llvm::ArrayRef<ElementMap> parts,
                                             llvm::ArrayRef<int64_t> lengths,
                                             int64_t outer) {
  int64_t unit = 0, count = 0;
  for (auto [part, length] : llvm::zip(parts, lengths)) {
    unit = std::gcd(std::gcd(unit, part.unit), length);
    count += part.getResultCount();
  }
  if (count / unit > kMaxBlocks)
    return std::nullopt;
  llvm::SmallVector<std::vector<int64_t>> sources;
  for (const ElementMap &part : parts)
    sources.push_back(part.refined(unit));
  std::vector<int64_t> blocks;
  blocks.reserve(count / unit);
  for (int64_t i = 0; i < outer; ++i)
    for (auto [source, length] : llvm::zip(sources, lengths))
      blocks.insert(blocks.end(), source.begin() + i * length / unit,
                    source.begin() + (i + 1) * length / unit);
  return ElementMap(unit, std::move(blocks), parts.front().inputCount);
}

std::optional<ElementMap> ElementMap::then(const ElementMap &next) const {
  int64_t common = std::gcd(unit, next.unit);
  if (getResultCount() / common > kMaxBlocks ||
      next.getResultCount() / common > kMaxBlocks)
    return std::nullopt;
  std::vector<int64_t> blocks = refined(common), inner = next.refined(common);
  for (int64_t &block : blocks)
    block = inner[block];
  return ElementMap(common, std::move(blocks), next.inputCount);
}

std::optional<ElementMap> ElementMap::inverse() const {
  if (inputCount != getResultCount())
    return std::nullopt;
  std::vector<int64_t> back(blocks.size(), -1);
  for (auto [index, block] : llvm::enumerate(blocks)) {
    if (back[block] >= 0)
      return std::nullopt;
    back[block] = index;
  }
  return ElementMap(unit, std::move(back), inputCount);
}

ElementMap ElementMap::scaled(int64_t width) const {
  ElementMap result = *this;
  result.unit *= width;
  result.inputCount *= width;
  return result;
}

std::optional<ElementMap> ElementMap::unscaled(int64_t width) const {
  if (unit % width != 0)
    return std::nullopt;
  ElementMap result = *this;
  result.unit /= width;
  result.inputCount /= width;
  return result;
}

bool ElementMap::isIdentity() const {
  return blocks.size() == 1 && blocks[0] == 0 && unit == inputCount;
}

/// From box `index` of a group to the next one, on both sides.
static std::pair<int64_t, int64_t> stepOf(llvm::ArrayRef<StridedMap> group,
                                          size_t index) {
  const StridedMap &box = group[index], &next = group[index + 1];
  return {next.resultOffset - box.resultOffset,
          next.sourceOffset - box.sourceOffset};
}

llvm::SmallVector<StridedMap> ElementMap::getBoxes() const {
  // Boxes of one shape whose places advance regularly become one box with one
  // more axis, until nothing joins. Boxes of other shapes may lie between them.
  llvm::SmallVector<StridedMap> boxes;
  for (auto [index, block] : llvm::enumerate(blocks))
    boxes.push_back({int64_t(index) * unit, block * unit, {{unit, 1, 1}}});
  bool hasJoined = true;
  for (bool isFirst = true; hasJoined; isFirst = false) {
    hasJoined = false;
    using Shape = std::vector<int64_t>;
    llvm::MapVector<Shape, llvm::SmallVector<StridedMap>,
                    std::map<Shape, unsigned>>
        byShape;
    for (StridedMap &box : boxes) {
      Shape shape;
      for (auto [size, resultStride, sourceStride] : box.axes)
        shape.insert(shape.end(), {size, resultStride, sourceStride});
      byShape[shape].push_back(std::move(box));
    }
    boxes.clear();
    for (auto &[shape, group] : byShape) {
      // How many boxes from `begin` on advance by the same steps.
      auto runLength = [&](size_t begin) -> size_t {
        if (begin + 1 >= group.size())
          return 1;
        auto [to, from] = stepOf(group, begin);
        // The first step joins only neighbours: distant blocks join later,
        // when it is seen how long their runs are.
        if (from < 0 || (isFirst && to != unit))
          return 1;
        size_t end = begin + 2;
        while (end < group.size() &&
               stepOf(group, end - 1) == std::pair(to, from))
          ++end;
        return end - begin;
      };
      for (size_t begin = 0; begin < group.size();) {
        size_t length = runLength(begin);
        // A pair may be a lone box and the first of a longer run.
        if (length == 2 && runLength(begin + 1) > 2)
          length = 1;
        StridedMap box = group[begin];
        if (length > 1) {
          hasJoined = true;
          auto [to, from] = stepOf(group, begin);
          box.axes.insert(box.axes.begin(), {int64_t(length), to, from});
        }
        boxes.push_back(std::move(box));
        begin += length;
      }
    }
    hasJoined |= isFirst;
    llvm::sort(boxes, [](const StridedMap &a, const StridedMap &b) {
      return a.resultOffset < b.resultOffset;
    });
  }
  return boxes;
}
