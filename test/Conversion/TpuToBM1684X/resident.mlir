// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout),func.func(tpu-copy-results,tpu-pack-weights),tpu-layer-group,tpu-verify-plan,convert-tpu-to-bm1684x)" | FileCheck %s
// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout),func.func(tpu-copy-results,tpu-pack-weights),tpu-layer-group{keep-resident=false fuse=false},tpu-verify-plan,convert-tpu-to-bm1684x)" | FileCheck %s --check-prefix=GLOBAL

// Between two operators nothing leaves local memory: the weights of both, the
// input and the output are all that moves.
// CHECK-LABEL: func.func @chain()
// GLOBAL-LABEL: func.func @chain()
func.func @chain(%x: tensor<64x128xf16> {top.name = "x"}) -> (tensor<64x128xf16> {top.name = "y"}) {
  %w = tpu.weight dense<0.5> : tensor<128x128xf16>
  // CHECK-COUNT-4: bm1684x.dma
  // CHECK-NOT: bm1684x.dma
  // GLOBAL-COUNT-6: bm1684x.dma
  %0 = tpu.matmul %x, %w : (tensor<64x128xf16>, tensor<128x128xf16>) -> tensor<64x128xf16>
  %1 = tpu.matmul %0, %w : (tensor<64x128xf16>, tensor<128x128xf16>) -> tensor<64x128xf16>
  return %1 : tensor<64x128xf16>
}

// -----

// Channels become columns right after the convolution by a product with the
// identity matrix (the only load), not by a transfer of single elements.
// CHECK-LABEL: func.func @channels_to_rows()
func.func @channels_to_rows(%x: tensor<1x64x8x8xf16> {top.name = "x"}) -> (tensor<64x64xf16> {top.name = "y"}) {
  %f = tpu.weight dense<0.5> : tensor<64x64x1x1xf16>
  %w = tpu.weight dense<0.5> : tensor<64x64xf16>
  // CHECK: bm1684x.sconv
  // CHECK-NEXT: bm1684x.dma.matrix
  // CHECK-NEXT: bm1684x.smm2 nt
  // CHECK: bm1684x.smm2 nn
  %0 = tpu.conv %x, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
      : (tensor<1x64x8x8xf16>, tensor<64x64x1x1xf16>) -> tensor<1x64x8x8xf16>
  %1 = tpu.reshape %0 : (tensor<1x64x8x8xf16>) -> tensor<64x64xf16>
  %2 = tpu.permute %1 {order = array<i64: 1, 0>} : (tensor<64x64xf16>) -> tensor<64x64xf16>
  %3 = tpu.matmul %2, %w : (tensor<64x64xf16>, tensor<64x64xf16>) -> tensor<64x64xf16>
  return %3 : tensor<64x64xf16>
}
