//===- Evaluate.cpp - Helpers of the reference evaluation -----------------===//
//
// Iteration over shapes and the matrix product behind convolution and matmul.
//
//===----------------------------------------------------------------------===//

#include "Evaluate.h"

using namespace tpuc;
using namespace tpuc::top;

llvm::SmallVector<int64_t> top::getBroadcastStrides(Shape from, Shape to) {
  llvm::SmallVector<int64_t> own = getRowMajorStrides(from);
  llvm::SmallVector<int64_t> strides(to.size(), 0);
  size_t lead = to.size() - from.size();
  for (size_t i = 0; i < from.size(); ++i)
    strides[lead + i] = from[i] == 1 ? 0 : own[i];
  return strides;
}

Buffer top::gatherStrided(const Buffer &input, Shape shape, Shape strides,
                          int64_t base) {
  Buffer result = Buffer::make(input.getKind(), shape);
  if (input.isF32()) {
    const float *in = input.getF32().data();
    float *out = result.getMutableF32().data();
    forEachOffset(shape, strides, base,
                  [&](int64_t offset) { *out++ = in[offset]; });
  } else {
    const int64_t *in = input.getInts().data();
    int64_t *out = result.getMutableInts().data();
    forEachOffset(shape, strides, base,
                  [&](int64_t offset) { *out++ = in[offset]; });
  }
  return result;
}

/// Four rows at once, so that a row of `b` is loaded for four products.
static void multiplyRows(float *out, const float *a, const float *b, int64_t n,
                         int64_t k, int64_t ldo, int64_t lda, int64_t ldb) {
  float *__restrict o0 = out, *__restrict o1 = out + ldo;
  float *__restrict o2 = out + 2 * ldo, *__restrict o3 = out + 3 * ldo;
  for (int64_t p = 0; p < k; ++p) {
    const float *__restrict row = b + p * ldb;
    float a0 = a[p], a1 = a[lda + p], a2 = a[2 * lda + p], a3 = a[3 * lda + p];
    for (int64_t j = 0; j < n; ++j) {
      float value = row[j];
      o0[j] += a0 * value;
      o1[j] += a1 * value;
      o2[j] += a2 * value;
      o3[j] += a3 * value;
    }
  }
}

void top::multiplyAccumulate(float *out, const float *a, const float *b,
                             int64_t m, int64_t n, int64_t k, int64_t ldo,
                             int64_t lda, int64_t ldb) {
  // A block of b of 128 x 256 floats stays in a second-level cache.
  const int64_t blockK = 128, blockN = 256;
  for (int64_t j = 0; j < n; j += blockN) {
    int64_t width = std::min(blockN, n - j);
    for (int64_t p = 0; p < k; p += blockK) {
      int64_t depth = std::min(blockK, k - p);
      const float *block = b + p * ldb + j;
      int64_t i = 0;
      for (; i + 4 <= m; i += 4)
        multiplyRows(out + i * ldo + j, a + i * lda + p, block, width, depth,
                     ldo, lda, ldb);
      for (; i < m; ++i) {
        float *__restrict row = out + i * ldo + j;
        for (int64_t q = 0; q < depth; ++q) {
          float factor = a[i * lda + p + q];
          const float *__restrict source = block + q * ldb;
          for (int64_t c = 0; c < width; ++c)
            row[c] += factor * source[c];
        }
      }
    }
  }
}
