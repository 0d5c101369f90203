//===- TopDetectionOps.cpp - Choosing among boxes -------------------------===//
//
// Type inference and constraints of what detectors do with boxes.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Top/IR/Detection.h"
#include "Infer.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

#define GET_OP_CLASSES
#include "Dialect/Top/IR/TopDetectionOps.cpp.inc"

LogicalResult NmsOp::inferReturnTypes(MLIRContext *context,
                                      std::optional<Location> location,
                                      Adaptor adaptor,
                                      SmallVectorImpl<Type> &types) {
  ArrayRef<int64_t> boxes = getShape(adaptor.getBoxes());
  ArrayRef<int64_t> scores = getShape(adaptor.getScores());
  StringRef name = getOperationName();
  if (boxes.size() != 3 || boxes[2] != 4) // nms_c1
    return inferError(location, name,
                      "boxes are " + str(boxes) + ", expected [B, N, 4]");
  if (scores.size() != 3 || scores[0] != boxes[0] ||
      scores[2] != boxes[1]) // nms_c2
    return inferError(location, name,
                      "scores are " + str(scores) + ", expected [" +
                          Twine(boxes[0]) + ", C, " + Twine(boxes[1]) + "]");
  int64_t most = adaptor.getMaxOutput();
  if (most < 1 || most > boxes[1]) // nms_c3
    return inferError(location, name,
                      "max_output is " + Twine(most) + ", expected 1 to the " +
                          Twine(boxes[1]) + " boxes");
  double threshold = adaptor.getIouThreshold().convertToDouble();
  if (!(threshold >= 0 && threshold <= 1)) // nms_c4
    return inferError(location, name, "iou_threshold is not within 0 and 1");
  if (Value labels = adaptor.getLabels();
      labels && getShape(labels) != boxes.take_front(2)) // nms_c5
    return inferError(location, name,
                      "labels are " + str(getShape(labels)) + ", expected " +
                          str(boxes.take_front(2)));
  types.push_back(RankedTensorType::get({scores[0], scores[1], most},
                                        IntegerType::get(context, 64)));
  return success();
}
