//===- BmodelReader.cpp - Reads .bmodel files -----------------------------===//
//
// Checks the header, the tables and every place they point to, then turns the
// tables into structs. Nothing is read from a place that was not checked, and
// a model that cannot be represented is refused, not approximated.
//
//===----------------------------------------------------------------------===//

#include "BmodelInternal.h"
#include "bmodel_generated.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/SHA256.h"

#include <cmath>
#include <cstring>

using namespace llvm;
using namespace tpuc;
using namespace tpuc::target;
using namespace tpuc::target::detail;
namespace fbs = tpuc::bmodel::fbs;

namespace {

/// A string of the tables. Bytes that are not UTF-8 are replaced, so that names
/// can be printed and messages about them be read anywhere.
std::string text(const flatbuffers::String *string) {
  if (!string)
    return "";
  return json::fixUTF8(StringRef(string->c_str(), string->size()));
}

template <typename T> unsigned sizeOf(const flatbuffers::Vector<T> *vector) {
  return vector ? vector->size() : 0;
}

/// Reads one container. `where` names the table that is being read.
class Reader {
public:
  Reader(std::shared_ptr<MemoryBuffer> buffer, const ReadOptions &options)
      : options(options) {
    model.buffer = std::move(buffer);
  }

  Expected<Bmodel> read() {
    if (Error error = readHeader())
      return std::move(error);
    if (Error error = readModel())
      return std::move(error);
    return std::move(model);
  }

private:
  Error readHeader();
  Error readModel();
  Error readNetwork(const fbs::Net &net);
  Error refuseUnsupported(const fbs::NetParameter &stage);
  Error refuseUnsupported(const fbs::SubNet &subnet);
  Error readGroups(const fbs::NetParameter &table, Stage &stage);
  Error readStage(const fbs::NetParameter &table, Stage &stage);
  Error readTensors(
      const char *kind,
      const flatbuffers::Vector<flatbuffers::Offset<fbs::Tensor>> *tables,
      std::vector<TensorInfo> &tensors);
  Error readTensor(const char *kind, const fbs::Tensor &table,
                   TensorInfo &tensor);
  Error readCoefficients(const fbs::CoeffMem &table, Coefficients &result);
  Error readGroup(const fbs::CmdGroup &table, CommandGroup &group);
  Expected<uint32_t> countCommands(codec::Engine engine, Bytes stream);
  Expected<Bytes> item(const char *what, const fbs::Binary *place);
  Error checkGlobal(const Twine &what, uint64_t address, uint64_t size);

