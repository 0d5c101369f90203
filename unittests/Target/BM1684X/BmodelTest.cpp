//===- BmodelTest.cpp - The .bmodel container -----------------------------===//
//
// A small container is written and read back; damaged ones are refused or read
// within bounds.
//
//===----------------------------------------------------------------------===//

#include "Target/BM1684X/Bmodel.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

#include <algorithm>
#include <random>

using namespace tpuc;
using namespace tpuc::target;
using codec::Layout;
using codec::Registers;

namespace {

void append(std::vector<uint8_t> &stream, Layout layout,
            const Registers &registers) {
  std::vector<uint8_t> bytes(codec::layoutInfo(layout).bytes);
  std::string error;
  ASSERT_TRUE(codec::encode(layout, registers, bytes, error)) << error;
  stream.insert(stream.end(), bytes.begin(), bytes.end());
}

/// Two TIU commands and one GDMA command, with their ends left out.
Bmodel makeModel() {
  std::vector<uint8_t> tiu, gdma;
  Registers add;
  add.tsk_eu_typ = 2;
  add.cmd_id = 1;
  add.cmd_id_dep = 1;
  append(tiu, Layout::SAr, add);
  Registers tiuEnd;
  tiuEnd.tsk_eu_typ = 31;
  tiuEnd.cmd_id = 2;
  append(tiu, Layout::Sysid, tiuEnd);
  Registers move;
  move.cmd_id = 1;
  append(gdma, Layout::DmaTensor, move);
  Registers gdmaEnd;
  gdmaEnd.cmd_id = 2;
  append(gdma, Layout::SDmaSys, gdmaEnd);

  Bmodel model;
  model.version = "2.2+test";
  model.time = "now";
  Stage stage;
  stage.inputs.push_back(
      {"in", DataType::F32, {1, 3, 8}, 0x100001000, 96, 1.0f, 0});
  stage.outputs.push_back(
      {"out", DataType::I8, {24}, 0x100002000, 24, 0.5f, -3});
  std::vector<uint8_t> weights(4096);
  for (size_t i = 0; i < weights.size(); ++i)
    weights[i] = uint8_t(i * 7);
  stage.coefficients.address = 0x100000000;
  stage.coefficients.bytes = model.keep(std::move(weights));
  stage.coefficients.ranges.push_back({"w", 0, 4096});
  stage.contextAddress = 0x100001000;
  stage.contextSize = 8192;
  Bytes tiuBytes = model.keep(std::move(tiu));
  stage.groups.push_back({tiuBytes, model.keep(std::move(gdma)), 2, 2});
  SideTable side;
  side.layers = {{"conv1", "tpu.conv"}, {"relu", "", 0}};
  side.groups = {{{0, SideTable::kNone}, {0, 1}}};
  side.fusedGroups = {"group 0"};
  side.tensors.push_back({.name = "conv1_out",
                          .shape = {1, 3, 8},
                          .type = DataType::F16,
                          .address = 0x100001000,
                          .dims = {},
                          .strides = {},
                          .engine = 1,
                          .command = 1});
  side.tensors.push_back({.name = "relu_out",
                          .shape = {3, 8},
                          .type = DataType::I8,
                          .scale = 0.5f,
                          .zeroPoint = -3,
                          .memory = SideTable::Memory::Local,
                          .address = 0x4000,
                          .lane = 5,
                          .dims = {1, 3, 1, 8},
                          .strides = {64, 64, 8, 1},
                          .command = 1});
  side.explanation = "{}";
  stage.sideTable = side;
  model.networks.push_back({"net", {stage}});
  return model;
}

std::string serialize(const Bmodel &model) {
  std::string bytes;
  llvm::raw_string_ostream os(bytes);
  llvm::Error error = serializeBmodel(model, os);
  EXPECT_FALSE(error) << llvm::toString(std::move(error));
  return bytes;
}

llvm::Expected<Bmodel> parse(llvm::StringRef bytes, bool checkDigest = false) {
  ReadOptions options;
  options.checkDigest = checkDigest;
  return parseBmodel(llvm::MemoryBuffer::getMemBufferCopy(bytes), options);
}

std::string failureOf(llvm::StringRef bytes, bool checkDigest = false) {
  llvm::Expected<Bmodel> model = parse(bytes, checkDigest);
  if (model)
    return "";
  return llvm::toString(model.takeError());
}

bool startsWith(Bytes bytes, Bytes prefix) {
  return bytes.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

TEST(BmodelTest, ReadsWhatItWrote) {
  Bmodel model = makeModel();
  llvm::Expected<Bmodel> read = parse(serialize(model), /*checkDigest=*/true);
  ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
  EXPECT_EQ(read->version, model.version);
  EXPECT_EQ(read->time, model.time);
  ASSERT_EQ(read->networks.size(), 1u);
  EXPECT_EQ(read->networks[0].name, "net");
  const Stage &before = model.networks[0].stages[0];
  const Stage &after = read->networks[0].stages[0];
  ASSERT_EQ(after.inputs.size(), 1u);
  EXPECT_EQ(after.inputs[0].name, "in");
  EXPECT_EQ(after.inputs[0].shape, before.inputs[0].shape);
  EXPECT_EQ(after.inputs[0].address, before.inputs[0].address);
  ASSERT_EQ(after.outputs.size(), 1u);
  EXPECT_EQ(after.outputs[0].type, DataType::I8);
  EXPECT_EQ(after.outputs[0].scale, 0.5f);
  EXPECT_EQ(after.outputs[0].zeroPoint, -3);
  EXPECT_EQ(after.coefficients.address, before.coefficients.address);
  EXPECT_EQ(after.coefficients.bytes.size(), before.coefficients.bytes.size());
  EXPECT_TRUE(startsWith(after.coefficients.bytes, before.coefficients.bytes));
  ASSERT_EQ(after.coefficients.ranges.size(), 1u);
  EXPECT_EQ(after.coefficients.ranges[0].name, "w");
  EXPECT_EQ(after.contextSize, before.contextSize);
  ASSERT_EQ(after.groups.size(), 1u);
  EXPECT_TRUE(startsWith(after.groups[0].tiu, before.groups[0].tiu));
  EXPECT_TRUE(startsWith(after.groups[0].gdma, before.groups[0].gdma));
  EXPECT_EQ(after.groups[0].tiu.size() % 128, 0u);
  EXPECT_EQ(after.sideTable, before.sideTable);
}

TEST(BmodelTest, WritesTheSameBytesAgain) {
  std::string first = serialize(makeModel());
  EXPECT_EQ(first, serialize(makeModel()));
  llvm::Expected<Bmodel> read = parse(first);
  ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
  EXPECT_EQ(first, serialize(*read));
}

TEST(BmodelTest, SharesTheCoefficientsWithTheFile) {
  std::string bytes = serialize(makeModel());
  llvm::Expected<Bmodel> read = parse(bytes);
  ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
  Bytes view = read->networks[0].stages[0].coefficients.bytes;
  auto begin =
      reinterpret_cast<const uint8_t *>(read->buffer->getBufferStart());
  EXPECT_GE(view.data(), begin);
  EXPECT_LE(view.data() + view.size(), begin + bytes.size());
}

TEST(BmodelTest, ReplacesTheFileAndLeavesNoOther) {
  llvm::SmallString<128> directory;
  ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("bmodel", directory));
  std::string path = (directory + "/a.bmodel").str();
  for (int i = 0; i < 2; ++i) {
    llvm::Error error = writeBmodel(makeModel(), path);
    ASSERT_FALSE(error) << llvm::toString(std::move(error));
  }
  EXPECT_TRUE(bool(readBmodel(path)));
  std::error_code code;
  size_t files = 0;
  for (llvm::sys::fs::directory_iterator it(directory, code), end;
       it != end && !code; it.increment(code))
    ++files;
  EXPECT_EQ(files, 1u);
  llvm::sys::fs::remove_directories(directory);
}

TEST(BmodelTest, NamesTheFileThatIsMissing) {
  llvm::Expected<Bmodel> model = readBmodel("/nowhere/x.bmodel");
  ASSERT_FALSE(bool(model));
  EXPECT_EQ(llvm::toString(model.takeError()),
            "/nowhere/x.bmodel: No such file or directory");
}

TEST(BmodelTest, RefusesEveryTruncation) {
  std::string bytes = serialize(makeModel());
  for (size_t size = 0; size < bytes.size(); size += size < 8192 ? 61 : 1021)
    EXPECT_NE(failureOf(llvm::StringRef(bytes).take_front(size)), "") << size;
}

TEST(BmodelTest, SaysWhatIsWrongWithTheHeader) {
  std::string bytes = serialize(makeModel());
  EXPECT_EQ(failureOf("short"),
            "file of 5 bytes is shorter than the header of 64");
  std::string magic = bytes;
  magic[0] ^= 1;
  EXPECT_NE(failureOf(magic).find("not a .bmodel file"), std::string::npos);
  std::string size = bytes;
  size[14] = 0x7f;
  EXPECT_NE(failureOf(size).find("truncated"), std::string::npos);
}

TEST(BmodelTest, FindsDamagedCoefficients) {
  std::string bytes = serialize(makeModel());
  llvm::Expected<Bmodel> read = parse(bytes);
  ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
  size_t at = reinterpret_cast<const char *>(
                  read->networks[0].stages[0].coefficients.bytes.data()) -
              read->buffer->getBufferStart();
  bytes[at + 100] ^= 4;
  EXPECT_EQ(failureOf(bytes), "");
  EXPECT_NE(failureOf(bytes, /*checkDigest=*/true).find("checksum"),
            std::string::npos);
}

/// A flipped bit may leave a model that can be read; it never leaves its bounds
/// (the sanitizer build checks that) and never crashes.
TEST(BmodelTest, SurvivesFlippedBits) {
  const std::string good = serialize(makeModel());
  // Header and tables end before the first item of the blob.
  size_t tables = 4096;
  std::mt19937 random(20);
  unsigned refused = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string bytes = good;
    unsigned flips = 1 + random() % 3;
    for (unsigned i = 0; i < flips; ++i)
      bytes[random() % tables] ^= char(1u << (random() % 8));
    llvm::Expected<Bmodel> model = parse(bytes);
    if (!model) {
      EXPECT_NE(llvm::toString(model.takeError()), "");
      ++refused;
      continue;
    }
    std::string text;
    llvm::raw_string_ostream os(text);
    llvm::consumeError(disassemble(*model, os));
    uint64_t sum = 0;
    for (const Network &network : model->networks)
      for (const Stage &stage : network.stages)
        for (uint8_t byte : stage.coefficients.bytes)
          sum += byte;
    (void)sum;
  }
  EXPECT_GT(refused, 100u);
}

