// RUN: tpuc-opt %s -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout),func.func(tpu-copy-results),tpu-layer-group,tpu-verify-plan,convert-tpu-to-bm1684x)" | FileCheck %s
// RUN: tpuc-opt %s -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout),func.func(tpu-copy-results),tpu-layer-group{lane-products=false},tpu-verify-plan,convert-tpu-to-bm1684x)" | FileCheck %s --check-prefix=MOVED

// Rows of shifted windows go from lane to lane by products with matrices of
// zeros and ones: nothing but those, the input and the output is transferred.
// CHECK-LABEL: func.func @shifted_windows()
// CHECK-COUNT-2: bm1684x.dma
// CHECK-NOT: bm1684x.dma
// CHECK: bm1684x.sconv normal
// CHECK-NOT: bm1684x.dma
// CHECK: bm1684x.dma
// CHECK-NOT: bm1684x.dma
// MOVED-LABEL: func.func @shifted_windows()
// MOVED-NOT: bm1684x.sconv
// MOVED-COUNT-12: bm1684x.dma
// MOVED-NOT: bm1684x.sconv
func.func @shifted_windows(%x: tensor<4x64x32xf16> {top.name = "x"}) -> (tensor<256x32xf16> {top.name = "y"}) {
  %0 = tpu.softmax %x : (tensor<4x64x32xf16>) -> tensor<4x64x32xf16>
  %1 = tpu.relayout %0 {axes = 3 : i64, boxes = array<i64: 0, 1152, 4, 256, 256, 4, 32, 32, 32, 1, 1, 128, 3072, 4, 256, 256, 4, 32, 32, 32, 1, 1, 1024, 4224, 4, 256, 256, 4, 32, 32, 32, 1, 1, 1152, 6144, 4, 256, 256, 4, 32, 32, 32, 1, 1, 2048, 3200, 4, 256, 256, 4, 32, 32, 32, 1, 1, 2176, 1024, 4, 256, 256, 4, 32, 32, 32, 1, 1, 3072, 6272, 4, 256, 256, 4, 32, 32, 32, 1, 1, 3200, 4096, 4, 256, 256, 4, 32, 32, 32, 1, 1, 4096, 5248, 4, 256, 256, 4, 32, 32, 32, 1, 1, 4224, 7168, 4, 256, 256, 4, 32, 32, 32, 1, 1, 5120, 128, 4, 256, 256, 4, 32, 32, 32, 1, 1, 5248, 2048, 4, 256, 256, 4, 32, 32, 32, 1, 1, 6144, 7296, 4, 256, 256, 4, 32, 32, 32, 1, 1, 6272, 5120, 4, 256, 256, 4, 32, 32, 32, 1, 1, 7168, 2176, 4, 256, 256, 4, 32, 32, 32, 1, 1, 7296, 0, 4, 256, 256, 4, 32, 32, 32, 1, 1>} : (tensor<4x64x32xf16>) -> tensor<256x32xf16>
  %2 = tpu.reshape %1 : (tensor<256x32xf16>) -> tensor<4x64x32xf16>
  %3 = tpu.softmax %2 : (tensor<4x64x32xf16>) -> tensor<4x64x32xf16>
  %4 = tpu.reshape %3 : (tensor<4x64x32xf16>) -> tensor<256x32xf16>
  return %4 : tensor<256x32xf16>
}
