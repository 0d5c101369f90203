//===- ChipTest.cpp - Plans for another chip ------------------------------===//

#include "Kernel/SmallChip.h"
#include "LayerGroup/VerifyPlan.h"

#include "Kernel/Elementwise.h"
#include "LayerGroup/Schedule.h"
#include "Support/IntMath.h"

#include "gtest/gtest.h"

using namespace tpuc;
using namespace tpuc::group;
using namespace tpuc::kernel;

namespace {

/// y = |-x| of `rows` rows of `columns` in f16, as two operators.
Program makeChain(const Arch &arch, int64_t rows, int64_t columns) {
  Program program(arch);
  int64_t bytes = alignUp(rows * columns * 2, arch.globalAlignBytes);
  for (unsigned i = 0; i < 3; ++i) {
    Value value;
    value.offset = i * bytes;
    value.bytes = rows * columns * 2;
    value.type = ElementType::F16;
    value.layout = {1, rows};
    program.values.push_back(value);
  }
  program.values.front().isInput = true;
  program.values.back().isOutput = true;
  for (unsigned i = 0; i < 2; ++i) {
    auto tensor = [&](unsigned value) {
      GlobalTensor result;
      result.type = ElementType::F16;
      result.offsetBytes = program.values[value].offset;
      result.layout = program.values[value].layout;
      return result.reshaped({1, rows, 1, columns});
    };
    ElementwiseParams params;
    params.result = {tensor(i + 1), {rows, columns}};
    params.operands.push_back({tensor(i), {rows, columns}});
    params.takesStrides = true;
    params.compute = [](CommandBuilder &builder, const LocalTensor &result,
                        llvm::ArrayRef<LocalTensor> operands,
                        llvm::ArrayRef<LocalTensor>,
                        uint32_t) { builder.abs(result, operands[0]); };
    Operator op;
    makeElementwiseKernels(arch, params, op.kernels);
    op.operands.push_back(i);
    op.results.push_back(i + 1);
    program.operators.push_back(std::move(op));
  }
  return program;
}

Plan planOf(Program &program, const Arch &arch) {
  Plan plan;
  Failure failure;
  EXPECT_TRUE(makePlan(program, Options(arch), plan, failure))
      << failure.reason;
  EXPECT_TRUE(verifyPlan(program, plan).empty());
  return plan;
}

TEST(PlanOfAChip, ValuesStayAsLongAsTheyFitIntoItsLanes) {
  // 256 rows of 16 KiB: 4 a lane of 256 KiB, or 8 a lane of 128 KiB.
  for (const Arch *arch : kBothChips) {
    Program program = makeChain(*arch, 256, 8192);
    EXPECT_EQ(program.values[1].laneBytes(*arch),
              arch->channelRows(256) * 16384);
    Options options(*arch);
    EXPECT_EQ(options.localBytes, arch->laneBytes);
    Plan plan = planOf(program, *arch);
    EXPECT_EQ(plan.localBytes, arch->laneBytes);
    bool isLarge = arch == &kBM1684X;
    EXPECT_EQ(plan.allocations[1].isResident, isLarge);
  }
}

TEST(PlanOfAChip, TilesFitIntoItsLanes) {
  // A row of 100 KiB and its result fit into a lane of 256 KiB only.
  constexpr int64_t kColumns = 51200;
  for (const Arch *arch : kBothChips) {
    Program program = makeChain(*arch, 1024, kColumns);
    Plan plan = planOf(program, *arch);
    ASSERT_FALSE(plan.kernels.empty());
    const Shape4 &tile = plan.kernels.front().tile;
    int64_t bytes = arch->channelRows(tile[C]) * tile[H] * tile[W] * 2;
    EXPECT_LE(2 * bytes, arch->laneBytes);
    if (arch == &kSmallChip)
      EXPECT_LT(tile[H] * tile[W], kColumns);
  }
}

} // namespace
