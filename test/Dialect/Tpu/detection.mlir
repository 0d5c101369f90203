// RUN: tpuc-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: @nms
func.func @nms(%b: tensor<2x4x40xf32>, %l: tensor<2x5x40xf32>, %s: tensor<2x3x40xf32>) -> (tensor<2x3x10xi32>, tensor<2x3x40xi32>) {
  // CHECK: tpu.nms {{.*}} : (tensor<2x4x40xf32>, tensor<2x3x40xf32>) -> tensor<2x3x10xi32>
  %0 = tpu.nms %b, %s {iou_threshold = 0.5} : (tensor<2x4x40xf32>, tensor<2x3x40xf32>) -> tensor<2x3x10xi32>
  // CHECK: tpu.nms {{.*}} score_threshold = 2.500000e-01
  %1 = tpu.nms %l, %s {iou_threshold = 0.5, score_threshold = 0.25} : (tensor<2x5x40xf32>, tensor<2x3x40xf32>) -> tensor<2x3x40xi32>
  return %0, %1 : tensor<2x3x10xi32>, tensor<2x3x40xi32>
}

// CHECK-LABEL: @top_set
func.func @top_set(%x: tensor<2x40xf32>, %i: tensor<1x7xi32>) -> (tensor<2x2x10xi32>, tensor<1x2x7xi32>) {
  // CHECK: tpu.top_set {{.*}} : (tensor<2x40xf32>) -> tensor<2x2x10xi32>
  %0 = tpu.top_set %x : (tensor<2x40xf32>) -> tensor<2x2x10xi32>
  // CHECK: tpu.top_set {{.*}} {largest = false} : (tensor<1x7xi32>) -> tensor<1x2x7xi32>
  %1 = tpu.top_set %i {largest = false} : (tensor<1x7xi32>) -> tensor<1x2x7xi32>
  return %0, %1 : tensor<2x2x10xi32>, tensor<1x2x7xi32>
}
