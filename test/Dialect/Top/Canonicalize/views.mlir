// RUN: tpuc-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @compose_reshapes(
// CHECK-NEXT: %[[R:.*]] = top.reshape %arg0 : (tensor<2x12xf32>) -> tensor<4x6xf32>
// CHECK-NEXT: return %[[R]]
func.func @compose_reshapes(%x: tensor<2x12xf32>) -> tensor<4x6xf32> {
  %0 = top.reshape %x : (tensor<2x12xf32>) -> tensor<24xf32>
  %1 = top.reshape %0 : (tensor<24xf32>) -> tensor<4x6xf32>
  return %1 : tensor<4x6xf32>
}

// CHECK-LABEL: func.func @reshape_there_and_back(
// CHECK-NEXT: return %arg0
func.func @reshape_there_and_back(%x: tensor<2x12xf32>) -> tensor<2x12xf32> {
  %0 = top.reshape %x : (tensor<2x12xf32>) -> tensor<24xf32>
  %1 = top.reshape %0 : (tensor<24xf32>) -> tensor<2x12xf32>
  return %1 : tensor<2x12xf32>
}

// CHECK-LABEL: func.func @reshape_of_resource(
// CHECK-NEXT: top.weight dense_resource<w> : tensor<2x2xf32>
func.func @reshape_of_resource() -> tensor<2x2xf32> {
  %0 = top.weight dense_resource<w> : tensor<4xf32>
  %1 = top.reshape %0 : (tensor<4xf32>) -> tensor<2x2xf32>
  return %1 : tensor<2x2xf32>
}

// CHECK-LABEL: func.func @compose_permutes(
// CHECK-NEXT: top.permute %arg0 {order = array<i64: 2, 1, 0>}
func.func @compose_permutes(%x: tensor<2x3x4xf32>) -> tensor<4x3x2xf32> {
  %0 = top.permute %x {order = array<i64: 2, 0, 1>} : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
  %1 = top.permute %0 {order = array<i64: 0, 2, 1>} : (tensor<4x2x3xf32>) -> tensor<4x3x2xf32>
  return %1 : tensor<4x3x2xf32>
}

// CHECK-LABEL: func.func @permute_there_and_back(
// CHECK-NEXT: return %arg0
func.func @permute_there_and_back(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = top.permute %x {order = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %1 = top.permute %0 {order = array<i64: 1, 0>} : (tensor<3x2xf32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @permute_of_ones(
// CHECK-NEXT: top.reshape %arg0 : (tensor<1x3x1x4xf32>) -> tensor<3x1x4x1xf32>
func.func @permute_of_ones(%x: tensor<1x3x1x4xf32>) -> tensor<3x1x4x1xf32> {
  %0 = top.permute %x {order = array<i64: 1, 0, 3, 2>} : (tensor<1x3x1x4xf32>) -> tensor<3x1x4x1xf32>
  return %0 : tensor<3x1x4x1xf32>
}

// CHECK-LABEL: func.func @permute_moves_elements(
// CHECK-NEXT: top.permute
func.func @permute_moves_elements(%x: tensor<1x3x4xf32>) -> tensor<4x1x3xf32> {
  %0 = top.permute %x {order = array<i64: 2, 0, 1>} : (tensor<1x3x4xf32>) -> tensor<4x1x3xf32>
  return %0 : tensor<4x1x3xf32>
}

// CHECK-LABEL: func.func @depth_to_space(
// CHECK-NEXT: %[[A:.*]] = top.reshape %arg0 : (tensor<1x8x4x4xf32>) -> tensor<1x2x2x2x4x4xf32>
// CHECK-NEXT: %[[B:.*]] = top.permute %[[A]] {order = array<i64: 0, 3, 4, 1, 5, 2>}
// CHECK-NEXT: top.reshape %[[B]] : (tensor<1x2x4x2x4x2xf32>) -> tensor<1x2x8x8xf32>
func.func @depth_to_space(%x: tensor<1x8x4x4xf32>) -> tensor<1x2x8x8xf32> {
  %0 = top.depth_to_space dcr %x {block_size = 2 : i64} : (tensor<1x8x4x4xf32>) -> tensor<1x2x8x8xf32>
  return %0 : tensor<1x2x8x8xf32>
}

// CHECK-LABEL: func.func @reduce_single_elements(
// CHECK-NEXT: top.reshape %arg0 : (tensor<4x1x6xf32>) -> tensor<4x6xf32>
func.func @reduce_single_elements(%x: tensor<4x1x6xf32>) -> tensor<4x6xf32> {
  %0 = top.reduce mean %x {axes = array<i64: 1>, keepdims = false} : (tensor<4x1x6xf32>) -> tensor<4x6xf32>
  return %0 : tensor<4x6xf32>
}

// The norm of a single element is its absolute value.
// CHECK-LABEL: func.func @norm_of_single_elements(
// CHECK-NEXT: top.reduce l2
func.func @norm_of_single_elements(%x: tensor<4x1x6xf32>) -> tensor<4x6xf32> {
  %0 = top.reduce l2 %x {axes = array<i64: 1>, keepdims = false} : (tensor<4x1x6xf32>) -> tensor<4x6xf32>
  return %0 : tensor<4x6xf32>
}

// CHECK-LABEL: func.func @identities(
// CHECK-NEXT: return %arg0
func.func @identities(%x: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %0 = top.cast %x : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %1 = top.concat %0 {axis = 0 : i64} : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %2 = top.slice %1 {offsets = array<i64: 0, 0>, sizes = array<i64: 4, 6>, steps = array<i64: 1, 1>} : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %3 = top.pad constant %2 {pads = array<i64: 0, 0, 0, 0>} : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %4 = top.tile %3 {repeats = array<i64: 1, 1>} : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %5 = top.resize nearest asymmetric floor %4 {scales = array<f64: 1.0, 1.0>} : (tensor<4x6xf32>) -> tensor<4x6xf32>
  return %5 : tensor<4x6xf32>
}

// CHECK-LABEL: func.func @reversal_is_no_identity(
// CHECK-NEXT: top.slice
func.func @reversal_is_no_identity(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = top.slice %x {offsets = array<i64: 3>, sizes = array<i64: 4>, steps = array<i64: -1>} : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

{-#
  dialect_resources: {
    builtin: {
      w: "0x040000000000803F000000400000404000008040"
    }
  }
#-}
