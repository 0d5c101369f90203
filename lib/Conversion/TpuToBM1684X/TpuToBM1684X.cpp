//===- TpuToBM1684X.cpp - A network's operators as commands ---------------===//
//
// Emits the commands of a planned network into a new function. Kernels choose
// the commands of an operator; the plan has the addresses and the order.
//
//===----------------------------------------------------------------------===//

#include "A16Kernels.h"
#include "Arch/Chip.h"
#include "DetectionKernels.h"
#include "Dialect/Tpu/Plan/PlanText.h"
#include "KernelModels.h"
#include "ScheduleReport.h"
#include "TensorRecorder.h"

#include "Conversion/TpuToBM1684X/Passes.h"
#include "Dialect/BM1684X/IR/BM1684X.h"
#include "Dialect/BM1684X/IR/Network.h"
#include "Dialect/Tpu/IR/TensorNames.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "LayerGroup/Schedule.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "convert-tpu-to-bm1684x"

namespace tpuc {
#define GEN_PASS_DEF_CONVERTTPUTOBM1684X
#include "Conversion/TpuToBM1684X/Passes.h.inc"
} // namespace tpuc

using namespace mlir;
using namespace tpuc;

namespace {

/// The location of an operator's commands: its name in the user's model, inside
/// it the operator's kind, and inside that the group it was scheduled in.
Location commandLocation(Operation *op, StringRef group) {
  StringAttr name = tpu::getSourceName(op);
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
  const Arch &arch = kernels.arch();
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(size, arch.vectorBytes,
                                                       /*dataIsMutable=*/true);
  llvm::MutableArrayRef<char> area = blob.getMutableData();
  llvm::fill(area, 0);
  for (const KernelContext::Coefficient &piece : kernels.coefficients())
    llvm::copy(piece.bytes, area.data() + piece.offsetBytes);
  auto type = RankedTensorType::get({size}, IntegerType::get(context, 8));
  return DenseResourceElementsAttr::get(type, "coefficients", std::move(blob));
}

class Converter {
public:
  explicit Converter(Network &network)
      : function(network.function), network(network), bases(network.bases()) {}

  LogicalResult run(const group::Plan &plan) {
    if (Operation *op = network.context.unpackedOperator())
      return op->emitOpError()
             << "has weights that are not packed; run tpu-pack-weights before "
                "tpu-layer-group";
    group::Failure reason;
    if (!group::emitPlan(network.program, plan, bases, schedule, reason))
      return network.operators[reason.op]->emitOpError() << reason.reason;
    OpBuilder builder(function);
    auto commands =
        func::FuncOp::create(builder, function.getLoc(), function.getName(),
                             builder.getFunctionType({}, {}));
    builder.setInsertionPointToStart(commands.addEntryBlock());
    ScheduleReport report(network.program, plan.localBytes, schedule,
                          network.operators, network.values);
    report.emitRemarks();
    writeCommands(builder, report);
    func::ReturnOp::create(builder, function.getLoc());
    describe(commands, report);
    function.erase();
    return success();
  }

private:
  /// One operation a command, with the token of the command that it depends on.
  void writeCommands(OpBuilder &builder, const ScheduleReport &report) {
    SmallVector<Location> locations;
    for (auto [index, op] : llvm::enumerate(network.operators))
      locations.push_back(commandLocation(op, report.groupName(index)));
    std::vector<TensorRecorder::LastCommands> last(network.operators.size());
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
      if (!last.empty() &&
          network.operators[network.operators.size() - last.size()] == &op) {
        commands = last.front();
        last = last.drop_front();
      }
      recorder.addOperator(
          &op, commands,
          [&](Value value, bm1684x::TensorRecord &record) {
            return findAllocation(value, record);
          },
          [&](Value operand, Value result) {
            return network.aliases.aliasOf(operand).root ==
                   network.aliases.aliasOf(result).root;
          });
    }
  }

  bool findAllocation(Value value, bm1684x::TensorRecord &record) {
    AliasAnalysis::Alias view = network.aliases.aliasOf(value);
    std::optional<unsigned> root = network.indexOf(value);
    if (!root)
      return false;
    const group::Allocation &allocation = schedule.allocations[*root];
    const group::Value &whole = network.program.values[*root];
    if (allocation.isGlobal) {
      record.address =
          bases.activations + uint64_t(allocation.globalOffset + view.offset);
      return true;
    }
    if (!allocation.isResident)
      return false;
    // A view of a part of its root has no lane layout.
    int64_t elements = cast<RankedTensorType>(value.getType()).getNumElements();
    kernel::LaneLayout layout = whole.layout;
    if (elements != whole.numElements())
      return false;
    int64_t rest = elements / (layout.n * layout.c);
    kernel::Shape4 dims{layout.n, layout.c, 1, rest};
    kernel::Shape4 strides =
        kernel::alignedStrides(network.program.arch, dims, whole.type);
    record.isLocal = true;
    record.address = allocation.address;
    record.dims.assign(dims.begin(), dims.end());
    record.strides.assign(strides.begin(), strides.end());
    return true;
  }

