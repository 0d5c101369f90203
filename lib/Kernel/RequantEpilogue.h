//===- RequantEpilogue.h - Requantisation of INT8 sums ----------*- C++ -*-===//
//
// What follows the exact i32 sums of an 8-bit contraction: the bias, a factor a
// channel, rounding to INT8 or conversion to a float type, and the activation.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_KERNEL_REQUANTEPILOGUE_H
#define TPUC_LIB_KERNEL_REQUANTEPILOGUE_H

#include "Kernel/Conv.h"

#include <vector>

namespace tpuc::kernel {

/// The parameters of one channel as the packed weights hold them:
/// result = sum * factor + summand, in f32, before it is rounded.
struct SumParameters {
  float factor = 0, summand = 0;
};

/// `sumOfWeights` is that of the channel's filter, by which the integer that
/// stands for 0 in the input is taken out of the sums. `zeroPoint` is that of a
/// INT8 result, else 0.
SumParameters sumParameters(double factor, double bias, int64_t zeroPoint,
                            int64_t inputZeroPoint, int64_t sumOfWeights);

/// Computes blocks of at most a channel a lane, one after the other, in
/// scratch.
class RequantEpilogue {
public:
  /// `block` is the largest block of the result, at any address; `params` are
  /// the convolution's.
  RequantEpilogue(const LocalTensor &block, const ConvParams &params,
                  uint32_t scratch);
  static int64_t scratchBytes(const LocalTensor &block,
                              const ConvParams &params);

  /// Where the sums of a block go; `result` is the block they lead to.
  LocalTensor begin(const LocalTensor &result);
  /// Gives `result` its values from the sums that begin() returned.
  /// `parameters` is the address of the first channel's SumParameters.
  void finish(CommandBuilder &builder, const LocalTensor &result,
              uint32_t parameters);

private:
  Activation activation;
  std::optional<GatedActivation> gate;
  uint32_t table, first, second;
  LocalTensor sums;
};

/// Emits what turns `sums` (f32) into `result`, of another float type or with
/// an activation; `other` is a second buffer of as many bytes. Both are
/// overwritten.
void emitFloatResult(CommandBuilder &builder, const Activation &activation,
                     const LocalTensor &result, const LocalTensor &sums,
                     uint32_t other);

} // namespace tpuc::kernel

#endif // TPUC_LIB_KERNEL_REQUANTEPILOGUE_H
