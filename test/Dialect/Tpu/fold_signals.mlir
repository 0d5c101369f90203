// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-fold-signals))" | FileCheck %s

// CHECK-LABEL: func.func @a_filter
// CHECK: %[[R:.*]] = tpu.reshape %arg0
// CHECK: %[[P:.*]] = tpu.permute %{{.*}} {order = array<i64: 0, 1, 3, 2>}
// CHECK: %[[S:.*]] = tpu.reshape %[[P]]
// CHECK: %[[C:.*]] = tpu.conv %[[S]]
// CHECK-SAME: strides = array<i64: 1, 1>
// CHECK: tpu.permute %{{.*}} {order = array<i64: 0, 1, 3, 2>}
// CHECK: tpu.slice
func.func @a_filter(%x: tensor<1x1x1x4096xf16>) -> tensor<1x1x1x1921xf16> {
  %w = tpu.weight dense<1.0> : tensor<1x1x1x256xf16>
  %1 = tpu.conv %x, %w {strides = array<i64: 1, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x1x1x4096xf16>, tensor<1x1x1x256xf16>) -> tensor<1x1x1x1921xf16>
  return %1 : tensor<1x1x1x1921xf16>
}

// -----

// CHECK-LABEL: func.func @many_channels
// CHECK-NOT: tpu.permute
func.func @many_channels(%x: tensor<1x64x1x400xf16>) -> tensor<1x64x1x398xf16> {
  %w = tpu.weight dense<1.0> : tensor<64x64x1x3xf16>
  %1 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x64x1x400xf16>, tensor<64x64x1x3xf16>) -> tensor<1x64x1x398xf16>
  return %1 : tensor<1x64x1x398xf16>
}

// -----

// An image is none.
// CHECK-LABEL: func.func @an_image
// CHECK-NOT: tpu.permute
func.func @an_image(%x: tensor<1x1x9x400xf16>) -> tensor<1x1x9x145xf16> {
  %w = tpu.weight dense<1.0> : tensor<1x1x1x256xf16>
  %1 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x1x9x400xf16>, tensor<1x1x1x256xf16>) -> tensor<1x1x9x145xf16>
  return %1 : tensor<1x1x9x145xf16>
}
