// RUN: tpuc-opt %s -top-assign-precision=precision=F16 -convert-top-to-tpu -canonicalize | FileCheck %s

// CHECK-LABEL: @constants_become_scalars
func.func @constants_become_scalars(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %c = top.weight dense<4.0> : tensor<f32>
  // CHECK: tpu.scalar add {{.*}}value = 4.0
  %0 = top.add %x, %c : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  // CHECK: tpu.scalar rsub {{.*}}value = 4.0
  %1 = top.sub %c, %0 : (tensor<f32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  // CHECK: tpu.scalar add {{.*}}value = -4.0
  %2 = top.sub %1, %c : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  // CHECK: tpu.scalar mul {{.*}}value = 2.500000e-01
  %3 = top.div %2, %c : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  // CHECK: tpu.unary reciprocal
  // CHECK: tpu.scalar mul {{.*}}value = 4.0
  %4 = top.div %c, %3 : (tensor<f32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %4 : tensor<2x4xf32>
}

// CHECK-LABEL: @ranks_become_equal
func.func @ranks_become_equal(%x: tensor<2x3x4xf32>, %y: tensor<4xf32>) -> tensor<2x3x4xf32> {
  // CHECK: tpu.binary mul {{.*}} : (tensor<2x3x4xf16>, tensor<1x1x4xf16>) -> tensor<2x3x4xf16>
  %0 = top.mul %x, %y : (tensor<2x3x4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>
  return %0 : tensor<2x3x4xf32>
}

// A constant with more axes than the operand.
// CHECK-LABEL: @constant_of_higher_rank
func.func @constant_of_higher_rank(%x: tensor<4xf32>) -> tensor<3x4xf32> {
  %c = top.weight dense<4.0> : tensor<3x1xf32>
  // CHECK: tpu.scalar add
  // CHECK: tpu.broadcast {{.*}} -> tensor<3x4xf16>
  %0 = top.add %x, %c : (tensor<4xf32>, tensor<3x1xf32>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// What f16 cannot hold keeps the op in f32.
// CHECK-LABEL: @constant_beyond_f16
func.func @constant_beyond_f16(%x: tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>) {
  %large = top.weight dense<1.0e6> : tensor<f32>
  %small = top.weight dense<1.0e-5> : tensor<f32>
  // CHECK: tpu.scalar add %arg0 {value = 1.0{{.*}}e+06 : f64} : tensor<2x4xf32>
  %0 = top.add %x, %large : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  // CHECK: tpu.scalar add %arg0 {value = 9.99{{.*}}E-6 : f64} : tensor<2x4xf32>
  %1 = top.add %x, %small : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  return %0, %1 : tensor<2x4xf32>, tensor<2x4xf32>
}

// CHECK-LABEL: @roots_are_f32
func.func @roots_are_f32(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  // CHECK: tpu.unary sqrt {{.*}} : tensor<2x4xf32>
  %0 = top.sqrt %x : tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// CHECK-LABEL: @powers
func.func @powers(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %three = top.weight dense<3.0> : tensor<f32>
  %half = top.weight dense<-0.5> : tensor<f32>
  %other = top.weight dense<0.3> : tensor<f32>
  // CHECK: %[[S:.*]] = tpu.binary mul %arg0, %arg0 : {{.*}} -> tensor<4xf32>
  // CHECK: tpu.binary mul %arg0, %[[S]]
  %0 = top.pow %x, %three : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  // CHECK: tpu.unary rsqrt
  %1 = top.pow %x, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  // CHECK: tpu.unary log
  // CHECK: tpu.scalar mul
  // CHECK: tpu.unary exp
  %2 = top.pow %x, %other : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// Truth values are zeros and ones of the type that they were compared in.
// CHECK-LABEL: @truth_values
func.func @truth_values(%x: tensor<2x4xf32>, %y: tensor<4xf32>, %i: tensor<4xi64>) -> tensor<2x4xf32> {
  %zero = top.weight dense<0> : tensor<i64>
  // CHECK: %[[A:.*]] = tpu.compare lt {{.*}} -> tensor<2x4xf32>
  %0 = top.compare less %x, %y : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xi1>
  // CHECK: %[[B:.*]] = tpu.compare gt {{.*}} -> tensor<4xi32>
  %1 = top.compare greater %i, %zero : (tensor<4xi64>, tensor<i64>) -> tensor<4xi1>
  // CHECK: tpu.cast %[[B]]
  // CHECK: tpu.binary mul
  %2 = top.and %0, %1 : (tensor<2x4xi1>, tensor<4xi1>) -> tensor<2x4xi1>
  // CHECK: tpu.select
  %3 = top.where %2, %x, %y : (tensor<2x4xi1>, tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  return %3 : tensor<2x4xf32>
}
