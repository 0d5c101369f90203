// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout),func.func(tpu-copy-results,tpu-pack-weights),tpu-layer-group,tpu-verify-plan,convert-tpu-to-bm1684x)" | FileCheck %s

// Parts of the parts of a result are stored where they belong: nothing moves
// from global memory to global memory.
// CHECK: func.func @heads
// CHECK-NOT: src_start_addr_h8 = 1{{.*}}dst_start_addr_h8 = 1
// CHECK: return
func.func @heads(%arg0: tensor<1x32x131072xf32>, %arg1: tensor<1x32x131072xf32>) -> tensor<2x64x131072xf32> {
  %0 = tpu.unary neg %arg0 : tensor<1x32x131072xf32>
  %1 = tpu.unary abs %arg0 : tensor<1x32x131072xf32>
  %2 = tpu.concat %0, %1 {axis = 1 : i64} : (tensor<1x32x131072xf32>, tensor<1x32x131072xf32>) -> tensor<1x64x131072xf32>
  %3 = tpu.unary neg %arg1 : tensor<1x32x131072xf32>
  %4 = tpu.unary abs %arg1 : tensor<1x32x131072xf32>
  %5 = tpu.concat %3, %4 {axis = 1 : i64} : (tensor<1x32x131072xf32>, tensor<1x32x131072xf32>) -> tensor<1x64x131072xf32>
  %6 = tpu.concat %2, %5 {axis = 0 : i64} : (tensor<1x64x131072xf32>, tensor<1x64x131072xf32>) -> tensor<2x64x131072xf32>
  return %6 : tensor<2x64x131072xf32>
}

// -----

// Equal packed filters lie in the coefficients once: 64 x 64 x 2 bytes.
// CHECK: func.func @shared_filter
// CHECK: coefficients = dense_resource<{{.*}}> : tensor<8192xi8>
func.func @shared_filter(%arg0: tensor<1x64x8x8xf16>) -> tensor<1x64x8x8xf16> {
  %w = tpu.weight dense<1.0> : tensor<64x64x1x1xf16>
  %0 = tpu.conv %arg0, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x64x8x8xf16>, tensor<64x64x1x1xf16>) -> tensor<1x64x8x8xf16>
  %1 = tpu.conv %0, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x64x8x8xf16>, tensor<64x64x1x1xf16>) -> tensor<1x64x8x8xf16>
  return %1 : tensor<1x64x8x8xf16>
}
