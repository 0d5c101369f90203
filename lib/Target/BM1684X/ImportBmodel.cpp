//===- ImportBmodel.cpp - A container as a module -------------------------===//
//
// Decodes the streams, finds an order in which both queues can run and writes
// one operation a command in it. It decides nothing about the commands.
//
//===----------------------------------------------------------------------===//

#include "Dialect/BM1684X/IR/BM1684X.h"
#include "Dialect/BM1684X/IR/Network.h"
#include "Dialect/BM1684X/IR/ReservedAttr.h"
#include "Dialect/BM1684X/IR/TensorRecords.h"
#include "Target/BM1684X/Translation.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"

#include <map>

using namespace mlir;
using namespace tpuc;
using namespace tpuc::target;

namespace {

/// A decoded command.
struct Command {
  codec::Layout layout;
  codec::Registers registers;
  codec::ReservedBytes reserved;
};

using Queue = std::vector<Command>;

constexpr const char *kQueueNames[2] = {"TIU", "GDMA"};

Type elementType(MLIRContext *context, DataType type) {
  auto integer = [&](bool isUnsigned) -> Type {
    return IntegerType::get(context, dataTypeBits(type),
                            isUnsigned ? IntegerType::Unsigned
                                       : IntegerType::Signless);
  };
  switch (type) {
  case DataType::F32:
    return Float32Type::get(context);
  case DataType::F16:
    return Float16Type::get(context);
  case DataType::BF16:
    return BFloat16Type::get(context);
  case DataType::I8:
  case DataType::I16:
  case DataType::I32:
  case DataType::I4:
    return integer(/*isUnsigned=*/false);
  case DataType::U8:
  case DataType::U16:
  case DataType::U32:
  case DataType::U4:
    return integer(/*isUnsigned=*/true);
  }
  return {};
}

/// `bytes` as a resource that keeps `owner` alive.
DenseResourceElementsAttr resource(MLIRContext *context, StringRef name,
                                   Bytes bytes, std::shared_ptr<void> owner) {
  auto type = RankedTensorType::get({int64_t(bytes.size())},
                                    IntegerType::get(context, 8));
  ArrayRef<char> data(reinterpret_cast<const char *>(bytes.data()),
                      bytes.size());
  AsmResourceBlob blob(
      data, /*dataAlignment=*/1,
      [owner](void *, size_t, size_t) mutable { owner.reset(); },
      /*dataIsMutable=*/false);
  return DenseResourceElementsAttr::get(type, name, std::move(blob));
}

class Importer {
public:
  Importer(const Bmodel &model, MLIRContext *context)
      : model(model), builder(context),
        owner(std::make_shared<Owner>(Owner{model.buffer, model.storage})) {}

  OwningOpRef<ModuleOp> run();

private:
  /// What the model's views point into.
  struct Owner {
    std::shared_ptr<llvm::MemoryBuffer> buffer;
    std::vector<std::shared_ptr<const void>> storage;
  };

  LogicalResult importStage(ModuleOp module, const Network &network,
                            size_t index);
  LogicalResult importGroup(const Stage &stage, size_t index);
  LogicalResult decode(codec::Engine engine, Bytes stream, Queue &queue);
  LogicalResult emit(const Stage &stage, size_t group, const Queue queues[2]);
  Location layerLocation(const Stage &stage, size_t group, unsigned queue,
                         size_t command);
  void collectTensors(const Stage &stage);
  bm1684x::NetworkDescription describe(const Network &network,
                                       const Stage &stage);

  InFlightDiagnostic error() {
    return emitError(builder.getUnknownLoc()) << where << ": ";
  }

