// RUN: tpuc-opt %s -top-assign-precision=precision=F16 -convert-top-to-tpu | FileCheck %s
// RUN: tpuc-opt %s -top-assign-precision=precision=F32 -convert-top-to-tpu | FileCheck %s --check-prefix=F32

// Codes stay codes beside 16 bits, and become numbers beside f32.
// CHECK-LABEL: @product
// F32-LABEL: @product
func.func @product(%x: tensor<2x3x64xf32>) -> tensor<2x3x96xf32> {
  %codes = top.weight dense<1> : tensor<96x8xi32>
  %scales = top.weight dense<0.5> : tensor<96x2xf32>
  %zeros = top.weight dense<8.0> : tensor<96x2xf32>
  // CHECK: tpu.a16_matmul {{.*}} {bits = 4 : i64} : (tensor<2x3x64xf16>, tensor<96x8xi32>, tensor<96x2xf32>, tensor<96x2xf32>) -> tensor<2x3x96xf16>
  // F32-NOT: tpu.a16_matmul
  // F32: tpu.matmul {{.*}} {right_transpose = true} : (tensor<6x64xf32>, tensor<96x64xf32>) -> tensor<6x96xf32>
  %0 = top.a16_matmul %x, %codes, %scales, %zeros {bits = 4 : i64}
      : (tensor<2x3x64xf32>, tensor<96x8xi32>, tensor<96x2xf32>, tensor<96x2xf32>) -> tensor<2x3x96xf32>
  return %0 : tensor<2x3x96xf32>
}

// Groups of 16 fill no vector of the chip.
// CHECK-LABEL: @short_groups
func.func @short_groups(%x: tensor<1x64xf32>) -> tensor<1x96xf32> {
  %codes = top.weight dense<1> : tensor<96x16xi32>
  %scales = top.weight dense<0.5> : tensor<96x4xf32>
  %zeros = top.weight dense<8.0> : tensor<96x4xf32>
  // CHECK-NOT: tpu.a16_matmul
  // CHECK: tpu.matmul {{.*}} : (tensor<1x64xf16>, tensor<96x64xf16>) -> tensor<1x96xf16>
  %0 = top.a16_matmul %x, %codes, %scales, %zeros {bits = 8 : i64}
      : (tensor<1x64xf32>, tensor<96x16xi32>, tensor<96x4xf32>, tensor<96x4xf32>) -> tensor<1x96xf32>
  return %0 : tensor<1x96xf32>
}

// The largest is found before sums are rounded.
// CHECK-LABEL: @compared
func.func @compared(%x: tensor<1x64xf32>) -> tensor<1xi64> {
  %codes = top.weight dense<1> : tensor<96x16xi32>
  %scales = top.weight dense<0.5> : tensor<96x1xf32>
  %zeros = top.weight dense<8.0> : tensor<96x1xf32>
  // CHECK: tpu.a16_matmul {{.*}} -> tensor<1x96xf32>
  %0 = top.a16_matmul %x, %codes, %scales, %zeros {bits = 8 : i64}
      : (tensor<1x64xf32>, tensor<96x16xi32>, tensor<96x1xf32>, tensor<96x1xf32>) -> tensor<1x96xf32>
  %1 = top.arg max %0 {axis = 1 : i64, keepdims = false} : (tensor<1x96xf32>) -> tensor<1xi64>
  return %1 : tensor<1xi64>
}
