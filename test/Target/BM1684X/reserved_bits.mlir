// RUN: split-file %s %t
// RUN: tpuc-translate --mlir-to-bmodel %t/kept.mlir -o %t/a.bmodel
// RUN: tpuc-translate --bmodel-to-mlir %t/a.bmodel | FileCheck %t/kept.mlir
// RUN: tpuc-translate --disassemble %t/a.bmodel | FileCheck %t/kept.mlir --check-prefix=DIS
// RUN: tpuc-translate --bmodel-to-mlir %t/a.bmodel -o %t/b.mlir
// RUN: tpuc-translate --mlir-to-bmodel %t/b.mlir -o %t/b.bmodel
// RUN: cmp %t/a.bmodel %t/b.bmodel
// RUN: not tpuc-translate --mlir-to-bmodel %t/owned.mlir -o %t/c.bmodel 2>&1 | FileCheck %t/owned.mlir --check-prefix=OWNED
// RUN: not tpuc-translate --mlir-to-bmodel %t/pairs.mlir -o %t/c.bmodel 2>&1 | FileCheck %t/pairs.mlir --check-prefix=PAIRS

//--- kept.mlir
// DIS: network net, stage 0, group 0: 1 TIU and 2 GDMA commands
// DIS-NEXT: 1 of them have reserved bits set
func.func @net() attributes {
    bm1684x.activation_address = 4294967296 : i64,
    bm1684x.activation_bytes = 8192 : i64,
    bm1684x.coefficient_address = 4294967296 : i64,
    bm1684x.inputs = [{address = 4294967296 : i64, name = "in", type = tensor<4xf32>}],
    bm1684x.outputs = [{address = 4294971392 : i64, name = "out", type = tensor<4xf32>}]} {
  // Behind the high byte of an address that a fill does not read.
  // CHECK: bm1684x.dma.tensor tensor {fill_constant_en = 1, src_start_addr_h8 = 4} attributes {bm1684x.reserved = array<i32: 69, 13>}
  %0 = bm1684x.dma.tensor tensor {fill_constant_en = 1, src_start_addr_h8 = 4} attributes {bm1684x.reserved = array<i32: 69, 13>}
  return
}

//--- owned.mlir
func.func @net() attributes {
    bm1684x.activation_address = 4294967296 : i64,
    bm1684x.activation_bytes = 8192 : i64,
    bm1684x.coefficient_address = 4294967296 : i64,
    bm1684x.inputs = [{address = 4294967296 : i64, name = "in", type = tensor<4xf32>}],
    bm1684x.outputs = [{address = 4294971392 : i64, name = "out", type = tensor<4xf32>}]} {
  // OWNED: error: cannot be encoded: DMA_tensor has no reserved bits 1 in byte 0
  %0 = bm1684x.dma.tensor tensor {cmd_id_en = 1} attributes {bm1684x.reserved = array<i32: 0, 1>}
  return
}

//--- pairs.mlir
func.func @net() attributes {
    bm1684x.activation_address = 4294967296 : i64,
    bm1684x.activation_bytes = 8192 : i64,
    bm1684x.coefficient_address = 4294967296 : i64,
    bm1684x.inputs = [{address = 4294967296 : i64, name = "in", type = tensor<4xf32>}],
    bm1684x.outputs = [{address = 4294971392 : i64, name = "out", type = tensor<4xf32>}]} {
  // PAIRS: error: 'bm1684x.reserved' holds pairs of a byte's index and its bits
  %0 = bm1684x.dma.tensor tensor {cmd_id_en = 1} attributes {bm1684x.reserved = array<i32: 69>}
  return
}
