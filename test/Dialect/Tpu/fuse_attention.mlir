// RUN: tpuc-opt %s -split-input-file -tpu-fuse-attention --verify-roundtrip | FileCheck %s

// Heads are read out of the packed projection; the bias repeats over windows.
// CHECK-LABEL: func.func @packed
// CHECK-NEXT: %[[R:.*]] = tpu.attention %arg0, %arg0, %arg0, %arg1
// CHECK-SAME: addend_views = array<i64: 0, 0, 49, 2401>, depth = 32 : i64, key_rows = 49 : i64
// CHECK-SAME: key_view = array<i64: 96, 14112, 288, 32>, query_view = array<i64: 0, 14112, 288, 32>
// CHECK-SAME: scale = 2.500000e-01 : f64, value_view = array<i64: 192, 14112, 288, 32>
// CHECK-NEXT: return %[[R]]
func.func @packed(%arg0: tensor<98x288xf16>, %arg1: tensor<1x3x49x49xf16>) -> tensor<2x49x3x32xf16> {
  %0 = tpu.reshape %arg0 : (tensor<98x288xf16>) -> tensor<2x49x3x3x32xf16>
  %1 = tpu.permute %0 {order = array<i64: 2, 0, 3, 1, 4>} : (tensor<2x49x3x3x32xf16>) -> tensor<3x2x3x49x32xf16>
  %2 = tpu.slice %1 {offsets = array<i64: 0, 0, 0, 0, 0>, sizes = array<i64: 1, 2, 3, 49, 32>, steps = array<i64: 1, 1, 1, 1, 1>} : (tensor<3x2x3x49x32xf16>) -> tensor<1x2x3x49x32xf16>
  %3 = tpu.slice %1 {offsets = array<i64: 1, 0, 0, 0, 0>, sizes = array<i64: 1, 2, 3, 49, 32>, steps = array<i64: 1, 1, 1, 1, 1>} : (tensor<3x2x3x49x32xf16>) -> tensor<1x2x3x49x32xf16>
  %4 = tpu.slice %1 {offsets = array<i64: 2, 0, 0, 0, 0>, sizes = array<i64: 1, 2, 3, 49, 32>, steps = array<i64: 1, 1, 1, 1, 1>} : (tensor<3x2x3x49x32xf16>) -> tensor<1x2x3x49x32xf16>
  %5 = tpu.reshape %2 : (tensor<1x2x3x49x32xf16>) -> tensor<2x3x49x32xf16>
  %6 = tpu.reshape %3 : (tensor<1x2x3x49x32xf16>) -> tensor<2x3x49x32xf16>
  %7 = tpu.reshape %4 : (tensor<1x2x3x49x32xf16>) -> tensor<2x3x49x32xf16>
  %8 = tpu.scalar mul %5 {value = 0.25 : f64} : tensor<2x3x49x32xf16>
  %9 = tpu.matmul %8, %6 {right_transpose = true} : (tensor<2x3x49x32xf16>, tensor<2x3x49x32xf16>) -> tensor<2x3x49x49xf16>
  %10 = tpu.binary add %9, %arg1 : (tensor<2x3x49x49xf16>, tensor<1x3x49x49xf16>) -> tensor<2x3x49x49xf16>
  %11 = tpu.softmax %10 : (tensor<2x3x49x49xf16>) -> tensor<2x3x49x49xf16>
  %12 = tpu.matmul %11, %7 : (tensor<2x3x49x49xf16>, tensor<2x3x49x32xf16>) -> tensor<2x3x49x32xf16>
  %13 = tpu.permute %12 {order = array<i64: 0, 2, 1, 3>} : (tensor<2x3x49x32xf16>) -> tensor<2x49x3x32xf16>
  return %13 : tensor<2x49x3x32xf16>
}

// -----

// A mask a batch, seen through a reshape of the scores, repeats over heads; keys
// stored [depth, keys] are read through their permute.
// CHECK-LABEL: func.func @mask
// CHECK-NEXT: tpu.attention %arg0, %arg1, %arg2, %arg3
// CHECK-SAME: addend_views = array<i64: 0, 64, 8, 0>
// CHECK-SAME: key_view = array<i64: 0, 128, 16, 4>
func.func @mask(%arg0: tensor<2x4x8x4xbf16>, %arg1: tensor<2x8x4x4xbf16>, %arg2: tensor<2x4x8x4xbf16>, %arg3: tensor<1x2x1x8x8xbf16>) -> tensor<2x8x4x4xbf16> {
  %0 = tpu.permute %arg1 {order = array<i64: 0, 2, 3, 1>} : (tensor<2x8x4x4xbf16>) -> tensor<2x4x4x8xbf16>
  %1 = tpu.matmul %arg0, %0 : (tensor<2x4x8x4xbf16>, tensor<2x4x4x8xbf16>) -> tensor<2x4x8x8xbf16>
  %2 = tpu.reshape %1 : (tensor<2x4x8x8xbf16>) -> tensor<1x2x4x8x8xbf16>
  %3 = tpu.binary add %2, %arg3 : (tensor<1x2x4x8x8xbf16>, tensor<1x2x1x8x8xbf16>) -> tensor<1x2x4x8x8xbf16>
  %4 = tpu.reshape %3 : (tensor<1x2x4x8x8xbf16>) -> tensor<2x4x8x8xbf16>
  %5 = tpu.softmax %4 : (tensor<2x4x8x8xbf16>) -> tensor<2x4x8x8xbf16>
  %6 = tpu.matmul %5, %arg2 : (tensor<2x4x8x8xbf16>, tensor<2x4x8x4xbf16>) -> tensor<2x4x8x4xbf16>
  %7 = tpu.permute %6 {order = array<i64: 0, 2, 1, 3>} : (tensor<2x4x8x4xbf16>) -> tensor<2x8x4x4xbf16>
  return %7 : tensor<2x8x4x4xbf16>
}

