// RUN: tpuc-opt %s -split-input-file -verify-diagnostics

func.func @conv_c1_rank(%x: tensor<1x3x8xf16>, %w: tensor<4x3x3xf16>) {
  // expected-error @+1 {{has input of rank 3 and filter of rank 3, expected 4 or 5 for both}}
  %0 = tpu.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1>} : (tensor<1x3x8xf16>, tensor<4x3x3xf16>) -> tensor<1x4x6xf16>
  return
}

// -----

func.func @conv_c2_stride(%x: tensor<1x3x32x32xf16>, %w: tensor<4x3x16x16xf16>) {
  // expected-error @+1 {{'strides' has entry 16, expected 1 to 15}}
  %0 = tpu.conv %x, %w {strides = array<i64: 16, 16>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x32x32xf16>, tensor<4x3x16x16xf16>) -> tensor<1x4x2x2xf16>
  return
}

// -----

func.func @conv_c2_dilation_count(%x: tensor<1x3x8x8xf16>, %w: tensor<4x3x3x3xf16>) {
  // expected-error @+1 {{'dilations' has 1 entries, expected 2}}
  %0 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1>} : (tensor<1x3x8x8xf16>, tensor<4x3x3x3xf16>) -> tensor<1x4x6x6xf16>
  return
}

// -----

func.func @conv_c3_pad(%x: tensor<1x3x8x8xf16>, %w: tensor<4x3x3x3xf16>) {
  // expected-error @+1 {{'pads' has entry 16, expected 0 to 15}}
  %0 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 16, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xf16>, tensor<4x3x3x3xf16>) -> tensor<1x4x22x6xf16>
  return
}

// -----

func.func @conv_c4_group(%x: tensor<1x3x8x8xf16>, %w: tensor<4x3x3x3xf16>) {
  // expected-error @+1 {{'group' is 2, expected a divisor of the 3 input channels and of the output channels}}
  %0 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, group = 2 : i64} : (tensor<1x3x8x8xf16>, tensor<4x3x3x3xf16>) -> tensor<1x4x6x6xf16>
  return
}

// -----

func.func @conv_c4_filter(%x: tensor<1x4x8x8xf16>, %w: tensor<4x4x3x3xf16>) {
  // expected-error @+1 {{filter has 4 input channels, expected 2 of 4 in 2 groups}}
  %0 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, group = 2 : i64} : (tensor<1x4x8x8xf16>, tensor<4x4x3x3xf16>) -> tensor<1x4x6x6xf16>
  return
}

// -----

func.func @conv_c5_bias(%x: tensor<1x3x8x8xf16>, %w: tensor<4x3x3x3xf16>, %b: tensor<3xf32>) {
  // expected-error @+1 {{bias has shape [3], expected [4]}}
  %0 = tpu.conv %x, %w, %b {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xf16>, tensor<4x3x3x3xf16>, tensor<3xf32>) -> tensor<1x4x6x6xf16>
  return
}

// -----

func.func @conv_bias_type(%x: tensor<1x3x8x8xf16>, %w: tensor<4x3x3x3xf16>, %b: tensor<4xf16>) {
  // expected-error @+1 {{operand #2 must be tensor of f32 with a static shape}}
  %0 = tpu.conv %x, %w, %b {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xf16>, tensor<4x3x3x3xf16>, tensor<4xf16>) -> tensor<1x4x6x6xf16>
  return
}

// -----

func.func @conv_c6_result(%x: tensor<1x3x8x8xf16>, %w: tensor<4x3x3x3xf16>) {
  // expected-error @+1 {{result has shape [1, 4, 8, 8], expected [1, 4, 6, 6] from operands and attributes}}
  %0 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xf16>, tensor<4x3x3x3xf16>) -> tensor<1x4x8x8xf16>
  return
}

// -----

func.func @conv_c7_precision(%x: tensor<1x3x8x8xf16>, %w: tensor<4x3x3x3xf16>) {
  // expected-error @+1 {{result has element type 'bf16', expected 'f16' or 'f32'}}
  %0 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xf16>, tensor<4x3x3x3xf16>) -> tensor<1x4x6x6xbf16>
  return
}