  const ReadOptions &options;
  Bmodel model;
  Bytes tables, blob;
  std::string where;
};

Error Reader::readHeader() {
  StringRef file = model.buffer->getBuffer();
  if (file.size() < kHeaderBytes)
    return bad("file of {0} bytes is shorter than the header of {1}",
               file.size(), kHeaderBytes);
  const char *data = file.data();
  uint32_t magic = support::endian::read32le(data);
  uint32_t headerSize = support::endian::read32le(data + 4);
  uint64_t tableSize = support::endian::read32le(data + 8);
  uint64_t blobSize = support::endian::read64le(data + 12);
  if (magic != kMagic)
    return bad("not a .bmodel file: magic is {0:x8}, expected {1:x8}", magic,
               kMagic);
  if (headerSize != kHeaderBytes)
    return bad("header size is {0}, expected {1}", headerSize, kHeaderBytes);
  uint64_t available = file.size() - kHeaderBytes;
  if (tableSize > available || blobSize > available - tableSize)
    return bad("file is truncated: the header announces {0} bytes of tables "
               "and {1} bytes of data, {2} follow it",
               tableSize, blobSize, available);
  const auto *bytes = reinterpret_cast<const uint8_t *>(data) + kHeaderBytes;
  tables = Bytes(bytes, tableSize);
  blob = Bytes(bytes + tableSize, blobSize);
  return Error::success();
}

Expected<Bytes> Reader::item(const char *what, const fbs::Binary *place) {
  if (!place)
    return bad("{0} has no {1}", where, what);
  uint64_t start = place->start(), size = place->size();
  if (start > blob.size() || size > blob.size() - start)
    return bad("{0} of {1} is at bytes {2} to {3} of {4}", what, where, start,
               start + size, blob.size());
  return blob.subspan(start, size);
}

Error Reader::checkGlobal(const Twine &what, uint64_t address, uint64_t size) {
  if (address >= kGlobalBase && address <= kGlobalEnd &&
      size <= kGlobalEnd - address)
    return Error::success();
  return bad("{0} of {1}: {2} bytes at address {3:x} are not inside global "
             "memory, {4:x} to {5:x}",
             what.str(), where, size, address, kGlobalBase, kGlobalEnd);
}

Error Reader::readModel() {
  where = "the model";
  constexpr size_t kMaxDepth = 64, kMaxTables = 1'000'000;
  flatbuffers::Verifier verifier(tables.data(), tables.size(), kMaxDepth,
                                 kMaxTables);
  if (tables.size() < 8 || !fbs::VerifyModelBuffer(verifier))
    return bad("the tables are damaged");
  const fbs::Model &root = *fbs::GetModel(tables.data());
  model.chip = text(root.chip());
  model.version = text(root.version());
  model.time = text(root.time());
  if (model.chip != kChip)
    return bad("the model is for chip '{0}', expected '{1}'", model.chip,
               kChip);
  if (root.device_num() > 1)
    return bad("the model needs {0} devices; only one is supported",
               root.device_num());
  if (root.bmodel_type() != 0)
    return bad("bmodel type {0} is not supported, only 0", root.bmodel_type());
  if (const fbs::KernelModule *kernel = root.kernel_module();
      kernel && kernel->binary() && kernel->binary()->size() != 0) {
    Expected<Bytes> bytes = item("kernel module", kernel->binary());
    if (!bytes)
      return bytes.takeError();
    model.kernelModule = KernelModule{text(kernel->file_name()), *bytes};
  }
  if (sizeOf(root.net()) == 0)
    return bad("the model has no network");
  for (const fbs::Net *net : *root.net())
    if (Error error = readNetwork(*net))
      return error;
  return Error::success();
}

Error Reader::readNetwork(const fbs::Net &net) {
  Network network;
  network.name = text(net.name());
  where = "network '" + network.name + "'";
  if (net.cascade() && net.cascade()->main_name() &&
      net.cascade()->main_name()->size() != 0)
    return bad("{0} is a part of a model split over devices, which is not "
               "supported",
               where);
  if (net.addr_mode() != 0)
    return bad("{0} has address mode {1}; only 0 (fixed addresses) is "
               "supported",
               where, net.addr_mode());
  if (sizeOf(net.net_dynamic()) != 0)
    return bad("{0} is dynamic, which is not supported", where);
  if (sizeOf(net.parameter()) == 0)
    return bad("{0} has no stage", where);
  for (const fbs::NetParameter *table : *net.parameter()) {
    where = formatv("stage {0} of network '{1}'", network.stages.size(),
                    network.name)
                .str();
    if (Error error = refuseUnsupported(*table))
      return error;
    if (Error error = readStage(*table, network.stages.emplace_back()))
      return error;
  }
  model.networks.push_back(std::move(network));
  return Error::success();
}

Error Reader::refuseUnsupported(const fbs::NetParameter &stage) {
  // What is marked dynamic has no commands, unless its shapes turned out fixed.
  bool hasCommands = sizeOf(stage.cmd_group()) != 0;
  for (unsigned i = 0, e = sizeOf(stage.sub_net()); i < e; ++i)
    hasCommands |= sizeOf(stage.sub_net()->Get(i)->cmd_group()) != 0;
  bool isDynamic = stage.is_dynamic() != 0 ||
                   (stage.binary_ir() && stage.binary_ir()->size() != 0);
  if (isDynamic && !hasCommands)
    return bad("{0} is dynamic, which is not supported; compile it with fixed "
               "shapes",
               where);
  if (stage.core_num() > 1)
    return bad("{0} uses {1} cores; only one is supported", where,
               stage.core_num());
  for (unsigned i = 0, e = sizeOf(stage.sub_net()); i < e; ++i)
    if (Error error = refuseUnsupported(*stage.sub_net()->Get(i)))
      return error;
  return Error::success();
}

Error Reader::refuseUnsupported(const fbs::SubNet &subnet) {
  constexpr int32_t kTpuSubnet = 0, kCpuSubnet = 1;
  if (subnet.subnet_mode() == kCpuSubnet || sizeOf(subnet.cpu_param()) != 0)
    return bad("{0} has a sub-net for the host CPU, which is not supported; "
               "leave out the layers that the chip cannot run",
               where);
  if (subnet.subnet_mode() != kTpuSubnet || subnet.merge_param() ||
      subnet.switch_param())
    return bad("{0} branches between sub-nets (mode {1}), which is not "
               "supported",
               where, subnet.subnet_mode());
  if (subnet.is_dynamic() != 0 && sizeOf(subnet.cmd_group()) == 0)
    return bad("{0} has a dynamic sub-net, which is not supported; compile it "
               "with fixed shapes",
               where);
  if (sizeOf(subnet.core_commands()) != 0)
    return bad("{0} has commands for several cores, which is not supported",
               where);
  return Error::success();
}

/// A single sub-net repeats the commands of its stage. Several hold them, and
/// each names the one that runs after it.
Error Reader::readGroups(const fbs::NetParameter &table, Stage &stage) {
  auto read = [&](const auto *groups) -> Error {
    if (sizeOf(groups) == 0)
      return bad("{0} has no commands", where);
    for (const fbs::CmdGroup *group : *groups)
      if (Error error = readGroup(*group, stage.groups.emplace_back()))
        return error;
    return Error::success();
  };
  unsigned count = sizeOf(table.sub_net());
  if (count == 1 && sizeOf(table.cmd_group()) == 0)
    return read(table.sub_net()->Get(0)->cmd_group());
  if (count <= 1)
    return read(table.cmd_group());
  auto idOf = [&](unsigned i) {
    return table.sub_net()->Get(i)->id().value_or(int32_t(i));
  };
  constexpr int32_t kLast = -1;
  int32_t id = idOf(0);
  for (unsigned done = 0; id != kLast; ++done) {
    unsigned i = 0;
    while (i < count && idOf(i) != id)
      ++i;
    if (i == count || done == count)
      return bad("{0}: the sub-nets are not a chain, sub-net {1} {2}", where,
                 id, i == count ? "does not exist" : "runs again");
    const fbs::SubNet &subnet = *table.sub_net()->Get(i);
    if (Error error = read(subnet.cmd_group()))
      return error;
    if (sizeOf(subnet.next_subnet_ids()) > 1)
      return bad("{0} branches after sub-net {1}, which is not supported",
                 where, id);
    id = sizeOf(subnet.next_subnet_ids()) ? subnet.next_subnet_ids()->Get(0)
                                          : kLast;
  }
  return Error::success();
}

Error Reader::readStage(const fbs::NetParameter &table, Stage &stage) {
  if (Error error = readTensors("input", table.input_tensor(), stage.inputs))
    return error;
  if (Error error = readTensors("output", table.output_tensor(), stage.outputs))
    return error;
  stage.contextAddress = table.ctx_addr();
  stage.contextSize = table.ctx_size();
  if (stage.contextSize != 0)
    if (Error error = checkGlobal("activation memory", stage.contextAddress,
                                  stage.contextSize))
      return error;
  if (table.coeff_mem())
    if (Error error = readCoefficients(*table.coeff_mem(), stage.coefficients))
      return error;
  if (Error error = readGroups(table, stage))
    return error;
  if (table.net_profile()) {
    Expected<Bytes> bytes = item("profile", table.net_profile());
    if (!bytes)
      return bytes.takeError();
    constexpr uint64_t kLeastCommandBytes = 16;
    uint64_t commandBytes = 0;
    for (const CommandGroup &group : stage.groups)
      commandBytes += group.tiu.size() + group.gdma.size();
    Expected<std::optional<SideTable>> side =
        decodeSideTable(*bytes, commandBytes / kLeastCommandBytes);
    if (!side)
      return side.takeError();
    stage.sideTable = std::move(*side);
  }
  return Error::success();
}

Error Reader::readTensors(
    const char *kind,
    const flatbuffers::Vector<flatbuffers::Offset<fbs::Tensor>> *tensorTables,
    std::vector<TensorInfo> &tensors) {
  if (sizeOf(tensorTables) == 0)
    return bad("{0} has no {1}", where, kind);
  for (const fbs::Tensor *table : *tensorTables)
    if (Error error = readTensor(kind, *table, tensors.emplace_back()))
      return error;
  return Error::success();
}

Error Reader::readTensor(const char *kind, const fbs::Tensor &table,
                         TensorInfo &tensor) {
  tensor.name = text(table.name());
  tensor.type = DataType(table.data_type());
  tensor.address = table.device_addr();
  tensor.size = table.size();
  tensor.scale = table.scale();
  tensor.zeroPoint = table.zero_point();
  std::string what = formatv("{0} '{1}'", kind, tensor.name).str();
  uint64_t bits = dataTypeBits(tensor.type);
  if (bits == 0)
    return bad("{0} of {1} has unknown data type {2}", what, where,
               table.data_type());
  if (!std::isfinite(tensor.scale))
    return bad("{0} of {1} has a scale that is not finite", what, where);
  if (table.gmem_stmode() != 0)
    return bad("{0} of {1} has storage mode {2}; only 0 is supported", what,
               where, table.gmem_stmode());
  if (sizeOf(table.shape()) != 1 || !table.shape()->Get(0)->dim())
    return bad("{0} of {1} has {2} shapes, expected 1", what, where,
               sizeOf(table.shape()));
  // The element count is kept below what global memory holds.
  uint64_t count = 1;
  // The verifier does not check that words of 8 bytes are aligned.
  const auto &dims = *table.shape()->Get(0)->dim();
  for (unsigned i = 0; i < dims.size(); ++i) {
    uint64_t dim =
        support::endian::read64le(dims.Data() + i * sizeof(uint64_t));
    if (dim == 0 || dim > (kGlobalEnd - kGlobalBase) * 2 / count)
      return bad("{0} of {1} has an empty or impossible dimension {2}", what,
                 where, dim);
    count *= dim;
    tensor.shape.push_back(dim);
  }
  if ((count * bits + 7) / 8 > tensor.size)
    return bad("{0} of {1} has {2} elements of {3} in {4} bytes", what, where,
               count, dataTypeName(tensor.type), tensor.size);
  return checkGlobal(what, tensor.address, tensor.size);
}

Error Reader::readCoefficients(const fbs::CoeffMem &table,
                               Coefficients &result) {
  if (table.encrypt_mode() != 0)
    return bad("the coefficients of {0} are encrypted, which is not supported",
               where);
  result.address = table.address();
  if (!table.binary_coeff())
    return Error::success();
  Expected<Bytes> bytes = item("coefficients", table.binary_coeff());
  if (!bytes)
    return bytes.takeError();
  result.bytes = *bytes;
  if (!bytes->empty())
    if (Error error =
            checkGlobal("coefficients", result.address, bytes->size()))
      return error;
  if (options.checkDigest && table.check_code()) {
    auto digest = SHA256::hash(ArrayRef(bytes->data(), bytes->size()));
    if (table.check_code()->size() != digest.size() ||
        std::memcmp(table.check_code()->data(), digest.data(), digest.size()) !=
            0)
      return bad("the coefficients of {0} do not match their checksum", where);
  }
  for (unsigned i = 0, e = sizeOf(table.location()); i < e; ++i) {
    const fbs::Location &range = *table.location()->Get(i);
    if (range.offset() > bytes->size() ||
        range.size() > bytes->size() - range.offset())
      return bad("weight '{0}' of {1} leaves the coefficients",
                 text(range.name()), where);
    result.ranges.push_back({text(range.name()), range.offset(), range.size()});
  }
  return Error::success();
}

Expected<uint32_t> Reader::countCommands(codec::Engine engine, Bytes stream) {
  uint32_t count = 0;
  Error error = forEachCommand(
      engine, stream,
      [&](size_t, size_t, codec::Layout, const codec::Registers &) {
        ++count;
        return Error::success();
      });
  if (error)
    return bad("{0}: {1}", where, toString(std::move(error)));
  return count;
}

Error Reader::readGroup(const fbs::CmdGroup &table, CommandGroup &group) {
  if (sizeOf(table.reloc_entries()) != 0)
    return bad("{0} has relocations, which are not supported", where);
  for (codec::Engine engine : {codec::Engine::Tiu, codec::Engine::Gdma}) {
    bool isTiu = engine == codec::Engine::Tiu;
    Expected<Bytes> stream =
        item(isTiu ? "TIU stream" : "GDMA stream",
             isTiu ? table.binary_bdc() : table.binary_gdma());
    if (!stream)
      return stream.takeError();
    Expected<uint32_t> found = countCommands(engine, *stream);
    if (!found)
      return found.takeError();
    uint32_t announced = isTiu ? table.bdc_num() : table.gdma_num();
    if (*found != announced)
      return bad("{0} announces {1} {2} commands, found {3}", where, announced,
                 isTiu ? "TIU" : "GDMA", *found);
    (isTiu ? group.tiu : group.gdma) = *stream;
    (isTiu ? group.tiuCount : group.gdmaCount) = *found;
  }
  return Error::success();
}

} // namespace

Expected<Bmodel> target::parseBmodel(std::shared_ptr<MemoryBuffer> buffer,
                                     const ReadOptions &options) {
  return Reader(std::move(buffer), options).read();
}

Expected<Bmodel> target::readBmodel(StringRef path,
                                    const ReadOptions &options) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
      MemoryBuffer::getFile(path, /*IsText=*/false,
                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return bad("{0}: {1}", path, buffer.getError().message());
  Expected<Bmodel> model = parseBmodel(std::move(*buffer), options);
  if (!model)
    return bad("{0}: {1}", path, toString(model.takeError()));
  return model;
}
