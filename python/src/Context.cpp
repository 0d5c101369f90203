//===- Context.cpp - the dialects and passes that Python can use ----------===//

#include "Driver/Compile.h"
#include "ModuleHandle.h"
#include <mutex>

using namespace mlir;

namespace tpuc::python {

std::shared_ptr<MLIRContext> makeContext(MLIRContext::Threading threading) {
  static std::once_flag once;
  std::call_once(once, [] { registerCompilePasses(); });
  DialectRegistry registry;
  registerCompileDialects(registry);
  auto context = std::make_shared<MLIRContext>(registry, threading);
  context->loadAllAvailableDialects();
  return context;
}

} // namespace tpuc::python
