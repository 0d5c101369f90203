// RUN: tpuc-opt %s -split-input-file -verify-diagnostics

func.func @add_c1_elements(%x: tensor<4x8xf32>, %y: tensor<8xi64>) {
  // expected-error @+1 {{'top.add' op operands have element types 'f32' and 'i64', expected the same: insert a top.cast}}
  %0 = top.add %x, %y : (tensor<4x8xf32>, tensor<8xi64>) -> tensor<4x8xf32>
  return
}

// -----

func.func @add_c2_shapes(%x: tensor<4x8xf32>, %y: tensor<4xf32>) {
  // expected-error @+1 {{'top.add' op operand shapes [4, 8] and [4] do not broadcast: aligned at the last axis, sizes must agree or be 1}}
  %0 = top.add %x, %y : (tensor<4x8xf32>, tensor<4xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @add_result(%x: tensor<4x8xf32>, %y: tensor<8xf32>) {
  // expected-error @+1 {{'top.add' op result type 'tensor<8xf32>' does not follow from operands and attributes, expected 'tensor<4x8xf32>'}}
  %0 = top.add %x, %y : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @add_dynamic(%x: tensor<?x8xf32>) {
  // expected-error @+1 {{operand #0 must be tensor of f32, i64 or i32 with a static shape and 1 to 2^40 elements}}
  %0 = top.add %x, %x : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @compare_result(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.compare' op result type 'tensor<8xi1>' does not follow}}
  %0 = top.compare less %x, %x : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<8xi1>
  return
}

// -----

func.func @where_c1_elements(%x: tensor<4x8xf32>, %c: tensor<8xi1>, %y: tensor<8xi64>) {
  // expected-error @+1 {{'top.where' op operands have element types 'f32' and 'i64'}}
  %0 = top.where %c, %x, %y : (tensor<8xi1>, tensor<4x8xf32>, tensor<8xi64>) -> tensor<4x8xf32>
  return
}

// -----

func.func @where_c2_condition(%x: tensor<4x8xf32>, %c: tensor<4xi1>) {
  // expected-error @+1 {{'top.where' op operand shapes [4] and [4, 8] and [4, 8] do not broadcast}}
  %0 = top.where %c, %x, %x : (tensor<4xi1>, tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @clip_c1_limits(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.clip' op min 6.000000e+00 is not at most max 0.000000e+00}}
  %0 = top.clip %x {min = 6.0, max = 0.0} : tensor<4x8xf32>
  return
}

// -----

func.func @clip_c1_nan(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.clip' op min nan is not at most max 0.000000e+00}}
  %0 = top.clip %x {min = 0x7FF8000000000000 : f64, max = 0.0} : tensor<4x8xf32>
  return
}

// -----

func.func @prelu_c1_slope(%x: tensor<1x8xf32>, %s: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.prelu' op failed to verify that slope broadcasts to the shape of input}}
  %0 = top.prelu %x, %s : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @relu_integers(%x: tensor<8xi64>) {
  // expected-error @+1 {{operand #0 must be tensor of f32 with a static shape and 1 to 2^40 elements}}
  %0 = top.relu %x : tensor<8xi64>
  return
}
