// RUN: tpuc-opt %s -split-input-file -verify-diagnostics

!a = !quant.uniform<i8:f32, 0.1>

func.func @weight_c1() {
  // expected-error @+1 {{has a value of type 'tensor<2xi16>', expected 'tensor<2xi8>'}}
  %0 = tpu.weight dense<1> : tensor<2xi16> as tensor<2x!quant.uniform<i8:f32, 0.1>>
  return
}

// -----

func.func @weight_c2() {
  // expected-error @+1 {{has 2 scales along axis 0 of shape [3]}}
  %0 = tpu.weight dense<1> : tensor<3xi8> as tensor<3x!quant.uniform<i8:f32:0, {0.1, 0.2}>>
  return
}

// -----

!a = !quant.uniform<i8:f32, 0.1>
func.func @conv_c7(%x: tensor<1x2x4x4x!a>, %w: tensor<2x2x1x1xf16>) {
  // expected-error @+1 {{failed to verify that all of {input, filter} have same element type}}
  %1 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x2x4x4x!a>, tensor<2x2x1x1xf16>) -> tensor<1x2x4x4x!a>
  return
}

// -----

!a = !quant.uniform<i8:f32, 0.1>
!w = !quant.uniform<i8:f32:0, {0.5, 0.25}>
func.func @conv_c8(%x: tensor<1x2x4x4x!a>, %w: tensor<2x2x1x1x!w>) {
  // expected-error @+1 {{has an activation and an INT8 result, which saturate; expected an unsigned type instead}}
  %1 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, do_relu = true} : (tensor<1x2x4x4x!a>, tensor<2x2x1x1x!w>) -> tensor<1x2x4x4x!a>
  return
}

// -----

!a = !quant.uniform<i8:f32, 0.1>
!w = !quant.uniform<i8:f32:1, {0.5, 0.25}>
func.func @conv_c9(%x: tensor<1x2x4x4x!a>, %w: tensor<2x2x1x1x!w>) {
  // expected-error @+1 {{has 2 scales along axis 1 of the filter, expected 2 along axis 0}}
  %1 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x2x4x4x!a>, tensor<2x2x1x1x!w>) -> tensor<1x2x4x4x!a>
  return
}

// -----

!a = !quant.uniform<i8:f32, 0.1>
func.func @pool_c5(%x: tensor<1x2x4x4x!a>) {
  // expected-error @+1 {{takes the mean of INT8, expected floats}}
  %1 = tpu.pool avg %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x2x4x4x!a>) -> tensor<1x2x2x2x!a>
  return
}

// -----

!a = !quant.uniform<i8:f32, 0.1>
func.func @binary_c3(%x: tensor<2x!a>) {
  // expected-error @+1 {{has kind 'max' on INT8, expected add, sub or mul}}
  %1 = tpu.binary max %x, %x : (tensor<2x!a>, tensor<2x!a>) -> tensor<2x!a>
  return
}

// -----

!a = !quant.uniform<i8:f32, 0.1>
func.func @binary_c4(%x: tensor<2x!a>, %y: tensor<2xf16>) {
  // expected-error @+1 {{failed to verify that all of {lhs, rhs, output} have same element type}}
  %1 = tpu.binary add %x, %y : (tensor<2x!a>, tensor<2xf16>) -> tensor<2x!a>
  return
}

// -----

!a = !quant.uniform<i8:f32, 0.1>
func.func @cast_c3(%x: tensor<2xi32>) {
  // expected-error @+1 {{expected floats or one scale on either side}}
  %1 = tpu.cast %x : (tensor<2xi32>) -> tensor<2x!a>
  return
}

// -----

!a = !quant.uniform<i8:f32, 0.1>
func.func @pad_c3(%x: tensor<2x!a>) {
  // expected-error @+1 {{'value' is NaN, expected a number}}
  %1 = tpu.pad %x {pads = array<i64: 1, 1>, value = 0x7FF8000000000000 : f64} : (tensor<2x!a>) -> tensor<4x!a>
  return
}

// -----

!a = !quant.uniform<i8:f32, 0.1>
!b = !quant.uniform<u8:f32, 0.1>
!w = !quant.uniform<i8:f32:0, {0.5, 0.25}>
func.func @conv_c11(%x: tensor<1x2x4x4x!a>, %w: tensor<2x2x1x1x!w>) {
  // expected-error @+1 {{has the gate silu and a result of '!quant.uniform<u8:f32, 1.000000e-01>', expected i8 with one scale and the zero point 0}}
  %1 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, gate = 1 : i32} : (tensor<1x2x4x4x!a>, tensor<2x2x1x1x!w>) -> tensor<1x2x4x4x!b>
  return
}
