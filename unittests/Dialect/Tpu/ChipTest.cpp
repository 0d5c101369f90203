//===- ChipTest.cpp - The chip of a module --------------------------------===//

#include "Kernel/SmallChip.h"

#include "Arch/Chip.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "Dialect/Tpu/Transforms/AliasAnalysis.h"
#include "Dialect/Tpu/Transforms/Passes.h"
#include "mlir/IR/Verifier.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace tpuc;

namespace {

class ChipTest : public ::testing::Test {
protected:
  ChipTest() : builder(&context) {
    context.loadDialect<func::FuncDialect, tpu::TpuDialect>();
    module = ModuleOp::create(builder.getUnknownLoc());
    builder.setInsertionPointToEnd(module->getBody());
  }

  /// The lanes that the absolute value of a tensor of this shape gets.
  kernel::LaneLayout lanesFor(const Arch &arch, ArrayRef<int64_t> shape) {
    Type type = RankedTensorType::get(shape, builder.getF16Type());
    Location loc = builder.getUnknownLoc();
    auto function = func::FuncOp::create(
        builder, loc, "f", builder.getFunctionType({type}, {type}));
    OpBuilder body = OpBuilder::atBlockBegin(function.addEntryBlock());
    auto result = tpu::UnaryOp::create(body, loc, tpu::UnaryKind::Abs,
                                       function.getArgument(0));
    func::ReturnOp::create(body, loc, result->getResults());
    tpu::assignLaneLayouts(arch, function, /*carriesOn=*/true);
    kernel::LaneLayout layout = laneLayoutOf(result->getResult(0));
    function.erase();
    return layout;
  }

  MLIRContext context;
  OpBuilder builder;
  OwningOpRef<ModuleOp> module;
};

TEST_F(ChipTest, IsReadFromTheModule) {
  EXPECT_EQ(&archOf(*module), &defaultChip());
  (*module)->setAttr(kChipAttrName, builder.getStringAttr("bm1684x"));
  EXPECT_TRUE(succeeded(verify(*module)));
  EXPECT_EQ(&archOf(*module), findChip("bm1684x"));
  auto function = func::FuncOp::create(builder, builder.getUnknownLoc(), "f",
                                       builder.getFunctionType({}, {}));
  EXPECT_EQ(&archOf(function), findChip("bm1684x"));
  EXPECT_EQ(findChip("bm1690"), nullptr);
}

TEST_F(ChipTest, LanesFollowFromTheChip) {
  // 96 short rows: an equal number in each lane.
  EXPECT_EQ(lanesFor(kBM1684X, {4, 24, 8}).c, 48);
  EXPECT_EQ(lanesFor(kSmallChip, {4, 24, 8}).c, 32);
  // 96 channels leave half of 64 lanes idle in turn, 64 rows none.
  EXPECT_EQ(lanesFor(kBM1684X, {1, 96, 64, 32}).c, 64);
  EXPECT_EQ(lanesFor(kSmallChip, {1, 96, 64, 32}).c, 96);
}

} // namespace
