// RUN: tpuc-opt %s -split-input-file -top-fold-affine -canonicalize | FileCheck %s

// Two heads, of which each has a query and a key of one column: columns of the
// matrix and of the bias are put part by part.
// CHECK-LABEL: func.func @head_by_head(
// CHECK-DAG: %[[W:.*]] = top.weight dense<{{\[}}[1.000000e+00, 3.000000e+00, 2.000000e+00, 4.000000e+00], [5.000000e+00, 7.000000e+00, 6.000000e+00, 8.000000e+00]]>
// CHECK-DAG: %[[B:.*]] = top.weight dense<[1.000000e+01, 3.000000e+01, 2.000000e+01, 4.000000e+01]>
// CHECK: %[[M:.*]] = top.matmul %arg0, %[[W]], %[[B]]
// CHECK: %[[Q:.*]] = top.slice %[[M]] {offsets = array<i64: 0, 0>, sizes = array<i64: 3, 2>
// CHECK: %[[QH:.*]] = top.reshape %[[Q]]
// CHECK: top.permute %[[QH]] {order = array<i64: 1, 0, 2>} : (tensor<3x2x1xf32>) -> tensor<2x3x1xf32>
// CHECK: %[[K:.*]] = top.slice %[[M]] {offsets = array<i64: 0, 2>, sizes = array<i64: 3, 2>
// CHECK: %[[KH:.*]] = top.reshape %[[K]]
// CHECK: top.permute %[[KH]] {order = array<i64: 1, 0, 2>}
// CHECK-NOT: tensor<3x2x2x1xf32>
func.func @head_by_head(%x: tensor<3x2xf32>) -> (tensor<2x3x1xf32>, tensor<2x3x1xf32>) {
  %w = top.weight dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]> : tensor<2x4xf32>
  %b = top.weight dense<[10.0, 20.0, 30.0, 40.0]> : tensor<4xf32>
  %0 = top.matmul %x, %w, %b : (tensor<3x2xf32>, tensor<2x4xf32>, tensor<4xf32>) -> tensor<3x4xf32>
  %1 = top.reshape %0 : (tensor<3x4xf32>) -> tensor<3x2x2x1xf32>
  %2 = top.permute %1 {order = array<i64: 2, 1, 0, 3>} : (tensor<3x2x2x1xf32>) -> tensor<2x2x3x1xf32>
  %3 = top.slice %2 {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 2, 3, 1>, steps = array<i64: 1, 1, 1, 1>} : (tensor<2x2x3x1xf32>) -> tensor<1x2x3x1xf32>
  %4 = top.slice %2 {offsets = array<i64: 1, 0, 0, 0>, sizes = array<i64: 1, 2, 3, 1>, steps = array<i64: 1, 1, 1, 1>} : (tensor<2x2x3x1xf32>) -> tensor<1x2x3x1xf32>
  %5 = top.reshape %3 : (tensor<1x2x3x1xf32>) -> tensor<2x3x1xf32>
  %6 = top.reshape %4 : (tensor<1x2x3x1xf32>) -> tensor<2x3x1xf32>
  return %5, %6 : tensor<2x3x1xf32>, tensor<2x3x1xf32>
}

// -----

// Parts that are runs of columns need no constant matrix. The first part is two
// of three.
// CHECK-LABEL: func.func @part_by_part(
// CHECK: %[[M:.*]] = top.matmul %arg0, %arg1
// CHECK: top.slice %[[M]] {offsets = array<i64: 0, 0>, sizes = array<i64: 3, 8>
// CHECK: top.permute {{.*}} {order = array<i64: 1, 2, 0, 3>} : (tensor<3x2x2x2xf32>) -> tensor<2x2x3x2xf32>
// CHECK: top.slice %[[M]] {offsets = array<i64: 0, 8>, sizes = array<i64: 3, 4>
func.func @part_by_part(%x: tensor<3x2xf32>, %w: tensor<2x12xf32>) -> (tensor<2x2x3x2xf32>, tensor<1x2x3x2xf32>) {
  %0 = top.matmul %x, %w : (tensor<3x2xf32>, tensor<2x12xf32>) -> tensor<3x12xf32>
  %1 = top.reshape %0 : (tensor<3x12xf32>) -> tensor<3x3x2x2xf32>
  %2 = top.permute %1 {order = array<i64: 1, 2, 0, 3>} : (tensor<3x3x2x2xf32>) -> tensor<3x2x3x2xf32>
  %3 = top.slice %2 {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 2, 2, 3, 2>, steps = array<i64: 1, 1, 1, 1>} : (tensor<3x2x3x2xf32>) -> tensor<2x2x3x2xf32>
  %4 = top.slice %2 {offsets = array<i64: 2, 0, 0, 0>, sizes = array<i64: 1, 2, 3, 2>, steps = array<i64: 1, 1, 1, 1>} : (tensor<3x2x3x2xf32>) -> tensor<1x2x3x2xf32>
  return %3, %4 : tensor<2x2x3x2xf32>, tensor<1x2x3x2xf32>
}

