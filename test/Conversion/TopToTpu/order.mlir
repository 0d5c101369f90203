// RUN: tpuc-opt %s -top-assign-precision=precision=F32 -convert-top-to-tpu -canonicalize | FileCheck %s

// The best are found first; the place of one among them is the number of those
// before it. Elements are taken by their places.
// CHECK-LABEL: @short_topk
// CHECK: tpu.top_set {{.*}} -> tensor<2x2x3xi32>
// CHECK: tpu.compare gt {{.*}} -> tensor<2x3x3x{{.*}}>
// CHECK: tpu.compare eq {{.*}} -> tensor<2x3x3x{{.*}}>
// CHECK: tpu.reduce sum
// CHECK: tpu.compare eq {{.*}} -> tensor<2x3x3x{{.*}}>
// CHECK-NOT: tpu.compare
// CHECK: tpu.gather {{.*}} -> tensor<6x1xf32>
func.func @short_topk(%x: tensor<2x10xf32>) -> (tensor<2x3xf32>, tensor<2x3xi64>) {
  %0, %1 = top.topk %x {axis = 1 : i64, k = 3 : i64} : (tensor<2x10xf32>) -> (tensor<2x3xf32>, tensor<2x3xi64>)
  return %0, %1 : tensor<2x3xf32>, tensor<2x3xi64>
}

// The best of blocks are found in many lanes, and of them the best.
// CHECK-LABEL: @long_topk
// CHECK: tpu.top_set {{.*}} {largest = false} : (tensor<[[BLOCKS:[0-9]+]]x{{.*}}xf32>) -> tensor<[[BLOCKS]]x2x30xi32>
// CHECK: tpu.top_set {{.*}} : (tensor<1x{{.*}}xi32>) -> tensor<1x2x30xi32>
// CHECK: tpu.compare gt {{.*}} -> tensor<1x30x30x{{.*}}>
func.func @long_topk(%x: tensor<1x8400xf32>) -> (tensor<1x30xf32>, tensor<1x30xi64>) {
  %0, %1 = top.topk %x {axis = 1 : i64, k = 30 : i64, largest = false} : (tensor<1x8400xf32>) -> (tensor<1x30xf32>, tensor<1x30xi64>)
  return %0, %1 : tensor<1x30xf32>, tensor<1x30xi64>
}

// CHECK-LABEL: @cumsum
// CHECK: tpu.matmul {{.*}} -> tensor<2x10xf32>
// CHECK-NOT: tpu.matmul
func.func @cumsum(%x: tensor<2x10xf32>) -> tensor<2x10xf32> {
  %0 = top.cumsum %x {axis = 1 : i64} : (tensor<2x10xf32>) -> tensor<2x10xf32>
  return %0 : tensor<2x10xf32>
}

// The matrix does not grow with the square of the axis.
// CHECK-LABEL: @long_cumsum
// CHECK-NOT: tensor<8000x8000xf32>
// CHECK: tpu.matmul {{.*}} -> tensor<32x256xf32>
// CHECK: tpu.matmul {{.*}} -> tensor<1x32xf32>
// CHECK: tpu.binary add
func.func @long_cumsum(%x: tensor<8000xf32>) -> tensor<8000xf32> {
  %0 = top.cumsum %x {axis = 0 : i64} : (tensor<8000xf32>) -> tensor<8000xf32>
  return %0 : tensor<8000xf32>
}

// Integers double what they add up.
// CHECK-LABEL: @integer_cumsum
// CHECK-NOT: tpu.matmul
// CHECK-COUNT-2: tpu.binary add {{.*}} -> tensor<1x4xi32>
func.func @integer_cumsum(%x: tensor<4xi64>) -> tensor<4xi64> {
  %0 = top.cumsum %x {axis = 0 : i64} : (tensor<4xi64>) -> tensor<4xi64>
  return %0 : tensor<4xi64>
}
