// RUN: tpuc-opt %s -pass-pipeline="builtin.module(func.func(tpu-copy-results),tpu-layer-group,tpu-verify-plan,convert-tpu-to-bm1684x)" | FileCheck %s

// Together the cast and the reduction would need a whole row of 100,000 f32 in a
// lane once nothing is resident beside them: they stay apart.
// CHECK-LABEL: func.func @rows
// CHECK: bm1684x.dma
func.func @rows(%arg0: tensor<1x3x100000xf32>) -> tensor<1x3x1xf32> {
  %0 = tpu.cast %arg0 {tpu.layout = #tpu.lane_layout<n = 1, c = 3>} : (tensor<1x3x100000xf32>) -> tensor<1x3x100000xf16>
  %1 = tpu.reshape %0 {tpu.layout = #tpu.lane_layout<n = 1, c = 3>} : (tensor<1x3x100000xf16>) -> tensor<1x3x25x4000xf16>
  %2 = tpu.reduce mean %1 {axis = 3 : i64, tpu.layout = #tpu.lane_layout<n = 1, c = 3>} : (tensor<1x3x25x4000xf16>) -> tensor<1x3x25x1xf16>
  %3 = tpu.reduce mean %2 {axis = 2 : i64, tpu.layout = #tpu.lane_layout<n = 1, c = 3>} : (tensor<1x3x25x1xf16>) -> tensor<1x3x1x1xf16>
  %4 = tpu.reshape %3 {tpu.layout = #tpu.lane_layout<n = 1, c = 3>} : (tensor<1x3x1x1xf16>) -> tensor<1x3x1xf16>
  %5 = tpu.cast %4 {tpu.layout = #tpu.lane_layout<n = 1, c = 3>} : (tensor<1x3x1xf16>) -> tensor<1x3x1xf32>
  return %5 : tensor<1x3x1xf32>
}
