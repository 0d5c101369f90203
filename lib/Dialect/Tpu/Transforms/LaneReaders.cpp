//===- LaneReaders.cpp - Which lanes a value's readers want ---------------===//
//
// Follows a value through the functions of one element that read it.
//
//===----------------------------------------------------------------------===//

#include "LaneReaders.h"
#include "Dialect/Tpu/IR/Tpu.h"

using namespace mlir;
using namespace tpuc;

static ArrayRef<int64_t> shapeOf(Value value) { return tpu::getShape(value); }

static int64_t sizeOf(ArrayRef<int64_t> shape) {
  return ShapedType::getNumElements(shape);
}

/// Whether an op is a function of one element.
static bool isFunction(Operation *op) {
  return op->hasTrait<tpu::Pointwise>() && op->getNumOperands() == 1;
}

bool tpuc::hasManyPasses(Operation *op) {
  using tpu::UnaryKind;
  while (isFunction(op)) {
    auto unary = dyn_cast<tpu::UnaryOp>(op);
    if (unary &&
        !llvm::is_contained({UnaryKind::Relu, UnaryKind::LeakyRelu,
                             UnaryKind::Clip, UnaryKind::Abs, UnaryKind::Neg,
                             UnaryKind::Hardsigmoid, UnaryKind::Hardswish},
                            unary.getKind()))
      return true;
    if (!op->hasOneUse())
      return false;
    op = *op->user_begin();
  }
  return false;
}

bool tpuc::leadsToImages(Value value) {
  auto takesImage = [](OpOperand &use) {
    Operation *user = use.getOwner();
    ArrayRef<int64_t> shape = shapeOf(use.get());
    if (isFunction(user))
      return leadsToImages(user->getResult(0));
    auto lanes = dyn_cast<LaneLayoutOpInterface>(user);
    if (lanes && lanes.readsImage(use.getOperandNumber()))
      return true;
    if (auto concat = dyn_cast<tpu::ConcatOp>(user))
      return concat.getAxis() == 1;
    if (!user->hasTrait<tpu::Pointwise>())
      return false;
    ArrayRef<int64_t> all = shapeOf(user->getResult(0));
    return all[1] > 1 && all.drop_front(2) == shape.drop_front(2);
  };
  return !value.use_empty() && llvm::all_of(value.getUses(), takesImage);
}

static bool takesRow(OpOperand &use) {
  Operation *user = use.getOwner();
  ArrayRef<int64_t> shape = shapeOf(use.get());
  auto lanes = dyn_cast<LaneLayoutOpInterface>(user);
  if (lanes && lanes.readsRows(use.getOperandNumber()))
    return true;
  // Results of the network are transfers, for which each lane is a row.
  constexpr int64_t kManyLanes = 64;
  if (user->hasTrait<OpTrait::IsTerminator>())
    return shape.back() >= kManyLanes;
  if (isFunction(user))
    return leadsToRows(user->getResult(0));
  if (!user->hasTrait<tpu::Pointwise>())
    return false;
  // One row for all rows of the result, or a part of what becomes one.
  Value result = user->getResult(0);
  if (shapeOf(result).back() != shape.back())
    return false;
  return sizeOf(shapeOf(result)) == sizeOf(shape)
             ? leadsToRows(result)
             : sizeOf(shape) == shape.back();
}

bool tpuc::leadsToRows(Value value) {
  return !value.use_empty() &&
         llvm::all_of(value.getUses(),
                      [](OpOperand &use) { return takesRow(use); });
}
