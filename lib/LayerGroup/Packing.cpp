//===- Packing.cpp - Memory by lifetime -----------------------------------===//
//
// First fit in several orders; the one with the lowest peak wins.
//
//===----------------------------------------------------------------------===//

#include "Packing.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <numeric>

using namespace tpuc;
using namespace tpuc::group;

Lifetimes::Lifetimes(llvm::ArrayRef<Interval> intervals)
    : intervals(intervals), states(intervals.size()),
      wasFound(intervals.size()), sortedAt(intervals.size()) {
  unsigned last = 0;
  for (const Interval &interval : intervals)
    last = std::max(last, interval.last);
  spans.resize(last / kSpan + 1);
}

void Lifetimes::insert(unsigned index) {
  State &state = states[index];
  if (state == State::Sorted)
    byOffset.erase(std::lower_bound(byOffset.begin(), byOffset.end(),
                                    std::pair(sortedAt[index], index)));
  if (state != State::Unsorted)
    unsorted.push_back(index);
  state = State::Unsorted;
  for (unsigned span = intervals[index].first / kSpan;
       span <= intervals[index].last / kSpan; ++span)
    spans[span].push_back(index);
}

llvm::ArrayRef<std::pair<int64_t, unsigned>> Lifetimes::sorted() {
  auto middle = ptrdiff_t(byOffset.size());
  for (unsigned index : unsorted) {
    states[index] = State::Sorted;
    sortedAt[index] = intervals[index].offset;
    byOffset.push_back({sortedAt[index], index});
  }
  unsorted.clear();
  std::sort(byOffset.begin() + middle, byOffset.end());
  std::inplace_merge(byOffset.begin(), byOffset.begin() + middle,
                     byOffset.end());
  return byOffset;
}

bool Lifetimes::meetsMost(const Interval &interval) const {
  // A long interval meets most others, each in many spans.
  size_t entries = 0;
  for (const std::vector<unsigned> &span : spansOf(interval))
    entries += span.size();
  return entries * (llvm::Log2_64_Ceil(entries + 1) + 1) >
         byOffset.size() + unsorted.size();
}

llvm::SmallVector<unsigned> Lifetimes::meeting(const Interval &interval) {
  llvm::SmallVector<unsigned> found;
  if (meetsMost(interval)) {
    for (auto [offset, index] : sorted())
      if (intervals[index].overlaps(interval))
        found.push_back(index);
    return found;
  }
  for (const std::vector<unsigned> &span : spansOf(interval))
    for (unsigned index : span)
      if (!wasFound[index] && intervals[index].overlaps(interval)) {
        wasFound[index] = true;
        found.push_back(index);
      }
  for (unsigned index : found)
    wasFound[index] = false;
  llvm::stable_sort(found, [&](unsigned a, unsigned b) {
    return intervals[a].offset < intervals[b].offset;
  });
  return found;
}

/// Raises `offset` past `other` if `interval` meets it there; false when it and
/// all behind it leave room.
static bool raiseBehind(const Interval &interval, const Interval &other,
                        int64_t &offset) {
  if (!other.overlaps(interval))
    return true;
  if (other.offset >= offset + interval.bytes)
    return false;
  offset = std::max(offset, other.offset + other.bytes);
  return true;
}

/// The lowest offset at which `interval` meets none of those in `byOffset`,
/// which are sorted by offset.
static int64_t lowestGap(const Interval &interval,
                         llvm::ArrayRef<unsigned> byOffset,
                         llvm::ArrayRef<Interval> intervals) {
  int64_t offset = 0;
  for (unsigned index : byOffset)
    if (!raiseBehind(interval, intervals[index], offset))
      break;
  return offset;
}

int64_t Lifetimes::lowestGap(const Interval &interval, int64_t from) {
  if (!meetsMost(interval))
    return ::lowestGap(interval, meeting(interval), intervals);
  int64_t offset = from;
  llvm::ArrayRef<std::pair<int64_t, unsigned>> all = sorted();
  for (const auto *it = llvm::lower_bound(all, std::pair(from, 0u));
       it != all.end(); ++it)
    if (!raiseBehind(interval, intervals[it->second], offset))
      break;
  return offset;
}

/// The highest offset, of those below `limit` if there is one, at which
/// `interval` meets none of those in `byOffset` and ends below `capacity`.
static std::optional<int64_t> highestGap(const Interval &interval,
                                         llvm::ArrayRef<unsigned> byOffset,
                                         llvm::ArrayRef<Interval> intervals,
                                         int64_t capacity, int64_t limit) {
  std::optional<int64_t> highest, below;
  int64_t end = 0;
  auto visit = [&](int64_t gapEnd) {
    if (end + interval.bytes <= gapEnd)
      highest = gapEnd - interval.bytes;
    if (end + interval.bytes <= std::min(gapEnd, limit))
      below = std::min(gapEnd, limit) - interval.bytes;
  };
  for (unsigned index : byOffset) {
    const Interval &other = intervals[index];
    if (!other.overlaps(interval))
      continue;
    visit(other.offset);
    end = std::max(end, other.offset + other.bytes);
  }
  visit(capacity);
  return below ? below : highest;
}

