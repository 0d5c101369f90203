// RUN: split-file %s %t
// RUN: tpuc-opt %t/net.mlir -top-import-calibration="table=%t/close" -top-assign-precision="precision=INT8" -convert-top-to-tpu -canonicalize | FileCheck %s --check-prefix=CLOSE
// RUN: tpuc-opt %t/net.mlir -top-import-calibration="table=%t/far" -top-assign-precision="precision=INT8" -convert-top-to-tpu -canonicalize | FileCheck %s --check-prefix=FAR

// A part that others read too has the type of the whole where that costs it at
// most a bit.
// CLOSE: tpu.conv {{.*}} -> tensor<1x4x6x6x!quant.uniform<i8:f32, 5.000000e-01>>
// CLOSE: tpu.conv {{.*}} -> tensor<1x4x6x6x!quant.uniform<i8:f32, 5.000000e-01>>
// CLOSE-NOT: tpu.cast
// CLOSE: tpu.concat

// Else it keeps its own, and only the whole's copy of it is rounded twice. The
// part that nobody else reads has that of the whole.
// FAR: %[[PART:.*]] = tpu.conv {{.*}} -> tensor<1x4x6x6x!quant.uniform<i8:f32, 1.562500e-02>>
// FAR: %[[OTHER:.*]] = tpu.conv %[[PART]], {{.*}} -> tensor<1x4x6x6x!quant.uniform<i8:f32, 5.000000e-01>>
// FAR: %[[CAST:.*]] = tpu.cast %[[PART]]
// FAR: tpu.concat %[[CAST]], %[[OTHER]]

//--- net.mlir
func.func @main(%x: tensor<1x4x6x6xf32> {top.name = "x"}) -> tensor<1x2x6x6xf32> {
  %w = top.weight dense<0.5> : tensor<4x4x1x1xf32>
  %w2 = top.weight dense<0.5> : tensor<2x8x1x1xf32>
  %0 = top.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x6x6xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x6x6xf32> loc("part")
  %1 = top.conv %0, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x6x6xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x6x6xf32> loc("other")
  %2 = top.concat %0, %1 {axis = 1 : i64} : (tensor<1x4x6x6xf32>, tensor<1x4x6x6xf32>) -> tensor<1x8x6x6xf32> loc("whole")
  %3 = top.conv %2, %w2 {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x8x6x6xf32>, tensor<2x8x1x1xf32>) -> tensor<1x2x6x6xf32> loc("y")
  return %3 : tensor<1x2x6x6xf32>
}

//--- close
x 1.0 -1.0 1.0
part 31.75 -31.75 31.75
other 63.5 -63.5 63.5
whole 63.5 -63.5 63.5
y 10 -10 10

//--- far
x 1.0 -1.0 1.0
part 1.984375 -1.984375 1.984375
other 63.5 -63.5 63.5
whole 63.5 -63.5 63.5
y 10 -10 10
