//===- Int8Gate.h - Functions fused into INT8 convolutions ------*- C++ -*-===//
//
// Which functions are computed on the sums of an INT8 convolution. Not for
// other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TOPTOTPU_INT8GATE_H
#define TPUC_LIB_CONVERSION_TOPTOTPU_INT8GATE_H

#include "Dialect/Top/IR/Top.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "Kernel/GatedActivation.h"

namespace tpuc {

/// The function of a value that is made from a convolution with no other
/// reader, or none.
tpu::GateKind getGate(mlir::Value value);

kernel::GateFunction getGateFunction(tpu::GateKind gate);

/// Whether the chip has a form of the function for results of this scale.
bool hasGate(tpu::GateKind gate, double scale);

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TOPTOTPU_INT8GATE_H