/// Edits the model before it is written and expects the reader to refuse it.
template <typename Edit> std::string refusal(Edit edit) {
  Bmodel model = makeModel();
  edit(model, model.networks[0].stages[0]);
  return failureOf(serialize(model));
}

TEST(BmodelTest, RefusesTensorsOutsideGlobalMemory) {
  EXPECT_NE(refusal([](Bmodel &, Stage &stage) {
              stage.inputs[0].address = 0x1000;
            }).find("not inside global memory"),
            std::string::npos);
}

TEST(BmodelTest, RefusesTensorsSmallerThanTheirElements) {
  EXPECT_NE(refusal([](Bmodel &, Stage &stage) {
              stage.inputs[0].size = 95;
            }).find("24 elements of f32 in 95 bytes"),
            std::string::npos);
}

TEST(BmodelTest, RefusesImpossibleShapes) {
  for (uint64_t dim : {uint64_t(0), uint64_t(1) << 62})
    EXPECT_NE(refusal([&](Bmodel &, Stage &stage) {
                stage.inputs[0].shape = {dim, dim};
              }).find("impossible dimension"),
              std::string::npos);
}

TEST(BmodelTest, RefusesUnknownDataTypes) {
  EXPECT_NE(refusal([](Bmodel &, Stage &stage) {
              stage.inputs[0].type = DataType(42);
            }).find("unknown data type 42"),
            std::string::npos);
}

