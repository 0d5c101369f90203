// RUN: tpuc-opt %s -split-input-file -verify-diagnostics

func.func @nms_c1_boxes(%b: tensor<2x40x5xf32>, %s: tensor<2x3x40xf32>) {
  // expected-error @+1 {{'top.nms' op boxes are [2, 40, 5], expected [B, N, 4]}}
  %0 = top.nms %b, %s {iou_threshold = 0.5, max_output = 10 : i64} : (tensor<2x40x5xf32>, tensor<2x3x40xf32>) -> tensor<2x3x10xi64>
  return
}

// -----

func.func @nms_c2_scores(%b: tensor<2x40x4xf32>, %s: tensor<2x3x41xf32>) {
  // expected-error @+1 {{'top.nms' op scores are [2, 3, 41], expected [2, C, 40]}}
  %0 = top.nms %b, %s {iou_threshold = 0.5, max_output = 10 : i64} : (tensor<2x40x4xf32>, tensor<2x3x41xf32>) -> tensor<2x3x10xi64>
  return
}

// -----

func.func @nms_c3_most(%b: tensor<2x40x4xf32>, %s: tensor<2x3x40xf32>) {
  // expected-error @+1 {{'top.nms' op max_output is 41, expected 1 to the 40 boxes}}
  %0 = top.nms %b, %s {iou_threshold = 0.5, max_output = 41 : i64} : (tensor<2x40x4xf32>, tensor<2x3x40xf32>) -> tensor<2x3x41xi64>
  return
}

// -----

func.func @nms_c4_threshold(%b: tensor<2x40x4xf32>, %s: tensor<2x3x40xf32>) {
  // expected-error @+1 {{'top.nms' op iou_threshold is not within 0 and 1}}
  %0 = top.nms %b, %s {iou_threshold = 1.5, max_output = 10 : i64} : (tensor<2x40x4xf32>, tensor<2x3x40xf32>) -> tensor<2x3x10xi64>
  return
}

// -----

func.func @nms_c5_labels(%b: tensor<2x40x4xf32>, %s: tensor<2x3x40xf32>, %l: tensor<2x39xf32>) {
  // expected-error @+1 {{'top.nms' op labels are [2, 39], expected [2, 40]}}
  %0 = top.nms %b, %s, %l {iou_threshold = 0.5, max_output = 10 : i64} : (tensor<2x40x4xf32>, tensor<2x3x40xf32>, tensor<2x39xf32>) -> tensor<2x3x10xi64>
  return
}
