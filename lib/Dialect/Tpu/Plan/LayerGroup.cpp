//===- LayerGroup.cpp - The pass that plans -------------------------------===//
//
// Plans each function by lib/LayerGroup and writes the best plan into the IR.
//
//===----------------------------------------------------------------------===//

#include "Arch/Chip.h"
#include "Dialect/Tpu/Plan/Passes.h"
#include "Dialect/Tpu/Plan/PlanText.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "tpu-layer-group"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPULAYERGROUP
#include "Dialect/Tpu/Plan/Passes.h.inc"
} // namespace tpuc::tpu

using namespace mlir;
using namespace tpuc;

/// Builds the kernels of a function and plans them.
static FailureOr<group::Plan> planNetwork(Network &network,
                                          const group::Options &options) {
  if (failed(network.build()))
    return failure();
  group::Plan plan;
  group::Failure reason;
  if (!group::makePlan(network.program, options, plan, reason))
    return network.operators[reason.op]->emitOpError()
           << "cannot be computed: " << reason.reason;
  LDBG() << network.function.getName() << ": " << plan.cycles << " cycles, "
         << plan.fusions.size() << " fusions, " << plan.globalBytes
         << " bytes of global memory";
  return plan;
}

namespace {

struct TpuLayerGroup
    : public tpuc::tpu::impl::TpuLayerGroupBase<TpuLayerGroup> {
  using Base::Base;

  void runOnOperation() override {
    if (search > unsigned(group::Options::Search::Parts)) {
      getOperation().emitError() << "a search of " << search.getValue()
                                 << " is not known; choose 0, 1 or 2";
      return signalPassFailure();
    }
    auto &cache = getAnalysis<NetworkCache>();
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (!function.isDeclaration() && failed(plan(function, cache)))
        return signalPassFailure();
    markAnalysesPreserved<NetworkCache>();
  }

private:
  LogicalResult plan(func::FuncOp function, NetworkCache &cache) {
    if (function->hasAttr(tpu::kPlanAttrName))
      return function.emitOpError("has a plan already");
    auto network =
        std::make_unique<Network>(archOf(function), function, laneProducts);
    FailureOr<group::Plan> plan =
        planNetwork(*network, makeOptions(network->program.arch));
    if (failed(plan))
      return failure();
    for (const group::Operator &op : network->program.operators)
      numKernels += op.kernels.size();
    numFusions += plan->fusions.size();
    writePlan(*network, *plan);
    formGroups(*network, *plan);
    cache.networks[function] = std::move(network);
    return success();
  }

  group::Options makeOptions(const Arch &arch) const {
    group::Options options(arch);
    if (localBytes != 0)
      options.localBytes = localBytes;
    options.keepResident = keepResident;
    options.fuse = fuse;
    options.prefetch = prefetch;
    options.fillWaits = fillWaits;
    options.rememberCosts = costCache;
    options.search = group::Options::Search(unsigned(search));
    return options;
  }
};

} // namespace

std::optional<uint64_t> tpuc::tpu::estimateCycles(ModuleOp module,
                                                  func::FuncOp function,
                                                  bool isSearched) {
  ScopedDiagnosticHandler quiet(module.getContext(),
                                [](Diagnostic &) { return success(); });
  const Arch &arch = archOf(module);
  group::Options options(arch);
  if (!isSearched)
    options.search = group::Options::Search::None;
  Network network(arch, function, /*allowsLaneProducts=*/true);
  FailureOr<group::Plan> plan = planNetwork(network, options);
  if (failed(plan))
    return std::nullopt;
  return plan->cycles;
}
