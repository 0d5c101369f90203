//===- ScheduleTest.cpp - Schedules compute what their kernels say --------===//
//
// Small programs, scheduled in every way and run on the simulator: where values
// lie and when weights come must not change a bit.
//
//===----------------------------------------------------------------------===//

#include "LayerGroup/Schedule.h"
#include "Arch/BM1684X.h"
#include "Support/IntMath.h"

#include "Kernel/Elementwise.h"
#include "Kernel/Matmul.h"
#include "Simulator/Functional/Simulator.h"
#include "Simulator/Timing/Timing.h"

#include "gtest/gtest.h"

#include <cstring>

using namespace tpuc;
using namespace tpuc::group;
using namespace tpuc::kernel;

namespace {

constexpr uint64_t kActivations = kBM1684X.globalBase + (1 << 20);

/// Rows of 64 columns in f16: y = relu(x) * W + x, with relu(x) and the product
/// between operators.
struct Residual {
  static constexpr int64_t kColumns = 64;

  explicit Residual(int64_t rows) : rows(rows) {
    for (unsigned i = 0; i < 4; ++i) {
      Value value;
      value.offset = i * bytes();
      value.bytes = rows * kColumns * 2;
      value.type = ElementType::F16;
      value.layout = {1, rows};
      program.values.push_back(value);
    }
    program.values[0].isInput = true;
    program.values[3].isOutput = true;
    addRelu(0, 1);
    addProduct(1, 2);
    addSum({2, 0}, 3);
  }

  int64_t bytes() const {
    return alignUp(rows * kColumns * 2, kBM1684X.globalAlignBytes);
  }

  GlobalTensor tensor(unsigned value) const {
    GlobalTensor result;
    result.type = ElementType::F16;
    result.offsetBytes = program.values[value].offset;
    result.layout = program.values[value].layout;
    return result.reshaped({1, rows, 1, kColumns});
  }

  void addElementwise(llvm::ArrayRef<unsigned> operands, unsigned result,
                      TileFunction compute) {
    ElementwiseParams params;
    params.result = {tensor(result), {rows, kColumns}};
    for (unsigned operand : operands)
      params.operands.push_back({tensor(operand), {rows, kColumns}});
    params.compute = std::move(compute);
    params.takesStrides = true;
    Operator op;
    makeElementwiseKernels(kBM1684X, params, op.kernels);
    op.operands.assign(operands.begin(), operands.end());
    op.results.push_back(result);
    program.operators.push_back(std::move(op));
  }

  void addRelu(unsigned from, unsigned to) {
    addElementwise({from}, to,
                   [](CommandBuilder &builder, const LocalTensor &result,
                      llvm::ArrayRef<LocalTensor> operands,
                      llvm::ArrayRef<LocalTensor>, uint32_t) {
                     builder.arith(Arith::Max, result, operands[0],
                                   Operand(0.0, ElementType::F16));
                   });
  }

  void addSum(llvm::ArrayRef<unsigned> from, unsigned to) {
    addElementwise(from, to,
                   [](CommandBuilder &builder, const LocalTensor &result,
                      llvm::ArrayRef<LocalTensor> operands,
                      llvm::ArrayRef<LocalTensor>, uint32_t) {
                     builder.arith(Arith::Add, result, operands[0],
                                   operands[1]);
                   });
  }

  void addProduct(unsigned from, unsigned to) {
    MatmulParams params;
    params.left = tensor(from);
    params.right.region = Region::Coefficient;
    params.right.type = ElementType::F16;
    params.right = params.right.reshaped({1, kColumns, 1, kColumns});
    params.result = tensor(to);
    Operator op;
    makeMatmulKernels(kBM1684X, params, op.kernels);
    op.operands.push_back(from);
    op.results.push_back(to);
    program.operators.push_back(std::move(op));
  }

