// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout,tpu-copy-results),tpu-layer-group)" | FileCheck %s

// A local squeeze and a local unsqueeze: both lie where their operands lie, and
// have no kernel, so that they emit nothing.
// CHECK-LABEL: func.func @squeeze
// CHECK: tpu.unary exp {{.*}} #tpu.local<addr = [[ADDR:[0-9]+]]
// CHECK: tpu.reshape
// CHECK-NOT: tpu.kernels
// CHECK-SAME: tpu.mem = #tpu.view<of = 0, offset = 0>
// CHECK: tpu.reduce sum {{.*}}tpu.kernels
// CHECK: tpu.binary sub {{.*}} #tpu.local
// CHECK: tpu.reshape
// CHECK-NOT: tpu.kernels
// CHECK-SAME: tpu.mem = #tpu.view<of = 3, offset = 0>
// CHECK: tpu.unary exp {{.*}}tpu.kernels
func.func @squeeze(%x: tensor<1x64x8x16xf16>) -> tensor<1x64x8x16xf16> {
  %0 = tpu.unary exp %x : tensor<1x64x8x16xf16>
  %1 = tpu.reshape %0 : (tensor<1x64x8x16xf16>) -> tensor<64x8x16xf16>
  %2 = tpu.reduce sum %1 {axis = 2 : i64} : (tensor<64x8x16xf16>) -> tensor<64x8x1xf16>
  %3 = tpu.binary sub %1, %2 : (tensor<64x8x16xf16>, tensor<64x8x1xf16>) -> tensor<64x8x16xf16>
  %4 = tpu.reshape %3 : (tensor<64x8x16xf16>) -> tensor<1x64x8x16xf16>
  %5 = tpu.unary exp %4 : tensor<1x64x8x16xf16>
  return %5 : tensor<1x64x8x16xf16>
}

// -----

// One element a lane becomes a row of one lane: that moves, by a kernel.
// CHECK-LABEL: func.func @pooled
// CHECK: tpu.pool {{.*}} #tpu.lane_layout<n = 1, c = 64>
// CHECK: tpu.reshape {{.*}}tpu.kernels
// CHECK-SAME: #tpu.lane_layout<n = 1, c = 1>
// CHECK-SAME: tpu.mem = #tpu.local
func.func @pooled(%x: tensor<1x64x7x7xf16>) -> tensor<1x10xf16> {
  %w = tpu.weight dense<0.5> : tensor<64x10xf16>
  %0 = tpu.pool avg %x {kernel = array<i64: 7, 7>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x64x7x7xf16>) -> tensor<1x64x1x1xf16>
  %1 = tpu.reshape %0 : (tensor<1x64x1x1xf16>) -> tensor<1x64xf16>
  %2 = tpu.matmul %1, %w : (tensor<1x64xf16>, tensor<64x10xf16>) -> tensor<1x10xf16>
  return %2 : tensor<1x10xf16>
}
