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
