// RUN: tpuc-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @compose_slices(
// CHECK-NEXT: top.slice %arg0 {offsets = array<i64: 7>, sizes = array<i64: 2>, steps = array<i64: -4>}
func.func @compose_slices(%x: tensor<10xf32>) -> tensor<2xf32> {
  %0 = top.slice %x {offsets = array<i64: 1>, sizes = array<i64: 4>, steps = array<i64: 2>} : (tensor<10xf32>) -> tensor<4xf32>
  %1 = top.slice %0 {offsets = array<i64: 3>, sizes = array<i64: 2>, steps = array<i64: -2>} : (tensor<4xf32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}

// CHECK-LABEL: func.func @slice_of_one_part(
// CHECK-NEXT: top.slice %arg1 {offsets = array<i64: 1>
func.func @slice_of_one_part(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<2xf32> {
  %0 = top.concat %x, %y {axis = 0 : i64} : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %1 = top.slice %0 {offsets = array<i64: 5>, sizes = array<i64: 2>, steps = array<i64: 1>} : (tensor<8xf32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}

// CHECK-LABEL: func.func @slice_of_two_parts(
// CHECK-NEXT: top.concat
// CHECK-NEXT: top.slice
func.func @slice_of_two_parts(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<2xf32> {
  %0 = top.concat %x, %y {axis = 0 : i64} : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %1 = top.slice %0 {offsets = array<i64: 3>, sizes = array<i64: 2>, steps = array<i64: 1>} : (tensor<8xf32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}

// CHECK-LABEL: func.func @split_and_join(
// CHECK-NEXT: return %arg0
func.func @split_and_join(%x: tensor<2x6xf32>) -> tensor<2x6xf32> {
  %0 = top.slice %x {offsets = array<i64: 0, 0>, sizes = array<i64: 2, 4>, steps = array<i64: 1, 1>} : (tensor<2x6xf32>) -> tensor<2x4xf32>
  %1 = top.slice %x {offsets = array<i64: 0, 4>, sizes = array<i64: 2, 2>, steps = array<i64: 1, 1>} : (tensor<2x6xf32>) -> tensor<2x2xf32>
  %2 = top.concat %0, %1 {axis = 1 : i64} : (tensor<2x4xf32>, tensor<2x2xf32>) -> tensor<2x6xf32>
  return %2 : tensor<2x6xf32>
}

// A cyclic shift has the parts the other way round.
// CHECK-LABEL: func.func @shift_is_no_join(
// CHECK: top.concat
func.func @shift_is_no_join(%x: tensor<2x6xf32>) -> tensor<2x6xf32> {
  %0 = top.slice %x {offsets = array<i64: 0, 0>, sizes = array<i64: 2, 4>, steps = array<i64: 1, 1>} : (tensor<2x6xf32>) -> tensor<2x4xf32>
  %1 = top.slice %x {offsets = array<i64: 0, 4>, sizes = array<i64: 2, 2>, steps = array<i64: 1, 1>} : (tensor<2x6xf32>) -> tensor<2x2xf32>
  %2 = top.concat %1, %0 {axis = 1 : i64} : (tensor<2x2xf32>, tensor<2x4xf32>) -> tensor<2x6xf32>
  return %2 : tensor<2x6xf32>
}

// CHECK-LABEL: func.func @flatten_concats(
// CHECK-NEXT: top.concat %arg0, %arg1, %arg0 {axis = 0 : i64}
func.func @flatten_concats(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<12xf32> {
  %0 = top.concat %x, %y {axis = 0 : i64} : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %1 = top.concat %0, %x {axis = 0 : i64} : (tensor<8xf32>, tensor<4xf32>) -> tensor<12xf32>
  return %1 : tensor<12xf32>
}

// CHECK-LABEL: func.func @concats_of_other_axis(
// CHECK: top.concat
// CHECK: top.concat
func.func @concats_of_other_axis(%x: tensor<2x2xf32>) -> tensor<4x4xf32> {
  %0 = top.concat %x, %x {axis = 0 : i64} : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  %1 = top.concat %0, %0 {axis = 1 : i64} : (tensor<4x2xf32>, tensor<4x2xf32>) -> tensor<4x4xf32>
  return %1 : tensor<4x4xf32>
}

// CHECK-LABEL: func.func @gather_one(
// CHECK-NEXT: %[[S:.*]] = top.slice %arg0 {offsets = array<i64: 2, 0>, sizes = array<i64: 1, 4>
// CHECK-NEXT: top.reshape %[[S]] : (tensor<1x4xf32>) -> tensor<4xf32>
func.func @gather_one(%x: tensor<3x4xf32>) -> tensor<4xf32> {
  %i = top.weight dense<-1> : tensor<i64>
  %0 = top.gather %x, %i {axis = 0 : i64} : (tensor<3x4xf32>, tensor<i64>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func.func @gather_every_other(
// CHECK-NEXT: top.slice %arg0 {offsets = array<i64: 0, 0>, sizes = array<i64: 3, 2>, steps = array<i64: 1, 2>}
func.func @gather_every_other(%x: tensor<3x4xf32>) -> tensor<3x2xf32> {
  %i = top.weight dense<[0, 2]> : tensor<2xi64>
  %0 = top.gather %x, %i {axis = 1 : i64} : (tensor<3x4xf32>, tensor<2xi64>) -> tensor<3x2xf32>
  return %0 : tensor<3x2xf32>
}

// CHECK-LABEL: func.func @gather_irregular(
// CHECK: top.gather
func.func @gather_irregular(%x: tensor<3x4xf32>) -> tensor<3x3xf32> {
  %i = top.weight dense<[0, 2, 3]> : tensor<3xi64>
  %0 = top.gather %x, %i {axis = 1 : i64} : (tensor<3x4xf32>, tensor<3xi64>) -> tensor<3x3xf32>
  return %0 : tensor<3x3xf32>
}

// The features of a dense block: what is joined already is not joined again.
// CHECK-LABEL: func.func @growing_concats(
// CHECK-NEXT: %[[P:.*]] = top.concat %arg0, %arg1
// CHECK-NEXT: %[[R:.*]] = top.slice %[[P]]
// CHECK-NEXT: top.concat %[[P]], %[[R]]
func.func @growing_concats(%x: tensor<2x4xf32>, %y: tensor<2x4xf32>) -> tensor<6x4xf32> {
  %0 = top.concat %x, %y {axis = 0 : i64} : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<4x4xf32>
  %1 = top.slice %0 {offsets = array<i64: 1, 0>, sizes = array<i64: 2, 4>, steps = array<i64: 1, 1>} : (tensor<4x4xf32>) -> tensor<2x4xf32>
  %2 = top.concat %x, %y, %1 {axis = 0 : i64} : (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<6x4xf32>
  return %2 : tensor<6x4xf32>
}

// CHECK-LABEL: func.func @concats_of_other_order(
// CHECK: top.concat %arg0, %arg1
// CHECK: top.concat %arg1, %arg0
func.func @concats_of_other_order(%x: tensor<2x4xf32>, %y: tensor<2x4xf32>) -> (tensor<4x4xf32>, tensor<6x4xf32>) {
  %0 = top.concat %x, %y {axis = 0 : i64} : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<4x4xf32>
  %1 = top.concat %y, %x, %x {axis = 0 : i64} : (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<6x4xf32>
  return %0, %1 : tensor<4x4xf32>, tensor<6x4xf32>
}
