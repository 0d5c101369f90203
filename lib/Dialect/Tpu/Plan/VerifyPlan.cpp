//===- VerifyPlan.cpp - The pass that proves a plan -----------------------===//
//
// Checks that redundant attributes and regions of a plan agree with it; the
// rest is proved by lib/LayerGroup. Changes nothing.
//
//===----------------------------------------------------------------------===//

#include "LayerGroup/VerifyPlan.h"
#include "Arch/Chip.h"
#include "Dialect/Tpu/Plan/Passes.h"
#include "Dialect/Tpu/Plan/PlanText.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "tpu-verify-plan"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPUVERIFYPLAN
#include "Dialect/Tpu/Plan/Passes.h.inc"
} // namespace tpuc::tpu

using namespace mlir;
using namespace tpuc;

namespace {

class PlanChecker {
public:
  /// `function` has the groups; `network` is of it or of a copy without them.
  PlanChecker(func::FuncOp function, Network &network)
      : function(function), network(network) {}

  LogicalResult run() {
    FailureOr<group::Plan> read = readPlan(network);
    if (failed(read))
      return failure();
    plan = std::move(*read);
    if (failed(checkViews()) || failed(checkLifetimes()))
      return failure();
    std::vector<group::Fault> faults = group::verifyPlan(network.program, plan);
    for (const group::Fault &fault : faults)
      report(fault);
    return faults.empty() ? checkGroups() : failure();
  }

private:
  void report(const group::Fault &fault) {
    Operation *op = function;
    std::string subject;
    if (fault.value) {
      Value value = network.values[*fault.value];
      if (auto argument = dyn_cast<BlockArgument>(value))
        subject = "argument " + std::to_string(argument.getArgNumber()) + " ";
      else
        op = value.getDefiningOp();
    } else if (fault.op) {
      op = network.operators[*fault.op];
    }
    InFlightDiagnostic error = op->emitOpError() << subject << fault.text;
    if (fault.other)
      error.attachNote(network.operators[*fault.other]->getLoc())
          << "the other operator";
  }

  /// Views are address arithmetic: where they lie follows from the network.
  LogicalResult checkViews() {
    for (auto [value, alias] : network.views) {
      Operation *op = value.getDefiningOp();
      Attribute expected = viewAttr(alias);
      Attribute found = op->getAttr(tpu::kMemoryAttrName);
      if (!found)
        return op->emitOpError() << "has no place (" << tpu::kMemoryAttrName
                                 << "), expected " << expected;
      if (found != expected)
        return op->emitOpError()
               << "is planned at " << found << ", but is a view: " << expected;
    }
    return success();
  }

  /// The size and the live range that a resident value's attribute states.
  LogicalResult checkLifetimes() {
    auto lifetimes = lifetimesOf(network.program, plan);
    for (auto [index, value] : llvm::enumerate(network.values)) {
      Operation *op = value.getDefiningOp();
      auto local = op ? op->getAttrOfType<tpu::LocalAttr>(tpu::kMemoryAttrName)
                      : nullptr;
      if (!local || !network.program.values[index].layout.isKnown())
        continue;
      int64_t bytes =
          network.program.values[index].laneBytes(network.program.arch);
      if (local.getBytes() != bytes)
        return op->emitOpError() << "takes " << bytes << " bytes of a lane, "
                                 << "but is planned with " << local.getBytes();
      int64_t first = *numberOf(network.operators[lifetimes[index].first]);
      int64_t last = *numberOf(network.operators[lifetimes[index].second]);
      if (local.getFirst() != first || local.getLast() != last)
        return op->emitOpError()
               << "lives in operators " << first << " to " << last
               << ", but is planned for " << local.getFirst() << " to "
               << local.getLast();
    }
    return success();
  }

  /// The group without slices, or with them, that an operation is in.
  static tpu::GroupOp groupOf(Operation *op, bool hasSlices) {
    for (auto group = op->getParentOfType<tpu::GroupOp>(); group;
         group = group->getParentOfType<tpu::GroupOp>())
      if (group.getSlices().has_value() == hasSlices)
        return group;
    return nullptr;
  }

  LogicalResult checkGroups() {
    // By number, as `network` may be of a copy.
    function.walk([&](Operation *op) {
      if (std::optional<int64_t> number = numberOf(op))
        byNumber[*number] = op;
    });
    SmallVector<unsigned> owners = ownersOf(network.program, plan);
    WalkResult result = function.walk([&](tpu::GroupOp group) {
      return WalkResult(success(succeeded(checkMembers(group)) &&
                                succeeded(checkSlices(group, owners))));
    });
    if (result.wasInterrupted())
      return failure();
    return checkConnections(owners);
  }

