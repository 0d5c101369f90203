// RUN: tpuc-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: @lstm
func.func @lstm(%x: tensor<1x24x5x2xf32>, %w: tensor<2x12x3xf32>, %s: tensor<2x2x3x2xf32>, %p: tensor<2x3x3xf32>, %m: tensor<5x2xf32>) -> tensor<1x6x7x2xf32> {
  // CHECK: top.recurrent lstm bidirectional %{{.*}} {alphas = array<f64: 0.000000e+00, 0.000000e+00, 0.000000e+00>, betas = array<f64: 0.000000e+00, 0.000000e+00, 0.000000e+00>, clip = 2.000000e+00 : f64, input_forget = true} : (tensor<1x24x5x2xf32>, tensor<2x12x3xf32>, tensor<2x2x3x2xf32>, tensor<2x3x3xf32>, tensor<5x2xf32>) -> tensor<1x6x7x2xf32>
  %0 = top.recurrent lstm bidirectional %x, %w, %s, %p, %m {alphas = array<f64: 0.0, 0.0, 0.0>, betas = array<f64: 0.0, 0.0, 0.0>, clip = 2.0, input_forget = true} : (tensor<1x24x5x2xf32>, tensor<2x12x3xf32>, tensor<2x2x3x2xf32>, tensor<2x3x3xf32>, tensor<5x2xf32>) -> tensor<1x6x7x2xf32>
  return %0 : tensor<1x6x7x2xf32>
}

// CHECK-LABEL: @gru
func.func @gru(%x: tensor<1x9x5x2xf32>, %w: tensor<1x9x3xf32>, %s: tensor<1x1x3x2xf32>, %b: tensor<1x1x3xf32>) -> tensor<1x3x6x2xf32> {
  // CHECK: top.recurrent gru reverse
  // CHECK-SAME: linear_before_reset = true
  %0 = top.recurrent gru reverse %x, %w, %s, %b {alphas = array<f64: 0.0, 0.0, 0.0>, betas = array<f64: 0.0, 0.0, 0.0>, linear_before_reset = true} : (tensor<1x9x5x2xf32>, tensor<1x9x3xf32>, tensor<1x1x3x2xf32>, tensor<1x1x3xf32>) -> tensor<1x3x6x2xf32>
  return %0 : tensor<1x3x6x2xf32>
}

// CHECK-LABEL: @rnn
func.func @rnn(%x: tensor<1x3x5x2xf32>, %w: tensor<1x3x3xf32>, %s: tensor<1x1x3x2xf32>) -> tensor<1x3x6x2xf32> {
  // CHECK: top.recurrent rnn forward
  // CHECK-SAME: gate_activation = 9 : i32
  %0 = top.recurrent rnn forward %x, %w, %s {gate_activation = 9 : i32, alphas = array<f64: 0.5, 0.0, 0.0>, betas = array<f64: 2.0, 0.0, 0.0>} : (tensor<1x3x5x2xf32>, tensor<1x3x3xf32>, tensor<1x1x3x2xf32>) -> tensor<1x3x6x2xf32>
  return %0 : tensor<1x3x6x2xf32>
}
