//===- TpuGroupOps.cpp - Groups of a planned network ----------------------===//
//
// Verifiers of groups. What their members have to be is for tpu-verify-plan.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Tpu/IR/Tpu.h"

using namespace mlir;
using namespace tpuc::tpu;

#define GET_OP_CLASSES
#include "Dialect/Tpu/IR/TpuGroupOps.cpp.inc"

LogicalResult GroupOp::verify() {
  Block &block = getBody().front();
  /*group_c1*/
  if (block.empty() || !isa<YieldOp>(block.back()))
    return emitOpError("does not end with a tpu.yield");
  if (llvm::hasSingleElement(block))
    return emitOpError("has no members");
  /*group_c2*/
  auto yield = cast<YieldOp>(block.back());
  if (yield.getOperandTypes() != getResultTypes())
    return emitOpError("has results of types ")
           << getResultTypes() << ", but yields " << yield.getOperandTypes();
  /*group_c3*/
  if (getLast() < getFirst())
    return emitOpError("has operators ")
           << getFirst() << " to " << getLast() << ", which is no range";
  /*group_c4*/
  if (getSlices() && !block.getOps<GroupOp>().empty())
    return emitOpError("has slices and holds another group");
  return success();
}
