// RUN: tpuc-opt %s --test-evaluate -o /dev/null | FileCheck %s

// CHECK-LABEL: @nms
// The second box shares a third with the first, and the third nothing.
// CHECK-NEXT: int [1, 1, 3]: 1 2 -1
// A third is not more than a third.
// CHECK-NEXT: int [1, 1, 3]: 1 0 2
// The third score is not above 0.25.
// CHECK-NEXT: int [1, 1, 3]: 1 -1 -1
// Boxes with other labels are not compared.
// CHECK-NEXT: int [1, 1, 2]: 1 0
func.func @nms() -> (tensor<1x1x3xi64>, tensor<1x1x3xi64>, tensor<1x1x3xi64>, tensor<1x1x2xi64>) {
  %b = top.weight dense<[[[0.0, 0.0, 2.0, 2.0], [3.0, 2.0, 1.0, 0.0], [5.0, 5.0, 6.0, 6.0]]]> : tensor<1x3x4xf32>
  %s = top.weight dense<[[[0.5, 0.75, 0.25]]]> : tensor<1x1x3xf32>
  %l = top.weight dense<[[0.0, 1.0, 1.0]]> : tensor<1x3xf32>
  %0 = top.nms %b, %s {iou_threshold = 0.25, max_output = 3 : i64} : (tensor<1x3x4xf32>, tensor<1x1x3xf32>) -> tensor<1x1x3xi64>
  %1 = top.nms %b, %s {iou_threshold = 0.3333333433, max_output = 3 : i64} : (tensor<1x3x4xf32>, tensor<1x1x3xf32>) -> tensor<1x1x3xi64>
  %2 = top.nms %b, %s {iou_threshold = 0.25, max_output = 3 : i64, score_threshold = 0.25} : (tensor<1x3x4xf32>, tensor<1x1x3xf32>) -> tensor<1x1x3xi64>
  %3 = top.nms %b, %s, %l {iou_threshold = 0.25, max_output = 2 : i64} : (tensor<1x3x4xf32>, tensor<1x1x3xf32>, tensor<1x3xf32>) -> tensor<1x1x2xi64>
  return %0, %1, %2, %3 : tensor<1x1x3xi64>, tensor<1x1x3xi64>, tensor<1x1x3xi64>, tensor<1x1x2xi64>
}
