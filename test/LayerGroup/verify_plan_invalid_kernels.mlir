// RUN: tpuc-opt %s -split-input-file -verify-diagnostics -tpu-verify-plan

// Kernels, tiles and loads. Each case is one fault in a plan that is right otherwise
// (verify_plan.mlir).

func.func @no_kernels(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1024, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    // expected-error @below {{has a plan of 0 kernels (tpu.kernels), expected 1}}
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @two_kernels(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    // expected-error @below {{has a plan of 2 kernels (tpu.kernels), expected 1}}
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1024, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>, #tpu.kernel<moves>]} : tensor<64x512xf16>
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @kernel_without_tile(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    // expected-error @below {{has a kernel without a tile}}
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1024, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<moves>]} : tensor<64x512xf16>
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @tile_too_large(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    // expected-error @below {{has a tile of w = 1024, expected 1 to 512}}
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1024, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 1024]>]} : tensor<64x512xf16>
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @tile_of_0(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    // expected-error @below {{has a tile of w = 0, expected 1 to 512}}
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1024, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 0]>]} : tensor<64x512xf16>
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @tile_cut_between_rounds_of_lanes(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    // expected-error @below {{has a tile of c = 48, expected a multiple of 64}}
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1024, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 48, 1, 512]>]} : tensor<64x512xf16>
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @no_load(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    // expected-error @below {{input 0 is loaded for its tiles, but not once in the plan}}
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
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

func.func @load_in_place(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1024, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    // expected-error @below {{input 0 is loaded, but its tiles do not need that}}
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [4096]>], results = [0]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @load_twice(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    // expected-error @below {{input 0 is loaded for its tiles, but not once in the plan}}
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>, <input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
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

func.func @load_of_more_entries(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    // expected-error @below {{input 0 has 2 entries for 1 loads}}
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024, 2048]>]>]} : tensor<64x512xf16>
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

func.func @result_without_address(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1024, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    // expected-error @below {{has 0 addresses of results, but its tiles need 1}}
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @scratch_that_is_not_needed(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1024, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    // expected-error @below {{has 1 addresses of scratch memory, but its tiles need 0}}
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0], scratch = [4096]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @load_before_a_tile_that_does_not_exist(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 262144, fill_waits = true, lane_products = true>} {
  %w = tpu.weight dense<0.5> : tensor<512x512xf16>
  %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
      tpu.mem = #tpu.global<offset = 131072, why = no_room by 3>,
      tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 256], loads = [<input = 0, addr = [1024, 8192]>], results = [0, 4096]>]} : tensor<64x512xf16>
  %1 = tpu.reshape %0 {tpu.op = 1, tpu.mem = #tpu.view<of = 0, offset = 0>} : (tensor<64x512xf16>) -> tensor<8x8x512xf16>
  %2 = tpu.reshape %1 {tpu.op = 2, tpu.mem = #tpu.view<of = 0, offset = 0>} : (tensor<8x8x512xf16>) -> tensor<64x512xf16>
  // expected-error @below {{input 1 is issued before a tile that does not exist}}
  %3 = tpu.matmul %2, %w {tpu.op = 3, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
      tpu.mem = #tpu.global<offset = 65536, why = caller>,
      tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512],
          loads = [<input = 0, addr = [16384]>, <input = 1, addr = [253952], issue = [0:7]>], results = [20480]>]}
      : (tensor<64x512xf16>, tensor<512x512xf16>) -> tensor<64x512xf16>
  return %3 : tensor<64x512xf16>
}

// -----

func.func @room_from_a_tile_that_does_not_exist(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 262144, fill_waits = true, lane_products = true>} {
  %w = tpu.weight dense<0.5> : tensor<512x512xf16>
  %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
      tpu.mem = #tpu.global<offset = 131072, why = no_room by 3>,
      tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 256], loads = [<input = 0, addr = [1024, 8192]>], results = [0, 4096]>]} : tensor<64x512xf16>
  %1 = tpu.reshape %0 {tpu.op = 1, tpu.mem = #tpu.view<of = 0, offset = 0>} : (tensor<64x512xf16>) -> tensor<8x8x512xf16>
  %2 = tpu.reshape %1 {tpu.op = 2, tpu.mem = #tpu.view<of = 0, offset = 0>} : (tensor<8x8x512xf16>) -> tensor<64x512xf16>
  // expected-error @below {{input 1 has room from a tile on that does not exist}}
  %3 = tpu.matmul %2, %w {tpu.op = 3, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
      tpu.mem = #tpu.global<offset = 65536, why = caller>,
      tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512],
          loads = [<input = 0, addr = [16384]>, <input = 1, addr = [253952], room = [0:5], issue = [0:1]>], results = [20480]>]}
      : (tensor<64x512xf16>, tensor<512x512xf16>) -> tensor<64x512xf16>
  return %3 : tensor<64x512xf16>
}

// -----