// -----

// CHECK-LABEL: func.func @f32
// CHECK: tpu.attention %arg0, %arg0, %arg0
// CHECK-SAME: -> tensor<2x8x4x4xf32>
func.func @f32(%arg0: tensor<2x4x8x4xf32>) -> tensor<2x8x4x4xf32> {
  %0 = tpu.matmul %arg0, %arg0 {right_transpose = true} : (tensor<2x4x8x4xf32>, tensor<2x4x8x4xf32>) -> tensor<2x4x8x8xf32>
  %1 = tpu.softmax %0 : (tensor<2x4x8x8xf32>) -> tensor<2x4x8x8xf32>
  %2 = tpu.matmul %1, %arg0 : (tensor<2x4x8x8xf32>, tensor<2x4x8x4xf32>) -> tensor<2x4x8x4xf32>
  %3 = tpu.permute %2 {order = array<i64: 0, 2, 1, 3>} : (tensor<2x4x8x4xf32>) -> tensor<2x8x4x4xf32>
  return %3 : tensor<2x8x4x4xf32>
}

// -----

// Scores that something else reads stay.
// CHECK-LABEL: func.func @scores_used
// CHECK-NOT: tpu.attention
func.func @scores_used(%arg0: tensor<2x4x8x4xf16>) -> (tensor<2x8x4x4xf16>, tensor<2x4x8x8xf16>) {
  %0 = tpu.matmul %arg0, %arg0 {right_transpose = true} : (tensor<2x4x8x4xf16>, tensor<2x4x8x4xf16>) -> tensor<2x4x8x8xf16>
  %1 = tpu.softmax %0 : (tensor<2x4x8x8xf16>) -> tensor<2x4x8x8xf16>
  %2 = tpu.matmul %1, %arg0 : (tensor<2x4x8x8xf16>, tensor<2x4x8x4xf16>) -> tensor<2x4x8x4xf16>
  %3 = tpu.permute %2 {order = array<i64: 0, 2, 1, 3>} : (tensor<2x4x8x4xf16>) -> tensor<2x8x4x4xf16>
  return %3, %1 : tensor<2x8x4x4xf16>, tensor<2x4x8x8xf16>
}

// -----

// Batches on more than one axis.
// CHECK-LABEL: func.func @windows_of_images
// CHECK: tpu.attention
// CHECK-NOT: tpu.softmax
func.func @windows_of_images(%x: tensor<196x768xf16>, %b: tensor<1x1x8x49x49xf16>) -> tensor<196x256xf16> {
  %q = tpu.slice %x {offsets = array<i64: 0, 0>, sizes = array<i64: 196, 256>, steps = array<i64: 1, 1>} : (tensor<196x768xf16>) -> tensor<196x256xf16>
  %k = tpu.slice %x {offsets = array<i64: 0, 256>, sizes = array<i64: 196, 256>, steps = array<i64: 1, 1>} : (tensor<196x768xf16>) -> tensor<196x256xf16>
  %v = tpu.slice %x {offsets = array<i64: 0, 512>, sizes = array<i64: 196, 256>, steps = array<i64: 1, 1>} : (tensor<196x768xf16>) -> tensor<196x256xf16>
  %q1 = tpu.reshape %q : (tensor<196x256xf16>) -> tensor<2x2x49x8x32xf16>
  %q2 = tpu.permute %q1 {order = array<i64: 0, 1, 3, 2, 4>} : (tensor<2x2x49x8x32xf16>) -> tensor<2x2x8x49x32xf16>
  %k1 = tpu.reshape %k : (tensor<196x256xf16>) -> tensor<2x2x49x8x32xf16>
  %k2 = tpu.permute %k1 {order = array<i64: 0, 1, 3, 2, 4>} : (tensor<2x2x49x8x32xf16>) -> tensor<2x2x8x49x32xf16>
  %v1 = tpu.reshape %v : (tensor<196x256xf16>) -> tensor<2x2x49x8x32xf16>
  %v2 = tpu.permute %v1 {order = array<i64: 0, 1, 3, 2, 4>} : (tensor<2x2x49x8x32xf16>) -> tensor<2x2x8x49x32xf16>
  %s = tpu.matmul %q2, %k2 {right_transpose = true} : (tensor<2x2x8x49x32xf16>, tensor<2x2x8x49x32xf16>) -> tensor<2x2x8x49x49xf16>
  %a = tpu.binary add %s, %b : (tensor<2x2x8x49x49xf16>, tensor<1x1x8x49x49xf16>) -> tensor<2x2x8x49x49xf16>
  %p = tpu.softmax %a : (tensor<2x2x8x49x49xf16>) -> tensor<2x2x8x49x49xf16>
  %w = tpu.matmul %p, %v2 : (tensor<2x2x8x49x49xf16>, tensor<2x2x8x49x32xf16>) -> tensor<2x2x8x49x32xf16>
  %o = tpu.permute %w {order = array<i64: 0, 1, 3, 2, 4>} : (tensor<2x2x8x49x32xf16>) -> tensor<2x2x49x8x32xf16>
  %r = tpu.reshape %o : (tensor<2x2x49x8x32xf16>) -> tensor<196x256xf16>
  return %r : tensor<196x256xf16>
}
