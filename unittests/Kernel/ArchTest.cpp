//===- ArchTest.cpp - Kernels for another chip ----------------------------===//

#include "SmallChip.h"
#include "StreamSink.h"

#include "Kernel/Conv.h"
#include "Kernel/Elementwise.h"
#include "Kernel/Matmul.h"
#include "Kernel/Tiling.h"
#include "Kernel/VectorProgram.h"

#include "gtest/gtest.h"

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

TEST(Arch, MemoryFollowsFromLanes) {
  EXPECT_EQ(kBM1684X.localBytes(), 16 * 1024 * 1024);
  EXPECT_EQ(kSmallChip.localBytes(), 4 * 1024 * 1024);
  EXPECT_EQ(kSmallChip.localEnd() - kSmallChip.localBase, 0x40'0000u);
  EXPECT_EQ(kBM1684X.laneDivisor(96), 48);
  EXPECT_EQ(kSmallChip.laneDivisor(96), 32);
  EXPECT_EQ(kBM1684X.channelRows(65), 2);
  EXPECT_EQ(kSmallChip.channelRows(65), 3);
}

TEST(LocalTensor, RowsOfALaneFollowFromTheChip) {
  Shape4 shape{1, 64, 1, 32};
  LocalTensor large = alignedTensor(kBM1684X, 0, shape, ElementType::F16);
  LocalTensor small = alignedTensor(kSmallChip, 0, shape, ElementType::F16);
  EXPECT_EQ(large.laneBytes(), 64);
  EXPECT_EQ(small.laneBytes(), 128);
  // Channel 40 lies in a lane of its own, or in the second row of lane 8.
  EXPECT_EQ(large.slice(C, 40, 1).address, 40u * 256 * 1024);
  EXPECT_EQ(small.slice(C, 40, 1).address, 8u * 128 * 1024 + 64);
  EXPECT_EQ(small.slice(C, 40, 1).startLane(), 8u);
}

/// A copy of a tensor [200, 1000] in f16, rows across the lanes.
KernelList makeCopy(const Arch &arch) {
  ElementwiseParams params;
  GlobalTensor tensor;
  tensor.type = ElementType::F16;
  tensor.layout = {1, 200};
  tensor = tensor.reshaped({1, 1, 1, 200 * 1000});
  params.result = {tensor, {200, 1000}};
  params.operands.push_back({tensor, {200, 1000}});
  params.compute = [](CommandBuilder &builder, const LocalTensor &result,
                      llvm::ArrayRef<LocalTensor> operands,
                      llvm::ArrayRef<LocalTensor>,
                      uint32_t) { builder.copy(result, operands[0]); };
  KernelList kernels;
  makeElementwiseKernels(arch, params, kernels);
  return kernels;
}

TEST(Tiling, TilesAreWholeRoundsOfTheChipsLanes) {
  for (const Arch *arch : kBothChips) {
    KernelList kernels = makeCopy(*arch);
    ASSERT_EQ(kernels.size(), 1u);
    auto &kernel = static_cast<const TiledKernel &>(*kernels[0]);
    EXPECT_EQ(kernel.granularity()[C], arch->lanes);
    int64_t least = kernel.space()[C];
    for (const Shape4 &tile : tileCandidates(kernel)) {
      EXPECT_TRUE(tile[C] == 200 || tile[C] % arch->lanes == 0) << tile[C];
      least = std::min(least, tile[C]);
    }
    EXPECT_EQ(least, arch->lanes);
    Box whole{{0, 0, 0, 0}, kernel.space()};
    // 2000 bytes a row as whole vectors.
    EXPECT_EQ(kernel.placeResult(whole).laneBytes(),
              (arch->channelRows(200) - 1) * 2048 + 2000);
  }
}

/// Sees the memory that commands touch.
class LaneSink : public CommandSink {
public:
  void emit(codec::Layout, const codec::Registers &registers) override {
    channels.push_back(registers.res0_c);
  }
  uint64_t coefficientBase() const override { return 0; }
  uint64_t activationBase() const override { return 0; }

  std::vector<uint32_t> channels;
};

TEST(VectorProgram, ConstantsFillTheChipsLanes) {
  for (const Arch *arch : kBothChips) {
    VectorProgram program(*arch);
    VectorValue x = program.input(ElementType::F32);
    program.setResult(program.polynomial(x, {1.0, 2.0, 3.0}));
    LaneSink sink;
    CommandBuilder builder(*arch, sink);
    program.setUp(builder, /*address=*/0);
    ASSERT_FALSE(sink.channels.empty());
    for (uint32_t channels : sink.channels)
      EXPECT_EQ(channels, arch->lanes);
  }
}

TEST(ConvPacking, ABlockIsAChannelALane) {
  for (const Arch *arch : kBothChips) {
    ConvPacking packing(*arch);
    packing.type = ElementType::F16;
    packing.outChannels = 96;
    packing.inChannels = 64;
    packing.kernelH = packing.kernelW = 3;
    EXPECT_EQ(packing.blocks(), arch->channelRows(96));
    EXPECT_EQ(packing.blockLanes(packing.blocks() - 1), 32);
    EXPECT_EQ(packing.place(1).shape[C], arch->lanes);
  }
}

TEST(MatmulPanels, RowsGoRoundTheChipsLanes) {
  // Row k of a panel lies in lane k % lanes.
  MatmulPanels panels;
  panels.columns = 32;
  panels.runRows = 2;
  std::vector<char> matrix(128 * 32);
  for (size_t i = 0; i < matrix.size(); ++i)
    matrix[i] = char(i / 32);
  std::vector<char> large =
      panels.pack(kBM1684X, matrix, 128, 32, ElementType::I8);
  std::vector<char> small =
      panels.pack(kSmallChip, matrix, 128, 32, ElementType::I8);
  EXPECT_EQ(large[32], 64); // the second row of lane 0
  EXPECT_EQ(small[32], 32);
}

} // namespace
