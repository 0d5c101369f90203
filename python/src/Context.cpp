//===- Context.cpp - the dialects and passes that Python can use ----------===//

#include "ModuleHandle.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/Passes.h"
#ifdef TPUC_HAS_TOP
#include "Dialect/Top/IR/Top.h"
#endif
#include <mutex>

using namespace mlir;

namespace tpuc::python {

std::shared_ptr<MLIRContext> makeContext() {
  static std::once_flag once;
  std::call_once(once, [] { registerTransformsPasses(); });
  DialectRegistry registry;
  registry.insert<func::FuncDialect>();
#ifdef TPUC_HAS_TOP
  registry.insert<top::TopDialect>();
#endif
  auto context = std::make_shared<MLIRContext>(registry);
  context->loadAllAvailableDialects();
  return context;
}

} // namespace tpuc::python
