// RUN: tpuc-opt %s -split-input-file -verify-diagnostics

func.func @unary_c1_clip(%x: tensor<2x4xf16>) {
  // expected-error @+1 {{clips to [6.000000e+00, 0.000000e+00], expected alpha <= beta}}
  %0 = tpu.unary clip %x {alpha = 6.0 : f64, beta = 0.0 : f64} : tensor<2x4xf16>
  return
}

// -----

func.func @unary_i32(%x: tensor<2x4xi32>) {
  // expected-error @+1 {{operand #0 must be tensor of f32, f16 or bf16 with a static shape}}
  %0 = tpu.unary exp %x : tensor<2x4xi32>
  return
}

// -----

func.func @unary_dynamic(%x: tensor<2x?xf32>) {
  // expected-error @+1 {{operand #0 must be tensor of f32, f16 or bf16 with a static shape}}
  %0 = tpu.unary exp %x : tensor<2x?xf32>
  return
}

// -----

func.func @scalar_c1_nan(%x: tensor<2x4xf16>) {
  // expected-error @+1 {{'value' is NaN, expected a number}}
  %0 = tpu.scalar add %x {value = 0x7FF8000000000000 : f64} : tensor<2x4xf16>
  return
}

// -----

func.func @scalar_c2_integer(%x: tensor<2x4xi32>) {
  // expected-error @+1 {{'value' is 1.500000e+00, expected an i32 integer}}
  %0 = tpu.scalar add %x {value = 1.5 : f64} : tensor<2x4xi32>
  return
}

// -----

func.func @binary_c1_ranks(%x: tensor<2x4xf16>, %y: tensor<4xf16>) {
  // expected-error @+1 {{has operands of shapes [2, 4], [4], expected equal ranks and sizes that are equal or 1}}
  %0 = tpu.binary add %x, %y : (tensor<2x4xf16>, tensor<4xf16>) -> tensor<2x4xf16>
  return
}

// -----

func.func @binary_c2_result(%x: tensor<2x4xf16>, %y: tensor<1x4xf16>) {
  // expected-error @+1 {{result has shape [1, 4], expected [2, 4]}}
  %0 = tpu.binary add %x, %y : (tensor<2x4xf16>, tensor<1x4xf16>) -> tensor<1x4xf16>
  return
}

// -----

func.func @binary_c3_div(%x: tensor<2x4xi32>) {
  // expected-error @+1 {{divides 'i32', expected a float type}}
  %0 = tpu.binary div %x, %x : (tensor<2x4xi32>, tensor<2x4xi32>) -> tensor<2x4xi32>
  return
}

// -----

func.func @binary_types(%x: tensor<2x4xf16>, %y: tensor<2x4xf32>) {
  // expected-error @+1 {{failed to verify that all of {lhs, rhs, output} have same element type}}
  %0 = tpu.binary add %x, %y : (tensor<2x4xf16>, tensor<2x4xf32>) -> tensor<2x4xf16>
  return
}

// -----

func.func @compare_c2_shapes(%x: tensor<2x4xf16>, %y: tensor<2x3xf16>) {
  // expected-error @+1 {{has operands of shapes [2, 4], [2, 3], expected}}
  %0 = tpu.compare eq %x, %y : (tensor<2x4xf16>, tensor<2x3xf16>) -> tensor<2x4xf16>
  return
}

// -----

func.func @select_c2_result(%c: tensor<2x4xf16>, %y: tensor<1x4xf16>) {
  // expected-error @+1 {{result has shape [1, 4], expected [2, 4]}}
  %0 = tpu.select %c, %y, %y : (tensor<2x4xf16>, tensor<1x4xf16>, tensor<1x4xf16>) -> tensor<1x4xf16>
  return
}

// -----

func.func @prelu_c2_slope(%x: tensor<1x8x4x4xf16>, %s: tensor<1x4x1x1xf16>) {
  // expected-error @+1 {{has operands of shapes [1, 8, 4, 4], [1, 4, 1, 1], expected equal ranks and sizes that are equal or 1}}
  %0 = tpu.prelu %x, %s : (tensor<1x8x4x4xf16>, tensor<1x4x1x1xf16>) -> tensor<1x8x4x4xf16>
  return
}

// -----

func.func @prelu_c3_result(%x: tensor<1x8x4x4xf16>, %s: tensor<1x8x1x1xf16>) {
  // expected-error @+1 {{failed to verify that all of {input, output} have same type}}
  %0 = tpu.prelu %x, %s : (tensor<1x8x4x4xf16>, tensor<1x8x1x1xf16>) -> tensor<1x8x1x1xf16>
  return
}

// -----

func.func @cast_c1_shape(%x: tensor<2x4xf16>) {
  // expected-error @+1 {{result has shape [4, 2], expected [2, 4]}}
  %0 = tpu.cast %x : (tensor<2x4xf16>) -> tensor<4x2xf32>
  return
}

// -----

func.func @cast_c2_identity(%x: tensor<2x4xf16>) {
  // expected-error @+1 {{converts 'f16' to itself, expected another type}}
  %0 = tpu.cast %x : (tensor<2x4xf16>) -> tensor<2x4xf16>
  return
}

// -----

func.func @weight_type() {
  // expected-error @+1 {{must be tensor of f32, f16, bf16, i32 or INT8 with scales, with a static shape}}
  %0 = tpu.weight dense<1> : tensor<2xi64>
  return
}
