// RUN: tpuc-opt %s --top-fold-affine --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @bias_of_matmul(
// CHECK-NEXT: %[[B:.*]] = top.weight dense<[1.000000e+00, 2.000000e+00]>
// CHECK-NEXT: %[[M:.*]] = top.matmul %arg0, %arg1, %[[B]]
// CHECK-NEXT: return %[[M]]
func.func @bias_of_matmul(%x: tensor<4x8xf32>, %w: tensor<8x2xf32>) -> tensor<4x2xf32> {
  %b = top.weight dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = top.matmul %x, %w : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  %1 = top.add %b, %0 : (tensor<2xf32>, tensor<4x2xf32>) -> tensor<4x2xf32>
  return %1 : tensor<4x2xf32>
}

// One summand a row is no bias.
// CHECK-LABEL: func.func @summand_of_rows_stays(
// CHECK: top.add
func.func @summand_of_rows_stays(%x: tensor<2x8xf32>, %w: tensor<8x2xf32>) -> tensor<2x2xf32> {
  %b = top.weight dense<[[1.0], [2.0]]> : tensor<2x1xf32>
  %0 = top.matmul %x, %w : (tensor<2x8xf32>, tensor<8x2xf32>) -> tensor<2x2xf32>
  %1 = top.add %0, %b : (tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}

// The product without the bias is read as well.
// CHECK-LABEL: func.func @other_reader_stays(
// CHECK: top.add
func.func @other_reader_stays(%x: tensor<4x8xf32>, %w: tensor<8x2xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>) {
  %b = top.weight dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = top.matmul %x, %w : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  %1 = top.add %0, %b : (tensor<4x2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  return %0, %1 : tensor<4x2xf32>, tensor<4x2xf32>
}

// CHECK-LABEL: func.func @scale_of_matmul(
// CHECK-DAG: %[[W:.*]] = top.weight dense<{{\[\[}}2.000000e+00, 4.000000e+00], [6.000000e+00, 8.000000e+00]]>
// CHECK-DAG: %[[B:.*]] = top.weight dense<[2.000000e+00, 6.000000e+00]>
// CHECK: top.matmul %arg0, %[[W]], %[[B]]
func.func @scale_of_matmul(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = top.weight dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b = top.weight dense<[1.0, 3.0]> : tensor<2xf32>
  %two = top.weight dense<2.0> : tensor<f32>
  %0 = top.matmul %x, %w, %b : (tensor<4x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  %1 = top.mul %0, %two : (tensor<4x2xf32>, tensor<f32>) -> tensor<4x2xf32>
  return %1 : tensor<4x2xf32>
}

// scale / sqrt(variance + epsilon) = [2, 1], bias - mean * that = [-1, 0]
// CHECK-LABEL: func.func @batch_norm_into_conv(
// CHECK-DAG: %[[W:.*]] = top.weight dense<{{\[\[\[\[}}2.000000e+00]]], {{\[\[\[}}3.000000e+00]]]]>
// CHECK-DAG: %[[B:.*]] = top.weight dense<[-1.000000e+00, 0.000000e+00]>
// CHECK: %[[C:.*]] = top.conv %arg0, %[[W]], %[[B]]
// CHECK-NEXT: return %[[C]]
func.func @batch_norm_into_conv(%x: tensor<1x1x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %f = top.weight dense<[[[[1.0]]], [[[3.0]]]]> : tensor<2x1x1x1xf32>
  %s = top.weight dense<[2.0, 2.0]> : tensor<2xf32>
  %b = top.weight dense<[1.0, 1.0]> : tensor<2xf32>
  %m = top.weight dense<[1.0, 1.0]> : tensor<2xf32>
  %v = top.weight dense<[0.75, 3.75]> : tensor<2xf32>
  %0 = top.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  %1 = top.batch_norm %0, %s, %b, %m, %v {epsilon = 0.25}
      : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  return %1 : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: func.func @batch_norm_alone(
// CHECK: top.conv %arg0, %{{.*}}, %{{.*}} {{{.*}}group = 2 : i64{{.*}}} : (tensor<1x2x4x4xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>)
func.func @batch_norm_alone(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %s = top.weight dense<[2.0, 3.0]> : tensor<2xf32>
  %b = top.weight dense<[1.0, 2.0]> : tensor<2xf32>
  %v = top.weight dense<[0.75, 3.75]> : tensor<2xf32>
  %0 = top.batch_norm %x, %s, %b, %b, %v {epsilon = 0.25}
      : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  return %0 : tensor<1x2x4x4xf32>
}

// CHECK-LABEL: func.func @batch_norm_of_variables_stays(
// CHECK: top.batch_norm
func.func @batch_norm_of_variables_stays(%x: tensor<1x2x4x4xf32>, %s: tensor<2xf32>) -> tensor<1x2x4x4xf32> {
  %0 = top.batch_norm %x, %s, %s, %s, %s {epsilon = 0.25}
      : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  return %0 : tensor<1x2x4x4xf32>
}

// What follows the fused ReLU must stay behind it.
// CHECK-LABEL: func.func @conv_with_relu_stays(
// CHECK: top.conv
// CHECK: top.mul
func.func @conv_with_relu_stays(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %f = top.weight dense<3.0> : tensor<1x1x1x1xf32>
  %c = top.weight dense<-2.0> : tensor<f32>
  %0 = top.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, do_relu = true}
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  %1 = top.mul %0, %c : (tensor<1x1x4x4xf32>, tensor<f32>) -> tensor<1x1x4x4xf32>
  return %1 : tensor<1x1x4x4xf32>
}

// CHECK-LABEL: func.func @chain_of_constants(
// CHECK-NEXT: %[[C:.*]] = top.weight dense<6.000000e+00> : tensor<f32>
// CHECK-NEXT: top.mul %arg0, %[[C]]
func.func @chain_of_constants(%x: tensor<8xf32>) -> tensor<8xf32> {
  %two = top.weight dense<2.0> : tensor<f32>
  %three = top.weight dense<3.0> : tensor<f32>
  %0 = top.mul %x, %two : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %1 = top.mul %0, %three : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  return %1 : tensor<8xf32>
}

// Joined, the row and the column would be a matrix.
// CHECK-LABEL: func.func @chain_that_would_grow_stays(
// CHECK: top.mul
// CHECK: top.mul
func.func @chain_that_would_grow_stays(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %row = top.weight dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %column = top.weight dense<[[3.0], [4.0]]> : tensor<2x1xf32>
  %0 = top.mul %x, %row : (tensor<2x2xf32>, tensor<1x2xf32>) -> tensor<2x2xf32>
  %1 = top.mul %0, %column : (tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}

// A transposed convolution of two groups: filters are [input, result of its
// group], so that channel 2 of the result is channel 0 of the second group.
// CHECK-LABEL: func.func @conv_transpose_scale_and_shift(
// CHECK-DAG: %[[W:.*]] = top.weight dense<{{\[\[\[\[}}2.000000e+00]], {{\[\[}}3.000000e+00]]], {{\[\[\[}}4.000000e+00]], {{\[\[}}5.000000e+00]]]]>
// CHECK-DAG: %[[B:.*]] = top.weight dense<[6.000000e+00, 7.000000e+00, 8.000000e+00, 9.000000e+00]>
// CHECK: %[[C:.*]] = top.conv_transpose %arg0, %[[W]], %[[B]]
// CHECK: return %[[C]]
func.func @conv_transpose_scale_and_shift(%x: tensor<1x2x5x5xf32>) -> tensor<1x4x5x5xf32> {
  %w = top.weight dense<1.0> : tensor<2x2x1x1xf32>
  %scale = top.weight dense<[[[2.0]], [[3.0]], [[4.0]], [[5.0]]]> : tensor<4x1x1xf32>
  %shift = top.weight dense<[[[6.0]], [[7.0]], [[8.0]], [[9.0]]]> : tensor<4x1x1xf32>
  %0 = top.conv_transpose %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>, group = 2 : i64} : (tensor<1x2x5x5xf32>, tensor<2x2x1x1xf32>) -> tensor<1x4x5x5xf32>
  %1 = top.mul %0, %scale : (tensor<1x4x5x5xf32>, tensor<4x1x1xf32>) -> tensor<1x4x5x5xf32>
  %2 = top.add %1, %shift : (tensor<1x4x5x5xf32>, tensor<4x1x1xf32>) -> tensor<1x4x5x5xf32>
  return %2 : tensor<1x4x5x5xf32>
}
