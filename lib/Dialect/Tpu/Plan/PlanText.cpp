//===- PlanText.cpp - Plans as attributes ---------------------------------===//
//
// Converts a plan between indices of a program and attributes of operations.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Tpu/Plan/PlanText.h"

#include "llvm/ADT/STLExtras.h"

#include <numeric>

using namespace mlir;
using namespace tpuc;

std::optional<int64_t> tpuc::numberOf(Operation *op) {
  auto number = op->getAttrOfType<IntegerAttr>(tpu::kNumberAttrName);
  if (!number)
    return std::nullopt;
  return number.getInt();
}

SmallVector<unsigned> tpuc::ownersOf(const group::Program &program,
                                     const group::Plan &plan) {
  SmallVector<unsigned> owners(program.operators.size());
  std::iota(owners.begin(), owners.end(), 0u);
  for (const group::PlannedFusion &fusion : llvm::reverse(plan.fusions))
    owners[fusion.from] = owners[fusion.into];
  return owners;
}

SmallVector<std::pair<unsigned, unsigned>>
tpuc::lifetimesOf(const group::Program &program, const group::Plan &plan) {
  constexpr unsigned kNone = ~0u;
  SmallVector<std::pair<unsigned, unsigned>> lifetimes(program.values.size(),
                                                       {kNone, 0});
  SmallVector<unsigned> owners = ownersOf(program, plan);
  auto touch = [&](ArrayRef<unsigned> values, unsigned op) {
    for (unsigned value : values) {
      auto &[first, last] = lifetimes[value];
      first = std::min(first, op);
      last = std::max(last, op);
    }
  };
  for (auto [op, owner] : llvm::enumerate(owners)) {
    touch(program.operators[op].results, owner);
    touch(program.operators[op].operands, owner);
  }
  return lifetimes;
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

namespace {

class PlanWriter {
public:
  PlanWriter(const Network &network, const group::Plan &plan)
      : network(network), function(network.function), plan(plan),
        context(function->getContext()), builder(context) {}

  void run() {
    int64_t number = 0;
    for (Operation &op : function.getBody().front())
      if (!op.hasTrait<OpTrait::ConstantLike>() &&
          !op.hasTrait<OpTrait::IsTerminator>())
        op.setAttr(tpu::kNumberAttrName, builder.getI64IntegerAttr(number++));
    writeValues();
    writeKernels();
    function->setAttr(tpu::kPlanAttrName,
                      tpu::PlanAttr::get(context, plan.localBytes,
                                         plan.globalBytes, plan.fillsWaits,
                                         network.allowsLaneProducts));
  }

private:
  int64_t numberOf(unsigned op) const {
    return *tpuc::numberOf(network.operators[op]);
  }

  void writeValues() {
    llvm::SmallDenseMap<unsigned, tpu::InTileAttr> fused;
    for (auto [index, fusion] : llvm::enumerate(plan.fusions))
      fused[fusion.value] = tpu::InTileAttr::get(context, index, fusion.cycles,
                                                 fusion.apartCycles);
    auto lifetimes = lifetimesOf(network.program, plan);
    // Setting the attributes of one argument copies those of all.
    SmallVector<NamedAttrList> ofArguments;
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      ofArguments.emplace_back(function.getArgAttrDict(i));
    for (auto [index, value] : llvm::enumerate(network.values)) {
      Attribute attribute = fused.lookup(index);
      if (!attribute)
        attribute = allocationAttr(index, lifetimes[index]);
      if (auto argument = dyn_cast<BlockArgument>(value))
        ofArguments[argument.getArgNumber()].set(tpu::kMemoryAttrName,
                                                 attribute);
      else
        value.getDefiningOp()->setAttr(tpu::kMemoryAttrName, attribute);
    }
    function.setAllArgAttrs(
        llvm::map_to_vector(ofArguments, [&](NamedAttrList &attributes) {
          return attributes.getDictionary(context);
        }));
    for (auto [value, alias] : network.views)
      value.getDefiningOp()->setAttr(tpu::kMemoryAttrName, viewAttr(alias));
  }

  Attribute allocationAttr(unsigned value,
                           std::pair<unsigned, unsigned> lifetime) {
    const group::Allocation &allocation = plan.allocations[value];
    auto why = tpu::Cause(allocation.cause);
    std::optional<int64_t> by;
    if (allocation.cause >= group::Cause::NoRoom)
      by = numberOf(allocation.causeOp);
    if (!allocation.isResident)
      return tpu::GlobalAttr::get(context, allocation.globalOffset, why, by);
    std::optional<int64_t> global;
    if (allocation.isGlobal)
      global = allocation.globalOffset;
    auto [first, last] = lifetime;
    return tpu::LocalAttr::get(
        context, allocation.address,
        network.program.values[value].laneBytes(network.program.arch),
        numberOf(first), numberOf(last), global, why, by);
  }

  void writeKernels() {
    SmallVector<unsigned> owners = ownersOf(network.program, plan);
    auto next = plan.kernels.begin();
    for (auto [op, owner] : llvm::enumerate(owners)) {
      if (op != owner)
        continue;
      SmallVector<Attribute> kernels;
      for (size_t i = 0; i < network.program.operators[op].kernels.size(); ++i)
        kernels.push_back(kernelAttr(*next++));
      network.operators[op]->setAttr(tpu::kKernelsAttrName,
                                     builder.getArrayAttr(kernels));
    }
  }

  Attribute kernelAttr(const group::PlannedKernel &kernel) {
    auto sizes = [](const kernel::Shape4 &shape) {
      return shape == kernel::Shape4{} ? ArrayRef<int64_t>() : ArrayRef(shape);
    };
    auto tiles = [&](ArrayRef<group::TileTime> times) {
      SmallVector<int64_t> pairs;
      for (const group::TileTime &time : times)
        pairs.append({numberOf(time.op), int64_t(time.tile)});
      return pairs;
    };
    SmallVector<tpu::LoadAttr> loads;
    for (const group::PlannedLoads &load : kernel.loads)
      loads.push_back(tpu::LoadAttr::get(context, load.input, load.addresses,
                                         tiles(load.rooms),
                                         tiles(load.issues)));
    return tpu::KernelAttr::get(context, sizes(kernel.tile), loads,
                                kernel.results, kernel.scratch, kernel.cost,
                                sizes(kernel.nextTile), kernel.nextCost);
  }

  const Network &network;
  func::FuncOp function;
  const group::Plan &plan;
  MLIRContext *context;
  Builder builder;
};

} // namespace

tpu::ViewAttr tpuc::viewAttr(const AliasAnalysis::Alias &alias) {
  MLIRContext *context = Value(alias.root).getContext();
  if (auto argument = dyn_cast<BlockArgument>(alias.root))
    return tpu::ViewAttr::get(context, /*isArgument=*/true,
                              argument.getArgNumber(), alias.offset);
  return tpu::ViewAttr::get(context, /*isArgument=*/false,
                            numberOf(alias.root.getDefiningOp()).value_or(0),
                            alias.offset);
}

void tpuc::writePlan(const Network &network, const group::Plan &plan) {
  PlanWriter(network, plan).run();
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

namespace {

class PlanReader {
public:
  explicit PlanReader(const Network &network)
      : network(network), function(network.function) {}

  FailureOr<group::Plan> run() {
    auto attribute = function->getAttrOfType<tpu::PlanAttr>(tpu::kPlanAttrName);
    if (!attribute)
      return function.emitOpError("has no plan; run tpu-layer-group first");
    plan.localBytes = attribute.getLocalBytes();
    plan.globalBytes = attribute.getGlobalBytes();
    plan.fillsWaits = attribute.getFillWaits();
    if (failed(readNumbers()) || failed(readAllocations()) ||
        failed(readFusions()) || failed(readKernels()))
      return failure();
    return std::move(plan);
  }

private:
  LogicalResult readNumbers() {
    llvm::SmallDenseMap<int64_t, Operation *> seen;
    WalkResult result = function.walk([&](Operation *op) {
      if (op->hasTrait<OpTrait::ConstantLike>() || isa<func::FuncOp>(op) ||
          op->hasTrait<OpTrait::IsTerminator>() || isa<tpu::GroupOp>(op))
        return WalkResult::advance();
      int64_t number = *numberOf(op);
      auto [other, isNew] = seen.try_emplace(number, op);
      if (!isNew) {
        InFlightDiagnostic error = op->emitOpError()
                                   << "has number " << number << " a second "
                                   << "time";
        error.attachNote(other->second->getLoc()) << "the first one";
        return WalkResult::interrupt();
      }
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return failure();
    for (auto [index, op] : llvm::enumerate(network.operators))
      indices[*numberOf(op)] = index;
    return success();
  }

  FailureOr<unsigned> indexOf(Operation *op, int64_t number) {
    auto found = indices.find(number);
    if (found == indices.end())
      return op->emitOpError() << "names operator " << number
                               << ", which does not exist or has no kernels";
    return found->second;
  }

  LogicalResult readAllocations() {
    for (auto [index, value] : llvm::enumerate(network.values)) {
      Operation *op = value.getDefiningOp();
      Attribute attribute;
      if (auto argument = dyn_cast<BlockArgument>(value))
        attribute =
            function.getArgAttr(argument.getArgNumber(), tpu::kMemoryAttrName);
      else
        attribute = op->getAttr(tpu::kMemoryAttrName);
      if (!op)
        op = function;
      if (failed(readPlace(op, index, attribute)))
        return failure();
    }
    return success();
  }

  LogicalResult readPlace(Operation *op, unsigned value, Attribute attribute) {
    group::Allocation &allocation = plan.allocations.emplace_back();
    auto setCause = [&](tpu::Cause why,
                        std::optional<int64_t> by) -> LogicalResult {
      allocation.cause = group::Cause(why);
      if (!by)
        return success();
      FailureOr<unsigned> cause = indexOf(op, *by);
      allocation.causeOp = cause.value_or(0);
      return success(succeeded(cause));
    };
    if (auto local = dyn_cast_or_null<tpu::LocalAttr>(attribute)) {
      allocation.isResident = true;
      allocation.address = uint32_t(local.getAddr());
      allocation.isGlobal = local.getGlobal().has_value();
      allocation.globalOffset = local.getGlobal().value_or(0);
      return setCause(local.getWhy(), local.getBy());
    }
    if (auto global = dyn_cast_or_null<tpu::GlobalAttr>(attribute)) {
      allocation.isGlobal = true;
      allocation.globalOffset = global.getOffset();
      return setCause(global.getWhy(), global.getBy());
    }
    if (auto inTile = dyn_cast_or_null<tpu::InTileAttr>(attribute)) {
      fused.push_back({inTile, value});
      return success();
    }
    if (isa_and_nonnull<tpu::ViewAttr>(attribute))
      return op->emitOpError() << "has a result with memory of its own, but is "
                                  "planned as a view";
    return op->emitOpError()
           << "has no place (" << tpu::kMemoryAttrName << ") for "
           << (isa<func::FuncOp>(op) ? "an argument" : "its result");
  }

  LogicalResult readFusions() {
    llvm::sort(fused, [](const Fused &a, const Fused &b) {
      return a.attribute.getFusion() < b.attribute.getFusion();
    });
    const group::Program &program = network.program;
    SmallVector<unsigned> owners(program.operators.size());
    std::iota(owners.begin(), owners.end(), 0u);
    auto ownerOf = [&](unsigned op) {
      while (owners[op] != op)
        op = owners[op];
      return op;
    };
    for (auto [index, entry] : llvm::enumerate(fused)) {
      Operation *op = network.values[entry.value].getDefiningOp();
      if (entry.attribute.getFusion() != int64_t(index))
        return op->emitOpError()
               << "has a result of fusion " << entry.attribute.getFusion()
               << ", but the fusions before it end with " << int64_t(index) - 1;
      SmallVector<unsigned> writers, readers;
      for (unsigned i = 0; i < program.operators.size(); ++i) {
        if (llvm::is_contained(program.operators[i].results, entry.value))
          writers.push_back(i);
        if (llvm::is_contained(program.operators[i].operands, entry.value))
          readers.push_back(i);
      }
      if (writers.size() != 1 || readers.size() != 1)
        return op->emitOpError()
               << "has a result that exists within tiles only, but that "
               << readers.size() << " operators read";
      unsigned into = ownerOf(readers.front());
      plan.fusions.push_back({writers.front(), into, entry.value,
                              entry.attribute.getApart(),
                              entry.attribute.getCost()});
      owners[writers.front()] = into;
    }
    return success();
  }

  LogicalResult readKernels() {
    SmallVector<unsigned> owners = ownersOf(network.program, plan);
    for (auto [index, op] : llvm::enumerate(network.operators)) {
      auto array = op->getAttrOfType<ArrayAttr>(tpu::kKernelsAttrName);
      size_t expected = owners[index] == index
                            ? network.program.operators[index].kernels.size()
                            : 0;
      size_t found = array ? array.size() : 0;
      if (found != expected)
        return op->emitOpError()
               << "has a plan of " << found << " kernels ("
               << tpu::kKernelsAttrName << "), expected " << expected;
      if (!array)
        continue;
      for (auto kernel : array.getAsRange<tpu::KernelAttr>())
        if (failed(readKernel(op, kernel)))
          return failure();
    }
    return success();
  }

  LogicalResult readKernel(Operation *op, tpu::KernelAttr attribute) {
    group::PlannedKernel &kernel = plan.kernels.emplace_back();
    llvm::copy(attribute.getTile(), kernel.tile.begin());
    llvm::copy(attribute.getNext(), kernel.nextTile.begin());
    kernel.cost = attribute.getCost();
    kernel.nextCost = attribute.getNextCost();
    kernel.results = attribute.getResults().vec();
    kernel.scratch = attribute.getScratch().vec();
    for (tpu::LoadAttr load : attribute.getLoads()) {
      group::PlannedLoads &loads = kernel.loads.emplace_back();
      if (load.getInput())
        loads.input = unsigned(*load.getInput());
      loads.addresses = load.getAddr().vec();
      if (failed(readTimes(op, load.getRoom(), loads.rooms)) ||
          failed(readTimes(op, load.getIssue(), loads.issues)))
        return failure();
    }
    return success();
  }

  LogicalResult readTimes(Operation *op, ArrayRef<int64_t> pairs,
                          std::vector<group::TileTime> &times) {
    for (size_t i = 0; i + 1 < pairs.size(); i += 2) {
      FailureOr<unsigned> index = indexOf(op, pairs[i]);
      if (failed(index))
        return failure();
      times.push_back({*index, unsigned(pairs[i + 1])});
    }
    return success();
  }

  struct Fused {
    tpu::InTileAttr attribute;
    unsigned value;
  };

  const Network &network;
  func::FuncOp function;
  group::Plan plan;
  llvm::SmallDenseMap<int64_t, unsigned> indices; ///< of operators, by number
  SmallVector<Fused> fused;
};

} // namespace

FailureOr<group::Plan> tpuc::readPlan(const Network &network) {
  return PlanReader(network).run();
}
