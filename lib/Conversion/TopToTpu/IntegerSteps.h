//===- IntegerSteps.h - Arithmetic that the chip lacks -----------*- C++
//-*-===//
//
// Division, remainders, reductions and running sums that have no command, in
// steps that have one. Not for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TOPTOTPU_INTEGERSTEPS_H
#define TPUC_LIB_CONVERSION_TOPTOTPU_INTEGERSTEPS_H

#include "Lowering.h"

namespace tpuc {

/// A quotient rounded toward zero and its remainder, with the dividend's sign.
struct Quotient {
  mlir::Value quotient, remainder;
};

/// Divides i32 tensors of equal rank, exactly, but for divisors of 0 and for
/// the least number.
Quotient divideIntegers(mlir::Value lhs, mlir::Value rhs, Lowering &lowering);

/// Divides f32 tensors of equal rank. The remainder is exact while the quotient
/// is below 2^24.
Quotient divideFloats(mlir::Value lhs, mlir::Value rhs, Lowering &lowering);

/// Divides f32 tensors of equal rank and corrects the chip's quotient by what
/// it leaves, so that it is the one of IEEE 754 where nothing overflows.
mlir::Value divideExactly(mlir::Value lhs, mlir::Value rhs, Lowering &lowering);

/// Combines the elements of the axes from `axis` on, which become one of size
/// 1 each, by halves: log2 of their number steps.
mlir::Value reduceByHalves(tpu::BinaryKind kind, mlir::Value x, int64_t axis,
                           Lowering &lowering);

/// Running sums along the last axis of [rows, size].
struct RunningSum {
  bool exclusive = false, reverse = false;
};
/// Of integers: sums of twice as many elements in each step.
mlir::Value sumByDoubling(mlir::Value x, RunningSum form, Lowering &lowering);
/// Of floats: products with a triangle of ones, in blocks.
mlir::Value sumInBlocks(mlir::Value x, RunningSum form, Lowering &lowering);

/// An i32 power of i32 tensors, for exponents below 64.
mlir::Value powerOfIntegers(mlir::Value base, mlir::Value exponent,
                            Lowering &lowering);

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TOPTOTPU_INTEGERSTEPS_H
