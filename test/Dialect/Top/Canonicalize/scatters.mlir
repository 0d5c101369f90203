// RUN: tpuc-opt %s -split-input-file -canonicalize | FileCheck %s

// All is written.
// CHECK-LABEL: func.func @all
// CHECK: %[[R:.*]] = top.reshape %arg1
// CHECK: return %[[R]]
func.func @all(%x: tensor<2x2xf32>, %y: tensor<4xf32>) -> tensor<2x2xf32> {
  %i = top.weight dense<[[0, 0], [0, 1], [1, 0], [1, 1]]> : tensor<4x2xi64>
  %0 = top.scatter_nd none %x, %i, %y : (tensor<2x2xf32>, tensor<4x2xi64>, tensor<4xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

// The last two of three columns, in the second row.
// CHECK-LABEL: func.func @box
// CHECK-DAG: %[[A:.*]] = top.slice %arg0 {offsets = array<i64: 0, 0>, sizes = array<i64: 1, 3>
// CHECK-DAG: %[[B:.*]] = top.slice %arg0 {offsets = array<i64: 1, 0>, sizes = array<i64: 1, 1>
// CHECK-DAG: %[[Y:.*]] = top.reshape %arg1 {{.*}} -> tensor<1x2xf32>
// CHECK: %[[M:.*]] = top.concat %[[B]], %[[Y]] {axis = 1
// CHECK: top.concat %[[A]], %[[M]] {axis = 0
func.func @box(%x: tensor<2x3xf32>, %y: tensor<2xf32>) -> tensor<2x3xf32> {
  %i = top.weight dense<[[1, -2], [1, 2]]> : tensor<2x2xi64>
  %0 = top.scatter_nd none %x, %i, %y : (tensor<2x3xf32>, tensor<2x2xi64>, tensor<2xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

// Another order, sums, and what is no box.
// CHECK-LABEL: func.func @others
// CHECK-COUNT-3: top.scatter_nd
func.func @others(%x: tensor<4x3xf32>, %y: tensor<2x3xf32>) -> (tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>) {
  %i = top.weight dense<[[1], [0]]> : tensor<2x1xi64>
  %j = top.weight dense<[[0], [1]]> : tensor<2x1xi64>
  %k = top.weight dense<[[0], [2]]> : tensor<2x1xi64>
  %0 = top.scatter_nd none %x, %i, %y : (tensor<4x3xf32>, tensor<2x1xi64>, tensor<2x3xf32>) -> tensor<4x3xf32>
  %1 = top.scatter_nd add %x, %j, %y : (tensor<4x3xf32>, tensor<2x1xi64>, tensor<2x3xf32>) -> tensor<4x3xf32>
  %2 = top.scatter_nd none %x, %k, %y : (tensor<4x3xf32>, tensor<2x1xi64>, tensor<2x3xf32>) -> tensor<4x3xf32>
  return %0, %1, %2 : tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>
}
