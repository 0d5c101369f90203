// RUN: tpuc-opt %s -split-input-file -canonicalize | FileCheck %s

// Columns, then rows: repeated at once.
// CHECK-LABEL: func.func @upsample_by_expand
// CHECK: %[[R:.*]] = top.reshape %arg0 {{.*}} -> tensor<8x5x1x4x1xf32>
// CHECK: %[[B:.*]] = top.broadcast %[[R]] {{.*}} -> tensor<8x5x2x4x3xf32>
// CHECK: top.reshape %[[B]] {{.*}} -> tensor<1x8x10x12xf32>
// CHECK-NOT: top.broadcast
func.func @upsample_by_expand(%x: tensor<1x8x5x4xf32>) -> tensor<1x8x10x12xf32> {
  %0 = top.reshape %x : (tensor<1x8x5x4xf32>) -> tensor<8x5x4x1xf32>
  %1 = top.broadcast %0 : (tensor<8x5x4x1xf32>) -> tensor<8x5x4x3xf32>
  %2 = top.reshape %1 : (tensor<8x5x4x3xf32>) -> tensor<8x5x1x12xf32>
  %3 = top.broadcast %2 : (tensor<8x5x1x12xf32>) -> tensor<8x5x2x12xf32>
  %4 = top.reshape %3 : (tensor<8x5x2x12xf32>) -> tensor<1x8x10x12xf32>
  return %4 : tensor<1x8x10x12xf32>
}

// -----

// The reshape makes axes across those that repeat.
// CHECK-LABEL: func.func @reshape_across
// CHECK-COUNT-2: top.broadcast
func.func @reshape_across(%x: tensor<6x1xf32>) -> tensor<10x3x2xf32> {
  %0 = top.broadcast %x : (tensor<6x1xf32>) -> tensor<6x5xf32>
  %1 = top.reshape %0 : (tensor<6x5xf32>) -> tensor<10x3x1xf32>
  %2 = top.broadcast %1 : (tensor<10x3x1xf32>) -> tensor<10x3x2xf32>
  return %2 : tensor<10x3x2xf32>
}

// -----

// A mask that is made wide before it is converted and counted.
// CHECK-LABEL: func.func @mask
// CHECK: %[[C:.*]] = top.cast %arg0 : (tensor<2x16x1xi64>) -> tensor<2x16x1xf32>
// CHECK: %[[S:.*]] = top.reduce sum %[[C]] {axes = array<i64: 1>, keepdims = false} : (tensor<2x16x1xf32>) -> tensor<2x1xf32>
// CHECK: top.broadcast %[[S]] : (tensor<2x1xf32>) -> tensor<2x64xf32>
func.func @mask(%m: tensor<2x16x1xi64>) -> tensor<2x64xf32> {
  %0 = top.broadcast %m : (tensor<2x16x1xi64>) -> tensor<2x16x64xi64>
  %1 = top.cast %0 : (tensor<2x16x64xi64>) -> tensor<2x16x64xf32>
  %2 = top.reduce sum %1 {axes = array<i64: 1>, keepdims = false} : (tensor<2x16x64xf32>) -> tensor<2x64xf32>
  return %2 : tensor<2x64xf32>
}

// -----

// The sum of what repeats is no repetition of the sum.
// CHECK-LABEL: func.func @reduces_what_repeats
// CHECK: %[[B:.*]] = top.broadcast
// CHECK: top.reduce sum %[[B]]
func.func @reduces_what_repeats(%x: tensor<2x1xf32>) -> tensor<2x1xf32> {
  %0 = top.broadcast %x : (tensor<2x1xf32>) -> tensor<2x16xf32>
  %1 = top.reduce sum %0 {axes = array<i64: 1>, keepdims = true} : (tensor<2x16xf32>) -> tensor<2x1xf32>
  return %1 : tensor<2x1xf32>
}
