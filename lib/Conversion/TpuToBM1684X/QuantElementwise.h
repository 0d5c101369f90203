//===- QuantElementwise.h - INT8 casts and arithmetic -----------*- C++ -*-===//
//
// How casts and arithmetic of quantised elements are computed for a tile. Not
// for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TPUTOBM1684X_QUANTELEMENTWISE_H
#define TPUC_LIB_CONVERSION_TPUTOBM1684X_QUANTELEMENTWISE_H

#include "Dialect/Tpu/IR/Tpu.h"
#include "Kernel/Elementwise.h"

namespace tpuc {

/// The scale and the zero point of quantised elements; 1 and 0 of others.
struct QuantParams {
  double scale = 1.0;
  int64_t zeroPoint = 0;
};
QuantParams quantParamsOf(mlir::Value value);

/// Makes `params` a cast of INT8 to floats, of floats to INT8, or of INT8 to
/// INT8 of another scale.
void setQuantCast(kernel::ElementwiseParams &params, QuantParams from,
                  QuantParams to);

/// Makes `params` an INT8 sum, difference or product; products take zero
/// points of 0.
void setQuantBinary(kernel::ElementwiseParams &params, tpu::BinaryKind kind,
                    QuantParams lhs, QuantParams rhs, QuantParams result);

/// Small integers whose ratio is that of two scales: for integers a and b,
/// a * lhs + b * rhs fits into 16 bits and is (a * scale + b * scale') / unit.
struct SumFactors {
  int64_t lhs, rhs;
  double unit;
};
/// `lhsLimit` and `rhsLimit` are the largest magnitudes of the integers.
SumFactors chooseSumFactors(double lhsScale, double rhsScale, int64_t lhsLimit,
                            int64_t rhsLimit);

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TPUTOBM1684X_QUANTELEMENTWISE_H
