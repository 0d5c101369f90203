// RUN: tpuc-opt %s -split-input-file -canonicalize | FileCheck %s

// CHECK-LABEL: func.func @conv
// CHECK-NOT: top.pad
// CHECK: top.conv %arg0{{.*}}pads = array<i64: 1, 0, 2, 3>
func.func @conv(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) -> tensor<1x4x9x9xf32> {
  %0 = top.pad constant %x {pads = array<i64: 0, 0, 0, 0, 0, 0, 2, 2>} : (tensor<1x3x8x8xf32>) -> tensor<1x3x10x10xf32>
  %1 = top.conv %0, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 0, 0, 1>, dilations = array<i64: 1, 1>} : (tensor<1x3x10x10xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x9x9xf32>
  return %1 : tensor<1x4x9x9xf32>
}

// -----

// Padding by another number, or of channels, is not the convolution's.
// CHECK-LABEL: func.func @other_pads
// CHECK-COUNT-2: top.pad
func.func @other_pads(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>, %v: tensor<4x4x3x3xf32>) -> (tensor<1x4x8x8xf32>, tensor<1x4x6x6xf32>) {
  %0 = top.pad constant %x {pads = array<i64: 0, 0, 1, 1, 0, 0, 1, 1>, value = 1.0} : (tensor<1x3x8x8xf32>) -> tensor<1x3x10x10xf32>
  %1 = top.conv %0, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x10x10xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x8x8xf32>
  %2 = top.pad constant %x {pads = array<i64: 0, 0, 0, 0, 0, 1, 0, 0>} : (tensor<1x3x8x8xf32>) -> tensor<1x4x8x8xf32>
  %3 = top.conv %2, %v {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x8x8xf32>, tensor<4x4x3x3xf32>) -> tensor<1x4x6x6xf32>
  return %1, %3 : tensor<1x4x8x8xf32>, tensor<1x4x6x6xf32>
}

// -----

// Zeros are the least of what a ReLU gives.
// CHECK-LABEL: func.func @max_pool
// CHECK: %[[R:.*]] = top.relu
// CHECK: top.max_pool %[[R]] {{.*}}pads = array<i64: 0, 0, 1, 1>
// CHECK: top.max_pool %arg0 {{.*}}pads = array<i64: 1, 1, 0, 0>
func.func @max_pool(%x: tensor<1x3x8x8xf32>) -> (tensor<1x3x8x8xf32>, tensor<1x3x8x8xf32>) {
  %0 = top.relu %x : tensor<1x3x8x8xf32>
  %1 = top.pad constant %0 {pads = array<i64: 0, 0, 0, 0, 0, 0, 1, 1>} : (tensor<1x3x8x8xf32>) -> tensor<1x3x9x9xf32>
  %2 = top.max_pool %1 {kernel = array<i64: 2, 2>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x9x9xf32>) -> tensor<1x3x8x8xf32>
  %3 = top.pad constant %x {pads = array<i64: 0, 0, 1, 1, 0, 0, 0, 0>, value = 0xFFF0000000000000 : f64} : (tensor<1x3x8x8xf32>) -> tensor<1x3x9x9xf32>
  %4 = top.max_pool %3 {kernel = array<i64: 2, 2>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x9x9xf32>) -> tensor<1x3x8x8xf32>
  return %2, %4 : tensor<1x3x8x8xf32>, tensor<1x3x8x8xf32>
}

// -----

// Zeros may be the largest; a window of two sees nothing else behind pads of
// two.
// CHECK-LABEL: func.func @padding_counts
// CHECK-COUNT-2: top.pad
func.func @padding_counts(%x: tensor<1x3x8x8xf32>) -> (tensor<1x3x8x8xf32>, tensor<1x3x9x9xf32>) {
  %1 = top.pad constant %x {pads = array<i64: 0, 0, 0, 0, 0, 0, 1, 1>} : (tensor<1x3x8x8xf32>) -> tensor<1x3x9x9xf32>
  %2 = top.max_pool %1 {kernel = array<i64: 2, 2>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x9x9xf32>) -> tensor<1x3x8x8xf32>
  %3 = top.relu %x : tensor<1x3x8x8xf32>
  %4 = top.pad constant %3 {pads = array<i64: 0, 0, 0, 0, 0, 0, 2, 2>} : (tensor<1x3x8x8xf32>) -> tensor<1x3x10x10xf32>
  %5 = top.max_pool %4 {kernel = array<i64: 2, 2>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x10x10xf32>) -> tensor<1x3x9x9xf32>
  return %2, %5 : tensor<1x3x8x8xf32>, tensor<1x3x9x9xf32>
}

// -----

// CHECK-LABEL: func.func @avg_pool
// CHECK: top.avg_pool %arg0 {count_include_pad = true{{.*}}pads = array<i64: 1, 1, 1, 1>
func.func @avg_pool(%x: tensor<1x3x8x8xf32>) -> tensor<1x3x8x8xf32> {
  %0 = top.pad constant %x {pads = array<i64: 0, 0, 1, 1, 0, 0, 1, 1>} : (tensor<1x3x8x8xf32>) -> tensor<1x3x10x10xf32>
  %1 = top.avg_pool %0 {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x10x10xf32>) -> tensor<1x3x8x8xf32>
  return %1 : tensor<1x3x8x8xf32>
}

// -----

// Pads that do not count beside pads that do.
// CHECK-LABEL: func.func @avg_pool_of_two_pads
// CHECK: top.pad
func.func @avg_pool_of_two_pads(%x: tensor<1x3x8x8xf32>) -> tensor<1x3x9x9xf32> {
  %0 = top.pad constant %x {pads = array<i64: 0, 0, 1, 1, 0, 0, 1, 1>} : (tensor<1x3x8x8xf32>) -> tensor<1x3x10x10xf32>
  %1 = top.avg_pool %0 {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x10x10xf32>) -> tensor<1x3x9x9xf32>
  return %1 : tensor<1x3x9x9xf32>
}

// -----

// CHECK-LABEL: func.func @global_mean
// CHECK: top.reduce mean %arg0 {axes = array<i64: 2, 3>}
// CHECK: top.avg_pool
func.func @global_mean(%x: tensor<1x3x8x6xf32>) -> (tensor<1x3x1x1xf32>, tensor<1x3x1x2xf32>) {
  %0 = top.avg_pool %x {kernel = array<i64: 8, 6>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x6xf32>) -> tensor<1x3x1x1xf32>
  %1 = top.avg_pool %x {kernel = array<i64: 8, 5>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x6xf32>) -> tensor<1x3x1x2xf32>
  return %0, %1 : tensor<1x3x1x1xf32>, tensor<1x3x1x2xf32>
}
