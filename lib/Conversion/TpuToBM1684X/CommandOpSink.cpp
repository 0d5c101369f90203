//===- CommandOpSink.cpp - Commands of kernels as operations --------------===//
//
// One operation a command, waiting for the token that its memory asks for.
//
//===----------------------------------------------------------------------===//

#include "CommandOpSink.h"

#include "Dialect/BM1684X/IR/BM1684X.h"

using namespace mlir;
using namespace tpuc;

void CommandOpSink::emit(codec::Layout layout,
                         const codec::Registers &registers) {
  unsigned engine = unsigned(codec::layoutInfo(layout).engine);
  uint32_t dependency = tracker.add(layout, registers);
  SmallVector<Value, 1> waits;
  if (dependency != 0)
    waits.push_back(tokens[1 - engine][dependency - 1]);
  Operation *op = bm1684x::createCommand(builder, location, layout, registers,
                                         waits);
  tokens[engine].push_back(op->getResult(0));
}
