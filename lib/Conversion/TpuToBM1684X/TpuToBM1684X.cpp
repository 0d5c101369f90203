//===- TpuToBM1684X.cpp - A network's operators as commands ---------------===//
//
// Builds the kernels of all operators, has LayerGroup schedule them, and writes
// the commands into a new function. What an operator's commands are is the
// kernels' business, and where values lie is LayerGroup's.
//
//===----------------------------------------------------------------------===//

#include "KernelModels.h"
#include "ScheduleReport.h"
#include "TensorRecorder.h"
#include "ValuePlaces.h"

#include "Conversion/TpuToBM1684X/KernelContext.h"
#include "Conversion/TpuToBM1684X/Passes.h"
#include "Dialect/BM1684X/IR/BM1684X.h"
#include "Dialect/BM1684X/IR/Network.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "LayerGroup/Schedule.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/DialectResourceBlobManager.h"

namespace tpuc {
#define GEN_PASS_DEF_CONVERTTPUTOBM1684X
#include "Conversion/TpuToBM1684X/Passes.h.inc"
} // namespace tpuc

using namespace mlir;
using namespace tpuc;

namespace {

bool isConstant(Value value) {
  Operation *op = value.getDefiningOp();
  return op && op->hasTrait<OpTrait::ConstantLike>();
}

/// The location of an operator's commands: its name in the user's model, inside
/// it the operator's kind, and inside that the group it was scheduled in.
Location commandLocation(Operation *op, StringRef group) {
  StringAttr name = getSourceName(op);
  if (!name)
    return op->getLoc();
  StringAttr kind = op->getName().getIdentifier();
  if (group.empty())
    return NameLoc::get(name, NameLoc::get(kind));
  auto inner = NameLoc::get(StringAttr::get(op->getContext(), group));
  return NameLoc::get(name, NameLoc::get(kind, inner));
}

/// The coefficient area as one resource.
DenseResourceElementsAttr coefficientAttr(MLIRContext *context,
                                          const KernelContext &kernels) {
  int64_t size = kernels.coefficientSize();
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(size, arch::kVectorBytes,
                                                       /*dataIsMutable=*/true);
  char *out = blob.getMutableData().data();
  int64_t offset = 0;
  for (llvm::ArrayRef<char> piece : kernels.coefficients()) {
    std::copy(piece.begin(), piece.end(), out + offset);
    int64_t end =
        arch::alignUp(offset + int64_t(piece.size()), arch::kGlobalAlignBytes);
    std::fill(out + offset + piece.size(), out + end, 0);
    offset = end;
  }
  auto type = RankedTensorType::get({size}, IntegerType::get(context, 8));
  return DenseResourceElementsAttr::get(type, "coefficients", std::move(blob));
}

class Converter {
public:
  Converter(ModuleOp module, func::FuncOp function,
            const group::Options &options, bool allowsLaneProducts = true)
      : module(module), function(function), options(options), places(function),
        context(allowsLaneProducts) {}

  /// Builds all kernels and decides on all commands.
  LogicalResult plan() {
    if (failed(addValues()) || failed(addOperators()))
      return failure();
    options.coefficientBase = arch::kGlobalBase;
    options.activationBase = options.coefficientBase +
                             uint64_t(arch::alignUp(context.coefficientSize(),
                                                    arch::kGlobalAlignBytes));
    group::Failure reason;
    if (!group::schedule(program, options, schedule, reason))
      return operators[reason.op]->emitOpError()
             << "cannot be computed: " << reason.reason;
    return success();
  }

  uint64_t cycles() const { return schedule.cycles; }

