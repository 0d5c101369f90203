//===- TensorRecorder.cpp - Where named tensors come to lie ---------------===//
//
// Only the GDMA writes global memory, and its queue is in order: a value is
// complete after the last GDMA command of its operator. What lies in another
// value's memory is complete when that one is.
//
//===----------------------------------------------------------------------===//

#include "TensorRecorder.h"

#include "Dialect/BM1684X/IR/BM1684X.h"
#include "Dialect/BM1684X/IR/TensorRecords.h"
#include "Dialect/Tpu/IR/TensorNames.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace tpuc;

TensorRecorder::TensorRecorder(func::FuncOp function, Block &commands,
                               KernelContext &context, uint64_t activationBase)
    : commands(commands), context(context), activationBase(activationBase) {
  llvm::StringMap<Value> last;
  for (Operation &op : function.getBody().front())
    if (StringRef name = tpu::getTensorName(op.getLoc());
        !name.empty() && op.getNumResults() == 1)
      last[name] = op.getResult(0);
  for (auto &entry : last)
    names[entry.second] = tpu::getTensorName(entry.second.getLoc());
}

/// The last GDMA command of a block behind `begin`, or null.
static Operation *findLastGdma(Block &block, Operation *begin) {
  for (Operation &op : llvm::reverse(block)) {
    if (&op == begin)
      return nullptr;
    auto command = dyn_cast<bm1684x::CommandOpInterface>(op);
    if (command &&
        codec::layoutInfo(command.getLayout()).engine == codec::Engine::Gdma)
      return &op;
  }
  return nullptr;
}

void TensorRecorder::addOperator(Operation *op) {
  Operation *writer = findLastGdma(commands, lastSeen);
  if (!commands.empty())
    lastSeen = &commands.back();
  if (!writer)
    for (Value operand : op->getOperands())
      if (Operation *found = writers.lookup(operand))
        writer = found;
  if (!writer)
    return;
  for (Value result : op->getResults()) {
    writers[result] = writer;
    auto name = names.find(result);
    if (name == names.end() || !context.hasPlace(result) ||
        failed(elementTypeOf(result.getType())))
      continue;
    bm1684x::TensorRecord record;
    record.name = name->second.str();
    record.type = cast<RankedTensorType>(result.getType());
    record.address =
        activationBase + uint64_t(context.globalTensor(result).offsetBytes);
    writer->setLoc(bm1684x::withTensorRecords(writer->getLoc(), record));
  }
}
