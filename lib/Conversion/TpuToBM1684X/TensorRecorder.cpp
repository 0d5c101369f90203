//===- TensorRecorder.cpp - Where named tensors come to lie ---------------===//
//
// Only the GDMA writes global memory, and its queue is in order: a value there
// is complete after the last GDMA command of its operator. What is in local
// memory may be written by both: a record on a command of each queue says that
// both must have run.
//
//===----------------------------------------------------------------------===//

#include "TensorRecorder.h"

#include "Dialect/Tpu/IR/TensorNames.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace tpuc;

TensorRecorder::TensorRecorder(func::FuncOp function) {
  llvm::StringMap<Value> last;
  for (Operation &op : function.getBody().front())
    if (StringRef name = tpu::getTensorName(op.getLoc());
        !name.empty() && op.getNumResults() == 1)
      last[name] = op.getResult(0);
  for (auto &entry : last)
    names[entry.second] = tpu::getTensorName(entry.second.getLoc());
}

/// The later one of two commands, either of which may be none.
static Operation *later(Operation *left, Operation *right) {
  if (!left || !right)
    return left ? left : right;
  return left->isBeforeInBlock(right) ? right : left;
}

void TensorRecorder::addOperator(Operation *op, const LastCommands &last,
                                 FindAllocation findAllocation,
                                 SharesMemory sharesMemory) {
  bool isView = !last.tiu && !last.gdma;
  for (Value result : op->getResults()) {
    LastCommands writer = last;
    // What computes an operand in its place in the result, as the parts of a
    // concatenation, may do so after the operator's own commands.
    for (Value operand : op->getOperands()) {
      auto found = writers.find(operand);
      if (found == writers.end() || !(isView || sharesMemory(operand, result)))
        continue;
      writer.tiu = later(writer.tiu, found->second.tiu);
      writer.gdma = later(writer.gdma, found->second.gdma);
    }
    writers[result] = writer;
    auto name = names.find(result);
    bm1684x::TensorRecord record;
    if (name == names.end() || !findAllocation(result, record))
      continue;
    record.name = name->second.str();
    record.type = cast<RankedTensorType>(result.getType());
    for (Operation *command :
         {record.isLocal ? writer.tiu : nullptr, writer.gdma})
      if (command)
        command->setLoc(bm1684x::withTensorRecords(command->getLoc(), record));
  }
}
