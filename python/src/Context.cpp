//===- Context.cpp - the dialects and passes that Python can use ----------===//

#include "Conversion/TopToTpu/Passes.h"
#include "Conversion/TpuToBM1684X/Passes.h"
#include "Dialect/BM1684X/Transforms/Passes.h"
#include "Dialect/Top/Transforms/Passes.h"
#include "Dialect/Tpu/Evaluate/Evaluate.h"
#include "Dialect/Tpu/Transforms/Passes.h"
#include "Driver/Compile.h"
#include "ModuleHandle.h"
#include "mlir/Transforms/Passes.h"
#include <mutex>

using namespace mlir;

namespace tpuc::python {

std::shared_ptr<MLIRContext> makeContext() {
  static std::once_flag once;
  std::call_once(once, [] {
    registerTransformsPasses();
    top::registerTopPasses();
    top::registerPipelines();
    tpu::registerTpuPasses();
    registerTopToTpuPasses();
    registerTpuToBM1684XPasses();
    bm1684x::registerBM1684XPasses();
  });
  DialectRegistry registry;
  registerCompileDialects(registry);
  tpu::registerEvaluation(registry);
  auto context = std::make_shared<MLIRContext>(registry);
  context->loadAllAvailableDialects();
  return context;
}

} // namespace tpuc::python
