// RUN: tpuc-opt %s -pass-pipeline="builtin.module(func.func(tpu-allow-split))" | FileCheck %s
// RUN: tpuc-opt %s -pass-pipeline="builtin.module(func.func(tpu-allow-split,tpu-split-batch{parts=2}))" | FileCheck %s --check-prefix=SPLIT

// A constant with the batch's axis is cut with it, unless something else reads
// it: then the sum stays whole.
// CHECK-LABEL: func.func @elementwise
// CHECK: tpu.weight {allow_split} dense<1.0
// CHECK: tpu.weight {allow_split} dense<2.0
// CHECK: tpu.weight {allow_split} dense<3.0
// SPLIT-LABEL: func.func @elementwise
// SPLIT-COUNT-2: tpu.select {{.*}} -> tensor<2x8xf16>
// SPLIT: tpu.concat
func.func @elementwise(%x: tensor<4x8xf16>, %c: tensor<4x8xf16>) -> tensor<4x8xf16> {
  %a = tpu.weight dense<1.0> : tensor<4x8xf16>
  %b = tpu.weight dense<2.0> : tensor<1x8xf16>
  %d = tpu.weight dense<3.0> : tensor<4x8xf16>
  %0 = tpu.binary add %x, %a : (tensor<4x8xf16>, tensor<4x8xf16>) -> tensor<4x8xf16>
  %1 = tpu.binary max %0, %b : (tensor<4x8xf16>, tensor<1x8xf16>) -> tensor<4x8xf16>
  %2 = tpu.select %c, %1, %d : (tensor<4x8xf16>, tensor<4x8xf16>, tensor<4x8xf16>) -> tensor<4x8xf16>
  return %2 : tensor<4x8xf16>
}

// CHECK-LABEL: func.func @also_a_matrix
// CHECK: tpu.weight dense<1.0
// SPLIT-LABEL: func.func @also_a_matrix
// SPLIT-COUNT-2: tpu.unary exp {{.*}} : tensor<2x4xf16>
// SPLIT: tpu.concat
// SPLIT: tpu.binary add {{.*}} : (tensor<4x4xf16>, tensor<4x4xf16>) -> tensor<4x4xf16>
func.func @also_a_matrix(%x: tensor<4x4xf16>) -> tensor<4x4xf16> {
  %w = tpu.weight dense<1.0> : tensor<4x4xf16>
  %0 = tpu.unary exp %x : tensor<4x4xf16>
  %1 = tpu.binary add %0, %w : (tensor<4x4xf16>, tensor<4x4xf16>) -> tensor<4x4xf16>
  %2 = tpu.matmul %1, %w : (tensor<4x4xf16>, tensor<4x4xf16>) -> tensor<4x4xf16>
  return %2 : tensor<4x4xf16>
}
