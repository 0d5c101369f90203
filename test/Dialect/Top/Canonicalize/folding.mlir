// RUN: tpuc-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @fold_arithmetic(
// CHECK-NEXT: %[[C:.*]] = top.weight dense<[5.000000e+00, 8.000000e+00]> : tensor<2xf32>
// CHECK-NEXT: return %[[C]]
func.func @fold_arithmetic() -> tensor<2xf32> {
  %a = top.weight dense<[1.0, 2.0]> : tensor<2xf32>
  %b = top.weight dense<3.0> : tensor<f32>
  %two = top.weight dense<2.0> : tensor<f32>
  %0 = top.mul %a, %b : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %1 = top.add %0, %two : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}

// Both results fold.
// CHECK-LABEL: func.func @fold_two_results(
// CHECK-DAG: %[[V:.*]] = top.weight dense<[3.000000e+00, 2.000000e+00]> : tensor<2xf32>
// CHECK-DAG: %[[I:.*]] = top.weight dense<[1, 2]> : tensor<2xi64>
// CHECK: return %[[V]], %[[I]]
func.func @fold_two_results() -> (tensor<2xf32>, tensor<2xi64>) {
  %a = top.weight dense<[1.0, 3.0, 2.0]> : tensor<3xf32>
  %0:2 = top.topk %a {axis = 0 : i64, k = 2 : i64} : (tensor<3xf32>) -> (tensor<2xf32>, tensor<2xi64>)
  return %0#0, %0#1 : tensor<2xf32>, tensor<2xi64>
}

// CHECK-LABEL: func.func @fold_mask(
// CHECK-NEXT: top.weight dense<[true, false]> : tensor<2xi1>
func.func @fold_mask() -> tensor<2xi1> {
  %a = top.weight dense<[1, 3]> : tensor<2xi64>
  %two = top.weight dense<2> : tensor<i64>
  %0 = top.compare less %a, %two : (tensor<2xi64>, tensor<i64>) -> tensor<2xi1>
  return %0 : tensor<2xi1>
}

// An index that is out of range is left for whoever runs the program.
// CHECK-LABEL: func.func @wrong_data_stays(
// CHECK: top.gather
func.func @wrong_data_stays() -> tensor<1xf32> {
  %x = top.weight dense<[1.0, 2.0]> : tensor<2xf32>
  %i = top.weight dense<2> : tensor<1xi64>
  %0 = top.gather %x, %i {axis = 0 : i64} : (tensor<2xf32>, tensor<1xi64>) -> tensor<1xf32>
  return %0 : tensor<1xf32>
}

// Two megabytes out of eight bytes would only bloat the module.
// CHECK-LABEL: func.func @large_result_stays(
// CHECK: top.tile
func.func @large_result_stays() -> tensor<524288xf32> {
  %x = top.weight dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = top.tile %x {repeats = array<i64: 262144>} : (tensor<2xf32>) -> tensor<524288xf32>
  return %0 : tensor<524288xf32>
}

// CHECK-LABEL: func.func @no_data_stays(
// CHECK: top.relu
func.func @no_data_stays() -> tensor<4xf32> {
  %x = top.weight dense_resource<__elided__> : tensor<4xf32>
  %0 = top.relu %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func.func @large_uniform_constant_stays(
// CHECK: top.div
func.func @large_uniform_constant_stays(%x: tensor<1xf32>) -> tensor<1099511627776xf32> {
  %c = top.weight dense<3.0> : tensor<1099511627776xf32>
  %0 = top.exp %c : tensor<1099511627776xf32>
  %1 = top.div %x, %0 : (tensor<1xf32>, tensor<1099511627776xf32>) -> tensor<1099511627776xf32>
  return %1 : tensor<1099511627776xf32>
}
