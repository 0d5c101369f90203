// RUN: tpuc-opt %s --test-evaluate -o /dev/null | FileCheck %s

// CHECK-LABEL: @matmul
// CHECK-NEXT: f32 [2, 2]: 17 28 35 61
// CHECK-NEXT: f32 [2, 2]: 17 28 35 61
func.func @matmul() -> (tensor<2x2xf32>, tensor<2x2xf32>) {
  %a = top.weight dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %b = top.weight dense<[[1.0, 2.0], [2.0, 4.0], [3.0, 5.0]]> : tensor<3x2xf32>
  %bt = top.weight dense<[[1.0, 2.0, 3.0], [2.0, 4.0, 5.0]]> : tensor<2x3xf32>
  %at = top.weight dense<[[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]> : tensor<3x2xf32>
  %c = top.weight dense<[3.0, 3.0]> : tensor<2xf32>
  %0 = top.matmul %a, %b, %c : (tensor<2x3xf32>, tensor<3x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %1 = top.matmul %at, %bt, %c {left_transpose = true, right_transpose = true} : (tensor<3x2xf32>, tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  return %0, %1 : tensor<2x2xf32>, tensor<2x2xf32>
}

// Both operands repeat along one leading axis.
// CHECK-LABEL: @matmul_broadcast
// CHECK-NEXT: f32 [2, 2, 1, 1]: 3 30 6 60
func.func @matmul_broadcast() -> tensor<2x2x1x1xf32> {
  %a = top.weight dense<[[[[1.0, 1.0]]], [[[2.0, 2.0]]]]> : tensor<2x1x1x2xf32>
  %b = top.weight dense<[[[1.0], [2.0]], [[10.0], [20.0]]]> : tensor<2x2x1xf32>
  %0 = top.matmul %a, %b : (tensor<2x1x1x2xf32>, tensor<2x2x1xf32>) -> tensor<2x2x1x1xf32>
  return %0 : tensor<2x2x1x1xf32>
}

// CHECK-LABEL: @conv
// CHECK-NEXT: f32 [1, 1, 2, 2]: 8 10 32 42
// CHECK-NEXT: f32 [1, 1, 2, 2]: 8 10 30 30
func.func @conv() -> (tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>) {
  %x = top.weight dense<[[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]]> : tensor<1x1x3x3xf32>
  %f = top.weight dense<[[[[1.0, 2.0, 3.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]]]> : tensor<1x1x3x3xf32>
  %b = top.weight dense<2.0> : tensor<1xf32>
  %0 = top.conv %x, %f, %b {strides = array<i64: 2, 1>, pads = array<i64: 1, 1, 1, 0>, dilations = array<i64: 1, 1>}
      : (tensor<1x1x3x3xf32>, tensor<1x1x3x3xf32>, tensor<1xf32>) -> tensor<1x1x2x2xf32>
  %1 = top.conv %x, %f, %b {strides = array<i64: 2, 1>, pads = array<i64: 1, 1, 1, 0>, dilations = array<i64: 1, 1>, do_relu = true, relu_limit = 30.0}
      : (tensor<1x1x3x3xf32>, tensor<1x1x3x3xf32>, tensor<1xf32>) -> tensor<1x1x2x2xf32>
  return %0, %1 : tensor<1x1x2x2xf32>, tensor<1x1x2x2xf32>
}

// CHECK-LABEL: @conv_1d_groups_dilated
// CHECK-NEXT: f32 [1, 2, 2]: 4 6 -40 -60
func.func @conv_1d_groups_dilated() -> tensor<1x2x2xf32> {
  %x = top.weight dense<[[[1.0, 2.0, 3.0, 4.0], [10.0, 20.0, 30.0, 40.0]]]> : tensor<1x2x4xf32>
  %f = top.weight dense<[[[1.0, 1.0]], [[-1.0, -1.0]]]> : tensor<2x1x2xf32>
  %0 = top.conv %x, %f {strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 2>, group = 2 : i64}
      : (tensor<1x2x4xf32>, tensor<2x1x2xf32>) -> tensor<1x2x2xf32>
  return %0 : tensor<1x2x2xf32>
}

// CHECK-LABEL: @conv_transpose
// CHECK-NEXT: f32 [1, 1, 5]: 1 2 5 4 6
func.func @conv_transpose() -> tensor<1x1x5xf32> {
  %x = top.weight dense<[[[1.0, 2.0]]]> : tensor<1x1x2xf32>
  %f = top.weight dense<[[[1.0, 2.0, 3.0]]]> : tensor<1x1x3xf32>
  %0 = top.conv_transpose %x, %f {strides = array<i64: 2>, pads = array<i64: 0, 0>, dilations = array<i64: 1>, output_padding = array<i64: 0>}
      : (tensor<1x1x2xf32>, tensor<1x1x3xf32>) -> tensor<1x1x5xf32>
  return %0 : tensor<1x1x5xf32>
}

// CHECK-LABEL: @pooling
// CHECK-NEXT: f32 [1, 1, 3]: 1 3 4
// CHECK-NEXT: f32 [1, 1, 3]: 1 2.5 4
// CHECK-NEXT: f32 [1, 1, 3]: 0.5 2.5 4
func.func @pooling() -> (tensor<1x1x3xf32>, tensor<1x1x3xf32>, tensor<1x1x3xf32>) {
  %x = top.weight dense<[[[1.0, 2.0, 3.0, 4.0]]]> : tensor<1x1x4xf32>
  %0 = top.max_pool %x {kernel = array<i64: 2>, strides = array<i64: 2>, pads = array<i64: 1, 0>, dilations = array<i64: 1>, ceil_mode = true} : (tensor<1x1x4xf32>) -> tensor<1x1x3xf32>
  %1 = top.avg_pool %x {kernel = array<i64: 2>, strides = array<i64: 2>, pads = array<i64: 1, 0>, dilations = array<i64: 1>, ceil_mode = true} : (tensor<1x1x4xf32>) -> tensor<1x1x3xf32>
  %2 = top.avg_pool %x {kernel = array<i64: 2>, strides = array<i64: 2>, pads = array<i64: 1, 0>, dilations = array<i64: 1>, ceil_mode = true, count_include_pad = true} : (tensor<1x1x4xf32>) -> tensor<1x1x3xf32>
  return %0, %1, %2 : tensor<1x1x3xf32>, tensor<1x1x3xf32>, tensor<1x1x3xf32>
}
