// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(assign-global-memory))" | FileCheck %s

// A value that is dead lends its memory to the next; arguments and results
// share with nothing.
// CHECK-LABEL: func.func @reuse
// CHECK-SAME: tpu.global_offset = 0
// CHECK-SAME: tpu.activation_bytes = 16384
func.func @reuse(%arg0: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK: tpu.unary relu {{.*}}tpu.global_offsets = array<i64: [[A:[0-9]+]]>
  %0 = tpu.unary relu %arg0 : tensor<8xf32>
  // CHECK: tpu.unary abs {{.*}}tpu.global_offsets = array<i64: [[B:[0-9]+]]>
  %1 = tpu.unary abs %0 : tensor<8xf32>
  // CHECK: tpu.unary neg {{.*}}tpu.global_offsets = array<i64: [[A]]>
  %2 = tpu.unary neg %1 : tensor<8xf32>
  // CHECK: tpu.unary sqrt
  %3 = tpu.unary sqrt %2 : tensor<8xf32>
  return %3 : tensor<8xf32>
}

// -----

// A reshape lies where its operand lies.
// CHECK-LABEL: func.func @reshape_shares
func.func @reshape_shares(%arg0: tensor<2x4xf32>) -> tensor<8xf32> {
  // CHECK: tpu.unary relu {{.*}}tpu.global_offsets = array<i64: [[A:[0-9]+]]>
  %0 = tpu.unary relu %arg0 : tensor<2x4xf32>
  // CHECK: tpu.reshape {{.*}}tpu.global_offsets = array<i64: [[A]]>
  %1 = tpu.reshape %0 : (tensor<2x4xf32>) -> tensor<8xf32>
  return %1 : tensor<8xf32>
}

// -----

// An argument that is returned is copied to memory of its own.
// CHECK-LABEL: func.func @returned_argument
// CHECK-SAME: tpu.global_offset = [[ARG:[0-9]+]]
// CHECK-NOT: array<i64: [[ARG]]>
// CHECK: tpu.reshape
// CHECK: return
func.func @returned_argument(%arg0: tensor<8xf32>) -> tensor<8xf32> {
  return %arg0 : tensor<8xf32>
}

// -----

// A slice that is one run of its operand lies in it; one that is not, does not.
// CHECK-LABEL: func.func @slice_is_a_view
func.func @slice_is_a_view(%arg0: tensor<4x8xf32>) -> (tensor<1x8xf32>, tensor<4x2xf32>) {
  // CHECK: tpu.unary relu {{.*}}tpu.global_offsets = array<i64: 4096>
  %0 = tpu.unary relu %arg0 : tensor<4x8xf32>
  // CHECK: tpu.slice {{.*}}tpu.global_offsets = array<i64: 4160>
  %1 = tpu.slice %0 {offsets = array<i64: 2, 0>, sizes = array<i64: 1, 8>, steps = array<i64: 1, 1>} : (tensor<4x8xf32>) -> tensor<1x8xf32>
  // CHECK: tpu.slice {{.*}}tpu.global_offsets = array<i64: 8192>
  %2 = tpu.slice %0 {offsets = array<i64: 0, 0>, sizes = array<i64: 4, 2>, steps = array<i64: 1, 1>} : (tensor<4x8xf32>) -> tensor<4x2xf32>
  return %1, %2 : tensor<1x8xf32>, tensor<4x2xf32>
}
