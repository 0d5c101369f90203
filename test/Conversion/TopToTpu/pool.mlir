// RUN: tpuc-opt %s -top-assign-precision -convert-top-to-tpu -canonicalize | FileCheck %s

// CHECK-LABEL: @global_mean
func.func @global_mean(%x: tensor<1x8x7x7xf32>) -> tensor<1x8x1x1xf32> {
  // CHECK-NEXT: tpu.reduce mean %arg0 {axis = 2 : i64}
  %0 = top.avg_pool %x {kernel = array<i64: 7, 7>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x8x7x7xf32>) -> tensor<1x8x1x1xf32>
  return %0 : tensor<1x8x1x1xf32>
}

// The chip divides by the window's size; at the border less counts.
// CHECK-LABEL: @mean_without_pads
func.func @mean_without_pads(%x: tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32> {
  // CHECK: %[[C:.*]] = tpu.weight dense<{{.*}}2.250000e+00, 1.500000e+00, 1.500000e+00, 2.250000e+00{{.*}}> : tensor<1x1x4x4xf32>
  // CHECK: %[[P:.*]] = tpu.pool avg
  // CHECK: tpu.binary mul %[[P]], %[[C]]
  %0 = top.avg_pool %x {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32>
  return %0 : tensor<1x8x4x4xf32>
}

// CHECK-LABEL: @ceil_mode_extends_the_end
func.func @ceil_mode_extends_the_end(%x: tensor<1x8x6x6xf32>) -> tensor<1x8x3x3xf32> {
  // CHECK: tpu.pool max {{.*}}pads = array<i64: 0, 0, 1, 1>
  %0 = top.max_pool %x {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, ceil_mode = true} : (tensor<1x8x6x6xf32>) -> tensor<1x8x3x3xf32>
  return %0 : tensor<1x8x3x3xf32>
}

// CHECK-LABEL: @three_axes
func.func @three_axes(%x: tensor<1x2x4x6x6xf32>) -> tensor<1x2x2x3x3xf32> {
  // CHECK: tpu.pool max {{.*}} : (tensor<1x8x6x6xf32>) -> tensor<1x8x3x3xf32>
  // CHECK: tpu.pool max {{.*}}kernel = array<i64: 2, 1>{{.*}} : (tensor<1x2x4x9xf32>) -> tensor<1x2x2x9xf32>
  %0 = top.max_pool %x {kernel = array<i64: 2, 2, 2>, strides = array<i64: 2, 2, 2>, pads = array<i64: 0, 0, 0, 0, 0, 0>, dilations = array<i64: 1, 1, 1>} : (tensor<1x2x4x6x6xf32>) -> tensor<1x2x2x3x3xf32>
  return %0 : tensor<1x2x2x3x3xf32>
}

// CHECK-LABEL: @tiles_of_16
func.func @tiles_of_16(%x: tensor<1x2x32x32xf32>) -> tensor<1x2x2x2xf32> {
  // CHECK: tpu.permute {{.*}}order = array<i64: 0, 1, 2, 4, 3, 5>
  // CHECK: tpu.reduce mean {{.*}}axis = 4
  %0 = top.avg_pool %x {kernel = array<i64: 16, 16>, strides = array<i64: 16, 16>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x2x32x32xf32>) -> tensor<1x2x2x2xf32>
  return %0 : tensor<1x2x2x2xf32>
}

// Windows with gaps: the elements at one place of all windows, an axis at a time.
// CHECK-LABEL: @gaps
// CHECK-NOT: tpu.pool
// CHECK: tpu.slice
// CHECK: tpu.binary max {{.*}} -> tensor<1x1x6x8x
// CHECK: tpu.binary max {{.*}} -> tensor<1x1x6x6x
// CHECK-NOT: tpu.pool
func.func @gaps(%x: tensor<1x1x8x8xf32>) -> tensor<1x1x6x6xf32> {
  %0 = top.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 2, 2>} : (tensor<1x1x8x8xf32>) -> tensor<1x1x6x6xf32>
  return %0 : tensor<1x1x6x6xf32>
}
