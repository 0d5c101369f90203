// RUN: split-file %s %t
// RUN: not tpuc-translate --mlir-to-bmodel %t/empty.mlir -o %t/x 2>&1 | FileCheck %s --check-prefix=EMPTY
// RUN: not tpuc-translate --mlir-to-bmodel %t/description.mlir -o %t/x 2>&1 | FileCheck %s --check-prefix=DESCRIPTION
// RUN: not tpuc-translate --mlir-to-bmodel %t/foreign.mlir -o %t/x 2>&1 | FileCheck %s --check-prefix=FOREIGN
// RUN: not tpuc-translate --mlir-to-bmodel %t/type.mlir -o %t/x 2>&1 | FileCheck %s --check-prefix=TYPE
// RUN: not tpuc-translate --bmodel-to-mlir %t/empty.mlir 2>&1 | FileCheck %s --check-prefix=MAGIC
// RUN: not tpuc-translate --bmodel-to-mlir %t/nothing.bmodel 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: not ls %t/x

// MAGIC: error: {{.*}}empty.mlir: file of {{.*}} is shorter than the header of 64
// MISSING: error: {{.*}}nothing.bmodel: No such file or directory

//--- empty.mlir
// EMPTY: error: has no function of commands
module {}

//--- description.mlir
// DESCRIPTION: error: has no array 'bm1684x.inputs'
func.func @net() {
  return
}

//--- foreign.mlir
func.func @net() attributes {
    bm1684x.activation_address = 4294967296 : i64,
    bm1684x.activation_bytes = 8192 : i64,
    bm1684x.coefficient_address = 4294967296 : i64,
    bm1684x.inputs = [{address = 4294967296 : i64, name = "in", type = tensor<4xf32>}],
    bm1684x.outputs = [{address = 4294971392 : i64, name = "out", type = tensor<4xf32>}]} {
  // FOREIGN: error: is not a command; lower it first
  func.call @net() : () -> ()
  return
}

//--- type.mlir
// TYPE: error: 'in' has element type 'f64', which a network's input or output cannot have
func.func @net() attributes {
    bm1684x.activation_address = 4294967296 : i64,
    bm1684x.activation_bytes = 8192 : i64,
    bm1684x.coefficient_address = 4294967296 : i64,
    bm1684x.inputs = [{address = 4294967296 : i64, name = "in", type = tensor<4xf64>}],
    bm1684x.outputs = [{address = 4294971392 : i64, name = "out", type = tensor<4xf32>}]} {
  return
}
