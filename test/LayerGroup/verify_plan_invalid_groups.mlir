// RUN: tpuc-opt %s -split-input-file -verify-diagnostics -tpu-verify-plan

// Views, groups and chains. Each case is one fault in a plan that is right otherwise
// (verify_plan.mlir).

func.func @view_at_another_offset(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 262144, fill_waits = true, lane_products = true>} {
  %w = tpu.weight dense<0.5> : tensor<512x512xf16>
  %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
      tpu.mem = #tpu.global<offset = 131072, why = no_room by 3>,
      tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 256], loads = [<input = 0, addr = [1024, 8192]>], results = [0, 4096]>]} : tensor<64x512xf16>
  // expected-error @below {{is planned at #tpu.view<of = 0, offset = 64>, but is a view: #tpu.view<of = 0, offset = 0>}}
  %1 = tpu.reshape %0 {tpu.op = 1, tpu.mem = #tpu.view<of = 0, offset = 64>} : (tensor<64x512xf16>) -> tensor<8x8x512xf16>
  %2 = tpu.reshape %1 {tpu.op = 2, tpu.mem = #tpu.view<of = 0, offset = 0>} : (tensor<8x8x512xf16>) -> tensor<64x512xf16>
  %3 = tpu.matmul %2, %w {tpu.op = 3, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
      tpu.mem = #tpu.global<offset = 65536, why = caller>,
      tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512],
          loads = [<input = 0, addr = [16384]>, <input = 1, addr = [253952], issue = [0:1]>], results = [20480]>]}
      : (tensor<64x512xf16>, tensor<512x512xf16>) -> tensor<64x512xf16>
  return %3 : tensor<64x512xf16>
}

// -----

func.func @view_of_another_value(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 262144, fill_waits = true, lane_products = true>} {
  %w = tpu.weight dense<0.5> : tensor<512x512xf16>
  %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
      tpu.mem = #tpu.global<offset = 131072, why = no_room by 3>,
      tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 256], loads = [<input = 0, addr = [1024, 8192]>], results = [0, 4096]>]} : tensor<64x512xf16>
  // expected-error @below {{is planned at #tpu.view<of = 3, offset = 0>, but is a view: #tpu.view<of = 0, offset = 0>}}
  %1 = tpu.reshape %0 {tpu.op = 1, tpu.mem = #tpu.view<of = 3, offset = 0>} : (tensor<64x512xf16>) -> tensor<8x8x512xf16>
  %2 = tpu.reshape %1 {tpu.op = 2, tpu.mem = #tpu.view<of = 0, offset = 0>} : (tensor<8x8x512xf16>) -> tensor<64x512xf16>
  %3 = tpu.matmul %2, %w {tpu.op = 3, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
      tpu.mem = #tpu.global<offset = 65536, why = caller>,
      tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512],
          loads = [<input = 0, addr = [16384]>, <input = 1, addr = [253952], issue = [0:1]>], results = [20480]>]}
      : (tensor<64x512xf16>, tensor<512x512xf16>) -> tensor<64x512xf16>
  return %3 : tensor<64x512xf16>
}

// -----

func.func @view_without_place(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 262144, fill_waits = true, lane_products = true>} {
  %w = tpu.weight dense<0.5> : tensor<512x512xf16>
  %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
      tpu.mem = #tpu.global<offset = 131072, why = no_room by 3>,
      tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 256], loads = [<input = 0, addr = [1024, 8192]>], results = [0, 4096]>]} : tensor<64x512xf16>
  // expected-error @below {{has no place (tpu.mem), expected #tpu.view<of = 0, offset = 0>}}
  %1 = tpu.reshape %0 {tpu.op = 1} : (tensor<64x512xf16>) -> tensor<8x8x512xf16>
  %2 = tpu.reshape %1 {tpu.op = 2, tpu.mem = #tpu.view<of = 0, offset = 0>} : (tensor<8x8x512xf16>) -> tensor<64x512xf16>
  %3 = tpu.matmul %2, %w {tpu.op = 3, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
      tpu.mem = #tpu.global<offset = 65536, why = caller>,
      tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512],
          loads = [<input = 0, addr = [16384]>, <input = 1, addr = [253952], issue = [0:1]>], results = [20480]>]}
      : (tensor<64x512xf16>, tensor<512x512xf16>) -> tensor<64x512xf16>
  return %3 : tensor<64x512xf16>
}

