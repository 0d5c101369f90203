//===- Trial.cpp - Cycles of a changed copy of a network ------------------===//

#include "Trial.h"

using namespace mlir;
using namespace tpuc;

void tpu::forEachNetwork(ModuleOp module,
                         function_ref<void(func::FuncOp)> choose) {
  for (func::FuncOp function :
       llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
    if (!function.isDeclaration())
      choose(function);
}

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
