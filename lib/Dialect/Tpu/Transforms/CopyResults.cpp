//===- CopyResults.cpp - Results have memory of their own -----------------===//
//
// AliasAnalysis knows which values share memory.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Tpu/Transforms/AliasAnalysis.h"
#include "Dialect/Tpu/Transforms/Passes.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "tpu-copy-results"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPUCOPYRESULTS
#include "Dialect/Tpu/Transforms/Passes.h.inc"
} // namespace tpuc::tpu

using namespace tpuc;

namespace {

struct TpuCopyResults
    : public tpuc::tpu::impl::TpuCopyResultsBase<TpuCopyResults> {
  void runOnOperation() override {
    bool hasChanged = !getOperation().isDeclaration() &&
                      AliasAnalysis::copyResults(getOperation());
    LDBG() << getOperation().getName() << ": "
           << (hasChanged ? "copied results" : "no result to copy");
    if (!hasChanged)
      markAllAnalysesPreserved();
  }
};

} // namespace
