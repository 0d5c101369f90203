//===- A16.h - Products with weights of few bits ----------------*- C++ -*-===//
//
// The ops of this family. Few files name them, so that this header is apart.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_IR_A16_H
#define TPUC_DIALECT_TPU_IR_A16_H

#include "Dialect/Tpu/IR/Tpu.h"

#define GET_OP_CLASSES
#include "Dialect/Tpu/IR/TpuA16Ops.h.inc"

namespace tpuc::tpu {

/// Of how many columns of a group whose codes are dequantised on the chip the
/// number is a multiple.
inline constexpr int64_t kA16Granule = 32;

} // namespace tpuc::tpu

#endif // TPUC_DIALECT_TPU_IR_A16_H
