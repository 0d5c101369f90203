//===- Functions.h - Mathematical functions as passes ----------*- C++ -*-===//
//
// How exponentials, logarithms, activations and the like are computed with the
// commands that the chip has.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_FUNCTIONS_H
#define TPUC_KERNEL_FUNCTIONS_H

#include "Kernel/Elementwise.h"
#include "Kernel/Passes.h"

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

//===--- Building blocks, all in f32 --------------------------------------===//

/// exp(x) to 2e-7 relative: 0 below -87.3, infinity above 88.7.
PassValue appendExp(PassList &list, PassValue x);
/// exp(x) for x <= 0; 0 below -87.3.
PassValue appendExpOfNegative(PassList &list, PassValue x);
/// How exact an exponential is: to 2e-7 relative, or to 1e-5 for results that
/// are rounded to 16 bit.
enum class ExpPrecision : uint8_t { Full, Half };
/// exp(x) for x <= 0, at least 1e-38 everywhere: for sums of exponentials.
PassValue appendExpOfShifted(PassList &list, PassValue x,
                             ExpPrecision precision);
/// 1/x to 2e-7 relative for positive normal x below 1.7e38.
PassValue appendReciprocalOfPositive(PassList &list, PassValue x);
/// Natural logarithm to 1e-7 absolute or relative, whichever is larger, for
/// positive normal finite x.
PassValue appendLogOfPositive(PassList &list, PassValue x);

/// The softmax of the rows of an f32 value, in f32: for 16 bit with
/// ExpPrecision::Half. A row of which all elements are -infinity becomes
/// constant.
PassValue appendSoftmax(PassList &list, PassValue x, ExpPrecision precision);

//===--- Functions --------------------------------------------------------===//

/// The passes of a function; `alpha` and `beta` as in tpu.unary. The result has
/// the type of `x`. 16-bit functions that have no 16-bit recipe of their own
/// are computed in f32. A NaN operand may give any number: clamps drop it.
PassValue appendUnary(PassList &list, UnaryFunction function, PassValue x,
                      double alpha, double beta);

/// Appends the kernels of result[i] = function(operand[i]) for `count` elements
/// from either tensor's start on; the types agree.
void makeUnaryKernels(UnaryFunction function, double alpha, double beta,
                      const GlobalTensor &result, const GlobalTensor &operand,
                      int64_t count, KernelList &kernels);

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_FUNCTIONS_H
