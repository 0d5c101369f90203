// RUN: tpuc-opt %s -split-input-file -verify-diagnostics --verify-roundtrip

// An operator of another dialect is parsed, printed and verified by the traits
// that it has.
func.func @bend(%x: tensor<1x8x4x4xf32>, %g: tensor<8x1x1xf32>) -> tensor<1x8x4x4xf32> {
  %0 = test.bend %x, %g : (tensor<1x8x4x4xf32>, tensor<8x1x1xf32>) -> tensor<1x8x4x4xf32>
  return %0 : tensor<1x8x4x4xf32>
}

func.func @tile_bend(%x: tensor<1x8x4x4xf16>, %g: tensor<1x8x1x1xf16>) -> tensor<1x8x4x4xf16> {
  %0 = test.tile_bend %x, %g : (tensor<1x8x4x4xf16>, tensor<1x8x1x1xf16>) -> tensor<1x8x4x4xf16>
  return %0 : tensor<1x8x4x4xf16>
}

// -----

func.func @gain_does_not_repeat(%x: tensor<1x8xf32>, %g: tensor<4x8xf32>) {
  // expected-error @+1 {{failed to verify that gain broadcasts to the shape of input}}
  %0 = test.bend %x, %g : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<1x8xf32>
  return
}

// -----

func.func @ranks_differ(%x: tensor<1x8xf16>, %g: tensor<8xf16>) {
  // expected-error @+1 {{has operands of shapes [1, 8], [8], expected equal ranks and sizes that are equal or 1}}
  %0 = test.tile_bend %x, %g : (tensor<1x8xf16>, tensor<8xf16>) -> tensor<1x8xf16>
  return
}
