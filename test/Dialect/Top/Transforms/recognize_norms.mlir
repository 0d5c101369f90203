// RUN: tpuc-opt %s --canonicalize --cse --top-recognize-ops --canonicalize | FileCheck %s

// A sum times 1 / 8, whose axis comes back by a reshape.
// CHECK-LABEL: func.func @rms_norm_of_sum(
// CHECK: %[[N:.*]] = top.rms_norm %arg0 {axis = 1 : i64, epsilon = 0.0010000000474974513 : f64}
// CHECK-NEXT: return %[[N]]
func.func @rms_norm_of_sum(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %k = top.weight dense<0.125> : tensor<f32>
  %eps = top.weight dense<1.0e-3> : tensor<f32>
  %q = top.mul %x, %x : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %s = top.reduce sum %q {axes = array<i64: 1>, keepdims = false} : (tensor<4x8xf32>) -> tensor<4xf32>
  %u = top.reshape %s : (tensor<4xf32>) -> tensor<4x1xf32>
  %m = top.mul %u, %k : (tensor<4x1xf32>, tensor<f32>) -> tensor<4x1xf32>
  %e = top.add %m, %eps : (tensor<4x1xf32>, tensor<f32>) -> tensor<4x1xf32>
  %r = top.rsqrt %e : tensor<4x1xf32>
  %y = top.mul %x, %r : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// Division by the root of a sum of squares: the mean's root is a third of it.
// CHECK-LABEL: func.func @l2_normalisation(
// CHECK: %[[W:.*]] = top.weight dense<0.333333343> : tensor<9xf32>
// CHECK: top.rms_norm %arg0, %[[W]] {axis = 1 : i64, epsilon = 1.11{{.*}}E-4 : f64}
func.func @l2_normalisation(%x: tensor<4x9xf32>) -> tensor<4x9xf32> {
  %eps = top.weight dense<1.0e-3> : tensor<f32>
  %s = top.reduce sum_square %x {axes = array<i64: 1>} : (tensor<4x9xf32>) -> tensor<4x1xf32>
  %e = top.add %s, %eps : (tensor<4x1xf32>, tensor<f32>) -> tensor<4x1xf32>
  %r = top.sqrt %e : tensor<4x1xf32>
  %y = top.div %x, %r : (tensor<4x9xf32>, tensor<4x1xf32>) -> tensor<4x9xf32>
  return %y : tensor<4x9xf32>
}

// CHECK-LABEL: func.func @division_by_l2(
// CHECK: top.rms_norm %arg0, %{{.*}} {axis = 1 : i64, epsilon = 0.000000e+00 : f64}
func.func @division_by_l2(%x: tensor<4x9xf32>) -> tensor<4x9xf32> {
  %r = top.reduce l2 %x {axes = array<i64: 1>} : (tensor<4x9xf32>) -> tensor<4x1xf32>
  %y = top.div %x, %r : (tensor<4x9xf32>, tensor<4x1xf32>) -> tensor<4x9xf32>
  return %y : tensor<4x9xf32>
}

// The scale is a factor of the inverse, the mean is subtracted from the bias.
// CHECK-LABEL: func.func @layer_norm_of_shifted_mean(
// CHECK-DAG: %[[S:.*]] = top.weight dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
// CHECK-DAG: %[[B:.*]] = top.weight dense<[3.000000e+00, 4.000000e+00]> : tensor<2xf32>
// CHECK: %[[N:.*]] = top.layer_norm %arg0, %[[S]], %[[B]] {axis = 1
// CHECK-NEXT: return %[[N]]
func.func @layer_norm_of_shifted_mean(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %eps = top.weight dense<1.0e-3> : tensor<f32>
  %scale = top.weight dense<[1.0, 2.0]> : tensor<2xf32>
  %bias = top.weight dense<[3.0, 4.0]> : tensor<2xf32>
  %m = top.reduce mean %x {axes = array<i64: 1>} : (tensor<4x2xf32>) -> tensor<4x1xf32>
  %d = top.sub %x, %m : (tensor<4x2xf32>, tensor<4x1xf32>) -> tensor<4x2xf32>
  %q = top.mul %d, %d : (tensor<4x2xf32>, tensor<4x2xf32>) -> tensor<4x2xf32>
  %v = top.reduce mean %q {axes = array<i64: 1>} : (tensor<4x2xf32>) -> tensor<4x1xf32>
  %e = top.add %v, %eps : (tensor<4x1xf32>, tensor<f32>) -> tensor<4x1xf32>
  %r = top.rsqrt %e : tensor<4x1xf32>
  %f = top.mul %r, %scale : (tensor<4x1xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  %a = top.mul %x, %f : (tensor<4x2xf32>, tensor<4x2xf32>) -> tensor<4x2xf32>
  %b = top.mul %m, %f : (tensor<4x1xf32>, tensor<4x2xf32>) -> tensor<4x2xf32>
  %c = top.sub %bias, %b : (tensor<2xf32>, tensor<4x2xf32>) -> tensor<4x2xf32>
  %y = top.add %a, %c : (tensor<4x2xf32>, tensor<4x2xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// CHECK-LABEL: func.func @layer_norm_scaled_first(
// CHECK: %[[N:.*]] = top.layer_norm %arg0, %{{.*}} {axis = 1
// CHECK-NEXT: return %[[N]]
func.func @layer_norm_scaled_first(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %eps = top.weight dense<1.0e-3> : tensor<f32>
  %scale = top.weight dense<[1.0, 2.0]> : tensor<2xf32>
  %m = top.reduce mean %x {axes = array<i64: 1>} : (tensor<4x2xf32>) -> tensor<4x1xf32>
  %d = top.sub %x, %m : (tensor<4x2xf32>, tensor<4x1xf32>) -> tensor<4x2xf32>
  %q = top.mul %d, %d : (tensor<4x2xf32>, tensor<4x2xf32>) -> tensor<4x2xf32>
  %v = top.reduce mean %q {axes = array<i64: 1>} : (tensor<4x2xf32>) -> tensor<4x1xf32>
  %e = top.add %v, %eps : (tensor<4x1xf32>, tensor<f32>) -> tensor<4x1xf32>
  %r = top.rsqrt %e : tensor<4x1xf32>
  %s = top.mul %d, %scale : (tensor<4x2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  %y = top.mul %s, %r : (tensor<4x2xf32>, tensor<4x1xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// The epsilon is added to the root.
// CHECK-LABEL: func.func @not_rms_norm_epsilon_outside(
// CHECK-NOT: top.rms_norm
func.func @not_rms_norm_epsilon_outside(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %eps = top.weight dense<1.0e-3> : tensor<f32>
  %q = top.mul %x, %x : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %m = top.reduce mean %q {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %r = top.sqrt %m : tensor<4x1xf32>
  %e = top.add %r, %eps : (tensor<4x1xf32>, tensor<f32>) -> tensor<4x1xf32>
  %y = top.div %x, %e : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// The mean is of other axes than the variance; and what is divided is not x.
// CHECK-LABEL: func.func @not_layer_norm(
// CHECK-NOT: top.layer_norm
// CHECK-NOT: top.rms_norm
func.func @not_layer_norm(%x: tensor<4x8xf32>, %z: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %m = top.reduce mean %x {axes = array<i64: 0>} : (tensor<4x8xf32>) -> tensor<1x8xf32>
  %d = top.sub %x, %m : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  %q = top.mul %d, %d : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %v = top.reduce mean %q {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %r = top.sqrt %v : tensor<4x1xf32>
  %y = top.div %x, %r : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  %w = top.div %z, %r : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  return %y, %w : tensor<4x8xf32>, tensor<4x8xf32>
}

// A variance with another factor than the mean's square.
// CHECK-LABEL: func.func @not_variance(
// CHECK-NOT: top.layer_norm
func.func @not_variance(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %m = top.reduce mean %x {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %q = top.mul %x, %x : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %mq = top.reduce sum %q {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %mm = top.mul %m, %m : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %v = top.sub %mq, %mm : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %s = top.sqrt %v : tensor<4x1xf32>
  %c = top.sub %x, %m : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  %r = top.div %c, %s : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// The axis is put back after the arithmetic on what was reduced, and the scale
// stands beside the inverse.
// CHECK-LABEL: @axes_put_back_late
// CHECK: top.permute
// CHECK: top.layer_norm
// CHECK-NOT: top.reduce
func.func @axes_put_back_late(%x: tensor<2x8x4xf32>) -> tensor<2x8x4xf32> {
  %eighth = top.weight dense<0.125> : tensor<f32>
  %eps = top.weight dense<1.0e-6> : tensor<f32>
  %scale = top.weight dense<[[[1.0], [2.0], [3.0], [4.0], [5.0], [6.0], [7.0], [8.0]]]> : tensor<1x8x1xf32>
  %sum = top.reduce sum %x {axes = array<i64: 1>, keepdims = false} : (tensor<2x8x4xf32>) -> tensor<2x4xf32>
  %square = top.mul %x, %x : (tensor<2x8x4xf32>, tensor<2x8x4xf32>) -> tensor<2x8x4xf32>
  %squares = top.reduce sum %square {axes = array<i64: 1>, keepdims = false} : (tensor<2x8x4xf32>) -> tensor<2x4xf32>
  %mean = top.mul %sum, %eighth : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %moment = top.mul %squares, %eighth : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %root = top.mul %mean, %mean : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %difference = top.sub %moment, %root : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %variance = top.relu %difference : tensor<2x4xf32>
  %0 = top.reshape %variance : (tensor<2x4xf32>) -> tensor<2x1x4xf32>
  %1 = top.add %0, %eps : (tensor<2x1x4xf32>, tensor<f32>) -> tensor<2x1x4xf32>
  %2 = top.rsqrt %1 : tensor<2x1x4xf32>
  %3 = top.mul %2, %scale : (tensor<2x1x4xf32>, tensor<1x8x1xf32>) -> tensor<2x8x4xf32>
  %4 = top.reshape %mean : (tensor<2x4xf32>) -> tensor<2x1x4xf32>
  %5 = top.sub %x, %4 : (tensor<2x8x4xf32>, tensor<2x1x4xf32>) -> tensor<2x8x4xf32>
  %6 = top.mul %5, %3 : (tensor<2x8x4xf32>, tensor<2x8x4xf32>) -> tensor<2x8x4xf32>
  return %6 : tensor<2x8x4xf32>
}

// Put back in another place it is no normalisation.
// CHECK-LABEL: @axes_put_elsewhere
// CHECK-NOT: top.layer_norm
// CHECK: top.rsqrt
func.func @axes_put_elsewhere(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %eps = top.weight dense<1.0e-6> : tensor<f32>
  %square = top.mul %x, %x : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %mean = top.reduce mean %square {axes = array<i64: 1>, keepdims = false} : (tensor<4x4xf32>) -> tensor<4xf32>
  %0 = top.reshape %mean : (tensor<4xf32>) -> tensor<1x4xf32>
  %1 = top.add %0, %eps : (tensor<1x4xf32>, tensor<f32>) -> tensor<1x4xf32>
  %2 = top.rsqrt %1 : tensor<1x4xf32>
  %3 = top.mul %x, %2 : (tensor<4x4xf32>, tensor<1x4xf32>) -> tensor<4x4xf32>
  return %3 : tensor<4x4xf32>
}
