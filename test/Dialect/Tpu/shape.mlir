// RUN: tpuc-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: @views
func.func @views(%x: tensor<2x3x4xf16>) -> tensor<3x8xf16> {
  // CHECK: tpu.permute %{{.*}} {order = array<i64: 1, 0, 2>} : (tensor<2x3x4xf16>) -> tensor<3x2x4xf16>
  %0 = tpu.permute %x {order = array<i64: 1, 0, 2>} : (tensor<2x3x4xf16>) -> tensor<3x2x4xf16>
  // CHECK: tpu.reshape %{{.*}} : (tensor<3x2x4xf16>) -> tensor<3x8xf16>
  %1 = tpu.reshape %0 : (tensor<3x2x4xf16>) -> tensor<3x8xf16>
  return %1 : tensor<3x8xf16>
}

// CHECK-LABEL: @relayout
func.func @relayout(%x: tensor<3x2xf16>) -> tensor<3x2xf16> {
  // CHECK: tpu.relayout %{{.*}} {axes = 2 : i64, boxes = array<i64: 0, 2, 2, 2, 2, 2, 1, 1, 4, 0, 1, 0, 0, 2, 1, 1>} : (tensor<3x2xf16>) -> tensor<3x2xf16>
  %0 = tpu.relayout %x {axes = 2 : i64, boxes = array<i64: 0, 2, 2, 2, 2, 2, 1, 1, 4, 0, 1, 0, 0, 2, 1, 1>} : (tensor<3x2xf16>) -> tensor<3x2xf16>
  return %0 : tensor<3x2xf16>
}

// CHECK-LABEL: @relayout_bytes
func.func @relayout_bytes(%x: tensor<3x2x!quant.uniform<i8:f32, 0.5>>) -> tensor<3x2x!quant.uniform<i8:f32, 0.5>> {
  // CHECK: tpu.relayout {{.*}} : (tensor<3x2x!quant.uniform<i8:f32, 5.000000e-01>>) -> tensor<3x2x!quant.uniform<i8:f32, 5.000000e-01>>
  %0 = tpu.relayout %x {axes = 2 : i64, boxes = array<i64: 0, 2, 2, 2, 2, 2, 1, 1, 4, 0, 1, 0, 0, 2, 1, 1>} : (tensor<3x2x!quant.uniform<i8:f32, 0.5>>) -> tensor<3x2x!quant.uniform<i8:f32, 0.5>>
  return %0 : tensor<3x2x!quant.uniform<i8:f32, 0.5>>
}

// CHECK-LABEL: @parts
func.func @parts(%x: tensor<4x8xi32>, %y: tensor<2x8xi32>) -> tensor<6x11xi32> {
  // CHECK: tpu.concat %{{.*}}, %{{.*}} {axis = 0 : i64} : (tensor<4x8xi32>, tensor<2x8xi32>) -> tensor<6x8xi32>
  %0 = tpu.concat %x, %y {axis = 0 : i64} : (tensor<4x8xi32>, tensor<2x8xi32>) -> tensor<6x8xi32>
  // CHECK: tpu.slice %{{.*}} {offsets = array<i64: 0, 1>, sizes = array<i64: 6, 3>, steps = array<i64: 1, 3>}
  %1 = tpu.slice %0 {offsets = array<i64: 0, 1>, sizes = array<i64: 6, 3>, steps = array<i64: 1, 3>} : (tensor<6x8xi32>) -> tensor<6x3xi32>
  // CHECK: tpu.pad %{{.*}} {pads = array<i64: 0, 5, 0, 3>, value = -1.000000e+00 : f64}
  %2 = tpu.pad %1 {pads = array<i64: 0, 5, 0, 3>, value = -1.0 : f64} : (tensor<6x3xi32>) -> tensor<6x11xi32>
  return %2 : tensor<6x11xi32>
}

// CHECK-LABEL: @repeated
func.func @repeated(%t: tensor<100x1x8xbf16>, %i: tensor<2x3xi32>) -> tensor<2x3x4x8xbf16> {
  // CHECK: tpu.gather %{{.*}}, %{{.*}} {axis = 0 : i64} : (tensor<100x1x8xbf16>, tensor<2x3xi32>) -> tensor<2x3x1x8xbf16>
  %0 = tpu.gather %t, %i {axis = 0 : i64} : (tensor<100x1x8xbf16>, tensor<2x3xi32>) -> tensor<2x3x1x8xbf16>
  // CHECK: tpu.broadcast %{{.*}} : (tensor<2x3x1x8xbf16>) -> tensor<2x3x4x8xbf16>
  %1 = tpu.broadcast %0 : (tensor<2x3x1x8xbf16>) -> tensor<2x3x4x8xbf16>
  return %1 : tensor<2x3x4x8xbf16>
}
