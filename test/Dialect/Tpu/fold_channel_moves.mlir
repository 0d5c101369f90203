// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-fold-channel-moves))" | FileCheck %s

// A convolution finds channels 1, 3, 5 and 7 among all; its filter is zero for
// the others.
// CHECK-LABEL: func.func @channels_are_read_in_place
// CHECK: %[[W:.*]] = tpu.weight dense<{{\[\[\[\[}}0]], {{\[\[}}1]], {{\[\[}}0]], {{\[\[}}2]], {{\[\[}}0]], {{\[\[}}3]], {{\[\[}}0]], {{\[\[}}4]]]]> : tensor<1x8x1x1xi8>
// CHECK-NOT: tpu.slice
// CHECK: tpu.conv %arg0, %[[W]]
func.func @channels_are_read_in_place(%x: tensor<1x8x28x28x!quant.uniform<i8:f32, 0.5>>) -> tensor<1x1x28x28xf16> {
  %w = tpu.weight dense<[[[[1]], [[2]], [[3]], [[4]]]]> : tensor<1x4x1x1xi8> as tensor<1x4x1x1x!quant.uniform<i8:f32:0, {0.25}>>
  %0 = tpu.slice %x {offsets = array<i64: 0, 1, 0, 0>, sizes = array<i64: 1, 4, 28, 28>, steps = array<i64: 1, 2, 1, 1>} : (tensor<1x8x28x28x!quant.uniform<i8:f32, 0.5>>) -> tensor<1x4x28x28x!quant.uniform<i8:f32, 0.5>>
  %1 = tpu.conv %0, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x28x28x!quant.uniform<i8:f32, 0.5>>, tensor<1x4x1x1x!quant.uniform<i8:f32:0, {0.25}>>) -> tensor<1x1x28x28xf16>
  return %1 : tensor<1x1x28x28xf16>
}

// -----

// For others than convolutions a shuffle of two halves, written with reshapes
// and a permute, is a product that selects.
// CHECK-LABEL: func.func @a_shuffle_is_a_product
// CHECK: %[[W:.*]] = tpu.weight dense<
// CHECK-SAME: {{\[\[\[\[}}1.000000e+00]], {{\[\[}}0.000000e+00]], {{\[\[}}0.000000e+00]], {{\[\[}}0.000000e+00]]],
// CHECK-SAME: {{\[\[\[}}0.000000e+00]], {{\[\[}}0.000000e+00]], {{\[\[}}1.000000e+00]], {{\[\[}}0.000000e+00]]],
// CHECK-SAME: {{\[\[\[}}0.000000e+00]], {{\[\[}}1.000000e+00]], {{\[\[}}0.000000e+00]], {{\[\[}}0.000000e+00]]],
// CHECK-SAME: {{\[\[\[}}0.000000e+00]], {{\[\[}}0.000000e+00]], {{\[\[}}0.000000e+00]], {{\[\[}}1.000000e+00]]]]>
// CHECK-NOT: tpu.permute
// CHECK: %[[S:.*]] = tpu.conv %arg0, %[[W]]
// CHECK: tpu.unary relu %[[S]]
func.func @a_shuffle_is_a_product(%x: tensor<1x4x28x28xbf16>) -> tensor<1x4x28x28xbf16> {
  %0 = tpu.reshape %x : (tensor<1x4x28x28xbf16>) -> tensor<1x2x2x28x28xbf16>
  %1 = tpu.permute %0 {order = array<i64: 0, 2, 1, 3, 4>} : (tensor<1x2x2x28x28xbf16>) -> tensor<1x2x2x28x28xbf16>
  %2 = tpu.reshape %1 : (tensor<1x2x2x28x28xbf16>) -> tensor<1x4x28x28xbf16>
  %3 = tpu.unary relu %2 : tensor<1x4x28x28xbf16>
  return %3 : tensor<1x4x28x28xbf16>
}

// -----

// The first 64 channels lie where they are wanted.
// CHECK-LABEL: func.func @lanes_that_fit
// CHECK: tpu.slice
func.func @lanes_that_fit(%x: tensor<1x80x28x28xf16>) -> tensor<1x64x28x28xf16> {
  %0 = tpu.slice %x {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 64, 28, 28>, steps = array<i64: 1, 1, 1, 1>} : (tensor<1x80x28x28xf16>) -> tensor<1x64x28x28xf16>
  %1 = tpu.unary relu %0 : tensor<1x64x28x28xf16>
  return %1 : tensor<1x64x28x28xf16>
}

// -----

// Rows of a channel move, too.
// CHECK-LABEL: func.func @not_whole_channels
// CHECK: tpu.permute
func.func @not_whole_channels(%x: tensor<1x28x28x28xf16>) -> tensor<1x28x28x28xf16> {
  %0 = tpu.permute %x {order = array<i64: 0, 2, 1, 3>} : (tensor<1x28x28x28xf16>) -> tensor<1x28x28x28xf16>
  %1 = tpu.unary relu %0 : tensor<1x28x28x28xf16>
  return %1 : tensor<1x28x28x28xf16>
}

// -----

// f32 has no fast product.
// CHECK-LABEL: func.func @f32_is_copied
// CHECK: tpu.slice
func.func @f32_is_copied(%x: tensor<1x8x28x28xf32>) -> tensor<1x4x28x28xf32> {
  %0 = tpu.slice %x {offsets = array<i64: 0, 1, 0, 0>, sizes = array<i64: 1, 4, 28, 28>, steps = array<i64: 1, 2, 1, 1>} : (tensor<1x8x28x28xf32>) -> tensor<1x4x28x28xf32>
  %1 = tpu.unary relu %0 : tensor<1x4x28x28xf32>
  return %1 : tensor<1x4x28x28xf32>
}

// -----

// A product of so many channels takes longer than their copy.
// CHECK-LABEL: func.func @too_many_channels
// CHECK: tpu.slice
func.func @too_many_channels(%x: tensor<1x4096x28x28xf16>) -> tensor<1x2048x28x28xf16> {
  %0 = tpu.slice %x {offsets = array<i64: 0, 1, 0, 0>, sizes = array<i64: 1, 2048, 28, 28>, steps = array<i64: 1, 2, 1, 1>} : (tensor<1x4096x28x28xf16>) -> tensor<1x2048x28x28xf16>
  %1 = tpu.unary relu %0 : tensor<1x2048x28x28xf16>
  return %1 : tensor<1x2048x28x28xf16>
}
