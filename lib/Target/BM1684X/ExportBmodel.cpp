//===- ExportBmodel.cpp - A module as a container -------------------------===//
//
// Numbers the commands, turns waits into ids, encodes and collects the
// container structs. It neither reorders commands nor adds waits.
//
//===----------------------------------------------------------------------===//

#include "Dialect/BM1684X/IR/BM1684X.h"
#include "Dialect/BM1684X/IR/Network.h"
#include "Dialect/BM1684X/IR/ReservedAttr.h"
#include "Dialect/BM1684X/IR/TensorRecords.h"
#include "Target/BM1684X/Translation.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

#include <algorithm>
#include <utility>

using namespace mlir;
using namespace tpuc;
using namespace tpuc::target;

namespace {

std::optional<DataType> dataTypeOf(Type type) {
  if (type.isF32())
    return DataType::F32;
  if (type.isF16())
    return DataType::F16;
  if (type.isBF16())
    return DataType::BF16;
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return std::nullopt;
  std::string name = "i" + std::to_string(integer.getWidth());
  return findDataType(integer.isUnsigned() ? "u" + name : name);
}

/// An operation as a location tells of it: name("kind"("fused group")), the
/// last two optional.
struct LayerNames {
  std::string name, kind, fusedGroup;
  auto operator<=>(const LayerNames &) const = default;
};

/// The layer that a location names first.
std::optional<LayerNames> layerOf(Location location) {
  if (auto fused = dyn_cast<FusedLoc>(location)) {
    for (Location part : fused.getLocations())
      if (auto layer = layerOf(part))
        return layer;
    return std::nullopt;
  }
  auto name = dyn_cast<NameLoc>(location);
  if (!name)
    return std::nullopt;
  LayerNames layer{name.getName().str(), "", ""};
  auto kind = dyn_cast<NameLoc>(name.getChildLoc());
  if (!kind)
    return layer;
  layer.kind = kind.getName().str();
  if (auto fusedGroup = dyn_cast<NameLoc>(kind.getChildLoc()))
    layer.fusedGroup = fusedGroup.getName().str();
  return layer;
}

/// Where a command stands: its queue, its group and its id in them.
struct Position {
  unsigned engine;
  uint32_t group, id;
};

/// Encodes the commands of one function.
class StreamEncoder {
public:
  explicit StreamEncoder(bool wantsSideTable)
      : wantsSideTable(wantsSideTable) {}

  LogicalResult add(bm1684x::CommandOpInterface command);

  /// Ends the streams that have no end yet.
  LogicalResult finish(func::FuncOp function);

  /// Moves the streams into `stage`; `model` owns their bytes.
  void takeStreams(Bmodel &model, Stage &stage);

private:
  struct Group {
    std::vector<uint8_t> streams[2];
    uint32_t counts[2] = {0, 0};
    bool ended[2] = {false, false};
    std::vector<uint32_t> layers[2];
  };

  /// The group that the next command of the queue belongs to.
  uint32_t groupOf(unsigned engine);
  LogicalResult append(Operation *op, uint32_t group, codec::Layout layout,
                       codec::Registers &registers);
  uint32_t layerIndex(Location location);
  void addTensors(Location location, uint32_t group, unsigned engine,
                  uint32_t id);

