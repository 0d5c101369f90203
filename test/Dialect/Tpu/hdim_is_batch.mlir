// RUN: tpuc-opt %s -split-input-file -tpu-hdim-is-batch --verify-roundtrip | FileCheck %s

// CHECK-LABEL: func.func @all_three
// CHECK-NEXT: %[[R:.*]] = tpu.matmul %arg0, %arg1 {do_relu = true, hdim_is_batch = true} : (tensor<2x49x3x32xf16>, tensor<2x32x3x64xf16>) -> tensor<2x49x3x64xf16>
// CHECK-NEXT: return %[[R]]
func.func @all_three(%q: tensor<2x49x3x32xf16>, %k: tensor<2x32x3x64xf16>) -> tensor<2x49x3x64xf16> {
  %0 = tpu.permute %q {order = array<i64: 0, 2, 1, 3>} : (tensor<2x49x3x32xf16>) -> tensor<2x3x49x32xf16>
  %1 = tpu.permute %k {order = array<i64: 0, 2, 1, 3>} : (tensor<2x32x3x64xf16>) -> tensor<2x3x32x64xf16>
  %2 = tpu.matmul %0, %1 {do_relu = true} : (tensor<2x3x49x32xf16>, tensor<2x3x32x64xf16>) -> tensor<2x3x49x64xf16>
  %3 = tpu.permute %2 {order = array<i64: 0, 2, 1, 3>} : (tensor<2x3x49x64xf16>) -> tensor<2x49x3x64xf16>
  return %3 : tensor<2x49x3x64xf16>
}

// -----

// Batches and heads are one axis of the product; the right operand is a
// constant, whose permute is computed now, and the result is read in heads.
// CHECK-LABEL: func.func @joined
// CHECK-NEXT: %[[W:.*]] = tpu.weight {{.*}} : tensor<2x8x3x4xf32>
// CHECK-NEXT: %[[M:.*]] = tpu.matmul %arg0, %[[W]] {hdim_is_batch = true} : (tensor<2x49x3x8xf32>, tensor<2x8x3x4xf32>) -> tensor<2x49x3x4xf32>
// CHECK-NEXT: %[[P:.*]] = tpu.permute %[[M]] {order = array<i64: 0, 2, 1, 3>}
// CHECK-NEXT: tpu.reshape %[[P]] : (tensor<2x3x49x4xf32>) -> tensor<6x49x4xf32>
func.func @joined(%x: tensor<2x49x3x8xf32>) -> tensor<6x49x4xf32> {
  %w = tpu.weight dense<1.0> : tensor<6x8x4xf32>
  %0 = tpu.permute %x {order = array<i64: 0, 2, 1, 3>} : (tensor<2x49x3x8xf32>) -> tensor<2x3x49x8xf32>
  %1 = tpu.reshape %0 : (tensor<2x3x49x8xf32>) -> tensor<6x49x8xf32>
  %2 = tpu.matmul %1, %w : (tensor<6x49x8xf32>, tensor<6x8x4xf32>) -> tensor<6x49x4xf32>
  return %2 : tensor<6x49x4xf32>
}

// -----

// Scores are larger than queries and keys: they would be permuted instead.
// CHECK-LABEL: func.func @scores
// CHECK-NOT: hdim_is_batch
func.func @scores(%q: tensor<1x49x3x8xf16>, %k: tensor<1x49x3x8xf16>) -> tensor<1x3x49x49xf16> {
  %0 = tpu.permute %q {order = array<i64: 0, 2, 1, 3>} : (tensor<1x49x3x8xf16>) -> tensor<1x3x49x8xf16>
  %1 = tpu.permute %k {order = array<i64: 0, 2, 1, 3>} : (tensor<1x49x3x8xf16>) -> tensor<1x3x49x8xf16>
  %2 = tpu.matmul %0, %1 {right_transpose = true} : (tensor<1x3x49x8xf16>, tensor<1x3x49x8xf16>) -> tensor<1x3x49x49xf16>
  return %2 : tensor<1x3x49x49xf16>
}

// -----

// Nothing was permuted, or what was is read elsewhere, too.
// CHECK-LABEL: func.func @as_they_lie
// CHECK-NOT: hdim_is_batch
func.func @as_they_lie(%q: tensor<1x3x49x8xf16>, %k: tensor<1x8x3x4xf16>) -> (tensor<1x3x49x4xf16>, tensor<1x3x8x4xf16>) {
  %0 = tpu.permute %k {order = array<i64: 0, 2, 1, 3>} : (tensor<1x8x3x4xf16>) -> tensor<1x3x8x4xf16>
  %1 = tpu.matmul %q, %0 : (tensor<1x3x49x8xf16>, tensor<1x3x8x4xf16>) -> tensor<1x3x49x4xf16>
  return %1, %0 : tensor<1x3x49x4xf16>, tensor<1x3x8x4xf16>
}

// -----

// Rows and columns are exchanged, not heads.
// CHECK-LABEL: func.func @other_axes
// CHECK-NOT: hdim_is_batch
func.func @other_axes(%q: tensor<1x3x8x49xf16>, %k: tensor<1x3x8x4xf16>) -> tensor<1x3x49x4xf16> {
  %0 = tpu.permute %q {order = array<i64: 0, 1, 3, 2>} : (tensor<1x3x8x49xf16>) -> tensor<1x3x49x8xf16>
  %1 = tpu.matmul %0, %k : (tensor<1x3x49x8xf16>, tensor<1x3x8x4xf16>) -> tensor<1x3x49x4xf16>
  return %1 : tensor<1x3x49x4xf16>
}