/// The most bytes that are live at a time: a lower bound of every packing.
static int64_t mostAlive(llvm::ArrayRef<Interval> intervals) {
  std::vector<std::pair<uint64_t, int64_t>> changes;
  for (const Interval &interval : intervals) {
    changes.push_back({interval.first, interval.bytes});
    changes.push_back({uint64_t(interval.last) + 1, -interval.bytes});
  }
  // What ends goes before what starts then.
  llvm::sort(changes);
  int64_t alive = 0, most = 0;
  for (auto [step, change] : changes)
    most = std::max(most, alive += change);
  return most;
}

int64_t group::placeIntervals(llvm::MutableArrayRef<Interval> intervals,
                              int64_t capacity) {
  int64_t leastEnd = mostAlive(intervals);
  std::vector<unsigned> order(intervals.size());
  std::iota(order.begin(), order.end(), 0u);
  std::vector<int64_t> bestOffsets;
  int64_t bestEnd = 0;
  auto attempt = [&](auto key) {
    if (!bestOffsets.empty() && bestEnd == leastEnd)
      return;
    llvm::stable_sort(order, [&](unsigned a, unsigned b) {
      return key(intervals[a]) > key(intervals[b]);
    });
    Lifetimes placed(intervals);
    int64_t end = 0;
    const Interval *previous = nullptr;
    for (unsigned index : order) {
      Interval &interval = intervals[index];
      // Where one of the same steps did not fit, a larger one does not.
      bool isAbove = previous && previous->first == interval.first &&
                     previous->last == interval.last &&
                     previous->bytes <= interval.bytes;
      interval.offset = placed.lowestGap(
          interval, isAbove ? previous->offset + previous->bytes : 0);
      end = std::max(end, interval.offset + interval.bytes);
      placed.insert(index);
      previous = &interval;
    }
    if (!bestOffsets.empty() && end >= bestEnd)
      return;
    bestEnd = end;
    bestOffsets.clear();
    for (const Interval &interval : intervals)
      bestOffsets.push_back(interval.offset);
  };
  auto duration = [](const Interval &i) {
    return int64_t(i.last) - int64_t(i.first) + 1;
  };
  if (capacity > 0)
    attempt(duration);
  if (bestOffsets.empty() || bestEnd > capacity) {
    attempt([&](const Interval &i) { return i.bytes; });
    attempt([&](const Interval &i) { return i.bytes * duration(i); });
    attempt(duration);
  }
  for (auto [interval, offset] : llvm::zip(intervals, bestOffsets))
    interval.offset = offset;
  return bestEnd;
}

bool group::placeApart(llvm::MutableArrayRef<Interval> intervals,
                       llvm::ArrayRef<unsigned> upper, int64_t capacity) {
  std::vector<bool> isUpper(intervals.size());
  for (unsigned index : upper)
    isUpper[index] = true;
  std::vector<Interval> lower;
  std::vector<unsigned> indices;
  for (unsigned index = 0; index < intervals.size(); ++index)
    if (!isUpper[index]) {
      lower.push_back(intervals[index]);
      indices.push_back(index);
    }
  if (placeIntervals(lower, capacity) > capacity)
    return false;
  Lifetimes placed(intervals);
  for (auto [index, interval] : llvm::zip(indices, lower)) {
    intervals[index].offset = interval.offset;
    placed.insert(index);
  }
  for (unsigned index : upper) {
    Interval &interval = intervals[index];
    std::optional<int64_t> offset =
        highestGap(interval, placed.meeting(interval), intervals, capacity,
                   /*limit=*/0);
    if (!offset)
      return false;
    interval.offset = *offset;
    placed.insert(index);
  }
  return true;
}

PackedMemory::PackedMemory(llvm::MutableArrayRef<Interval> intervals,
                           int64_t capacity, Gap gap)
    : intervals(intervals), capacity(capacity), gap(gap), placed(intervals) {
  for (unsigned index = 0; index < intervals.size(); ++index)
    placed.insert(index);
}

std::optional<int64_t>
PackedMemory::findGap(const Interval &interval,
                      llvm::ArrayRef<unsigned> others) const {
  if (gap != Gap::Lowest)
    return highestGap(interval, others, intervals, capacity,
                      gap == Gap::Next ? last : 0);
  int64_t offset = lowestGap(interval, others, intervals);
  if (offset + interval.bytes > capacity)
    return std::nullopt;
  return offset;
}

void PackedMemory::extend(unsigned index, unsigned earliest) {
  Interval best = intervals[index];
  // Only the intervals that it can overlap.
  Interval reach = best;
  reach.first = std::min(earliest, best.first);
  llvm::SmallVector<unsigned> others = placed.meeting(reach);
  llvm::erase(others, index);
  // Feasibility is monotonic in the start, so that bisection finds the
  // earliest.
  unsigned low = earliest, high = best.first;
  while (low < high) {
    unsigned middle = low + (high - low) / 2;
    Interval trial = best;
    trial.first = middle;
    if (std::optional<int64_t> offset = findGap(trial, others)) {
      trial.offset = *offset;
      best = trial;
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  last = best.offset;
  if (best.first == intervals[index].first)
    return;
  intervals[index] = best;
  placed.insert(index);
}
