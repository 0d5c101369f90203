// RUN: tpuc-opt %s -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout),func.func(tpu-copy-results,tpu-pack-weights),tpu-layer-group{search=0},tpu-verify-plan,convert-tpu-to-bm1684x)" | FileCheck %s --check-prefix=SUM
// RUN: tpuc-opt %s -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout),func.func(tpu-copy-results,tpu-pack-weights),tpu-layer-group,tpu-verify-plan,convert-tpu-to-bm1684x)" | FileCheck %s

// Convolutions in f32 take so long that the values between them come and go
// meanwhile. Joined, they would compute the rows at the edges of tiles twice:
// that costs fewer cycles of both engines together, but more time.
// SUM: fused_cost
// CHECK-LABEL: func.func @images
// CHECK-NOT: fused_cost
func.func @images(%arg0: tensor<1x1x180x320xf32>) -> tensor<1x9x180x320xf32> {
  %w = tpu.weight dense<0.01> : tensor<64x1x5x5xf32>
  %v = tpu.weight dense<0.01> : tensor<32x64x3x3xf32>
  %u = tpu.weight dense<0.01> : tensor<9x32x3x3xf32>
  %0 = tpu.conv %arg0, %w {strides = array<i64: 1, 1>, pads = array<i64: 2, 2, 2, 2>, dilations = array<i64: 1, 1>} : (tensor<1x1x180x320xf32>, tensor<64x1x5x5xf32>) -> tensor<1x64x180x320xf32>
  %1 = tpu.conv %0, %v {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x64x180x320xf32>, tensor<32x64x3x3xf32>) -> tensor<1x32x180x320xf32>
  %2 = tpu.conv %1, %u {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x32x180x320xf32>, tensor<9x32x3x3xf32>) -> tensor<1x9x180x320xf32>
  return %2 : tensor<1x9x180x320xf32>
}
