//===- CopyResults.cpp - Results have memory of their own -----------------===//
//
// AliasAnalysis knows which values share memory.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Tpu/Transforms/AliasAnalysis.h"
#include "Dialect/Tpu/Transforms/Passes.h"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPUCOPYRESULTS
#include "Dialect/Tpu/Transforms/Passes.h.inc"
} // namespace tpuc::tpu

using namespace tpuc;

namespace {

struct TpuCopyResults
    : public tpuc::tpu::impl::TpuCopyResultsBase<TpuCopyResults> {
  void runOnOperation() override {
    if (getOperation().isDeclaration() ||
        !AliasAnalysis::copyResults(getOperation()))
      markAllAnalysesPreserved();
  }
};

} // namespace
