//===- Detection.cpp - Evaluation of what is done with boxes --------------===//
//
// Non-maximum suppression in the arithmetic that ONNX's runtime has, in f32.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Top/IR/Detection.h"
#include "Evaluate.h"

#include <numeric>

using namespace tpuc;
using namespace tpuc::top;

using In = llvm::ArrayRef<Buffer>;

namespace {

/// A box by its corners.
struct Corners {
  float x1, y1, x2, y2;

  Corners(const float *box, bool isCenter) {
    if (isCenter) {
      float width = box[2] / 2, height = box[3] / 2;
      x1 = box[0] - width, x2 = box[0] + width;
      y1 = box[1] - height, y2 = box[1] + height;
      return;
    }
    y1 = std::min(box[0], box[2]), y2 = std::max(box[0], box[2]);
    x1 = std::min(box[1], box[3]), x2 = std::max(box[1], box[3]);
  }

  float area() const { return (x2 - x1) * (y2 - y1); }
};

} // namespace

/// Whether the boxes share more of their union than `threshold`.
static bool overlap(const Corners &a, const Corners &b, float threshold) {
  float width = std::min(a.x2, b.x2) - std::max(a.x1, b.x1);
  float height = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  if (!(width > 0 && height > 0))
    return false;
  float shared = width * height, first = a.area(), second = b.area();
  float all = first + second - shared;
  if (shared <= 0 || first <= 0 || second <= 0 || all <= 0)
    return false;
  return shared / all > threshold;
}

EvalResult NmsOp::evaluate(In in) {
  Shape shape = in[1].getShape();
  int64_t classes = shape[1], count = shape[2], most = getMaxOutput();
  float threshold = getIouThreshold().convertToDouble();
  std::optional<float> least;
  if (!getScoreThreshold().isInfinity())
    least = getScoreThreshold().convertToDouble();
  Buffer out = Buffer::ints(getResultShape(*this));
  llvm::MutableArrayRef<int64_t> result = out.getMutableInts();
  std::fill(result.begin(), result.end(), -1);
  for (int64_t row = 0; row < shape[0] * classes; ++row) {
    const float *scores = in[1].getF32().data() + row * count;
    const float *boxes = in[0].getF32().data() + row / classes * count * 4;
    const float *labels = in.size() == 3
                              ? in[2].getF32().data() + row / classes * count
                              : nullptr;
    std::vector<Corners> corners;
    std::vector<float> keys;
    std::vector<int64_t> order;
    for (int64_t i = 0; i < count; ++i) {
      corners.emplace_back(boxes + i * 4, getCenterPointBox());
      keys.push_back(scores[i] > std::numeric_limits<float>::lowest()
                         ? scores[i]
                         : std::numeric_limits<float>::lowest());
      if (!least || scores[i] > *least)
        order.push_back(i);
    }
    llvm::stable_sort(order,
                      [&](int64_t a, int64_t b) { return keys[a] > keys[b]; });
    int64_t *taken = result.data() + row * most, found = 0;
    for (int64_t i : order) {
      if (found == most)
        break;
      bool isFree = std::none_of(taken, taken + found, [&](int64_t other) {
        return (!labels || labels[i] == labels[other]) &&
               overlap(corners[i], corners[other], threshold);
      });
      if (isFree)
        taken[found++] = i;
    }
  }
  return one(out);
}