  bool wantsSideTable;
  std::vector<Group> groups;
  uint32_t current[2] = {0, 0};
  llvm::DenseMap<Value, Position> positions;
  llvm::DenseMap<Location, uint32_t> layerOfLocation;
  llvm::MapVector<LayerNames, uint32_t, std::map<LayerNames, unsigned>> layers;
  std::vector<SideTable::Tensor> tensors;
};

uint32_t StreamEncoder::groupOf(unsigned engine) {
  uint32_t &group = current[engine];
  if (group < groups.size() && groups[group].ended[engine])
    ++group;
  if (group >= groups.size())
    groups.resize(group + 1);
  return group;
}

uint32_t StreamEncoder::layerIndex(Location location) {
  auto [it, isNew] = layerOfLocation.try_emplace(location, SideTable::kNone);
  if (!isNew)
    return it->second;
  if (auto layer = layerOf(location))
    it->second = layers.try_emplace(*layer, layers.size()).first->second;
  return it->second;
}

void StreamEncoder::addTensors(Location location, uint32_t group,
                               unsigned engine, uint32_t id) {
  for (const bm1684x::TensorRecord &record :
       bm1684x::getTensorRecords(location)) {
    std::optional<DataType> type = dataTypeOf(record.type.getElementType());
    if (!type)
      continue;
    // A record on commands of both queues wants both to be complete.
    auto present = llvm::find_if(tensors, [&](const SideTable::Tensor &each) {
      return each.name == record.name && each.address == record.address &&
             each.group == group && each.engine != engine &&
             each.otherCommand == 0;
    });
    if (present != tensors.end()) {
      present->otherCommand = std::exchange(present->command, id);
      present->engine = engine;
      std::rotate(present, std::next(present), tensors.end());
      continue;
    }
    SideTable::Tensor &tensor = tensors.emplace_back();
    tensor.name = record.name;
    tensor.shape.assign(record.type.getShape().begin(),
                        record.type.getShape().end());
    tensor.type = *type;
    tensor.scale = record.scale;
    tensor.zeroPoint = record.zeroPoint;
    tensor.memory =
        record.isLocal ? SideTable::Memory::Local : SideTable::Memory::Global;
    tensor.address = record.address;
    tensor.lane = record.lane;
    tensor.dims.assign(record.dims.begin(), record.dims.end());
    tensor.strides.assign(record.strides.begin(), record.strides.end());
    tensor.group = group;
    tensor.engine = engine;
    tensor.command = id;
  }
}

LogicalResult StreamEncoder::append(Operation *op, uint32_t groupIndex,
                                    codec::Layout layout,
                                    codec::Registers &registers) {
  const codec::LayoutInfo &info = codec::layoutInfo(layout);
  unsigned engine = unsigned(info.engine);
  Group &group = groups[groupIndex];
  registers.cmd_id = ++group.counts[engine];
  std::vector<uint8_t> &stream = group.streams[engine];
  size_t at = stream.size();
  stream.resize(at + info.bytes);
  std::string reason;
  if (!codec::encode(layout, registers, std::span(stream).subspan(at), reason))
    return op->emitError() << "cannot be encoded: " << reason;
  FailureOr<codec::ReservedBytes> reserved = bm1684x::getReservedBytes(op);
  if (failed(reserved))
    return failure();
  if (!codec::setReservedBytes(layout, *reserved, std::span(stream).subspan(at),
                               reason))
    return op->emitError() << "cannot be encoded: " << reason;
  group.ended[engine] |= codec::isEnd(layout, registers);
  if (wantsSideTable) {
    group.layers[engine].push_back(layerIndex(op->getLoc()));
    addTensors(op->getLoc(), groupIndex, engine, registers.cmd_id);
  }
  return success();
}

LogicalResult StreamEncoder::add(bm1684x::CommandOpInterface command) {
  codec::Layout layout = command.getLayout();
  codec::Registers registers;
  command.getRegisters(registers);
  unsigned engine = unsigned(codec::layoutInfo(layout).engine);
  uint32_t group = groupOf(engine);
  uint32_t dependency = 0;
  for (Value token : command.getWaitedTokens()) {
    auto found = positions.find(token);
    if (found == positions.end())
      return command->emitError("waits for a token that is no command of this "
                                "function");
    // Queues are in order, and groups run one after the other.
    const Position &waited = found->second;
    if (waited.engine == engine || waited.group < group)
      continue;
    if (waited.group > group)
      return command->emitError()
             << "waits for a command of a later command group; each group runs "
                "to its end commands first";
    dependency = std::max(dependency, waited.id);
  }
  registers.cmd_id_dep = dependency;
  if (failed(append(command, group, layout, registers)))
    return failure();
  positions.try_emplace(command.getCompletion(),
                        Position{engine, group, groups[group].counts[engine]});
  return success();
}

LogicalResult StreamEncoder::finish(func::FuncOp function) {
  if (groups.empty())
    groups.resize(1);
  for (uint32_t index = 0; index < groups.size(); ++index) {
    if (!groups[index].ended[0]) {
      codec::Registers end;
      end.tsk_eu_typ = codec::SysidFunction::End;
      if (failed(append(function, index, codec::Layout::Sysid, end)))
        return failure();
    }
    if (!groups[index].ended[1]) {
      codec::Registers end;
      end.cmd_id_en = 1;
      if (failed(append(function, index, codec::Layout::SDmaSys, end)))
        return failure();
    }
  }
  return success();
}

void StreamEncoder::takeStreams(Bmodel &model, Stage &stage) {
  for (Group &group : groups)
    stage.groups.push_back({model.keep(std::move(group.streams[0])),
                            model.keep(std::move(group.streams[1])),
                            group.counts[0], group.counts[1]});
  if (layers.empty())
    return;
  SideTable &table = stage.sideTable.emplace();
  llvm::StringMap<uint32_t> fusedGroups;
  for (const auto &[names, index] : layers) {
    SideTable::Layer &layer = table.layers.emplace_back();
    layer.name = names.name;
    layer.kind = names.kind;
    if (names.fusedGroup.empty())
      continue;
    auto [it, isNew] =
        fusedGroups.try_emplace(names.fusedGroup, table.fusedGroups.size());
    if (isNew)
      table.fusedGroups.push_back(names.fusedGroup);
    layer.fusedGroup = it->second;
  }
  table.tensors = std::move(tensors);
  for (Group &group : groups)
    table.groups.push_back(
        {std::move(group.layers[0]), std::move(group.layers[1])});
}

LogicalResult exportTensors(func::FuncOp function,
                            const std::vector<bm1684x::NetworkTensor> &tensors,
                            std::vector<TensorInfo> &infos) {
  for (const bm1684x::NetworkTensor &tensor : tensors) {
    std::optional<DataType> type = dataTypeOf(tensor.type.getElementType());
    if (!type)
      return function.emitError()
             << "'" << tensor.name << "' has element type "
             << tensor.type.getElementType()
             << ", which a network's input or output cannot have";
    TensorInfo &info = infos.emplace_back();
    info.name = tensor.name;
    info.type = *type;
    uint64_t bits = dataTypeBits(*type);
    for (int64_t dim : tensor.type.getShape()) {
      info.shape.push_back(uint64_t(dim));
      bits *= uint64_t(dim);
    }
    info.address = tensor.address;
    info.size = tensor.bytes != 0 ? tensor.bytes : (bits + 7) / 8;
    info.scale = tensor.scale;
    info.zeroPoint = tensor.zeroPoint;
  }
  return success();
}

Bytes asBytes(ArrayRef<char> data) {
  return Bytes(reinterpret_cast<const uint8_t *>(data.data()), data.size());
}

LogicalResult exportStage(func::FuncOp function,
                          const bm1684x::NetworkDescription &description,
                          const ExportOptions &options, Bmodel &model,
                          Stage &stage) {
  if (failed(exportTensors(function, description.inputs, stage.inputs)) ||
      failed(exportTensors(function, description.outputs, stage.outputs)))
    return failure();
  stage.coefficients.address = description.coefficientAddress;
  stage.coefficients.bytes = asBytes(bm1684x::coefficientBytes(description));
  if (auto resource = dyn_cast_if_present<DenseResourceElementsAttr>(
          description.coefficients);
      resource && !resource.getRawHandle().getBlob())
    return function.emitError() << "the coefficients were elided from the "
                                   "text; keep them to write a model";
  for (const bm1684x::NetworkWeight &weight : description.weights)
    stage.coefficients.ranges.push_back(
        {weight.name, weight.offset, weight.size});
  stage.contextAddress = description.activationAddress;
  stage.contextSize = description.activationBytes;

  if (!function.getBody().hasOneBlock())
    return function.emitError() << "a network's commands are one block";
  StreamEncoder encoder(options.sideTable);
  for (Operation &op : function.getBody().front()) {
    if (op.hasTrait<OpTrait::IsTerminator>())
      continue;
    auto command = dyn_cast<bm1684x::CommandOpInterface>(op);
    if (!command)
      return op.emitError() << "is not a command; lower it first";
    if (failed(encoder.add(command)))
      return failure();
  }
  if (failed(encoder.finish(function)))
    return failure();
  encoder.takeStreams(model, stage);
  if (stage.sideTable) {
    stage.sideTable->explanation = description.explanation;
    stage.sideTable->preprocess = description.preprocess;
  }
  return success();
}

} // namespace

