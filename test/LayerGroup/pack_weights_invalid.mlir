// RUN: tpuc-opt %s -split-input-file -verify-diagnostics -pass-pipeline="builtin.module(tpu-layer-group,convert-tpu-to-bm1684x)"

// Planned, but nothing says which bytes commands load.
func.func @not_packed(%x: tensor<1x4x12x12xf16>) -> tensor<1x8x12x12xf16> {
  %w = tpu.weight dense<1.0> : tensor<8x4x1x1xf16>
  // expected-error @+1 {{'tpu.conv' op has weights that are not packed; run tpu-pack-weights before tpu-layer-group}}
  %0 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x12x12xf16>, tensor<8x4x1x1xf16>) -> tensor<1x8x12x12xf16>
  return %0 : tensor<1x8x12x12xf16>
}

// -----

func.func @of_another_size(%x: tensor<1x4x12x12xf16>) -> tensor<1x8x12x12xf16> {
  %w = tpu.weight {packed = dense<[1, 2, 3]> : tensor<3xi8>} dense<1.0> : tensor<8x4x1x1xf16>
  // expected-error @+1 {{'tpu.conv' op has weights that are packed into 3 bytes, expected 512; run tpu-pack-weights again}}
  %0 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x12x12xf16>, tensor<8x4x1x1xf16>) -> tensor<1x8x12x12xf16>
  return %0 : tensor<1x8x12x12xf16>
}

// -----

func.func @packed_into_words(%x: tensor<8xf16>) -> tensor<8xf16> {
  // expected-error @+1 {{'tpu.weight' op has packed bytes of type 'tensor<3xi32>', expected a tensor of i8 of one axis}}
  %w = tpu.weight {packed = dense<[1, 2, 3]> : tensor<3xi32>} dense<1.0> : tensor<8xf16>
  return %w : tensor<8xf16>
}
