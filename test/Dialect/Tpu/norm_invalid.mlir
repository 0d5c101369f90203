// RUN: tpuc-opt %s -split-input-file -verify-diagnostics

func.func @softmax_c1_rank(%x: tensor<f16>) {
  // expected-error @+1 {{has an operand of rank 0, expected at least 1 axis}}
  %0 = tpu.softmax %x : (tensor<f16>) -> tensor<f16>
  return
}

// -----

func.func @norm_c1_rank(%x: tensor<f16>) {
  // expected-error @+1 {{has an operand of rank 0, expected at least 1 axis}}
  %0 = tpu.layer_norm %x {epsilon = 1.0e-5 : f64} : (tensor<f16>) -> tensor<f16>
  return
}

// -----

func.func @norm_c2_scale(%x: tensor<2x4xf16>, %s: tensor<2xf16>) {
  // expected-error @+1 {{scale has shape [2], expected [4]}}
  %0 = tpu.layer_norm %x, %s {epsilon = 1.0e-5 : f64} : (tensor<2x4xf16>, tensor<2xf16>) -> tensor<2x4xf16>
  return
}

// -----

func.func @norm_c2_type(%x: tensor<2x4xf16>, %s: tensor<4xf32>) {
  // expected-error @+1 {{has scale or bias of element type 'f32', expected the input's, 'f16'}}
  %0 = tpu.rms_norm %x, %s {epsilon = 1.0e-5 : f64} : (tensor<2x4xf16>, tensor<4xf32>) -> tensor<2x4xf16>
  return
}

// -----

func.func @norm_c3_epsilon(%x: tensor<2x4xf16>) {
  // expected-error @+1 {{'epsilon' is -1.000000e+00, expected >= 0}}
  %0 = tpu.rms_norm %x {epsilon = -1.0 : f64} : (tensor<2x4xf16>) -> tensor<2x4xf16>
  return
}

// -----

func.func @norm_c4_bias_only(%x: tensor<2x4xf16>, %b: tensor<4xf16>) {
  // expected-error @+1 {{has a bias without a scale}}
  %0 = "tpu.layer_norm"(%x, %b) <{epsilon = 1.0e-5 : f64, operandSegmentSizes = array<i32: 1, 0, 1>}> : (tensor<2x4xf16>, tensor<4xf16>) -> tensor<2x4xf16>
  return
}

// -----

func.func @norm_type(%x: tensor<2x4xf16>) {
  // expected-error @+1 {{failed to verify that all of {input, output} have same type}}
  %0 = tpu.layer_norm %x {epsilon = 1.0e-5 : f64} : (tensor<2x4xf16>) -> tensor<2x4xf32>
  return
}

// -----

func.func @reduce_c1_axis(%x: tensor<2x3x4xf32>) {
  // expected-error @+1 {{'axis' is 3, expected 0 to 2}}
  %0 = tpu.reduce mean %x {axis = 3 : i64} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @reduce_c2_result(%x: tensor<2x3x4xf32>) {
  // expected-error @+1 {{result has shape [2, 1, 4], expected [2, 1, 1]}}
  %0 = tpu.reduce mean %x {axis = 1 : i64} : (tensor<2x3x4xf32>) -> tensor<2x1x4xf32>
  return
}
