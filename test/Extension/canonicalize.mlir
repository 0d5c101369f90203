// RUN: tpuc-opt %s -split-input-file --canonicalize | FileCheck %s
// RUN: tpuc-opt %s -split-input-file --top-propagate-transposes --canonicalize | FileCheck %s --check-prefix=ROWS

// What patterns know of element-wise operators they know of every one that has
// the trait: it repeats its gain by itself.
// CHECK-LABEL: func.func @repeats
// CHECK-NOT: top.broadcast
// CHECK: test.bend %arg0, %arg1 : (tensor<4x8xf32>, tensor<8xf32>)
func.func @repeats(%x: tensor<4x8xf32>, %g: tensor<8xf32>) -> tensor<4x8xf32> {
  %0 = top.broadcast %g : (tensor<8xf32>) -> tensor<4x8xf32>
  %1 = test.bend %x, %0 : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// -----

// Its first operand has the shape of the result and stays repeated.
// CHECK-LABEL: func.func @keeps_shape
// CHECK: %[[X:.*]] = top.broadcast
// CHECK: test.bend %[[X]]
func.func @keeps_shape(%x: tensor<1x8xf32>, %g: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = top.broadcast %x : (tensor<1x8xf32>) -> tensor<4x8xf32>
  %1 = test.bend %0, %g : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// -----

// Rows are brought into another order once for the operators between, and the
// order of rows passes through it.
// ROWS-LABEL: func.func @rows
// ROWS: %[[P:.*]] = top.permute
// ROWS-NOT: top.permute
// ROWS: return
func.func @rows(%x: tensor<4x6x64xf32>, %g: tensor<64xf32>, %w: tensor<64x64xf32>) -> tensor<6x4x64xf32> {
  %0 = top.permute %x {order = array<i64: 1, 0, 2>} : (tensor<4x6x64xf32>) -> tensor<6x4x64xf32>
  %1 = test.bend %0, %g : (tensor<6x4x64xf32>, tensor<64xf32>) -> tensor<6x4x64xf32>
  %2 = top.permute %1 {order = array<i64: 1, 0, 2>} : (tensor<6x4x64xf32>) -> tensor<4x6x64xf32>
  %3 = top.matmul %2, %w : (tensor<4x6x64xf32>, tensor<64x64xf32>) -> tensor<4x6x64xf32>
  %4 = top.permute %3 {order = array<i64: 1, 0, 2>} : (tensor<4x6x64xf32>) -> tensor<6x4x64xf32>
  return %4 : tensor<6x4x64xf32>
}
