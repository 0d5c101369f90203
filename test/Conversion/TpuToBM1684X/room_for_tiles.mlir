// RUN: tpuc-opt %s -o /dev/null -remarks-filter=layer-group -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout),func.func(tpu-copy-results,tpu-pack-weights),tpu-layer-group,tpu-verify-plan,convert-tpu-to-bm1684x)" 2>&1 | FileCheck %s

// A value that fills nearly all of a lane does not stay in it where the tiles of
// the kernels around it would become so small that they cost more than its
// transfers: here a few rows, for which convolutions compute most of their input
// again.
// CHECK-NOT: [Passed] resident
// CHECK: loc("third"): [Analysis] tiles
// CHECK-NOT: [Passed] resident
func.func @main(%x: tensor<1x64x200x300xf32>) -> tensor<1x1x200x300xf32> {
  %w0 = tpu.weight dense<0.5> : tensor<24x64x3x3xf32>
  %w1 = tpu.weight dense<0.25> : tensor<24x24x3x3xf32>
  %w2 = tpu.weight dense<0.125> : tensor<1x24x1x1xf32>
  %b = tpu.weight dense<0.0> : tensor<24xf32>
  %b2 = tpu.weight dense<0.0> : tensor<1xf32>
  %0 = tpu.conv %x, %w0, %b {dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<1x64x200x300xf32>, tensor<24x64x3x3xf32>, tensor<24xf32>) -> tensor<1x24x200x300xf32> loc("first")
  %1 = tpu.conv %0, %w1, %b {dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<1x24x200x300xf32>, tensor<24x24x3x3xf32>, tensor<24xf32>) -> tensor<1x24x200x300xf32> loc("second")
  %2 = tpu.conv %1, %w2, %b2 {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<1x24x200x300xf32>, tensor<1x24x1x1xf32>, tensor<1xf32>) -> tensor<1x1x200x300xf32> loc("third")
  return %2 : tensor<1x1x200x300xf32>
}
