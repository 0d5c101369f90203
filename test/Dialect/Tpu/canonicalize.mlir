// RUN: tpuc-opt %s -canonicalize | FileCheck %s

// CHECK-LABEL: @cast_pair
func.func @cast_pair(%x: tensor<4xf16>) -> tensor<4xf16> {
  // CHECK-NEXT: return %arg0
  %0 = tpu.cast %x : (tensor<4xf16>) -> tensor<4xf32>
  %1 = tpu.cast %0 : (tensor<4xf32>) -> tensor<4xf16>
  return %1 : tensor<4xf16>
}

// A pair that rounds stays.
// CHECK-LABEL: @cast_pair_that_rounds
func.func @cast_pair_that_rounds(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-COUNT-2: tpu.cast
  %0 = tpu.cast %x : (tensor<4xf32>) -> tensor<4xf16>
  %1 = tpu.cast %0 : (tensor<4xf16>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// Not every i32 is an f32.
// CHECK-LABEL: @cast_pair_of_integers
func.func @cast_pair_of_integers(%x: tensor<4xi32>) -> tensor<4xi32> {
  // CHECK-COUNT-2: tpu.cast
  %0 = tpu.cast %x : (tensor<4xi32>) -> tensor<4xf32>
  %1 = tpu.cast %0 : (tensor<4xf32>) -> tensor<4xi32>
  return %1 : tensor<4xi32>
}

// CHECK-LABEL: @cast_around_permute
func.func @cast_around_permute(%x: tensor<4x8xf16>) -> tensor<8x4xf16> {
  // CHECK-NEXT: %[[P:.*]] = tpu.permute %arg0 {order = array<i64: 1, 0>} : (tensor<4x8xf16>) -> tensor<8x4xf16>
  // CHECK-NEXT: return %[[P]]
  %0 = tpu.cast %x : (tensor<4x8xf16>) -> tensor<4x8xf32>
  %1 = tpu.permute %0 {order = array<i64: 1, 0>} : (tensor<4x8xf32>) -> tensor<8x4xf32>
  %2 = tpu.cast %1 : (tensor<8x4xf32>) -> tensor<8x4xf16>
  return %2 : tensor<8x4xf16>
}

// CHECK-LABEL: @reshape_chain
func.func @reshape_chain(%x: tensor<4x8xf16>) -> tensor<2x16xf16> {
  // CHECK-NEXT: tpu.reshape %arg0 : (tensor<4x8xf16>) -> tensor<2x16xf16>
  %0 = tpu.reshape %x : (tensor<4x8xf16>) -> tensor<32xf16>
  %1 = tpu.reshape %0 : (tensor<32xf16>) -> tensor<2x16xf16>
  return %1 : tensor<2x16xf16>
}

// CHECK-LABEL: @reshape_back
func.func @reshape_back(%x: tensor<4x8xf16>) -> tensor<4x8xf16> {
  // CHECK-NEXT: return %arg0
  %0 = tpu.reshape %x : (tensor<4x8xf16>) -> tensor<32xf16>
  %1 = tpu.reshape %0 : (tensor<32xf16>) -> tensor<4x8xf16>
  return %1 : tensor<4x8xf16>
}

// CHECK-LABEL: @permute_pair
func.func @permute_pair(%x: tensor<2x3x4xf16>) -> tensor<4x2x3xf16> {
  // CHECK-NEXT: tpu.permute %arg0 {order = array<i64: 2, 0, 1>}
  %0 = tpu.permute %x {order = array<i64: 0, 2, 1>} : (tensor<2x3x4xf16>) -> tensor<2x4x3xf16>
  %1 = tpu.permute %0 {order = array<i64: 1, 0, 2>} : (tensor<2x4x3xf16>) -> tensor<4x2x3xf16>
  return %1 : tensor<4x2x3xf16>
}

// CHECK-LABEL: @permute_of_unit_axes
func.func @permute_of_unit_axes(%x: tensor<2x1x4xf16>) -> tensor<1x2x4xf16> {
  // CHECK-NEXT: tpu.reshape %arg0 : (tensor<2x1x4xf16>) -> tensor<1x2x4xf16>
  %0 = tpu.permute %x {order = array<i64: 1, 0, 2>} : (tensor<2x1x4xf16>) -> tensor<1x2x4xf16>
  return %0 : tensor<1x2x4xf16>
}

// CHECK-LABEL: @slice_of_slice
func.func @slice_of_slice(%x: tensor<4x32xf16>) -> tensor<2x3xf16> {
  // CHECK-NEXT: tpu.slice %arg0 {offsets = array<i64: 2, 7>, sizes = array<i64: 2, 3>, steps = array<i64: 1, 6>}
  %0 = tpu.slice %x {offsets = array<i64: 1, 1>, sizes = array<i64: 3, 8>, steps = array<i64: 1, 3>} : (tensor<4x32xf16>) -> tensor<3x8xf16>
  %1 = tpu.slice %0 {offsets = array<i64: 1, 2>, sizes = array<i64: 2, 3>, steps = array<i64: 1, 2>} : (tensor<3x8xf16>) -> tensor<2x3xf16>
  return %1 : tensor<2x3xf16>
}

// CHECK-LABEL: @nothing_to_do
func.func @nothing_to_do(%x: tensor<4x8xf16>) -> tensor<4x8xf16> {
  // CHECK-NEXT: return %arg0
  %0 = tpu.slice %x {offsets = array<i64: 0, 0>, sizes = array<i64: 4, 8>, steps = array<i64: 1, 1>} : (tensor<4x8xf16>) -> tensor<4x8xf16>
  %1 = tpu.pad %0 {pads = array<i64: 0, 0, 0, 0>} : (tensor<4x8xf16>) -> tensor<4x8xf16>
  %2 = tpu.concat %1 {axis = 0 : i64} : (tensor<4x8xf16>) -> tensor<4x8xf16>
  %3 = tpu.broadcast %2 : (tensor<4x8xf16>) -> tensor<4x8xf16>
  return %3 : tensor<4x8xf16>
}

// CHECK-LABEL: @splat_moves
func.func @splat_moves() -> tensor<8x4x2xf16> {
  // CHECK-NEXT: tpu.weight dense<1.000000e+00> : tensor<8x4x2xf16>
  // CHECK-NEXT: return
  %0 = tpu.weight dense<1.0> : tensor<4x8x1xf16>
  %1 = tpu.permute %0 {order = array<i64: 1, 0, 2>} : (tensor<4x8x1xf16>) -> tensor<8x4x1xf16>
  %2 = tpu.broadcast %1 : (tensor<8x4x1xf16>) -> tensor<8x4x2xf16>
  return %2 : tensor<8x4x2xf16>
}

// CHECK-LABEL: @slice_of_constant
func.func @slice_of_constant() -> (tensor<1x2xf16>, tensor<2xi32>) {
  // CHECK-DAG: tpu.weight dense<{{\[\[}}4.000000e+00, 6.000000e+00]]> : tensor<1x2xf16>
  // CHECK-DAG: tpu.weight dense<7> : tensor<2xi32>
  // CHECK-NOT: tpu.slice
  %0 = tpu.weight dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf16>
  %1 = tpu.slice %0 {offsets = array<i64: 1, 0>, sizes = array<i64: 1, 2>, steps = array<i64: 1, 2>} : (tensor<2x3xf16>) -> tensor<1x2xf16>
  %2 = tpu.weight dense<7> : tensor<4xi32>
  %3 = tpu.slice %2 {offsets = array<i64: 1>, sizes = array<i64: 2>, steps = array<i64: 1>} : (tensor<4xi32>) -> tensor<2xi32>
  return %1, %3 : tensor<1x2xf16>, tensor<2xi32>
}

// CHECK-LABEL: @matmul_of_transposed_right
func.func @matmul_of_transposed_right(%a: tensor<2x4x8xf16>, %b: tensor<2x6x8xf16>) -> tensor<2x4x6xf16> {
  // CHECK-NEXT: tpu.matmul %arg0, %arg1 {right_transpose = true}
  %0 = tpu.permute %b {order = array<i64: 0, 2, 1>} : (tensor<2x6x8xf16>) -> tensor<2x8x6xf16>
  %1 = tpu.matmul %a, %0 : (tensor<2x4x8xf16>, tensor<2x8x6xf16>) -> tensor<2x4x6xf16>
  return %1 : tensor<2x4x6xf16>
}

// The rest of the permute stays, with whole rows.
// CHECK-LABEL: @matmul_of_permuted_right
func.func @matmul_of_permuted_right(%a: tensor<1x3x5x8xf16>, %b: tensor<1x5x3x8xf16>) -> tensor<1x3x5x5xf16> {
  // CHECK-NEXT: %[[P:.*]] = tpu.permute %arg1 {order = array<i64: 0, 2, 1, 3>}
  // CHECK-NEXT: tpu.matmul %arg0, %[[P]] {right_transpose = true}
  %0 = tpu.permute %b {order = array<i64: 0, 2, 3, 1>} : (tensor<1x5x3x8xf16>) -> tensor<1x3x8x5xf16>
  %1 = tpu.matmul %a, %0 : (tensor<1x3x5x8xf16>, tensor<1x3x8x5xf16>) -> tensor<1x3x5x5xf16>
  return %1 : tensor<1x3x5x5xf16>
}

// CHECK-LABEL: @binary_of_reshapes
func.func @binary_of_reshapes(%a: tensor<6x4xf16>, %b: tensor<6x4xf16>) -> tensor<2x3x4xf16> {
  // CHECK-NEXT: %[[S:.*]] = tpu.binary add %arg0, %arg1
  // CHECK-NEXT: tpu.reshape %[[S]]
  %0 = tpu.reshape %a : (tensor<6x4xf16>) -> tensor<2x3x4xf16>
  %1 = tpu.reshape %b : (tensor<6x4xf16>) -> tensor<2x3x4xf16>
  %2 = tpu.binary add %0, %1 : (tensor<2x3x4xf16>, tensor<2x3x4xf16>) -> tensor<2x3x4xf16>
  return %2 : tensor<2x3x4xf16>
}

// CHECK-LABEL: @binary_of_reshaped_bytes
func.func @binary_of_reshaped_bytes(%a: tensor<6x4x!quant.uniform<i8:f32, 0.5>>, %b: tensor<6x4x!quant.uniform<i8:f32, 0.5>>) -> tensor<2x3x4x!quant.uniform<i8:f32, 1.0>> {
  // CHECK-NEXT: %[[S:.*]] = tpu.binary add %arg0, %arg1 : {{.*}} -> tensor<6x4x!quant.uniform<i8:f32, 1.000000e+00>>
  // CHECK-NEXT: tpu.reshape %[[S]]
  %0 = tpu.reshape %a : (tensor<6x4x!quant.uniform<i8:f32, 0.5>>) -> tensor<2x3x4x!quant.uniform<i8:f32, 0.5>>
  %1 = tpu.reshape %b : (tensor<6x4x!quant.uniform<i8:f32, 0.5>>) -> tensor<2x3x4x!quant.uniform<i8:f32, 0.5>>
  %2 = tpu.binary add %0, %1 : (tensor<2x3x4x!quant.uniform<i8:f32, 0.5>>, tensor<2x3x4x!quant.uniform<i8:f32, 0.5>>) -> tensor<2x3x4x!quant.uniform<i8:f32, 1.0>>
  return %2 : tensor<2x3x4x!quant.uniform<i8:f32, 1.0>>
}

// CHECK-LABEL: @constant_moves
func.func @constant_moves() -> (tensor<3x2xf16>, tensor<2x4xi32>, tensor<6xf16>) {
  // CHECK-DAG: tpu.weight dense<{{\[\[}}1.000000e+00, 4.000000e+00], [2.000000e+00, 5.000000e+00], [3.000000e+00, 6.000000e+00]]> : tensor<3x2xf16>
  // CHECK-DAG: tpu.weight dense<{{\[\[}}0, 0, 0, 0], [0, 7, 8, 0]]> : tensor<2x4xi32>
  // CHECK-DAG: tpu.weight dense<[1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00, 5.000000e+00, 6.000000e+00]> : tensor<6xf16>
  %0 = tpu.weight dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf16>
  %1 = tpu.permute %0 {order = array<i64: 1, 0>} : (tensor<2x3xf16>) -> tensor<3x2xf16>
  %2 = tpu.weight dense<[[7, 8]]> : tensor<1x2xi32>
  %3 = tpu.pad %2 {pads = array<i64: 1, 1, 0, 1>} : (tensor<1x2xi32>) -> tensor<2x4xi32>
  %4 = tpu.reshape %0 : (tensor<2x3xf16>) -> tensor<6xf16>
  return %1, %3, %4 : tensor<3x2xf16>, tensor<2x4xi32>, tensor<6xf16>
}

// A matmul of tiles gives rows; bringing their columns forward and back is
// nothing.
// CHECK-LABEL: @permutes_cancel_through_reshape
// CHECK-NEXT: %[[R:.*]] = tpu.reshape %arg0 : (tensor<6x8xf16>) -> tensor<1x6x8xf16>
// CHECK-NEXT: return %[[R]]
func.func @permutes_cancel_through_reshape(%x: tensor<6x8xf16>) -> tensor<1x6x8xf16> {
  %0 = tpu.reshape %x : (tensor<6x8xf16>) -> tensor<1x2x3x8xf16>
  %1 = tpu.permute %0 {order = array<i64: 0, 3, 1, 2>} : (tensor<1x2x3x8xf16>) -> tensor<1x8x2x3xf16>
  %2 = tpu.reshape %1 : (tensor<1x8x2x3xf16>) -> tensor<1x8x6xf16>
  %3 = tpu.permute %2 {order = array<i64: 0, 2, 1>} : (tensor<1x8x6xf16>) -> tensor<1x6x8xf16>
  return %3 : tensor<1x6x8xf16>
}

// CHECK-LABEL: @cast_of_returned_concat
// CHECK: %[[X:.*]] = tpu.cast %arg0
// CHECK: %[[Y:.*]] = tpu.cast %arg1
// CHECK: tpu.concat %[[X]], %[[Y]]
func.func @cast_of_returned_concat(%x: tensor<2x4xf16>, %y: tensor<2x4xf16>) -> tensor<4x4xf32> {
  %0 = tpu.concat %x, %y {axis = 0 : i64} : (tensor<2x4xf16>, tensor<2x4xf16>) -> tensor<4x4xf16>
  %1 = tpu.cast %0 : (tensor<4x4xf16>) -> tensor<4x4xf32>
  return %1 : tensor<4x4xf32>
}

// CHECK-LABEL: @function_of_returned_concat
// CHECK: %[[A:.*]] = tpu.unary sigmoid %arg0 : tensor<2x4xf16>
// CHECK: %[[B:.*]] = tpu.scalar mul %[[A]]
// CHECK: %[[C:.*]] = tpu.cast %[[B]] : (tensor<2x4xf16>) -> tensor<2x4xf32>
// CHECK: %[[D:.*]] = tpu.unary sigmoid %arg1 : tensor<3x4xf16>
// CHECK: %[[E:.*]] = tpu.scalar mul %[[D]]
// CHECK: %[[F:.*]] = tpu.cast %[[E]] : (tensor<3x4xf16>) -> tensor<3x4xf32>
// CHECK: tpu.concat %[[C]], %[[F]] {axis = 0 : i64}
func.func @function_of_returned_concat(%x: tensor<2x4xf16>, %y: tensor<3x4xf16>) -> tensor<5x4xf32> {
  %0 = tpu.concat %x, %y {axis = 0 : i64} : (tensor<2x4xf16>, tensor<3x4xf16>) -> tensor<5x4xf16>
  %1 = tpu.unary sigmoid %0 : tensor<5x4xf16>
  %2 = tpu.scalar mul %1 {value = 2.0 : f64} : tensor<5x4xf16>
  %3 = tpu.cast %2 : (tensor<5x4xf16>) -> tensor<5x4xf32>
  return %3 : tensor<5x4xf32>
}

// CHECK-LABEL: @function_that_others_read
// CHECK: tpu.concat %arg0, %arg1
// CHECK: tpu.unary sigmoid
func.func @function_that_others_read(%x: tensor<2x4xf16>, %y: tensor<3x4xf16>) -> (tensor<5x4xf32>, tensor<5x4xf16>) {
  %0 = tpu.concat %x, %y {axis = 0 : i64} : (tensor<2x4xf16>, tensor<3x4xf16>) -> tensor<5x4xf16>
  %1 = tpu.unary sigmoid %0 : tensor<5x4xf16>
  %2 = tpu.cast %1 : (tensor<5x4xf16>) -> tensor<5x4xf32>
  return %2, %1 : tensor<5x4xf32>, tensor<5x4xf16>
}

// CHECK-LABEL: @cast_of_inner_concat
// CHECK: tpu.concat %arg0, %arg1
// CHECK-NEXT: tpu.cast
func.func @cast_of_inner_concat(%x: tensor<2x4xf16>, %y: tensor<2x4xf16>) -> tensor<4x4xf32> {
  %0 = tpu.concat %x, %y {axis = 0 : i64} : (tensor<2x4xf16>, tensor<2x4xf16>) -> tensor<4x4xf16>
  %1 = tpu.cast %0 : (tensor<4x4xf16>) -> tensor<4x4xf32>
  %2 = tpu.unary abs %1 : tensor<4x4xf32>
  return %2 : tensor<4x4xf32>
}


// What moves does so in the narrower type.
// CHECK-LABEL: func.func @narrow_before_move
// CHECK: %[[X:.*]] = tpu.unary exp
// CHECK: %[[N:.*]] = tpu.cast %[[X]] : (tensor<4x8xf32>) -> tensor<4x8xf16>
// CHECK: tpu.permute %[[N]]
func.func @narrow_before_move(%arg0: tensor<4x8xf32>) -> tensor<8x4xf16> {
  %0 = tpu.unary exp %arg0 : tensor<4x8xf32>
  %1 = tpu.permute %0 {order = array<i64: 1, 0>} : (tensor<4x8xf32>) -> tensor<8x4xf32>
  %2 = tpu.cast %1 : (tensor<8x4xf32>) -> tensor<8x4xf16>
  return %2 : tensor<8x4xf16>
}


// CHECK-LABEL: func.func @widen_after_permute
// CHECK: %[[P:.*]] = tpu.permute %arg0 {{.*}} -> tensor<8x4xf16>
// CHECK: tpu.cast %[[P]]
func.func @widen_after_permute(%arg0: tensor<4x8xf16>) -> tensor<8x4xf32> {
  %0 = tpu.cast %arg0 : (tensor<4x8xf16>) -> tensor<4x8xf32>
  %1 = tpu.permute %0 {order = array<i64: 1, 0>} : (tensor<4x8xf32>) -> tensor<8x4xf32>
  return %1 : tensor<8x4xf32>
}


// An input moves while it is loaded; what others read moves as it is.
// CHECK-LABEL: func.func @moves_as_it_is
// CHECK: tpu.permute %arg0
// CHECK: tpu.cast
// CHECK: tpu.unary exp
// CHECK: tpu.permute {{.*}}f32
func.func @moves_as_it_is(%arg0: tensor<4x8xf32>) -> (tensor<8x4xf16>, tensor<8x4xf16>, tensor<8x4xf32>) {
  %0 = tpu.permute %arg0 {order = array<i64: 1, 0>} : (tensor<4x8xf32>) -> tensor<8x4xf32>
  %1 = tpu.cast %0 : (tensor<8x4xf32>) -> tensor<8x4xf16>
  %2 = tpu.unary exp %arg0 : tensor<4x8xf32>
  %3 = tpu.permute %2 {order = array<i64: 1, 0>} : (tensor<4x8xf32>) -> tensor<8x4xf32>
  %4 = tpu.cast %3 : (tensor<8x4xf32>) -> tensor<8x4xf16>
  return %1, %4, %3 : tensor<8x4xf16>, tensor<8x4xf16>, tensor<8x4xf32>
}

// Through functions of one element.
// CHECK-LABEL: func.func @narrow_before_reshape
// CHECK: %[[X:.*]] = tpu.unary exp
// CHECK: %[[A:.*]] = tpu.scalar add %[[X]] {{.*}} : tensor<32x1xf32>
// CHECK: %[[S:.*]] = tpu.unary sqrt %[[A]] : tensor<32x1xf32>
// CHECK: %[[N:.*]] = tpu.cast %[[S]]
// CHECK: tpu.reshape %[[N]] : (tensor<32x1xf16>) -> tensor<4x8xf16>
func.func @narrow_before_reshape(%arg0: tensor<32x1xf32>) -> tensor<4x8xf16> {
  %0 = tpu.unary exp %arg0 : tensor<32x1xf32>
  %1 = tpu.reshape %0 : (tensor<32x1xf32>) -> tensor<4x8xf32>
  %2 = tpu.scalar add %1 {value = 1.0} : tensor<4x8xf32>
  %3 = tpu.unary sqrt %2 : tensor<4x8xf32>
  %4 = tpu.cast %3 : (tensor<4x8xf32>) -> tensor<4x8xf16>
  return %4 : tensor<4x8xf16>
}
