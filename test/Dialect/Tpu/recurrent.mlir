// RUN: tpuc-opt %s --verify-roundtrip | FileCheck %s
// RUN: tpuc-opt %s --tpu-assign-lane-layout | FileCheck %s --check-prefix=LANES

// CHECK-LABEL: @gru
// LANES-LABEL: @gru
func.func @gru(%x: tensor<1x96x5x2xf16>, %w: tensor<1x96x32xf16>, %s: tensor<1x1x32x2xf32>, %m: tensor<5x2xf32>) -> tensor<1x32x6x2xf16> {
  // CHECK: tpu.recurrent gru forward %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {
  // Units lie across the lanes.
  // LANES: tpu.recurrent
  // LANES-SAME: tpu.layout = #tpu.lane_layout<n = 1, c = 32>
  %0 = tpu.recurrent gru forward %x, %w, %s, %m {alphas = array<f64: 0.0, 0.0, 0.0>, betas = array<f64: 0.0, 0.0, 0.0>} : (tensor<1x96x5x2xf16>, tensor<1x96x32xf16>, tensor<1x1x32x2xf32>, tensor<5x2xf32>) -> tensor<1x32x6x2xf16>
  return %0 : tensor<1x32x6x2xf16>
}
