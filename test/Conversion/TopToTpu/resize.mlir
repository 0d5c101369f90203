// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(top-assign-precision{precision=F16},convert-top-to-tpu,canonicalize)" | FileCheck %s

// A small image: one product with the matrix of both axes, whose rows are the
// channels.
// CHECK-LABEL: func.func @small_image
// CHECK: tpu.matmul {{.*}} : (tensor<64x64xf16>, tensor<64x1024xf16>) -> tensor<64x1024xf16>
// CHECK-NOT: tpu.conv
func.func @small_image(%x: tensor<1x64x8x8xf32>) -> tensor<1x64x32x32xf32> {
  %0 = top.resize linear half_pixel round_prefer_floor %x {scales = array<f64: 1.0, 1.0, 4.0, 4.0>} : (tensor<1x64x8x8xf32>) -> tensor<1x64x32x32xf32>
  return %0 : tensor<1x64x32x32xf32>
}

// -----

// A large one, whose matrix of both axes would be larger than the image: of rows
// a matmul, of columns a convolution with the rows as channels.
// CHECK-LABEL: func.func @large_image
// CHECK: tpu.conv {{.*}}tensor<128x64x1x1xf16>
// CHECK: tpu.matmul {{.*}}tensor<128x64xf16>
func.func @large_image(%x: tensor<1x16x64x64xf32>) -> tensor<1x16x128x128xf32> {
  %0 = top.resize linear half_pixel round_prefer_floor %x {scales = array<f64: 1.0, 1.0, 2.0, 2.0>} : (tensor<1x16x64x64xf32>) -> tensor<1x16x128x128xf32>
  return %0 : tensor<1x16x128x128xf32>
}

// -----

// Only one axis.
// CHECK-LABEL: func.func @one_axis
// CHECK: tpu.matmul {{.*}} : (tensor<512x8xf16>, tensor<16x8xf16>)
func.func @one_axis(%x: tensor<1x64x8x8xf32>) -> tensor<1x64x8x16xf32> {
  %0 = top.resize linear half_pixel round_prefer_floor %x {scales = array<f64: 1.0, 1.0, 1.0, 2.0>} : (tensor<1x64x8x8xf32>) -> tensor<1x64x8x16xf32>
  return %0 : tensor<1x64x8x16xf32>
}

// -----

// Repetitions are no products.
// CHECK-LABEL: func.func @nearest
// CHECK-NOT: tpu.matmul
func.func @nearest(%x: tensor<1x64x8x8xf32>) -> tensor<1x64x16x16xf32> {
  %0 = top.resize nearest asymmetric floor %x {scales = array<f64: 1.0, 1.0, 2.0, 2.0>} : (tensor<1x64x8x8xf32>) -> tensor<1x64x16x16xf32>
  return %0 : tensor<1x64x16x16xf32>
}
