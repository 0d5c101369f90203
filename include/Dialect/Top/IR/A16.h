//===- A16.h - Products with weights of few bits ----------------*- C++ -*-===//
//
// The ops of this family. Few files name them, so that this header is apart.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TOP_IR_A16_H
#define TPUC_DIALECT_TOP_IR_A16_H

#include "Dialect/Top/IR/Top.h"

#define GET_OP_CLASSES
#include "Dialect/Top/IR/TopA16Ops.h.inc"

namespace tpuc::top {

/// The numbers that codes stand for, [N, K]; operands as of top.a16_matmul
/// behind its first.
std::vector<float> dequantize(const Buffer &codes, const Buffer &scales,
                              const Buffer &zeros, int64_t bits);

} // namespace tpuc::top

#endif // TPUC_DIALECT_TOP_IR_A16_H
