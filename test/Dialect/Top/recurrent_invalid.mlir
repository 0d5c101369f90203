// RUN: tpuc-opt %s -split-input-file -verify-diagnostics

func.func @recurrent_c1_input(%x: tensor<1x10x5x2xf32>, %w: tensor<1x9x3xf32>, %s: tensor<1x1x3x2xf32>) {
  // expected-error @+1 {{'top.recurrent' op input has shape [1, 10, 5, 2], expected [1, 3 H, T, B]}}
  %0 = top.recurrent gru forward %x, %w, %s {alphas = array<f64: 0.0, 0.0, 0.0>, betas = array<f64: 0.0, 0.0, 0.0>} : (tensor<1x10x5x2xf32>, tensor<1x9x3xf32>, tensor<1x1x3x2xf32>) -> tensor<1x3x6x2xf32>
  return
}

// -----

func.func @recurrent_c2_weight(%x: tensor<1x9x5x2xf32>, %w: tensor<1x9x4xf32>, %s: tensor<1x1x3x2xf32>) {
  // expected-error @+1 {{'top.recurrent' op weight has shape [1, 9, 4], expected [1, 9, 3]}}
  %0 = top.recurrent gru forward %x, %w, %s {alphas = array<f64: 0.0, 0.0, 0.0>, betas = array<f64: 0.0, 0.0, 0.0>} : (tensor<1x9x5x2xf32>, tensor<1x9x4xf32>, tensor<1x1x3x2xf32>) -> tensor<1x3x6x2xf32>
  return
}

// -----

func.func @recurrent_c3_state(%x: tensor<1x9x5x2xf32>, %w: tensor<1x9x3xf32>, %s: tensor<1x1x3x3xf32>) {
  // expected-error @+1 {{'top.recurrent' op state has shape [1, 1, 3, 3], expected [1, 1, 3, 2]}}
  %0 = top.recurrent gru forward %x, %w, %s {alphas = array<f64: 0.0, 0.0, 0.0>, betas = array<f64: 0.0, 0.0, 0.0>} : (tensor<1x9x5x2xf32>, tensor<1x9x3xf32>, tensor<1x1x3x3xf32>) -> tensor<1x3x6x2xf32>
  return
}

// -----

func.func @recurrent_c4_units(%x: tensor<1x12x5x2xf32>, %w: tensor<1x12x3xf32>, %s: tensor<2x1x3x2xf32>, %o0: tensor<1x2x3xf32>) {
  // expected-error @+1 {{'top.recurrent' op the units' parameters has shape [1, 2, 3], expected [1, 3, 3]}}
  %0 = top.recurrent lstm forward %x, %w, %s, %o0 {alphas = array<f64: 0.0, 0.0, 0.0>, betas = array<f64: 0.0, 0.0, 0.0>} : (tensor<1x12x5x2xf32>, tensor<1x12x3xf32>, tensor<2x1x3x2xf32>, tensor<1x2x3xf32>) -> tensor<1x3x7x2xf32>
  return
}

// -----

func.func @recurrent_c4_units_of_rnn(%x: tensor<1x3x5x2xf32>, %w: tensor<1x3x3xf32>, %s: tensor<1x1x3x2xf32>, %o0: tensor<1x1x3xf32>) {
  // expected-error @+1 {{'top.recurrent' op has parameters of units, expected none of an RNN}}
  %0 = top.recurrent rnn forward %x, %w, %s, %o0 {alphas = array<f64: 0.0, 0.0, 0.0>, betas = array<f64: 0.0, 0.0, 0.0>} : (tensor<1x3x5x2xf32>, tensor<1x3x3xf32>, tensor<1x1x3x2xf32>, tensor<1x1x3xf32>) -> tensor<1x3x6x2xf32>
  return
}

// -----

