// RUN: tpuc-opt %s -split-input-file -verify-diagnostics

func.func @nms_c1_boxes(%b: tensor<2x6x40xf32>, %s: tensor<2x3x40xf32>) {
  // expected-error @+1 {{'tpu.nms' op has boxes of rank 3, expected [B, 4, N] or [B, 5, N]}}
  %0 = tpu.nms %b, %s {iou_threshold = 0.5} : (tensor<2x6x40xf32>, tensor<2x3x40xf32>) -> tensor<2x3x10xi32>
  return
}

// -----

func.func @nms_c2_scores(%b: tensor<2x4x40xf32>, %s: tensor<1x3x40xf32>) {
  // expected-error @+1 {{'tpu.nms' op has scores that are not [2, C, 40]}}
  %0 = tpu.nms %b, %s {iou_threshold = 0.5} : (tensor<2x4x40xf32>, tensor<1x3x40xf32>) -> tensor<1x3x10xi32>
  return
}

// -----

func.func @nms_c3_result(%b: tensor<2x4x40xf32>, %s: tensor<2x3x40xf32>) {
  // expected-error @+1 {{'tpu.nms' op has a result that is not [2, 3, 1 to 40]}}
  %0 = tpu.nms %b, %s {iou_threshold = 0.5} : (tensor<2x4x40xf32>, tensor<2x3x40xf32>) -> tensor<2x3x41xi32>
  return
}

// -----

func.func @nms_c4_threshold(%b: tensor<2x4x40xf32>, %s: tensor<2x3x40xf32>) {
  // expected-error @+1 {{'tpu.nms' op 'iou_threshold' is -5.000000e-01, expected 0 to 1}}
  %0 = tpu.nms %b, %s {iou_threshold = -0.5} : (tensor<2x4x40xf32>, tensor<2x3x40xf32>) -> tensor<2x3x10xi32>
  return
}

// -----

func.func @top_set_c1_rank(%x: tensor<1x2x40xf32>) {
  // expected-error @+1 {{'tpu.top_set' op has an operand of rank 3, expected [R, N]}}
  %0 = tpu.top_set %x : (tensor<1x2x40xf32>) -> tensor<2x2x10xi32>
  return
}

// -----

func.func @top_set_c2_result(%x: tensor<2x40xf32>) {
  // expected-error @+1 {{'tpu.top_set' op has a result that is not [2, 2, 1 to 40]}}
  %0 = tpu.top_set %x : (tensor<2x40xf32>) -> tensor<2x2x41xi32>
  return
}