// -----

func.func @conv_c8_limit(%x: tensor<1x3x8x8xf16>, %w: tensor<4x3x3x3xf16>) {
  // expected-error @+1 {{'relu_limit' is 6.000000e+00 without 'do_relu', expected a negative number}}
  %0 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, relu_limit = 6.0 : f64} : (tensor<1x3x8x8xf16>, tensor<4x3x3x3xf16>) -> tensor<1x4x6x6xf16>
  return
}

// -----

func.func @conv_mixed_operands(%x: tensor<1x3x8x8xf16>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{failed to verify that all of {input, filter} have same element type}}
  %0 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xf16>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf16>
  return
}

// -----

func.func @conv_transpose_c1_rank(%x: tensor<1x8x16xf32>, %w: tensor<8x4x3xf32>) {
  // expected-error @+1 {{has input of rank 3 and filter of rank 3, expected 4 for both}}
  %0 = tpu.conv_transpose %x, %w {strides = array<i64: 2>, pads = array<i64: 1, 1>, dilations = array<i64: 1>, output_padding = array<i64: 1>} : (tensor<1x8x16xf32>, tensor<8x4x3xf32>) -> tensor<1x4x32xf32>
  return
}

// -----

func.func @conv_transpose_c2_stride(%x: tensor<1x8x16x16xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+1 {{'strides' has entry 0, expected 1 to 16}}
  %0 = tpu.conv_transpose %x, %w {strides = array<i64: 0, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, output_padding = array<i64: 1, 1>} : (tensor<1x8x16x16xf32>, tensor<8x4x3x3xf32>) -> tensor<1x4x32x32xf32>
  return
}

// -----

func.func @conv_transpose_c3_pads(%x: tensor<1x8x16x16xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+1 {{'pads' has entry -1, expected 0 to}}
  %0 = tpu.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: -1, 1, 1, 1>, dilations = array<i64: 1, 1>, output_padding = array<i64: 1, 1>} : (tensor<1x8x16x16xf32>, tensor<8x4x3x3xf32>) -> tensor<1x4x32x32xf32>
  return
}

// -----

func.func @conv_transpose_c4_channels(%x: tensor<1x8x16x16xf32>, %w: tensor<4x4x3x3xf32>) {
  // expected-error @+1 {{filter has 4 input channels, expected 8}}
  %0 = tpu.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, output_padding = array<i64: 1, 1>} : (tensor<1x8x16x16xf32>, tensor<4x4x3x3xf32>) -> tensor<1x4x32x32xf32>
  return
}

// -----

func.func @conv_transpose_c5_output_padding(%x: tensor<1x8x16x16xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+1 {{'output_padding' has 1 entries, expected 2}}
  %0 = tpu.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, output_padding = array<i64: 1>} : (tensor<1x8x16x16xf32>, tensor<8x4x3x3xf32>) -> tensor<1x4x32x32xf32>
  return
}

// -----

func.func @conv_transpose_c6_bias(%x: tensor<1x8x16x16xf32>, %w: tensor<8x4x3x3xf32>, %b: tensor<8xf32>) {
  // expected-error @+1 {{bias has shape [8], expected [4]}}
  %0 = tpu.conv_transpose %x, %w, %b {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, output_padding = array<i64: 1, 1>} : (tensor<1x8x16x16xf32>, tensor<8x4x3x3xf32>, tensor<8xf32>) -> tensor<1x4x32x32xf32>
  return
}

// -----

func.func @conv_transpose_c7_result(%x: tensor<1x8x16x16xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+1 {{result has shape [1, 4, 32, 32], expected [1, 4, 31, 31]}}
  %0 = tpu.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>} : (tensor<1x8x16x16xf32>, tensor<8x4x3x3xf32>) -> tensor<1x4x32x32xf32>
  return
}

// -----

