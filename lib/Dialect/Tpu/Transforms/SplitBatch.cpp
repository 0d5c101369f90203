//===- SplitBatch.cpp - A batch as several smaller ones -------------------===//
//
// Replaces operators on tensors whose leading axis is a batch by copies of them
// on equal parts of it, one part after the other. Nothing here knows what the
// axis means: an operator is split where each part of its result is computed
// from the same part of its operands.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Tpu/IR/TensorNames.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "Dialect/Tpu/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "tpu-split-batch"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPUSPLITBATCH
#include "Dialect/Tpu/Transforms/Passes.h.inc"
} // namespace tpuc::tpu

using namespace mlir;
using namespace tpuc;
using namespace tpuc::tpu;

namespace {

/// Whether a part of an operator's result needs the same part of an operand or
/// all of it, for each operand.
using OperandParts = SmallVector<bool, 4>;

bool isConstant(Operation *op) { return op->hasTrait<OpTrait::ConstantLike>(); }

class BatchSplitter {
public:
  BatchSplitter(func::FuncOp function, int64_t parts)
      : function(function), parts(parts) {}

  /// Splits the first `until` operators, or as many of them as can be. Returns
  /// how many were.
  unsigned run(unsigned until) {
    collect(until);
    if (region.empty())
      return 0;
    OpBuilder builder(region.back()->getContext());
    builder.setInsertionPointAfter(region.back());
    DenseMap<Value, SmallVector<Value>> made;
    for (int64_t part = 0; part < parts; ++part)
      for (Operation *op : region)
        made[op->getResult(0)].push_back(cloneFor(builder, op, part, made));
    for (Operation *op : region) {
      Value result = op->getResult(0);
      bool leaves = llvm::any_of(result.getUsers(), [&](Operation *user) {
        return !region.contains(user);
      });
      if (!leaves)
        continue;
      Value joined = ConcatOp::create(builder, op->getLoc(), result.getType(),
                                      made[result], /*axis=*/0);
      result.replaceUsesWithIf(joined, [&](OpOperand &use) {
        return !region.contains(use.getOwner());
      });
    }
    unsigned count = region.size();
    for (Operation *op : llvm::reverse(region.getArrayRef()))
      op->erase();
    return count;
  }

private:
  /// The operators to split: those that depend on inputs, up to the first that
  /// cannot be.
  void collect(unsigned until) {
    for (BlockArgument argument : function.getArguments())
      if (isDivisible(argument))
        split.insert(argument);
    for (Operation &op : function.getBody().front()) {
      if (op.hasTrait<OpTrait::IsTerminator>() || until == 0)
        break;
      if (isConstant(&op))
        continue;
      --until;
      bool dependsOnInputs = llvm::any_of(op.getOperands(), [&](Value operand) {
        return depends.contains(operand) || isa<BlockArgument>(operand);
      });
      if (!dependsOnInputs)
        continue;
      std::optional<OperandParts> parts = operandParts(&op);
      if (!parts)
        break;
      depends.insert(op.getResult(0));
      split.insert(op.getResult(0));
      region.insert(&op);
      takesPart[&op] = *parts;
    }
  }

  bool isDivisible(Value value) const {
    ArrayRef<int64_t> shape = getShape(value);
    return !shape.empty() && shape.front() > 1 && shape.front() % parts == 0;
  }

  /// Which operands a part of `op` takes a part of; nothing when `op` mixes
  /// parts.
  std::optional<OperandParts> operandParts(Operation *op) const {
    if (op->getNumResults() != 1 || !isDivisible(op->getResult(0)))
      return std::nullopt;
    OperandParts taken(op->getNumOperands(), false);
    if (op->hasTrait<Pointwise>()) {
      for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
        taken[i] = getShape(operand).front() != 1;
        auto weight = operand.getDefiningOp<WeightOp>();
        if (taken[i] && weight && !weight.getAllowSplit())
          return std::nullopt;
      }
    } else if (auto splits = dyn_cast<BatchSplitOpInterface>(op)) {
      std::optional<OperandParts> asked = splits.getSplitOperands(parts);
      if (!asked)
        return std::nullopt;
      taken = *asked;
    } else if (auto lanes = dyn_cast<LaneLayoutOpInterface>(op);
               lanes && lanes.getKeptAxes() > 0) {
      for (unsigned i = 0; i < taken.size(); ++i)
        taken[i] = lanes.hasKeptAxes(i);
    } else {
      return std::nullopt;
    }
    // A value that exists in parts only cannot be taken as a whole.
    for (auto [operand, isTaken] : llvm::zip(op->getOperands(), taken))
      if (isTaken ? !isDivisible(operand)
                  : split.contains(operand) && !isa<BlockArgument>(operand))
        return std::nullopt;
    return taken;
  }

  /// `type` with the part's size of its leading axis.
  RankedTensorType partType(Type type) const {
    auto whole = cast<RankedTensorType>(type);
    SmallVector<int64_t> shape(whole.getShape());
    shape.front() /= parts;
    return RankedTensorType::get(shape, whole.getElementType());
  }

  /// A part of a value that is there as a whole.
  Value sliceOf(OpBuilder &builder, Location loc, Value value, int64_t part) {
    ArrayRef<int64_t> sizes = partType(value.getType()).getShape();
    SmallVector<int64_t> offsets(sizes.size(), 0), steps(sizes.size(), 1);
    offsets.front() = part * sizes.front();
    return SliceOp::create(builder, loc, value, offsets, sizes, steps);
  }

  Value cloneFor(OpBuilder &builder, Operation *op, int64_t part,
                 const DenseMap<Value, SmallVector<Value>> &made) {
    Location loc = withoutTensorName(op->getLoc());
    IRMapping mapping;
    for (auto [operand, isTaken] :
         llvm::zip(op->getOperands(), takesPart.lookup(op))) {
      if (!isTaken)
        continue;
      auto parts = made.find(operand);
      mapping.map(operand, parts != made.end()
                               ? parts->second[part]
                               : sliceOf(builder, loc, operand, part));
    }
    Operation *clone = builder.clone(*op, mapping);
    clone->setLoc(loc);
    clone->getResult(0).setType(partType(op->getResult(0).getType()));
    if (auto splits = dyn_cast<BatchSplitOpInterface>(clone))
      splits.narrowToPart(parts, part);
    return clone->getResult(0);
  }

  func::FuncOp function;
  int64_t parts;
  llvm::SetVector<Operation *> region;
  DenseMap<Operation *, OperandParts> takesPart;
  DenseSet<Value> split;   ///< exist in parts
  DenseSet<Value> depends; ///< computed from inputs
};

struct TpuSplitBatchPass
    : tpuc::tpu::impl::TpuSplitBatchBase<TpuSplitBatchPass> {
  using Base::Base;

  void runOnOperation() override {
    if (parts < 1) {
      getOperation().emitError()
          << "a batch cannot be split into " << parts.getValue()
          << " parts; choose at least 1";
      return signalPassFailure();
    }
    if (!getOperation().isDeclaration() && parts > 1)
      numSplit += BatchSplitter(getOperation(), parts).run(until);
    LDBG() << "split " << numSplit.getValue() << " operators";
  }
};

} // namespace
