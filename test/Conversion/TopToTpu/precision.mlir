// RUN: tpuc-opt %s -top-assign-precision -convert-top-to-tpu | FileCheck %s --check-prefixes=CHECK,F32
// RUN: tpuc-opt %s -top-assign-precision=precision=F16 -convert-top-to-tpu | FileCheck %s --check-prefixes=CHECK,F16
// RUN: tpuc-opt %s -top-assign-precision=precision=BF16 -convert-top-to-tpu | FileCheck %s --check-prefixes=CHECK,BF16

// The network's arguments and results stay f32, and i64 becomes i32.
// CHECK: func.func @main(%arg0: tensor<1x49x96xf32> {top.name = "x"}, %arg1: tensor<1x4xi32>) -> (tensor<1x49x288xf32>, tensor<1x4x8xf32>)
func.func @main(%x: tensor<1x49x96xf32> {top.name = "x"}, %ids: tensor<1x4xi64>) -> (tensor<1x49x288xf32>, tensor<1x4x8xf32>) {
  %w = top.weight dense<0.1> : tensor<96x288xf32>
  %t = top.weight dense<2.5> : tensor<100x8xf32>
  // F32-NOT: tpu.cast
  // F16: tpu.cast %arg0 : (tensor<1x49x96xf32>) -> tensor<1x49x96xf16>
  // F16: tpu.weight dense<9.997{{.*}}> : tensor<96x288xf16>
  // BF16: tpu.weight dense<1.000980e-01> : tensor<96x288xbf16>
  %0 = top.matmul %x, %w : (tensor<1x49x96xf32>, tensor<96x288xf32>) -> tensor<1x49x288xf32>
  // CHECK-NOT: tpu.cast
  // CHECK: tpu.unary gelu
  %1 = top.gelu %0 : tensor<1x49x288xf32>
  // CHECK: tpu.gather
  %2 = top.gather %t, %ids {axis = 0 : i64} : (tensor<100x8xf32>, tensor<1x4xi64>) -> tensor<1x4x8xf32>
  // F16-COUNT-2: tpu.cast
  // CHECK: return
  return %1, %2 : tensor<1x49x288xf32>, tensor<1x4x8xf32>
}
