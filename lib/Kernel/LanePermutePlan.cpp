//===- LanePermutePlan.cpp - Movements between lanes as products ----------===//
//
// Every slot of the result is a sum over the slots of the source that it takes
// lanes from. Which lanes go where is a matrix; slots that need the same
// matrices and lie at a regular distance are one group.
//
//===----------------------------------------------------------------------===//

#include "Arch/Arch.h"
#include "Kernel/LanePermute.h"
#include "Support/IntMath.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"

#include <map>
#include <numeric>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// Most slots of a program for which a plan is made.
constexpr int64_t kMostSlots = int64_t(1) << 18;
constexpr int64_t kMostMatrices = 256;
/// Local bytes of a lane for the sums of a group.
constexpr int64_t kGroupBytes = 16 * 1024;
/// How much longer than transfers products may take: transfers seldom reach
/// their peak rate, and GDMA is free for weights meanwhile.
constexpr double kMostSlowdown = 1.5;

/// Where the lanes of one slot of the result come from.
using LaneMap = std::vector<int8_t>; ///< by result lane; -1: from elsewhere

/// A side of the movement: elements as slots of lanes.
class Side {
public:
  Side(const Arch &arch, const GlobalTensor &tensor)
      : roundLanes(arch.lanes), channels(tensor.layout.c),
        rowElements(numElements(tensor.shape) /
                    (tensor.layout.n * tensor.layout.c)) {}

  int64_t lanes() const { return std::min(channels, roundLanes); }
  /// Elements of one channel.
  int64_t row() const { return rowElements; }
  /// Elements of a lane, where the channels take several rounds of lanes.
  int64_t laneElements(int64_t batches) const {
    return batches * ceilDiv(channels, roundLanes) * rowElements;
  }
  int64_t laneOf(int64_t element) const {
    return element / rowElements % channels % roundLanes;
  }
  /// The place in the lane.
  int64_t placeOf(int64_t element) const {
    int64_t channel = element / rowElements % channels;
    int64_t rounds = ceilDiv(channels, roundLanes);
    int64_t row =
        element / (rowElements * channels) * rounds + channel / roundLanes;
    return row * rowElements + element % rowElements;
  }

private:
  int64_t roundLanes, channels, rowElements;
};

class Planner {
public:
  Planner(const Arch &arch, const GlobalTensor &result,
          const GlobalTensor &source, llvm::ArrayRef<StridedMap> boxes)
      : arch(arch), result(result), source(source), boxes(boxes),
        width(byteWidth(result.type)) {}

  std::optional<LanePermutation> run() {
    if (!findSlots())
      return std::nullopt;
    collect();
    formGroups();
    if (!crossesLanes() || plan.numMatrices > kMostMatrices || !isWorthwhile())
      return std::nullopt;
    packMatrices();
    return std::move(plan);
  }

private:
  /// The longest slots that nothing cuts.
  bool findSlots() {
    if (!result.layout.isKnown() || !source.layout.isKnown())
      return false;
    to = Side(arch, result);
    from = Side(arch, source);
    for (const Side *side : {&*to, &*from})
      if (side->row() * width % arch.vectorBytes != 0)
        return false;
    slot = std::gcd(to->row(), from->row());
    for (const StridedMap &box : boxes) {
      const StridedAxis &run = box.axes.back();
      if (run.resultStride != 1 || run.sourceStride != 1)
        return false;
      slot = std::gcd(std::gcd(slot, run.size),
                      std::gcd(box.resultOffset, box.sourceOffset));
      for (const StridedAxis &axis : llvm::drop_end(box.axes))
        if (axis.size > 1)
          slot = std::gcd(std::gcd(slot, axis.resultStride), axis.sourceStride);
    }
    plan.depth = 2 * arch.productDepth;
    plan.runBytes = slot * width;
    plan.resultLanes = to->lanes();
    plan.sourceLanes = from->lanes();
    // Both sides are resident together, with the sums and the matrices. Sums of
    // 4 bytes each start at vectors.
    int64_t laneBytes = (to->laneElements(result.layout.n) +
                         from->laneElements(source.layout.n)) *
                        width;
    return laneBytes <= arch.laneBytes / 2 &&
           plan.runBytes >= arch.vectorBytes &&
           plan.runBytes % (arch.vectorBytes / 4) == 0 &&
           plan.runBytes <= arch.maxSize &&
           numElements(result.shape) / slot <= kMostSlots;
  }

  /// Finds the source of every slot and lane.
  void collect() {
    sources.resize(to->laneElements(result.layout.n) / slot);
    for (const StridedMap &box : boxes) {
      llvm::SmallVector<int64_t> index(box.axes.size(), 0);
      int64_t toElement = box.resultOffset, fromElement = box.sourceOffset;
      while (true) {
        for (int64_t i = 0; i < box.axes.back().size; i += slot) {
          LaneMap &map = sources[to->placeOf(toElement + i) / slot]
                                [from->placeOf(fromElement + i) / slot];
          map.resize(plan.resultLanes, -1);
          map[to->laneOf(toElement + i)] =
              int8_t(from->laneOf(fromElement + i));
        }
        int64_t axis = int64_t(box.axes.size()) - 2;
        for (; axis >= 0; --axis) {
          toElement += box.axes[axis].resultStride;
          fromElement += box.axes[axis].sourceStride;
          if (++index[axis] < box.axes[axis].size)
            break;
          toElement -= box.axes[axis].resultStride * box.axes[axis].size;
          fromElement -= box.axes[axis].sourceStride * box.axes[axis].size;
          index[axis] = 0;
        }
        if (axis < 0)
          break;
      }
    }
  }