  const Bmodel &model;
  OpBuilder builder;
  std::shared_ptr<Owner> owner;
  std::string where;
  /// The tensors of the stage by group, queue and id of their command.
  std::map<std::tuple<unsigned, unsigned, unsigned>,
           SmallVector<bm1684x::TensorRecord>>
      tensors;
};

OwningOpRef<ModuleOp> Importer::run() {
  MLIRContext *context = builder.getContext();
  context->loadDialect<func::FuncDialect, bm1684x::BM1684XDialect>();
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getUnknownLoc());
  (*module)->setAttr("bm1684x.version", builder.getStringAttr(model.version));
  (*module)->setAttr("bm1684x.time", builder.getStringAttr(model.time));
  if (model.kernelModule) {
    (*module)->setAttr(
        "bm1684x.kernel_module",
        resource(context, "kernel_module", model.kernelModule->bytes, owner));
    (*module)->setAttr("bm1684x.kernel_module_name",
                       builder.getStringAttr(model.kernelModule->fileName));
  }
  for (const Network &network : model.networks)
    for (size_t index = 0; index < network.stages.size(); ++index)
      if (failed(importStage(*module, network, index)))
        return {};
  return module;
}

bm1684x::NetworkDescription Importer::describe(const Network &network,
                                               const Stage &stage) {
  bm1684x::NetworkDescription description;
  description.name = network.name;
  auto tensors = [&](const std::vector<TensorInfo> &infos,
                     std::vector<bm1684x::NetworkTensor> &result) {
    for (const TensorInfo &info : infos) {
      SmallVector<int64_t> shape(info.shape.begin(), info.shape.end());
      Type element = elementType(builder.getContext(), info.type);
      uint64_t bits = dataTypeBits(info.type);
      for (int64_t dim : shape)
        bits *= uint64_t(dim);
      bm1684x::NetworkTensor &tensor = result.emplace_back();
      tensor.name = info.name;
      tensor.type = RankedTensorType::get(shape, element);
      tensor.address = info.address;
      tensor.bytes = info.size == (bits + 7) / 8 ? 0 : info.size;
      tensor.scale = info.scale;
      tensor.zeroPoint = info.zeroPoint;
    }
  };
  tensors(stage.inputs, description.inputs);
  tensors(stage.outputs, description.outputs);
  description.coefficientAddress = stage.coefficients.address;
  if (!stage.coefficients.bytes.empty())
    description.coefficients = resource(builder.getContext(), "coefficients",
                                        stage.coefficients.bytes, owner);
  for (const CoefficientRange &range : stage.coefficients.ranges)
    description.weights.push_back({range.name, range.offset, range.size});
  description.activationAddress = stage.contextAddress;
  description.activationBytes = stage.contextSize;
  if (stage.sideTable) {
    description.explanation = stage.sideTable->explanation;
    description.preprocess = stage.sideTable->preprocess;
  }
  return description;
}

LogicalResult Importer::importStage(ModuleOp module, const Network &network,
                                    size_t index) {
  const Stage &stage = network.stages[index];
  std::string name = network.name;
  if (index != 0)
    name += ".stage" + std::to_string(index);
  where = name;
  if (module.lookupSymbol(name))
    return error() << "the name stands twice in the container";
  builder.setInsertionPointToEnd(module.getBody());
  auto function = func::FuncOp::create(builder, builder.getUnknownLoc(), name,
                                       builder.getFunctionType({}, {}));
  bm1684x::setNetworkDescription(function, describe(network, stage));
  builder.setInsertionPointToStart(function.addEntryBlock());
  collectTensors(stage);
  for (size_t group = 0; group < stage.groups.size(); ++group)
    if (failed(importGroup(stage, group)))
      return failure();
  func::ReturnOp::create(builder, builder.getUnknownLoc());
  return success();
}

LogicalResult Importer::decode(codec::Engine engine, Bytes stream,
                               Queue &queue) {
  llvm::Error problem = forEachCommand(
      engine, stream,
      [&](size_t, size_t offset, codec::Layout layout,
          const codec::Registers &registers) {
        queue.push_back({layout, registers,
                         codec::reservedBytes(layout, stream.subspan(offset))});
        return llvm::Error::success();
      });
  if (problem)
    return error() << llvm::toString(std::move(problem));
  for (size_t i = 0; i < queue.size(); ++i)
    if (queue[i].registers.cmd_id != i + 1)
      return error() << kQueueNames[unsigned(engine)] << " command " << i
                     << " has id " << queue[i].registers.cmd_id << ", expected "
                     << i + 1;
  return success();
}

LogicalResult Importer::importGroup(const Stage &stage, size_t index) {
  Queue queues[2];
  if (failed(decode(codec::Engine::Tiu, stage.groups[index].tiu, queues[0])) ||
      failed(decode(codec::Engine::Gdma, stage.groups[index].gdma, queues[1])))
    return failure();
  return emit(stage, index, queues);
}

