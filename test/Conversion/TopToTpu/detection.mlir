// RUN: tpuc-opt %s -top-assign-precision=precision=F16 -convert-top-to-tpu -canonicalize | FileCheck %s

// Boxes are chosen in f32, by planes of their corners.
// CHECK-LABEL: @corners
// CHECK: tpu.permute {{.*}} -> tensor<1x4x40xf32>
// CHECK-DAG: tpu.binary max {{.*}} -> tensor<1x2x40xf32>
// CHECK-DAG: tpu.binary min {{.*}} -> tensor<1x2x40xf32>
// CHECK: %[[PLANES:.*]] = tpu.concat {{.*}} -> tensor<1x4x40xf32>
// CHECK: tpu.nms %[[PLANES]], {{.*}} {iou_threshold = 5.000000e-01 : f64, score_threshold = 2.500000e-01 : f64} : (tensor<1x4x40xf32>, tensor<1x3x40xf32>) -> tensor<1x3x10xi32>
func.func @corners(%b: tensor<1x40x4xf32>, %s: tensor<1x3x40xf32>) -> tensor<1x3x10xi64> {
  %0 = top.nms %b, %s {iou_threshold = 0.5, score_threshold = 0.25, max_output = 10 : i64} : (tensor<1x40x4xf32>, tensor<1x3x40xf32>) -> tensor<1x3x10xi64>
  return %0 : tensor<1x3x10xi64>
}

// A size that is negative is none; labels are a fifth plane.
// CHECK-LABEL: @centres
// CHECK: tpu.scalar mul {{.*}} 5.000000e-01
// CHECK: tpu.binary add
// CHECK: tpu.binary sub
// CHECK: tpu.binary max
// CHECK-NOT: tpu.binary min
// CHECK: tpu.nms {{.*}} : (tensor<1x5x40xf32>, tensor<1x1x40xf32>) -> tensor<1x1x10xi32>
func.func @centres(%b: tensor<1x40x4xf32>, %s: tensor<1x1x40xf32>, %l: tensor<1x40xf32>) -> tensor<1x1x10xi64> {
  %0 = top.nms %b, %s, %l {center_point_box = true, iou_threshold = 0.5, max_output = 10 : i64} : (tensor<1x40x4xf32>, tensor<1x1x40xf32>, tensor<1x40xf32>) -> tensor<1x1x10xi64>
  return %0 : tensor<1x1x10xi64>
}

// So is what they are made of, up to what predicts them.
// CHECK-LABEL: @predicted
// CHECK: tpu.matmul {{.*}} -> tensor<40x4xf16>
// CHECK: tpu.scalar mul {{.*}} tensor<40x4xf32>
// CHECK: tpu.nms
func.func @predicted(%x: tensor<40x64xf32>, %w: tensor<64x4xf32>, %f: tensor<1x40x4xf32>, %s: tensor<1x1x40xf32>) -> tensor<1x1x10xi64> {
  %0 = top.matmul %x, %w : (tensor<40x64xf32>, tensor<64x4xf32>) -> tensor<40x4xf32>
  %c = top.weight dense<3.0> : tensor<f32>
  %1 = top.mul %0, %c : (tensor<40x4xf32>, tensor<f32>) -> tensor<40x4xf32>
  %2 = top.reshape %1 : (tensor<40x4xf32>) -> tensor<1x40x4xf32>
  %3 = top.nms %2, %s {iou_threshold = 0.5, max_output = 10 : i64} : (tensor<1x40x4xf32>, tensor<1x1x40xf32>) -> tensor<1x1x10xi64>
  return %3 : tensor<1x1x10xi64>
}