  /// Slots by the matrices that make them; then those at regular distances.
  void formGroups() {
    using Key = std::vector<unsigned>;
    llvm::MapVector<Key, std::vector<int64_t>, std::map<Key, unsigned>> byKey;
    slotOfMatrix.resize(sources.size());
    for (int64_t index = 0; index < int64_t(sources.size()); ++index) {
      for (auto &[place, map] : sources[index]) {
        unsigned next = unsigned(matrixIds.size());
        unsigned id = matrixIds.try_emplace(std::move(map), next).first->second;
        slotOfMatrix[index][id] = place;
      }
      Key key;
      for (auto [id, place] : slotOfMatrix[index])
        key.push_back(id);
      byKey[key].push_back(index);
    }
    plan.numMatrices = int64_t(matrixIds.size());
    int64_t most = kGroupBytes / (4 * plan.runBytes);
    // Whole rows of regular grids stay together.
    most = std::max<int64_t>(most >= 8 ? most / 8 * 8 : most, 1);
    for (const auto &[key, slots] : byKey)
      for (size_t begin = 0; begin < slots.size();) {
        int64_t step =
            begin + 1 < slots.size() ? slots[begin + 1] - slots[begin] : 1;
        size_t end = begin + 1;
        while (end < slots.size() && int64_t(end - begin) < most &&
               slots[end] - slots[end - 1] == step)
          ++end;
        addGroup(key, {slots[begin], step, int64_t(end - begin), {}});
        begin = end;
      }
  }

  void addGroup(llvm::ArrayRef<unsigned> matrices,
                LanePermutation::Group group) {
    for (unsigned matrix : matrices) {
      auto sourceOf = [&](int64_t position) {
        return slotOfMatrix[group.first + position * group.step][matrix];
      };
      for (int64_t begin = 0; begin < group.count;) {
        int64_t end = begin + 1, step = 0;
        if (end < group.count) {
          step = sourceOf(end) - sourceOf(begin);
          bool isUsable = step >= 0 && step * plan.runBytes <= arch.maxSize;
          while (isUsable && end < group.count &&
                 sourceOf(end) - sourceOf(end - 1) == step)
            ++end;
        }
        group.products.push_back({matrix, begin, sourceOf(begin),
                                  end - begin > 1 ? step : 1, end - begin,
                                  matrix != matrices.front()});
        cycles += ceilDiv((end - begin) * plan.runBytes, 4);
        begin = end;
      }
    }
    cycles += group.count * plan.runBytes * 4 / arch.vectorBytes;
    plan.groups.push_back(std::move(group));
  }

  /// Whether a lane gets anything from another one.
  bool crossesLanes() const {
    return llvm::any_of(matrixIds, [](const auto &entry) {
      for (auto [lane, source] : llvm::enumerate(entry.first))
        if (source >= 0 && source != int64_t(lane))
          return true;
      return false;
    });
  }

  bool isWorthwhile() const {
    int64_t rows = numElements(result.shape) * width / plan.runBytes;
    double transfers =
        double(rows * std::max(plan.runBytes, arch.shortestRowBytes)) /
        arch.moveBytesPerCycle;
    double loads = double(plan.resultLanes * plan.numMatrices * plan.depth) /
                   arch.loadBytesPerCycle;
    return double(cycles) + loads <= kMostSlowdown * transfers;
  }

  void packMatrices() {
    plan.matrices.assign(plan.resultLanes * plan.numMatrices * plan.depth, 0);
    for (const auto &[map, id] : matrixIds)
      for (int64_t lane = 0; lane < plan.resultLanes; ++lane)
        if (map[lane] >= 0)
          plan.matrices[(lane * plan.numMatrices + id) * plan.depth +
                        map[lane]] = 1;
  }

  const Arch &arch;
  const GlobalTensor &result, &source;
  llvm::ArrayRef<StridedMap> boxes;
  int64_t width, slot = 0;
  std::optional<Side> to, from;
  LanePermutation plan;
  int64_t cycles = 0; ///< of the products, about
  /// By slot of the result: the lanes that each slot of the source gives.
  std::vector<std::map<int64_t, LaneMap>> sources;
  std::map<LaneMap, unsigned> matrixIds;
  /// By slot of the result: the slot of the source by matrix.
  std::vector<std::map<unsigned, int64_t>> slotOfMatrix;
};

} // namespace

std::optional<LanePermutation>
kernel::planLanePermutation(const Arch &arch, const GlobalTensor &result,
                            const GlobalTensor &source,
                            llvm::ArrayRef<StridedMap> boxes) {
  return Planner(arch, result, source, boxes).run();
}
