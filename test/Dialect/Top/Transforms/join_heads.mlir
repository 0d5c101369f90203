// RUN: tpuc-opt %s --top-join-heads --split-input-file | FileCheck %s

// Keys' softmax over tokens, its product with values and that of queries with
// both stay in rows of all heads.
// CHECK-LABEL: func.func @factorised
// CHECK-SAME: (%[[Q:.*]]: tensor<1x64x2x8xf32>, %[[K:.*]]: tensor<1x64x2x8xf32>, %[[V:.*]]: tensor<1x64x2x4xf32>)
// CHECK-NOT: top.permute
// CHECK: %[[S:.*]] = top.softmax %[[K]] {axis = 1 : i64}
// CHECK: %[[KEYS:.*]] = top.reshape %[[S]] : {{.*}} -> tensor<1x64x16xf32>
// CHECK: %[[VALUES:.*]] = top.reshape %[[V]] : {{.*}} -> tensor<1x64x8xf32>
// CHECK: %[[ALL:.*]] = top.matmul %[[KEYS]], %[[VALUES]] {left_transpose = true}
// CHECK: %[[APART:.*]] = top.where %{{.*}}, %[[ALL]], %{{.*}} -> tensor<1x16x8xf32>
// CHECK: %[[ROWS:.*]] = top.reshape %[[Q]] : {{.*}} -> tensor<1x64x16xf32>
// CHECK: top.matmul %[[ROWS]], %[[APART]] : {{.*}} -> tensor<1x64x8xf32>
// CHECK: top.permute {{.*}} -> tensor<1x2x64x4xf32>
func.func @factorised(%q: tensor<1x64x2x8xf32>, %k: tensor<1x64x2x8xf32>, %v: tensor<1x64x2x4xf32>) -> tensor<1x2x64x4xf32> {
  %0 = top.permute %q {order = array<i64: 0, 2, 1, 3>} : (tensor<1x64x2x8xf32>) -> tensor<1x2x64x8xf32>
  %1 = top.permute %k {order = array<i64: 0, 2, 1, 3>} : (tensor<1x64x2x8xf32>) -> tensor<1x2x64x8xf32>
  %2 = top.permute %v {order = array<i64: 0, 2, 1, 3>} : (tensor<1x64x2x4xf32>) -> tensor<1x2x64x4xf32>
  %3 = top.softmax %1 {axis = 2 : i64} : (tensor<1x2x64x8xf32>) -> tensor<1x2x64x8xf32>
  %4 = top.matmul %3, %2 {left_transpose = true} : (tensor<1x2x64x8xf32>, tensor<1x2x64x4xf32>) -> tensor<1x2x8x4xf32>
  %5 = top.matmul %0, %4 : (tensor<1x2x64x8xf32>, tensor<1x2x8x4xf32>) -> tensor<1x2x64x4xf32>
  return %5 : tensor<1x2x64x4xf32>
}

// -----

// Fewer tokens than columns: all columns with all would be more work.
// CHECK-LABEL: func.func @few_tokens
// CHECK-NOT: top.where
func.func @few_tokens(%q: tensor<1x15x2x8xf32>, %k: tensor<1x15x2x8xf32>, %v: tensor<1x15x2x8xf32>) -> tensor<1x2x15x8xf32> {
  %0 = top.permute %q {order = array<i64: 0, 2, 1, 3>} : (tensor<1x15x2x8xf32>) -> tensor<1x2x15x8xf32>
  %1 = top.permute %k {order = array<i64: 0, 2, 1, 3>} : (tensor<1x15x2x8xf32>) -> tensor<1x2x15x8xf32>
  %2 = top.permute %v {order = array<i64: 0, 2, 1, 3>} : (tensor<1x15x2x8xf32>) -> tensor<1x2x15x8xf32>
  %3 = top.matmul %1, %2 {left_transpose = true} : (tensor<1x2x15x8xf32>, tensor<1x2x15x8xf32>) -> tensor<1x2x8x8xf32>
  %4 = top.matmul %0, %3 : (tensor<1x2x15x8xf32>, tensor<1x2x8x8xf32>) -> tensor<1x2x15x8xf32>
  return %4 : tensor<1x2x15x8xf32>
}

// -----

// The product of keys and values is read elsewhere too.
// CHECK-LABEL: func.func @read_twice
// CHECK-NOT: top.where
func.func @read_twice(%q: tensor<1x64x2x8xf32>, %k: tensor<1x64x2x8xf32>, %v: tensor<1x64x2x8xf32>) -> (tensor<1x2x64x8xf32>, tensor<1x2x8x8xf32>) {
  %0 = top.permute %q {order = array<i64: 0, 2, 1, 3>} : (tensor<1x64x2x8xf32>) -> tensor<1x2x64x8xf32>
  %1 = top.permute %k {order = array<i64: 0, 2, 1, 3>} : (tensor<1x64x2x8xf32>) -> tensor<1x2x64x8xf32>
  %2 = top.permute %v {order = array<i64: 0, 2, 1, 3>} : (tensor<1x64x2x8xf32>) -> tensor<1x2x64x8xf32>
  %3 = top.matmul %1, %2 {left_transpose = true} : (tensor<1x2x64x8xf32>, tensor<1x2x64x8xf32>) -> tensor<1x2x8x8xf32>
  %4 = top.matmul %0, %3 : (tensor<1x2x64x8xf32>, tensor<1x2x8x8xf32>) -> tensor<1x2x64x8xf32>
  return %4, %3 : tensor<1x2x64x8xf32>, tensor<1x2x8x8xf32>
}
