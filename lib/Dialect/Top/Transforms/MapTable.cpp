//===- MapTable.cpp - Movements by number ---------------------------------===//
//
// Finds equal movements and remembers what was computed of them.
//
//===----------------------------------------------------------------------===//

#include "TransposeGraph.h"
#include "llvm/ADT/Hashing.h"

using namespace tpuc;
using namespace tpuc::top;

/// What starting one more transfer costs, as bytes moved meanwhile: about 900
/// cycles from DDR to DDR.
static constexpr double kTransferBytes = 8192;
/// The same where transfers are many: the shorter they are, the fewer pages of
/// DDR each reaches.
static constexpr double kShortTransferBytes = 3 * kTransferBytes;
/// A movement of rows of at least `kLocalRowBytes` in a tensor of at most this
/// is expected to stay in local memory, where it is a few matrix products,
/// however many transfers it would be.
static constexpr double kLocalBytes = 2 * 1024 * 1024;
static constexpr double kLocalRowBytes = 64;
/// A movement that falls into more boxes than this is not worth one op.
static constexpr size_t kMaxBoxes = 256;

/// Transfers that boxes take: one for each position on the axes beyond the four
/// that a transfer has.
static double countTransfers(llvm::ArrayRef<StridedMap> boxes) {
  constexpr size_t kAxes = 4;
  double count = 0;
  for (const StridedMap &box : boxes) {
    double positions = 1;
    for (size_t axis = 0; axis + kAxes < box.axes.size(); ++axis)
      positions *= double(box.axes[axis].size);
    count += positions;
  }
  return count;
}

int MapTable::intern(const std::optional<ElementMap> &map) {
  if (!map)
    return kNone;
  llvm::SmallVector<StridedMap> boxes = map->getBoxes();
  llvm::hash_code hash =
      llvm::hash_combine(map->getUnit(), map->getInputCount(), boxes.size());
  for (const StridedMap &box : boxes) {
    hash = llvm::hash_combine(hash, box.resultOffset, box.sourceOffset);
    for (auto [size, resultStride, sourceStride] : box.axes)
      hash = llvm::hash_combine(hash, size, resultStride, sourceStride);
  }
  llvm::SmallVector<int, 1> &same = byHash[size_t(hash)];
  for (int id : same)
    if (maps[id] == *map)
      return id;
  int id = maps.size();
  same.push_back(id);
  double runs = double(map->getResultCount()) / map->getUnit();
  double bytes = std::max(2.0 * map->getUnit(), double(shortestRowBytes));
  maps.push_back(*map);
  identities.push_back(map->isIdentity());
  bool isTooMany = boxes.size() > kMaxBoxes;
  bool isLocal =
      2.0 * double(std::max(map->getResultCount(), map->getInputCount())) <=
          kLocalBytes &&
      2.0 * double(map->getUnit()) >= kLocalRowBytes;
  double transfers = isLocal ? 0 : kShortTransferBytes * countTransfers(boxes);
  costs.push_back(isTooMany ? kInfinite
                            : runs * bytes + kTransferBytes * boxes.size());
  transferCosts.push_back(isTooMany ? kInfinite : runs * bytes + transfers);
  return id;
}

template <typename Fn>
int MapTable::memo(int kind, int64_t a, int64_t b, Fn &&make) {
  auto [it, isNew] = made.try_emplace({kind, a, b}, kNone);
  if (!isNew)
    return it->second;
  int id = intern(make());
  made[{kind, a, b}] = id;
  return id;
}

int MapTable::then(int first, int second) {
  if (first == kNone || second == kNone)
    return kNone;
  if (isIdentity(first))
    return second;
  if (isIdentity(second))
    return first;
  return memo(0, first, second, [&] { return maps[first].then(maps[second]); });
}

int MapTable::inverse(int id) {
  if (id == kNone || isIdentity(id))
    return id;
  return memo(1, id, 0, [&] { return maps[id].inverse(); });
}

int MapTable::scaled(int id, int64_t width) {
  if (id == kNone || width == 1)
    return id;
  return memo(2, id, width,
              [&] { return std::optional(maps[id].scaled(width)); });
}

int MapTable::unscaled(int id, int64_t width) {
  if (id == kNone || width == 1)
    return id;
  return memo(3, id, width, [&] { return maps[id].unscaled(width); });
}
