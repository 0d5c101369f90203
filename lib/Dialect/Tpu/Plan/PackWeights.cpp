//===- PackWeights.cpp - Constants in the order of transfers --------------===//
//
// Asks the operators how their commands want their weights and holds the bytes
// beside the numbers, once, so that nothing packs while plans are compared.
//
//===----------------------------------------------------------------------===//

#include "Arch/Chip.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "Dialect/Tpu/Plan/Network.h"
#include "Dialect/Tpu/Plan/Passes.h"
#include "Interfaces/LowerToCommands.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "tpu-pack-weights"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPUPACKWEIGHTS
#include "Dialect/Tpu/Plan/Passes.h.inc"
} // namespace tpuc::tpu

using namespace mlir;
using namespace tpuc;

/// The bytes as a resource that owns them.
static AsmResourceBlob makeBlob(std::vector<char> bytes) {
  auto owned = std::make_shared<std::vector<char>>(std::move(bytes));
  return AsmResourceBlob(
      *owned, alignof(std::max_align_t),
      [owned](void *, size_t, size_t) mutable { owned.reset(); },
      /*dataIsMutable=*/false);
}

/// The constant that operand `index` of `op` comes from, as one that nothing
/// else reads; null when it is none.
static tpu::WeightOp ownWeight(Operation *op, unsigned index) {
  OpOperand &operand = op->getOpOperand(index);
  auto weight = operand.get().getDefiningOp<tpu::WeightOp>();
  if (!weight || weight->hasOneUse())
    return weight;
  OpBuilder builder(weight);
  auto copy = cast<tpu::WeightOp>(builder.clone(*weight));
  operand.set(copy.getOutput());
  return copy;
}

namespace {

struct TpuPackWeights : public tpu::impl::TpuPackWeightsBase<TpuPackWeights> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isDeclaration())
      return;
    Network network(archOf(function), function, /*allowsLaneProducts=*/true);
    if (failed(network.place()))
      return signalPassFailure();
    bool hasFailed = false;
    for (Operation &op : function.getBody().front())
      if (auto packing = dyn_cast<PackWeightsOpInterface>(op))
        hasFailed |= failed(pack(packing, network.context));
    if (hasFailed)
      signalPassFailure();
  }

private:
  LogicalResult pack(PackWeightsOpInterface op, KernelContext &context) {
    FailureOr<PackedOperand> operand = op.packWeights(context);
    if (failed(operand))
      return failure();
    if (operand->bytes.empty())
      return success();
    tpu::WeightOp weight = ownWeight(op, operand->index);
    if (!weight)
      return op.emitOpError() << "has operand " << operand->index
                              << " computed at run time; its commands want it "
                                 "packed beforehand";
    LDBG() << weight.getLoc() << ": " << operand->bytes.size() << " bytes";
    auto type = RankedTensorType::get(int64_t(operand->bytes.size()),
                                      IntegerType::get(op.getContext(), 8));
    numBytes += operand->bytes.size();
    weight.setPackedAttr(DenseResourceElementsAttr::get(
        type, "packed", makeBlob(std::move(operand->bytes))));
    ++numPacked;
    return success();
  }
};

} // namespace
