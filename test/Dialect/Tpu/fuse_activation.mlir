// RUN: tpuc-opt %s -tpu-fuse-activation | FileCheck %s

// CHECK-LABEL: @matmul_relu
func.func @matmul_relu(%x: tensor<4x8xf16>, %w: tensor<8x4xf16>) -> tensor<4x4xf16> {
  // CHECK: tpu.matmul {{.*}}do_relu = true
  // CHECK-NOT: tpu.unary
  %0 = tpu.matmul %x, %w : (tensor<4x8xf16>, tensor<8x4xf16>) -> tensor<4x4xf16>
  %1 = tpu.unary relu %0 : tensor<4x4xf16>
  return %1 : tensor<4x4xf16>
}

// CHECK-LABEL: @conv_clip_through_reshape
func.func @conv_clip_through_reshape(%x: tensor<1x8x1x9xf16>, %w: tensor<4x8x1x3xf16>) -> tensor<1x4x7xf16> {
  // CHECK: tpu.conv {{.*}}do_relu = true, {{.*}}relu_limit = 6.0
  // CHECK-NOT: tpu.unary
  %0 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
      : (tensor<1x8x1x9xf16>, tensor<4x8x1x3xf16>) -> tensor<1x4x1x7xf16>
  %1 = tpu.reshape %0 : (tensor<1x4x1x7xf16>) -> tensor<1x4x7xf16>
  %2 = tpu.unary clip %1 {alpha = 0.0 : f64, beta = 6.0 : f64} : tensor<1x4x7xf16>
  return %2 : tensor<1x4x7xf16>
}

// The lower of two limits holds.
// CHECK-LABEL: @limits
func.func @limits(%x: tensor<4x8xf16>, %w: tensor<8x4xf16>) -> tensor<4x4xf16> {
  // CHECK: relu_limit = 2.0
  // CHECK-NOT: tpu.unary
  %0 = tpu.matmul %x, %w {do_relu = true, relu_limit = 2.0 : f64} : (tensor<4x8xf16>, tensor<8x4xf16>) -> tensor<4x4xf16>
  %1 = tpu.unary clip %0 {alpha = 0.0 : f64, beta = 6.0 : f64} : tensor<4x4xf16>
  return %1 : tensor<4x4xf16>
}

// Another user wants the sums themselves.
// CHECK-LABEL: @two_users
func.func @two_users(%x: tensor<4x8xf16>, %w: tensor<8x4xf16>) -> (tensor<4x4xf16>, tensor<4x4xf16>) {
  // CHECK-NOT: do_relu
  // CHECK: tpu.unary relu
  %0 = tpu.matmul %x, %w : (tensor<4x8xf16>, tensor<8x4xf16>) -> tensor<4x4xf16>
  %1 = tpu.unary relu %0 : tensor<4x4xf16>
  return %0, %1 : tensor<4x4xf16>, tensor<4x4xf16>
}

// CHECK-LABEL: @clip_from_below_zero
func.func @clip_from_below_zero(%x: tensor<4x8xf16>, %w: tensor<8x4xf16>) -> tensor<4x4xf16> {
  // CHECK: tpu.unary clip
  %0 = tpu.matmul %x, %w : (tensor<4x8xf16>, tensor<8x4xf16>) -> tensor<4x4xf16>
  %1 = tpu.unary clip %0 {alpha = -1.0 : f64, beta = 6.0 : f64} : tensor<4x4xf16>
  return %1 : tensor<4x4xf16>
}
