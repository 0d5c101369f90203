// RUN: tpuc-opt %s --top-fold-affine --canonicalize | FileCheck %s

// Each input channel's factor goes to the filter's column of it.
// CHECK-LABEL: func.func @factor_before_conv(
// CHECK: %[[W:.*]] = top.weight dense<{{\[\[\[\[}}2.000000e+00]], {{\[\[}}6.000000e+00]]]]>
// CHECK-NEXT: %[[C:.*]] = top.conv %arg0, %[[W]] {
// CHECK-NEXT: return %[[C]]
func.func @factor_before_conv(%x: tensor<1x2x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %s = top.weight dense<[[[2.0]], [[3.0]]]> : tensor<2x1x1xf32>
  %f = top.weight dense<[[[[1.0]], [[2.0]]]]> : tensor<1x2x1x1xf32>
  %0 = top.mul %x, %s : (tensor<1x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %1 = top.conv %0, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
      : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>) -> tensor<1x1x4x4xf32>
  return %1 : tensor<1x1x4x4xf32>
}

// Of two groups, each filter meets the factor of its own group's channel.
// CHECK-LABEL: func.func @factor_before_groups(
// CHECK: top.weight dense<{{\[\[\[\[}}2.000000e+00]]], {{\[\[\[}}3.000000e+00]]]]>
// CHECK-NEXT: top.conv %arg0
func.func @factor_before_groups(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %s = top.weight dense<[[[2.0]], [[3.0]]]> : tensor<2x1x1xf32>
  %f = top.weight dense<1.0> : tensor<2x1x1x1xf32>
  %0 = top.mul %x, %s : (tensor<1x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %1 = top.conv %0, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, group = 2 : i64}
      : (tensor<1x2x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  return %1 : tensor<1x2x4x4xf32>
}

// 1 + 0.5 * (1 + 3)
// CHECK-LABEL: func.func @summand_before_conv(
// CHECK: %[[B:.*]] = top.weight dense<3.000000e+00> : tensor<1xf32>
// CHECK: top.conv %arg0, %{{.*}}, %[[B]]
func.func @summand_before_conv(%x: tensor<1x2x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %s = top.weight dense<0.5> : tensor<f32>
  %f = top.weight dense<[[[[1.0]], [[3.0]]]]> : tensor<1x2x1x1xf32>
  %b = top.weight dense<1.0> : tensor<1xf32>
  %0 = top.add %x, %s : (tensor<1x2x4x4xf32>, tensor<f32>) -> tensor<1x2x4x4xf32>
  %1 = top.conv %0, %f, %b {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
      : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>, tensor<1xf32>) -> tensor<1x1x4x4xf32>
  return %1 : tensor<1x1x4x4xf32>
}

// Padding is zero, not the summand: only the factor goes into the filter.
// CHECK-LABEL: func.func @padding_keeps_the_summand(
// CHECK-DAG: %[[S:.*]] = top.weight dense<3.000000e+00>
// CHECK-DAG: %[[W:.*]] = top.weight dense<2.000000e+00> : tensor<1x1x3x3xf32>
// CHECK: %[[A:.*]] = top.add %arg0, %[[S]]
// CHECK-NEXT: top.conv %[[A]], %[[W]]
func.func @padding_keeps_the_summand(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %a = top.weight dense<2.0> : tensor<f32>
  %s = top.weight dense<6.0> : tensor<f32>
  %f = top.weight dense<1.0> : tensor<1x1x3x3xf32>
  %0 = top.mul %x, %a : (tensor<1x1x4x4xf32>, tensor<f32>) -> tensor<1x1x4x4xf32>
  %1 = top.add %0, %s : (tensor<1x1x4x4xf32>, tensor<f32>) -> tensor<1x1x4x4xf32>
  %2 = top.conv %1, %f {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1x1x3x3xf32>) -> tensor<1x1x4x4xf32>
  return %2 : tensor<1x1x4x4xf32>
}

// One filter value of 2^-4 times 1/255 would be all subnormal in F16.
// CHECK-LABEL: func.func @tiny_factor_stays(
// CHECK: top.mul
func.func @tiny_factor_stays(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %a = top.weight dense<0.003921569> : tensor<f32>
  %f = top.weight dense<0.0625> : tensor<1x1x3x3xf32>
  %0 = top.mul %x, %a : (tensor<1x1x4x4xf32>, tensor<f32>) -> tensor<1x1x4x4xf32>
  %1 = top.conv %0, %f {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1x1x3x3xf32>) -> tensor<1x1x4x4xf32>
  return %1 : tensor<1x1x4x4xf32>
}

// So would be the part of the filter that a channel of large values meets.
// CHECK-LABEL: func.func @tiny_factor_of_one_channel_stays(
// CHECK: top.mul
func.func @tiny_factor_of_one_channel_stays(%x: tensor<1x2x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %a = top.weight dense<[[[1.0]], [[1.0e-6]]]> : tensor<2x1x1xf32>
  %f = top.weight dense<1.0> : tensor<1x2x1x1xf32>
  %0 = top.mul %x, %a : (tensor<1x2x4x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %1 = top.conv %0, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
      : (tensor<1x2x4x4xf32>, tensor<1x2x1x1xf32>) -> tensor<1x1x4x4xf32>
  return %1 : tensor<1x1x4x4xf32>
}

// The scaled image has another reader.
// CHECK-LABEL: func.func @other_reader_stays(
// CHECK: top.mul
func.func @other_reader_stays(%x: tensor<1x1x4x4xf32>) -> (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) {
  %a = top.weight dense<2.0> : tensor<f32>
  %f = top.weight dense<1.0> : tensor<1x1x1x1xf32>
  %0 = top.mul %x, %a : (tensor<1x1x4x4xf32>, tensor<f32>) -> tensor<1x1x4x4xf32>
  %1 = top.conv %0, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
      : (tensor<1x1x4x4xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x4x4xf32>
  return %0, %1 : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>
}

// The summand is folded before the normalisation reaches the convolution.
// CHECK-LABEL: func.func @norm_after_bias(
// CHECK: %[[T:.*]] = top.conv_transpose %arg0
// CHECK-NEXT: return %[[T]]
func.func @norm_after_bias(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x8x8xf32> {
  %f = top.weight dense<1.0> : tensor<2x2x2x2xf32>
  %b = top.weight dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %s = top.weight dense<[2.0, 3.0]> : tensor<2xf32>
  %t = top.weight dense<[0.0, 1.0]> : tensor<2xf32>
  %0 = top.conv_transpose %x, %f {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>}
      : (tensor<1x2x4x4xf32>, tensor<2x2x2x2xf32>) -> tensor<1x2x8x8xf32>
  %1 = top.add %0, %b : (tensor<1x2x8x8xf32>, tensor<2x1x1xf32>) -> tensor<1x2x8x8xf32>
  %2 = top.batch_norm %1, %s, %t, %t, %s {epsilon = 0.0 : f64} : (tensor<1x2x8x8xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x8x8xf32>
  return %2 : tensor<1x2x8x8xf32>
}

// 2 * (3 x + 1) + 1, with the ReLU of the second one.
// CHECK-LABEL: func.func @channel_factors_after_conv(
// CHECK-DAG: %[[W:.*]] = top.weight dense<6.000000e+00>
// CHECK-DAG: %[[B:.*]] = top.weight dense<3.000000e+00>
// CHECK: %[[C:.*]] = top.conv %arg0, %[[W]], %[[B]] {{.*}}do_relu = true{{.*}}relu_limit = 6
// CHECK-NEXT: return %[[C]]
func.func @channel_factors_after_conv(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %f = top.weight dense<3.0> : tensor<2x2x3x3xf32>
  %g = top.weight dense<2.0> : tensor<2x1x1x1xf32>
  %b = top.weight dense<1.0> : tensor<2xf32>
  %0 = top.conv %x, %f, %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
      : (tensor<1x2x4x4xf32>, tensor<2x2x3x3xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  %1 = top.conv %0, %g, %b {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, group = 2 : i64, do_relu = true, relu_limit = 6.0 : f64}
      : (tensor<1x2x4x4xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  return %1 : tensor<1x2x4x4xf32>
}

// A ReLU between them is not linear.
// CHECK-LABEL: func.func @relu_between(
// CHECK-COUNT-2: top.conv
func.func @relu_between(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %f = top.weight dense<3.0> : tensor<2x2x3x3xf32>
  %g = top.weight dense<2.0> : tensor<2x1x1x1xf32>
  %0 = top.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, do_relu = true}
      : (tensor<1x2x4x4xf32>, tensor<2x2x3x3xf32>) -> tensor<1x2x4x4xf32>
  %1 = top.conv %0, %g {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, group = 2 : i64}
      : (tensor<1x2x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  return %1 : tensor<1x2x4x4xf32>
}
