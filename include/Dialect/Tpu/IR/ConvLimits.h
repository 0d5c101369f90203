//===- ConvLimits.h - What one convolution or pool may hold -----*- C++ -*-===//
//
// Pads and strides have 4 bits in the command; so have the zeros inserted
// between the taps of a kernel, of which there are dilation - 1.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_IR_CONVLIMITS_H
#define TPUC_DIALECT_TPU_IR_CONVLIMITS_H

#include <cstdint>

namespace tpuc::tpu {

constexpr int64_t kMaxPad = 15;
constexpr int64_t kMaxStride = 15;
constexpr int64_t kMaxDilation = 16;

} // namespace tpuc::tpu

#endif // TPUC_DIALECT_TPU_IR_CONVLIMITS_H
