// RUN: tpuc-translate --mlir-to-bmodel %s -o %t.bmodel
// RUN: tpuc-translate --disassemble %t.bmodel | FileCheck %s
// RUN: sed 's/module @resnet/module/' %s > %t.mlir
// RUN: tpuc-translate --mlir-to-bmodel %t.mlir -o %t.bmodel
// RUN: tpuc-translate --disassemble %t.bmodel | FileCheck %s --check-prefix=UNNAMED
// RUN: sed 's/func.func @main/func.func @other/' %s > %t.mlir
// RUN: tpuc-translate --mlir-to-bmodel %t.mlir -o %t.bmodel
// RUN: tpuc-translate --disassemble %t.bmodel | FileCheck %s --check-prefix=OTHER

// The network of @main is called after the module, others after their function.
// CHECK: network resnet, stage 0
// UNNAMED: network main, stage 0
// OTHER: network other, stage 0
module @resnet {
  func.func @main() attributes {
      bm1684x.activation_address = 4294971392 : i64,
      bm1684x.activation_bytes = 8192 : i64,
      bm1684x.coefficient_address = 4294967296 : i64,
      bm1684x.inputs = [{address = 4294971392 : i64, name = "in", type = tensor<1x4xf32>}],
      bm1684x.outputs = [{address = 4294975488 : i64, name = "out", type = tensor<1x4xf32>}]} {
    %0 = bm1684x.dma.tensor tensor {cmd_id_en = 1, src_nsize = 1}
    return
  }
}