  /// The output's bits, and the schedule.
  std::vector<uint16_t> run(Options options, Schedule &result) {
    GlobalBases bases{kBM1684X.globalBase, kActivations};
    Failure failure;
    if (!schedule(program, options, bases, result, failure)) {
      ADD_FAILURE() << failure.reason;
      return {};
    }
    sim::Simulator simulator;
    std::span<uint8_t> weights =
        simulator.allocateGlobal(kBM1684X.globalBase, 1 << 20);
    std::span<uint8_t> memory = simulator.allocateGlobal(kActivations, 1 << 24);
    auto put = [](std::span<uint8_t> at, int64_t count, unsigned seed) {
      for (int64_t i = 0; i < count; ++i) {
        // Small whole numbers: sums are exact in any order.
        double number = double((i * 7 + seed) % 5) - 2;
        uint32_t bits = constantBits(number, ElementType::F16);
        std::memcpy(at.data() + 2 * i, &bits, 2);
      }
    };
    put(weights, kColumns * kColumns, 1);
    put(memory.subspan(result.allocations[0].globalOffset), rows * kColumns, 3);
    std::vector<uint8_t> queues[2];
    uint32_t ids[2] = {0, 0};
    for (const Command &command : result.commands) {
      unsigned engine = unsigned(codec::layoutInfo(command.layout).engine);
      codec::Registers registers = command.registers;
      registers.cmd_id = ++ids[engine];
      registers.cmd_id_dep = command.dependency;
      std::vector<uint8_t> &queue = queues[engine];
      size_t start = queue.size();
      queue.resize(start + codec::layoutInfo(command.layout).bytes);
      std::string error;
      EXPECT_TRUE(codec::encode(command.layout, registers,
                                std::span(queue).subspan(start), error))
          << error;
    }
    if (auto problem = simulator.run(queues[0], queues[1]))
      ADD_FAILURE() << problem->str();
    std::vector<uint16_t> output(rows * kColumns);
    std::memcpy(output.data(),
                memory.data() + result.allocations[3].globalOffset,
                output.size() * 2);
    return output;
  }

