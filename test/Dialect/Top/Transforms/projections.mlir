// RUN: tpuc-opt %s --top-fold-affine --top-pack-projections --canonicalize --top-share-weights | FileCheck %s

// The factor of the scores goes into the queries' columns, through their views.
// CHECK-LABEL: func.func @scale_of_scores(
// CHECK-DAG: %[[W:.*]] = top.weight dense<{{\[}}[2.000000e+00, 1.000000e+00], [4.000000e+00, 1.000000e+00]]>
// CHECK-NOT: top.mul
func.func @scale_of_scores(%x: tensor<3x2xf32>) -> tensor<1x3x3xf32> {
  %w = top.weight dense<[[1.0, 1.0], [2.0, 1.0]]> : tensor<2x2xf32>
  %c = top.weight dense<2.0> : tensor<f32>
  %0 = top.matmul %x, %w : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
  %q = top.slice %0 {offsets = array<i64: 0, 0>, sizes = array<i64: 3, 1>, steps = array<i64: 1, 1>} : (tensor<3x2xf32>) -> tensor<3x1xf32>
  %k = top.slice %0 {offsets = array<i64: 0, 1>, sizes = array<i64: 3, 1>, steps = array<i64: 1, 1>} : (tensor<3x2xf32>) -> tensor<3x1xf32>
  %1 = top.reshape %q : (tensor<3x1xf32>) -> tensor<1x3x1xf32>
  %2 = top.reshape %k : (tensor<3x1xf32>) -> tensor<1x3x1xf32>
  %3 = top.matmul %1, %2 {right_transpose = true} : (tensor<1x3x1xf32>, tensor<1x3x1xf32>) -> tensor<1x3x3xf32>
  %4 = top.mul %3, %c : (tensor<1x3x3xf32>, tensor<f32>) -> tensor<1x3x3xf32>
  return %4 : tensor<1x3x3xf32>
}

// Something else reads the column: it must not be scaled.
// CHECK-LABEL: func.func @scale_of_shared_columns_stays(
// CHECK: top.mul
func.func @scale_of_shared_columns_stays(%x: tensor<3x2xf32>) -> (tensor<3x1xf32>, tensor<3x2xf32>) {
  %w = top.weight dense<[[1.0, 1.0], [2.0, 1.0]]> : tensor<2x2xf32>
  %c = top.weight dense<2.0> : tensor<f32>
  %0 = top.matmul %x, %w : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
  %1 = top.slice %0 {offsets = array<i64: 0, 0>, sizes = array<i64: 3, 1>, steps = array<i64: 1, 1>} : (tensor<3x2xf32>) -> tensor<3x1xf32>
  %2 = top.mul %1, %c : (tensor<3x1xf32>, tensor<f32>) -> tensor<3x1xf32>
  return %2, %0 : tensor<3x1xf32>, tensor<3x2xf32>
}