// -----

// A factor of the queries goes into their columns then.
// CHECK-LABEL: func.func @scaled(
// CHECK: top.weight dense<{{\[}}[2.000000e+00, 6.000000e+00, 2.000000e+00, 4.000000e+00]]>
// CHECK-NOT: top.mul
func.func @scaled(%x: tensor<3x1xf32>) -> (tensor<3x2xf32>, tensor<3x2xf32>) {
  %w = top.weight dense<[[1.0, 2.0, 3.0, 4.0]]> : tensor<1x4xf32>
  %c = top.weight dense<2.0> : tensor<f32>
  %0 = top.matmul %x, %w : (tensor<3x1xf32>, tensor<1x4xf32>) -> tensor<3x4xf32>
  %1 = top.reshape %0 : (tensor<3x4xf32>) -> tensor<3x2x2xf32>
  %2 = top.slice %1 {offsets = array<i64: 0, 0, 0>, sizes = array<i64: 3, 2, 1>, steps = array<i64: 1, 1, 1>} : (tensor<3x2x2xf32>) -> tensor<3x2x1xf32>
  %3 = top.slice %1 {offsets = array<i64: 0, 0, 1>, sizes = array<i64: 3, 2, 1>, steps = array<i64: 1, 1, 1>} : (tensor<3x2x2xf32>) -> tensor<3x2x1xf32>
  %4 = top.reshape %2 : (tensor<3x2x1xf32>) -> tensor<3x2xf32>
  %5 = top.reshape %3 : (tensor<3x2x1xf32>) -> tensor<3x2xf32>
  %6 = top.mul %4, %c : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xf32>
  return %6, %5 : tensor<3x2xf32>, tensor<3x2xf32>
}

// -----

// Something else reads the packed values.
// CHECK-LABEL: func.func @read_whole(
// CHECK: top.matmul
// CHECK: %[[R:.*]] = top.reshape
// CHECK: top.slice %[[R]]
func.func @read_whole(%x: tensor<3x2xf32>) -> (tensor<3x4xf32>, tensor<3x2x1xf32>) {
  %w = top.weight dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]> : tensor<2x4xf32>
  %0 = top.matmul %x, %w : (tensor<3x2xf32>, tensor<2x4xf32>) -> tensor<3x4xf32>
  %1 = top.reshape %0 : (tensor<3x4xf32>) -> tensor<3x2x2xf32>
  %2 = top.slice %1 {offsets = array<i64: 0, 0, 0>, sizes = array<i64: 3, 2, 1>, steps = array<i64: 1, 1, 1>} : (tensor<3x2x2xf32>) -> tensor<3x2x1xf32>
  return %0, %2 : tensor<3x4xf32>, tensor<3x2x1xf32>
}

// -----

// Parts that alternate, of a matrix that is computed.
// CHECK-LABEL: func.func @computed_matrix(
// CHECK: %[[R:.*]] = top.reshape
// CHECK: top.slice %[[R]]
func.func @computed_matrix(%x: tensor<3x2xf32>, %w: tensor<2x4xf32>) -> tensor<3x2x1xf32> {
  %0 = top.matmul %x, %w : (tensor<3x2xf32>, tensor<2x4xf32>) -> tensor<3x4xf32>
  %1 = top.reshape %0 : (tensor<3x4xf32>) -> tensor<3x2x2xf32>
  %2 = top.slice %1 {offsets = array<i64: 0, 0, 0>, sizes = array<i64: 3, 2, 1>, steps = array<i64: 1, 1, 1>} : (tensor<3x2x2xf32>) -> tensor<3x2x1xf32>
  return %2 : tensor<3x2x1xf32>
}

// -----

// Rows are cut.
// CHECK-LABEL: func.func @rows(
// CHECK: %[[R:.*]] = top.reshape
// CHECK: top.slice %[[R]]
func.func @rows(%x: tensor<4x2xf32>) -> tensor<2x1x2x2xf32> {
  %w = top.weight dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]> : tensor<2x4xf32>
  %0 = top.matmul %x, %w : (tensor<4x2xf32>, tensor<2x4xf32>) -> tensor<4x4xf32>
  %1 = top.reshape %0 : (tensor<4x4xf32>) -> tensor<2x2x2x2xf32>
  %2 = top.slice %1 {offsets = array<i64: 0, 1, 0, 0>, sizes = array<i64: 2, 1, 2, 2>, steps = array<i64: 1, 1, 1, 1>} : (tensor<2x2x2x2xf32>) -> tensor<2x1x2x2xf32>
  return %2 : tensor<2x1x2x2xf32>
}