  int64_t rows;
  Program program{kBM1684X};
};

/// Every combination of options gives the same bits.
void checkOptions(int64_t rows, int64_t localBytes) {
  Schedule plain;
  Options none(kBM1684X);
  none.localBytes = localBytes;
  none.keepResident = none.fuse = none.prefetch = false;
  none.search = Options::Search::None;
  std::vector<uint16_t> expected = Residual(rows).run(none, plain);
  for (unsigned bits = 1; bits < 8; ++bits) {
    Options options = none;
    options.keepResident = bits & 1;
    options.fuse = bits & 2;
    options.prefetch = bits & 4;
    Schedule result;
    EXPECT_EQ(Residual(rows).run(options, result), expected) << bits;
    // Values that stay leave less room for loads ahead of need: without
    // prefetch that may cost a little more than it saves.
    EXPECT_LE(double(result.cycles), 1.01 * double(plain.cycles)) << bits;
  }
}

TEST(Schedule, OptionsChangeCyclesAndNoBit) {
  checkOptions(200, kBM1684X.laneBytes);
}

TEST(Schedule, SmallLocalMemoryChangesNoBit) { checkOptions(5000, 12 * 1024); }

TEST(Schedule, ValuesBetweenStayInLocalMemory) {
  Schedule result;
  Residual(200).run(Options(kBM1684X), result);
  EXPECT_TRUE(result.allocations[1].isResident);
  EXPECT_FALSE(result.allocations[1].isGlobal);
  EXPECT_TRUE(result.allocations[2].isResident);
  EXPECT_FALSE(result.allocations[3].isResident);
}

/// More attempts give the same bits, and no slower commands.
TEST(Schedule, SearchChangesNoBitAndIsNeverSlower) {
  for (int64_t rows : {200, 5000}) {
    Options options(kBM1684X);
    options.localBytes = rows == 200 ? kBM1684X.laneBytes : 12 * 1024;
    options.search = Options::Search::None;
    Schedule plain;
    std::vector<uint16_t> expected = Residual(rows).run(options, plain);
    uint64_t before = plain.cycles;
    for (Options::Search search :
         {Options::Search::Network, Options::Search::Parts}) {
      options.search = search;
      Schedule found;
      EXPECT_EQ(Residual(rows).run(options, found), expected);
      EXPECT_LE(found.cycles, before);
      before = found.cycles;
    }
  }
}

TEST(Explanation, SaysWhereValuesLieAndWhy) {
  Schedule result;
  Residual residual(200);
  residual.run(Options(kBM1684X), result);
  const Explanation &explanation = result.explanation;
  EXPECT_EQ(result.allocations[1].cause, Cause::Fits);
  EXPECT_EQ(result.allocations[3].cause, Cause::Caller);
  // 200 rows of 128 bytes across 64 lanes.
  EXPECT_EQ(explanation.values[1].laneBytes, 4 * 128);
  EXPECT_GE(explanation.values[1].end, explanation.values[1].start);
  EXPECT_EQ(explanation.values[1].transferCycles, 0u);
  EXPECT_GT(explanation.values[3].transferCycles, 0u);
  ASSERT_EQ(explanation.groups.size(), 1u);
  EXPECT_EQ(explanation.groups[0].operators.size(), 3u);
  EXPECT_GE(explanation.groups[0].laneBytes, 4 * 128);
}

TEST(Explanation, CyclesOfOperatorsAreThoseOfTheirCommands) {
  Schedule result;
  Residual residual(200);
  residual.run(Options(kBM1684X), result);
  uint64_t tiu = 0, gdma = 0;
  timing::Timeline timeline;
  for (const Command &command : result.commands)
    timeline.add(command.layout, command.registers, command.dependency);
  for (const OperatorNote &note : result.explanation.operators) {
    EXPECT_LE(note.firstLoadStep, note.firstStep);
    EXPECT_LE(note.end, int64_t(result.cycles));
    ASSERT_EQ(note.kernels.size(), 1u);
    EXPECT_GT(note.kernels[0].numTiles, 0u);
    tiu += note.tiuCycles;
    gdma += note.gdmaCycles;
  }
  EXPECT_EQ(tiu, timeline.totals().tiuBusyCycles);
  EXPECT_EQ(gdma, timeline.totals().gdmaBusyCycles);
}

TEST(Explanation, NamesWhatKeepsAValueOutOfLocalMemory) {
  Schedule result;
  Options options(kBM1684X);
  options.keepResident = options.fuse = false;
  Residual(200).run(options, result);
  EXPECT_EQ(result.allocations[1].cause, Cause::Off);
  EXPECT_TRUE(result.explanation.groups.empty());
  EXPECT_GT(result.explanation.values[1].transferCycles, 0u);

  options.keepResident = true;
  options.localBytes = 12 * 1024;
  Residual large(5000);
  large.run(options, result);
  EXPECT_EQ(result.allocations[1].cause, Cause::NoRoom);
  EXPECT_LT(result.allocations[1].causeOp, large.program.operators.size());
}

TEST(Explanation, NamesTheOperatorThatAnOperatorWasFusedInto) {
  Schedule result;
  Options options(kBM1684X);
  options.localBytes = 12 * 1024;
  Residual residual(5000);
  residual.run(options, result);
  const std::vector<OperatorNote> &notes = result.explanation.operators;
  ASSERT_TRUE(notes[0].fusion || notes[1].fusion);
  for (unsigned op = 0; op < notes.size(); ++op)
    if (const std::optional<ProducerFusion> &fusion = notes[op].fusion) {
      EXPECT_GT(fusion->into, op);
      EXPECT_GT(fusion->cycles, 0);
      EXPECT_EQ(result.explanation.operators[op].firstStep,
                result.explanation.operators[fusion->into].firstStep);
    }
}

TEST(Schedule, TheSameProgramGivesTheSameCommands) {
  Schedule first, second;
  Residual(300).run(Options(kBM1684X), first);
  Residual(300).run(Options(kBM1684X), second);
  ASSERT_EQ(first.commands.size(), second.commands.size());
  for (auto [a, b] : llvm::zip(first.commands, second.commands)) {
    EXPECT_EQ(a.dependency, b.dependency);
    EXPECT_EQ(a.registers.res0_addr, b.registers.res0_addr);
    EXPECT_EQ(a.registers.dst_start_addr_l32, b.registers.dst_start_addr_l32);
  }
}

TEST(Schedule, NamesTheOperatorThatDoesNotFit) {
  Residual residual(64);
  Options options(kBM1684X);
  options.localBytes = 128;
  Schedule result;
  Failure failure;
  EXPECT_FALSE(schedule(residual.program, options,
                        GlobalBases::halves(kBM1684X), result, failure));
  EXPECT_NE(failure.reason.find("does not fit"), std::string::npos);
}

} // namespace