  LogicalResult run(unsigned &numKernels) {
    if (function.getNumResults() == 0)
      return function.emitOpError("has no results, expected at least one "
                                  "tensor that the network computes");
    if (failed(plan()))
      return failure();
    for (const group::Operator &op : program.operators)
      numKernels += op.kernels.size();
    OpBuilder builder(function);
    auto commands =
        func::FuncOp::create(builder, function.getLoc(), function.getName(),
                             builder.getFunctionType({}, {}));
    builder.setInsertionPointToStart(commands.addEntryBlock());
    ScheduleReport report(program, options, schedule, operators, values);
    report.emitRemarks();
    writeCommands(builder, report);
    func::ReturnOp::create(builder, function.getLoc());
    describe(commands, report);
    function.erase();
    return success();
  }

private:
  /// Gives every value that is no view of another its virtual memory.
  LogicalResult addValues() {
    int64_t offset = 0;
    auto add = [&](Value value) {
      auto type = cast<RankedTensorType>(value.getType());
      FailureOr<kernel::ElementType> element = elementTypeOf(type);
      if (failed(element))
        return failure();
      group::Value info;
      info.offset = offset;
      info.bytes = type.getNumElements() * byteWidth(*element);
      info.type = *element;
      info.split = splitOf(value);
      info.isInput = isa<BlockArgument>(value);
      offset += arch::alignUp(std::max<int64_t>(info.bytes, 1),
                              arch::kGlobalAlignBytes);
      indices[value] = program.values.size();
      program.values.push_back(info);
      values.push_back(value);
      context.placeActivation(value, info.offset, info.split);
      return success();
    };
    for (BlockArgument argument : function.getArguments())
      if (failed(add(argument)))
        return function.emitOpError()
               << "argument " << argument.getArgNumber() << " has type "
               << argument.getType() << ", which this chip does not have";
    for (Operation &op : function.getBody().front())
      for (Value result : op.getResults()) {
        if (isConstant(result))
          continue;
        if (places.rootOf(result) == result && failed(add(result)))
          return op.emitOpError() << "has a result of type " << result.getType()
                                  << ", which this chip does not have";
      }
    for (Operation &op : function.getBody().front())
      for (Value result : op.getResults()) {
        ValuePlaces::Place place = places.placeOf(result);
        if (auto root = indices.find(place.root);
            root != indices.end() && place.root != result)
          context.placeActivation(
              result, program.values[root->second].offset + place.offset,
              splitOf(result));
      }
    for (Value result :
         function.getBody().front().getTerminator()->getOperands())
      program.values[indices.at(places.rootOf(result))].isOutput = true;
    return success();
  }

  LogicalResult addOperators() {
    bool hasFailed = false;
    for (Operation &op : function.getBody().front()) {
      if (op.hasTrait<OpTrait::IsTerminator>() ||
          op.hasTrait<OpTrait::ConstantLike>())
        continue;
      auto lowering = dyn_cast<LowerToCommandsOpInterface>(op);
      if (!lowering) {
        op.emitOpError() << "has no kernel for this chip; express it by "
                            "operators that have one, or run it on the host";
        hasFailed = true;
        continue;
      }
      group::Operator entry;
      if (failed(lowering.buildKernels(context, entry.kernels))) {
        hasFailed = true;
        continue;
      }
      // A view computes nothing.
      if (entry.kernels.empty())
        continue;
      auto addIndices = [&](ValueRange values, auto &list) {
        for (Value value : values)
          if (auto root = indices.find(places.rootOf(value));
              root != indices.end())
            list.push_back(root->second);
      };
      addIndices(op.getOperands(), entry.operands);
      addIndices(op.getResults(), entry.results);
      program.operators.push_back(std::move(entry));
      operators.push_back(&op);
    }
    return failure(hasFailed);
  }

  /// One operation a command, waiting for the token that its memory asks for.
  void writeCommands(OpBuilder &builder, const ScheduleReport &report) {
    SmallVector<Location> locations;
    for (auto [index, op] : llvm::enumerate(operators))
      locations.push_back(commandLocation(op, report.groupName(index)));
    std::vector<TensorRecorder::LastCommands> last(operators.size());
    SmallVector<Value> tokens[2];
    for (const group::Command &command : schedule.commands) {
      unsigned engine = unsigned(codec::layoutInfo(command.layout).engine);
      SmallVector<Value, 1> waits;
      if (command.dependency != 0)
        waits.push_back(tokens[1 - engine][command.dependency - 1]);
      Operation *op =
          bm1684x::createCommand(builder, locations[command.op], command.layout,
                                 command.registers, waits);
      tokens[engine].push_back(op->getResult(0));
      bool isTiu = engine == unsigned(codec::Engine::Tiu);
      (isTiu ? last[command.op].tiu : last[command.op].gdma) = op;
    }
    recordTensors(last);
  }

  void recordTensors(ArrayRef<TensorRecorder::LastCommands> last) {
    TensorRecorder recorder(function);
    for (Operation &op : function.getBody().front()) {
      TensorRecorder::LastCommands commands;
      if (!last.empty() && operators[operators.size() - last.size()] == &op) {
        commands = last.front();
        last = last.drop_front();
      }
      recorder.addOperator(
          &op, commands,
          [&](Value value, bm1684x::TensorRecord &record) {
            return findPlace(value, record);
          },
          [&](Value operand, Value result) {
            return places.placeOf(operand).root == places.placeOf(result).root;
          });
    }
  }

  bool findPlace(Value value, bm1684x::TensorRecord &record) {
    ValuePlaces::Place view = places.placeOf(value);
    auto root = indices.find(view.root);
    if (root == indices.end())
      return false;
    const group::Place &place = schedule.places[root->second];
    if (place.isGlobal) {
      record.address =
          options.activationBase + uint64_t(place.globalOffset + view.offset);
      return true;
    }
    if (!place.isResident)
      return false;
    // A view that is not all of its root has no lanes of its own.
    int64_t elements = cast<RankedTensorType>(value.getType()).getNumElements();
    kernel::LaneSplit split = program.values[root->second].split;
    if (elements != program.values[root->second].numElements())
      return false;
    int64_t rest = elements / (split.n * split.c);
    kernel::Shape4 dims{split.n, split.c, 1, rest};
    kernel::Shape4 strides =
        kernel::alignedStrides(dims, program.values[root->second].type);
    record.isLocal = true;
    record.address = place.address;
    record.dims.assign(dims.begin(), dims.end());
    record.strides.assign(strides.begin(), strides.end());
    return true;
  }