func.func @conv_transpose_c8_precision(%x: tensor<1x8x16x16xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+1 {{result has element type 'f16', expected 'f32' or 'f32'}}
  %0 = tpu.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, output_padding = array<i64: 1, 1>} : (tensor<1x8x16x16xf32>, tensor<8x4x3x3xf32>) -> tensor<1x4x32x32xf16>
  return
}

// -----

func.func @matmul_c1_ranks(%a: tensor<2x4x8xf16>, %b: tensor<8x3xf16>) {
  // expected-error @+1 {{has operands of rank 3 and 2, expected equal ranks of at least 2}}
  %0 = tpu.matmul %a, %b : (tensor<2x4x8xf16>, tensor<8x3xf16>) -> tensor<2x4x3xf16>
  return
}

// -----

func.func @matmul_c2_sums(%a: tensor<4x8xf16>, %b: tensor<8x3xf16>) {
  // expected-error @+1 {{sums over 8 elements of left and 3 of right, expected equal numbers}}
  %0 = tpu.matmul %a, %b {right_transpose = true} : (tensor<4x8xf16>, tensor<8x3xf16>) -> tensor<4x8xf16>
  return
}

// -----

func.func @matmul_c3_batch(%a: tensor<2x4x8xf16>, %b: tensor<1x8x3xf16>) {
  // expected-error @+1 {{has leading axes [2] and [1], expected equal ones}}
  %0 = tpu.matmul %a, %b : (tensor<2x4x8xf16>, tensor<1x8x3xf16>) -> tensor<2x4x3xf16>
  return
}

// -----

func.func @matmul_c4_bias_shape(%a: tensor<4x8xf16>, %b: tensor<8x3xf16>, %c: tensor<4xf16>) {
  // expected-error @+1 {{bias has shape [4], expected [3]}}
  %0 = tpu.matmul %a, %b, %c : (tensor<4x8xf16>, tensor<8x3xf16>, tensor<4xf16>) -> tensor<4x3xf16>
  return
}

// -----

func.func @matmul_c4_bias_type(%a: tensor<4x8xf16>, %b: tensor<8x3xf16>, %c: tensor<3xf32>) {
  // expected-error @+1 {{bias has element type 'f32', expected the result's, 'f16'}}
  %0 = tpu.matmul %a, %b, %c : (tensor<4x8xf16>, tensor<8x3xf16>, tensor<3xf32>) -> tensor<4x3xf16>
  return
}

// -----

func.func @matmul_c5_result(%a: tensor<8x4xf16>, %b: tensor<8x3xf16>) {
  // expected-error @+1 {{result has shape [3, 4], expected [4, 3]}}
  %0 = tpu.matmul %a, %b {left_transpose = true} : (tensor<8x4xf16>, tensor<8x3xf16>) -> tensor<3x4xf16>
  return
}

// -----

func.func @matmul_c6_precision(%a: tensor<4x8xbf16>, %b: tensor<8x3xbf16>) {
  // expected-error @+1 {{result has element type 'f16', expected 'bf16' or 'f32'}}
  %0 = tpu.matmul %a, %b : (tensor<4x8xbf16>, tensor<8x3xbf16>) -> tensor<4x3xf16>
  return
}

// -----

func.func @matmul_c9_rank(%a: tensor<4x8xf16>, %b: tensor<8x3xf16>) {
  // expected-error @+1 {{has operands of rank 2 and 2, expected equal ranks of at least 3}}
  %0 = tpu.matmul %a, %b {hdim_is_batch = true} : (tensor<4x8xf16>, tensor<8x3xf16>) -> tensor<4x3xf16>
  return
}

// -----

func.func @matmul_c9_transposed(%a: tensor<8x2x4xf16>, %b: tensor<8x2x3xf16>) {
  // expected-error @+1 {{has heads within its matrices and a transposed left operand, expected one of both}}
  %0 = tpu.matmul %a, %b {hdim_is_batch = true, left_transpose = true} : (tensor<8x2x4xf16>, tensor<8x2x3xf16>) -> tensor<4x2x3xf16>
  return
}

