// RUN: tpuc-opt %s -split-input-file -verify-diagnostics -tpu-verify-plan

// Numbers of operators and places of values. Each case is one fault in a plan that is right otherwise
// (verify_plan.mlir).

// expected-error @below {{has no plan; run tpu-layer-group first}}
func.func @no_plan(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    {
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

// expected-error @below {{takes 524288 bytes of a lane, which has 262144}}
func.func @lane_of_more_bytes(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 524288, global_bytes = 131072, fill_waits = true, lane_products = true>} {
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

func.func @no_number(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    // expected-error @below {{has no number (tpu.op), though its function has a plan}}
    %1 = tpu.unary relu %0 {tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
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

func.func @number_twice(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    // expected-note @below {{the first one}}
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1024, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    // expected-error @below {{has number 1 a second time}}
    %2 = tpu.unary neg %1 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @number_before_what_it_reads(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    %1 = tpu.unary relu %0 {tpu.op = 9, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1024, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    // expected-error @below {{has number 7, but reads what operator 9 computes}}
    %2 = tpu.unary neg %1 {tpu.op = 7, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @no_place(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    // expected-error @below {{has no place (tpu.mem) for its result}}
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

// expected-error @below {{has no place (tpu.mem) for an argument}}
func.func @argument_without_place(%x: tensor<64x512xf16>) -> tensor<64x512xf16>
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

func.func @place_as_a_view(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    // expected-error @below {{has a result with memory of its own, but is planned as a view}}
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.view<of = 0, offset = 0>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @cause_that_does_not_exist(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1024, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    // expected-error @below {{names operator 9, which does not exist or has no kernels}}
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = no_room by 9>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @result_in_local_memory(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1024, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    // expected-error @below {{belongs to the caller, who finds it in global memory only}}
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 4096, bytes = 1024, ops = 2 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @result_in_both(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1024, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    // expected-error @below {{belongs to the caller, but is planned in local memory}}
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 4096, bytes = 1024, ops = 2 to 2, global = 65536, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @no_lanes(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    // expected-error @below {{lies in local memory, but has no lane layout}}
    %1 = tpu.unary relu %0 {tpu.op = 1,
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

func.func @bytes_of_a_value(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    // expected-error @below {{takes 1024 bytes of a lane, but is planned with 512}}
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1024, bytes = 512, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @life_of_a_value(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    // expected-error @below {{lives in operators 1 to 2, but is planned for 1 to 1}}
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1024, bytes = 1024, ops = 1 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @address_not_aligned(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    // expected-error @below {{has its result at 1056, expected a multiple of 64}}
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1056, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @values_overlap(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    // expected-note @below {{the other operator}}
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    // expected-error @below {{has its result at 512 to 1535 of a lane, where its result of another operator or tile lies at the same time}}
    // expected-note @below {{the other operator}}
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 512, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    // expected-error @below {{has the result of a tile at 0 to 1023 of a lane, where its result of another operator or tile lies at the same time}}
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @value_beyond_the_lane(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    // expected-error @below {{has its result end at 262656 of a lane, of which the plan takes 262144 bytes}}
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 261632, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @value_beyond_the_plan(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 1536, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    // expected-error @below {{has input 0 end at 2048 of a lane, of which the plan takes 1536 bytes}}
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    // expected-error @below {{has its result end at 2048 of a lane, of which the plan takes 1536 bytes}}
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

func.func @load_overlaps_a_value(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    // expected-error @below {{has its result at 0 to 1023 of a lane, where input 0 of another operator or tile lies at the same time}}
    // expected-note @below {{the other operator}}
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [960]>]>]} : tensor<64x512xf16>
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

func.func @result_overlaps_a_value(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    // expected-note @below {{the other operator}}
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1024, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    // expected-error @below {{has the result of a tile at 2000 to 3023 of a lane, where its result of another operator or tile lies at the same time}}
    // expected-error @below {{has the result of a tile at 2000, expected a multiple of 64}}
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [2000]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @result_overlaps(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    // expected-note @below {{the other operator}}
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1024, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    // expected-error @below {{has the result of a tile at 1536 to 2559 of a lane, where its result of another operator or tile lies at the same time}}
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [1536]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @global_offset_not_aligned(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1024, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    // expected-error @below {{lies at 65540 of global memory, expected a multiple of 4096}}
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65540, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @global_memory_too_small(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 98304, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1024, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    // expected-error @below {{ends at 131072 of global memory, of which the plan takes 98304 bytes}}
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 65536, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}

// -----

func.func @global_values_overlap(%x: tensor<64x512xf16> {tpu.mem = #tpu.global<offset = 0, why = caller>}) -> tensor<64x512xf16>
    attributes {tpu.plan = #tpu.plan<local_bytes = 262144, global_bytes = 131072, fill_waits = true, lane_products = true>} {
  %r = tpu.group ops 0 to 2 {
    %0 = tpu.unary abs %x {tpu.op = 0, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], loads = [<input = 0, addr = [1024]>]>]} : tensor<64x512xf16>
    %1 = tpu.unary relu %0 {tpu.op = 1, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.local<addr = 1024, bytes = 1024, ops = 1 to 2, why = fits>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512]>]} : tensor<64x512xf16>
    // expected-error @below {{lies at 32768 of global memory, where another value lies at the same time, up to 65536}}
    %2 = tpu.unary neg %1 {tpu.op = 2, tpu.layout = #tpu.lane_layout<n = 1, c = 64>,
        tpu.mem = #tpu.global<offset = 32768, why = caller>,
        tpu.kernels = [#tpu.kernel<tile = [1, 64, 1, 512], results = [0]>]} : tensor<64x512xf16>
    tpu.yield %2 : tensor<64x512xf16>
  } : tensor<64x512xf16>
  return %r : tensor<64x512xf16>
}
