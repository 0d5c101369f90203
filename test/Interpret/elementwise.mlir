// RUN: tpuc-opt %s --test-evaluate -o /dev/null | FileCheck %s
// Values computed with numpy in f64 and rounded.

// CHECK-LABEL: @broadcasting
// CHECK-NEXT: f32 [2, 2]: 11 21 12 22
// CHECK-NEXT: f32 [2, 2]: -9 -19 -8 -18
// CHECK-NEXT: f32 [2, 2]: 10 20 20 40
// CHECK-NEXT: f32 [2, 2]: 0.1 0.05 0.2 0.1
func.func @broadcasting() -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
  %a = top.weight dense<[[1.0], [2.0]]> : tensor<2x1xf32>
  %b = top.weight dense<[10.0, 20.0]> : tensor<2xf32>
  %0 = top.add %a, %b : (tensor<2x1xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %1 = top.sub %a, %b : (tensor<2x1xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %2 = top.mul %a, %b : (tensor<2x1xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %3 = top.div %a, %b : (tensor<2x1xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  return %0, %1, %2, %3 : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}

// CHECK-LABEL: @integers
// CHECK-NEXT: int [4]: -3 3 -3 3
// CHECK-NEXT: int [4]: 1 -1 -1 1
// CHECK-NEXT: int [4]: -1 1 -1 1
// CHECK-NEXT: int [4]: 49 49 49 49
func.func @integers() -> (tensor<4xi64>, tensor<4xi64>, tensor<4xi64>, tensor<4xi64>) {
  %a = top.weight dense<[-7, 7, -7, 7]> : tensor<4xi64>
  %b = top.weight dense<[2, 2, 2, 2]> : tensor<4xi64>
  %c = top.weight dense<[2, -2, -2, 2]> : tensor<4xi64>
  %two = top.weight dense<2> : tensor<i64>
  %0 = top.div %a, %b : (tensor<4xi64>, tensor<4xi64>) -> tensor<4xi64>
  %1 = top.mod %a, %c : (tensor<4xi64>, tensor<4xi64>) -> tensor<4xi64>
  %2 = top.mod %a, %c {fmod = true} : (tensor<4xi64>, tensor<4xi64>) -> tensor<4xi64>
  %3 = top.pow %a, %two : (tensor<4xi64>, tensor<i64>) -> tensor<4xi64>
  return %0, %1, %2, %3 : tensor<4xi64>, tensor<4xi64>, tensor<4xi64>, tensor<4xi64>
}

// CHECK-LABEL: @narrow_integers_wrap
// CHECK-NEXT: int [1]: -2147483648
func.func @narrow_integers_wrap() -> tensor<1xi32> {
  %a = top.weight dense<2147483647> : tensor<1xi32>
  %b = top.weight dense<1> : tensor<1xi32>
  %0 = top.add %a, %b : (tensor<1xi32>, tensor<1xi32>) -> tensor<1xi32>
  return %0 : tensor<1xi32>
}

// CHECK-LABEL: @masks
// CHECK-NEXT: int [3]: 1 0 0
// CHECK-NEXT: int [3]: 0 1 1
// CHECK-NEXT: int [3]: 0 1 0
// CHECK-NEXT: f32 [3]: 1 5 5
func.func @masks() -> (tensor<3xi1>, tensor<3xi1>, tensor<3xi1>, tensor<3xf32>) {
  %a = top.weight dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %two = top.weight dense<2.0> : tensor<f32>
  %five = top.weight dense<5.0> : tensor<f32>
  %0 = top.compare less %a, %two : (tensor<3xf32>, tensor<f32>) -> tensor<3xi1>
  %1 = top.not %0 : tensor<3xi1>
  %2 = top.compare equal %a, %two : (tensor<3xf32>, tensor<f32>) -> tensor<3xi1>
  %3 = top.and %1, %2 : (tensor<3xi1>, tensor<3xi1>) -> tensor<3xi1>
  %4 = top.where %0, %a, %five : (tensor<3xi1>, tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  return %0, %1, %3, %4 : tensor<3xi1>, tensor<3xi1>, tensor<3xi1>, tensor<3xf32>
}

// CHECK-LABEL: @activations
// CHECK-NEXT: f32 [3]: 0 0.5 4
// CHECK-NEXT: f32 [3]: 0.119203 0.622459 0.982014
// CHECK-NEXT: f32 [3]: -0.238406 0.31123 3.92806
// CHECK-NEXT: f32 [3]: -0.0455003 0.345731 3.99987
// CHECK-NEXT: f32 [3]: -0.0454023 0.345714 3.99993
// CHECK-NEXT: f32 [3]: -0.333333 0.291667 4
// CHECK-NEXT: f32 [3]: 0.126928 0.974077 4.01815
// CHECK-NEXT: f32 [3]: -0.252501 0.375245 3.99741
// CHECK-NEXT: f32 [3]: -0.864665 0.5 4
// CHECK-NEXT: f32 [3]: -0.2 0.5 4
func.func @activations() -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) {
  %x = top.weight dense<[-2.0, 0.5, 4.0]> : tensor<3xf32>
  %0 = top.relu %x : tensor<3xf32>
  %1 = top.sigmoid %x : tensor<3xf32>
  %2 = top.silu %x : tensor<3xf32>
  %3 = top.gelu %x : tensor<3xf32>
  %4 = top.gelu tanh %x : tensor<3xf32>
  %5 = top.hardswish %x : tensor<3xf32>
  %6 = top.softplus %x : tensor<3xf32>
  %7 = top.mish %x : tensor<3xf32>
  %8 = top.elu %x : tensor<3xf32>
  %9 = top.leaky_relu %x {alpha = 0.1} : tensor<3xf32>
  return %0, %1, %2, %3, %4, %5, %6, %7, %8, %9 : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}

// CHECK-LABEL: @functions
// CHECK-NEXT: f32 [4]: -2 -0 0 2
// CHECK-NEXT: f32 [4]: -2 -1 0 2
// CHECK-NEXT: f32 [4]: -1 -0 1 3
// CHECK-NEXT: f32 [4]: -1 -1 1 1
// CHECK-NEXT: int [4]: -1 0 0 2
func.func @functions() -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi64>) {
  %x = top.weight dense<[-1.5, -0.5, 0.5, 2.5]> : tensor<4xf32>
  %0 = top.round %x : tensor<4xf32>
  %1 = top.floor %x : tensor<4xf32>
  %2 = top.ceil %x : tensor<4xf32>
  %3 = top.sign %x : tensor<4xf32>
  %4 = top.cast %x : (tensor<4xf32>) -> tensor<4xi64>
  return %0, %1, %2, %3, %4 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi64>
}
