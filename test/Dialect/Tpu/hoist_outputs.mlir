// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-hoist-outputs))" | FileCheck %s

// CHECK-LABEL: func.func @two_results
// CHECK: %[[EARLY:.*]] = tpu.unary abs %arg0
// CHECK-NEXT: tpu.cast %[[EARLY]]
// CHECK-NEXT: tpu.unary exp
func.func @two_results(%arg0: tensor<4x8xf16>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %0 = tpu.unary abs %arg0 : tensor<4x8xf16>
  %1 = tpu.unary exp %arg0 : tensor<4x8xf16>
  %2 = tpu.unary abs %1 : tensor<4x8xf16>
  %3 = tpu.cast %0 : (tensor<4x8xf16>) -> tensor<4x8xf32>
  %4 = tpu.cast %2 : (tensor<4x8xf16>) -> tensor<4x8xf32>
  return %3, %4 : tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

// Parts of one result.
// CHECK-LABEL: func.func @joined
// CHECK: %[[A:.*]] = tpu.unary abs %arg0
// CHECK-NEXT: %[[HEAD:.*]] = tpu.unary neg %[[A]]
// CHECK-NEXT: %[[B:.*]] = tpu.unary exp %[[A]]
// CHECK-NEXT: %[[OTHER:.*]] = tpu.unary neg %[[B]]
// CHECK-NEXT: tpu.concat %[[HEAD]], %[[OTHER]]
func.func @joined(%arg0: tensor<4x8xf16>) -> tensor<8x8xf16> {
  %0 = tpu.unary abs %arg0 : tensor<4x8xf16>
  %1 = tpu.unary exp %0 : tensor<4x8xf16>
  %2 = tpu.unary neg %0 : tensor<4x8xf16>
  %3 = tpu.unary neg %1 : tensor<4x8xf16>
  %4 = tpu.concat %2, %3 {axis = 0 : i64} : (tensor<4x8xf16>, tensor<4x8xf16>) -> tensor<8x8xf16>
  return %4 : tensor<8x8xf16>
}

// -----

// What others need as well stays.
// CHECK-LABEL: func.func @shared
// CHECK: tpu.unary abs
// CHECK-NEXT: tpu.unary exp
// CHECK-NEXT: tpu.unary neg
func.func @shared(%arg0: tensor<4x8xf16>) -> (tensor<4x8xf16>, tensor<4x8xf16>) {
  %0 = tpu.unary abs %arg0 : tensor<4x8xf16>
  %1 = tpu.unary exp %arg0 : tensor<4x8xf16>
  %2 = tpu.unary neg %0 : tensor<4x8xf16>
  %3 = tpu.binary mul %1, %2 : (tensor<4x8xf16>, tensor<4x8xf16>) -> tensor<4x8xf16>
  return %2, %3 : tensor<4x8xf16>, tensor<4x8xf16>
}
