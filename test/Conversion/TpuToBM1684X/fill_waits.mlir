// RUN: tpuc-opt %s -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout),func.func(tpu-copy-results,tpu-pack-weights),tpu-layer-group,tpu-verify-plan,convert-tpu-to-bm1684x)" | FileCheck %s
// RUN: tpuc-opt %s -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout),func.func(tpu-copy-results,tpu-pack-weights),tpu-layer-group{fill-waits=false},tpu-verify-plan,convert-tpu-to-bm1684x)" | FileCheck %s --check-prefix=BESIDE

// The store of the last product's first part would hold up the weights of its
// second part; issued after them it costs nothing.
// CHECK-COUNT-3: bm1684x.smm2
// CHECK: bm1684x.dma.matrix
// CHECK-NEXT: bm1684x.dma.tensor
// CHECK-NEXT: bm1684x.smm2
// CHECK-NEXT: bm1684x.dma.tensor
// BESIDE-COUNT-3: bm1684x.smm2
// BESIDE-NEXT: bm1684x.dma.tensor
// BESIDE-NEXT: bm1684x.dma.matrix
// BESIDE-NEXT: bm1684x.smm2
// BESIDE-NEXT: bm1684x.dma.tensor
func.func @chain(%x: tensor<64x2048xf16> {top.name = "x"}) -> (tensor<64x2048xf16> {top.name = "y"}) {
  %w = tpu.weight dense<0.5> : tensor<2048x2048xf16>
  %0 = tpu.matmul %x, %w : (tensor<64x2048xf16>, tensor<2048x2048xf16>) -> tensor<64x2048xf16>
  %1 = tpu.matmul %0, %w : (tensor<64x2048xf16>, tensor<2048x2048xf16>) -> tensor<64x2048xf16>
  return %1 : tensor<64x2048xf16>
}
