//===- LowerDetection.cpp - Lowering of what is done with boxes -----------===//
//
// Boxes are chosen in f32, whatever the network's precision: two that overlap
// as much as may be differ by less than 16 bits hold.
//
//===----------------------------------------------------------------------===//

#include "LowerDetection.h"
#include "Dialect/Top/IR/Detection.h"
#include "Dialect/Tpu/IR/Detection.h"
#include "Kernel/NonMaxSuppression.h"
#include "Lowering.h"

using namespace mlir;
using namespace tpuc;
using tpu::BinaryKind;

/// Boxes [B, 4, N] as two corners, the smaller coordinates first, and labels
/// where there are some.
static Value getCorners(Value boxes, bool isCenter, Value labels,
                        Lowering &lowering) {
  auto take = [&](int64_t first) {
    SmallVector<int64_t> offsets{0, first, 0}, sizes(getShape(boxes)),
        steps{1, 1, 1};
    sizes[1] = 2;
    return lowering.emit<tpu::SliceOp>(boxes, ArrayRef<int64_t>(offsets),
                                       ArrayRef<int64_t>(sizes),
                                       ArrayRef<int64_t>(steps));
  };
  Value first = take(0), second = take(2);
  if (isCenter) {
    Value half =
        lowering.emit<tpu::ScalarOp>(tpu::ScalarKind::Mul, second, 0.5);
    second = lowering.emit<tpu::BinaryOp>(BinaryKind::Add, first, half);
    first = lowering.emit<tpu::BinaryOp>(BinaryKind::Sub, first, half);
  }
  Value larger = lowering.emit<tpu::BinaryOp>(BinaryKind::Max, first, second);
  // A centre with a negative size is no box: one without extent.
  Value smaller =
      isCenter ? first
               : lowering.emit<tpu::BinaryOp>(BinaryKind::Min, first, second);
  SmallVector<Value> planes{smaller, larger};
  if (labels)
    planes.push_back(
        lowering.reshape(labels, {getShape(boxes)[0], 1, getShape(boxes)[2]}));
  return lowering.emit<tpu::ConcatOp>(ValueRange(planes), int64_t(1));
}

static LogicalResult lowerNms(top::NmsOp op, Lowering &lowering) {
  int64_t count = getShape(op.getScores())[2];
  int64_t most = kernel::mostNmsBoxes(
      lowering.getArch(), int64_t(op.getMaxOutput()), bool(op.getLabels()));
  if (count > most)
    return lowering.fail(
        op, "chooses among " + Twine(count) + " boxes, of which local memory " +
                "holds " + Twine(most) +
                "; take the best by score with TopK before it");
  Type f32 = Float32Type::get(op.getContext());
  Value boxes = lowering.permute(lowering.get(op.getBoxes(), f32), {0, 2, 1});
  Value labels = op.getLabels() ? lowering.get(op.getLabels(), f32) : Value();
  Value corners = getCorners(boxes, op.getCenterPointBox(), labels, lowering);
  Type result = RankedTensorType::get(getShape(op.getOutput()),
                                      IntegerType::get(op.getContext(), 32));
  lowering.replace(op.getResult(),
                   lowering.emit<tpu::NmsOp>(result, corners,
                                             lowering.get(op.getScores(), f32),
                                             op.getIouThresholdAttr(),
                                             op.getScoreThreshold().isInfinity()
                                                 ? FloatAttr()
                                                 : op.getScoreThresholdAttr()));
  return success();
}

void tpuc::populateDetectionLowerings(LoweringSet &set) { set.add(lowerNms); }
