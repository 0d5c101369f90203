//===- Roofline.cpp - The least time that a stage can take ----------------===//
//
// Counts what has to cross the memory interface: inputs, outputs and
// coefficients once, but of a table whose rows are only gathered these rows.
//
//===----------------------------------------------------------------------===//

#include "ProfileInternal.h"
#include "Target/BM1684X/Access.h"
#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <utility>
#include <vector>

using namespace tpuc;
using namespace tpuc::timing;
using codec::Engine;
using codec::Layout;
using codec::Registers;
using llvm::Error;
using llvm::Expected;

namespace {

/// Bytes [first, second), sorted and apart from each other once merged.
using Ranges = std::vector<std::pair<uint64_t, uint64_t>>;

Ranges merge(Ranges ranges) {
  llvm::sort(ranges);
  Ranges merged;
  for (auto [begin, end] : ranges) {
    if (!merged.empty() && begin <= merged.back().second)
      merged.back().second = std::max(merged.back().second, end);
    else
      merged.push_back({begin, end});
  }
  return merged;
}

/// Bytes of `ranges` that are not in `others`; both are merged.
uint64_t bytesOutside(const Ranges &ranges, const Ranges &others) {
  uint64_t bytes = 0;
  auto other = others.begin();
  for (auto [begin, end] : ranges) {
    bytes += end - begin;
    while (other != others.end() && other->second <= begin)
      ++other;
    for (auto it = other; it != others.end() && it->first < end; ++it)
      bytes -= std::min(end, it->second) - std::max(begin, it->first);
  }
  return bytes;
}

} // namespace

Expected<uint64_t>
tpuc::timing::detail::neededCoefficientBytes(const target::Stage &stage) {
  uint64_t first = stage.coefficients.address;
  uint64_t size = stage.coefficients.bytes.size();
  Ranges read, gathered;
  uint64_t rowBytes = 0;
  std::vector<target::Access> accesses;
  auto collect = [&](size_t, size_t, Layout layout, const Registers &r) {
    accesses.clear();
    std::string reason;
    if (!target::findAccesses(layout, r, accesses, reason))
      return;
    bool isTable = false;
    for (const target::Access &access : accesses) {
      uint64_t begin = std::max(access.begin, first);
      uint64_t end = std::min(access.end, first + size);
      if (access.space != target::Space::Global || access.isWrite ||
          begin >= end)
        continue;
      (layout == Layout::DmaGather ? gathered : read).push_back({begin, end});
      isTable |= layout == Layout::DmaGather;
    }
    if (isTable)
      rowBytes += ddrTraffic(layout, r).readBytes;
  };
  if (Error error = visitQueue(stage, Engine::Gdma, collect))
    return std::move(error);
  uint64_t tables =
      bytesOutside(merge(std::move(gathered)), merge(std::move(read)));
  return size - tables + std::min(tables, rowBytes);
}
