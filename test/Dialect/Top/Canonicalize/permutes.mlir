// RUN: tpuc-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @permutes_compose_through_reshape(
// CHECK-NEXT: %[[R:.*]] = top.reshape %arg0 : (tensor<2x3x4x8xf32>) -> tensor<2x3x4x2x4xf32>
// CHECK-NEXT: %[[P:.*]] = top.permute %[[R]] {order = array<i64: 1, 0, 3, 2, 4>}
// CHECK-NEXT: return %[[P]]
func.func @permutes_compose_through_reshape(%x: tensor<2x3x4x8xf32>) -> tensor<3x2x2x4x4xf32> {
  %0 = top.permute %x {order = array<i64: 1, 0, 2, 3>} : (tensor<2x3x4x8xf32>) -> tensor<3x2x4x8xf32>
  %1 = top.reshape %0 : (tensor<3x2x4x8xf32>) -> tensor<6x4x2x4xf32>
  %2 = top.permute %1 {order = array<i64: 0, 2, 1, 3>} : (tensor<6x4x2x4xf32>) -> tensor<6x2x4x4xf32>
  %3 = top.reshape %2 : (tensor<6x2x4x4xf32>) -> tensor<3x2x2x4x4xf32>
  return %3 : tensor<3x2x2x4x4xf32>
}

// CHECK-LABEL: func.func @crossing_axes_stay(
// CHECK-COUNT-2: top.permute
func.func @crossing_axes_stay(%x: tensor<4x6xf32>) -> tensor<3x8xf32> {
  %0 = top.permute %x {order = array<i64: 1, 0>} : (tensor<4x6xf32>) -> tensor<6x4xf32>
  %1 = top.reshape %0 : (tensor<6x4xf32>) -> tensor<8x3xf32>
  %2 = top.permute %1 {order = array<i64: 1, 0>} : (tensor<8x3xf32>) -> tensor<3x8xf32>
  return %2 : tensor<3x8xf32>
}

// Each part of a packed projection is columns of it.
// CHECK-LABEL: func.func @packed_parts_are_columns(
// CHECK-NEXT: %[[S:.*]] = top.slice %arg0 {offsets = array<i64: 0, 24>, sizes = array<i64: 10, 24>
// CHECK-NEXT: %[[R:.*]] = top.reshape %[[S]] : (tensor<10x24xf32>) -> tensor<2x5x3x8xf32>
// CHECK-NEXT: %[[P:.*]] = top.permute %[[R]] {order = array<i64: 0, 2, 1, 3>}
// CHECK-NEXT: return %[[P]]
func.func @packed_parts_are_columns(%x: tensor<10x72xf32>) -> tensor<2x3x5x8xf32> {
  %0 = top.reshape %x : (tensor<10x72xf32>) -> tensor<2x5x3x3x8xf32>
  %1 = top.permute %0 {order = array<i64: 2, 0, 3, 1, 4>} : (tensor<2x5x3x3x8xf32>) -> tensor<3x2x3x5x8xf32>
  %2 = top.slice %1 {offsets = array<i64: 1, 0, 0, 0, 0>, sizes = array<i64: 1, 2, 3, 5, 8>, steps = array<i64: 1, 1, 1, 1, 1>} : (tensor<3x2x3x5x8xf32>) -> tensor<1x2x3x5x8xf32>
  %3 = top.reshape %2 : (tensor<1x2x3x5x8xf32>) -> tensor<2x3x5x8xf32>
  return %3 : tensor<2x3x5x8xf32>
}

// The same parts by gathers, of two.
// CHECK-LABEL: func.func @gathered_parts_are_columns(
// CHECK-DAG: top.slice %arg0 {offsets = array<i64: 0, 0>, sizes = array<i64: 5, 8>
// CHECK-DAG: top.slice %arg0 {offsets = array<i64: 0, 8>, sizes = array<i64: 5, 8>
// CHECK-NOT: top.gather
func.func @gathered_parts_are_columns(%x: tensor<5x16xf32>) -> (tensor<2x5x4xf32>, tensor<2x5x4xf32>) {
  %i = top.weight dense<0> : tensor<i64>
  %j = top.weight dense<1> : tensor<i64>
  %0 = top.reshape %x : (tensor<5x16xf32>) -> tensor<5x2x2x4xf32>
  %1 = top.permute %0 {order = array<i64: 1, 2, 0, 3>} : (tensor<5x2x2x4xf32>) -> tensor<2x2x5x4xf32>
  %2 = top.gather %1, %i {axis = 0 : i64} : (tensor<2x2x5x4xf32>, tensor<i64>) -> tensor<2x5x4xf32>
  %3 = top.gather %1, %j {axis = 0 : i64} : (tensor<2x2x5x4xf32>, tensor<i64>) -> tensor<2x5x4xf32>
  return %2, %3 : tensor<2x5x4xf32>, tensor<2x5x4xf32>
}

// With another reader the permute stays, and so does the slice of it.
// CHECK-LABEL: func.func @permute_with_other_reader_stays(
// CHECK-NEXT: top.permute %arg0
// CHECK-NEXT: top.slice
func.func @permute_with_other_reader_stays(%x: tensor<4x6xf32>) -> (tensor<6x4xf32>, tensor<3x4xf32>) {
  %0 = top.permute %x {order = array<i64: 1, 0>} : (tensor<4x6xf32>) -> tensor<6x4xf32>
  %1 = top.slice %0 {offsets = array<i64: 0, 0>, sizes = array<i64: 3, 4>, steps = array<i64: 1, 1>} : (tensor<6x4xf32>) -> tensor<3x4xf32>
  return %0, %1 : tensor<6x4xf32>, tensor<3x4xf32>
}

