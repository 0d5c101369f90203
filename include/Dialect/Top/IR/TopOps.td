//===- TopOps.td - All ops of the top dialect --------------*- tablegen -*-===//
//
// Gathers the families, for the list of the dialect's ops and the generated reference.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TOP_IR_TOPOPS_TD
#define TPUC_DIALECT_TOP_IR_TOPOPS_TD

include "Dialect/Top/IR/TopA16Ops.td"
include "Dialect/Top/IR/TopBinaryOps.td"
include "Dialect/Top/IR/TopConstantOps.td"
include "Dialect/Top/IR/TopConvOps.td"
include "Dialect/Top/IR/TopDetectionOps.td"
include "Dialect/Top/IR/TopNormOps.td"
include "Dialect/Top/IR/TopRecurrentOps.td"
include "Dialect/Top/IR/TopShapeOps.td"
include "Dialect/Top/IR/TopUnaryOps.td"

#endif // TPUC_DIALECT_TOP_IR_TOPOPS_TD
