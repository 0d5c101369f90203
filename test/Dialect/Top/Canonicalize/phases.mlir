// RUN: tpuc-opt %s --canonicalize | FileCheck %s

// Rows and columns 0, 1 of each pair, in another order than they lie in memory.
// CHECK-LABEL: func.func @conv_of_phases(
// CHECK: %[[W:.*]] = top.weight dense<{{\[\[\[\[}}1.000000e+00, 3.000000e+00], [2.000000e+00, 4.000000e+00]]]]> : tensor<1x1x2x2xf32>
// CHECK-NEXT: top.conv %arg0, %[[W]] {{.*}}pads = array<i64: 2, 0, 0, 2>, strides = array<i64: 2, 4>{{.*}} : (tensor<1x1x8x12xf32>, tensor<1x1x2x2xf32>) -> tensor<1x1x5x4xf32>
func.func @conv_of_phases(%x: tensor<1x1x8x12xf32>) -> tensor<1x1x5x4xf32> {
  %0 = top.slice %x {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 1, 4, 6>, steps = array<i64: 1, 1, 2, 2>} : (tensor<1x1x8x12xf32>) -> tensor<1x1x4x6xf32>
  %1 = top.slice %x {offsets = array<i64: 0, 0, 1, 0>, sizes = array<i64: 1, 1, 4, 6>, steps = array<i64: 1, 1, 2, 2>} : (tensor<1x1x8x12xf32>) -> tensor<1x1x4x6xf32>
  %2 = top.slice %x {offsets = array<i64: 0, 0, 0, 1>, sizes = array<i64: 1, 1, 4, 6>, steps = array<i64: 1, 1, 2, 2>} : (tensor<1x1x8x12xf32>) -> tensor<1x1x4x6xf32>
  %3 = top.slice %x {offsets = array<i64: 0, 0, 1, 1>, sizes = array<i64: 1, 1, 4, 6>, steps = array<i64: 1, 1, 2, 2>} : (tensor<1x1x8x12xf32>) -> tensor<1x1x4x6xf32>
  %4 = top.concat %0, %1, %2, %3 {axis = 1 : i64} : (tensor<1x1x4x6xf32>, tensor<1x1x4x6xf32>, tensor<1x1x4x6xf32>, tensor<1x1x4x6xf32>) -> tensor<1x4x4x6xf32>
  %w = top.weight dense<[[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]]> : tensor<1x4x1x1xf32>
  %5 = top.conv %4, %w {strides = array<i64: 1, 2>, pads = array<i64: 1, 0, 0, 1>, dilations = array<i64: 1, 1>} : (tensor<1x4x4x6xf32>, tensor<1x4x1x1xf32>) -> tensor<1x1x5x4xf32>
  return %5 : tensor<1x1x5x4xf32>
}

// One phase of two would be a filter that is half zeros.
// CHECK-LABEL: func.func @conv_of_one_phase_twice(
// CHECK: top.slice
// CHECK: top.concat
func.func @conv_of_one_phase_twice(%x: tensor<1x1x8x12xf32>) -> tensor<1x1x4x12xf32> {
  %0 = top.slice %x {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 1, 4, 12>, steps = array<i64: 1, 1, 2, 1>} : (tensor<1x1x8x12xf32>) -> tensor<1x1x4x12xf32>
  %1 = top.concat %0, %0 {axis = 1 : i64} : (tensor<1x1x4x12xf32>, tensor<1x1x4x12xf32>) -> tensor<1x2x4x12xf32>
  %w = top.weight dense<1.0> : tensor<1x2x1x1xf32>
  %2 = top.conv %1, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x2x4x12xf32>, tensor<1x2x1x1xf32>) -> tensor<1x1x4x12xf32>
  return %2 : tensor<1x1x4x12xf32>
}
