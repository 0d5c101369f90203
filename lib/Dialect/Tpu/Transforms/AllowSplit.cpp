//===- AllowSplit.cpp - Constants that are cut with activations -----------===//
//
// Marks the constants of which a part of an activation needs the same part.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Tpu/IR/Tpu.h"
#include "Dialect/Tpu/Transforms/Passes.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "tpu-allow-split"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPUALLOWSPLIT
#include "Dialect/Tpu/Transforms/Passes.h.inc"
} // namespace tpuc::tpu

using namespace mlir;
using namespace tpuc::tpu;

namespace {

struct TpuAllowSplitPass
    : tpuc::tpu::impl::TpuAllowSplitBase<TpuAllowSplitPass> {
  void runOnOperation() override {
    getOperation().walk([&](WeightOp weight) {
      bool isElementwise =
          !weight->use_empty() &&
          llvm::all_of(weight->getUsers(), [](Operation *user) {
            return user->hasTrait<Pointwise>();
          });
      weight.setAllowSplit(isElementwise);
      numAllowed += isElementwise;
    });
    LDBG() << numAllowed.getValue() << " constants";
  }
};

} // namespace
