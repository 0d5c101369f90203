//===- TranslationTest.cpp - Streams as operations and back ---------------===//
//
// What lit tests cannot make: streams whose ids are wrong or that never finish,
// and every layout on its way through text.
//
//===----------------------------------------------------------------------===//

#include "Target/BM1684X/Translation.h"
#include "Dialect/BM1684X/IR/BM1684X.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

#include <random>

using namespace mlir;
using namespace tpuc;
using namespace tpuc::target;
using codec::Layout;
using codec::Registers;

namespace {

struct Command {
  Layout layout;
  Registers registers;
};

std::vector<uint8_t> encodeAll(const std::vector<Command> &commands) {
  std::vector<uint8_t> stream;
  for (const Command &command : commands) {
    size_t at = stream.size();
    stream.resize(at + codec::layoutInfo(command.layout).bytes);
    std::string error;
    EXPECT_TRUE(codec::encode(command.layout, command.registers,
                              std::span(stream).subspan(at), error))
        << error;
  }
  return stream;
}

Command numbered(Layout layout, uint32_t id, uint32_t dependency,
                 uint32_t function) {
  Command command{layout, Registers()};
  codec::setFunctionCode(codec::layoutInfo(layout).engine, command.registers,
                         function);
  command.registers.cmd_id = id;
  command.registers.cmd_id_dep = dependency;
  return command;
}

Command tiu(uint32_t id, uint32_t dependency) {
  return numbered(Layout::SAr, id, dependency, 2);
}
Command gdma(uint32_t id, uint32_t dependency) {
  return numbered(Layout::DmaTensor, id, dependency, 0);
}
Command tiuEnd(uint32_t id) { return numbered(Layout::Sysid, id, 0, 31); }
Command gdmaEnd(uint32_t id) { return numbered(Layout::SDmaSys, id, 0, 0); }

struct Streams {
  std::vector<Command> tiu, gdma;
};

Bmodel modelOf(const std::vector<Streams> &groups) {
  Bmodel model;
  Stage stage;
  stage.inputs.push_back({"in", DataType::F32, {1}, 0x100000000, 4, 1.0f, 0});
  stage.outputs.push_back({"out", DataType::F16, {2}, 0x100001000, 4, 1.0f, 0});
  stage.contextAddress = 0x100000000;
  stage.contextSize = 8192;
  for (const Streams &streams : groups) {
    Bytes first = model.keep(encodeAll(streams.tiu));
    Bytes second = model.keep(encodeAll(streams.gdma));
    stage.groups.push_back({first, second, uint32_t(streams.tiu.size()),
                            uint32_t(streams.gdma.size())});
  }
  model.networks.push_back({"net", {stage}});
  return model;
}

/// Reads the only diagnostic of importing `model`.
std::string refusal(const Bmodel &model) {
  MLIRContext context;
  std::string text;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    text += diagnostic.str();
    return success();
  });
  EXPECT_FALSE(importBmodel(model, &context));
  return text;
}

/// Imports, prints, parses and exports; expects the same command bytes.
void expectRoundTrip(const Bmodel &model) {
  MLIRContext context;
  OwningOpRef<ModuleOp> module = importBmodel(model, &context);
  ASSERT_TRUE(module);
  std::string text;
  llvm::raw_string_ostream os(text);
  (*module)->print(os);
  OwningOpRef<ModuleOp> parsed =
      parseSourceString<ModuleOp>(text, ParserConfig(&context));
  ASSERT_TRUE(parsed) << text;
  FailureOr<Bmodel> result = exportBmodel(*parsed);
  ASSERT_TRUE(succeeded(result)) << text;
  const Stage &before = model.networks[0].stages[0];
  const Stage &after = result->networks[0].stages[0];
  ASSERT_EQ(after.groups.size(), before.groups.size());
  for (size_t i = 0; i < before.groups.size(); ++i) {
    EXPECT_TRUE(std::ranges::equal(after.groups[i].tiu, before.groups[i].tiu))
        << text;
    EXPECT_TRUE(std::ranges::equal(after.groups[i].gdma, before.groups[i].gdma))
        << text;
  }
}

