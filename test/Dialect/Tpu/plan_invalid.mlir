// RUN: tpuc-opt %s -split-input-file -verify-diagnostics

func.func @layout_below_1(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{a lane layout of n = 0, c = 4, expected at least 1}}
  %0 = tpu.unary abs %x {tpu.layout = #tpu.lane_layout<n = 0, c = 4>} : tensor<4x8xf16>
  return
}

// -----

func.func @layout_does_not_divide(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{cannot be distributed over the lanes as 1 times 5 rows: it has 32 elements}}
  %0 = tpu.unary abs %x {tpu.layout = #tpu.lane_layout<n = 1, c = 5>} : tensor<4x8xf16>
  return
}

// -----

func.func @layout_of_another_kind(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{has a tpu.layout of another kind: array<i64: 1, 4>}}
  %0 = tpu.unary abs %x {tpu.layout = array<i64: 1, 4>} : tensor<4x8xf16>
  return
}

// -----

func.func @memory_of_another_kind(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{expected #tpu.local, #tpu.global, #tpu.view or #tpu.in_tile}}
  %0 = tpu.unary abs %x {tpu.mem = 4096 : i64} : tensor<4x8xf16>
  return
}

// -----

func.func @number_below_0(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{expected the operator's number, from 0 on}}
  %0 = tpu.unary abs %x {tpu.op = -1 : i64} : tensor<4x8xf16>
  return
}

// -----

func.func @kernels_of_another_kind(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{expected a list of #tpu.kernel}}
  %0 = tpu.unary abs %x {tpu.kernels = [1, 2]} : tensor<4x8xf16>
  return
}

// -----

func.func @plan_on_an_operation(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{expected #tpu.plan on a function}}
  %0 = tpu.unary abs %x {tpu.plan = 1 : i64} : tensor<4x8xf16>
  return
}

// -----

func.func @copy_on_another_operation(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{expected nothing more, on a reshape}}
  %0 = tpu.unary abs %x {tpu.copy} : tensor<4x8xf16>
  return
}

// -----

func.func @attribute_that_is_not_known(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{has attribute tpu.lanes, which the dialect does not know}}
  %0 = tpu.unary abs %x {tpu.lanes = array<i64: 1, 4>} : tensor<4x8xf16>
  return
}

// -----

// expected-error @+1 {{on argument 0, expected tpu.mem = #tpu.global}}
func.func @argument_in_local_memory(%x: tensor<4x8xf16> {tpu.mem = #tpu.local<addr = 0, bytes = 64, ops = 0 to 0, why = fits>}) {
  return
}

// -----

func.func @negative_address(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{addr is -64, expected at least 0}}
  %0 = tpu.unary abs %x {tpu.mem = #tpu.local<addr = -64, bytes = 64, ops = 0 to 0, why = fits>} : tensor<4x8xf16>
  return
}

// -----

func.func @no_bytes(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{bytes is 0, expected at least 1}}
  %0 = tpu.unary abs %x {tpu.mem = #tpu.local<addr = 0, bytes = 0, ops = 0 to 0, why = fits>} : tensor<4x8xf16>
  return
}

// -----

func.func @lives_backwards(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{lives in operators 3 to 2, which is no range}}
  %0 = tpu.unary abs %x {tpu.mem = #tpu.local<addr = 0, bytes = 64, ops = 3 to 2, why = fits>} : tensor<4x8xf16>
  return
}

// -----

func.func @cause_that_is_not_known(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{'tired' is no cause of a value's place}}
  %0 = tpu.unary abs %x {tpu.mem = #tpu.global<offset = 0, why = tired>} : tensor<4x8xf16>
  return
}

// -----

func.func @tile_of_three_sizes(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{a tile has 3 sizes, expected 4: n, c, h and w}}
  %0 = tpu.unary abs %x {tpu.kernels = [#tpu.kernel<tile = [1, 4, 8]>]} : tensor<4x8xf16>
  return
}

// -----

func.func @next_of_three_sizes(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{the next best tile has 3 sizes, expected 4: n, c, h and w}}
  %0 = tpu.unary abs %x {tpu.kernels = [#tpu.kernel<tile = [1, 4, 1, 8], next = [1, 4, 8] at 3>]} : tensor<4x8xf16>
  return
}

// -----

func.func @buffers_of_a_move(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{a kernel that only moves data has buffers}}
  %0 = tpu.unary abs %x {tpu.kernels = [#tpu.kernel<moves, results = [0]>]} : tensor<4x8xf16>
  return
}

// -----

func.func @load_without_address(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{a load has no address}}
  %0 = tpu.unary abs %x {tpu.kernels = [#tpu.kernel<tile = [1, 4, 1, 8], loads = [<input = 0, addr = []>]>]} : tensor<4x8xf16>
  return
}

// -----

func.func @key_that_is_not_known(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{'tiles' is not known here, expected one of moves, tile, loads, results, scratch, cost, next}}
  %0 = tpu.unary abs %x {tpu.kernels = [#tpu.kernel<tiles = [1, 4, 1, 8]>]} : tensor<4x8xf16>
  return
}

// -----

func.func @no_slices(%x: tensor<4x8xf16>) -> tensor<4x8xf16> {
  // expected-error @+1 {{0 slices on axis h, expected at least 1}}
  %r = tpu.group slices <n = 1, c = 1, d = 1, h = 0, w = 1> ops 0 to 0 {
    %0 = tpu.unary abs %x : tensor<4x8xf16>
    tpu.yield %0 : tensor<4x8xf16>
  } : tensor<4x8xf16>
  return %r : tensor<4x8xf16>
}

// -----

func.func @group_c1() {
  // expected-error @+1 {{has no members}}
  tpu.group ops 0 to 0 {
    tpu.yield
  }
  return
}

// -----

func.func @group_c2(%x: tensor<4x8xf16>) -> tensor<4x8xf32> {
  // expected-error @+1 {{has results of types 'tensor<4x8xf32>', but yields 'tensor<4x8xf16>'}}
  %r = tpu.group ops 0 to 0 {
    %0 = tpu.unary abs %x : tensor<4x8xf16>
    tpu.yield %0 : tensor<4x8xf16>
  } : tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// -----

func.func @group_c3(%x: tensor<4x8xf16>) -> tensor<4x8xf16> {
  // expected-error @+1 {{has operators 3 to 2, which is no range}}
  %r = tpu.group ops 3 to 2 {
    %0 = tpu.unary abs %x : tensor<4x8xf16>
    tpu.yield %0 : tensor<4x8xf16>
  } : tensor<4x8xf16>
  return %r : tensor<4x8xf16>
}

// -----

func.func @group_c4(%x: tensor<4x8xf16>) -> tensor<4x8xf16> {
  // expected-error @+1 {{has slices and holds another group}}
  %r = tpu.group slices <n = 1, c = 1, d = 1, h = 1, w = 1> ops 0 to 0 {
    %1 = tpu.group ops 0 to 0 {
      %0 = tpu.unary abs %x : tensor<4x8xf16>
      tpu.yield %0 : tensor<4x8xf16>
    } : tensor<4x8xf16>
    tpu.yield %1 : tensor<4x8xf16>
  } : tensor<4x8xf16>
  return %r : tensor<4x8xf16>
}
