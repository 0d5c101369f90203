//===- Detection.cpp - Evaluation of what is done with boxes --------------===//
//
// The best elements of rows, as the chip finds them, and suppression as of top.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Tpu/IR/Detection.h"
#include "Evaluate.h"

#include <bit>
#include <limits>

using namespace mlir;
using namespace tpuc;
using namespace tpuc::tpu;

/// A number that is ordered as i32 as `x` is, the best largest, NaN least.
static int32_t getKey(float x, bool largest) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (x != x)
    x = largest ? -kInfinity : kInfinity;
  int32_t bits = std::bit_cast<int32_t>(x + 0.0f);
  int32_t key = bits ^ (bits >> 31 & std::numeric_limits<int32_t>::max());
  return largest ? key : ~key;
}

EvalResult NmsOp::evaluate(ArrayRef<Buffer> operands) {
  TopEvaluator top(*this);
  ArrayRef<int64_t> shape = getShape(getBoxes());
  auto planes = [&](int64_t first, int64_t count) {
    return top.run("top.slice", operands[0],
                   {top.list("offsets", {0, first, 0}),
                    top.list("sizes", {shape[0], count, shape[2]}),
                    top.list("steps", {1, 1, 1})});
  };
  EvalResult corners = planes(0, 4);
  if (!corners)
    return corners;
  EvalResult boxes =
      top.run("top.permute", corners->front(), {top.list("order", {0, 2, 1})});
  if (!boxes)
    return boxes;
  SmallVector<Buffer> inputs{boxes->front(), operands[1]};
  if (shape[1] > 4) {
    EvalResult labels = planes(4, 1);
    if (!labels)
      return labels;
    inputs.push_back(labels->front().reshaped({shape[0], shape[2]}));
  }
  APFloat none = APFloat::getInf(APFloat::IEEEdouble(), /*Negative=*/true);
  SmallVector<NamedAttribute> attrs = {
      top.i64("max_output", getShape(getOutput()).back()),
      top.f64("iou_threshold", getIouThreshold()),
      top.f64("score_threshold", getScoreThreshold().value_or(none))};
  return give(*this, top.run("top.nms", inputs, attrs));
}

EvalResult TopSetOp::evaluate(ArrayRef<Buffer> operands) {
  ArrayRef<int64_t> shape = getShape(getOutput());
  int64_t size = getShape(getInput())[1], k = shape[2];
  Buffer result = Buffer::ints(shape);
  std::vector<int32_t> keys(size);
  for (int64_t row = 0; row < shape[0]; ++row) {
    for (int64_t i = 0; i < size; ++i)
      if (operands[0].isF32())
        keys[i] = getKey(operands[0].getF32()[row * size + i], getLargest());
      else if (int32_t value = operands[0].getInts()[row * size + i];
               getLargest())
        keys[i] = value;
      else
        keys[i] = ~value;
    std::vector<int32_t> sorted(keys);
    llvm::sort(sorted, std::greater<int32_t>());
    int32_t last = sorted[k - 1];
    int64_t *found = result.getMutableInts().data() + row * 2 * k, count = 0;
    for (bool equals : {false, true})
      for (int64_t i = 0; i < size && count < k; ++i)
        if (equals ? keys[i] == last : keys[i] > last) {
          found[count] = keys[i];
          found[k + count++] = i;
        }
  }
  return give(*this, result);
}
