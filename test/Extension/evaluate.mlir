// RUN: split-file %s %t
// RUN: tpuc-opt %t/net.mlir -test-evaluate | FileCheck %s
// RUN: not tpuc-opt %t/silent.mlir -test-evaluate 2>&1 | FileCheck %s --check-prefix=SILENT

//--- net.mlir
// max(x, 0) + gain x^2 on both levels, between operators of top and of tpu.
// CHECK-LABEL: @top
// CHECK-NEXT: f32 [2, 2]: 5 2 5 4
func.func @top() -> tensor<2x2xf32> {
  %x = top.weight dense<[[1.0, -2.0], [1.0, 2.0]]> : tensor<2x2xf32>
  %g = top.weight dense<[[4.0, 0.5]]> : tensor<1x2xf32>
  %h = top.slice %g {offsets = array<i64: 0, 0>, sizes = array<i64: 1, 2>, steps = array<i64: 1, 1>} : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %0 = test.bend %x, %h : (tensor<2x2xf32>, tensor<1x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// CHECK-LABEL: @tpu
// CHECK-NEXT: f32 [2, 2]: 5 2 5 4
func.func @tpu() -> tensor<2x2xf16> {
  %x = tpu.weight dense<[[1.0, -2.0], [1.0, 2.0]]> : tensor<2x2xf16>
  %g = tpu.weight dense<[[4.0, 0.5]]> : tensor<1x2xf16>
  %0 = test.tile_bend %x, %g : (tensor<2x2xf16>, tensor<1x2xf16>) -> tensor<2x2xf16>
  %1 = tpu.unary abs %0 : tensor<2x2xf16>
  return %1 : tensor<2x2xf16>
}

// Moves are those of top, of the same name and attributes.
// CHECK-LABEL: @moves
// CHECK-NEXT: f32 [3, 2]: 3 6 1 4 2 5
func.func @moves() -> tensor<3x2xf16> {
  %x = tpu.weight dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf16>
  %0 = tpu.permute %x {order = array<i64: 1, 0>} : (tensor<2x3xf16>) -> tensor<3x2xf16>
  %1 = tpu.slice %0 {offsets = array<i64: 2, 0>, sizes = array<i64: 1, 2>, steps = array<i64: 1, 1>} : (tensor<3x2xf16>) -> tensor<1x2xf16>
  %2 = tpu.slice %0 {offsets = array<i64: 0, 0>, sizes = array<i64: 2, 2>, steps = array<i64: 1, 1>} : (tensor<3x2xf16>) -> tensor<2x2xf16>
  %3 = tpu.concat %1, %2 {axis = 0 : i64} : (tensor<1x2xf16>, tensor<2x2xf16>) -> tensor<3x2xf16>
  return %3 : tensor<3x2xf16>
}

// CHECK-LABEL: @prelu
// CHECK-NEXT: f32 [1, 2]: -8 3
func.func @prelu() -> tensor<1x2xf16> {
  %x = tpu.weight dense<[[-2.0, 3.0]]> : tensor<1x2xf16>
  %s = tpu.weight dense<4.0> : tensor<1x1xf16>
  %0 = tpu.prelu %x, %s : (tensor<1x2xf16>, tensor<1x1xf16>) -> tensor<1x2xf16>
  return %0 : tensor<1x2xf16>
}

//--- silent.mlir
// SILENT: error: op 'test.silent' cannot be evaluated
func.func @silent() -> tensor<2xf32> {
  %x = top.weight dense<1.0> : tensor<2xf32>
  %0 = test.silent %x : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