  /// Inputs, outputs, coefficients and sizes as attributes of the commands.
  void describe(func::FuncOp commands, const ScheduleReport &report) {
    bm1684x::NetworkDescription network;
    for (BlockArgument argument : function.getArguments()) {
      bm1684x::NetworkTensor &input = network.inputs.emplace_back(
          tensorOf(argument, function.getArgAttrOfType<StringAttr>(
                                 argument.getArgNumber(), "top.name")));
      // Inputs are multiplied by their scale, outputs too.
      input.scale = 1 / input.scale;
    }
    auto terminator =
        cast<func::ReturnOp>(function.getBody().front().getTerminator());
    for (OpOperand &operand : terminator->getOpOperands())
      network.outputs.push_back(
          tensorOf(operand.get(), function.getResultAttrOfType<StringAttr>(
                                      operand.getOperandNumber(), "top.name")));
    network.coefficientAddress = arch::kGlobalBase;
    network.coefficients = coefficientAttr(module.getContext(), context);
    network.activationAddress = options.activationBase;
    network.activationBytes = schedule.globalBytes;
    network.explanation = report.json();
    if (auto text =
            function->getAttrOfType<StringAttr>(bm1684x::kPreprocessAttrName))
      network.preprocess = text.str();
    bm1684x::setNetworkDescription(commands, network);
  }

  bm1684x::NetworkTensor tensorOf(Value value, StringAttr name) {
    ValuePlaces::Place place = places.placeOf(value);
    const group::Place &root = schedule.places[indices.at(place.root)];
    bm1684x::NetworkTensor tensor;
    tensor.name = name ? name.str() : "";
    tensor.type = cast<RankedTensorType>(value.getType());
    tensor.address =
        options.activationBase + uint64_t(root.globalOffset + place.offset);
    if (auto type =
            dyn_cast<quant::UniformQuantizedType>(tpu::getElement(value))) {
      tensor.scale = float(type.getScale());
      tensor.zeroPoint = int32_t(type.getZeroPoint());
      tensor.type = tensor.type.clone(IntegerType::get(
          value.getContext(), type.getStorageTypeIntegralWidth(),
          type.isSigned() ? IntegerType::Signless : IntegerType::Unsigned));
    }
    return tensor;
  }

  ModuleOp module;
  func::FuncOp function;
  group::Options options;
  ValuePlaces places;
  KernelContext context;
  group::Program program;
  llvm::DenseMap<Value, unsigned> indices; ///< of values that are no views
  SmallVector<Value> values;               ///< by index
  SmallVector<Operation *> operators;
  group::Schedule schedule;
};

struct ConvertTpuToBM1684X
    : public tpuc::impl::ConvertTpuToBM1684XBase<ConvertTpuToBM1684X> {
  using Base::Base;

  void runOnOperation() override {
    unsigned kernels = 0;
    group::Options options;
    options.localBytes = localBytes;
    options.keepResident = keepResident;
    options.fuse = fuse;
    options.prefetch = prefetch;
    options.fillWaits = fillWaits;
    options.rememberCosts = costCache;
    if (search > unsigned(group::Options::Search::Parts)) {
      getOperation().emitError() << "a search of " << search.getValue()
                                 << " is not known; choose 0, 1 or 2";
      return signalPassFailure();
    }
    options.search = group::Options::Search(unsigned(search));
    for (func::FuncOp function :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (failed(Converter(getOperation(), function, options, laneProducts)
                     .run(kernels)))
        return signalPassFailure();
    numKernels += kernels;
  }
};

} // namespace

std::optional<uint64_t>
tpuc::estimateCycles(ModuleOp module, func::FuncOp function, bool isSearched) {
  ScopedDiagnosticHandler quiet(module.getContext(),
                                [](Diagnostic &) { return success(); });
  group::Options options;
  if (!isSearched)
    options.search = group::Options::Search::None;
  Converter converter(module, function, options);
  if (failed(converter.plan()))
    return std::nullopt;
  return converter.cycles();
}

void tpuc::registerTpuKernels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, tpu::TpuDialect *) {
    attachAttentionKernels(context);
    attachElementwiseKernels(context);
    attachMathKernels(context);
    attachMatmulKernels(context);
    attachMoveKernels(context);
    attachWindowKernels(context);
  });
}
