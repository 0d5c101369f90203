//===- A16.cpp - Evaluation of products with weights of few bits ----------===//
//
// Makes numbers of the codes and multiplies.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Top/IR/A16.h"
#include "Evaluate.h"

using namespace tpuc;
using namespace tpuc::top;

std::vector<float> top::dequantize(const Buffer &codes, const Buffer &scales,
                                   const Buffer &zeros, int64_t bits) {
  int64_t rows = codes.getDim(0), groups = scales.getDim(1),
          perWord = 32 / bits, depth = codes.getDim(1) * perWord,
          group = depth / groups;
  std::vector<float> numbers(rows * depth);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t k = 0; k < depth; ++k) {
      auto word = uint32_t(codes.getInts()[(row * depth + k) / perWord]);
      uint32_t code = word >> (k % perWord * bits) & ((1u << bits) - 1);
      int64_t g = row * groups + k / group;
      numbers[row * depth + k] =
          (float(code) - zeros.getF32()[g]) * scales.getF32()[g];
    }
  return numbers;
}

EvalResult A16MatMulOp::evaluate(llvm::ArrayRef<Buffer> in) {
  std::vector<float> weights = dequantize(in[1], in[2], in[3], getBits());
  int64_t columns = in[1].getDim(0), depth = int64_t(weights.size()) / columns,
          rows = in[0].getNumElements() / depth;
  Buffer out = Buffer::f32(getResultShape(*this));
  llvm::MutableArrayRef<float> result = out.getMutableF32();
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t n = 0; n < columns; ++n) {
      const float *x = in[0].getF32().data() + row * depth;
      const float *w = weights.data() + n * depth;
      double sum = 0;
      for (int64_t k = 0; k < depth; ++k)
        sum += double(x[k]) * w[k];
      result[row * columns + n] = float(sum);
    }
  return one(out);
}
