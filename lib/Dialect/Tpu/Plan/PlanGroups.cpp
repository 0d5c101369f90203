//===- PlanGroups.cpp - Plans as regions ----------------------------------===//
//
// A group is a run of a block's operations that moves into a region. Chains
// with slices are made first; runs may hold them.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Tpu/Plan/PlanText.h"
#include "Support/IntMath.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace tpuc;

/// Moves `members`, which stand in order in one block, into a group at the
/// place of the last one.
static tpu::GroupOp formGroup(ArrayRef<Operation *> members,
                              tpu::SlicesAttr slices) {
  llvm::SmallDenseSet<Operation *> inside(members.begin(), members.end());
  int64_t first = std::numeric_limits<int64_t>::max(), last = 0;
  SmallVector<Value> outputs;
  for (Operation *op : members) {
    op->walk([&](Operation *member) {
      if (std::optional<int64_t> number = numberOf(member)) {
        first = std::min(first, *number);
        last = std::max(last, *number);
      }
    });
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) {
            return !inside.contains(
                members.front()->getBlock()->findAncestorOpInBlock(*user));
          }))
        outputs.push_back(result);
  }
  Operation *place = members.back();
  OpBuilder builder(place);
  auto group =
      tpu::GroupOp::create(builder, place->getLoc(),
                           ValueRange(outputs).getTypes(), slices, first, last);
  Block &block = group.getBody().emplaceBlock();
  for (Operation *op : members)
    op->moveBefore(&block, block.end());
  builder.setInsertionPointToEnd(&block);
  tpu::YieldOp::create(builder, place->getLoc(), outputs);
  for (auto [result, output] : llvm::zip(group.getResults(), outputs))
    output.replaceUsesWithIf(result, [&](OpOperand &use) {
      return !group->isAncestor(use.getOwner());
    });
  return group;
}

/// Number of slices of each axis of a kernel; frames of a video are rows of the
/// kernel's space.
static tpu::SlicesAttr slicesOf(const kernel::Shape4 &space,
                                const kernel::Shape4 &tile, Value result) {
  kernel::Shape4 count;
  for (unsigned axis = 0; axis < 4; ++axis)
    count[axis] = ceilDiv(space[axis], tile[axis]);
  ArrayRef<int64_t> shape = tpu::getShape(result);
  bool hasFrames = shape.size() == 5 && space[kernel::H] == shape[2];
  return tpu::SlicesAttr::get(
      result.getContext(), count[kernel::N], count[kernel::C],
      hasFrames ? count[kernel::H] : 1, hasFrames ? 1 : count[kernel::H],
      count[kernel::W]);
}

tpu::SlicesAttr tpuc::slicesOf(const Network &network, const group::Plan &plan,
                               unsigned op) {
  SmallVector<unsigned> owners = ownersOf(network.program, plan);
  size_t index = 0;
  for (unsigned before = 0; before < op; ++before)
    if (owners[before] == before)
      index += network.program.operators[before].kernels.size();
  auto *tiled = dynamic_cast<const kernel::TiledKernel *>(
      network.program.operators[op].kernels.front().get());
  if (!tiled || index >= plan.kernels.size() ||
      plan.kernels[index].tile == kernel::Shape4{})
    return nullptr;
  return ::slicesOf(tiled->space(), plan.kernels[index].tile,
                    network.operators[op]->getResult(0));
}

/// Chains of operators that were fused into one kernel.
static void formChains(const Network &network, const group::Plan &plan) {
  SmallVector<unsigned> owners = ownersOf(network.program, plan);
  llvm::MapVector<unsigned, llvm::SmallDenseSet<Operation *>> chains;
  for (auto [op, owner] : llvm::enumerate(owners))
    if (op != owner)
      chains[owner].insert(network.operators[op]);
  for (auto &[owner, members] : chains) {
    Operation *last = network.operators[owner];
    // With the views of the values between; nothing else reads them.
    SmallVector<Operation *> ordered;
    for (Operation &op : *last->getBlock()) {
      bool reads = llvm::any_of(op.getOperands(), [&](Value operand) {
        return members.contains(operand.getDefiningOp());
      });
      if (!reads && !members.contains(&op) && &op != last)
        continue;
      members.insert(&op);
      ordered.push_back(&op);
      if (&op == last)
        break;
    }
    formGroup(ordered, tpuc::slicesOf(network, plan, owner));
  }
}

