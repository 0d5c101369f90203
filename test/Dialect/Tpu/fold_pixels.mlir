// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-fold-pixels{price=4}))" | FileCheck %s

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

// -----

// The activation and the next convolution, whose windows move by two pixels,
// work on pairs of pixels.
// CHECK-LABEL: func.func @readers_of_blocks
// CHECK: %[[A:.*]] = tpu.conv %arg0
// CHECK-SAME: pads = array<i64: 2, 2, 2, 2>, strides = array<i64: 2, 4>
// CHECK-SAME: (tensor<1x3x320x320xf16>, tensor<64x3x6x8xf16>, tensor<64xf32>) -> tensor<1x64x160x80xf16>
// CHECK: %[[B:.*]] = tpu.unary silu %[[A]] : tensor<1x64x160x80xf16>
// CHECK: %[[C:.*]] = tpu.conv %[[B]]
// CHECK-SAME: pads = array<i64: 1, 1, 0, 0>, strides = array<i64: 2, 1>
// CHECK-SAME: (tensor<1x64x160x80xf16>, tensor<64x64x3x2xf16>) -> tensor<1x64x80x80xf16>
// CHECK: return %[[C]]
func.func @readers_of_blocks(%x: tensor<1x3x320x320xf16>) -> tensor<1x64x80x80xf16> {
  %w = tpu.weight dense<1.0> : tensor<32x3x6x6xf16>
  %b = tpu.weight dense<1.0> : tensor<32xf32>
  %v = tpu.weight dense<1.0> : tensor<64x32x3x3xf16>
  %1 = tpu.conv %x, %w, %b {strides = array<i64: 2, 2>, pads = array<i64: 2, 2, 2, 2>, dilations = array<i64: 1, 1>} : (tensor<1x3x320x320xf16>, tensor<32x3x6x6xf16>, tensor<32xf32>) -> tensor<1x32x160x160xf16>
  %2 = tpu.unary silu %1 : tensor<1x32x160x160xf16>
  %3 = tpu.conv %2, %v {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x32x160x160xf16>, tensor<64x32x3x3xf16>) -> tensor<1x64x80x80xf16>
  return %3 : tensor<1x64x80x80xf16>
}

// -----

// Parts that did not begin in the first lane do so in blocks.
// CHECK-LABEL: func.func @parts_of_channels
// CHECK: tpu.slice %{{.*}} {offsets = array<i64: 0, 32, 0, 0>{{.*}} -> tensor<1x32x160x80xf16>
// CHECK: tpu.concat {{.*}} -> tensor<1x128x160x80xf16>
func.func @parts_of_channels(%x: tensor<1x64x160x160xf16>) -> tensor<1x128x80x80xf16> {
  %w = tpu.weight dense<1.0> : tensor<32x64x1x1xf16>
  %p = tpu.weight dense<1.0> : tensor<1x32x1x1xf16>
  %v = tpu.weight dense<1.0> : tensor<128x64x3x3xf16>
  %1 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x64x160x160xf16>, tensor<32x64x1x1xf16>) -> tensor<1x32x160x160xf16>
  %2 = tpu.binary mul %1, %p : (tensor<1x32x160x160xf16>, tensor<1x32x1x1xf16>) -> tensor<1x32x160x160xf16>
  %3 = tpu.unary silu %2 : tensor<1x32x160x160xf16>
  %4 = tpu.slice %3 {offsets = array<i64: 0, 16, 0, 0>, sizes = array<i64: 1, 16, 160, 160>, steps = array<i64: 1, 1, 1, 1>} : (tensor<1x32x160x160xf16>) -> tensor<1x16x160x160xf16>
  %5 = tpu.unary silu %4 : tensor<1x16x160x160xf16>
  %6 = tpu.concat %3, %5, %5 {axis = 1 : i64} : (tensor<1x32x160x160xf16>, tensor<1x16x160x160xf16>, tensor<1x16x160x160xf16>) -> tensor<1x64x160x160xf16>
  %7 = tpu.conv %6, %v {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x64x160x160xf16>, tensor<128x64x3x3xf16>) -> tensor<1x128x80x80xf16>
  return %7 : tensor<1x128x80x80xf16>
}

// -----

// All results that a pixel has in transposed convolutions are its block.
// CHECK-LABEL: func.func @transposed
// CHECK: tpu.conv {{.*}} -> tensor<1x96x80x80xf16>
// CHECK: tpu.conv {{.*}} -> tensor<1x16x80x80xf16>
// CHECK: %[[S:.*]] = tpu.unary sigmoid {{.*}} : tensor<1x16x80x80xf16>
// CHECK: tpu.reshape %[[S]] : (tensor<1x16x80x80xf16>) -> tensor<1x1x4x4x80x80xf16>
// CHECK: return %{{.*}} : tensor<1x1x320x320xf16>
func.func @transposed(%x: tensor<1x64x80x80xf16>) -> tensor<1x1x320x320xf16> {
  %w = tpu.weight dense<1.0> : tensor<64x24x2x2xf16>
  %b = tpu.weight dense<1.0> : tensor<24xf32>
  %v = tpu.weight dense<1.0> : tensor<24x1x2x2xf16>
  %1 = tpu.conv_transpose %x, %w, %b {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>, do_relu = true} : (tensor<1x64x80x80xf16>, tensor<64x24x2x2xf16>, tensor<24xf32>) -> tensor<1x24x160x160xf16>
  %2 = tpu.conv_transpose %1, %v {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>} : (tensor<1x24x160x160xf16>, tensor<24x1x2x2xf16>) -> tensor<1x1x320x320xf16>
  %3 = tpu.unary sigmoid %2 : tensor<1x1x320x320xf16>
  return %3 : tensor<1x1x320x320xf16>
}

// -----

// Windows that move by one pixel do not move by a block.
// CHECK-LABEL: func.func @fixed_result
// CHECK-NOT: tensor<1x64x
func.func @fixed_result(%x: tensor<1x3x64x64xf16>, %y: tensor<1x16x64x64xf16>) -> tensor<1x16x64x64xf16> {
  %w = tpu.weight dense<1.0> : tensor<16x3x1x1xf16>
  %v = tpu.weight dense<1.0> : tensor<16x16x3x3xf16>
  %1 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x64x64xf16>, tensor<16x3x1x1xf16>) -> tensor<1x16x64x64xf16>
  %2 = tpu.conv %1, %v {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x16x64x64xf16>, tensor<16x16x3x3xf16>) -> tensor<1x16x64x64xf16>
  %3 = tpu.binary add %2, %y : (tensor<1x16x64x64xf16>, tensor<1x16x64x64xf16>) -> tensor<1x16x64x64xf16>
  return %3 : tensor<1x16x64x64xf16>
}
