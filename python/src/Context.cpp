//===- Context.cpp - the dialects and passes that Python can use ----------===//

#include "ModuleHandle.h"
#include "Dialect/Top/IR/Top.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/Passes.h"
#include <mutex>

using namespace mlir;

namespace tpuc::python {

std::shared_ptr<MLIRContext> makeContext() {
  static std::once_flag once;
  std::call_once(once, [] { registerTransformsPasses(); });
  DialectRegistry registry;
  registry.insert<func::FuncDialect>();
  registry.insert<top::TopDialect, tpu::TpuDialect>();
  auto context = std::make_shared<MLIRContext>(registry);
  context->loadAllAvailableDialects();
  return context;
}

} // namespace tpuc::python
