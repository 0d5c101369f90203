// RUN: tpuc-opt %s -split-input-file -verify-diagnostics

func.func @reshape_c1_elements(%x: tensor<2x3xf16>) {
  // expected-error @+1 {{has 6 elements in and 8 out, expected equal numbers}}
  %0 = tpu.reshape %x : (tensor<2x3xf16>) -> tensor<8xf16>
  return
}

// -----

func.func @reshape_types(%x: tensor<2x3xf16>) {
  // expected-error @+1 {{failed to verify that all of {input, output} have same element type}}
  %0 = tpu.reshape %x : (tensor<2x3xf16>) -> tensor<6xf32>
  return
}

// -----

func.func @permute_c1_twice(%x: tensor<2x3xf16>) {
  // expected-error @+1 {{'order' is [0, 0], expected a permutation of 2 axes}}
  %0 = tpu.permute %x {order = array<i64: 0, 0>} : (tensor<2x3xf16>) -> tensor<2x2xf16>
  return
}

// -----

func.func @permute_c1_range(%x: tensor<2x3xf16>) {
  // expected-error @+1 {{'order' is [0, 7], expected a permutation of 2 axes}}
  %0 = tpu.permute %x {order = array<i64: 0, 7>} : (tensor<2x3xf16>) -> tensor<2x2xf16>
  return
}

// -----

func.func @permute_c2_result(%x: tensor<2x3xf16>) {
  // expected-error @+1 {{result has shape [2, 3], expected [3, 2]}}
  %0 = tpu.permute %x {order = array<i64: 1, 0>} : (tensor<2x3xf16>) -> tensor<2x3xf16>
  return
}

// -----

func.func @concat_c1_empty() {
  // expected-error @+1 {{has no operands, expected at least 1}}
  %0 = tpu.concat {axis = 0 : i64} : () -> tensor<2x3xf16>
  return
}

// -----

func.func @concat_c2_axis(%x: tensor<2x3xf16>) {
  // expected-error @+1 {{'axis' is -1, expected 0 to 1}}
  %0 = tpu.concat %x {axis = -1 : i64} : (tensor<2x3xf16>) -> tensor<2x3xf16>
  return
}

// -----

func.func @concat_c3_sizes(%x: tensor<2x3xf16>, %y: tensor<2x4xf16>) {
  // expected-error @+1 {{has an operand of type 'tensor<2x4xf16>', expected element type 'f16' and the sizes of 'tensor<2x3xf16>' but for axis 0}}
  %0 = tpu.concat %x, %y {axis = 0 : i64} : (tensor<2x3xf16>, tensor<2x4xf16>) -> tensor<4x3xf16>
  return
}

// -----

func.func @concat_c4_result(%x: tensor<2x3xf16>) {
  // expected-error @+1 {{result has shape [5, 3], expected [4, 3]}}
  %0 = tpu.concat %x, %x {axis = 0 : i64} : (tensor<2x3xf16>, tensor<2x3xf16>) -> tensor<5x3xf16>
  return
}

// -----

func.func @slice_c1_count(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{'offsets' has 1 entries, expected 2}}
  %0 = tpu.slice %x {offsets = array<i64: 0>, sizes = array<i64: 4, 8>, steps = array<i64: 1, 1>} : (tensor<4x8xf16>) -> tensor<4x8xf16>
  return
}

// -----

func.func @slice_c2_step(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{'steps' has entry -1, expected 1 to}}
  %0 = tpu.slice %x {offsets = array<i64: 3, 0>, sizes = array<i64: 4, 8>, steps = array<i64: -1, 1>} : (tensor<4x8xf16>) -> tensor<4x8xf16>
  return
}

// -----

func.func @slice_c3_end(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{takes 4 elements of axis 1 from 2 in steps of 2, expected to stay below 8}}
  %0 = tpu.slice %x {offsets = array<i64: 0, 2>, sizes = array<i64: 4, 4>, steps = array<i64: 1, 2>} : (tensor<4x8xf16>) -> tensor<4x4xf16>
  return
}

// -----

func.func @slice_c4_result(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{result has shape [4, 4], expected [4, 3]}}
  %0 = tpu.slice %x {offsets = array<i64: 0, 2>, sizes = array<i64: 4, 3>, steps = array<i64: 1, 2>} : (tensor<4x8xf16>) -> tensor<4x4xf16>
  return
}

// -----

func.func @pad_c1_count(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{'pads' has 2 entries, expected 4}}
  %0 = tpu.pad %x {pads = array<i64: 1, 1>} : (tensor<4x8xf16>) -> tensor<5x9xf16>
  return
}

// -----

