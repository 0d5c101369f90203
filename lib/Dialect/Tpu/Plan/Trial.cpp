//===- Trial.cpp - Cycles of a changed copy of a network ------------------===//

#include "Trial.h"

using namespace mlir;
using namespace tpuc;

func::FuncOp tpu::copyOf(func::FuncOp function) {
  OpBuilder builder(function);
  return cast<func::FuncOp>(builder.clone(*function));
}

std::optional<uint64_t> tpu::tryOut(func::FuncOp copy, PassRunner run,
                                    bool isSearched) {
  std::optional<uint64_t> cycles;
  OpPassManager lanes(func::FuncOp::getOperationName());
  tpu::buildLanesPipeline(lanes);
  if (succeeded(run(lanes, copy)))
    cycles = tpu::estimateCycles(copy->getParentOfType<ModuleOp>(), copy,
                                 isSearched);
  copy.erase();
  return cycles;
}
