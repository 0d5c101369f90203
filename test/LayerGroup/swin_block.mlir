// RUN: tpuc-opt %s -tpuc-layout -tpuc-plan | FileCheck %s
// RUN: tpuc-opt %s -tpuc-layout -tpuc-plan -tpu-verify-plan -convert-tpu-to-bm1684x -o /dev/null

// A Swin block of four windows: all of it is one group, heads are read out of
// the packed product, and weights are loaded ahead while others compute.
// CHECK-LABEL: func.func @block
// CHECK-SAME: tpu.plan = #tpu.plan<local_bytes = 262144
// CHECK: tpu.group ops 0 to {{[0-9]+}}
// CHECK: tpu.layer_norm {{.*}}<input = 0, addr = [{{[0-9]+}}]>]
// CHECK-SAME: tpu.layout = #tpu.lane_layout<n = 4, c = 49>
// CHECK-SAME: tpu.mem = #tpu.local<
// CHECK: tpu.matmul {{.*}}tile = [
// CHECK-SAME: tpu.mem = #tpu.local<
// CHECK: tpu.attention {{.*}}query_view = array<i64: 0, 14112, 288, 32>
// CHECK-SAME: tpu.mem = #tpu.local<
// CHECK: tpu.binary add {{.*}} #tpu.local<addr = {{[0-9]+}}, bytes = {{[0-9]+}}, ops = {{[0-9]+}} to {{[0-9]+}}, why = fits>
// CHECK: tpu.matmul {{.*}}do_relu = true
// CHECK-SAME: room = [{{[0-9]+}}:{{[0-9]+}}
// CHECK: tpu.matmul
// CHECK: tpu.binary add {{.*}} #tpu.global<offset = {{[0-9]+}}, why = caller>
// CHECK: tpu.yield
func.func @block(%x: tensor<196x96xf16>) -> tensor<196x96xf16> {
  %wqkv = tpu.weight dense<0.01> : tensor<96x288xf16>
  %bias = tpu.weight dense<0.5> : tensor<1x3x49x49xf16>
  %wo = tpu.weight dense<0.02> : tensor<96x96xf16>
  %w1 = tpu.weight dense<0.03> : tensor<96x384xf16>
  %w2 = tpu.weight dense<0.04> : tensor<384x96xf16>
  %0 = tpu.layer_norm %x {epsilon = 1.0e-5} : (tensor<196x96xf16>) -> tensor<196x96xf16>
  %1 = tpu.matmul %0, %wqkv : (tensor<196x96xf16>, tensor<96x288xf16>) -> tensor<196x288xf16>
  %2 = tpu.attention %1, %1, %1, %bias {query_view = array<i64: 0, 14112, 288, 32>, key_view = array<i64: 96, 14112, 288, 32>, value_view = array<i64: 192, 14112, 288, 32>, addend_views = array<i64: 0, 0, 49, 2401>, key_rows = 49 : i64, depth = 32 : i64, scale = 0.17677669529663687 : f64} : (tensor<196x288xf16>, tensor<196x288xf16>, tensor<196x288xf16>, tensor<1x3x49x49xf16>) -> tensor<4x49x3x32xf16>
  %3 = tpu.reshape %2 : (tensor<4x49x3x32xf16>) -> tensor<196x96xf16>
  %4 = tpu.matmul %3, %wo : (tensor<196x96xf16>, tensor<96x96xf16>) -> tensor<196x96xf16>
  %5 = tpu.binary add %x, %4 : (tensor<196x96xf16>, tensor<196x96xf16>) -> tensor<196x96xf16>
  %6 = tpu.layer_norm %5 {epsilon = 1.0e-5} : (tensor<196x96xf16>) -> tensor<196x96xf16>
  %7 = tpu.matmul %6, %w1 {do_relu = true} : (tensor<196x96xf16>, tensor<96x384xf16>) -> tensor<196x384xf16>
  %8 = tpu.matmul %7, %w2 : (tensor<196x384xf16>, tensor<384x96xf16>) -> tensor<196x96xf16>
  %9 = tpu.binary add %5, %8 : (tensor<196x96xf16>, tensor<196x96xf16>) -> tensor<196x96xf16>
  return %9 : tensor<196x96xf16>
}
