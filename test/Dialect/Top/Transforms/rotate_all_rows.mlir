// RUN: tpuc-opt %s -split-input-file -top-rotate-all-rows | FileCheck %s

// Pairs of neighbours: the first row gets factors of 1 and 0.
// CHECK-LABEL: func.func @interleaved
// CHECK-DAG: %[[ONE:.*]] = top.weight dense<{{\[\[\[}}1.000000e+00, 1.000000e+00, 1.000000e+00, 1.000000e+00], [2.000000e+00, 3.000000e+00, 4.000000e+00, 5.000000e+00], [6.000000e+00
// CHECK-DAG: %[[ZERO:.*]] = top.weight dense<{{\[\[\[}}0.000000e+00, 0.000000e+00, 0.000000e+00, 0.000000e+00], [1.100000e+01, 1.100000e+01
// CHECK: %[[A:.*]] = top.mul %arg0, %[[ONE]]
// CHECK: top.slice %arg0 {offsets = array<i64: 0, 0, 1>, sizes = array<i64: 2, 3, 2>, steps = array<i64: 1, 1, 2>}
// CHECK: top.concat {{.*}} -> tensor<2x3x2x2xf32>
// CHECK: %[[R:.*]] = top.reshape {{.*}} -> tensor<2x3x4xf32>
// CHECK: %[[B:.*]] = top.mul %[[R]], %[[ZERO]]
// CHECK: %[[S:.*]] = top.add %[[A]], %[[B]]
// CHECK: return %[[S]]
func.func @interleaved(%x: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %cos = top.weight dense<[[2.0, 3.0, 4.0, 5.0], [6.0, 7.0, 8.0, 9.0]]> : tensor<2x4xf32>
  %sin = top.weight dense<11.0> : tensor<2x4xf32>
  %first = top.slice %x {offsets = array<i64: 0, 0, 0>, sizes = array<i64: 2, 1, 4>, steps = array<i64: 1, 1, 1>} : (tensor<2x3x4xf32>) -> tensor<2x1x4xf32>
  %rest = top.slice %x {offsets = array<i64: 0, 1, 0>, sizes = array<i64: 2, 2, 4>, steps = array<i64: 1, 1, 1>} : (tensor<2x3x4xf32>) -> tensor<2x2x4xf32>
  %0 = top.mul %rest, %cos : (tensor<2x2x4xf32>, tensor<2x4xf32>) -> tensor<2x2x4xf32>
  %odd = top.slice %rest {offsets = array<i64: 0, 0, 1>, sizes = array<i64: 2, 2, 2>, steps = array<i64: 1, 1, 2>} : (tensor<2x2x4xf32>) -> tensor<2x2x2xf32>
  %1 = top.neg %odd : tensor<2x2x2xf32>
  %even = top.slice %rest {offsets = array<i64: 0, 0, 0>, sizes = array<i64: 2, 2, 2>, steps = array<i64: 1, 1, 2>} : (tensor<2x2x4xf32>) -> tensor<2x2x2xf32>
  %2 = top.reshape %1 : (tensor<2x2x2xf32>) -> tensor<2x2x2x1xf32>
  %3 = top.reshape %even : (tensor<2x2x2xf32>) -> tensor<2x2x2x1xf32>
  %4 = top.concat %2, %3 {axis = 3 : i64} : (tensor<2x2x2x1xf32>, tensor<2x2x2x1xf32>) -> tensor<2x2x2x2xf32>
  %5 = top.reshape %4 : (tensor<2x2x2x2xf32>) -> tensor<2x2x4xf32>
  %6 = top.mul %5, %sin : (tensor<2x2x4xf32>, tensor<2x4xf32>) -> tensor<2x2x4xf32>
  %7 = top.add %0, %6 : (tensor<2x2x4xf32>, tensor<2x2x4xf32>) -> tensor<2x2x4xf32>
  %8 = top.concat %first, %7 {axis = 1 : i64} : (tensor<2x1x4xf32>, tensor<2x2x4xf32>) -> tensor<2x3x4xf32>
  return %8 : tensor<2x3x4xf32>
}

// -----

// Halves, one factor for all rows that are rotated, others behind them.
// CHECK-LABEL: func.func @halves
// CHECK-DAG: top.weight dense<{{\[\[}}2.000000e+00, 2.000000e+00], [1.000000e+00, 1.000000e+00]]>
// CHECK-DAG: top.weight dense<{{\[\[}}3.000000e+00, 3.000000e+00], [0.000000e+00, 0.000000e+00]]>
// CHECK-NOT: top.concat {{.*}} {axis = 0
func.func @halves(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %cos = top.weight dense<2.0> : tensor<2xf32>
  %sin = top.weight dense<3.0> : tensor<2xf32>
  %rest = top.slice %x {offsets = array<i64: 0, 0>, sizes = array<i64: 1, 2>, steps = array<i64: 1, 1>} : (tensor<2x2xf32>) -> tensor<1x2xf32>
  %last = top.slice %x {offsets = array<i64: 1, 0>, sizes = array<i64: 1, 2>, steps = array<i64: 1, 1>} : (tensor<2x2xf32>) -> tensor<1x2xf32>
  %0 = top.mul %rest, %cos : (tensor<1x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  %a = top.slice %rest {offsets = array<i64: 0, 0>, sizes = array<i64: 1, 1>, steps = array<i64: 1, 1>} : (tensor<1x2xf32>) -> tensor<1x1xf32>
  %b = top.slice %rest {offsets = array<i64: 0, 1>, sizes = array<i64: 1, 1>, steps = array<i64: 1, 1>} : (tensor<1x2xf32>) -> tensor<1x1xf32>
  %c = top.neg %b : tensor<1x1xf32>
  %1 = top.concat %c, %a {axis = 1 : i64} : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x2xf32>
  %2 = top.mul %1, %sin : (tensor<1x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  %3 = top.add %2, %0 : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  %4 = top.concat %3, %last {axis = 0 : i64} : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<2x2xf32>
  return %4 : tensor<2x2xf32>
}

// -----

// Rows that depend on others, here on those after them, are no rotation.
// CHECK-LABEL: func.func @rows_of_others
// CHECK: top.concat {{.*}} {axis = 0 : i64}
func.func @rows_of_others(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %cos = top.weight dense<2.0> : tensor<2xf32>
  %first = top.slice %x {offsets = array<i64: 0, 0>, sizes = array<i64: 1, 2>, steps = array<i64: 1, 1>} : (tensor<3x2xf32>) -> tensor<1x2xf32>
  %rest = top.slice %x {offsets = array<i64: 1, 0>, sizes = array<i64: 2, 2>, steps = array<i64: 1, 1>} : (tensor<3x2xf32>) -> tensor<2x2xf32>
  %back = top.slice %rest {offsets = array<i64: 1, 0>, sizes = array<i64: 2, 2>, steps = array<i64: -1, 1>} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %0 = top.mul %rest, %cos : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %1 = top.mul %back, %cos : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %2 = top.add %0, %1 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %3 = top.concat %first, %2 {axis = 0 : i64} : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
  return %3 : tensor<3x2xf32>
}
