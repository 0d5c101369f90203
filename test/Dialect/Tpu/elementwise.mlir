// RUN: tpuc-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: @unary
func.func @unary(%x: tensor<2x4xf16>) -> tensor<2x4xf16> {
  // CHECK: tpu.unary gelu %{{.*}} : tensor<2x4xf16>
  %0 = tpu.unary gelu %x : tensor<2x4xf16>
  // CHECK: tpu.unary clip %{{.*}} {beta = 6.000000e+00 : f64} : tensor<2x4xf16>
  %1 = tpu.unary clip %0 {alpha = 0.0 : f64, beta = 6.0 : f64} : tensor<2x4xf16>
  // CHECK: tpu.unary leaky_relu %{{.*}} {alpha = 1.000000e-01 : f64}
  %2 = tpu.unary leaky_relu %1 {alpha = 0.1 : f64} : tensor<2x4xf16>
  return %2 : tensor<2x4xf16>
}

// CHECK-LABEL: @scalar
func.func @scalar(%x: tensor<2x4xf16>, %i: tensor<4xi32>) -> (tensor<2x4xf16>, tensor<4xi32>) {
  // CHECK: tpu.scalar rsub %{{.*}} {value = 1.500000e+00 : f64} : tensor<2x4xf16>
  %0 = tpu.scalar rsub %x {value = 1.5 : f64} : tensor<2x4xf16>
  // CHECK: tpu.scalar add %{{.*}} {value = -3.000000e+00 : f64} : tensor<4xi32>
  %1 = tpu.scalar add %i {value = -3.0 : f64} : tensor<4xi32>
  return %0, %1 : tensor<2x4xf16>, tensor<4xi32>
}

// CHECK-LABEL: @binary
func.func @binary(%x: tensor<2x1x4xbf16>, %y: tensor<1x3x4xbf16>) -> tensor<2x3x4xbf16> {
  // CHECK: tpu.binary add %{{.*}}, %{{.*}} : (tensor<2x1x4xbf16>, tensor<1x3x4xbf16>) -> tensor<2x3x4xbf16>
  %0 = tpu.binary add %x, %y : (tensor<2x1x4xbf16>, tensor<1x3x4xbf16>) -> tensor<2x3x4xbf16>
  return %0 : tensor<2x3x4xbf16>
}

// CHECK-LABEL: @compare_select
func.func @compare_select(%x: tensor<2x4xf32>, %y: tensor<1x4xf32>) -> tensor<2x4xf32> {
  // CHECK: tpu.compare le %{{.*}}, %{{.*}} : (tensor<2x4xf32>, tensor<1x4xf32>) -> tensor<2x4xf32>
  %0 = tpu.compare le %x, %y : (tensor<2x4xf32>, tensor<1x4xf32>) -> tensor<2x4xf32>
  // CHECK: tpu.select %{{.*}}, %{{.*}}, %{{.*}} :
  %1 = tpu.select %0, %x, %y : (tensor<2x4xf32>, tensor<2x4xf32>, tensor<1x4xf32>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}

// CHECK-LABEL: @prelu_cast
func.func @prelu_cast(%x: tensor<1x8x4x4xf16>, %s: tensor<1x8x1x1xf16>) -> tensor<1x8x4x4xf32> {
  // CHECK: tpu.prelu
  %0 = tpu.prelu %x, %s : (tensor<1x8x4x4xf16>, tensor<1x8x1x1xf16>) -> tensor<1x8x4x4xf16>
  // CHECK: tpu.cast %{{.*}} : (tensor<1x8x4x4xf16>) -> tensor<1x8x4x4xf32>
  %1 = tpu.cast %0 : (tensor<1x8x4x4xf16>) -> tensor<1x8x4x4xf32>
  return %1 : tensor<1x8x4x4xf32>
}

// CHECK-LABEL: @weight
func.func @weight() -> tensor<2xf16> {
  // CHECK: tpu.weight dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf16>
  %0 = tpu.weight dense<[1.0, 2.0]> : tensor<2xf16>
  return %0 : tensor<2xf16>
}
