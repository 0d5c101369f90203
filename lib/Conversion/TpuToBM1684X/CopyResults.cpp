//===- CopyResults.cpp - Results have memory of their own -----------------===//
//
// Which values lie in others is known to AliasAnalysis.
//
//===----------------------------------------------------------------------===//

#include "AliasAnalysis.h"
#include "Conversion/TpuToBM1684X/Passes.h"

namespace tpuc {
#define GEN_PASS_DEF_TPUCOPYRESULTS
#include "Conversion/TpuToBM1684X/Passes.h.inc"
} // namespace tpuc

using namespace tpuc;

namespace {

struct TpuCopyResults : public tpuc::impl::TpuCopyResultsBase<TpuCopyResults> {
  void runOnOperation() override {
    if (getOperation().isDeclaration() ||
        !AliasAnalysis::copyResults(getOperation()))
      markAllAnalysesPreserved();
  }
};

} // namespace
