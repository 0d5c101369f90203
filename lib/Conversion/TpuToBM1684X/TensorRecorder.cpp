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

void TensorRecorder::addOperator(Operation *op, const LastCommands &last,
                                 FindPlace findPlace) {
  LastCommands writer = last;
  if (!writer.tiu && !writer.gdma)
    for (Value operand : op->getOperands())
      if (auto found = writers.find(operand); found != writers.end())
        writer = found->second;
  for (Value result : op->getResults()) {
    writers[result] = writer;
    auto name = names.find(result);
    bm1684x::TensorRecord record;
    if (name == names.end() || !findPlace(result, record))
      continue;
    record.name = name->second.str();
    record.type = cast<RankedTensorType>(result.getType());
    for (Operation *command :
         {record.isLocal ? writer.tiu : nullptr, writer.gdma})
      if (command)
        command->setLoc(bm1684x::withTensorRecords(command->getLoc(), record));
  }
}