  Operation *original(unsigned op) const {
    return byNumber.lookup(*numberOf(network.operators[op]));
  }

  LogicalResult checkMembers(tpu::GroupOp group) {
    int64_t first = std::numeric_limits<int64_t>::max(), last = -1;
    group.getBody().walk([&](Operation *member) {
      if (std::optional<int64_t> number = numberOf(member)) {
        first = std::min(first, *number);
        last = std::max(last, *number);
      }
    });
    if (int64_t(group.getFirst()) != first || int64_t(group.getLast()) != last)
      return group.emitOpError()
             << "is planned for operators " << group.getFirst() << " to "
             << group.getLast() << ", but holds " << first << " to " << last;
    return success();
  }

  LogicalResult checkSlices(tpu::GroupOp group, ArrayRef<unsigned> owners) {
    if (!group.getSlices())
      return success();
    std::optional<unsigned> owner;
    for (auto [op, into] : llvm::enumerate(owners)) {
      if (original(op)->getParentOp() != group)
        continue;
      if (owner && *owner != into)
        return original(op)->emitOpError()
               << "is in a group with slices, but not computed with its last "
                  "operator";
      owner = into;
    }
    if (!owner || original(*owner)->getParentOp() != group)
      return group.emitOpError()
             << "has slices, but no operator that computes the others";
    tpu::SlicesAttr expected = slicesOf(network, plan, *owner);
    if (*group.getSlices() == expected)
      return success();
    return group.emitOpError() << "has slices " << *group.getSlices()
                               << ", but the tiles of its last operator cut it "
                                  "into "
                               << expected;
  }

  /// Resident values stay within a group.
  LogicalResult checkConnections(ArrayRef<unsigned> owners) {
    for (auto [op, owner] : llvm::enumerate(owners))
      if (op != owner && (groupOf(original(op), /*hasSlices=*/true) !=
                              groupOf(original(owner), /*hasSlices=*/true) ||
                          !groupOf(original(op), /*hasSlices=*/true)))
        return original(op)->emitOpError()
               << "has a result that exists within tiles only, but is in no "
                  "group with slices together with its reader";
    auto lifetimes = lifetimesOf(network.program, plan);
    for (auto [allocation, lifetime] : llvm::zip(plan.allocations, lifetimes)) {
      auto [first, last] = lifetime;
      if (!allocation.isResident || first == last)
        continue;
      tpu::GroupOp group = groupOf(original(first), /*hasSlices=*/false);
      if (!group || group != groupOf(original(last), /*hasSlices=*/false)) {
        InFlightDiagnostic error =
            original(first)->emitOpError()
            << "has a result that stays in local memory, but is in no group "
               "together with its last reader";
        error.attachNote(original(last)->getLoc()) << "the reader";
        return error;
      }
    }
    return success();
  }

  func::FuncOp function;
  Network &network;
  group::Plan plan;
  llvm::SmallDenseMap<int64_t, Operation *> byNumber;
};

struct TpuVerifyPlan
    : public tpuc::tpu::impl::TpuVerifyPlanBase<TpuVerifyPlan> {
  void runOnOperation() override {
    auto cache = getCachedAnalysis<NetworkCache>();
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (!function.isDeclaration() &&
          failed(verify(function, cache ? &cache->get() : nullptr)))
        return signalPassFailure();
    markAllAnalysesPreserved();
  }

private:
  static LogicalResult verify(func::FuncOp function, NetworkCache *cache) {
    auto plan = function->getAttrOfType<tpu::PlanAttr>(tpu::kPlanAttrName);
    if (!plan)
      return function.emitOpError("has no plan; run tpu-layer-group first");
    if (cache)
      if (auto found = cache->networks.find(function);
          found != cache->networks.end())
        return PlanChecker(function, *found->second).run();
    LDBG() << "builds the kernels of " << function.getName() << " again";
    OwningOpRef<func::FuncOp> copy = function.clone();
    if (failed(dissolveGroups(*copy)))
      return failure();
    Network network(archOf(function), *copy, plan.getLaneProducts());
    return success(succeeded(network.build()) &&
                   succeeded(PlanChecker(function, network).run()));
  }
};

} // namespace
