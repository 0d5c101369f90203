//===- ShareWeightsTest.cpp - Equal weights of stages once ----------------===//
//
// Joins stages that have the same weights in another order, and looks where
// their commands read.
//
//===----------------------------------------------------------------------===//

#include "Target/BM1684X/Bmodel.h"
#include "gtest/gtest.h"

using namespace tpuc;
using namespace tpuc::target;
using codec::Layout;
using codec::Registers;

namespace {

constexpr uint64_t kCoefficients = 0x1'0000'0000;
constexpr uint64_t kPiece = 4096;

void append(std::vector<uint8_t> &stream, codec::Layout layout,
            const Registers &registers) {
  std::vector<uint8_t> bytes(codec::layoutInfo(layout).bytes);
  std::string error;
  ASSERT_TRUE(codec::encode(layout, registers, bytes, error)) << error;
  stream.insert(stream.end(), bytes.begin(), bytes.end());
}

/// A move of `size` bytes.
Registers copy(uint64_t from, uint64_t to, uint32_t size, uint32_t id) {
  Registers move;
  move.cmd_id = id;
  move.src_start_addr_l32 = uint32_t(from);
  move.src_start_addr_h8 = uint32_t(from >> 32);
  move.dst_start_addr_l32 = uint32_t(to);
  move.dst_start_addr_h8 = uint32_t(to >> 32);
  move.src_cstride = size; // the length
  return move;
}

/// A stage whose weights are pages filled with a number each. It moves `length`
/// bytes of each page but the last to its output, page by page.
Bmodel makeStage(uint64_t batch, std::vector<uint8_t> pages, uint32_t length) {
  Bmodel model;
  Stage stage;
  std::vector<uint8_t> weights;
  for (uint8_t page : pages) {
    stage.coefficients.ranges.push_back({"w", weights.size(), kPiece - 1});
    weights.insert(weights.end(), kPiece - 1, page);
    weights.push_back(0);
  }
  stage.coefficients.address = kCoefficients;
  stage.contextAddress = kCoefficients + weights.size();
  stage.contextSize = pages.size() * kPiece;
  uint64_t output = stage.contextAddress;
  stage.inputs.push_back({"x", DataType::I8, {batch}, output, batch, 1, 0});
  stage.outputs.push_back({"y", DataType::I8, {batch}, output, batch, 1, 0});
  std::vector<uint8_t> tiu, gdma;
  Registers end;
  end.tsk_eu_typ = codec::SysidFunction::End;
  end.cmd_id = 1;
  append(tiu, Layout::Sysid, end);
  for (uint32_t i = 0; i + 1 < pages.size(); ++i)
    append(gdma, Layout::DmaGeneral,
           copy(kCoefficients + i * kPiece + 16, output + i * kPiece, length,
                i + 1));
  Registers gdmaEnd;
  gdmaEnd.cmd_id = uint32_t(pages.size());
  append(gdma, Layout::SDmaSys, gdmaEnd);
  stage.coefficients.bytes = model.keep(std::move(weights));
  Bytes tiuBytes = model.keep(std::move(tiu));
  stage.groups.push_back(
      {tiuBytes, model.keep(std::move(gdma)), 1, uint32_t(pages.size())});
  model.networks.push_back({"net", {stage}});
  return model;
}

/// The weights that the commands of a stage read, by their number, and where
/// they write, from the start of the activations.
std::vector<std::pair<unsigned, uint64_t>> reads(const Stage &stage) {
  std::vector<std::pair<unsigned, uint64_t>> found;
  llvm::Error error = forEachCommand(
      codec::Engine::Gdma, stage.groups.front().gdma,
      [&](size_t, size_t, Layout layout, const Registers &r) {
        if (layout == Layout::DmaGeneral) {
          uint64_t from =
              uint64_t(r.src_start_addr_h8) << 32 | r.src_start_addr_l32;
          uint64_t to =
              uint64_t(r.dst_start_addr_h8) << 32 | r.dst_start_addr_l32;
          found.push_back(
              {stage.coefficients.bytes[from - stage.coefficients.address],
               to - stage.contextAddress});
        }
        return llvm::Error::success();
      });
  EXPECT_FALSE(bool(error)) << llvm::toString(std::move(error));
  return found;
}

TEST(ShareWeightsTest, StoresEqualWeightsOnce) {
  Bmodel first = makeStage(1, {10, 20, 30}, 64);
  Bmodel second = makeStage(2, {30, 40, 10, 20}, 64);
  auto all = combineBmodels({first, second});
  ASSERT_TRUE(bool(all)) << llvm::toString(all.takeError());
  const std::vector<Stage> &stages = all->networks[0].stages;
  EXPECT_EQ(stages[0].coefficients.bytes.size(), 4 * kPiece);
  EXPECT_EQ(stages[0].coefficients.bytes.data(),
            stages[1].coefficients.bytes.data());
  EXPECT_EQ(stages[0].contextAddress, kCoefficients + 4 * kPiece);
  EXPECT_EQ(stages[0].outputs[0].address, stages[0].contextAddress);
  using Reads = std::vector<std::pair<unsigned, uint64_t>>;
  EXPECT_EQ(reads(stages[0]), (Reads{{10, 0}, {20, kPiece}}));
  EXPECT_EQ(reads(stages[1]), (Reads{{30, 0}, {40, kPiece}, {10, 2 * kPiece}}));
}

TEST(ShareWeightsTest, NetworksShareWhereThatIsAskedFor) {
  Bmodel first = makeStage(1, {10, 20, 30}, 64);
  Bmodel second = makeStage(2, {30, 10, 40}, 64);
  second.networks[0].name = "other";
  auto apart = combineBmodels({first, second});
  ASSERT_TRUE(bool(apart)) << llvm::toString(apart.takeError());
  EXPECT_EQ(apart->networks[1].stages[0].coefficients.bytes.size(), 3 * kPiece);
  auto all = combineBmodels({first, second}, /*sharesAll=*/true);
  ASSERT_TRUE(bool(all)) << llvm::toString(all.takeError());
  ASSERT_EQ(all->networks.size(), 2u);
  const Stage &one = all->networks[0].stages[0],
              &other = all->networks[1].stages[0];
  EXPECT_EQ(one.coefficients.bytes.size(), 4 * kPiece);
  EXPECT_EQ(one.coefficients.bytes.data(), other.coefficients.bytes.data());
  using Reads = std::vector<std::pair<unsigned, uint64_t>>;
  EXPECT_EQ(reads(other), (Reads{{30, 0}, {10, kPiece}}));
}

TEST(ShareWeightsTest, LeavesWeightsThatAreReadTogether) {
  Bmodel first = makeStage(1, {10, 20, 30}, 64);
  Bmodel second = makeStage(2, {30, 20, 10}, kPiece);
  auto all = combineBmodels({first, second});
  ASSERT_TRUE(bool(all)) << llvm::toString(all.takeError());
  const std::vector<Stage> &stages = all->networks[0].stages;
  EXPECT_EQ(stages[1].coefficients.bytes.data(),
            second.networks[0].stages[0].coefficients.bytes.data());
  EXPECT_EQ(stages[0].groups[0].gdma.data(),
            first.networks[0].stages[0].groups[0].gdma.data());
}

TEST(ShareWeightsTest, LeavesWeightsThatAreNotKnown) {
  Bmodel first = makeStage(1, {10, 20, 30}, 64);
  Bmodel second = makeStage(2, {30, 20, 10}, 64);
  second.networks[0].stages[0].coefficients.ranges.clear();
  auto all = combineBmodels({first, second});
  ASSERT_TRUE(bool(all)) << llvm::toString(all.takeError());
  EXPECT_EQ(all->networks[0].stages[1].coefficients.bytes.data(),
            second.networks[0].stages[0].coefficients.bytes.data());
}

} // namespace
