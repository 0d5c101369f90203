// RUN: tpuc-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @neutral_elements(
// CHECK-NEXT: return %arg0
func.func @neutral_elements(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %zero = top.weight dense<0.0> : tensor<8xf32>
  %one = top.weight dense<1.0> : tensor<1xf32>
  %0 = top.add %zero, %x : (tensor<8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = top.sub %0, %zero : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  %2 = top.mul %1, %one : (tensor<4x8xf32>, tensor<1xf32>) -> tensor<4x8xf32>
  %3 = top.div %2, %one : (tensor<4x8xf32>, tensor<1xf32>) -> tensor<4x8xf32>
  return %3 : tensor<4x8xf32>
}

// The sum repeats its operand.
// CHECK-LABEL: func.func @neutral_element_broadcasts(
// CHECK: top.add
func.func @neutral_element_broadcasts(%x: tensor<8xf32>) -> tensor<4x8xf32> {
  %zero = top.weight dense<0.0> : tensor<4x8xf32>
  %0 = top.add %x, %zero : (tensor<8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// CHECK-LABEL: func.func @subtract_constant(
// CHECK-NEXT: %[[C:.*]] = top.weight dense<-2.000000e+00> : tensor<f32>
// CHECK-NEXT: top.add %arg0, %[[C]]
func.func @subtract_constant(%x: tensor<8xf32>) -> tensor<8xf32> {
  %two = top.weight dense<2.0> : tensor<f32>
  %0 = top.sub %x, %two : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// CHECK-LABEL: func.func @divide_by_constant(
// CHECK-NEXT: %[[C:.*]] = top.weight dense<1.250000e-01> : tensor<f32>
// CHECK-NEXT: top.mul %arg0, %[[C]]
func.func @divide_by_constant(%x: tensor<8xf32>) -> tensor<8xf32> {
  %eight = top.weight dense<8.0> : tensor<f32>
  %0 = top.div %x, %eight : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// CHECK-LABEL: func.func @divide_by_zero_stays(
// CHECK: top.div
func.func @divide_by_zero_stays(%x: tensor<2xf32>) -> tensor<2xf32> {
  %c = top.weight dense<[0.0, 1.0]> : tensor<2xf32>
  %0 = top.div %x, %c : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// CHECK-LABEL: func.func @divide_integers_stays(
// CHECK: top.div
func.func @divide_integers_stays(%x: tensor<2xi64>) -> tensor<2xi64> {
  %c = top.weight dense<2> : tensor<i64>
  %0 = top.div %x, %c : (tensor<2xi64>, tensor<i64>) -> tensor<2xi64>
  return %0 : tensor<2xi64>
}

// CHECK-LABEL: func.func @powers(
// CHECK-NEXT: top.mul %arg0, %arg0
// CHECK-NEXT: top.sqrt %arg0
// CHECK-NEXT: top.rsqrt %arg0
// CHECK-NEXT: top.reciprocal %arg0
// CHECK-NEXT: return %arg0,
func.func @powers(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
  %one = top.weight dense<1.0> : tensor<f32>
  %two = top.weight dense<2.0> : tensor<f32>
  %half = top.weight dense<0.5> : tensor<f32>
  %minus_half = top.weight dense<-0.5> : tensor<f32>
  %minus_one = top.weight dense<-1.0> : tensor<f32>
  %0 = top.pow %x, %one : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %1 = top.pow %x, %two : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %2 = top.pow %x, %half : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %3 = top.pow %x, %minus_half : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %4 = top.pow %x, %minus_one : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  return %0, %1, %2, %3, %4 : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// CHECK-LABEL: func.func @other_power(
// CHECK: top.pow
func.func @other_power(%x: tensor<8xf32>) -> tensor<8xf32> {
  %c = top.weight dense<1.5> : tensor<f32>
  %0 = top.pow %x, %c : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// CHECK-LABEL: func.func @reciprocal_of_sqrt(
// CHECK-NEXT: top.rsqrt %arg0
func.func @reciprocal_of_sqrt(%x: tensor<8xf32>) -> tensor<8xf32> {
  %one = top.weight dense<1.0> : tensor<f32>
  %0 = top.sqrt %x : tensor<8xf32>
  %1 = top.div %one, %0 : (tensor<f32>, tensor<8xf32>) -> tensor<8xf32>
  return %1 : tensor<8xf32>
}

// CHECK-LABEL: func.func @limits(
// CHECK-NEXT: top.clip %arg0 {max = 6.000000e+00 : f64, min = 0.000000e+00 : f64}
// CHECK-NEXT: return
func.func @limits(%x: tensor<8xf32>) -> tensor<8xf32> {
  %zero = top.weight dense<0.0> : tensor<f32>
  %six = top.weight dense<6.0> : tensor<f32>
  %0 = top.max %x, %zero : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %1 = top.min %0, %six : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  return %1 : tensor<8xf32>
}

// CHECK-LABEL: func.func @relu(
// CHECK-NEXT: top.relu %arg0
func.func @relu(%x: tensor<8xf32>) -> tensor<8xf32> {
  %zero = top.weight dense<0.0> : tensor<f32>
  %0 = top.max %zero, %x : (tensor<f32>, tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// CHECK-LABEL: func.func @limits_of_elements_stay(
// CHECK: top.max
func.func @limits_of_elements_stay(%x: tensor<2xf32>) -> tensor<2xf32> {
  %c = top.weight dense<[0.0, 1.0]> : tensor<2xf32>
  %0 = top.max %x, %c : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// Everything becomes 6; the limits cannot be joined.
// CHECK-LABEL: func.func @limits_apart_stay(
// CHECK: top.clip
// CHECK: top.clip
func.func @limits_apart_stay(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = top.clip %x {min = 0.0, max = 1.0} : tensor<8xf32>
  %1 = top.clip %0 {min = 6.0, max = 7.0} : tensor<8xf32>
  return %1 : tensor<8xf32>
}

// CHECK-LABEL: func.func @constant_condition(
// CHECK-NEXT: return %arg1
func.func @constant_condition(%x: tensor<8xf32>, %y: tensor<8xf32>) -> tensor<8xf32> {
  %c = top.weight dense<false> : tensor<i1>
  %0 = top.where %c, %x, %y : (tensor<i1>, tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// CHECK-LABEL: func.func @neutral_parameters(
// CHECK-NEXT: %[[M:.*]] = top.matmul %arg0, %arg1 :
// CHECK-NEXT: top.layer_norm %[[M]] {axis
func.func @neutral_parameters(%x: tensor<4x8xf32>, %w: tensor<8x8xf32>) -> tensor<4x8xf32> {
  %zero = top.weight dense<0.0> : tensor<8xf32>
  %one = top.weight dense<1.0> : tensor<8xf32>
  %0 = top.matmul %x, %w, %zero : (tensor<4x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  %1 = top.layer_norm %0, %one, %zero {axis = 1 : i64, epsilon = 1.0e-5} : (tensor<4x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// CHECK-LABEL: func.func @broadcast_into_elementwise(
// CHECK-NEXT: top.add %arg0, %arg1 : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
func.func @broadcast_into_elementwise(%x: tensor<4x8xf32>, %y: tensor<1x8xf32>) -> tensor<4x8xf32> {
  %0 = top.tile %y {repeats = array<i64: 4, 1>} : (tensor<1x8xf32>) -> tensor<4x8xf32>
  %1 = top.add %x, %0 : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// Without the broadcast the sum would be smaller.
// CHECK-LABEL: func.func @broadcast_decides_shape(
// CHECK-NEXT: top.broadcast
func.func @broadcast_decides_shape(%x: tensor<1x8xf32>) -> tensor<4x8xf32> {
  %0 = top.broadcast %x : (tensor<1x8xf32>) -> tensor<4x8xf32>
  %1 = top.mul %0, %x : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// CHECK-LABEL: func.func @tile_of_many_stays(
// CHECK-NEXT: top.tile
func.func @tile_of_many_stays(%x: tensor<2x8xf32>) -> tensor<4x8xf32> {
  %0 = top.tile %x {repeats = array<i64: 2, 1>} : (tensor<2x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// An exact quotient is not the product with a rounded reciprocal.
// CHECK-LABEL: func.func @exact_quotient(
// CHECK: top.div %arg0, %{{.*}} {exact = true}
func.func @exact_quotient(%x: tensor<8xf32>) -> tensor<8xf32> {
  %c = top.weight dense<255.0> : tensor<f32>
  %0 = top.div %x, %c {exact = true} : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}
