// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(tpu-choose-batch-split)" | FileCheck %s

// The values of two images do not fit into local memory together, those of one
// do: they are computed one after the other.
// CHECK-LABEL: func.func @large
// CHECK-COUNT-2: tpu.softmax {{.*}} : (tensor<1x64x384x64xf16>)
// CHECK: tpu.concat
func.func @large(%arg0: tensor<2x64x384x64xf16>) -> tensor<2x64x384x64xf16> {
  %0 = tpu.unary exp %arg0 : tensor<2x64x384x64xf16>
  %1 = tpu.softmax %0 : (tensor<2x64x384x64xf16>) -> tensor<2x64x384x64xf16>
  %2 = tpu.binary add %0, %1 : (tensor<2x64x384x64xf16>, tensor<2x64x384x64xf16>) -> tensor<2x64x384x64xf16>
  %3 = tpu.softmax %2 : (tensor<2x64x384x64xf16>) -> tensor<2x64x384x64xf16>
  %4 = tpu.binary add %0, %3 : (tensor<2x64x384x64xf16>, tensor<2x64x384x64xf16>) -> tensor<2x64x384x64xf16>
  return %4 : tensor<2x64x384x64xf16>
}

// -----

// Weights are loaded once for both images.
// CHECK-LABEL: func.func @weights
// CHECK: tpu.matmul {{.*}} : (tensor<2x512xf16>
// CHECK-NOT: tpu.matmul
func.func @weights(%arg0: tensor<2x512xf16>) -> tensor<2x512xf16> {
  %w = tpu.weight dense<1.0> : tensor<512x512xf16>
  %0 = tpu.matmul %arg0, %w : (tensor<2x512xf16>, tensor<512x512xf16>) -> tensor<2x512xf16>
  return %0 : tensor<2x512xf16>
}

// -----

// No batch, nothing to choose.
// CHECK-LABEL: func.func @one
// CHECK-NEXT: tpu.unary exp
func.func @one(%arg0: tensor<1x64x384x64xf16>) -> tensor<1x64x384x64xf16> {
  %0 = tpu.unary exp %arg0 : tensor<1x64x384x64xf16>
  return %0 : tensor<1x64x384x64xf16>
}
