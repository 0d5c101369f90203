// RUN: tpuc-opt %s -split-input-file -top-mix-axes | FileCheck %s

// Both heads of the result are sums over those of the operand; the permutes meet.
// CHECK-LABEL: func.func @talking_heads
// CHECK-DAG: %[[A:.*]] = top.slice %arg0 {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 1, 64, 64>
// CHECK-DAG: %[[B:.*]] = top.slice %arg0 {offsets = array<i64: 0, 1, 0, 0>, sizes = array<i64: 1, 1, 64, 64>
// CHECK: %[[C:.*]] = top.concat
// CHECK-SAME: axis = 1
// CHECK-NOT: top.matmul
// CHECK-NOT: top.permute
// CHECK: return %[[C]]
func.func @talking_heads(%x: tensor<1x2x64x64xf32>) -> tensor<1x2x64x64xf32> {
  %w = top.weight dense<[[1.0, 2.0], [0.5, 4.0]]> : tensor<2x2xf32>
  %b = top.weight dense<[0.0, 3.0]> : tensor<2xf32>
  %0 = top.permute %x {order = array<i64: 0, 2, 3, 1>} : (tensor<1x2x64x64xf32>) -> tensor<1x64x64x2xf32>
  %1 = top.reshape %0 : (tensor<1x64x64x2xf32>) -> tensor<4096x2xf32>
  %2 = top.matmul %1, %w, %b : (tensor<4096x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<4096x2xf32>
  %3 = top.reshape %2 : (tensor<4096x2xf32>) -> tensor<1x64x64x2xf32>
  %4 = top.permute %3 {order = array<i64: 0, 3, 1, 2>} : (tensor<1x64x64x2xf32>) -> tensor<1x2x64x64xf32>
  return %4 : tensor<1x2x64x64xf32>
}

// -----

// CHECK-LABEL: func.func @few_rows
// CHECK: top.matmul
func.func @few_rows(%x: tensor<1x2x8x8xf32>) -> tensor<64x2xf32> {
  %w = top.weight dense<[[1.0, 2.0], [0.5, 4.0]]> : tensor<2x2xf32>
  %0 = top.permute %x {order = array<i64: 0, 2, 3, 1>} : (tensor<1x2x8x8xf32>) -> tensor<1x8x8x2xf32>
  %1 = top.reshape %0 : (tensor<1x8x8x2xf32>) -> tensor<64x2xf32>
  %2 = top.matmul %1, %w : (tensor<64x2xf32>, tensor<2x2xf32>) -> tensor<64x2xf32>
  return %2 : tensor<64x2xf32>
}

// -----

// CHECK-LABEL: func.func @many_numbers
// CHECK: top.matmul
func.func @many_numbers(%x: tensor<1x16x64x64xf32>) -> tensor<4096x16xf32> {
  %w = top.weight dense<1.0> : tensor<16x16xf32>
  %0 = top.permute %x {order = array<i64: 0, 2, 3, 1>} : (tensor<1x16x64x64xf32>) -> tensor<1x64x64x16xf32>
  %1 = top.reshape %0 : (tensor<1x64x64x16xf32>) -> tensor<4096x16xf32>
  %2 = top.matmul %1, %w : (tensor<4096x16xf32>, tensor<16x16xf32>) -> tensor<4096x16xf32>
  return %2 : tensor<4096x16xf32>
}

// -----

// The last axis is the operand's own.
// CHECK-LABEL: func.func @columns
// CHECK: top.matmul
func.func @columns(%x: tensor<1x64x64x2xf32>) -> tensor<4096x2xf32> {
  %w = top.weight dense<[[1.0, 2.0], [0.5, 4.0]]> : tensor<2x2xf32>
  %0 = top.permute %x {order = array<i64: 0, 2, 1, 3>} : (tensor<1x64x64x2xf32>) -> tensor<1x64x64x2xf32>
  %1 = top.reshape %0 : (tensor<1x64x64x2xf32>) -> tensor<4096x2xf32>
  %2 = top.matmul %1, %w : (tensor<4096x2xf32>, tensor<2x2xf32>) -> tensor<4096x2xf32>
  return %2 : tensor<4096x2xf32>
}