TEST(BmodelTest, RefusesWrongCommandCounts) {
  EXPECT_NE(refusal([](Bmodel &, Stage &stage) {
              stage.groups[0].tiuCount = 3;
            }).find("announces 3 TIU commands, found 2"),
            std::string::npos);
}

TEST(BmodelTest, RefusesStreamsWithoutEnd) {
  EXPECT_NE(refusal([](Bmodel &, Stage &stage) {
              stage.groups[0].tiu = stage.groups[0].tiu.first(64);
            }).find("truncated"),
            std::string::npos);
}

TEST(BmodelTest, NamesAreUtf8WhateverTheirBytes) {
  Bmodel model = makeModel();
  model.networks[0].name = "net\xf8";
  model.networks[0].stages[0].inputs[0].name = "\xff"
                                               "in";
  std::string bytes = serialize(model);
  llvm::Expected<Bmodel> read =
      parseBmodel(llvm::MemoryBuffer::getMemBufferCopy(bytes));
  ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
  EXPECT_EQ(read->networks[0].name, "net\xef\xbf\xbd");
  EXPECT_EQ(read->networks[0].stages[0].inputs[0].name, "\xef\xbf\xbdin");
}

TEST(BmodelTest, WriterRefusesEmptyModels) {
  Bmodel model = makeModel();
  model.networks.clear();
  std::string bytes;
  llvm::raw_string_ostream os(bytes);
  EXPECT_EQ(llvm::toString(serializeBmodel(model, os)),
            "the model has no network");
}

