// RUN: tpuc-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @transpose_into_matmul(
// CHECK-NEXT: top.matmul %arg0, %arg1 {right_transpose = true}
func.func @transpose_into_matmul(%q: tensor<2x4x8xf32>, %k: tensor<2x6x8xf32>) -> tensor<2x4x6xf32> {
  %0 = top.permute %k {order = array<i64: 0, 2, 1>} : (tensor<2x6x8xf32>) -> tensor<2x8x6xf32>
  %1 = top.matmul %q, %0 : (tensor<2x4x8xf32>, tensor<2x8x6xf32>) -> tensor<2x4x6xf32>
  return %1 : tensor<2x4x6xf32>
}

// The permute moves more than the last two axes.
// CHECK-LABEL: func.func @other_permute_stays(
// CHECK-NEXT: top.permute
// CHECK-NEXT: top.matmul
func.func @other_permute_stays(%q: tensor<2x4x8xf32>, %k: tensor<6x8x2xf32>) -> tensor<2x4x6xf32> {
  %0 = top.permute %k {order = array<i64: 2, 1, 0>} : (tensor<6x8x2xf32>) -> tensor<2x8x6xf32>
  %1 = top.matmul %q, %0 : (tensor<2x4x8xf32>, tensor<2x8x6xf32>) -> tensor<2x4x6xf32>
  return %1 : tensor<2x4x6xf32>
}

// CHECK-LABEL: func.func @transposed_constant(
// CHECK-NEXT: %[[W:.*]] = top.weight dense<{{\[\[}}1.000000e+00, 3.000000e+00], [2.000000e+00, 4.000000e+00]]>
// CHECK-NEXT: top.matmul %arg0, %[[W]] :
func.func @transposed_constant(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = top.weight dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %0 = top.matmul %x, %w {right_transpose = true} : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}
