// RUN: tpuc-opt %s -split-input-file -verify-diagnostics

func.func @conv_c1_rank(%x: tensor<4x8xf32>, %f: tensor<2x4xf32>) {
  // expected-error @+1 {{'top.conv' op operand [4, 8] and filter [2, 4] must have the same rank of 3 to 5}}
  %0 = top.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<4x8xf32>, tensor<2x4xf32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @conv_c2_strides(%x: tensor<1x4x8x8xf32>, %f: tensor<2x4x3x3xf32>) {
  // expected-error @+1 {{'top.conv' op strides has 1 entries, expected 2}}
  %0 = top.conv %x, %f {strides = array<i64: 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x8x8xf32>, tensor<2x4x3x3xf32>) -> tensor<1x2x6x6xf32>
  return
}

// -----

func.func @conv_c2_dilation_zero(%x: tensor<1x4x8x8xf32>, %f: tensor<2x4x3x3xf32>) {
  // expected-error @+1 {{'top.conv' op dilations has an entry 0, expected 1 to 1073741824}}
  %0 = top.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 0, 1>} : (tensor<1x4x8x8xf32>, tensor<2x4x3x3xf32>) -> tensor<1x2x6x6xf32>
  return
}

// -----

func.func @conv_c3_pads_negative(%x: tensor<1x4x8x8xf32>, %f: tensor<2x4x3x3xf32>) {
  // expected-error @+1 {{'top.conv' op pads has an entry -1, expected 0 to 1073741824}}
  %0 = top.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, -1, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x8x8xf32>, tensor<2x4x3x3xf32>) -> tensor<1x2x6x6xf32>
  return
}

// -----

func.func @conv_c4_group(%x: tensor<1x4x8x8xf32>, %f: tensor<2x4x3x3xf32>) {
  // expected-error @+1 {{'top.conv' op filter [2, 4, 3, 3] with group 2 does not fit the operand's 4 channels, expected axis 1 to be channels / group}}
  %0 = top.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, group = 2 : i64} : (tensor<1x4x8x8xf32>, tensor<2x4x3x3xf32>) -> tensor<1x2x6x6xf32>
  return
}

// -----

func.func @conv_c5_kernel_larger_than_input(%x: tensor<1x4x8x8xf32>, %f: tensor<2x4x9x3xf32>) {
  // expected-error @+1 {{'top.conv' op dilated kernel of 9 is larger than the padded input of 8 on spatial axis 0}}
  %0 = top.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x8x8xf32>, tensor<2x4x9x3xf32>) -> tensor<1x2x1x6xf32>
  return
}

// -----

func.func @conv_bias(%x: tensor<1x4x8x8xf32>, %f: tensor<2x4x3x3xf32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{'top.conv' op bias has shape [3], expected [2]}}
  %0 = top.conv %x, %f, %b {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x8x8xf32>, tensor<2x4x3x3xf32>, tensor<3xf32>) -> tensor<1x2x6x6xf32>
  return
}

// -----

func.func @conv_result(%x: tensor<1x4x8x8xf32>, %f: tensor<2x4x3x3xf32>) {
  // expected-error @+1 {{'top.conv' op result type 'tensor<1x2x8x8xf32>' does not follow from operands and attributes, expected 'tensor<1x2x6x6xf32>'}}
  %0 = top.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x8x8xf32>, tensor<2x4x3x3xf32>) -> tensor<1x2x8x8xf32>
  return
}

// -----

func.func @conv_element(%x: tensor<1x4x8x8xi64>, %f: tensor<2x4x3x3xf32>) {
  // expected-error @+1 {{operand #0 must be tensor of f32 with a static shape and 1 to 2^40 elements}}
  %0 = top.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x8x8xi64>, tensor<2x4x3x3xf32>) -> tensor<1x2x6x6xf32>
  return
}

// -----

func.func @conv_no_strides(%x: tensor<1x4x8x8xf32>, %f: tensor<2x4x3x3xf32>) {
  // expected-error @+1 {{'top.conv' op requires attribute 'strides'}}
  %0 = top.conv %x, %f {pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x8x8xf32>, tensor<2x4x3x3xf32>) -> tensor<1x2x6x6xf32>
  return
}

