//===- ByteKernels.h - Element-wise kernels of bytes -----------*- C++ -*-===//
//
// How casts and arithmetic of quantised elements are computed for a tile. Not
// for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TPUTOBM1684X_BYTEKERNELS_H
#define TPUC_LIB_CONVERSION_TPUTOBM1684X_BYTEKERNELS_H

#include "Dialect/Tpu/IR/Tpu.h"
#include "Kernel/Elementwise.h"

namespace tpuc {

/// The scale and the zero point of quantised elements; 1 and 0 of others.
struct ByteScale {
  double scale = 1.0;
  int64_t zeroPoint = 0;
};
ByteScale scaleOf(mlir::Value value);

/// Makes `params` a cast of bytes to floats, of floats to bytes, or of bytes to
/// bytes of another scale.
void setByteCast(kernel::ElementwiseParams &params, ByteScale from,
                 ByteScale to);

/// Makes `params` a sum, difference or product of bytes; products take zero
/// points of 0.
void setByteBinary(kernel::ElementwiseParams &params, tpu::BinaryKind kind,
                   ByteScale lhs, ByteScale rhs, ByteScale result);

/// Small integers whose ratio is that of two scales: for bytes a and b,
/// a * lhs + b * rhs fits into 16 bits and is (a * scale + b * scale') / unit.
struct SumFactors {
  int64_t lhs, rhs;
  double unit;
};
/// `lhsLimit` and `rhsLimit` are the largest magnitudes of the bytes.
SumFactors chooseSumFactors(double lhsScale, double rhsScale, int64_t lhsLimit,
                            int64_t rhsLimit);

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TPUTOBM1684X_BYTEKERNELS_H