// CHECK-LABEL: func.func @norm_into_linear(
// CHECK-DAG: %[[W:.*]] = top.weight dense<{{\[}}[2.000000e+00, 4.000000e+00], [9.000000e+00, 1.200000e+01]]>
// CHECK-DAG: %[[B:.*]] = top.weight dense<[4.000000e+00, 6.000000e+00]>
// CHECK: %[[N:.*]] = top.layer_norm %arg0 {
// CHECK-NEXT: top.matmul %[[N]], %[[W]], %[[B]]
func.func @norm_into_linear(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %s = top.weight dense<[2.0, 3.0]> : tensor<2xf32>
  %b = top.weight dense<[1.0, 1.0]> : tensor<2xf32>
  %w = top.weight dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %0 = top.layer_norm %x, %s, %b {axis = 1 : i64, epsilon = 1.0e-5} : (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  %1 = top.matmul %0, %w : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  return %1 : tensor<4x2xf32>
}

// The sum needs the scaled rows.
// CHECK-LABEL: func.func @norm_with_other_reader_stays(
// CHECK: top.layer_norm %arg0, %{{.*}}, %{{.*}} {
func.func @norm_with_other_reader_stays(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %s = top.weight dense<[2.0, 3.0]> : tensor<2xf32>
  %b = top.weight dense<[1.0, 1.0]> : tensor<2xf32>
  %w = top.weight dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %0 = top.layer_norm %x, %s, %b {axis = 1 : i64, epsilon = 1.0e-5} : (tensor<4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  %1 = top.matmul %0, %w : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  %2 = top.add %0, %1 : (tensor<4x2xf32>, tensor<4x2xf32>) -> tensor<4x2xf32>
  return %2 : tensor<4x2xf32>
}

// A factor after a function that cannot take it goes into the next layer.
// CHECK-LABEL: func.func @factor_into_next_layer(
// CHECK: %[[W:.*]] = top.weight dense<{{\[}}[2.000000e+00, 4.000000e+00], [6.000000e+00, 8.000000e+00]]>
// CHECK-NEXT: %[[S:.*]] = top.silu %arg0
// CHECK-NEXT: top.matmul %[[S]], %[[W]]
func.func @factor_into_next_layer(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %c = top.weight dense<2.0> : tensor<f32>
  %w = top.weight dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %0 = top.silu %x : tensor<4x2xf32>
  %1 = top.mul %0, %c : (tensor<4x2xf32>, tensor<f32>) -> tensor<4x2xf32>
  %2 = top.matmul %1, %w : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  return %2 : tensor<4x2xf32>
}

// Queries and keys are columns of one product; a missing bias is zero.
// CHECK-LABEL: func.func @projections_of_attention_are_packed(
// CHECK-DAG: %[[W:.*]] = top.weight dense<{{\[}}[1.000000e+00, 5.000000e+00], [2.000000e+00, 6.000000e+00]]>
// CHECK-DAG: %[[B:.*]] = top.weight dense<[7.000000e+00, 0.000000e+00]>
// CHECK: top.matmul %arg0, %[[W]], %[[B]]
// CHECK-DAG: top.slice {{.*}} {offsets = array<i64: 0, 0>, sizes = array<i64: 3, 1>
// CHECK-DAG: top.slice {{.*}} {offsets = array<i64: 0, 1>, sizes = array<i64: 3, 1>
func.func @projections_of_attention_are_packed(%x: tensor<3x2xf32>) -> tensor<1x3x3xf32> {
  %wq = top.weight dense<[[1.0], [2.0]]> : tensor<2x1xf32>
  %wk = top.weight dense<[[5.0], [6.0]]> : tensor<2x1xf32>
  %bq = top.weight dense<[7.0]> : tensor<1xf32>
  %q = top.matmul %x, %wq, %bq : (tensor<3x2xf32>, tensor<2x1xf32>, tensor<1xf32>) -> tensor<3x1xf32>
  %k = top.matmul %x, %wk : (tensor<3x2xf32>, tensor<2x1xf32>) -> tensor<3x1xf32>
  %1 = top.reshape %q : (tensor<3x1xf32>) -> tensor<1x3x1xf32>
  %2 = top.reshape %k : (tensor<3x1xf32>) -> tensor<1x3x1xf32>
  %3 = top.matmul %1, %2 {right_transpose = true} : (tensor<1x3x1xf32>, tensor<1x3x1xf32>) -> tensor<1x3x3xf32>
  return %3 : tensor<1x3x3xf32>
}

// Element ops would have to cut their operands out of a packed product.
// CHECK-LABEL: func.func @other_projections_stay(
// CHECK-COUNT-2: top.matmul %arg0
func.func @other_projections_stay(%x: tensor<3x2xf32>) -> tensor<3x1xf32> {
  %wq = top.weight dense<[[1.0], [2.0]]> : tensor<2x1xf32>
  %wk = top.weight dense<[[5.0], [6.0]]> : tensor<2x1xf32>
  %q = top.matmul %x, %wq : (tensor<3x2xf32>, tensor<2x1xf32>) -> tensor<3x1xf32>
  %k = top.matmul %x, %wk : (tensor<3x2xf32>, tensor<2x1xf32>) -> tensor<3x1xf32>
  %1 = top.silu %q : tensor<3x1xf32>
  %2 = top.mul %1, %k : (tensor<3x1xf32>, tensor<3x1xf32>) -> tensor<3x1xf32>
  return %2 : tensor<3x1xf32>
}
