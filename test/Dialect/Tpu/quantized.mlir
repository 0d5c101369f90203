// RUN: tpuc-opt %s | tpuc-opt | FileCheck %s
// RUN: tpuc-opt %s -canonicalize | FileCheck %s --check-prefix=CANON

!a = !quant.uniform<i8:f32, 0.1>
!b = !quant.uniform<u8:f32, 0.2:3>
!w = !quant.uniform<i8:f32:0, {0.5, 0.25}>

// CHECK-LABEL: @ops
func.func @ops(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  // CHECK: tpu.weight dense<{{.*}}> : tensor<2x2x1x1xi8> as tensor<2x2x1x1x!quant.uniform<i8:f32:0, {5.000000e-01,2.500000e-01}>>
  %w = tpu.weight dense<[[[[1]], [[2]]], [[[3]], [[-127]]]]> : tensor<2x2x1x1xi8> as tensor<2x2x1x1x!w>
  %0 = tpu.cast %x : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4x!a>
  // CHECK: tpu.conv {{.*}} -> tensor<1x2x4x4x!quant.uniform<u8:f32, 2.000000e-01:3>>
  %1 = tpu.conv %0, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x2x4x4x!a>, tensor<2x2x1x1x!w>) -> tensor<1x2x4x4x!b>
  %2 = tpu.binary sub %0, %1 : (tensor<1x2x4x4x!a>, tensor<1x2x4x4x!b>) -> tensor<1x2x4x4x!a>
  %3 = tpu.pad %2 {pads = array<i64: 0, 0, 1, 1, 0, 0, 1, 1>, value = 0xFFF0000000000000 : f64} : (tensor<1x2x4x4x!a>) -> tensor<1x2x6x6x!a>
  %4 = tpu.pool max %3 {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x2x6x6x!a>) -> tensor<1x2x4x4x!a>
  %5 = tpu.cast %4 : (tensor<1x2x4x4x!a>) -> tensor<1x2x4x4xf32>
  return %5 : tensor<1x2x4x4xf32>
}

// Bytes that go through f16 come back as they were.
// CANON-LABEL: @there_and_back
// CANON: %[[X:.*]] = tpu.cast
// CANON-NEXT: tpu.cast %[[X]] {{.*}} -> tensor<4xf32>
// CANON-NEXT: return
func.func @there_and_back(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = tpu.cast %x : (tensor<4xf32>) -> tensor<4x!a>
  %1 = tpu.cast %0 : (tensor<4x!a>) -> tensor<4xf16>
  %2 = tpu.cast %1 : (tensor<4xf16>) -> tensor<4x!a>
  %3 = tpu.cast %2 : (tensor<4x!a>) -> tensor<4xf32>
  return %3 : tensor<4xf32>
}

// An INT8 constant is moved at compile time.
// CANON-LABEL: @moved
// CANON: tpu.weight dense<{{\[\[}}1, 3], [2, 4]]> : tensor<2x2xi8> as tensor<2x2x!quant.uniform<i8:f32, 1.000000e-01>>
// CANON-NEXT: tpu.cast
func.func @moved() -> tensor<2x2xf32> {
  %0 = tpu.weight dense<[[1, 2], [3, 4]]> : tensor<2x2xi8> as tensor<2x2x!a>
  %1 = tpu.permute %0 {order = array<i64: 1, 0>} : (tensor<2x2x!a>) -> tensor<2x2x!a>
  %2 = tpu.cast %1 : (tensor<2x2x!a>) -> tensor<2x2xf32>
  return %2 : tensor<2x2xf32>
}