/// Runs of operators that are connected by resident values.
static void formRuns(const Network &network, const group::Plan &plan) {
  SmallVector<unsigned> owners = ownersOf(network.program, plan);
  // By operator: whether a value lives there and at the next one.
  std::vector<bool> isLinked(owners.size());
  auto lifetimes = lifetimesOf(network.program, plan);
  for (auto [allocation, lifetime] : llvm::zip(plan.allocations, lifetimes))
    if (allocation.isResident)
      for (unsigned op = lifetime.first; op < lifetime.second; ++op)
        isLinked[op] = true;
  func::FuncOp function = network.function;
  Block *block = &function.getBody().front();
  auto ancestor = [&](unsigned op) {
    return block->findAncestorOpInBlock(*network.operators[op]);
  };
  for (unsigned op = 0; op < owners.size(); ++op) {
    if (!isLinked[op])
      continue;
    unsigned first = op;
    while (isLinked[op])
      ++op;
    while (owners[first] != first)
      ++first;
    unsigned last = op;
    while (owners[last] != last)
      --last;
    SmallVector<Operation *> members;
    for (Operation *member = ancestor(first);; member = member->getNextNode()) {
      members.push_back(member);
      if (member == ancestor(last))
        break;
    }
    formGroup(members, /*slices=*/nullptr);
  }
}

void tpuc::formGroups(const Network &network, const group::Plan &plan) {
  func::FuncOp function = network.function;
  Block &block = function.getBody().front();
  Operation *begin = &block.front();
  for (Operation &op : llvm::make_early_inc_range(block))
    if (op.hasTrait<OpTrait::ConstantLike>()) {
      if (&op == begin)
        begin = begin->getNextNode();
      else
        op.moveBefore(begin);
    }
  formChains(network, plan);
  formRuns(network, plan);
}

LogicalResult tpuc::dissolveGroups(func::FuncOp function) {
  Block &block = function.getBody().front();
  SmallVector<tpu::GroupOp> groups;
  function.walk([&](tpu::GroupOp group) { groups.push_back(group); });
  for (tpu::GroupOp group : groups) {
    Operation *yield = group.getBody().front().getTerminator();
    for (auto [result, value] :
         llvm::zip(group.getResults(), yield->getOperands()))
      result.replaceAllUsesWith(value);
    yield->erase();
    group->getBlock()->getOperations().splice(
        Block::iterator(group), group.getBody().front().getOperations());
    group.erase();
  }
  SmallVector<Operation *> ordered;
  for (Operation &op : block.without_terminator()) {
    if (!numberOf(&op) && !op.hasTrait<OpTrait::ConstantLike>())
      return op.emitOpError() << "has no number (" << tpu::kNumberAttrName
                              << "), though its function has a plan";
    ordered.push_back(&op);
  }
  llvm::stable_sort(ordered, [](Operation *a, Operation *b) {
    return numberOf(a).value_or(-1) < numberOf(b).value_or(-1);
  });
  for (Operation *op : ordered)
    op->moveBefore(block.getTerminator());
  for (Operation *op : ordered)
    for (Value operand : op->getOperands())
      if (Operation *producer = operand.getDefiningOp();
          producer && !producer->isBeforeInBlock(op))
        return op->emitOpError()
               << "has number " << numberOf(op).value_or(-1)
               << ", but reads what operator "
               << numberOf(producer).value_or(-1) << " computes";
  return success();
}
