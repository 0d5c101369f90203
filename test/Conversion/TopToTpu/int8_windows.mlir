// RUN: split-file %s %t
// RUN: tpuc-opt %t/net.mlir -top-import-calibration="table=%t/ranges" -top-assign-precision="precision=INT8" -convert-top-to-tpu -canonicalize | FileCheck %s

// Bytes are rearranged as floats are where a kernel exceeds the commands.

//--- net.mlir
// Pads beyond 15 are an op of their own.
// CHECK-LABEL: func.func @main
// CHECK-DAG: %[[W:.*]] = tpu.weight {{.*}} : tensor<4x4x1x40xi8>
// CHECK-DAG: %[[V:.*]] = tpu.weight {{.*}} : tensor<4x8x1x1xi8>
// CHECK: %[[X:.*]] = tpu.pad %{{.*}} {pads = array<i64: 0, 0, 0, 20, 0, 0, 0, 20>} : (tensor<1x4x1x60x!quant.uniform<{{.*}}>>) -> tensor<1x4x1x100x!quant.uniform<
// CHECK: %[[C:.*]] = tpu.conv %[[X]], %[[W]] {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, {{.*}} -> tensor<1x4x1x61x!quant.uniform<
// Taps that are far apart become channels.
// CHECK: tpu.concat {{.*}} -> tensor<1x1x8x1x43x!quant.uniform<
// CHECK: tpu.conv %{{.*}}, %[[V]] {dilations = array<i64: 1, 1>, {{.*}} -> tensor<1x4x1x43xf32>
func.func @main(%x: tensor<1x4x60xf32> {top.name = "x"}) -> tensor<1x4x43xf32> {
  %w = top.weight dense<0.5> : tensor<4x4x40xf32>
  %v = top.weight dense<0.5> : tensor<4x4x2xf32>
  %0 = top.conv %x, %w {strides = array<i64: 1>, pads = array<i64: 20, 20>, dilations = array<i64: 1>} : (tensor<1x4x60xf32>, tensor<4x4x40xf32>) -> tensor<1x4x61xf32> loc("wide")
  %1 = top.conv %0, %v {strides = array<i64: 1>, pads = array<i64: 0, 0>, dilations = array<i64: 18>} : (tensor<1x4x61xf32>, tensor<4x4x2xf32>) -> tensor<1x4x43xf32> loc("apart")
  return %1 : tensor<1x4x43xf32>
}
//--- ranges
x 1 -1 1
wide 2 -2 2
apart 2 -2 2
