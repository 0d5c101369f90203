// RUN: tpuc-opt %s -verify-roundtrip | FileCheck %s

// CHECK-LABEL: func.func @group(
// CHECK-SAME: tpu.mem = #tpu.global<offset = 0, why = caller>
// CHECK-SAME: tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 32768, fill_waits = true, lane_products = false>
func.func @group(%x: tensor<64x128xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x128xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 32768, fill_waits = true, lane_products = false>} {
  // CHECK: %[[R:.*]] = tpu.group ops 0 to 2 {
  %r = tpu.group ops 0 to 2 {
    // CHECK: tpu.layout = #tpu.lane_layout<n = 1, c = 64>
    // CHECK-SAME: tpu.mem = #tpu.local<addr = 0, bytes = 256, ops = 0 to 1, why = fits>
    %0 = tpu.unary abs %x {tpu.op = 0 : i64, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 256, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 128], loads = [<input = 0, addr = [256]>], cost = 7>]} : tensor<64x128xf16>
    // CHECK: tpu.mem = #tpu.view<of = 0, offset = 0>
    %1 = tpu.reshape %0 {tpu.op = 1 : i64, tpu.mem = #tpu.view<of = 0, offset = 0>} : (tensor<64x128xf16>) -> tensor<64x8x16xf16>
    // CHECK: #tpu.kernel<tile = [1, 32, 8, 16], loads = [<shared, addr = [512]>, <input = 0, addr = [0, 64], room = [0:0], issue = [0:0, 1:0]>], results = [1024, 2048], scratch = [4096], cost = 12, next = [1, 64, 8, 8] at 15>
    // CHECK-SAME: tpu.mem = #tpu.local<addr = 64, bytes = 256, ops = 2 to 2, global = 16384, why = read_by_move by 0>
    %2 = tpu.unary exp %1 {tpu.op = 2 : i64,
        tpu.mem = #tpu.local<addr = 64, bytes = 256, ops = 2 to 2, global = 16384, why = read_by_move by 0>,
        tpu.kernels = [#tpu.kernel<tile = [1, 32, 8, 16], loads = [<shared, addr = [512]>, <input = 0, addr = [0, 64], room = [0:0], issue = [0:0, 1:0]>],
        results = [1024, 2048], scratch = [4096], cost = 12, next = [1, 64, 8, 8] at 15>]} : tensor<64x8x16xf16>
    // CHECK: tpu.yield %{{.*}} : tensor<64x8x16xf16>
    tpu.yield %2 : tensor<64x8x16xf16>
  } : tensor<64x8x16xf16>
  // CHECK: tpu.group slices <n = 1, c = 2, d = 1, h = 4, w = 1> ops 3 to 4 {
  %s = tpu.group slices <n = 1, c = 2, d = 1, h = 4, w = 1> ops 3 to 4 {
    // CHECK: tpu.mem = #tpu.in_tile<fusion = 0, cost = 80, apart = 99>
    %3 = tpu.unary abs %r {tpu.op = 3 : i64, tpu.mem = #tpu.in_tile<fusion = 0, cost = 80, apart = 99>} : tensor<64x8x16xf16>
    // CHECK: tpu.kernels = [#tpu.kernel<moves>]
    %4 = tpu.reshape %3 {tpu.copy, tpu.op = 4 : i64, tpu.mem = #tpu.global<offset = 16384, why = no_room by 2>,
        tpu.kernels = [#tpu.kernel<moves>]} : (tensor<64x8x16xf16>) -> tensor<64x128xf16>
    tpu.yield %4 : tensor<64x128xf16>
  } : tensor<64x128xf16>
  // CHECK: #tpu.view<arg = 0, offset = 256>
  %5 = tpu.slice %x {offsets = array<i64: 1, 0>, sizes = array<i64: 1, 128>, steps = array<i64: 1, 1>,
      tpu.op = 5 : i64, tpu.mem = #tpu.view<arg = 0, offset = 256>} : (tensor<64x128xf16>) -> tensor<1x128xf16>
  return %s : tensor<64x128xf16>
}
