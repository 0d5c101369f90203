// RUN: tpuc-opt %s -split-input-file -verify-diagnostics

func.func @softmax_c1_axis(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.softmax' op axis 2 is outside of the operand's rank 2}}
  %0 = top.softmax %x {axis = 2 : i64} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @layer_norm_c1_axis(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.layer_norm' op axis -1 is outside of the operand's rank 2}}
  %0 = top.layer_norm %x {axis = -1 : i64, epsilon = 1.0e-5} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @layer_norm_c2_scale(%x: tensor<4x8xf32>, %p: tensor<4xf32>) {
  // expected-error @+1 {{'top.layer_norm' op parameter has shape [4], expected [8]}}
  %0 = top.layer_norm %x, %p {axis = 1 : i64, epsilon = 1.0e-5} : (tensor<4x8xf32>, tensor<4xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @layer_norm_three_parameters(%x: tensor<4x8xf32>, %p: tensor<8xf32>) {
  // expected-error @+1 {{'top.layer_norm' op has 3 parameters, expected at most scale and bias}}
  %0 = top.layer_norm %x, %p, %p, %p {axis = 1 : i64, epsilon = 1.0e-5} : (tensor<4x8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @rms_norm_c3_epsilon(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.rms_norm' op epsilon is negative}}
  %0 = top.rms_norm %x {axis = 1 : i64, epsilon = -1.0} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @group_norm_c1_rank(%x: tensor<8xf32>) {
  // expected-error @+1 {{'top.group_norm' op operand [8] has no channel axis}}
  %0 = top.group_norm %x {num_groups = 1 : i64, epsilon = 1.0e-5} : (tensor<8xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @group_norm_c2_groups(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.group_norm' op num_groups 3 does not divide the 8 channels}}
  %0 = top.group_norm %x {num_groups = 3 : i64, epsilon = 1.0e-5} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @batch_norm_c1_rank(%p: tensor<8xf32>) {
  // expected-error @+1 {{'top.batch_norm' op operand [8] has no channel axis}}
  %0 = top.batch_norm %p, %p, %p, %p, %p {epsilon = 1.0e-5} : (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @batch_norm_c2_parameter(%x: tensor<8x4xf32>, %p: tensor<8xf32>) {
  // expected-error @+1 {{'top.batch_norm' op parameter has shape [8], expected [4]}}
  %0 = top.batch_norm %x, %p, %p, %p, %p {epsilon = 1.0e-5} : (tensor<8x4xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<8x4xf32>
  return
}

// -----

func.func @reduce_c1_twice(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.reduce' op axis 1 is listed twice}}
  %0 = top.reduce sum %x {axes = array<i64: 1, 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  return
}

// -----

func.func @reduce_c1_axis(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.reduce' op axis 5 is outside of the operand's rank 2}}
  %0 = top.reduce sum %x {axes = array<i64: 5>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  return
}

// -----

func.func @reduce_c2_integers(%x: tensor<4x8xi64>) {
  // expected-error @+1 {{'top.reduce' op l2 of integers is not an integer: insert a top.cast}}
  %0 = top.reduce l2 %x {axes = array<i64: 1>} : (tensor<4x8xi64>) -> tensor<4x1xi64>
  return
}

// -----

func.func @arg_c1_axis(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.arg' op axis 2 is outside of the operand's rank 2}}
  %0 = top.arg max %x {axis = 2 : i64} : (tensor<4x8xf32>) -> tensor<4x1xi64>
  return
}

// -----

func.func @topk_c1_axis(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.topk' op axis 2 is outside of the operand's rank 2}}
  %0:2 = top.topk %x {axis = 2 : i64, k = 1 : i64} : (tensor<4x8xf32>) -> (tensor<4x1xf32>, tensor<4x1xi64>)
  return
}

// -----

func.func @topk_c2_k(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.topk' op k is 9, expected 1 to the axis's size 8}}
  %0:2 = top.topk %x {axis = 1 : i64, k = 9 : i64} : (tensor<4x8xf32>) -> (tensor<4x9xf32>, tensor<4x9xi64>)
  return
}

// -----

func.func @cumsum_c1_axis(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.cumsum' op axis 2 is outside of the operand's rank 2}}
  %0 = top.cumsum %x {axis = 2 : i64} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}