TEST(BmodelTest, ListsCommands) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::Error error = disassemble(makeModel(), os);
  ASSERT_FALSE(error) << llvm::toString(std::move(error));
  EXPECT_NE(text.find("sAR.add"), std::string::npos) << text;
  EXPECT_NE(text.find("DMA_tensor.tensor"), std::string::npos) << text;
}

TEST(BmodelTest, DataTypesHaveNames) {
  for (uint32_t i = 0; i <= uint32_t(DataType::U4); ++i)
    EXPECT_EQ(findDataType(dataTypeName(DataType(i))), DataType(i));
  EXPECT_FALSE(findDataType("f64"));
}

TEST(SideTableTest, IgnoresForeignBytes) {
  std::vector<uint8_t> foreign(100, 1);
  auto table = decodeSideTable(foreign);
  ASSERT_TRUE(bool(table));
  EXPECT_FALSE(table->has_value());
}

TEST(SideTableTest, RefusesEveryTruncation) {
  SideTable side;
  side.layers = {{"a", "b"}};
  side.groups = {{{0, 0, SideTable::kNone}, {}}};
  std::vector<uint8_t> bytes = encodeSideTable(side);
  for (size_t size = 8; size < bytes.size(); ++size) {
    auto table = decodeSideTable(Bytes(bytes).first(size));
    EXPECT_FALSE(bool(table)) << size;
    llvm::consumeError(table.takeError());
  }
}

TEST(SideTableTest, RefusesMoreCommandsThanThereAre) {
  SideTable side;
  side.layers = {{"a", "b"}};
  // A run of any length takes 8 bytes; queues and groups count together.
  side.groups = {{{0, 0, 0}, {0}}, {{0}, {}}};
  std::vector<uint8_t> bytes = encodeSideTable(side);
  auto table = decodeSideTable(bytes, 5);
  ASSERT_TRUE(bool(table)) << llvm::toString(table.takeError());
  EXPECT_EQ(**table, side);
  auto tooMany = decodeSideTable(bytes, 4);
  EXPECT_FALSE(bool(tooMany));
  llvm::consumeError(tooMany.takeError());
}

TEST(SideTableTest, ReadsTheFirstVersion) {
  SideTable side;
  side.layers = {{"a", "b"}};
  side.groups = {{{0}, {}}};
  std::vector<uint8_t> bytes = encodeSideTable(side);
  // The second version ends with the counts of groups and tensors, a group for
  // each layer and the length of the explanation.
  bytes.resize(bytes.size() - 16);
  bytes[8] = 1;
  auto table = decodeSideTable(bytes);
  ASSERT_TRUE(bool(table)) << llvm::toString(table.takeError());
  EXPECT_EQ(**table, side);
}

