// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout))" | FileCheck %s
// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-split-batch{parts=2}))" | FileCheck %s --check-prefix=PARTS

// An element-wise operator takes over the lanes of its neighbours and is
// computed in parts of a batch, without being named where that is decided.
// CHECK-LABEL: func.func @follows
// CHECK: tpu.conv {{.*}}tpu.layout = #tpu.lane_layout<n = 2, c = 16>
// CHECK: test.tile_bend {{.*}}tpu.layout = #tpu.lane_layout<n = 2, c = 16>
// CHECK: tpu.reshape {{.*}}tpu.layout = #tpu.lane_layout<n = 2, c = 16>
// PARTS-LABEL: func.func @follows
// PARTS: test.tile_bend {{.*}} -> tensor<1x16x4x4xf16>
// PARTS: test.tile_bend {{.*}} -> tensor<1x16x4x4xf16>
// PARTS: tpu.concat
func.func @follows(%x: tensor<2x8x4x4xf16>, %w: tensor<16x8x1x1xf16>) -> tensor<2x16x16xf16> {
  %g = tpu.weight dense<0.5> : tensor<1x16x1x1xf16>
  %0 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
      : (tensor<2x8x4x4xf16>, tensor<16x8x1x1xf16>) -> tensor<2x16x4x4xf16>
  %1 = test.tile_bend %0, %g : (tensor<2x16x4x4xf16>, tensor<1x16x1x1xf16>) -> tensor<2x16x4x4xf16>
  %2 = tpu.reshape %1 : (tensor<2x16x4x4xf16>) -> tensor<2x16x16xf16>
  return %2 : tensor<2x16x16xf16>
}

// -----

// One that says nothing is split along with nothing, and ends the part of the
// network that is: its lanes follow from its shape.
// CHECK-LABEL: func.func @silent
// CHECK: tpu.unary abs {{.*}}tpu.layout
// CHECK: test.silent {{.*}}tpu.layout
// PARTS-LABEL: func.func @silent
// PARTS-COUNT-2: tpu.unary abs {{.*}} : tensor<1x8xf16>
// PARTS: %[[X:.*]] = tpu.concat
// PARTS: test.silent %[[X]] : (tensor<2x8xf16>)
func.func @silent(%x: tensor<2x8xf16>) -> tensor<2x8xf16> {
  %0 = tpu.unary abs %x : tensor<2x8xf16>
  %1 = test.silent %0 : (tensor<2x8xf16>) -> tensor<2x8xf16>
  return %1 : tensor<2x8xf16>
}
