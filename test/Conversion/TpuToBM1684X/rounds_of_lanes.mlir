// RUN: tpuc-opt %s -pass-pipeline="builtin.module(func.func(tpu-copy-results),tpu-layer-group,tpu-verify-plan,convert-tpu-to-bm1684x)" | FileCheck %s

// Two batches of 64 rows lie in the lanes like 128 rows, and what follows whole
// rounds of lanes starts in the first one: joining them moves nothing.
// CHECK-LABEL: func.func @join_rounds_of_lanes()
func.func @join_rounds_of_lanes(%x: tensor<2x64x32xf16> {top.name = "x"}, %y: tensor<1x64x32xf16> {top.name = "y"}) -> (tensor<1x192x32xf16> {top.name = "z"}) {
  // CHECK-COUNT-2: bm1684x.dma
  // CHECK-NOT: bm1684x.sar copy
  // CHECK-COUNT-1: bm1684x.dma
  // CHECK-NOT: bm1684x.dma
  %0 = tpu.unary abs %x {tpu.layout = #tpu.lane_layout<n = 2, c = 64>} : tensor<2x64x32xf16>
  %1 = tpu.unary abs %y {tpu.layout = #tpu.lane_layout<n = 1, c = 64>} : tensor<1x64x32xf16>
  %2 = tpu.reshape %0 {tpu.layout = #tpu.lane_layout<n = 2, c = 64>} : (tensor<2x64x32xf16>) -> tensor<1x128x32xf16>
  %3 = tpu.concat %2, %1 {axis = 1 : i64, tpu.layout = #tpu.lane_layout<n = 1, c = 192>} : (tensor<1x128x32xf16>, tensor<1x64x32xf16>) -> tensor<1x192x32xf16>
  %4 = tpu.unary abs %3 {tpu.layout = #tpu.lane_layout<n = 1, c = 192>} : tensor<1x192x32xf16>
  return %4 : tensor<1x192x32xf16>
}