// -----

func.func @matmul_c9_heads(%a: tensor<4x2x8xf16>, %b: tensor<2x8x3xf16>) {
  // expected-error @+1 {{sums over 8 elements of left and 2 of right, expected equal numbers}}
  %0 = tpu.matmul %a, %b {hdim_is_batch = true} : (tensor<4x2x8xf16>, tensor<2x8x3xf16>) -> tensor<4x2x3xf16>
  return
}

// -----

func.func @matmul_c9_bytes(%a: tensor<4x2x8x!quant.uniform<i8:f32, 0.1>>, %b: tensor<8x2x3x!quant.uniform<i8:f32:2, {0.1, 0.1, 0.1}>>) {
  // expected-error @+1 {{has heads within matrices of '!quant.uniform<i8:f32, 1.000000e-01>', expected floats}}
  %0 = tpu.matmul %a, %b {hdim_is_batch = true} : (tensor<4x2x8x!quant.uniform<i8:f32, 0.1>>, tensor<8x2x3x!quant.uniform<i8:f32:2, {0.1, 0.1, 0.1}>>) -> tensor<4x2x3xf32>
  return
}

// -----

func.func @pool_c1_rank(%x: tensor<1x64x112xf16>) {
  // expected-error @+1 {{has input of rank 3, expected 4}}
  %0 = tpu.pool max %x {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x64x112xf16>) -> tensor<1x64x56xf16>
  return
}

// -----

func.func @pool_c2_stride(%x: tensor<1x64x112x112xf16>) {
  // expected-error @+1 {{'strides' has entry 16, expected 1 to 15}}
  %0 = tpu.pool max %x {kernel = array<i64: 16, 16>, strides = array<i64: 16, 16>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x64x112x112xf16>) -> tensor<1x64x7x7xf16>
  return
}

// -----

func.func @pool_c3_pads(%x: tensor<1x64x112x112xf16>) {
  // expected-error @+1 {{'pads' has entry 2, expected less than the kernel's 2}}
  %0 = tpu.pool max %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 2, 0, 0, 0>} : (tensor<1x64x112x112xf16>) -> tensor<1x64x57x56xf16>
  return
}

// -----

func.func @pool_c4_result(%x: tensor<1x64x112x112xf16>) {
  // expected-error @+1 {{result has shape [1, 64, 55, 55], expected [1, 64, 56, 56]}}
  %0 = tpu.pool avg %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x64x112x112xf16>) -> tensor<1x64x55x55xf16>
  return
}

// -----

func.func @conv_c10_groups_of_filter_in_parts(%x: tensor<1x4x8x8xbf16>, %w: tensor<4x2x3x3xf32>) {
  // expected-error @+1 {{filter of 'f32' for an input of 'bf16' has 2 spatial axes and 2 groups, expected 2 and 1; round it to 'bf16'}}
  %0 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, group = 2 : i64} : (tensor<1x4x8x8xbf16>, tensor<4x2x3x3xf32>) -> tensor<1x4x6x6xbf16>
  return
}

// -----

func.func @conv_c7_rounded_input(%x: tensor<1x4x8x8xf32>, %w: tensor<4x1x3x3xf16>) {
  // expected-error @+1 {{filter of 'f16' for an input of 'f32' has 2 spatial axes and 4 groups, expected 2 and 1; round the input by a cast}}
  %0 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, group = 4 : i64} : (tensor<1x4x8x8xf32>, tensor<4x1x3x3xf16>) -> tensor<1x4x6x6xf16>
  return
}

// -----

func.func @conv_c7_rounded_result(%x: tensor<1x4x8x8xf32>, %w: tensor<4x4x3x3xf16>) {
  // expected-error @+1 {{result has element type 'bf16', expected 'f16' or 'f32'}}
  %0 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x8x8xf32>, tensor<4x4x3x3xf16>) -> tensor<1x4x6x6xbf16>
  return
}
