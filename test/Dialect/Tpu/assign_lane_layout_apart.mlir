// RUN: tpuc-opt %s -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout))" | FileCheck %s --check-prefix=TOGETHER
// RUN: tpuc-opt %s -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout{carry=false}))" | FileCheck %s --check-prefix=APART

// The product has a row of each window in a lane as attention does, or, by
// itself, takes 98 rows of one matrix.
func.func @rows(%arg0: tensor<98x64xf16>, %w: tensor<64x192xf16>) -> tensor<2x49x2x32xf16> {
  // TOGETHER: tpu.matmul {{.*}}tpu.layout = #tpu.lane_layout<n = 2, c = 49>
  // APART: tpu.matmul {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 98>
  %0 = tpu.unary abs %arg0 : tensor<98x64xf16>
  %1 = tpu.matmul %0, %w : (tensor<98x64xf16>, tensor<64x192xf16>) -> tensor<98x192xf16>
  %2 = tpu.unary neg %1 : tensor<98x192xf16>
  // TOGETHER: tpu.attention {{.*}}tpu.layout = #tpu.lane_layout<n = 2, c = 49>
  // APART: tpu.attention {{.*}}tpu.layout = #tpu.lane_layout<n = 2, c = 49>
  %3 = tpu.attention %2, %2, %2 {query_view = array<i64: 0, 9408, 192, 32>,
      key_view = array<i64: 64, 9408, 192, 32>, value_view = array<i64: 128, 9408, 192, 32>,
      addend_views = array<i64>, key_rows = 49 : i64, depth = 32 : i64, scale = 1.0 : f64}
      : (tensor<98x192xf16>, tensor<98x192xf16>, tensor<98x192xf16>) -> tensor<2x49x2x32xf16>
  return %3 : tensor<2x49x2x32xf16>
}
