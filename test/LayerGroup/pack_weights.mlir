// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-pack-weights))" | FileCheck %s

// A filter and its bias in one piece: 64 lanes have a row of 32 channels, and
// of a word of bias. The constant stays what it is.
// CHECK-LABEL: @filter
// CHECK: %[[W:.*]] = tpu.weight {packed = dense_resource<packed{{.*}}> : tensor<544xi8>} dense<1.000000e+00> : tensor<8x4x1x1xf16>
// CHECK: tpu.conv %{{.*}}, %[[W]]
func.func @filter(%x: tensor<1x4x12x12xf16>) -> tensor<1x8x12x12xf16> {
  %w = tpu.weight dense<1.0> : tensor<8x4x1x1xf16>
  %b = tpu.weight dense<2.0> : tensor<8xf32>
  %0 = tpu.conv %x, %w, %b {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x12x12xf16>, tensor<8x4x1x1xf16>, tensor<8xf32>) -> tensor<1x8x12x12xf16>
  return %0 : tensor<1x8x12x12xf16>
}

// -----

// A product's right operand in panels of columns.
// CHECK-LABEL: @panels
// CHECK: %[[W:.*]] = tpu.weight {packed = dense_resource<packed{{.*}}> : tensor<{{[0-9]+}}xi8>} dense<1.000000e+00> : tensor<768x96xf16>
// CHECK: tpu.matmul %{{.*}}, %[[W]]
func.func @panels(%x: tensor<49x768xf16>) -> tensor<49x96xf16> {
  %w = tpu.weight dense<1.0> : tensor<768x96xf16>
  %0 = tpu.matmul %x, %w : (tensor<49x768xf16>, tensor<768x96xf16>) -> tensor<49x96xf16>
  return %0 : tensor<49x96xf16>
}

// -----

// Two readers that want other orders: each has its own.
// CHECK-LABEL: @shared
// CHECK: %[[A:.*]] = tpu.weight {packed = dense_resource<[[P:.*]]> : tensor<512xi8>}
// CHECK: %[[B:.*]] = tpu.weight {packed = dense_resource<
// CHECK-NOT: [[P]]>
// CHECK: tpu.conv %{{.*}}, %[[A]] {
// CHECK: tpu.conv %{{.*}}, %[[B]] {
func.func @shared(%x: tensor<1x4x12x12xf16>, %y: tensor<1x16x12x12xf16>) -> (tensor<1x8x12x12xf16>, tensor<1x8x12x12xf16>) {
  %w = tpu.weight dense<1.0> : tensor<8x4x1x1xf16>
  %0 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x12x12xf16>, tensor<8x4x1x1xf16>) -> tensor<1x8x12x12xf16>
  %1 = tpu.conv %y, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, group = 4 : i64} : (tensor<1x16x12x12xf16>, tensor<8x4x1x1xf16>) -> tensor<1x8x12x12xf16>
  return %0, %1 : tensor<1x8x12x12xf16>, tensor<1x8x12x12xf16>
}

// -----

// Operands that commands load as they are: element-wise, computed, transposed.
// CHECK-LABEL: @not_packed
// CHECK-NOT: packed
func.func @not_packed(%x: tensor<49x256xf16>, %y: tensor<256x512xf16>) -> (tensor<49x256xf16>, tensor<49x512xf16>, tensor<49x64xf16>) {
  %c = tpu.weight dense<0.5> : tensor<49x256xf16>
  %t = tpu.weight dense<0.5> : tensor<64x256xf16>
  %0 = tpu.binary add %x, %c : (tensor<49x256xf16>, tensor<49x256xf16>) -> tensor<49x256xf16>
  %1 = tpu.matmul %x, %y : (tensor<49x256xf16>, tensor<256x512xf16>) -> tensor<49x512xf16>
  %2 = tpu.matmul %x, %t {right_transpose = true} : (tensor<49x256xf16>, tensor<64x256xf16>) -> tensor<49x64xf16>
  return %0, %1, %2 : tensor<49x256xf16>, tensor<49x512xf16>, tensor<49x64xf16>
}
