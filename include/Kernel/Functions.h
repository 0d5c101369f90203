//===- Functions.h - Mathematical functions as vector programs --*- C++ -*-===//
//
// How exponentials, logarithms, activations and the like are computed with the
// commands that the chip has.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_FUNCTIONS_H
#define TPUC_KERNEL_FUNCTIONS_H

#include "Kernel/Elementwise.h"
#include "Kernel/VectorProgram.h"

namespace tpuc::kernel {

/// Functions of one number; numbered as tpu::UnaryKind.
enum class UnaryFunction : uint8_t {
  Relu,
  LeakyRelu,
  Clip,
  Sigmoid,
  Silu,
  Gelu,
  GeluTanh,
  Hardsigmoid,
  Hardswish,
  Tanh,
  Erf,
  Exp,
  Log,
  Sqrt,
  Rsqrt,
  Reciprocal,
  Abs,
  Neg,
  Softplus,
  Elu,
  Mish,
  Sin,
  Cos,
  Floor,
  Ceil,
  Round,
  Sign,
  Softsign,
};

//===--- Building blocks --------------------------------------------------===//

/// exp(x) to 2e-7 relative: 0 below -87.3, infinity above 88.7. f32.
VectorValue appendExp(VectorProgram &list, VectorValue x);
/// exp(x) for x <= 0; 0 below -87.3. f32.
VectorValue appendExpOfNegative(VectorProgram &list, VectorValue x);
/// The x from which on 2^(x + bias) is 0 in this type: below the normal
/// numbers.
double leastExponent(ElementType type, int bias);
/// 2^(x + bias) for leastExponent() <= x <= 0 and an integer bias, in x's type.
/// Largest relative error 1e-7 in f32 and a unit in the last place in 16 bit.
VectorValue appendPowerOfTwo(VectorProgram &list, VectorValue x, int bias);
/// The same for any x <= 0; of NaN 0 in 16 bit.
VectorValue appendPowersUpTo1(VectorProgram &list, VectorValue x, int bias);
/// 1/x for positive normal f32 x below 1.7e38, to 0.12^(2^steps) relative and
/// 1.4e-7 at the best.
VectorValue appendReciprocalOfPositive(VectorProgram &list, VectorValue x,
                                       unsigned steps = 3);
/// tanh(x) to 4e-7 relative, at most 1. f32.
VectorValue appendTanh(VectorProgram &list, VectorValue x);
/// 1/sqrt(x) to 3e-5 relative for positive normal f32 x; of 0 a large finite
/// number.
VectorValue appendCoarseRsqrt(VectorProgram &list, VectorValue x);
/// Natural logarithm to 1e-7 absolute or relative, whichever is larger, for
/// positive normal finite f32 x.
VectorValue appendLogOfPositive(VectorProgram &list, VectorValue x);

/// 2^x / sum(2^x) of rows of `columns` elements whose largest is 0, in x's
/// type; sums are f32. Rows of -infinity alone, where x is NaN, become 0 in 16
/// bit and NaN in f32.
VectorValue appendNormalizedPowers(VectorProgram &list, VectorValue x,
                                   int64_t columns);

//===--- Functions --------------------------------------------------------===//

/// The vector program of a function; `alpha` and `beta` as in tpu.unary. The
/// result has the type of `x`. 16-bit functions that have no 16-bit recipe of
/// their own are computed in f32; those that do err by at most 1.5e-3 (f16)
/// or 7.5e-3 (bf16) beyond the result's rounding, relative to the operand below
/// 1 where the function is 0 at 0, and the sigmoid relative to the result. NaN
/// gives NaN. With `isWide` everything that is not as good in 16 bit is
/// computed in f32.
VectorValue appendUnary(VectorProgram &list, UnaryFunction function,
                        VectorValue x, double alpha, double beta,
                        bool isWide = false);

/// Appends the kernels of result[i] = function(operand[i]) for `count` elements
/// from either tensor's start on; the types agree.
void makeUnaryKernels(const Arch &arch, UnaryFunction function, double alpha,
                      double beta, const GlobalTensor &result,
                      const GlobalTensor &operand, int64_t count,
                      KernelList &kernels);

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_FUNCTIONS_H
