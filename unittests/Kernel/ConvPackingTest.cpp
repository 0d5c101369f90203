//===- ConvPackingTest.cpp - Tests of the order of packed weights ---------===//
//
// Where single weights and biases stand in the bytes that commands read.
//
//===----------------------------------------------------------------------===//

#include "Kernel/ConvPacking.h"
#include "Arch/BM1684X.h"

#include "gtest/gtest.h"

#include <cstring>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// Packs 16-bit weights that tell their own place: oc * 1000 + ic * 10 + kw.
std::vector<char> packPlaces(const ConvPacking &packing,
                             const std::vector<float> &bias) {
  uint16_t value = 0;
  auto element = [&](int64_t tap, int64_t oc, int64_t ic, int64_t kh,
                     int64_t kw) {
    value = uint16_t(oc * 1000 + ic * 10 + kw);
    return reinterpret_cast<const char *>(&value);
  };
  return packing.pack(element, bias);
}

uint16_t halfAt(const std::vector<char> &bytes, int64_t offset) {
  uint16_t value;
  std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

ConvPacking makePacking(int64_t outChannels, int64_t inChannels,
                        int64_t kernelW) {
  ConvPacking packing(kBM1684X);
  packing.type = ElementType::F16;
  packing.outChannels = outChannels;
  packing.inChannels = inChannels;
  packing.kernelW = kernelW;
  packing.hasBias = true;
  return packing;
}

TEST(ConvPacking, PutsCubesOfChannelsBehindEachTap) {
  // 40 channels are two cubes of 32; the second is filled up with zeros.
  ConvPacking packing = makePacking(2, 40, 3);
  EXPECT_EQ(packing.rowBytes(), 2 * 3 * 32 * 2 + 4);
  std::vector<char> bytes = packPlaces(packing, {0.5f, 1.5f});
  ASSERT_EQ(int64_t(bytes.size()), 2 * packing.rowBytes());
  int64_t lane1 = packing.rowBytes();
  EXPECT_EQ(halfAt(bytes, lane1 + (1 * 32 + 7) * 2), 1071);       // ic 7, kw 1
  EXPECT_EQ(halfAt(bytes, lane1 + ((3 + 2) * 32 + 5) * 2), 1372); // ic 37, kw 2
  EXPECT_EQ(halfAt(bytes, lane1 + (3 * 32 + 8) * 2), 0);          // ic 40
}

TEST(ConvPacking, PutsBiasBehindWeights) {
  ConvPacking packing = makePacking(2, 40, 3);
  std::vector<char> bytes = packPlaces(packing, {0.5f, 1.5f});
  float bias;
  std::memcpy(&bias, bytes.data() + packing.rowBytes() + packing.biasOffset(),
              sizeof(bias));
  EXPECT_EQ(bias, 1.5f);
}

TEST(ConvPacking, JoinsBlocksWithShortRows) {
  // A row of 68 bytes pays for 256: two blocks of 64 lanes go together.
  ConvPacking packing = makePacking(70, 20, 1);
  EXPECT_EQ(packing.blocksPerUnit(), 2);
  std::vector<char> bytes = packPlaces(packing, std::vector<float>(70, 0.0f));
  int64_t laneBytes = packing.pitchBytes() + packing.rowBytes();
  EXPECT_EQ(int64_t(bytes.size()), 64 * laneBytes);
  EXPECT_EQ(halfAt(bytes, 5 * laneBytes + packing.pitchBytes() + 3 * 2),
            uint16_t(69030)); // lane 5 of block 1
}

TEST(ConvPacking, CutsLongRowsIntoChunksOfAllLanes) {
  // 4224 bytes of weights and 4 of bias; a transfer takes 4092 a lane.
  ConvPacking packing = makePacking(3, 64, 33);
  int64_t rest = packing.rowBytes() - 4092;
  ASSERT_GT(rest, 0);
  std::vector<char> bytes = packPlaces(packing, {1, 2, 3});
  float bias;
  std::memcpy(&bias, bytes.data() + 3 * 4092 + 2 * rest + rest - 4,
              sizeof(bias));
  EXPECT_EQ(bias, 3.0f);
}

TEST(ConvPacking, ReadsTheGroupsOfABlock) {
  ConvPacking packing = makePacking(256, 512, 1);
  packing.groups = 32; // 8 output and 16 input channels each
  EXPECT_EQ(packing.inputRange(1).begin, 128);
  EXPECT_EQ(packing.inputRange(1).count, 128);
  EXPECT_EQ(packing.inputRange(1, 2).count, 256);
}

TEST(ConvPacking, SplitsLargeUnalignedGroups) {
  EXPECT_EQ(separateGroups(kBM1684X, 144, 80, 2), 2);
  EXPECT_EQ(separateGroups(kBM1684X, 128, 256, 2), 1);
  EXPECT_EQ(separateGroups(kBM1684X, 96, 96, 96), 1);
}

} // namespace
