//===- AssignLanes.cpp - Which axis of a value lies across the lanes ------===//
//
// Operators that are tied to their lanes (windows over channels, attention over
// rows) say how their operands and results split; element-wise and row
// operators carry the split on, forwards and backwards. What is still open then
// follows its shape.
//
//===----------------------------------------------------------------------===//

#include "Conversion/TpuToBM1684X/Passes.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "Kernel/Tensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"

namespace tpuc {
#define GEN_PASS_DEF_ASSIGNLANES
#include "Conversion/TpuToBM1684X/Passes.h.inc"
} // namespace tpuc

using namespace mlir;
using namespace tpuc;
using kernel::LaneSplit;

namespace {

ArrayRef<int64_t> shapeOf(Value value) { return tpu::getShape(value); }

int64_t sizeOf(ArrayRef<int64_t> shape) {
  return ShapedType::getNumElements(shape);
}

/// [first axis, second axis, rest]: batches, channels, image.
std::optional<LaneSplit> imageSplit(Value value) {
  ArrayRef<int64_t> shape = shapeOf(value);
  if (shape.size() < 2)
    return std::nullopt;
  return LaneSplit{shape[0], shape[1]};
}

/// Rows of the last axis: [batches, rows, columns].
std::optional<LaneSplit> rowSplit(Value value) {
  ArrayRef<int64_t> shape = shapeOf(value);
  if (shape.size() < 2)
    return std::nullopt;
  return LaneSplit{sizeOf(shape.drop_back(2)), shape[shape.size() - 2]};
}

class LaneAssignment {
public:
  explicit LaneAssignment(func::FuncOp function) : function(function) {}

  void run() {
    for (Operation &op : function.getBody().front())
      seed(&op);
    propagate();
    for (Operation &op : function.getBody().front())
      for (Value result : op.getResults())
        if (!splits.contains(result) && isActivation(result)) {
          if (auto split = defaultSplit(&op, result))
            assign(result, *split);
          propagate();
        }
    Builder builder(function.getContext());
    for (auto [value, split] : splits)
      if (Operation *op = value.getDefiningOp())
        op->setAttr("tpu.lanes",
                    builder.getDenseI64ArrayAttr({split.n, split.c}));
  }

private:
  static bool isActivation(Value value) {
    Operation *op = value.getDefiningOp();
    return !op || !op->hasTrait<OpTrait::ConstantLike>();
  }

  void assign(Value value, LaneSplit split) {
    if (!isActivation(value) || splits.contains(value) ||
        sizeOf(shapeOf(value)) % (split.n * split.c) != 0)
      return;
    splits[value] = split;
    pending.push_back(value);
  }

  void assignImage(Value value) {
    if (auto split = imageSplit(value))
      assign(value, *split);
  }

  void seed(Operation *op) {
    if (isa<tpu::ConvOp, tpu::ConvTransposeOp, tpu::PoolOp>(op)) {
      assignImage(op->getOperand(0));
      assignImage(op->getResult(0));
    }
    if (auto attention = dyn_cast<tpu::AttentionOp>(op)) {
      ArrayRef<int64_t> shape = shapeOf(attention.getOutput());
      assign(attention.getOutput(), {shape[0], shape[1]});
      assign(attention.getQuery(), {shape[0], shape[1]});
      assign(attention.getKey(), {shape[0], int64_t(attention.getKeyRows())});
      assign(attention.getValue(), {shape[0], int64_t(attention.getKeyRows())});
    }
  }

  static std::optional<LaneSplit> defaultSplit(Operation *op, Value value) {
    bool isImage = shapeOf(value).size() == 4 && !isa<tpu::MatMulOp>(op);
    return isImage ? imageSplit(value) : rowSplit(value);
  }

  /// Carries splits over the operators on either side of each value.
  void propagate() {
    while (!pending.empty()) {
      Value value = pending.pop_back_val();
      if (Operation *op = value.getDefiningOp())
        carry(op, value);
      for (Operation *user : value.getUsers())
        carry(user, value);
    }
  }

  void carry(Operation *op, Value from) {
    LaneSplit split = splits.lookup(from);
    if (op->getNumResults() != 1)
      return;
    Value result = op->getResult(0);
    auto carryTo = [&](Value other) {
      if (other != from)
        assign(other, split);
    };
    if (auto matmul = dyn_cast<tpu::MatMulOp>(op)) {
      bool isRightShared = matmul.getBatch() == 1 && !matmul.getLeftTranspose();
      if (isRightShared && from != matmul.getRight() &&
          split.n * split.c == matmul.getM()) {
        carryTo(matmul.getLeft());
        carryTo(result);
      }
      return;
    }
    if (!keepsLeadingAxes(op, split))
      return;
    carryTo(result);
    for (Value operand : op->getOperands())
      if (sizeOf(shapeOf(operand)) == sizeOf(shapeOf(result)) ||
          isa<tpu::SliceOp, tpu::ConcatOp, tpu::PadOp, tpu::ReduceOp>(op))
        carryTo(operand);
  }

  /// Whether result element (n, c, ...) comes from the same n and c of the
  /// operands, which element-wise operators do for any split.
  static bool keepsLeadingAxes(Operation *op, LaneSplit split) {
    auto isWhole = [&](ArrayRef<int64_t> leading) {
      return sizeOf(leading) % (split.n * split.c) == 0;
    };
    if (isa<tpu::ReshapeOp, tpu::UnaryOp, tpu::ScalarOp, tpu::BinaryOp,
            tpu::CompareOp, tpu::SelectOp, tpu::PReluOp, tpu::CastOp>(op))
      return true;
    if (isa<tpu::SoftmaxOp, tpu::LayerNormOp, tpu::RMSNormOp>(op))
      return isWhole(shapeOf(op->getOperand(0)).drop_back());
    if (auto reduce = dyn_cast<tpu::ReduceOp>(op))
      return isWhole(shapeOf(reduce.getInput()).take_front(reduce.getAxis()));
    if (auto concat = dyn_cast<tpu::ConcatOp>(op))
      return isWhole(shapeOf(concat.getOutput()).take_front(concat.getAxis()));
    if (auto slice = dyn_cast<tpu::SliceOp>(op))
      return isWhole(commonAxes(slice.getInput(), slice.getOutput()));
    if (auto pad = dyn_cast<tpu::PadOp>(op))
      return isWhole(commonAxes(pad.getInput(), pad.getOutput()));
    return false;
  }

  /// The leading axes up to the first of different size.
  static ArrayRef<int64_t> commonAxes(Value a, Value b) {
    size_t count = 0;
    while (count < shapeOf(a).size() && shapeOf(a)[count] == shapeOf(b)[count])
      ++count;
    return shapeOf(a).take_front(count);
  }

  func::FuncOp function;
  llvm::MapVector<Value, LaneSplit> splits;
  SmallVector<Value> pending;
};

struct AssignLanes : public tpuc::impl::AssignLanesBase<AssignLanes> {
  void runOnOperation() override {
    if (!getOperation().isDeclaration())
      LaneAssignment(getOperation()).run();
  }
};

} // namespace
