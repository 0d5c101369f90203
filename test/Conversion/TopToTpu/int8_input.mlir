// RUN: split-file %s %t
// RUN: tpuc-opt %t/net.mlir -top-import-calibration="table=%t/ranges" -top-assign-precision="precision=INT8" -convert-top-to-tpu | FileCheck %s

// The input is read once: its bytes come from its 16-bit form, which the sigmoid
// needs, also where the bytes are needed first.
// CHECK: %[[HALF:.*]] = tpu.cast %arg0 : (tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf16>
// CHECK: %[[BYTES:.*]] = tpu.cast %[[HALF]] : (tensor<1x4x6x6xf16>) -> tensor<1x4x6x6x!quant.uniform<i8
// CHECK: tpu.conv %[[BYTES]]
// CHECK-NOT: tpu.cast %arg0
// CHECK: tpu.unary sigmoid %[[HALF]]

//--- net.mlir
func.func @main(%x: tensor<1x4x6x6xf32> {top.name = "x"}) -> (tensor<1x4x6x6xf32>, tensor<1x4x6x6xf32>) {
  %w = top.weight dense<0.5> : tensor<4x4x1x1xf32>
  %0 = top.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x6x6xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x6x6xf32> loc("conv")
  %1 = top.sigmoid %x : tensor<1x4x6x6xf32> loc("gate")
  return %0, %1 : tensor<1x4x6x6xf32>, tensor<1x4x6x6xf32>
}

//--- ranges
x 1.27 -1.27 1.0
conv 10 -10 10
gate 1 0 1
