// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-fold-pixels))" | FileCheck %s

// Of 8 results of 64 lanes blocks of 8 pixels are computed at once: 4 x 6 taps
// instead of 3 x 3.
// CHECK-LABEL: func.func @blocks_of_pixels
// CHECK: %[[C:.*]] = tpu.conv %arg0
// CHECK-SAME: (tensor<1x64x160x160xf16>, tensor<64x64x{{4x6|6x4}}xf16>, tensor<64xf32>) -> tensor<1x64x{{80x40|40x80}}xf16>
// CHECK: %[[S:.*]] = tpu.reshape %[[C]]
// CHECK: %[[P:.*]] = tpu.permute %[[S]] {order = array<i64: 0, 1, 4, 2, 5, 3>}
// CHECK: %[[R:.*]] = tpu.reshape %[[P]] : {{.*}} -> tensor<1x8x160x160xf16>
// CHECK: return %[[R]]
func.func @blocks_of_pixels(%x: tensor<1x64x160x160xf16>) -> tensor<1x8x160x160xf16> {
  %w = tpu.weight dense<1.0> : tensor<8x64x3x3xf16>
  %b = tpu.weight dense<1.0> : tensor<8xf32>
  %1 = tpu.conv %x, %w, %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x64x160x160xf16>, tensor<8x64x3x3xf16>, tensor<8xf32>) -> tensor<1x8x160x160xf16>
  return %1 : tensor<1x8x160x160xf16>
}

// -----

// Each pixel's window is shifted within the block's.
// CHECK-LABEL: func.func @windows_of_a_block
// CHECK: tpu.weight dense<"0x0102030404030201{{0+}}0102030404030201{{[0-9]+}}">
func.func @windows_of_a_block(%x: tensor<1x1x256x256x!quant.uniform<i8:f32, 0.5>>) -> tensor<1x1x255x253xf16> {
  %w = tpu.weight dense<[[[[1, 2, 3, 4], [4, 3, 2, 1]]]]> : tensor<1x1x2x4xi8> as tensor<1x1x2x4x!quant.uniform<i8:f32:0, {0.25}>>
  %1 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x1x256x256x!quant.uniform<i8:f32, 0.5>>, tensor<1x1x2x4x!quant.uniform<i8:f32:0, {0.25}>>) -> tensor<1x1x255x253xf16>
  return %1 : tensor<1x1x255x253xf16>
}

// -----

// A block of pixels has as many taps as its pixels together: nothing is gained.
// CHECK-LABEL: func.func @pointwise
// CHECK-NOT: tpu.permute
func.func @pointwise(%x: tensor<1x64x160x160xf16>) -> tensor<1x8x160x160xf16> {
  %w = tpu.weight dense<1.0> : tensor<8x64x1x1xf16>
  %1 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x64x160x160xf16>, tensor<8x64x1x1xf16>) -> tensor<1x8x160x160xf16>
  return %1 : tensor<1x8x160x160xf16>
}

// -----

// All lanes are busy.
// CHECK-LABEL: func.func @many_channels
// CHECK-NOT: tpu.permute
func.func @many_channels(%x: tensor<1x64x160x160xf16>) -> tensor<1x64x160x160xf16> {
  %w = tpu.weight dense<1.0> : tensor<64x64x3x3xf16>
  %1 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x64x160x160xf16>, tensor<64x64x3x3xf16>) -> tensor<1x64x160x160xf16>
  return %1 : tensor<1x64x160x160xf16>
}
