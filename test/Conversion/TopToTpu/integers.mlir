// RUN: tpuc-opt %s -top-assign-precision=precision=F16 -convert-top-to-tpu -canonicalize | FileCheck %s

// Two estimates of the quotient in floats, and a step of one.
// CHECK-LABEL: @divide
func.func @divide(%x: tensor<4xi64>, %y: tensor<4xi64>) -> tensor<4xi64> {
  // CHECK: tpu.cast {{.*}} -> tensor<4xf32>
  // CHECK: tpu.binary div {{.*}} tensor<4xf32>
  // CHECK: tpu.binary div {{.*}} tensor<4xf32>
  // CHECK: tpu.compare lt {{.*}} -> tensor<4xi32>
  // CHECK: tpu.compare ge {{.*}} -> tensor<4xi32>
  %0 = top.div %x, %y : (tensor<4xi64>, tensor<4xi64>) -> tensor<4xi64>
  return %0 : tensor<4xi64>
}

// Floats are divided by the chip.
// CHECK-LABEL: @divide_floats
// CHECK-NOT: tpu.compare
// CHECK: tpu.binary div {{.*}} tensor<4xf16>
// CHECK-NOT: tpu.compare
func.func @divide_floats(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %0 = top.div %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// A remainder keeps f32 and ends in the op's precision.
// CHECK-LABEL: @remainder
// CHECK: tpu.unary floor {{.*}} : tensor<4xf32>
// CHECK: tpu.cast {{.*}} -> tensor<4xf16>
func.func @remainder(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %0 = top.mod %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// Halves are added: 5, 3, 2, 1 elements.
// CHECK-LABEL: @sum
// CHECK: tpu.binary add {{.*}} -> tensor<2x2xi32>
// CHECK: tpu.concat {{.*}} -> tensor<2x3xi32>
// CHECK: tpu.binary add {{.*}} -> tensor<2x1xi32>
// CHECK: tpu.concat {{.*}} -> tensor<2x2xi32>
// CHECK: tpu.binary add {{.*}} -> tensor<2x1xi32>
// CHECK-NOT: tpu.reduce
func.func @sum(%x: tensor<2x5xi64>) -> tensor<2xi64> {
  %0 = top.reduce sum %x {axes = array<i64: 1>, keepdims = false} : (tensor<2x5xi64>) -> tensor<2xi64>
  return %0 : tensor<2xi64>
}

// Sums of floats have a form of their own.
// CHECK-LABEL: @sum_of_floats
// CHECK: tpu.reduce sum
func.func @sum_of_floats(%x: tensor<2x5xf32>) -> tensor<2xf32> {
  %0 = top.reduce sum %x {axes = array<i64: 1>, keepdims = false} : (tensor<2x5xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// Neither operand is known.
// CHECK-LABEL: @power
// CHECK: tpu.unary log
// CHECK: tpu.unary exp
// CHECK: tpu.select
func.func @power(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %0 = top.pow %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