  /// Inputs, outputs, coefficients and sizes as attributes of the commands.
  void describe(func::FuncOp commands, const ScheduleReport &report) {
    bm1684x::NetworkDescription description;
    for (BlockArgument argument : function.getArguments()) {
      bm1684x::NetworkTensor &input = description.inputs.emplace_back(
          tensorOf(argument, function.getArgAttrOfType<StringAttr>(
                                 argument.getArgNumber(), "top.name")));
      // Inputs are multiplied by their scale, outputs too.
      input.scale = 1 / input.scale;
    }
    auto terminator =
        cast<func::ReturnOp>(function.getBody().front().getTerminator());
    for (OpOperand &operand : terminator->getOpOperands())
      description.outputs.push_back(
          tensorOf(operand.get(), function.getResultAttrOfType<StringAttr>(
                                      operand.getOperandNumber(), "top.name")));
    description.coefficientAddress = bases.coefficients;
    description.coefficients =
        coefficientAttr(function.getContext(), network.context);
    for (const KernelContext::Coefficient &piece :
         network.context.coefficients())
      description.weights.push_back({piece.name, uint64_t(piece.offsetBytes),
                                     uint64_t(piece.bytes.size())});
    description.activationAddress = bases.activations;
    description.activationBytes = schedule.globalBytes;
    description.explanation = report.json();
    if (auto text =
            function->getAttrOfType<StringAttr>(bm1684x::kPreprocessAttrName))
      description.preprocess = text.str();
    bm1684x::setNetworkDescription(commands, description);
  }

  bm1684x::NetworkTensor tensorOf(Value value, StringAttr name) {
    AliasAnalysis::Alias alias = network.aliases.aliasOf(value);
    const group::Allocation &root =
        schedule.allocations[*network.indexOf(value)];
    bm1684x::NetworkTensor tensor;
    tensor.name = name ? name.str() : "";
    tensor.type = cast<RankedTensorType>(value.getType());
    tensor.address =
        bases.activations + uint64_t(root.globalOffset + alias.offset);
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

  func::FuncOp function;
  Network &network;
  group::GlobalBases bases;
  group::Schedule schedule;
};

struct ConvertTpuToBM1684X
    : public tpuc::impl::ConvertTpuToBM1684XBase<ConvertTpuToBM1684X> {
  void runOnOperation() override {
    auto cache = getCachedAnalysis<NetworkCache>();
    for (func::FuncOp function :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      LDBG() << "emitting the commands of " << function.getName();
      if (failed(convert(function, cache ? &cache->get() : nullptr)))
        return signalPassFailure();
    }
  }

private:
  /// The network of a function, from the pass that planned it or built anew.
  static std::unique_ptr<Network> takeNetwork(func::FuncOp function,
                                              NetworkCache *cache,
                                              bool allowsLaneProducts) {
    if (cache)
      if (auto found = cache->networks.find(function);
          found != cache->networks.end())
        return std::move(found->second);
    auto network = std::make_unique<Network>(archOf(function), function,
                                             allowsLaneProducts);
    return succeeded(network->build()) ? std::move(network) : nullptr;
  }

  LogicalResult convert(func::FuncOp function, NetworkCache *cache) {
    if (function.isDeclaration())
      return success();
    auto attribute = function->getAttrOfType<tpu::PlanAttr>(tpu::kPlanAttrName);
    if (!attribute)
      return function.emitOpError("has no plan; run tpu-layer-group first");
    if (failed(dissolveGroups(function)))
      return failure();
    std::unique_ptr<Network> network =
        takeNetwork(function, cache, attribute.getLaneProducts());
    if (!network)
      return failure();
    FailureOr<group::Plan> plan = readPlan(*network);
    return success(succeeded(plan) &&
                   succeeded(Converter(*network).run(*plan)));
  }
};

} // namespace

void tpuc::registerTpuKernels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, tpu::TpuDialect *) {
    attachA16Kernels(context);
    attachAttentionKernels(context);
    attachDetectionKernels(context);
    attachElementwiseKernels(context);
    attachMathKernels(context);
    attachMatmulKernels(context);
    attachMoveKernels(context);
    attachRecurrentKernels(context);
    attachWindowKernels(context);
  });
}
