// RUN: tpuc-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: @softmax
func.func @softmax(%x: tensor<2x4xf16>) -> tensor<2x4xf16> {
  // CHECK: tpu.softmax %{{.*}} {log = true} : (tensor<2x4xf16>) -> tensor<2x4xf16>
  %0 = tpu.softmax %x {log = true} : (tensor<2x4xf16>) -> tensor<2x4xf16>
  return %0 : tensor<2x4xf16>
}

// CHECK-LABEL: @norms
func.func @norms(%x: tensor<2x4xf16>, %s: tensor<4xf16>, %b: tensor<4xf16>) -> tensor<2x4xf16> {
  // CHECK: tpu.layer_norm %{{[^,]*}} {epsilon = 1.000000e-05 : f64} : (tensor<2x4xf16>) -> tensor<2x4xf16>
  %0 = tpu.layer_norm %x {epsilon = 1.0e-5 : f64} : (tensor<2x4xf16>) -> tensor<2x4xf16>
  // CHECK: tpu.layer_norm %{{.*}}, %{{.*}}, %{{.*}} {epsilon
  %1 = tpu.layer_norm %0, %s, %b {epsilon = 1.0e-5 : f64} : (tensor<2x4xf16>, tensor<4xf16>, tensor<4xf16>) -> tensor<2x4xf16>
  // CHECK: tpu.rms_norm %{{[^,]*}}, %{{[^,]*}} {epsilon
  %2 = tpu.rms_norm %1, %s {epsilon = 0.0 : f64} : (tensor<2x4xf16>, tensor<4xf16>) -> tensor<2x4xf16>
  return %2 : tensor<2x4xf16>
}

// CHECK-LABEL: @reduce
func.func @reduce(%x: tensor<2x3x4xf32>) -> tensor<2x1x1xf32> {
  // CHECK: tpu.reduce mean %{{.*}} {axis = 1 : i64} : (tensor<2x3x4xf32>) -> tensor<2x1x1xf32>
  %0 = tpu.reduce mean %x {axis = 1 : i64} : (tensor<2x3x4xf32>) -> tensor<2x1x1xf32>
  return %0 : tensor<2x1x1xf32>
}