Location Importer::layerLocation(const Stage &stage, size_t group,
                                 unsigned queue, size_t command) {
  Location unknown = builder.getUnknownLoc();
  if (!stage.sideTable || group >= stage.sideTable->groups.size())
    return unknown;
  const SideTable::Group &layers = stage.sideTable->groups[group];
  const std::vector<uint32_t> &owners = queue == 0 ? layers.tiu : layers.gdma;
  if (command >= owners.size() || owners[command] == SideTable::kNone)
    return unknown;
  const SideTable::Layer &layer = stage.sideTable->layers[owners[command]];
  if (layer.fusedGroup != SideTable::kNone)
    unknown = NameLoc::get(
        builder.getStringAttr(stage.sideTable->fusedGroups[layer.fusedGroup]));
  if (!layer.kind.empty())
    unknown = NameLoc::get(builder.getStringAttr(layer.kind), unknown);
  Location location = NameLoc::get(builder.getStringAttr(layer.name), unknown);
  auto found = tensors.find({unsigned(group), queue, unsigned(command) + 1});
  if (found == tensors.end())
    return location;
  return bm1684x::withTensorRecords(location, found->second);
}

void Importer::collectTensors(const Stage &stage) {
  tensors.clear();
  if (!stage.sideTable)
    return;
  for (const SideTable::Tensor &tensor : stage.sideTable->tensors) {
    bm1684x::TensorRecord record;
    record.name = tensor.name;
    record.type = RankedTensorType::get(
        SmallVector<int64_t>(tensor.shape.begin(), tensor.shape.end()),
        elementType(builder.getContext(), tensor.type));
    record.scale = tensor.scale;
    record.zeroPoint = tensor.zeroPoint;
    record.isLocal = tensor.memory == SideTable::Memory::Local;
    record.address = tensor.address;
    record.lane = tensor.lane;
    record.dims.assign(tensor.dims.begin(), tensor.dims.end());
    record.strides.assign(tensor.strides.begin(), tensor.strides.end());
    if (tensor.otherCommand != 0)
      tensors[{tensor.group, 1 - tensor.engine, tensor.otherCommand}].push_back(
          record);
    tensors[{tensor.group, tensor.engine, tensor.command}].push_back(
        std::move(record));
  }
}

LogicalResult Importer::emit(const Stage &stage, size_t group,
                             const Queue queues[2]) {
  std::vector<Value> tokens[2];
  while (true) {
    bool progressed = false;
    for (unsigned queue : {0u, 1u}) {
      size_t next = tokens[queue].size();
      if (next == queues[queue].size())
        continue;
      const Command &command = queues[queue][next];
      uint32_t dependency = command.registers.cmd_id_dep;
      const std::vector<Value> &others = tokens[1 - queue];
      if (dependency > others.size())
        continue;
      SmallVector<Value, 1> waits;
      if (dependency != 0)
        waits.push_back(others[dependency - 1]);
      Operation *op = bm1684x::createCommand(
          builder, layerLocation(stage, group, queue, next), command.layout,
          command.registers, waits);
      bm1684x::setReservedBytes(op, command.reserved);
      tokens[queue].push_back(op->getResult(0));
      progressed = true;
      break; // The TIU goes first whenever it can.
    }
    if (progressed)
      continue;
    bool done[2] = {tokens[0].size() == queues[0].size(),
                    tokens[1].size() == queues[1].size()};
    if (done[0] && done[1])
      return success();
    InFlightDiagnostic diagnostic = error() << "the queues never finish:";
    for (unsigned queue : {0u, 1u})
      if (!done[queue]) {
        size_t next = tokens[queue].size();
        diagnostic << " " << kQueueNames[queue] << " command " << next + 1
                   << " waits for " << kQueueNames[1 - queue] << " command "
                   << queues[queue][next].registers.cmd_id_dep << ";";
      }
    return diagnostic;
  }
}

} // namespace

OwningOpRef<ModuleOp> target::importBmodel(const Bmodel &model,
                                           MLIRContext *context) {
  return Importer(model, context).run();
}
