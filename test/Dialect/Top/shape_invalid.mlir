// RUN: tpuc-opt %s -split-input-file -verify-diagnostics

func.func @reshape_c1_element(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.reshape' op element type changes from 'f32' to 'i64', expected the same: insert a top.cast}}
  %0 = top.reshape %x : (tensor<4x8xf32>) -> tensor<32xi64>
  return
}

// -----

func.func @reshape_c2_count(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.reshape' op changes the number of elements from 32 to 33}}
  %0 = top.reshape %x : (tensor<4x8xf32>) -> tensor<33xf32>
  return
}

// -----

func.func @permute_c1_order(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.permute' op order [0, 0] is not a permutation of 2 axes}}
  %0 = top.permute %x {order = array<i64: 0, 0>} : (tensor<4x8xf32>) -> tensor<4x4xf32>
  return
}

// -----

func.func @concat_c1_empty() {
  // expected-error @+1 {{'top.concat' op has no operands, expected at least one}}
  %0 = top.concat {axis = 0 : i64} : () -> tensor<4xf32>
  return
}

// -----

func.func @concat_c2_axis(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.concat' op axis 2 is outside of the operand's rank 2}}
  %0 = top.concat %x, %x {axis = 2 : i64} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @concat_c3_shapes(%x: tensor<4x8xf32>, %y: tensor<3x8xf32>) {
  // expected-error @+1 {{'top.concat' op operands 'tensor<4x8xf32>' and 'tensor<3x8xf32>' differ beyond axis 1}}
  %0 = top.concat %x, %y {axis = 1 : i64} : (tensor<4x8xf32>, tensor<3x8xf32>) -> tensor<4x16xf32>
  return
}

// -----

