// RUN: tpuc-translate --mlir-to-bmodel %s -o %t.bmodel
// RUN: tpuc-translate --bmodel-to-mlir --check-digest %t.bmodel | FileCheck %s
// RUN: tpuc-translate --disassemble %t.bmodel | FileCheck %s --check-prefix=DIS
//
// Text, container and text again: the second container is the first.
// RUN: tpuc-translate --bmodel-to-mlir %t.bmodel -o %t.mlir
// RUN: tpuc-translate --mlir-to-bmodel %t.mlir -o %t2.bmodel
// RUN: cmp %t.bmodel %t2.bmodel
// RUN: tpuc-translate --bmodel-to-mlir --emit-bytecode %t.bmodel -o %t.mlirbc
// RUN: tpuc-translate --mlir-to-bmodel %t.mlirbc -o %t3.bmodel
// RUN: cmp %t.bmodel %t3.bmodel

// CHECK: bm1684x.time = "then", bm1684x.version = "2.2+test"
module attributes {bm1684x.time = "then", bm1684x.version = "2.2+test"} {
  // CHECK-LABEL: func.func @net
  // CHECK-SAME: bm1684x.activation_address = 4294971392
  // CHECK-SAME: bm1684x.activation_bytes = 8192
  // CHECK-SAME: bm1684x.coefficient_address = 4294967296
  // CHECK-SAME: {name = "w", offset = 0 : i64, size = 4 : i64}
  // CHECK-SAME: bm1684x.coefficients = dense_resource<coefficients> : tensor<4xi8>
  // CHECK-SAME: bm1684x.inputs = [{address = 4294971392 : i64, name = "in", type = tensor<1x4xf32>}]
  // CHECK-SAME: bm1684x.outputs = [{address = 4294975488 : i64, bytes = 16 : i64, name = "out", scale = 5.000000e-01 : f32, type = tensor<1x4xui8>, zero_point = 3 : i32}]
  func.func @net() attributes {
      bm1684x.activation_address = 4294971392 : i64,
      bm1684x.activation_bytes = 8192 : i64,
      bm1684x.coefficient_address = 4294967296 : i64,
      bm1684x.coefficient_ranges = [{name = "w", offset = 0 : i64, size = 4 : i64}],
      bm1684x.coefficients = dense<[1, 2, 3, 4]> : tensor<4xi8>,
      bm1684x.inputs = [{address = 4294971392 : i64, name = "in", type = tensor<1x4xf32>}],
      bm1684x.outputs = [{address = 4294975488 : i64, bytes = 16 : i64, name = "out", scale = 0.5 : f32, type = tensor<1x4xui8>, zero_point = 3 : i32}]} {
    // CHECK-NEXT: %[[LOAD:.*]] = bm1684x.dma.tensor tensor {cmd_id_en = 1, src_nsize = 1}
    // CHECK-NEXT: %[[ADD:.*]] = bm1684x.sar add {cmd_id_en = 1, res0_n = 1} wait(%[[LOAD]])
    // DIS: network net, stage 0, group 0: 3 TIU and 3 GDMA commands
    // DIS: TIU       0        0 id      1 dep      1 sAR.add cmd_id_en=1 res0_n=1
    // DIS: TIU       1       64 id      2 dep      0 sAR.mul cmd_id_en=1
    %0 = bm1684x.dma.tensor tensor {cmd_id_en = 1, src_nsize = 1}
    %1 = bm1684x.sar add {cmd_id_en = 1, res0_n = 1} wait(%0) loc("conv1"("tpu.conv"))
    %2 = bm1684x.sar mul {cmd_id_en = 1} wait(%1)
    // The last waited command of the other queue counts.
    // DIS: GDMA      1       96 id      2 dep      2 DMA_tensor.tensor
    %3 = bm1684x.dma.tensor tensor wait(%1, %2)
    // End commands are added.
    // CHECK: bm1684x.sysid end
    // CHECK: bm1684x.sdma.sys sys {cmd_id_en = 1}
    return
  }
}
// CHECK-DAG: loc("tpu.conv")
// CHECK-DAG: loc("conv1"(