// Every second element of a row is no range of the operand's axis.
// CHECK-LABEL: func.func @inner_slice_of_reshape_stays(
// CHECK-NEXT: top.reshape
// CHECK-NEXT: top.slice
func.func @inner_slice_of_reshape_stays(%x: tensor<4x6xf32>) -> tensor<4x3x1xf32> {
  %0 = top.reshape %x : (tensor<4x6xf32>) -> tensor<4x3x2xf32>
  %1 = top.slice %0 {offsets = array<i64: 0, 0, 1>, sizes = array<i64: 4, 3, 1>, steps = array<i64: 1, 1, 1>} : (tensor<4x3x2xf32>) -> tensor<4x3x1xf32>
  return %1 : tensor<4x3x1xf32>
}

// Windows of an image whose channels go last: transposed first, since a channel
// is 16 wide, and then moved in rows.
// CHECK-LABEL: func.func @transposition_apart_from_rows(
// CHECK-NEXT: %[[R:.*]] = top.reshape %arg0 : (tensor<1x16x4x4xf32>) -> tensor<16x2x2x2x2xf32>
// CHECK-NEXT: %[[T:.*]] = top.permute %[[R]] {order = array<i64: 1, 2, 3, 4, 0>}
// CHECK-NEXT: %[[P:.*]] = top.permute %[[T]] {order = array<i64: 0, 2, 1, 3, 4>}
func.func @transposition_apart_from_rows(%x: tensor<1x16x4x4xf32>) -> tensor<2x2x2x2x16xf32> {
  %0 = top.reshape %x : (tensor<1x16x4x4xf32>) -> tensor<16x2x2x2x2xf32>
  %1 = top.permute %0 {order = array<i64: 1, 3, 2, 4, 0>} : (tensor<16x2x2x2x2xf32>) -> tensor<2x2x2x2x16xf32>
  return %1 : tensor<2x2x2x2x16xf32>
}

// And back: rows first.
// CHECK-LABEL: func.func @rows_apart_from_transposition(
// CHECK: top.permute %{{.*}} {order = array<i64: 0, 2, 1, 3, 4>}
// CHECK-NEXT: top.permute %{{.*}} {order = array<i64: 4, 0, 1, 2, 3>}
func.func @rows_apart_from_transposition(%x: tensor<2x2x2x2x16xf32>) -> tensor<16x2x2x2x2xf32> {
  %0 = top.permute %x {order = array<i64: 4, 0, 2, 1, 3>} : (tensor<2x2x2x2x16xf32>) -> tensor<16x2x2x2x2xf32>
  return %0 : tensor<16x2x2x2x2xf32>
}

// Rows of 3 elements are no better than elements.
// CHECK-LABEL: func.func @short_rows_stay(
// CHECK-NEXT: top.permute %arg0 {order = array<i64: 1, 3, 2, 4, 0>}
// CHECK-NEXT: return
func.func @short_rows_stay(%x: tensor<3x2x2x2x2xf32>) -> tensor<2x2x2x2x3xf32> {
  %0 = top.permute %x {order = array<i64: 1, 3, 2, 4, 0>} : (tensor<3x2x2x2x2xf32>) -> tensor<2x2x2x2x3xf32>
  return %0 : tensor<2x2x2x2x3xf32>
}

// The first permute moves pairs of elements: with the second it is a
// transposition and a movement of rows.
// CHECK-LABEL: func.func @short_rows_join_a_transposition(
// CHECK: %[[T:.*]] = top.permute %{{.*}} {order = array<i64: 1, 2, 3, 4, 0>} : (tensor<16x2x2x2x2xf32>)
// CHECK-NEXT: %[[P:.*]] = top.permute %[[T]] {order = array<i64: 1, 3, 0, 2, 4>}
// CHECK-NEXT: %[[R:.*]] = top.reshape %[[P]]
// CHECK-NEXT: return %[[R]]
func.func @short_rows_join_a_transposition(%x: tensor<1x16x4x4xf32>) -> tensor<4x4x16xf32> {
  %0 = top.reshape %x : (tensor<1x16x4x4xf32>) -> tensor<32x2x2x2xf32>
  %1 = top.permute %0 {order = array<i64: 0, 2, 1, 3>} : (tensor<32x2x2x2xf32>) -> tensor<32x2x2x2xf32>
  %2 = top.reshape %1 : (tensor<32x2x2x2xf32>) -> tensor<16x4x4xf32>
  %3 = top.permute %2 {order = array<i64: 2, 1, 0>} : (tensor<16x4x4xf32>) -> tensor<4x4x16xf32>
  return %3 : tensor<4x4x16xf32>
}

// A depth to space: channels stay outermost, the phases interleave columns.
// CHECK-LABEL: func.func @short_axes_interleave_in_the_lanes(
// CHECK-NEXT: top.permute %arg0 {order = array<i64: 0, 3, 1, 4, 2>}
// CHECK-NEXT: return
func.func @short_axes_interleave_in_the_lanes(%x: tensor<16x2x2x20x20xf32>) -> tensor<16x20x2x20x2xf32> {
  %0 = top.permute %x {order = array<i64: 0, 3, 1, 4, 2>} : (tensor<16x2x2x20x20xf32>) -> tensor<16x20x2x20x2xf32>
  return %0 : tensor<16x20x2x20x2xf32>
}