func.func @slice_c1_rank(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.slice' op steps has 1 entries, expected 2}}
  %0 = top.slice %x {offsets = array<i64: 0, 0>, sizes = array<i64: 1, 1>, steps = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<1x1xf32>
  return
}

// -----

func.func @slice_c2_step(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.slice' op step of axis 1 is 0, expected another number}}
  %0 = top.slice %x {offsets = array<i64: 0, 0>, sizes = array<i64: 1, 2>, steps = array<i64: 1, 0>} : (tensor<4x8xf32>) -> tensor<1x2xf32>
  return
}

// -----

func.func @slice_c3_range(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.slice' op elements 6 to 8 are outside of axis 1 of size 8}}
  %0 = top.slice %x {offsets = array<i64: 0, 6>, sizes = array<i64: 1, 3>, steps = array<i64: 1, 1>} : (tensor<4x8xf32>) -> tensor<1x3xf32>
  return
}

// -----

func.func @pad_c1_negative(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.pad' op pads are [0, -1, 0, 0], expected none negative: use top.slice}}
  %0 = top.pad constant %x {pads = array<i64: 0, -1, 0, 0>} : (tensor<4x8xf32>) -> tensor<4x7xf32>
  return
}

// -----

func.func @pad_c1_length(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.pad' op pads has 2 entries, expected 4}}
  %0 = top.pad constant %x {pads = array<i64: 0, 1>} : (tensor<4x8xf32>) -> tensor<4x9xf32>
  return
}

// -----

func.func @pad_c2_reflect(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.pad' op reflect padding of 4 is too large for axis 0 of size 4}}
  %0 = top.pad reflect %x {pads = array<i64: 4, 0, 0, 0>} : (tensor<4x8xf32>) -> tensor<8x8xf32>
  return
}

// -----

func.func @gather_c1_axis(%x: tensor<4x8xf32>, %i: tensor<2x3xi64>) {
  // expected-error @+1 {{'top.gather' op axis 2 is outside of the operand's rank 2}}
  %0 = top.gather %x, %i {axis = 2 : i64} : (tensor<4x8xf32>, tensor<2x3xi64>) -> tensor<4x8x2x3xf32>
  return
}

// -----

func.func @gather_elements_c3_shape(%x: tensor<1x8xf32>, %i: tensor<2x3xi64>) {
  // expected-error @+1 {{'top.gather_elements' op indices [2, 3] do not fit the operand [1, 8] besides axis 1}}
  %0 = top.gather_elements %x, %i {axis = 1 : i64} : (tensor<1x8xf32>, tensor<2x3xi64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @gather_nd_c1_batch(%x: tensor<4x8xf32>, %i: tensor<2x3xi64>) {
  // expected-error @+1 {{'top.gather_nd' op batch_dims is 2, expected 0 to less than both ranks of [4, 8] and [2, 3]}}
  %0 = top.gather_nd %x, %i {batch_dims = 2 : i64} : (tensor<4x8xf32>, tensor<2x3xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @gather_nd_c2_batch(%x: tensor<4x8xf32>, %i: tensor<2x3xi64>) {
  // expected-error @+1 {{'top.gather_nd' op the first 1 axes of [4, 8] and [2, 3] differ}}
  %0 = top.gather_nd %x, %i {batch_dims = 1 : i64} : (tensor<4x8xf32>, tensor<2x3xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @gather_nd_c3_tuple(%x: tensor<4x8xf32>, %i: tensor<2x3xi64>) {
  // expected-error @+1 {{'top.gather_nd' op index tuples of 3 do not address an operand of shape [4, 8]}}
  %0 = top.gather_nd %x, %i : (tensor<4x8xf32>, tensor<2x3xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @scatter_nd_c1_tuple(%x: tensor<4x8xf32>, %i: tensor<2x3xi64>) {
  // expected-error @+1 {{'top.scatter_nd' op index tuples of 3 do not address an operand of shape [4, 8]}}
  %0 = top.scatter_nd none %x, %i, %x : (tensor<4x8xf32>, tensor<2x3xi64>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @scatter_nd_c2_updates(%x: tensor<4x8xf32>, %j: tensor<2x1xi64>) {
  // expected-error @+1 {{'top.scatter_nd' op updates have shape [4, 8], expected [2, 8] of the operand's element type}}
  %0 = top.scatter_nd none %x, %j, %x : (tensor<4x8xf32>, tensor<2x1xi64>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @tile_c1_repeats(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.tile' op repeats has an entry 0, expected 1 to 1073741824}}
  %0 = top.tile %x {repeats = array<i64: 0, 1>} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @broadcast_c2_shape(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.broadcast' op operand shape [4, 8] does not broadcast to [8, 8]}}
  %0 = top.broadcast %x : (tensor<4x8xf32>) -> tensor<8x8xf32>
  return
}

// -----

func.func @broadcast_c2_shrinks(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.broadcast' op operand shape [4, 8] does not broadcast to [8]}}
  %0 = top.broadcast %x : (tensor<4x8xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @cast_c1_shape(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.cast' op changes the shape from [4, 8] to [8, 4]}}
  %0 = top.cast %x : (tensor<4x8xf32>) -> tensor<8x4xi64>
  return
}

// -----

func.func @depth_to_space_c1_rank(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.depth_to_space' op operand has shape [4, 8], expected [N, C, H, W]}}
  %0 = top.depth_to_space dcr %x {block_size = 2 : i64} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @depth_to_space_c2_block(%x: tensor<1x4x8x8xf32>) {
  // expected-error @+1 {{'top.depth_to_space' op block of 9 channels does not divide 4}}
  %0 = top.depth_to_space dcr %x {block_size = 3 : i64} : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  return
}

// -----

func.func @space_to_depth_c2_block(%x: tensor<1x4x8x8xf32>) {
  // expected-error @+1 {{'top.space_to_depth' op block_size 3 does not divide [8, 8]}}
  %0 = top.space_to_depth %x {block_size = 3 : i64} : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  return
}

// -----

func.func @resize_c1_rank(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.resize' op operand [4, 8], result [4, 16] and 3 scales must have the same rank}}
  %0 = top.resize linear half_pixel floor %x {scales = array<f64: 1.0, 1.0, 2.0>} : (tensor<4x8xf32>) -> tensor<4x16xf32>
  return
}

// -----

func.func @resize_c2_scale(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.resize' op scale -2.000000e+00 of axis 1 is not positive}}
  %0 = top.resize linear half_pixel floor %x {scales = array<f64: 1.0, -2.0>} : (tensor<4x8xf32>) -> tensor<4x16xf32>
  return
}

// -----

func.func @resize_c3_size(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.resize' op axis 1 has size 20, but its operand's 8 times scale 2.000000e+00 is 1.600000e+01}}
  %0 = top.resize linear half_pixel floor %x {scales = array<f64: 1.0, 2.0>} : (tensor<4x8xf32>) -> tensor<4x20xf32>
  return
}

// -----

func.func @slice_c3_overflow(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{'top.slice' op step 9223372036854775807 is too large}}
  %0 = top.slice %x {offsets = array<i64: 0, 0>, sizes = array<i64: 1, 3>, steps = array<i64: 1, 9223372036854775807>} : (tensor<4x8xf32>) -> tensor<1x3xf32>
  return
}

// -----

func.func @tile_overflow(%x: tensor<1099511627776xf32>) {
  // expected-error @+1 {{'top.tile' op result is too large}}
  %0 = top.tile %x {repeats = array<i64: 1073741824>} : (tensor<1099511627776xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @empty_tensor(%x: tensor<0x8xf32>) {
  // expected-error @+1 {{operand #0 must be tensor of f32, i64, i32 or i1 with a static shape and 1 to 2^40 elements, but got 'tensor<0x8xf32>'}}
  %0 = top.reshape %x : (tensor<0x8xf32>) -> tensor<0xf32>
  return
}

// -----

func.func @huge_tensor(%x: tensor<1099511627776x2xf32>) {
  // expected-error @+1 {{operand #0 must be tensor of f32, i64, i32 or i1 with a static shape and 1 to 2^40 elements}}
  %0 = top.reshape %x : (tensor<1099511627776x2xf32>) -> tensor<2199023255552xf32>
  return
}

// -----

func.func @weight_bytes() {
  // expected-error @+1 {{'top.weight' op resource 'w' has 8 bytes, but 'tensor<4xf32>' has 16}}
  %0 = top.weight dense_resource<w> : tensor<4xf32>
  return
}

{-#
  dialect_resources: {
    builtin: {
      w: "0x040000000000803F00000040"
    }
  }
#-}

// -----

func.func @relayout_c1_count(%x: tensor<3x2xf32>) {
  // expected-error @+1 {{has 3 numbers in 'boxes', expected a multiple of 5}}
  %0 = top.relayout %x {axes = 1 : i64, boxes = array<i64: 0, 0, 6>} : (tensor<3x2xf32>) -> tensor<3x2xf32>
  return
}

// -----

func.func @relayout_c1_axes(%x: tensor<3x2xf32>) {
  // expected-error @+1 {{has 17 axes a box, expected 0 to 16}}
  %0 = top.relayout %x {axes = 17 : i64, boxes = array<i64: 0, 0>} : (tensor<3x2xf32>) -> tensor<3x2xf32>
  return
}

// -----

func.func @relayout_c2_size(%x: tensor<3x2xf32>) {
  // expected-error @+1 {{has box 0 with size 7 and strides 1 and 1 at axis 0, expected sizes >= 1 within the result and strides >= 0}}
  %0 = top.relayout %x {axes = 1 : i64, boxes = array<i64: 0, 0, 7, 1, 1>} : (tensor<3x2xf32>) -> tensor<3x2xf32>
  return
}

// -----

func.func @relayout_c2_outside(%x: tensor<3x2xf32>) {
  // expected-error @+1 {{has box 0 outside its operand or result}}
  %0 = top.relayout %x {axes = 1 : i64, boxes = array<i64: 0, 1, 6, 1, 1>} : (tensor<3x2xf32>) -> tensor<3x2xf32>
  return
}

// -----

func.func @relayout_c3_missing(%x: tensor<3x2xf32>) {
  // expected-error @+1 {{moves 5 elements, its result has 6}}
  %0 = top.relayout %x {axes = 1 : i64, boxes = array<i64: 0, 0, 5, 1, 1>} : (tensor<3x2xf32>) -> tensor<3x2xf32>
  return
}

// -----

func.func @relayout_c3_twice(%x: tensor<3x2xf32>) {
  // expected-error @+1 {{writes element 2 twice}}
  %0 = top.relayout %x {axes = 1 : i64, boxes = array<i64: 0, 0, 3, 1, 1, 2, 0, 3, 1, 1>} : (tensor<3x2xf32>) -> tensor<3x2xf32>
  return
}

// -----

func.func @relayout_c4_element(%x: tensor<3x2xf32>) {
  // expected-error @+1 {{element type changes from 'f32' to 'i64'}}
  %0 = top.relayout %x {axes = 1 : i64, boxes = array<i64: 0, 0, 6, 1, 1>} : (tensor<3x2xf32>) -> tensor<3x2xi64>
  return
}