func.func @recurrent_c4_mask(%x: tensor<1x3x5x2xf32>, %w: tensor<1x3x3xf32>, %s: tensor<1x1x3x2xf32>, %o0: tensor<2x5xf32>) {
  // expected-error @+1 {{'top.recurrent' op mask has shape [2, 5], expected [5, 2]}}
  %0 = top.recurrent rnn forward %x, %w, %s, %o0 {alphas = array<f64: 0.0, 0.0, 0.0>, betas = array<f64: 0.0, 0.0, 0.0>} : (tensor<1x3x5x2xf32>, tensor<1x3x3xf32>, tensor<1x1x3x2xf32>, tensor<2x5xf32>) -> tensor<1x3x6x2xf32>
  return
}

// -----

func.func @recurrent_c4_too_many(%x: tensor<1x3x5x2xf32>, %w: tensor<1x3x3xf32>, %s: tensor<1x1x3x2xf32>, %o0: tensor<5x2xf32>, %o1: tensor<5x2xf32>) {
  // expected-error @+1 {{'top.recurrent' op has 5 operands, expected 4}}
  %0 = top.recurrent rnn forward %x, %w, %s, %o0, %o1 {alphas = array<f64: 0.0, 0.0, 0.0>, betas = array<f64: 0.0, 0.0, 0.0>} : (tensor<1x3x5x2xf32>, tensor<1x3x3xf32>, tensor<1x1x3x2xf32>, tensor<5x2xf32>, tensor<5x2xf32>) -> tensor<1x3x6x2xf32>
  return
}

// -----

func.func @recurrent_c4_no_bias(%x: tensor<1x9x5x2xf32>, %w: tensor<1x9x3xf32>, %s: tensor<1x1x3x2xf32>) {
  // expected-error @+1 {{'top.recurrent' op 'linear_before_reset' is of a GRU with a bias of its product}}
  %0 = top.recurrent gru forward %x, %w, %s {alphas = array<f64: 0.0, 0.0, 0.0>, betas = array<f64: 0.0, 0.0, 0.0>, linear_before_reset = true} : (tensor<1x9x5x2xf32>, tensor<1x9x3xf32>, tensor<1x1x3x2xf32>) -> tensor<1x3x6x2xf32>
  return
}

// -----

func.func @recurrent_c4_bias(%x: tensor<1x9x5x2xf32>, %w: tensor<1x9x3xf32>, %s: tensor<1x1x3x2xf32>, %o0: tensor<1x1x3xf32>) {
  // expected-error @+1 {{'top.recurrent' op has a bias of its product, expected 'linear_before_reset'}}
  %0 = top.recurrent gru forward %x, %w, %s, %o0 {alphas = array<f64: 0.0, 0.0, 0.0>, betas = array<f64: 0.0, 0.0, 0.0>} : (tensor<1x9x5x2xf32>, tensor<1x9x3xf32>, tensor<1x1x3x2xf32>, tensor<1x1x3xf32>) -> tensor<1x3x6x2xf32>
  return
}

// -----

func.func @recurrent_c5(%x: tensor<1x3x5x2xf32>, %w: tensor<1x3x3xf32>, %s: tensor<1x1x3x2xf32>) {
  // expected-error @+1 {{'top.recurrent' op 'betas' has 2 entries, expected 3}}
  %0 = top.recurrent rnn forward %x, %w, %s {alphas = array<f64: 0.0, 0.0, 0.0>, betas = array<f64: 0.0, 0.0>} : (tensor<1x3x5x2xf32>, tensor<1x3x3xf32>, tensor<1x1x3x2xf32>) -> tensor<1x3x6x2xf32>
  return
}

// -----

func.func @recurrent_c6(%x: tensor<1x3x5x2xf32>, %w: tensor<1x3x3xf32>, %s: tensor<1x1x3x2xf32>) {
  // expected-error @+1 {{'top.recurrent' op 'clip' is negative}}
  %0 = top.recurrent rnn forward %x, %w, %s {alphas = array<f64: 0.0, 0.0, 0.0>, betas = array<f64: 0.0, 0.0, 0.0>, clip = -1.0 : f64} : (tensor<1x3x5x2xf32>, tensor<1x3x3xf32>, tensor<1x1x3x2xf32>) -> tensor<1x3x6x2xf32>
  return
}
