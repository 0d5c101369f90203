//===- Attention.cpp - Reference evaluation of attention ------------------===//
//
// Row by row, as the op's formula says. No op of the top dialect reads heads
// out of packed tensors.
//
//===----------------------------------------------------------------------===//

#include "Attention.h"

#include <cmath>

using namespace mlir;
using namespace tpuc;
using namespace tpuc::tpu;

namespace {

/// A view [offset, batch, row, head stride] of a buffer.
class HeadView {
public:
  HeadView(const Buffer &buffer, ArrayRef<int64_t> view)
      : data(buffer.getF32()), view(view) {}

  /// The columns of a row of a head.
  const float *row(int64_t batch, int64_t row, int64_t head) const {
    return data.data() + view[0] + batch * view[1] + row * view[2] +
           head * view[3];
  }

private:
  ArrayRef<float> data;
  ArrayRef<int64_t> view;
};

} // namespace

/// Makes softmax(scores) of scores.
static void normalize(MutableArrayRef<float> scores) {
  float most = *llvm::max_element(scores);
  double sum = 0;
  for (float &score : scores) {
    score = std::exp(score - most);
    sum += score;
  }
  for (float &score : scores)
    score = float(score / sum);
}

Buffer tpu::evaluateAttention(AttentionOp op, ArrayRef<Buffer> operands,
                              llvm::function_ref<Buffer(Buffer)> round) {
  ArrayRef<int64_t> shape = getShape(op.getOutput());
  int64_t keys = op.getKeyRows(), depth = op.getDepth(), columns = shape[3];
  double scale = op.getScale().convertToDouble();
  HeadView query(operands[0], op.getQueryView());
  HeadView key(operands[1], op.getKeyView());
  HeadView value(operands[2], op.getValueView());
  SmallVector<HeadView> addends;
  for (auto [i, buffer] : llvm::enumerate(operands.drop_front(3)))
    addends.emplace_back(buffer, op.getAddendViews().slice(4 * i, 4));

  Buffer result = Buffer::f32(shape);
  float *out = result.getMutableF32().data();
  auto attend = [&](int64_t batch, int64_t row, int64_t head) {
    Buffer weights = Buffer::f32({keys});
    MutableArrayRef<float> scores = weights.getMutableF32();
    const float *q = query.row(batch, row, head);
    for (int64_t k = 0; k < keys; ++k) {
      const float *other = key.row(batch, k, head);
      double sum = 0;
      for (int64_t d = 0; d < depth; ++d)
        sum += double(q[d]) * other[d];
      scores[k] = float(scale * sum);
      for (const HeadView &addend : addends)
        scores[k] += addend.row(batch, row, head)[k];
    }
    normalize(scores);
    weights = round(weights);
    for (int64_t e = 0; e < columns; ++e) {
      double sum = 0;
      for (int64_t k = 0; k < keys; ++k)
        sum += double(weights.getF32()[k]) * value.row(batch, k, head)[e];
      *out++ = float(sum);
    }
  };
  for (int64_t batch = 0; batch < shape[0]; ++batch)
    for (int64_t row = 0; row < shape[1]; ++row)
      for (int64_t head = 0; head < shape[2]; ++head)
        attend(batch, row, head);
  return result;
}
