// RUN: split-file %s %t
// RUN: tpuc-opt %t/net.mlir -top-assign-precision=precision=F16 -convert-top-to-tpu -canonicalize | FileCheck %s
// RUN: tpuc-opt %t/net.mlir -top-import-calibration="table=%t/ranges" -top-assign-precision="precision=INT8" -convert-top-to-tpu -canonicalize | FileCheck %s --check-prefix=INT8
// RUN: not tpuc-opt %t/silent.mlir -top-assign-precision=precision=F16 -convert-top-to-tpu 2>&1 | FileCheck %s --check-prefix=SILENT

//--- net.mlir
// The dialect of an operator brings its lowering. Constants are rounded as
// those of any other; in INT8 an operator without a form for it computes in
// floats.
// CHECK-LABEL: func.func @main
// CHECK: %[[G:.*]] = tpu.weight dense<{{.*}}> : tensor<1x8x1x1xf16>
// CHECK: %[[C:.*]] = tpu.conv {{.*}} -> tensor<1x8x6x6xf16>
// CHECK: %[[B:.*]] = test.tile_bend %[[C]], %[[G]] : (tensor<1x8x6x6xf16>, tensor<1x8x1x1xf16>) -> tensor<1x8x6x6xf16>
// CHECK-NOT: test.bend
// INT8-LABEL: func.func @main
// INT8: %[[C:.*]] = tpu.conv {{.*}}!quant.uniform{{.*}} -> tensor<1x8x6x6xf16>
// INT8: test.tile_bend %[[C]], {{.*}} -> tensor<1x8x6x6xf16>
func.func @main(%x: tensor<1x8x6x6xf32> {top.name = "x"}) -> tensor<1x8x6x6xf32> {
  %w = top.weight dense<0.5> : tensor<8x8x1x1xf32>
  %g = top.weight dense<[[[0.5]], [[-1.0]], [[0.25]], [[2.0]], [[0.125]], [[-4.0]], [[0.0]], [[1.0]]]> : tensor<8x1x1xf32>
  %0 = top.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x8x6x6xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x6x6xf32> loc("first")
  %1 = test.bend %0, %g : (tensor<1x8x6x6xf32>, tensor<8x1x1xf32>) -> tensor<1x8x6x6xf32> loc("bend")
  %2 = top.conv %1, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x8x6x6xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x6x6xf32> loc("second")
  return %2 : tensor<1x8x6x6xf32>
}

// Numbers of any size are computed in f32, where nothing says how large the
// results are.
// CHECK-LABEL: func.func @of_sums
// CHECK: tpu.reduce sum {{.*}} -> tensor<4x1xf32>
// CHECK: test.tile_bend {{.*}} -> tensor<4x1xf32>
func.func @of_sums(%x: tensor<4x512xf32> {top.name = "s"}) -> tensor<4x1xf32> {
  %g = top.weight dense<0.5> : tensor<f32>
  %0 = top.mul %x, %x : (tensor<4x512xf32>, tensor<4x512xf32>) -> tensor<4x512xf32> loc("square")
  %1 = top.reduce sum %0 {axes = array<i64: 1>, keepdims = true} : (tensor<4x512xf32>) -> tensor<4x1xf32> loc("sum")
  %2 = test.bend %1, %g : (tensor<4x1xf32>, tensor<f32>) -> tensor<4x1xf32> loc("bend_sum")
  return %2 : tensor<4x1xf32>
}

//--- ranges
# op_name threshold min max
x 4 -4 4
first 4 -4 4
bend 8 -4 8
second 4 -4 4
s 4 -4 4
square 16 0 16
sum 8192 0 8192
bend_sum 10000 0 10000

//--- silent.mlir
// SILENT: error: 'test.silent' op cannot be lowered: the chip has no form of it; compute it outside of the network
func.func @silent(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = test.silent %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}