// -----

func.func @conv_transpose_c4_channels(%x: tensor<1x4x8x8xf32>, %f: tensor<2x4x3x3xf32>) {
  // expected-error @+1 {{'top.conv_transpose' op filter [2, 4, 3, 3] with group 1 does not fit the operand's 4 channels, expected axis 0 to be the channels}}
  %0 = top.conv_transpose %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>} : (tensor<1x4x8x8xf32>, tensor<2x4x3x3xf32>) -> tensor<1x4x10x10xf32>
  return
}

// -----

func.func @conv_transpose_c5_output_padding(%x: tensor<1x4x8x8xf32>, %f: tensor<4x4x3x3xf32>) {
  // expected-error @+1 {{'top.conv_transpose' op output_padding has 1 entries, expected 2}}
  %0 = top.conv_transpose %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0>} : (tensor<1x4x8x8xf32>, tensor<4x4x3x3xf32>) -> tensor<1x4x10x10xf32>
  return
}

// -----

func.func @conv_transpose_c6_empty(%x: tensor<1x4x1x1xf32>, %f: tensor<4x4x3x3xf32>) {
  // expected-error @+1 {{'top.conv_transpose' op result has size -1 on spatial axis 0, the padding removes everything}}
  %0 = top.conv_transpose %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 2, 2, 2, 2>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>} : (tensor<1x4x1x1xf32>, tensor<4x4x3x3xf32>) -> tensor<1x4x1x1xf32>
  return
}

// -----

func.func @matmul_c1_vector(%x: tensor<4xf32>, %w: tensor<4x2xf32>) {
  // expected-error @+1 {{'top.matmul' op operands have shapes [4] and [4, 2], expected at least two axes: reshape a vector}}
  %0 = top.matmul %x, %w : (tensor<4xf32>, tensor<4x2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @matmul_c2_inner(%x: tensor<3x4xf32>, %w: tensor<4x2xf32>) {
  // expected-error @+1 {{'top.matmul' op operands, transposed as asked, are [3, 4] and [2, 4]: the inner sizes do not agree}}
  %0 = top.matmul %x, %w {right_transpose = true} : (tensor<3x4xf32>, tensor<4x2xf32>) -> tensor<3x2xf32>
  return
}

// -----

func.func @matmul_c3_batch(%x: tensor<2x3x4xf32>, %w: tensor<3x4x2xf32>) {
  // expected-error @+1 {{'top.matmul' op leading axes of [2, 3, 4] and [3, 4, 2] do not broadcast}}
  %0 = top.matmul %x, %w : (tensor<2x3x4xf32>, tensor<3x4x2xf32>) -> tensor<2x3x2xf32>
  return
}

// -----

func.func @matmul_c4_bias(%x: tensor<3x4xf32>, %w: tensor<4x2xf32>, %b: tensor<1xf32>) {
  // expected-error @+1 {{'top.matmul' op bias has shape [1], expected [2]}}
  %0 = top.matmul %x, %w, %b : (tensor<3x4xf32>, tensor<4x2xf32>, tensor<1xf32>) -> tensor<3x2xf32>
  return
}

// -----

func.func @max_pool_c1_rank(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.max_pool' op operand has 0 spatial axes, expected 1 to 3}}
  %0 = top.max_pool %x {kernel = array<i64>, strides = array<i64>, pads = array<i64>, dilations = array<i64>} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @max_pool_c3_pads(%x: tensor<1x4x8x8xf32>) {
  // expected-error @+1 {{'top.max_pool' op pads are [2, 0, 0, 0], expected less than the dilated kernel of 2 on spatial axis 0}}
  %0 = top.max_pool %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 2, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x8x8xf32>) -> tensor<1x4x5x4xf32>
  return
}

// -----

func.func @avg_pool_c4_window(%x: tensor<1x4x8x8xf32>) {
  // expected-error @+1 {{'top.avg_pool' op dilated kernel of 9 is larger than the padded input on spatial axis 1}}
  %0 = top.avg_pool %x {kernel = array<i64: 2, 9>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x8x8xf32>) -> tensor<1x4x4x1xf32>
  return
}
