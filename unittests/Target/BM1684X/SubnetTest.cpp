//===- SubnetTest.cpp - Containers that are split into sub-nets -----------===//
//
// Sub-nets for the chip run one after the other; whatever else a container can
// say about them is refused by name.
//
//===----------------------------------------------------------------------===//

#include "Target/BM1684X/Bmodel.h"
#include "bmodel_generated.h"
#include "gtest/gtest.h"

using namespace tpuc;
using namespace tpuc::target;
namespace fbs = tpuc::bmodel::fbs;

namespace {

/// One sub-net of a test: its id, the ids after it, and what may be wrong.
struct Part {
  int32_t id;
  std::vector<int32_t> next;
  int32_t mode = 0;
  int32_t isDynamic = 0;
  bool hasCommands = true;
};

void append(std::vector<uint8_t> &stream, codec::Layout layout,
            const codec::Registers &registers) {
  std::vector<uint8_t> bytes(codec::layoutInfo(layout).bytes);
  std::string error;
  ASSERT_TRUE(codec::encode(layout, registers, bytes, error)) << error;
  stream.insert(stream.end(), bytes.begin(), bytes.end());
}

/// A container whose sub-net `id` has id + 1 TIU commands before its end.
std::string container(const std::vector<Part> &parts) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<uint8_t> blob;
  auto place = [&](const std::vector<uint8_t> &bytes) {
    fbs::Binary binary(blob.size(), bytes.size());
    blob.insert(blob.end(), bytes.begin(), bytes.end());
    return binary;
  };
  std::vector<flatbuffers::Offset<fbs::SubNet>> subnets;
  for (const Part &part : parts) {
    std::vector<uint8_t> tiu, gdma;
    for (int32_t i = 0; i <= part.id; ++i) {
      codec::Registers add;
      add.tsk_eu_typ = 2;
      add.cmd_id = uint32_t(i + 1);
      append(tiu, codec::Layout::SAr, add);
    }
    codec::Registers end;
    end.tsk_eu_typ = 31;
    append(tiu, codec::Layout::Sysid, end);
    append(gdma, codec::Layout::SDmaSys, codec::Registers());
    fbs::Binary tiuPlace = place(tiu), gdmaPlace = place(gdma);
    auto group = fbs::CreateCmdGroup(builder, uint32_t(part.id + 2), 1,
                                     &tiuPlace, &gdmaPlace);
    auto groups = builder.CreateVector(&group, 1);
    auto next = builder.CreateVector(part.next);
    fbs::SubNetBuilder subnet(builder);
    subnet.add_subnet_mode(part.mode);
    subnet.add_is_dynamic(part.isDynamic);
    if (part.hasCommands)
      subnet.add_cmd_group(groups);
    subnet.add_id(part.id);
    subnet.add_next_subnet_ids(next);
    subnets.push_back(subnet.Finish());
  }
  auto tensor = [&](const char *name) {
    std::vector<uint64_t> dims = {4};
    auto shape = fbs::CreateShape(builder, builder.CreateVector(dims));
    auto shapes = builder.CreateVector(&shape, 1);
    auto text = builder.CreateString(name);
    auto made = fbs::CreateTensor(builder, text, 0, 0, 0x100000000, 16, shapes);
    return builder.CreateVector(&made, 1);
  };
  auto inputs = tensor("in"), outputs = tensor("out");
  auto list = builder.CreateVector(subnets);
  fbs::NetParameterBuilder stage(builder);
  stage.add_input_tensor(inputs);
  stage.add_output_tensor(outputs);
  stage.add_sub_net(list);
  auto stageOffset = stage.Finish();
  auto stages = builder.CreateVector(&stageOffset, 1);
  auto name = builder.CreateString("net");
  fbs::NetBuilder net(builder);
  net.add_name(name);
  net.add_parameter(stages);
  auto netOffset = net.Finish();
  auto nets = builder.CreateVector(&netOffset, 1);
  auto type = builder.CreateString("B"), version = builder.CreateString("v"),
       time = builder.CreateString("t"), chip = builder.CreateString("BM1684X");
  fbs::ModelBuilder model(builder);
  model.add_type(type);
  model.add_version(version);
  model.add_time(time);
  model.add_chip(chip);
  model.add_net(nets);
  builder.Finish(model.Finish());

  std::string file(64, '\0');
  uint32_t head[3] = {0xff55aaee, 64, builder.GetSize()};
  uint64_t blobSize = blob.size();
  std::memcpy(file.data(), head, sizeof(head));
  std::memcpy(file.data() + sizeof(head), &blobSize, sizeof(blobSize));
  file.append(reinterpret_cast<const char *>(builder.GetBufferPointer()),
              builder.GetSize());
  file.append(blob.begin(), blob.end());
  return file;
}

/// The TIU commands of each group, or the reason of the refusal.
std::string read(const std::vector<Part> &parts) {
  auto model =
      parseBmodel(llvm::MemoryBuffer::getMemBufferCopy(container(parts)));
  if (!model)
    return llvm::toString(model.takeError());
  std::string counts;
  for (const CommandGroup &group : model->networks[0].stages[0].groups)
    counts += std::to_string(group.tiuCount) + " ";
  return counts;
}

TEST(SubnetTest, RunInTheOrderThatTheyName) {
  EXPECT_EQ(read({{0, {2}}, {1, {-1}}, {2, {1}}}), "2 4 3 ");
}

TEST(SubnetTest, MustBeAChain) {
  EXPECT_EQ(read({{0, {1}}, {1, {0}}}),
            "stage 0 of network 'net': the sub-nets are not a chain, sub-net 0 "
            "runs again");
  EXPECT_EQ(read({{0, {5}}, {1, {-1}}}),
            "stage 0 of network 'net': the sub-nets are not a chain, sub-net 5 "
            "does not exist");
  EXPECT_EQ(read({{0, {1, 2}}, {1, {-1}}, {2, {-1}}}),
            "stage 0 of network 'net' branches after sub-net 0, which is not "
            "supported");
}

TEST(SubnetTest, ForTheHostIsRefused) {
  EXPECT_EQ(read({{0, {1}}, {1, {-1}, /*mode=*/1}}),
            "stage 0 of network 'net' has a sub-net for the host CPU, which is "
            "not supported; leave out the layers that the chip cannot run");
}

TEST(SubnetTest, ThatBranchesIsRefused) {
  EXPECT_EQ(read({{0, {1}}, {1, {-1}, /*mode=*/2}}),
            "stage 0 of network 'net' branches between sub-nets (mode 2), "
            "which is not supported");
}

TEST(SubnetTest, WithDynamicShapesIsRefused) {
  EXPECT_EQ(read({{0, {-1}, 0, /*isDynamic=*/1, /*hasCommands=*/false}}),
            "stage 0 of network 'net' has a dynamic sub-net, which is not "
            "supported; compile it with fixed shapes");
  EXPECT_EQ(read({{0, {1}}, {1, {-1}, 0, /*isDynamic=*/1, false}}),
            "stage 0 of network 'net' has a dynamic sub-net, which is not "
            "supported; compile it with fixed shapes");
}

// Its shapes turned out fixed, and it has commands.
TEST(SubnetTest, MarkedDynamicWithCommandsIsRead) {
  EXPECT_EQ(read({{0, {-1}, 0, /*isDynamic=*/1}}), read({{0, {-1}}}));
  EXPECT_EQ(read({{0, {1}}, {1, {-1}, 0, /*isDynamic=*/1}}),
            read({{0, {1}}, {1, {-1}}}));
}

} // namespace
