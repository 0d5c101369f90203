//===- ElementMap.cpp - Where the elements of a value come from -----------===//
//
// Composition of movements and their description by boxes.
//
//===----------------------------------------------------------------------===//

#include "Analysis/ElementMap.h"
#include "Interfaces/Buffer.h"
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

std::optional<ElementMap> ElementMap::strided(llvm::ArrayRef<int64_t> sizes,
                                              llvm::ArrayRef<int64_t> strides,
                                              int64_t base,
                                              int64_t inputCount) {
  int64_t run = 1;
  while (!sizes.empty() && (strides.back() == run || sizes.back() == 1)) {
    run *= sizes.back();
    sizes = sizes.drop_back();
    strides = strides.drop_back();
  }
  int64_t unit = std::gcd(run, std::gcd(base, inputCount));
  for (int64_t stride : strides)
    unit = std::gcd(unit, stride);
  int64_t count = run / unit;
  for (int64_t size : sizes)
    count = count > kMaxBlocks ? count : count * size;
  if (count > kMaxBlocks)
    return std::nullopt;
  std::vector<int64_t> blocks = {base / unit};
  for (auto [size, stride] : llvm::zip(sizes, strides)) {
    std::vector<int64_t> next;
    next.reserve(blocks.size() * size);
    for (int64_t block : blocks)
      for (int64_t i = 0; i < size; ++i)
        next.push_back(block + i * stride / unit);
    blocks = std::move(next);
  }
  std::vector<int64_t> whole;
  whole.reserve(count);
  for (int64_t block : blocks)
    for (int64_t i = 0; i < run / unit; ++i)
      whole.push_back(block + i);
  return ElementMap(unit, std::move(whole), inputCount);
}

std::optional<ElementMap> ElementMap::ofPermute(llvm::ArrayRef<int64_t> shape,
                                                llvm::ArrayRef<int64_t> order) {
  llvm::SmallVector<int64_t> own = getRowMajorStrides(shape), sizes, strides;
  for (int64_t axis : order) {
    sizes.push_back(shape[axis]);
    strides.push_back(own[axis]);
  }
  return strided(sizes, strides, 0, getNumElements(shape));
}

std::optional<ElementMap> ElementMap::ofSlice(llvm::ArrayRef<int64_t> shape,
                                              llvm::ArrayRef<int64_t> offsets,
                                              llvm::ArrayRef<int64_t> sizes,
                                              llvm::ArrayRef<int64_t> steps) {
  llvm::SmallVector<int64_t> strides = getRowMajorStrides(shape);
  int64_t base = 0;
  for (auto [stride, offset, size, step] :
       llvm::zip(strides, offsets, sizes, steps)) {
    base += stride * offset;
    stride *= size == 1 ? 1 : step;
    if (stride < 0)
      return std::nullopt;
  }
  return strided(sizes, strides, base, getNumElements(shape));
}

/// How many elements of a box follow each other on both sides, and how many of
/// its axes are outside of them.
static std::pair<int64_t, size_t> runOf(const CopyBox &box) {
  int64_t run = 1;
  size_t outer = box.sizes.size();
  for (; outer > 0; --outer) {
    bool isRun =
        box.toStrides[outer - 1] == run && box.fromStrides[outer - 1] == run;
    if (!isRun && box.sizes[outer - 1] != 1)
      break;
    run *= box.sizes[outer - 1];
  }
  return {run, outer};
}

std::optional<ElementMap> ElementMap::ofBoxes(llvm::ArrayRef<CopyBox> boxes,
                                              int64_t resultCount,
                                              int64_t inputCount) {
  int64_t unit = std::gcd(resultCount, inputCount);
  for (const CopyBox &box : boxes) {
    auto [run, outer] = runOf(box);
    unit = std::gcd(std::gcd(unit, run), std::gcd(box.to, box.from));
    for (size_t axis = 0; axis < outer; ++axis)
      if (box.sizes[axis] > 1)
        unit = std::gcd(unit,
                        std::gcd(box.toStrides[axis], box.fromStrides[axis]));
  }
  if (resultCount / unit > kMaxBlocks)
    return std::nullopt;
  std::vector<int64_t> blocks(resultCount / unit);
  for (const CopyBox &box : boxes) {
    auto [run, outer] = runOf(box);
    // The places of all runs of the box, an axis after the other.
    std::vector<std::pair<int64_t, int64_t>> places = {{box.to, box.from}};
    for (size_t axis = 0; axis < outer; ++axis) {
      std::vector<std::pair<int64_t, int64_t>> next;
      for (auto [to, from] : places)
        for (int64_t i = 0; i < box.sizes[axis]; ++i)
          next.push_back(
              {to + i * box.toStrides[axis], from + i * box.fromStrides[axis]});
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

llvm::SmallVector<CopyBox> ElementMap::getBoxes() const {
  // Boxes of one shape whose places advance regularly become one box with one
  // more axis, until nothing joins. Boxes of other shapes may lie between them.
  llvm::SmallVector<CopyBox> boxes;
  for (auto [index, block] : llvm::enumerate(blocks))
    boxes.push_back({int64_t(index) * unit, block * unit, {unit}, {1}, {1}});
  bool hasJoined = true;
  for (bool isFirst = true; hasJoined; isFirst = false) {
    hasJoined = false;
    using Shape = std::vector<int64_t>;
    llvm::MapVector<Shape, llvm::SmallVector<CopyBox>,
                    std::map<Shape, unsigned>>
        byShape;
    for (CopyBox &box : boxes) {
      Shape shape(box.sizes.begin(), box.sizes.end());
      llvm::append_range(shape, box.toStrides);
      llvm::append_range(shape, box.fromStrides);
      byShape[shape].push_back(std::move(box));
    }
    boxes.clear();
    for (auto &[shape, group] : byShape) {
      // How many boxes from `begin` on advance by the same steps.
      auto runLength = [&](size_t begin) -> size_t {
        if (begin + 1 >= group.size())
          return 1;
        int64_t to = group[begin + 1].to - group[begin].to;
        int64_t from = group[begin + 1].from - group[begin].from;
        // The first step joins only neighbours: distant blocks join later,
        // when it is seen how long their runs are.
        if (from < 0 || (isFirst && to != unit))
          return 1;
        size_t end = begin + 2;
        while (end < group.size() && group[end].to - group[end - 1].to == to &&
               group[end].from - group[end - 1].from == from)
          ++end;
        return end - begin;
      };
      for (size_t begin = 0; begin < group.size();) {
        size_t length = runLength(begin);
        // A pair may be a lone box and the first of a longer run.
        if (length == 2 && runLength(begin + 1) > 2)
          length = 1;
        CopyBox box = group[begin];
        if (length > 1) {
          hasJoined = true;
          box.sizes.insert(box.sizes.begin(), length);
          box.toStrides.insert(box.toStrides.begin(),
                               group[begin + 1].to - group[begin].to);
          box.fromStrides.insert(box.fromStrides.begin(),
                                 group[begin + 1].from - group[begin].from);
        }
        boxes.push_back(std::move(box));
        begin += length;
      }
    }
    hasJoined |= isFirst;
    llvm::sort(boxes,
               [](const CopyBox &a, const CopyBox &b) { return a.to < b.to; });
  }
  return boxes;
}
