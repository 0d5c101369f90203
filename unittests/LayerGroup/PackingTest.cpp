//===- PackingTest.cpp - Memory by lifetime -------------------------------===//

#include "LayerGroup/Packing.h"

#include "gtest/gtest.h"

#include <random>

using namespace tpuc::group;

namespace {

void expectApart(const std::vector<Interval> &intervals) {
  for (size_t a = 0; a < intervals.size(); ++a)
    for (size_t b = 0; b < a; ++b) {
      bool shares =
          intervals[a].offset < intervals[b].offset + intervals[b].bytes &&
          intervals[b].offset < intervals[a].offset + intervals[a].bytes;
      EXPECT_FALSE(intervals[a].overlaps(intervals[b]) && shares)
          << a << " and " << b;
    }
}

std::vector<Interval> randomIntervals(unsigned seed) {
  std::mt19937 engine(seed);
  std::vector<Interval> intervals(60);
  for (Interval &interval : intervals) {
    interval.bytes = int64_t(engine() % 100 + 1);
    interval.first = unsigned(engine() % 50);
    interval.last = interval.first + unsigned(engine() % 10);
  }
  return intervals;
}

TEST(Packing, WhatLivesTogetherLiesApart) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::vector<Interval> intervals = randomIntervals(seed);
    placeIntervals(intervals);
    expectApart(intervals);
  }
}

TEST(Packing, GapsAreTheLowestWhateverLivesHowLong) {
  // Many that live always, as the inputs of a wide concatenation, among others.
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::vector<Interval> intervals = randomIntervals(seed);
    for (unsigned i = 0; i < intervals.size(); i += 1 + seed % 3)
      intervals[i] = {int64_t(8 * (1 + i % 2)), 0, 60};
    Lifetimes placed(intervals);
    for (unsigned i = 0; i < intervals.size(); ++i) {
      Interval &interval = intervals[i];
      int64_t expected = 0;
      auto meets = [&](unsigned other) {
        return intervals[other].overlaps(interval) &&
               intervals[other].offset < expected + interval.bytes &&
               expected < intervals[other].offset + intervals[other].bytes;
      };
      for (unsigned j = 0; j < i; ++j)
        if (meets(j)) {
          ++expected;
          j = unsigned(-1);
        }
      interval.offset = placed.lowestGap(interval);
      EXPECT_EQ(interval.offset, expected) << seed << ": " << i;
      placed.insert(i);
    }
    placeIntervals(intervals);
    expectApart(intervals);
  }
}

TEST(Packing, ThousandsThatLiveTogetherTakeLittleTime) {
  std::vector<Interval> intervals(20000, {64, 0, 20000});
  EXPECT_EQ(placeIntervals(intervals), 20000 * 64);
  EXPECT_EQ(intervals.back().offset, 19999 * 64);
}

TEST(Packing, WhatNeverMeetsSharesItsPlace) {
  std::vector<Interval> intervals{{64, 0, 1}, {64, 2, 3}, {32, 4, 4}};
  EXPECT_EQ(placeIntervals(intervals), 64);
}

TEST(Packing, ExtensionKeepsEverythingApartAndWithinCapacity) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::vector<Interval> intervals = randomIntervals(seed);
    int64_t capacity = placeIntervals(intervals) + 50;
    PackedMemory packed(intervals, capacity);
    for (unsigned i = 0; i < intervals.size(); i += 2) {
      Interval before = intervals[i];
      packed.extend(i, /*earliest=*/0);
      EXPECT_LE(intervals[i].first, before.first);
      EXPECT_EQ(intervals[i].last, before.last);
      EXPECT_LE(intervals[i].offset + intervals[i].bytes, capacity);
    }
    expectApart(intervals);
  }
}

TEST(Packing, ExtensionStartsAsEarlyAsThereIsRoom) {
  // The first half of the memory is taken until step 4, the second is free.
  std::vector<Interval> intervals{{64, 0, 4, 0}, {64, 6, 6, 0}};
  PackedMemory(intervals, 128).extend(1, /*earliest=*/2);
  EXPECT_EQ(intervals[1].first, 2u);
  EXPECT_EQ(intervals[1].offset, 64);
}

TEST(Packing, WhatLivesLongestLiesLowestWhereThatFits) {
  std::vector<Interval> intervals{{64, 2, 2}, {16, 0, 9}};
  EXPECT_EQ(placeIntervals(intervals, /*capacity=*/128), 80);
  EXPECT_EQ(intervals[1].offset, 0);
}

TEST(Packing, PartsLieAtBothEnds) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::vector<Interval> intervals = randomIntervals(seed);
    std::vector<unsigned> upper;
    for (unsigned i = 0; i < intervals.size(); i += 3)
      upper.push_back(i);
    int64_t capacity = 4000;
    ASSERT_TRUE(placeApart(intervals, upper, capacity));
    expectApart(intervals);
    for (const Interval &interval : intervals)
      EXPECT_LE(interval.offset + interval.bytes, capacity);
    EXPECT_EQ(intervals[0].offset + intervals[0].bytes, capacity);
  }
}

TEST(Packing, PartsThatMeetDoNotFit) {
  std::vector<Interval> intervals{{64, 0, 4}, {65, 4, 6}};
  EXPECT_FALSE(placeApart(intervals, {1}, /*capacity=*/128));
}

TEST(Packing, ExtensionTakesTheGapThatIsAskedFor) {
  auto offsetAfter = [](Gap gap) {
    // Free from step 2 on: below 32 and from 64 to 128, where one has been
    // placed before.
    std::vector<Interval> intervals{
        {32, 0, 9, 32}, {16, 5, 5, 112}, {16, 6, 6, 112}};
    PackedMemory packed(intervals, 128, gap);
    packed.extend(1, /*earliest=*/2);
    packed.extend(2, /*earliest=*/3);
    return std::pair(intervals[1].offset, intervals[2].offset);
  };
  EXPECT_EQ(offsetAfter(Gap::Lowest), std::pair(int64_t(0), int64_t(16)));
  EXPECT_EQ(offsetAfter(Gap::Highest), std::pair(int64_t(112), int64_t(96)));
  EXPECT_EQ(offsetAfter(Gap::Next), std::pair(int64_t(112), int64_t(96)));
}

TEST(Packing, NextGapGoesOnBelowThoughOneAboveIsFree) {
  std::vector<Interval> intervals{{16, 3, 3, 0}, {16, 8, 8, 0}};
  PackedMemory packed(intervals, 128, Gap::Next);
  packed.extend(0, /*earliest=*/0);
  packed.extend(1, /*earliest=*/6);
  EXPECT_EQ(intervals[0].offset, 112);
  EXPECT_EQ(intervals[1].offset, 96);
}

} // namespace