TEST(TranslationTest, WaitsOfBothQueuesSurvive) {
  expectRoundTrip(
      modelOf({{{tiu(1, 2), tiu(2, 2), tiu(3, 0), tiuEnd(4)},
                {gdma(1, 0), gdma(2, 0), gdma(3, 2), gdmaEnd(4)}}}));
}

TEST(TranslationTest, CommandGroupsSurvive) {
  expectRoundTrip(modelOf({{{tiu(1, 1), tiuEnd(2)}, {gdma(1, 0), gdmaEnd(2)}},
                           {{tiuEnd(1)}, {gdma(1, 0), gdmaEnd(2)}}}));
}

TEST(TranslationTest, EveryLayoutSurvivesWithRandomFields) {
  std::mt19937_64 random(7);
  std::vector<Command> streams[2];
  for (int round = 0; round < 5; ++round)
    for (unsigned i = 0; i < codec::kNumLayouts; ++i) {
      const codec::LayoutInfo &info = codec::layoutInfo(Layout(i));
      // LAR has no ids, and an end would end the stream.
      if (Layout(i) == Layout::Lar || Layout(i) == Layout::SDmaSys)
        continue;
      std::vector<Command> &stream = streams[unsigned(info.engine)];
      Command command = numbered(Layout(i), stream.size() + 1, 0,
                                 info.functions.front().code);
      for (const codec::FieldInfo &field : info.fields)
        if (!field.derived)
          codec::setField(command.registers, field.id,
                          field.width == 64
                              ? random()
                              : random() & ((uint64_t(1) << field.width) - 1));
      stream.push_back(command);
    }
  streams[0].push_back(tiuEnd(streams[0].size() + 1));
  streams[1].push_back(gdmaEnd(streams[1].size() + 1));
  expectRoundTrip(modelOf({{streams[0], streams[1]}}));
}

TEST(TranslationTest, RefusesIdsThatAreNotSequential) {
  EXPECT_EQ(refusal(modelOf({{{tiu(2, 0), tiuEnd(3)}, {gdmaEnd(1)}}})),
            "net: TIU command 0 has id 2, expected 1");
}

TEST(TranslationTest, RefusesQueuesThatWaitForEachOther) {
  EXPECT_EQ(
      refusal(modelOf({{{tiu(1, 1), tiuEnd(2)}, {gdma(1, 1), gdmaEnd(2)}}})),
      "net: the queues never finish: TIU command 1 waits for GDMA "
      "command 1; GDMA command 1 waits for TIU command 1;");
}

TEST(TranslationTest, RefusesWaitsForCommandsThatDoNotExist) {
  EXPECT_NE(refusal(modelOf({{{tiu(1, 9), tiuEnd(2)}, {gdmaEnd(1)}}}))
                .find("waits for GDMA command 9"),
            std::string::npos);
}

TEST(TranslationTest, SideTableBecomesLocationsAndBack) {
  Bmodel model = modelOf({{{tiu(1, 1), tiuEnd(2)}, {gdma(1, 0), gdmaEnd(2)}}});
  SideTable table;
  table.layers = {{"conv1", "tpu.conv", 0}};
  table.fusedGroups = {"group 0"};
  table.explanation = "{}";
  table.tensors.push_back({.name = "conv1_out",
                           .shape = {1, 64},
                           .type = DataType::F16,
                           .address = 0x100001000,
                           .dims = {},
                           .strides = {},
                           .engine = 1,
                           .command = 1});
  table.tensors.push_back({.name = "local",
                           .shape = {64, 8},
                           .type = DataType::F16,
                           .memory = SideTable::Memory::Local,
                           .address = 0x4000,
                           .lane = 3,
                           .dims = {1, 64, 1, 8},
                           .strides = {32, 32, 8, 1},
                           .command = 1,
                           .otherCommand = 1});
  table.groups = {{{0, SideTable::kNone}, {0, SideTable::kNone}}};
  model.networks[0].stages[0].sideTable = table;
  MLIRContext context;
  OwningOpRef<ModuleOp> module = importBmodel(model, &context);
  ASSERT_TRUE(module);
  FailureOr<Bmodel> result = exportBmodel(*module);
  ASSERT_TRUE(succeeded(result));
  EXPECT_EQ(result->networks[0].stages[0].sideTable, table);
}

} // namespace
