// RUN: tpuc-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: @conv
func.func @conv(%x: tensor<1x3x224x224xf16>, %w: tensor<64x3x7x7xf16>, %b: tensor<64xf32>) -> tensor<1x64x112x112xf16> {
  // CHECK: tpu.conv %{{.*}}, %{{.*}}, %{{.*}} {dilations = array<i64: 1, 1>, do_relu = true, pads = array<i64: 3, 3, 3, 3>, relu_limit = 6.000000e+00 : f64, strides = array<i64: 2, 2>}
  %0 = tpu.conv %x, %w, %b {strides = array<i64: 2, 2>, pads = array<i64: 3, 3, 3, 3>, dilations = array<i64: 1, 1>, do_relu = true, relu_limit = 6.0 : f64}
    : (tensor<1x3x224x224xf16>, tensor<64x3x7x7xf16>, tensor<64xf32>) -> tensor<1x64x112x112xf16>
  return %0 : tensor<1x64x112x112xf16>
}

// CHECK-LABEL: @conv_depthwise
func.func @conv_depthwise(%x: tensor<1x8x9x9xbf16>, %w: tensor<8x1x3x3xbf16>) -> tensor<1x8x3x5xbf16> {
  // CHECK: tpu.conv {{.*}}group = 8
  %0 = tpu.conv %x, %w {strides = array<i64: 2, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 2, 2>, group = 8 : i64}
    : (tensor<1x8x9x9xbf16>, tensor<8x1x3x3xbf16>) -> tensor<1x8x3x5xbf16>
  return %0 : tensor<1x8x3x5xbf16>
}

// A convolution of f16 may leave its f32 sums.
// CHECK-LABEL: @conv_wide_result
func.func @conv_wide_result(%x: tensor<1x8x4x9x9xf16>, %w: tensor<8x8x3x3x3xf16>) -> tensor<1x8x2x7x7xf32> {
  // CHECK: -> tensor<1x8x2x7x7xf32>
  %0 = tpu.conv %x, %w {strides = array<i64: 1, 1, 1>, pads = array<i64: 0, 0, 0, 0, 0, 0>, dilations = array<i64: 1, 1, 1>}
    : (tensor<1x8x4x9x9xf16>, tensor<8x8x3x3x3xf16>) -> tensor<1x8x2x7x7xf32>
  return %0 : tensor<1x8x2x7x7xf32>
}

// CHECK-LABEL: @conv_transpose
func.func @conv_transpose(%x: tensor<1x8x16x16xf32>, %w: tensor<8x4x3x3xf32>) -> tensor<1x4x32x32xf32> {
  // CHECK: tpu.conv_transpose {{.*}}output_padding = array<i64: 1, 1>
  %0 = tpu.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, output_padding = array<i64: 1, 1>}
    : (tensor<1x8x16x16xf32>, tensor<8x4x3x3xf32>) -> tensor<1x4x32x32xf32>
  return %0 : tensor<1x4x32x32xf32>
}

// CHECK-LABEL: @matmul
func.func @matmul(%a: tensor<2x3x49x32xf16>, %b: tensor<2x3x49x32xf16>, %w: tensor<32x8xf16>, %c: tensor<8xf16>, %x: tensor<49x32xf16>) -> (tensor<2x3x49x49xf32>, tensor<49x8xf16>) {
  // CHECK: tpu.matmul {{.*}} {right_transpose = true}
  %0 = tpu.matmul %a, %b {right_transpose = true} : (tensor<2x3x49x32xf16>, tensor<2x3x49x32xf16>) -> tensor<2x3x49x49xf32>
  // CHECK: tpu.matmul {{.*}} {do_relu = true} : (tensor<49x32xf16>, tensor<32x8xf16>, tensor<8xf16>)
  %1 = tpu.matmul %x, %w, %c {do_relu = true} : (tensor<49x32xf16>, tensor<32x8xf16>, tensor<8xf16>) -> tensor<49x8xf16>
  return %0, %1 : tensor<2x3x49x49xf32>, tensor<49x8xf16>
}

// CHECK-LABEL: @pool
func.func @pool(%x: tensor<1x64x112x112xf16>) -> (tensor<1x64x56x56xf16>, tensor<1x64x28x56xf16>) {
  // CHECK: tpu.pool max %{{.*}} {kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
  %0 = tpu.pool max %x {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x64x112x112xf16>) -> tensor<1x64x56x56xf16>
  // CHECK: tpu.pool avg
  %1 = tpu.pool avg %x {kernel = array<i64: 4, 2>, strides = array<i64: 4, 2>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x64x112x112xf16>) -> tensor<1x64x28x56xf16>
  return %0, %1 : tensor<1x64x56x56xf16>, tensor<1x64x28x56xf16>
}
