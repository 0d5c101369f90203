//===- Context.cpp - the dialects and passes that Python can use ----------===//

#include "Driver/Compile.h"
#include "Driver/RunPasses.h"
#include "ModuleHandle.h"
#include <mutex>

using namespace mlir;

namespace tpuc::python {

std::shared_ptr<MLIRContext> makeContext(MLIRContext::Threading threading) {
  static std::once_flag once;
  std::call_once(once, [] { registerCompilePasses(); });
  DialectRegistry registry;
  registerCompileDialects(registry);
  // What a crashed pass was at work on is better never destroyed.
  std::shared_ptr<MLIRContext> context(new MLIRContext(registry, threading),
                                       [](MLIRContext *made) {
                                         if (!hasCrashed())
                                           delete made;
                                       });
  context->loadAllAvailableDialects();
  return context;
}

} // namespace tpuc::python
