//===- FusePermutes.cpp - Two permutations as one in local memory ---------===//
//
// Two permutations in a row take two round trips through global memory where
// the value between has a layout that fits neither side. Their composition may
// be a transpose of lanes and rows, which stays in local memory. Other pairs
// are left as they are.
//
//===----------------------------------------------------------------------===//

#include "Analysis/AxisOrder.h"
#include "Arch/Chip.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "Dialect/Tpu/Transforms/AliasAnalysis.h"
#include "Dialect/Tpu/Transforms/KernelTypes.h"
#include "Dialect/Tpu/Transforms/Passes.h"
#include "Kernel/Copy.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "tpu-fuse-permutes"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPUFUSEPERMUTES
#include "Dialect/Tpu/Transforms/Passes.h.inc"
} // namespace tpuc::tpu

using namespace mlir;
using namespace tpuc;
using namespace tpuc::kernel;

/// The lanes that tpu-assign-lane-layout chose for a value.
static tpu::LaneLayoutAttr getLayout(Value value) {
  Operation *op = value.getDefiningOp();
  return op ? tpu::getLayout(op) : nullptr;
}

/// The permute before `permute`, through reshapes, if nothing else reads the
/// values between.
static tpu::PermuteOp getPermuteBefore(tpu::PermuteOp permute) {
  Value value = permute.getInput();
  while (value.hasOneUse()) {
    Operation *op = value.getDefiningOp();
    auto reshape = dyn_cast_if_present<tpu::ReshapeOp>(op);
    if (!reshape)
      return dyn_cast_if_present<tpu::PermuteOp>(op);
    value = reshape.getInput();
  }
  return nullptr;
}

/// A side of a copy of a whole value.
static GlobalTensor getSide(Value value, tpu::LaneLayoutAttr layout) {
  GlobalTensor side;
  side.type = *elementTypeOf(value.getType());
  side.layout = {layout.getN(), layout.getC()};
  return side.reshaped(
      {1, 1, 1, ShapedType::getNumElements(tpu::getShape(value))});
}

/// Whether `order` of `source` transposes lanes and rows in local memory
/// between the lanes that source and result have.
static bool isLaneTranspose(const Arch &arch, Value source, Value result,
                            const AxisOrder &order) {
  tpu::LaneLayoutAttr from = getLayout(source), to = getLayout(result);
  FailureOr<ElementType> type = elementTypeOf(source.getType());
  if (!from || !to || failed(type) || !(isFloat(*type) || isInt8(*type)))
    return false;
  return transposesLanes(
      arch,
      {getSide(result, to), getSide(source, from), /*identity=*/std::nullopt},
      StridedMap::identity(order.shape).permuted(order.order).axes);
}

/// Fuses `permute` with the one before it if their composition is a lane
/// transpose; adds erased operators to `erased`.
static void fuseWithPermuteBefore(const Arch &arch, tpu::PermuteOp permute,
                                  DenseSet<Operation *> &erased) {
  tpu::PermuteOp before = getPermuteBefore(permute);
  if (!before)
    return;
  Value source = before.getInput(), result = permute.getOutput();
  std::optional<AxisOrder> order = composeThroughReshape(
      tpu::getShape(source), before.getOrder(),
      tpu::getShape(permute.getInput()), permute.getOrder());
  if (!order || !isLaneTranspose(arch, source, result, *order))
    return;
  LDBG() << "fuses " << permute.getLoc() << " with " << before.getLoc();
  OpBuilder builder(permute);
  auto emit = [&](Value value, tpu::LaneLayoutAttr layout) {
    value.getDefiningOp()->setAttr(tpu::kLayoutAttrName, layout);
    return value;
  };
  Value value = source;
  if (tpu::getShape(value) != ArrayRef<int64_t>(order->shape))
    value = emit(
        tpu::ReshapeOp::create(builder, before.getLoc(), value, order->shape),
        getLayout(source));
  value = emit(
      tpu::PermuteOp::create(builder, permute.getLoc(), value, order->order),
      getLayout(result));
  if (value.getType() != result.getType())
    value = emit(tpu::ReshapeOp::create(builder, permute.getLoc(), value,
                                        tpu::getShape(result)),
                 getLayout(result));
  result.replaceAllUsesWith(value);
  Operation *dead = permute;
  while (dead && dead->use_empty() && dead != source.getDefiningOp()) {
    Operation *next = dead->getOperand(0).getDefiningOp();
    erased.insert(dead);
    dead->erase();
    dead = next;
  }
}

namespace {

struct TpuFusePermutes
    : public tpuc::tpu::impl::TpuFusePermutesBase<TpuFusePermutes> {
  void runOnOperation() override {
    SmallVector<tpu::PermuteOp> permutes;
    getOperation().walk(
        [&](tpu::PermuteOp permute) { permutes.push_back(permute); });
    // Erased operators stand before `permute` in the block.
    DenseSet<Operation *> erased;
    for (tpu::PermuteOp permute : llvm::reverse(permutes))
      if (!erased.contains(permute))
        fuseWithPermuteBefore(archOf(getOperation()), permute, erased);
  }
};

} // namespace
