// RUN: tpuc-opt %s --tpu-fuse-input-casts | FileCheck %s

// CHECK-LABEL: func.func @first_convolution(
// CHECK-NOT: tpu.cast
// CHECK: tpu.conv %arg0, %arg1 {{.*}} : (tensor<1x3x64x600xf32>, tensor<16x3x3x3xf16>) -> tensor<1x16x32x300xf16>
func.func @first_convolution(%x: tensor<1x3x64x600xf32>, %w: tensor<16x3x3x3xf16>) -> tensor<1x16x32x300xf16> {
  %0 = tpu.cast %x : (tensor<1x3x64x600xf32>) -> tensor<1x3x64x600xf16>
  %1 = tpu.conv %0, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
      : (tensor<1x3x64x600xf16>, tensor<16x3x3x3xf16>) -> tensor<1x16x32x300xf16>
  return %1 : tensor<1x16x32x300xf16>
}

// Many channels are not folded.
// CHECK-LABEL: func.func @many_channels(
// CHECK: tpu.cast
func.func @many_channels(%x: tensor<1x64x64x64xf32>, %w: tensor<16x64x3x3xf16>) -> tensor<1x16x64x64xf16> {
  %0 = tpu.cast %x : (tensor<1x64x64x64xf32>) -> tensor<1x64x64x64xf16>
  %1 = tpu.conv %0, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
      : (tensor<1x64x64x64xf16>, tensor<16x64x3x3xf16>) -> tensor<1x16x64x64xf16>
  return %1 : tensor<1x16x64x64xf16>
}

// The rounded input has another reader.
// CHECK-LABEL: func.func @other_reader(
// CHECK: tpu.cast
func.func @other_reader(%x: tensor<1x3x64x600xf32>, %w: tensor<16x3x3x3xf16>) -> (tensor<1x16x32x300xf16>, tensor<1x3x64x600xf16>) {
  %0 = tpu.cast %x : (tensor<1x3x64x600xf32>) -> tensor<1x3x64x600xf16>
  %1 = tpu.conv %0, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
      : (tensor<1x3x64x600xf16>, tensor<16x3x3x3xf16>) -> tensor<1x16x32x300xf16>
  return %1, %0 : tensor<1x16x32x300xf16>, tensor<1x3x64x600xf16>
}

// What is computed may still be in local memory.
// CHECK-LABEL: func.func @computed_value(
// CHECK: tpu.cast
func.func @computed_value(%x: tensor<1x3x64x600xf32>, %w: tensor<16x3x3x3xf16>) -> tensor<1x16x32x300xf16> {
  %a = tpu.unary abs %x : tensor<1x3x64x600xf32>
  %0 = tpu.cast %a : (tensor<1x3x64x600xf32>) -> tensor<1x3x64x600xf16>
  %1 = tpu.conv %0, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
      : (tensor<1x3x64x600xf16>, tensor<16x3x3x3xf16>) -> tensor<1x16x32x300xf16>
  return %1 : tensor<1x16x32x300xf16>
}
