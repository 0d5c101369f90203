//===- TpuToBM1684X.cpp - A network's operators as commands ---------------===//
//
// Builds the kernels of all operators, fixes the memory plan, and emits the
// kernels' commands into a new function. What an operator's commands are is the
// kernels' business.
//
//===----------------------------------------------------------------------===//

#include "CommandOpSink.h"
#include "KernelModels.h"
#include "TensorRecorder.h"

#include "Conversion/TpuToBM1684X/Passes.h"
#include "Dialect/BM1684X/IR/BM1684X.h"
#include "Dialect/BM1684X/IR/Network.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"

namespace tpuc {
#define GEN_PASS_DEF_CONVERTTPUTOBM1684X
#include "Conversion/TpuToBM1684X/Passes.h.inc"
} // namespace tpuc

using namespace mlir;
using namespace tpuc;

namespace {

/// The kernels of one operator.
struct OperatorKernels {
  Operation *op;
  kernel::KernelList kernels;
};

/// Reads the places that assign-global-memory gave.
LogicalResult readPlaces(func::FuncOp function, KernelContext &context) {
  for (BlockArgument argument : function.getArguments()) {
    auto offset = function.getArgAttrOfType<IntegerAttr>(
        argument.getArgNumber(), "tpu.global_offset");
    if (!offset)
      return function.emitOpError()
             << "argument " << argument.getArgNumber()
             << " has no 'tpu.global_offset'; run assign-global-memory first";
    context.placeActivation(argument, offset.getInt());
  }
  for (Operation &op : function.getBody().front()) {
    auto offsets = op.getAttrOfType<DenseI64ArrayAttr>("tpu.global_offsets");
    if (!offsets)
      continue;
    if (offsets.size() != op.getNumResults())
      return op.emitOpError()
             << "has " << op.getNumResults()
             << " results but 'tpu.global_offsets' has " << offsets.size();
    for (auto [result, offset] :
         llvm::zip(op.getResults(), offsets.asArrayRef()))
      context.placeActivation(result, offset);
  }
  return success();
}

LogicalResult buildKernels(func::FuncOp function, KernelContext &context,
                           std::deque<OperatorKernels> &operators) {
  bool failed = false;
  for (Operation &op : function.getBody().front()) {
    if (op.hasTrait<OpTrait::IsTerminator>() ||
        op.hasTrait<OpTrait::ConstantLike>())
      continue;
    auto lowering = dyn_cast<LowerToCommandsOpInterface>(op);
    if (!lowering) {
      op.emitOpError() << "has no kernel for this chip; express it by "
                          "operators that have one, or run it on the host";
      failed = true;
      continue;
    }
    OperatorKernels &entry = operators.emplace_back();
    entry.op = &op;
    if (mlir::failed(lowering.buildKernels(context, entry.kernels)))
      failed = true;
  }
  return failure(failed);
}

/// The location of an operator's commands: its name in the user's model, and
/// inside it the operator's kind.
Location commandLocation(Operation *op) {
  StringAttr name;
  op->getLoc()->walk([&](Location location) {
    if (auto named = dyn_cast<NameLoc>(location)) {
      name = named.getName();
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  if (!name)
    return op->getLoc();
  return NameLoc::get(name, NameLoc::get(op->getName().getIdentifier()));
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
  Converter(ModuleOp module, func::FuncOp function, int64_t localBytes)
      : module(module), function(function), localBytes(localBytes) {}

  LogicalResult run(unsigned &numKernels) {
    std::deque<OperatorKernels> operators;
    if (failed(readPlaces(function, context)) ||
        failed(buildKernels(function, context, operators)))
      return failure();
    uint64_t coefficientBase = arch::kGlobalBase;
    activationBase =
        coefficientBase + uint64_t(arch::alignUp(context.coefficientSize(),
                                                 arch::kGlobalAlignBytes));
    OpBuilder builder(function);
    auto commands =
        func::FuncOp::create(builder, function.getLoc(), function.getName(),
                             builder.getFunctionType({}, {}));
    builder.setInsertionPointToStart(commands.addEntryBlock());
    CommandOpSink sink(builder, coefficientBase, activationBase);
    kernel::CommandBuilder commandBuilder(sink);
    TensorRecorder recorder(function, commands.getBody().front(), context,
                            activationBase);
    kernel::KernelOptions options{localBytes};
    for (OperatorKernels &entry : operators) {
      sink.setLocation(commandLocation(entry.op));
      for (auto &kernel : entry.kernels) {
        ++numKernels;
        if (llvm::Error error = kernel->emit(commandBuilder, options))
          return entry.op->emitOpError()
                 << "cannot be computed: " << llvm::toString(std::move(error));
      }
      recorder.addOperator(entry.op);
    }
    func::ReturnOp::create(builder, function.getLoc());
    describe(commands);
    function.erase();
    return success();
  }

private:
  /// Inputs, outputs, coefficients and sizes as attributes of the commands.
  void describe(func::FuncOp commands) {
    bm1684x::NetworkDescription network;
    for (BlockArgument argument : function.getArguments())
      network.inputs.push_back(
          tensorOf(argument, function.getArgAttrOfType<StringAttr>(
                                 argument.getArgNumber(), "top.name")));
    auto terminator =
        cast<func::ReturnOp>(function.getBody().front().getTerminator());
    for (OpOperand &operand : terminator->getOpOperands())
      network.outputs.push_back(
          tensorOf(operand.get(), function.getResultAttrOfType<StringAttr>(
                                      operand.getOperandNumber(), "top.name")));
    network.coefficientAddress = arch::kGlobalBase;
    network.coefficients = coefficientAttr(module.getContext(), context);
    network.activationAddress = activationBase;
    network.activationBytes =
        function->getAttrOfType<IntegerAttr>("tpu.activation_bytes").getInt();
    bm1684x::setNetworkDescription(commands, network);
  }

  bm1684x::NetworkTensor tensorOf(Value value, StringAttr name) {
    return {name ? name.str() : "", cast<RankedTensorType>(value.getType()),
            activationBase + uint64_t(context.globalTensor(value).offsetBytes)};
  }

  ModuleOp module;
  func::FuncOp function;
  int64_t localBytes;
  KernelContext context;
  uint64_t activationBase = 0;
};

struct ConvertTpuToBM1684X
    : public tpuc::impl::ConvertTpuToBM1684XBase<ConvertTpuToBM1684X> {
  using Base::Base;

  void runOnOperation() override {
    unsigned kernels = 0;
    for (func::FuncOp function :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (failed(Converter(getOperation(), function, localBytes).run(kernels)))
        return signalPassFailure();
    numKernels += kernels;
  }
};

} // namespace

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
