//===- TpuOps.td - All ops of the tpu dialect --------------*- tablegen -*-===//
//
// Gathers the families, for the list of the dialect's ops and the generated reference.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_IR_TPUOPS_TD
#define TPUC_DIALECT_TPU_IR_TPUOPS_TD

include "Dialect/Tpu/IR/TpuA16Ops.td"
include "Dialect/Tpu/IR/TpuAttentionOps.td"
include "Dialect/Tpu/IR/TpuConstantOps.td"
include "Dialect/Tpu/IR/TpuConvOps.td"
include "Dialect/Tpu/IR/TpuDetectionOps.td"
include "Dialect/Tpu/IR/TpuElementwiseOps.td"
include "Dialect/Tpu/IR/TpuGroupOps.td"
include "Dialect/Tpu/IR/TpuNormOps.td"
include "Dialect/Tpu/IR/TpuRecurrentOps.td"
include "Dialect/Tpu/IR/TpuShapeOps.td"

#endif // TPUC_DIALECT_TPU_IR_TPUOPS_TD
