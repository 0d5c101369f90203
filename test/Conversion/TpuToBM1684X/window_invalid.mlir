// RUN: tpuc-opt %s -split-input-file -verify-diagnostics -pass-pipeline="builtin.module(func.func(tpu-copy-results,tpu-pack-weights),tpu-layer-group,tpu-verify-plan,convert-tpu-to-bm1684x)"

func.func @filter_at_run_time(%x: tensor<1x8x4x4xf16>, %w: tensor<8x8x1x1xf16>) -> tensor<1x8x4x4xf16> {
  // expected-error @+1 {{has a filter that is computed at run time; the chip wants it packed beforehand: make it a constant, or express the convolution by matmuls}}
  %0 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
      : (tensor<1x8x4x4xf16>, tensor<8x8x1x1xf16>) -> tensor<1x8x4x4xf16>
  return %0 : tensor<1x8x4x4xf16>
}

// -----

func.func @transposed_kernel_too_long(%x: tensor<1x2x4x4xf16>) -> tensor<1x2x5x23xf16> {
  %w = tpu.weight dense<0.5> : tensor<2x2x2x20xf16>
  // expected-error @+1 {{cannot be computed: padding 19 along width exceeds 15 in the convolutions of its phases; the kernel may span at most 16 strides; split it into smaller operators}}
  %0 = tpu.conv_transpose %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>}
      : (tensor<1x2x4x4xf16>, tensor<2x2x2x20xf16>) -> tensor<1x2x5x23xf16>
  return %0 : tensor<1x2x5x23xf16>
}

// -----

func.func @result_plane_without_input(%x: tensor<1x2x4x4x4xf16>) -> tensor<1x2x6x4x4xf16> {
  %w = tpu.weight dense<0.5> : tensor<2x2x1x1x1xf16>
  // expected-error @+1 {{cannot be computed: all taps along depth of some results lie in the padding}}
  %0 = tpu.conv %x, %w {strides = array<i64: 1, 1, 1>, pads = array<i64: 1, 0, 0, 1, 0, 0>, dilations = array<i64: 1, 1, 1>}
      : (tensor<1x2x4x4x4xf16>, tensor<2x2x1x1x1xf16>) -> tensor<1x2x6x4x4xf16>
  return %0 : tensor<1x2x6x4x4xf16>
}

// -----

!a = !quant.uniform<i8:f32, 0.1>
!w = !quant.uniform<i8:f32:0, {0.5, 0.25}>
func.func @gate_scale(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %0 = tpu.cast %x : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4x!a>
  %w = tpu.weight dense<1> : tensor<2x2x1x1xi8> as tensor<2x2x1x1x!w>
  // expected-error @+1 {{has the gate silu and a result of the scale 1.000000e-01, for which there is no form; give it the scale}}
  %1 = tpu.conv %0, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, gate = 1 : i32} : (tensor<1x2x4x4x!a>, tensor<2x2x1x1x!w>) -> tensor<1x2x4x4x!a>
  %2 = tpu.cast %1 : (tensor<1x2x4x4x!a>) -> tensor<1x2x4x4xf32>
  return %2 : tensor<1x2x4x4xf32>
}
