// RUN: tpuc-opt %s --test-evaluate -o /dev/null | FileCheck %s

// CHECK-LABEL: @views
// CHECK-NEXT: f32 [3, 2]: 1 2 3 4 5 6
// CHECK-NEXT: f32 [3, 2]: 1 4 2 5 3 6
// CHECK-NEXT: f32 [2, 2]: 3 1 6 4
// CHECK-NEXT: f32 [2, 5]: 1 2 3 3 1 4 5 6 6 4
func.func @views() -> (tensor<3x2xf32>, tensor<3x2xf32>, tensor<2x2xf32>, tensor<2x5xf32>) {
  %x = top.weight dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %0 = top.reshape %x : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %1 = top.permute %x {order = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %2 = top.slice %x {offsets = array<i64: 0, 2>, sizes = array<i64: 2, 2>, steps = array<i64: 1, -2>} : (tensor<2x3xf32>) -> tensor<2x2xf32>
  %3 = top.concat %x, %2 {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x2xf32>) -> tensor<2x5xf32>
  return %0, %1, %2, %3 : tensor<3x2xf32>, tensor<3x2xf32>, tensor<2x2xf32>, tensor<2x5xf32>
}

// CHECK-LABEL: @pads
// CHECK-NEXT: f32 [6]: 9 1 2 3 9 9
// CHECK-NEXT: f32 [6]: 2 1 2 3 2 1
// CHECK-NEXT: f32 [6]: 1 1 2 3 3 3
// CHECK-NEXT: f32 [6]: 3 1 2 3 1 2
func.func @pads() -> (tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>) {
  %x = top.weight dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %0 = top.pad constant %x {pads = array<i64: 1, 2>, value = 9.0} : (tensor<3xf32>) -> tensor<6xf32>
  %1 = top.pad reflect %x {pads = array<i64: 1, 2>} : (tensor<3xf32>) -> tensor<6xf32>
  %2 = top.pad edge %x {pads = array<i64: 1, 2>} : (tensor<3xf32>) -> tensor<6xf32>
  %3 = top.pad wrap %x {pads = array<i64: 1, 2>} : (tensor<3xf32>) -> tensor<6xf32>
  return %0, %1, %2, %3 : tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>
}

// CHECK-LABEL: @gathers
// CHECK-NEXT: f32 [2, 1]: 3 6
// CHECK-NEXT: f32 [2, 2]: 1 3 5 5
// CHECK-NEXT: f32 [2]: 6 1
// CHECK-NEXT: f32 [2, 3]: 1 2 13 14 5 6
func.func @gathers() -> (tensor<2x1xf32>, tensor<2x2xf32>, tensor<2xf32>, tensor<2x3xf32>) {
  %x = top.weight dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %last = top.weight dense<[-1]> : tensor<1xi64>
  %i = top.weight dense<[[0, 2], [1, 1]]> : tensor<2x2xi64>
  %t = top.weight dense<[[1, 2], [0, 0]]> : tensor<2x2xi64>
  %s = top.weight dense<[[0, 2], [1, 0]]> : tensor<2x2xi64>
  %u = top.weight dense<10.0> : tensor<2xf32>
  %0 = top.gather %x, %last {axis = 1 : i64} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  %1 = top.gather_elements %x, %i {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x2xi64>) -> tensor<2x2xf32>
  %2 = top.gather_nd %x, %t : (tensor<2x3xf32>, tensor<2x2xi64>) -> tensor<2xf32>
  %3 = top.scatter_nd add %x, %s, %u : (tensor<2x3xf32>, tensor<2x2xi64>, tensor<2xf32>) -> tensor<2x3xf32>
  return %0, %1, %2, %3 : tensor<2x1xf32>, tensor<2x2xf32>, tensor<2xf32>, tensor<2x3xf32>
}

// CHECK-LABEL: @repeats
// CHECK-NEXT: f32 [1, 4]: 1 2 1 2
// CHECK-NEXT: f32 [2, 2]: 1 2 1 2
func.func @repeats() -> (tensor<1x4xf32>, tensor<2x2xf32>) {
  %x = top.weight dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %0 = top.tile %x {repeats = array<i64: 1, 2>} : (tensor<1x2xf32>) -> tensor<1x4xf32>
  %1 = top.broadcast %x : (tensor<1x2xf32>) -> tensor<2x2xf32>
  return %0, %1 : tensor<1x4xf32>, tensor<2x2xf32>
}

// CHECK-LABEL: @blocks
// CHECK-NEXT: f32 [1, 1, 2, 4]: 0 2 1 3 4 6 5 7
// CHECK-NEXT: f32 [1, 4, 1, 2]: 0 1 2 3 4 5 6 7
func.func @blocks() -> (tensor<1x1x2x4xf32>, tensor<1x4x1x2xf32>) {
  %x = top.weight dense<[[[[0.0, 1.0]], [[2.0, 3.0]], [[4.0, 5.0]], [[6.0, 7.0]]]]> : tensor<1x4x1x2xf32>
  %0 = top.depth_to_space dcr %x {block_size = 2 : i64} : (tensor<1x4x1x2xf32>) -> tensor<1x1x2x4xf32>
  %1 = top.space_to_depth %0 {block_size = 2 : i64} : (tensor<1x1x2x4xf32>) -> tensor<1x4x1x2xf32>
  return %0, %1 : tensor<1x1x2x4xf32>, tensor<1x4x1x2xf32>
}

// CHECK-LABEL: @resizes
// CHECK-NEXT: f32 [4]: 1 1 3 3
// CHECK-NEXT: f32 [4]: 1 1.5 2.5 3
// CHECK-NEXT: f32 [4]: 1 1.66667 2.33333 3
// CHECK-NEXT: f32 [4]: 0.789062 1.45312 2.54688 3.21094
func.func @resizes() -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %x = top.weight dense<[1.0, 3.0]> : tensor<2xf32>
  %0 = top.resize nearest asymmetric floor %x {scales = array<f64: 2.0>} : (tensor<2xf32>) -> tensor<4xf32>
  %1 = top.resize linear half_pixel floor %x {scales = array<f64: 2.0>} : (tensor<2xf32>) -> tensor<4xf32>
  %2 = top.resize linear align_corners floor %x {scales = array<f64: 2.0>} : (tensor<2xf32>) -> tensor<4xf32>
  %3 = top.resize cubic half_pixel floor %x {scales = array<f64: 2.0>} : (tensor<2xf32>) -> tensor<4xf32>
  return %0, %1, %2, %3 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// Element 30 of 36 reads element 27.5 of 33: in 32 bits, which runtimes compute
// in, that is a little more.
// CHECK-LABEL: @resizes_as_in_32_bits
// CHECK-NEXT: f32 [4]: 26 27 27 28
func.func @resizes_as_in_32_bits() -> tensor<4xf32> {
  %x = top.weight dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0, 25.0, 26.0, 27.0, 28.0, 29.0, 30.0, 31.0, 32.0]> : tensor<33xf32>
  %0 = top.resize nearest asymmetric round_prefer_floor %x {scales = array<f64: 1.0909090909090908>} : (tensor<33xf32>) -> tensor<36xf32>
  %1 = top.slice %0 {offsets = array<i64: 28>, sizes = array<i64: 4>, steps = array<i64: 1>} : (tensor<36xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// Rows 1, 2, 0 of the operand.
// CHECK-LABEL: @relayout
// CHECK-NEXT: f32 [6]: 3 4 5 6 1 2
func.func @relayout() -> tensor<6xf32> {
  %x = top.weight dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %0 = top.relayout %x {axes = 2 : i64, boxes = array<i64: 0, 2, 2, 2, 2, 2, 1, 1, 4, 0, 1, 0, 0, 2, 1, 1>} : (tensor<3x2xf32>) -> tensor<6xf32>
  return %0 : tensor<6xf32>
}
