// RUN: tpuc-opt %s -split-input-file -tpu-verify-plan | FileCheck %s
// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(tpu-verify-plan,convert-tpu-to-bm1684x,func.func(bm1684x-verify-hazards))" | FileCheck %s

// The plans that verify_plan_invalid_*.mlir damage.

// CHECK: func.func @chain(
func.func @chain(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1024, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

// CHECK: func.func @sliced(
func.func @sliced(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 768, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group slices <n = 1, c = 1, d = 1, h = 1, w = 8> ops 0 to 1 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.in_tile<fusion = 0, cost = 0, apart = 0>} : tensor<64x512xf16>
    %1 = tpu.unary neg %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 64],
            loads = [<input = 0, addr = [256, 640], issue = [1:0, 1:0, 1:1, 1:2, 1:3, 1:4, 1:5, 1:6]>],
            results = [384, 512], scratch = [0]>]} : tensor<64x512xf16>
    tpu.yield %1 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

// CHECK: func.func @product(
func.func @product(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 262144, fill_waits = true, lane_products = true>} {
  %w = tpu.weight dense<0.5> : tensor<512x512xf16>
  %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
      tpu.mem = #tpu.global<offset = 131072, why = no_room by 3>,
      tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 256], loads = [<input = 0, addr = [1024, 8192]>], results = [0, 4096]>]} : tensor<64x512xf16>
  %1 = tpu.reshape %0 {tpu.op = 1, tpu.mem = #tpu.view<of = 0, offset = 0>} : (tensor<64x512xf16>) -> tensor<8x8x512xf16>
  %2 = tpu.reshape %1 {tpu.op = 2, tpu.mem = #tpu.view<of = 0, offset = 0>} : (tensor<8x8x512xf16>) -> tensor<64x512xf16>
  %3 = tpu.matmul %2, %w {tpu.op = 3, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
      tpu.mem = #tpu.global<offset = 65536, why = caller>,
      tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512],
          loads = [<input = 0, addr = [16384]>, <input = 1, addr = [253952], issue = [0:1]>], results = [20480]>]}
      : (tensor<64x512xf16>, tensor<512x512xf16>) -> tensor<64x512xf16>
  return %3 : tensor<64x512xf16>
}
