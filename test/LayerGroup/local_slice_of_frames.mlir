// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout,tpu-copy-results),tpu-layer-group)" | FileCheck %s

// A 5-D slice of frames under a 3-d group is local: channels keep their lanes,
// and frames of [n, c, d, h * w] are a part of each lane. The convolution loads
// its filters only.
// CHECK-LABEL: func.func @frames
// CHECK: tpu.group ops 0 to 2
// CHECK: tpu.unary abs {{.*}} #tpu.local<addr = {{[0-9]+}}, bytes = 3136, ops = 0 to 1, why = fits>
// CHECK: tpu.slice {{.*}} #tpu.lane_layout<n = 1, c = 64>
// CHECK-SAME: tpu.mem = #tpu.local<addr = {{[0-9]+}}, bytes = 1600, ops = 1 to 2, why = fits>
// CHECK: tpu.conv {{.*}}<input = 1, addr = [{{[0-9]+}}], room = [0:0]
func.func @frames(%x: tensor<1x64x8x14x14xf16>) -> tensor<1x64x4x14x14xf16> {
  %f = tpu.weight dense<0.5> : tensor<64x64x3x3x3xf16>
  %0 = tpu.unary abs %x : tensor<1x64x8x14x14xf16>
  %1 = tpu.slice %0 {offsets = array<i64: 0, 0, 2, 0, 0>, sizes = array<i64: 1, 64, 4, 14, 14>, steps = array<i64: 1, 1, 1, 1, 1>} : (tensor<1x64x8x14x14xf16>) -> tensor<1x64x4x14x14xf16>
  %2 = tpu.conv %1, %f {strides = array<i64: 1, 1, 1>, pads = array<i64: 1, 1, 1, 1, 1, 1>, dilations = array<i64: 1, 1, 1>} : (tensor<1x64x4x14x14xf16>, tensor<64x64x3x3x3xf16>) -> tensor<1x64x4x14x14xf16>
  return %2 : tensor<1x64x4x14x14xf16>
}

// -----

// Channels from 5 on would change their lanes: they are read from global memory
// as a view.
// CHECK-LABEL: func.func @channels
// CHECK: tpu.slice
// CHECK-NOT: tpu.kernels
// CHECK-SAME: tpu.mem = #tpu.view<of = 0, offset = 15680>
// CHECK: tpu.unary neg {{.*}} loads = [<input = 0,
func.func @channels(%x: tensor<1x64x8x14x14xf16>) -> tensor<1x31x8x14x14xf16> {
  %0 = tpu.unary abs %x : tensor<1x64x8x14x14xf16>
  %1 = tpu.slice %0 {offsets = array<i64: 0, 5, 0, 0, 0>, sizes = array<i64: 1, 31, 8, 14, 14>, steps = array<i64: 1, 1, 1, 1, 1>} : (tensor<1x64x8x14x14xf16>) -> tensor<1x31x8x14x14xf16>
  %2 = tpu.unary neg %1 : tensor<1x31x8x14x14xf16>
  return %2 : tensor<1x31x8x14x14xf16>
}
