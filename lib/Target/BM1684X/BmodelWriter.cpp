//===- BmodelWriter.cpp - Writes .bmodel files ----------------------------===//
//
// Lays out the blob, builds the tables that point into it and writes both. The
// vendor's runtime executes the commands of the stage and insists on those of
// the sub-net, so that both name the same bytes. Nothing here depends on time,
// host or order of allocation.
//
//===----------------------------------------------------------------------===//

#include "BmodelInternal.h"
#include "bmodel_generated.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"

#include <array>
#include <map>

using namespace llvm;
using namespace tpuc;
using namespace tpuc::target;
using namespace tpuc::target::detail;
namespace fbs = tpuc::bmodel::fbs;

namespace {

/// Values of Tensor.hidden and Tensor.mem_type that say "network input",
/// "network output" and "in device memory".
constexpr int32_t kIsInput = 1, kIsOutput = 2;
constexpr uint32_t kDeviceMemory = 1;

uint64_t alignTo(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

/// The items of the blob, in order, each padded with zeros.
class Blob {
public:
  /// Places `bytes`, padded to a multiple of `granule`.
  fbs::Binary add(Bytes bytes, uint64_t granule = 1) {
    uint64_t start = alignTo(size, kItemAlignment);
    uint64_t padded = alignTo(bytes.size(), granule);
    items.push_back({start, bytes});
    size = start + padded;
    return fbs::Binary(start, padded);
  }

  uint64_t paddedSize() const { return alignTo(size, kItemAlignment); }

  void write(raw_ostream &os) const {
    uint64_t at = 0;
    for (const Item &item : items) {
      os.write_zeros(unsigned(item.start - at));
      os.write(reinterpret_cast<const char *>(item.bytes.data()),
               item.bytes.size());
      at = item.start + item.bytes.size();
    }
    os.write_zeros(unsigned(paddedSize() - at));
  }

private:
  struct Item {
    uint64_t start;
    Bytes bytes;
  };
  std::vector<Item> items;
  uint64_t size = 0;
};

class Writer {
public:
  explicit Writer(const Bmodel &model) : model(model) {}

  Error write(raw_ostream &os);

private:
  using TensorList = flatbuffers::Offset<
      flatbuffers::Vector<flatbuffers::Offset<fbs::Tensor>>>;
  using GroupList = flatbuffers::Offset<
      flatbuffers::Vector<flatbuffers::Offset<fbs::CmdGroup>>>;

  Error check() const;
  TensorList tensors(const std::vector<TensorInfo> &infos, int32_t hidden);
  GroupList groups(const std::vector<CommandGroup> &groups);
  flatbuffers::Offset<fbs::CoeffMem> coefficients(const Coefficients &values);
  flatbuffers::Offset<fbs::NetParameter> stage(const Stage &stage);
  flatbuffers::Offset<fbs::Net> network(const Network &network);
  flatbuffers::Offset<fbs::Model> root();

  const Bmodel &model;
  flatbuffers::FlatBufferBuilder builder;
  Blob blob;
  std::map<std::array<uint8_t, 32>, fbs::Binary> coefficientPlaces;
  std::vector<std::vector<uint8_t>> sideTables;
};

Error Writer::check() const {
  if (model.chip != kChip)
    return bad("the model is for chip '{0}', expected '{1}'", model.chip,
               kChip);
  if (model.networks.empty())
    return bad("the model has no network");
  for (const Network &network : model.networks) {
    if (network.stages.empty())
      return bad("network '{0}' has no stage", network.name);
    for (const Stage &stage : network.stages) {
      if (stage.inputs.empty() || stage.outputs.empty())
        return bad("a stage of network '{0}' has no input or no output",
                   network.name);
      if (stage.groups.empty())
        return bad("a stage of network '{0}' has no commands", network.name);
    }
  }
  return Error::success();
}

Writer::TensorList Writer::tensors(const std::vector<TensorInfo> &infos,
                                   int32_t hidden) {
  std::vector<flatbuffers::Offset<fbs::Tensor>> list;
  for (const TensorInfo &info : infos) {
    auto name = builder.CreateString(info.name);
    auto dims = builder.CreateVector(info.shape);
    std::vector<flatbuffers::Offset<fbs::Shape>> shapes = {
        fbs::CreateShape(builder, dims)};
    auto shapeList = builder.CreateVector(shapes);
    fbs::TensorBuilder table(builder);
    table.add_name(name);
    table.add_data_type(uint32_t(info.type));
    table.add_device_addr(info.address);
    table.add_size(info.size);
    table.add_shape(shapeList);
    table.add_mem_type(kDeviceMemory);
    table.add_scale(info.scale);
    table.add_zero_point(info.zeroPoint);
    table.add_hidden(hidden);
    table.add_index(int32_t(list.size()));
    list.push_back(table.Finish());
  }
  return builder.CreateVector(list);
}

Writer::GroupList Writer::groups(const std::vector<CommandGroup> &groups) {
  std::vector<flatbuffers::Offset<fbs::CmdGroup>> list;
  for (const CommandGroup &group : groups) {
    fbs::Binary tiu = blob.add(group.tiu, kCommandAlignment);
    fbs::Binary gdma = blob.add(group.gdma, kCommandAlignment);
    fbs::CmdGroupBuilder table(builder);
    table.add_bdc_num(group.tiuCount);
    table.add_gdma_num(group.gdmaCount);
    table.add_binary_bdc(&tiu);
    table.add_binary_gdma(&gdma);
    table.add_bdc_cmd_byte(uint32_t(tiu.size()));
    table.add_gdma_cmd_byte(uint32_t(gdma.size()));
    list.push_back(table.Finish());
  }
  return builder.CreateVector(list);
}

flatbuffers::Offset<fbs::CoeffMem>
Writer::coefficients(const Coefficients &values) {
  auto digest =
      SHA256::hash(ArrayRef(values.bytes.data(), values.bytes.size()));
  auto code = builder.CreateVector(digest.data(), digest.size());
  std::vector<flatbuffers::Offset<fbs::Location>> ranges;
  for (const CoefficientRange &range : values.ranges)
    ranges.push_back(fbs::CreateLocation(
        builder, builder.CreateString(range.name), range.offset, range.size));
  auto locations = builder.CreateVector(ranges);
  // Networks and stages with equal coefficients have them once.
  auto [shared, isNew] = coefficientPlaces.try_emplace(digest);
  if (isNew)
    shared->second = blob.add(values.bytes);
  fbs::Binary place = shared->second;
  fbs::CoeffMemBuilder table(builder);
  table.add_address(values.address);
  table.add_check_code(code);
  table.add_binary_coeff(&place);
  if (!ranges.empty())
    table.add_location(locations);
  return table.Finish();
}

flatbuffers::Offset<fbs::NetParameter> Writer::stage(const Stage &stage) {
  auto coeff = coefficients(stage.coefficients);
  auto commands = groups(stage.groups);
  auto subnet = fbs::CreateSubNet(
      builder, /*subnet_mode=*/0, commands, /*cpu_param=*/0,
      tensors(stage.inputs, kIsInput), tensors(stage.outputs, kIsOutput),
      /*is_dynamic=*/0, /*ir_offset=*/0, /*ir_len=*/0, /*n_dynamic=*/0,
      /*h_w_dynamic=*/0, /*id=*/0,
      builder.CreateVector(std::vector<int32_t>{-1}));
  auto subnets = builder.CreateVector(
      std::vector<flatbuffers::Offset<fbs::SubNet>>{subnet});
  auto inputs = tensors(stage.inputs, kIsInput);
  auto outputs = tensors(stage.outputs, kIsOutput);
  auto sizes = builder.CreateVector(std::vector<uint64_t>{stage.contextSize});
  fbs::Binary side(0, 0);
  if (stage.sideTable) {
    sideTables.push_back(encodeSideTable(*stage.sideTable));
    side = blob.add(sideTables.back());
  }
  fbs::NetParameterBuilder table(builder);
  table.add_input_tensor(inputs);
  table.add_output_tensor(outputs);
  table.add_ctx_addr(stage.contextAddress);
  table.add_ctx_size(stage.contextSize);
  table.add_coeff_mem(coeff);
  table.add_cmd_group(commands);
  if (stage.sideTable)
    table.add_net_profile(&side);
  table.add_sub_net(subnets);
  table.add_ctx_sizes(sizes);
  table.add_core_num(1);
  return table.Finish();
}

flatbuffers::Offset<fbs::Net> Writer::network(const Network &network) {
  std::vector<flatbuffers::Offset<fbs::NetParameter>> stages;
  for (const Stage &each : network.stages)
    stages.push_back(stage(each));
  auto name = builder.CreateString(network.name);
  auto list = builder.CreateVector(stages);
  fbs::NetBuilder table(builder);
  table.add_name(name);
  table.add_parameter(list);
  return table.Finish();
}

flatbuffers::Offset<fbs::Model> Writer::root() {
  flatbuffers::Offset<fbs::KernelModule> kernel;
  if (model.kernelModule) {
    fbs::Binary place = blob.add(model.kernelModule->bytes);
    auto file = builder.CreateString(model.kernelModule->fileName);
    kernel = fbs::CreateKernelModule(builder, file, &place);
  }
  std::vector<flatbuffers::Offset<fbs::Net>> networks;
  uint64_t neuronSize = 0;
  for (const Network &each : model.networks) {
    for (const Stage &stage : each.stages)
      neuronSize = std::max(neuronSize, stage.contextSize);
    networks.push_back(network(each));
  }
  auto nets = builder.CreateVector(networks);
  auto type = builder.CreateString("B");
  auto version = builder.CreateString(model.version);
  auto time = builder.CreateString(model.time);
  auto chip = builder.CreateString(model.chip);
  fbs::ModelBuilder table(builder);
  table.add_type(type);
  table.add_version(version);
  table.add_time(time);
  table.add_chip(chip);
  table.add_net(nets);
  table.add_neuron_size(neuronSize);
  if (model.kernelModule)
    table.add_kernel_module(kernel);
  table.add_device_num(1);
  return table.Finish();
}

Error Writer::write(raw_ostream &os) {
  if (Error error = check())
    return error;
  // Reserved, because items of the blob point into the elements.
  size_t stages = 0;
  for (const Network &network : model.networks)
    stages += network.stages.size();
  sideTables.reserve(stages);
  builder.Finish(root());

  uint64_t tableSize =
      alignTo(kHeaderBytes + builder.GetSize(), kItemAlignment) - kHeaderBytes;
  char header[kHeaderBytes] = {};
  support::endian::write32le(header, kMagic);
  support::endian::write32le(header + 4, kHeaderBytes);
  support::endian::write32le(header + 8, uint32_t(tableSize));
  support::endian::write64le(header + 12, blob.paddedSize());
  os.write(header, sizeof(header));
  os.write(reinterpret_cast<const char *>(builder.GetBufferPointer()),
           builder.GetSize());
  os.write_zeros(unsigned(tableSize - builder.GetSize()));
  blob.write(os);
  return Error::success();
}

} // namespace

Error target::serializeBmodel(const Bmodel &model, raw_ostream &os) {
  return Writer(model).write(os);
}

Error target::writeBmodel(const Bmodel &model, StringRef path) {
  SmallString<128> pattern(path);
  pattern += ".tmp-%%%%%%%%";
  Expected<sys::fs::TempFile> file = sys::fs::TempFile::create(pattern);
  if (!file)
    return bad("{0}: {1}", path, toString(file.takeError()));
  Error error = Error::success();
  {
    raw_fd_ostream os(file->FD, /*shouldClose=*/false);
    error = joinErrors(std::move(error), serializeBmodel(model, os));
    os.flush();
    if (os.has_error()) {
      error = joinErrors(std::move(error), bad("{0}", os.error().message()));
      os.clear_error();
    }
  }
  error =
      error ? joinErrors(std::move(error), file->discard()) : file->keep(path);
  if (error)
    return bad("{0}: {1}", path, toString(std::move(error)));
  return Error::success();
}