func.func @pad_c2_result(%x: tensor<4x8xf16>) {
  // expected-error @+1 {{result has shape [5, 9], expected [6, 8]}}
  %0 = tpu.pad %x {pads = array<i64: 1, 0, 1, 0>} : (tensor<4x8xf16>) -> tensor<5x9xf16>
  return
}

// -----

func.func @pad_c3_integer(%x: tensor<4xi32>) {
  // expected-error @+1 {{'value' is 5.000000e-01, expected an i32 integer}}
  %0 = tpu.pad %x {pads = array<i64: 1, 0>, value = 0.5 : f64} : (tensor<4xi32>) -> tensor<5xi32>
  return
}

// -----

func.func @gather_c1_axis(%t: tensor<10x8xf16>, %i: tensor<3xi32>) {
  // expected-error @+1 {{'axis' is 2, expected 0 to 1}}
  %0 = tpu.gather %t, %i {axis = 2 : i64} : (tensor<10x8xf16>, tensor<3xi32>) -> tensor<3x8xf16>
  return
}

// -----

func.func @gather_c2_result(%t: tensor<10x8xf16>, %i: tensor<3xi32>) {
  // expected-error @+1 {{result has shape [3, 8], expected [10, 3]}}
  %0 = tpu.gather %t, %i {axis = 1 : i64} : (tensor<10x8xf16>, tensor<3xi32>) -> tensor<3x8xf16>
  return
}

// -----

func.func @gather_index_type(%t: tensor<10x8xf16>, %i: tensor<3xi64>) {
  // expected-error @+1 {{operand #1 must be tensor of i32 with a static shape}}
  %0 = tpu.gather %t, %i {axis = 0 : i64} : (tensor<10x8xf16>, tensor<3xi64>) -> tensor<3x8xf16>
  return
}

// -----

func.func @broadcast_c1_rank(%x: tensor<8xf16>) {
  // expected-error @+1 {{operand has shape [8], expected rank 2 and at each axis 1 or the size of [4, 8]}}
  %0 = tpu.broadcast %x : (tensor<8xf16>) -> tensor<4x8xf16>
  return
}

// -----

func.func @broadcast_c2_size(%x: tensor<2x8xf16>) {
  // expected-error @+1 {{operand has shape [2, 8], expected rank 2 and at each axis 1 or the size of [4, 8]}}
  %0 = tpu.broadcast %x : (tensor<2x8xf16>) -> tensor<4x8xf16>
  return
}

// -----

func.func @relayout_c1_count(%x: tensor<3x2xf16>) {
  // expected-error @+1 {{has 3 numbers in 'boxes', expected a multiple of 5}}
  %0 = tpu.relayout %x {axes = 1 : i64, boxes = array<i64: 0, 0, 6>} : (tensor<3x2xf16>) -> tensor<3x2xf16>
  return
}

// -----

func.func @relayout_c1_axes(%x: tensor<3x2xf16>) {
  // expected-error @+1 {{has 17 axes a box, expected 0 to 16}}
  %0 = tpu.relayout %x {axes = 17 : i64, boxes = array<i64: 0, 0>} : (tensor<3x2xf16>) -> tensor<3x2xf16>
  return
}

// -----

func.func @relayout_c2_size(%x: tensor<3x2xf16>) {
  // expected-error @+1 {{has box 0 with size 7 and strides 1 and 1 at axis 0, expected sizes >= 1 within the result and strides >= 0}}
  %0 = tpu.relayout %x {axes = 1 : i64, boxes = array<i64: 0, 0, 7, 1, 1>} : (tensor<3x2xf16>) -> tensor<3x2xf16>
  return
}

// -----

func.func @relayout_c2_outside(%x: tensor<3x2xf16>) {
  // expected-error @+1 {{has box 0 outside its operand or result}}
  %0 = tpu.relayout %x {axes = 1 : i64, boxes = array<i64: 0, 1, 6, 1, 1>} : (tensor<3x2xf16>) -> tensor<3x2xf16>
  return
}

// -----

func.func @relayout_c3_missing(%x: tensor<3x2xf16>) {
  // expected-error @+1 {{moves 5 elements, its result has 6}}
  %0 = tpu.relayout %x {axes = 1 : i64, boxes = array<i64: 0, 0, 5, 1, 1>} : (tensor<3x2xf16>) -> tensor<3x2xf16>
  return
}

// -----

func.func @relayout_c3_twice(%x: tensor<3x2xf16>) {
  // expected-error @+1 {{writes element 2 twice}}
  %0 = tpu.relayout %x {axes = 1 : i64, boxes = array<i64: 0, 0, 3, 1, 1, 2, 0, 3, 1, 1>} : (tensor<3x2xf16>) -> tensor<3x2xf16>
  return
}
