// RUN: tpuc-opt %s --test-evaluate -o /dev/null | FileCheck %s

// CHECK-LABEL: @softmax
// CHECK-NEXT: f32 [2, 2]: 0.5 0.268941 0.5 0.731059
// CHECK-NEXT: f32 [2, 2]: -0.693147 -1.31326 -0.693147 -0.313262
func.func @softmax() -> (tensor<2x2xf32>, tensor<2x2xf32>) {
  %x = top.weight dense<[[1000.0, 1.0], [1000.0, 2.0]]> : tensor<2x2xf32>
  %0 = top.softmax %x {axis = 0 : i64} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %1 = top.softmax %x {axis = 0 : i64, log = true} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0, %1 : tensor<2x2xf32>, tensor<2x2xf32>
}

// CHECK-LABEL: @norms
// CHECK-NEXT: f32 [1, 2]: -2 3
// CHECK-NEXT: f32 [1, 2]: 0.848528 1.13137
// CHECK-NEXT: f32 [1, 2]: -1 1
// CHECK-NEXT: f32 [1, 2]: 2 9
func.func @norms() -> (tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>) {
  %x = top.weight dense<[[3.0, 4.0]]> : tensor<1x2xf32>
  %y = top.weight dense<[[1.0, 3.0]]> : tensor<1x2xf32>
  %s = top.weight dense<[2.0, 2.0]> : tensor<2xf32>
  %b = top.weight dense<[0.0, 1.0]> : tensor<2xf32>
  %v = top.weight dense<[0.75, 0.0]> : tensor<2xf32>
  %0 = top.layer_norm %y, %s, %b {axis = 1 : i64, epsilon = 0.0} : (tensor<1x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  %1 = top.rms_norm %x {axis = 1 : i64, epsilon = 0.0} : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %2 = top.group_norm %y {num_groups = 1 : i64, epsilon = 0.0} : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %3 = top.batch_norm %y, %s, %b, %b, %v {epsilon = 0.25} : (tensor<1x2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  return %0, %1, %2, %3 : tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>
}

// CHECK-LABEL: @reductions
// CHECK-NEXT: f32 [2]: 2 -2
// CHECK-NEXT: f32 [1, 3]: -3 0 3
// CHECK-NEXT: f32 []: 3
// CHECK-NEXT: f32 [2]: -6 0
// CHECK-NEXT: f32 [2]: 3.74166 5.38516
// CHECK-NEXT: f32 [2]: 3.40761 0.142932
func.func @reductions() -> (tensor<2xf32>, tensor<1x3xf32>, tensor<f32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %x = top.weight dense<[[1.0, 2.0, 3.0], [-4.0, -2.0, 0.0]]> : tensor<2x3xf32>
  %y = top.weight dense<[[1.0, 2.0, -3.0], [-5.0, -2.0, 0.0]]> : tensor<2x3xf32>
  %0 = top.reduce mean %x {axes = array<i64: 1>, keepdims = false} : (tensor<2x3xf32>) -> tensor<2xf32>
  %1 = top.reduce sum %x {axes = array<i64: 0>} : (tensor<2x3xf32>) -> tensor<1x3xf32>
  %2 = top.reduce max %x {axes = array<i64>, keepdims = false} : (tensor<2x3xf32>) -> tensor<f32>
  %3 = top.reduce prod %y {axes = array<i64: 1>, keepdims = false} : (tensor<2x3xf32>) -> tensor<2xf32>
  %4 = top.reduce l2 %y {axes = array<i64: 1>, keepdims = false} : (tensor<2x3xf32>) -> tensor<2xf32>
  %5 = top.reduce log_sum_exp %x {axes = array<i64: 1>, keepdims = false} : (tensor<2x3xf32>) -> tensor<2xf32>
  return %0, %1, %2, %3, %4, %5 : tensor<2xf32>, tensor<1x3xf32>, tensor<f32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// CHECK-LABEL: @order_statistics
// CHECK-NEXT: int [1, 1]: 1
// CHECK-NEXT: int [1, 1]: 3
// CHECK-NEXT: f32 [1, 3]: 5 5 2
// CHECK-NEXT: int [1, 3]: 1 3 0
// CHECK-NEXT: f32 [1, 2]: 1 2
// CHECK-NEXT: int [1, 2]: 2 0
func.func @order_statistics() -> (tensor<1x1xi64>, tensor<1x1xi64>, tensor<1x3xf32>, tensor<1x3xi64>, tensor<1x2xf32>, tensor<1x2xi64>) {
  %x = top.weight dense<[[2.0, 5.0, 1.0, 5.0]]> : tensor<1x4xf32>
  %0 = top.arg max %x {axis = 1 : i64} : (tensor<1x4xf32>) -> tensor<1x1xi64>
  %1 = top.arg max %x {axis = 1 : i64, select_last = true} : (tensor<1x4xf32>) -> tensor<1x1xi64>
  %2:2 = top.topk %x {axis = 1 : i64, k = 3 : i64} : (tensor<1x4xf32>) -> (tensor<1x3xf32>, tensor<1x3xi64>)
  %3:2 = top.topk %x {axis = 1 : i64, k = 2 : i64, largest = false} : (tensor<1x4xf32>) -> (tensor<1x2xf32>, tensor<1x2xi64>)
  return %0, %1, %2#0, %2#1, %3#0, %3#1 : tensor<1x1xi64>, tensor<1x1xi64>, tensor<1x3xf32>, tensor<1x3xi64>, tensor<1x2xf32>, tensor<1x2xi64>
}

// CHECK-LABEL: @running_sums
// CHECK-NEXT: f32 [2, 2]: 1 2 4 6
// CHECK-NEXT: f32 [2, 2]: 3 2 7 4
// CHECK-NEXT: f32 [2, 2]: 0 1 0 3
func.func @running_sums() -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
  %x = top.weight dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %0 = top.cumsum %x {axis = 0 : i64} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %1 = top.cumsum %x {axis = 1 : i64, reverse = true} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  %2 = top.cumsum %x {axis = 1 : i64, exclusive = true} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0, %1, %2 : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}