TEST(SideTableTest, PicturesMakeANewVersion) {
  SideTable side;
  side.layers = {{"a", "b"}};
  side.groups = {{{0}, {}}};
  EXPECT_EQ(encodeSideTable(side)[8], 3);
  side.preprocess = "{\"x\": {\"pad_value\": 3}}";
  std::vector<uint8_t> bytes = encodeSideTable(side);
  EXPECT_EQ(bytes[8], 4);
  auto table = decodeSideTable(bytes);
  ASSERT_TRUE(bool(table)) << llvm::toString(table.takeError());
  EXPECT_EQ(**table, side);
  for (size_t size = bytes.size() - 4; size < bytes.size(); ++size) {
    auto cut = decodeSideTable(Bytes(bytes).first(size));
    EXPECT_FALSE(bool(cut));
    llvm::consumeError(cut.takeError());
  }
}

TEST(CombineTest, JoinsNetworksAndStages) {
  Bmodel first = makeModel(), second = makeModel(), third = makeModel();
  auto &input = second.networks[0].stages[0].inputs[0];
  input.shape = {2, 3, 8};
  input.size = 2 * 3 * 8 * 4;
  third.networks[0].name = "other";
  auto all = combineBmodels({first, second, third});
  ASSERT_TRUE(bool(all)) << llvm::toString(all.takeError());
  ASSERT_EQ(all->networks.size(), 2u);
  EXPECT_EQ(all->networks[0].stages.size(), 2u);
  EXPECT_EQ(all->networks[1].name, "other");

  std::string bytes, single;
  llvm::raw_string_ostream os(bytes), other(single);
  ASSERT_FALSE(serializeBmodel(*all, os));
  ASSERT_FALSE(serializeBmodel(first, other));
  // The weights of all three, which are equal, are there once.
  EXPECT_LT(bytes.size(), single.size() + 2 * 4096 + 2 * 3 * 4096);
  auto read = parseBmodel(llvm::MemoryBuffer::getMemBufferCopy(bytes),
                          {.checkDigest = true});
  ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
  EXPECT_EQ(read->networks[1].stages[0].coefficients.bytes.data(),
            read->networks[0].stages[1].coefficients.bytes.data());
}

TEST(CombineTest, RefusesWhatCannotBeToldApart) {
  auto same = combineBmodels({makeModel(), makeModel()});
  ASSERT_FALSE(bool(same));
  EXPECT_NE(llvm::toString(same.takeError()).find("the same input shapes"),
            std::string::npos);
  Bmodel renamed = makeModel();
  renamed.networks[0].stages[0].inputs[0].name = "z";
  auto ports = combineBmodels({makeModel(), renamed});
  ASSERT_FALSE(bool(ports));
  EXPECT_NE(llvm::toString(ports.takeError()).find("other inputs or outputs"),
            std::string::npos);
}

TEST(SideTableTest, RefusesTensorsThatNoMemoryHolds) {
  auto refused = [](auto change) {
    SideTable side;
    side.groups = {{{}, {}}};
    SideTable::Tensor &tensor = side.tensors.emplace_back();
    tensor.shape = {2, 3};
    change(tensor);
    auto table = decodeSideTable(encodeSideTable(side));
    bool failed = !table;
    llvm::consumeError(table.takeError());
    return failed;
  };
  using Tensor = SideTable::Tensor;
  EXPECT_FALSE(refused([](Tensor &) {}));
  EXPECT_TRUE(refused([](Tensor &t) { t.shape = {uint64_t(1) << 40}; }));
  EXPECT_TRUE(refused([](Tensor &t) { t.shape = {0}; }));
  EXPECT_TRUE(refused([](Tensor &t) { t.dims = {6}; }));
  EXPECT_TRUE(refused([](Tensor &t) { t.dims = t.strides = {5}; }));
  EXPECT_TRUE(refused([](Tensor &t) { t.group = 1; }));
  EXPECT_TRUE(refused([](Tensor &t) { t.engine = 2; }));
  EXPECT_TRUE(refused([](Tensor &t) { t.lane = 64; }));
  EXPECT_TRUE(refused([](Tensor &t) { t.memory = SideTable::Memory::Local; }));
}

} // namespace