// -----

func.func @value_leaves_its_group(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
    // expected-error @below {{has a result that stays in local memory, but is in no group together with its last reader}}
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    // expected-note @below {{the reader}}
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1024, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0]>]} : tensor<64x512xf16>
  return %2 : tensor<64x512xf16>
}

// -----

func.func @group_of_other_members(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  // expected-error @below {{is planned for operators 0 to 3, but holds 0 to 2}}
  %r = tpu.group ops 0 to 3 {
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

func.func @slices_of_other_tiles(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 768, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  // expected-error @below {{has slices #tpu.slices<n = 1, c = 1, d = 1, h = 1, w = 4>, but the tiles of its last operator cut it into #tpu.slices<n = 1, c = 1, d = 1, h = 1, w = 8>}}
  %r = tpu.group slices <n = 1, c = 1, d = 1, h = 1, w = 4> ops 0 to 1 {
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

func.func @tiles_of_other_slices(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 768, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group slices <n = 1, c = 1, d = 1, h = 1, w = 8> ops 0 to 1 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.in_tile<fusion = 0, cost = 0, apart = 0>} : tensor<64x512xf16>
    // expected-error @below {{has input 0 at 256 to 319 of a lane, where input 0 of another operator or tile lies at the same time}}
    // expected-error @below {{has input 0 at 640 to 703 of a lane, where input 0 of another operator or tile lies at the same time}}
    // expected-note @below {{the other operator}}
    %1 = tpu.unary neg %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 32],
            loads = [<input = 0, addr = [256, 640], issue = [1:0, 1:0, 1:1, 1:2, 1:3, 1:4, 1:5, 1:6]>],
            results = [384, 512], scratch = [0]>]} : tensor<64x512xf16>
    tpu.yield %1 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @chain_without_slices(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 768, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 1 {
    // expected-error @below {{has a result that exists within tiles only, but is in no group with slices together with its reader}}
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

func.func @fusion_that_is_missing(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 768, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group slices <n = 1, c = 1, d = 1, h = 1, w = 8> ops 0 to 1 {
    // expected-error @below {{has a result of fusion 1, but the fusions before it end with -1}}
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.in_tile<fusion = 1, cost = 0, apart = 0>} : tensor<64x512xf16>
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

func.func @tile_in_a_chain_without_reader(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 768, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group slices <n = 1, c = 1, d = 1, h = 1, w = 8> ops 0 to 1 {
    // expected-error @below {{belongs to the caller, who finds it in global memory only}}
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.in_tile<fusion = 0, cost = 0, apart = 0>} : tensor<64x512xf16>
    %1 = tpu.unary neg %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 64],
            loads = [<input = 0, addr = [256, 640], issue = [1:0, 1:0, 1:1, 1:2, 1:3, 1:4, 1:5, 1:6]>],
            results = [384, 512], scratch = [0]>]} : tensor<64x512xf16>
    tpu.yield %0 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @double_buffer_overlaps(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 768, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group slices <n = 1, c = 1, d = 1, h = 1, w = 8> ops 0 to 1 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.in_tile<fusion = 0, cost = 0, apart = 0>} : tensor<64x512xf16>
    // expected-error @below {{has input 0 at 256 to 383 of a lane, where input 0 of another operator or tile lies at the same time}}
    // expected-note @below {{the other operator}}
    %1 = tpu.unary neg %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 64],
            loads = [<input = 0, addr = [256], issue = [1:0, 1:0, 1:1, 1:2, 1:3, 1:4, 1:5, 1:6]>],
            results = [384, 512], scratch = [0]>]} : tensor<64x512xf16>
    tpu.yield %1 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}
