// RUN: tpuc-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: @nms
func.func @nms(%b: tensor<2x40x4xf32>, %s: tensor<2x3x40xf32>, %l: tensor<2x40xf32>) -> (tensor<2x3x10xi64>, tensor<2x3x40xi64>) {
  // CHECK: top.nms %{{.*}} {iou_threshold = 5.000000e-01 : f64, max_output = 10 : i64} : (tensor<2x40x4xf32>, tensor<2x3x40xf32>) -> tensor<2x3x10xi64>
  %0 = top.nms %b, %s {iou_threshold = 0.5, max_output = 10 : i64} : (tensor<2x40x4xf32>, tensor<2x3x40xf32>) -> tensor<2x3x10xi64>
  // CHECK: top.nms {{.*}} {center_point_box = true, iou_threshold = 1.000000e+00 : f64, max_output = 40 : i64, score_threshold = 2.500000e-01 : f64} : (tensor<2x40x4xf32>, tensor<2x3x40xf32>, tensor<2x40xf32>) -> tensor<2x3x40xi64>
  %1 = top.nms %b, %s, %l {center_point_box = true, iou_threshold = 1.0, score_threshold = 0.25, max_output = 40 : i64} : (tensor<2x40x4xf32>, tensor<2x3x40xf32>, tensor<2x40xf32>) -> tensor<2x3x40xi64>
  return %0, %1 : tensor<2x3x10xi64>, tensor<2x3x40xi64>
}
