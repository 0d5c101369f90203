// RUN: tpuc-opt %s -top-assign-precision=precision=INT8 -convert-top-to-tpu -canonicalize | FileCheck %s

// A maximum over windows that no command has is a reduction, which is of floats.
// CHECK-LABEL: @long_strides
func.func @long_strides(%x: tensor<1x4x32x8xf32> {top.range = !quant.calibrated<f32<-1.0:1.0>>}) -> tensor<1x4x2x8xf32> {
  %w = top.weight dense<0.5> : tensor<4x4x1x1xf32>
  // CHECK: tpu.conv {{.*}} -> tensor<1x4x32x8x!quant.uniform
  // CHECK: tpu.reduce max %{{.*}} : (tensor<1x4x2x8x16x1xf16>)
  %0 = top.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, top.range = !quant.calibrated<f32<-2.0:2.0>>} : (tensor<1x4x32x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x32x8xf32>
  %1 = top.max_pool %0 {kernel = array<i64: 16, 1>, strides = array<i64: 16, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, top.range = !quant.calibrated<f32<-2.0:2.0>>} : (tensor<1x4x32x8xf32>) -> tensor<1x4x2x8xf32>
  %2 = top.conv %1, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, top.range = !quant.calibrated<f32<-4.0:4.0>>} : (tensor<1x4x2x8xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x2x8xf32>
  return %2 : tensor<1x4x2x8xf32>
}