FailureOr<Bmodel> target::exportBmodel(ModuleOp module,
                                       const ExportOptions &options) {
  Bmodel model;
  auto stringOr = [&](StringRef name, const std::string &otherwise) {
    auto attribute = module->getAttrOfType<StringAttr>(name);
    return attribute ? attribute.str() : otherwise;
  };
  model.version = stringOr("bm1684x.version", options.version);
  model.time = stringOr("bm1684x.time", options.time);
  if (auto kernel = module->getAttrOfType<DenseResourceElementsAttr>(
          "bm1684x.kernel_module")) {
    AsmResourceBlob *blob = kernel.getRawHandle().getBlob();
    if (!blob)
      return module.emitError() << "the kernel module was elided from the "
                                   "text; keep it or remove the attribute";
    model.kernelModule = KernelModule{
        stringOr("bm1684x.kernel_module_name", ""), asBytes(blob->getData())};
  }
  for (func::FuncOp function : module.getOps<func::FuncOp>()) {
    FailureOr<bm1684x::NetworkDescription> description =
        bm1684x::getNetworkDescription(function);
    if (failed(description))
      return failure();
    auto network = llvm::find_if(model.networks, [&](const Network &each) {
      return each.name == description->name;
    });
    if (network == model.networks.end()) {
      model.networks.push_back({description->name, {}});
      network = std::prev(model.networks.end());
    }
    if (failed(exportStage(function, *description, options, model,
                           network->stages.emplace_back())))
      return failure();
  }
  if (model.networks.empty())
    return module.emitError() << "has no function of commands";
  return model;
}
