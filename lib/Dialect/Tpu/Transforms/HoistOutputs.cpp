//===- HoistOutputs.cpp - Outputs as early as they can be -----------------===//
//
// Moves operators that serve one output only to where their operands are ready.
// Exporters write all heads of a network at its end.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Tpu/IR/Tpu.h"
#include "Dialect/Tpu/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "tpu-hoist-outputs"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPUHOISTOUTPUTS
#include "Dialect/Tpu/Transforms/Passes.h.inc"
} // namespace tpuc::tpu

using namespace mlir;
using namespace tpuc::tpu;

/// The operators that make the function's results, and of a result that is
/// joined from parts those that make the parts.
static SmallVector<Operation *> partsOfResults(Operation *terminator) {
  llvm::SetVector<Operation *> parts;
  for (Value result : terminator->getOperands()) {
    Operation *op = result.getDefiningOp();
    if (!op)
      continue;
    if (auto concat = dyn_cast<ConcatOp>(op); concat && op->hasOneUse()) {
      for (Value part : concat.getInputs())
        if (part.getDefiningOp())
          parts.insert(part.getDefiningOp());
    } else {
      parts.insert(op);
    }
  }
  return parts.takeVector();
}

/// The operators of `part`'s block that only `part` needs, in reverse order.
static SmallVector<Operation *> servantsOf(Operation *part) {
  llvm::SetVector<Operation *> servants;
  if (!part->hasOneUse())
    return {};
  servants.insert(part);
  for (Operation *op = part->getPrevNode(); op; op = op->getPrevNode()) {
    bool isServant =
        !op->use_empty() && !op->hasTrait<OpTrait::ConstantLike>() &&
        llvm::all_of(op->getUsers(),
                     [&](Operation *user) { return servants.contains(user); });
    if (isServant)
      servants.insert(op);
  }
  return servants.takeVector();
}

/// Moves `op` behind the last of its operands.
static bool hoist(Operation *op) {
  Operation *last = nullptr;
  for (Value operand : op->getOperands()) {
    Operation *producer = operand.getDefiningOp();
    if (producer && (!last || last->isBeforeInBlock(producer)))
      last = producer;
  }
  if (!last || last->getNextNode() == op)
    return false;
  op->moveAfter(last);
  return true;
}

namespace {

struct TpuHoistOutputsPass
    : tpuc::tpu::impl::TpuHoistOutputsBase<TpuHoistOutputsPass> {
  void runOnOperation() override {
    if (getOperation().isDeclaration())
      return;
    Operation *terminator = getOperation().getBody().front().getTerminator();
    SmallVector<Operation *> parts = partsOfResults(terminator);
    // Nothing is made after the last part that could be made before it.
    for (Operation *part : parts) {
      bool isLast = llvm::none_of(parts, [&](Operation *other) {
        return part->isBeforeInBlock(other);
      });
      if (isLast)
        continue;
      SmallVector<Operation *> servants = servantsOf(part);
      for (Operation *op : llvm::reverse(servants))
        numHoisted += hoist(op);
    }
    LDBG() << "moved " << numHoisted.getValue() << " operators";
  }
};

} // namespace
