//===- TpuDetectionOps.cpp - Choosing among boxes -------------------------===//
//
// Verifier and layouts of what detectors do with boxes.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Tpu/IR/Detection.h"
#include "Verify.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::tpu;

#define GET_OP_CLASSES
#include "Dialect/Tpu/IR/TpuDetectionOps.cpp.inc"

LogicalResult NmsOp::verify() {
  ArrayRef<int64_t> boxes = getShape(getBoxes()),
                    scores = getShape(getScores());
  /*nms_c1*/
  if (boxes.size() != 3 || (boxes[1] != 4 && boxes[1] != 5))
    return emitOpError("has boxes of rank ")
           << boxes.size() << ", expected [B, 4, N] or [B, 5, N]";
  /*nms_c2*/
  if (scores.size() != 3 || scores[0] != boxes[0] || scores[2] != boxes[2])
    return emitOpError("has scores that are not [")
           << boxes[0] << ", C, " << boxes[2] << "]";
  /*nms_c3*/
  ArrayRef<int64_t> result = getShape(getOutput());
  if (result.size() != 3 || result[0] != scores[0] || result[1] != scores[1] ||
      result[2] < 1 || result[2] > scores[2])
    return emitOpError("has a result that is not [")
           << scores[0] << ", " << scores[1] << ", 1 to " << scores[2] << "]";
  /*nms_c4*/
  double threshold = getIouThreshold().convertToDouble();
  if (!(threshold >= 0 && threshold <= 1))
    return emitOpError("'iou_threshold' is ")
           << threshold << ", expected 0 to 1";
  return success();
}

size_t NmsOp::getKeptAxes() { return 0; }

bool NmsOp::hasKeptAxes(unsigned) { return false; }

LogicalResult TopSetOp::verify() {
  /*top_set_c1*/
  ArrayRef<int64_t> input = getShape(getInput());
  if (input.size() != 2)
    return emitOpError("has an operand of rank ")
           << input.size() << ", expected [R, N]";
  /*top_set_c2*/
  ArrayRef<int64_t> result = getShape(getOutput());
  if (result.size() != 3 || result[0] != input[0] || result[1] != 2 ||
      result[2] < 1 || result[2] > input[1])
    return emitOpError("has a result that is not [")
           << input[0] << ", 2, 1 to " << input[1] << "]";
  return success();
}