func.func @load_before_an_operator_that_does_not_exist(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 262144, fill_waits = true, lane_products = true>} {
  %w = tpu.weight dense<0.5> : tensor<512x512xf16>
  %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
      tpu.mem = #tpu.global<offset = 131072, why = no_room by 3>,
      tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 256], loads = [<input = 0, addr = [1024, 8192]>], results = [0, 4096]>]} : tensor<64x512xf16>
  %1 = tpu.reshape %0 {tpu.op = 1, tpu.mem = #tpu.view<of = 0, offset = 0>} : (tensor<64x512xf16>) -> tensor<8x8x512xf16>
  %2 = tpu.reshape %1 {tpu.op = 2, tpu.mem = #tpu.view<of = 0, offset = 0>} : (tensor<8x8x512xf16>) -> tensor<64x512xf16>
  // expected-error @below {{names operator 1, which does not exist or has no kernels}}
  %3 = tpu.matmul %2, %w {tpu.op = 3, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
      tpu.mem = #tpu.global<offset = 65536, why = caller>,
      tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512],
          loads = [<input = 0, addr = [16384]>, <input = 1, addr = [253952], issue = [1:0]>], results = [20480]>]}
      : (tensor<64x512xf16>, tensor<512x512xf16>) -> tensor<64x512xf16>
  return %3 : tensor<64x512xf16>
}

// -----

func.func @load_after_its_use(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 262144, fill_waits = true, lane_products = true>} {
  %w = tpu.weight dense<0.5> : tensor<512x512xf16>
  // expected-error @below {{has input 0 loaded after the tile that needs it}}
  %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
      tpu.mem = #tpu.global<offset = 131072, why = no_room by 3>,
      tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 256], loads = [<input = 0, addr = [1024, 8192], issue = [3:0]>], results = [0, 4096]>]} : tensor<64x512xf16>
  %1 = tpu.reshape %0 {tpu.op = 1, tpu.mem = #tpu.view<of = 0, offset = 0>} : (tensor<64x512xf16>) -> tensor<8x8x512xf16>
  %2 = tpu.reshape %1 {tpu.op = 2, tpu.mem = #tpu.view<of = 0, offset = 0>} : (tensor<8x8x512xf16>) -> tensor<64x512xf16>
  %3 = tpu.matmul %2, %w {tpu.op = 3, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
      tpu.mem = #tpu.global<offset = 65536, why = caller>,
      tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512],
          loads = [<input = 0, addr = [16384]>, <input = 1, addr = [253952], issue = [0:1]>], results = [20480]>]}
      : (tensor<64x512xf16>, tensor<512x512xf16>) -> tensor<64x512xf16>
  return %3 : tensor<64x512xf16>
}

// -----

func.func @load_before_its_room(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 262144, fill_waits = true, lane_products = true>} {
  %w = tpu.weight dense<0.5> : tensor<512x512xf16>
  %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
      tpu.mem = #tpu.global<offset = 131072, why = no_room by 3>,
      tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 256], loads = [<input = 0, addr = [1024, 8192]>], results = [0, 4096]>]} : tensor<64x512xf16>
  %1 = tpu.reshape %0 {tpu.op = 1, tpu.mem = #tpu.view<of = 0, offset = 0>} : (tensor<64x512xf16>) -> tensor<8x8x512xf16>
  %2 = tpu.reshape %1 {tpu.op = 2, tpu.mem = #tpu.view<of = 0, offset = 0>} : (tensor<8x8x512xf16>) -> tensor<64x512xf16>
  // expected-error @below {{has input 1 loaded before there is room for it}}
  %3 = tpu.matmul %2, %w {tpu.op = 3, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
      tpu.mem = #tpu.global<offset = 65536, why = caller>,
      tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512],
          loads = [<input = 0, addr = [16384]>, <input = 1, addr = [253952], room = [3:0], issue = [0:1]>], results = [20480]>]}
      : (tensor<64x512xf16>, tensor<512x512xf16>) -> tensor<64x512xf16>
  return %3 : tensor<64x512xf16>
}

// -----

func.func @load_before_it_is_computed(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 262144, fill_waits = true, lane_products = true>} {
  %w = tpu.weight dense<0.5> : tensor<512x512xf16>
  %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
      tpu.mem = #tpu.global<offset = 131072, why = no_room by 3>,
      tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 256], loads = [<input = 0, addr = [1024, 8192]>], results = [0, 4096]>]} : tensor<64x512xf16>
  %1 = tpu.reshape %0 {tpu.op = 1, tpu.mem = #tpu.view<of = 0, offset = 0>} : (tensor<64x512xf16>) -> tensor<8x8x512xf16>
  %2 = tpu.reshape %1 {tpu.op = 2, tpu.mem = #tpu.view<of = 0, offset = 0>} : (tensor<8x8x512xf16>) -> tensor<64x512xf16>
  // expected-error @below {{has input 0 loaded before it is computed}}
  %3 = tpu.matmul %2, %w {tpu.op = 3, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
      tpu.mem = #tpu.global<offset = 65536, why = caller>,
      tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512],
          loads = [<input = 0, addr = [16384], issue = [0:0]>, <input = 1, addr = [253952], issue = [0:1]>], results = [20480]>]}
      : (tensor<64x512xf16>, tensor<512x512xf16>) -> tensor<64x512xf16>
  return %3 : tensor<64x512xf16>
}
