// RUN: tpuc-opt %s --canonicalize --cse --top-recognize-ops --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @layer_norm_div_sqrt(
// CHECK-SAME: %[[X:.*]]: tensor<1x49x96xf32>
func.func @layer_norm_div_sqrt(%x: tensor<1x49x96xf32>) -> tensor<1x49x96xf32> {
  %two = top.weight dense<2.0> : tensor<f32>
  %eps = top.weight dense<9.99999974E-6> : tensor<f32>
  %scale = top.weight dense<3.0> : tensor<96xf32>
  %bias = top.weight dense<4.0> : tensor<96xf32>
  %m = top.reduce mean %x {axes = array<i64: 2>} : (tensor<1x49x96xf32>) -> tensor<1x49x1xf32>
  %c = top.sub %x, %m : (tensor<1x49x96xf32>, tensor<1x49x1xf32>) -> tensor<1x49x96xf32>
  %p = top.pow %c, %two : (tensor<1x49x96xf32>, tensor<f32>) -> tensor<1x49x96xf32>
  %v = top.reduce mean %p {axes = array<i64: 2>} : (tensor<1x49x96xf32>) -> tensor<1x49x1xf32>
  %e = top.add %v, %eps : (tensor<1x49x1xf32>, tensor<f32>) -> tensor<1x49x1xf32>
  %s = top.sqrt %e : tensor<1x49x1xf32>
  %d = top.div %c, %s : (tensor<1x49x96xf32>, tensor<1x49x1xf32>) -> tensor<1x49x96xf32>
  // CHECK-DAG: %[[B:.*]] = top.weight dense<4.000000e+00> : tensor<96xf32>
  // CHECK-DAG: %[[S:.*]] = top.weight dense<3.000000e+00> : tensor<96xf32>
  // CHECK: %[[N:.*]] = top.layer_norm %[[X]], %[[S]], %[[B]] {axis = 2 : i64, epsilon = 9.9999997473787516E-6 : f64}
  // CHECK-NEXT: return %[[N]]
  %g = top.mul %d, %scale : (tensor<1x49x96xf32>, tensor<96xf32>) -> tensor<1x49x96xf32>
  %r = top.add %g, %bias : (tensor<1x49x96xf32>, tensor<96xf32>) -> tensor<1x49x96xf32>
  return %r : tensor<1x49x96xf32>
}

// The subtraction is written twice, and the root is multiplied.
// CHECK-LABEL: func.func @layer_norm_mul_rsqrt(
func.func @layer_norm_mul_rsqrt(%x: tensor<4x6x8xf32>) -> tensor<4x6x8xf32> {
  %eps = top.weight dense<1.0e-3> : tensor<1xf32>
  %one = top.weight dense<1.0> : tensor<f32>
  %m = top.reduce mean %x {axes = array<i64: 2, 1>} : (tensor<4x6x8xf32>) -> tensor<4x1x1xf32>
  %c = top.sub %x, %m : (tensor<4x6x8xf32>, tensor<4x1x1xf32>) -> tensor<4x6x8xf32>
  %c2 = top.sub %x, %m : (tensor<4x6x8xf32>, tensor<4x1x1xf32>) -> tensor<4x6x8xf32>
  %p = top.mul %c, %c : (tensor<4x6x8xf32>, tensor<4x6x8xf32>) -> tensor<4x6x8xf32>
  %v = top.reduce mean %p {axes = array<i64: 1, 2>} : (tensor<4x6x8xf32>) -> tensor<4x1x1xf32>
  %e = top.add %eps, %v : (tensor<1xf32>, tensor<4x1x1xf32>) -> tensor<4x1x1xf32>
  %s = top.sqrt %e : tensor<4x1x1xf32>
  %q = top.div %one, %s : (tensor<f32>, tensor<4x1x1xf32>) -> tensor<4x1x1xf32>
  // CHECK: top.layer_norm %{{[^,]*}} {axis = 1 : i64
  // CHECK-NEXT: return
  %d = top.mul %c2, %q : (tensor<4x6x8xf32>, tensor<4x1x1xf32>) -> tensor<4x6x8xf32>
  return %d : tensor<4x6x8xf32>
}

// The mean is over the first axis, which is brought to the end and back.
// CHECK-LABEL: func.func @layer_norm_leading_axis(
// CHECK: %[[P:.*]] = top.permute %arg0 {order = array<i64: 1, 0>}
// CHECK-NEXT: %[[N:.*]] = top.layer_norm %[[P]] {axis = 1 : i64, epsilon = {{.*}} : f64}
// CHECK-NEXT: top.permute %[[N]] {order = array<i64: 1, 0>}
func.func @layer_norm_leading_axis(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %eps = top.weight dense<1.0e-3> : tensor<f32>
  %m = top.reduce mean %x {axes = array<i64: 0>} : (tensor<4x8xf32>) -> tensor<1x8xf32>
  %c = top.sub %x, %m : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  %p = top.mul %c, %c : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %v = top.reduce mean %p {axes = array<i64: 0>} : (tensor<4x8xf32>) -> tensor<1x8xf32>
  %e = top.add %v, %eps : (tensor<1x8xf32>, tensor<f32>) -> tensor<1x8xf32>
  %s = top.sqrt %e : tensor<1x8xf32>
  %d = top.div %c, %s : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  return %d : tensor<4x8xf32>
}

// A scale for each row is not a parameter of the normalisation.
// CHECK-LABEL: func.func @not_scale_of_rows(
// CHECK: top.layer_norm %{{[^,]*}} {axis
// CHECK: top.mul
func.func @not_scale_of_rows(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %w = top.weight dense<[[1.0], [2.0], [3.0], [4.0]]> : tensor<4x1xf32>
  %n = top.layer_norm %x {axis = 1 : i64, epsilon = 1.0e-5} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %r = top.mul %n, %w : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// CHECK-LABEL: func.func @rms_norm(
func.func @rms_norm(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %two = top.weight dense<2.0> : tensor<f32>
  %eps = top.weight dense<1.0e-3> : tensor<f32>
  %w = top.weight dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %p = top.pow %x, %two : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %v = top.reduce mean %p {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %e = top.add %v, %eps : (tensor<4x1xf32>, tensor<f32>) -> tensor<4x1xf32>
  %s = top.sqrt %e : tensor<4x1xf32>
  %q = top.reciprocal %s : tensor<4x1xf32>
  %d = top.mul %x, %q : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  // CHECK: %[[W:.*]] = top.weight
  // CHECK: top.rms_norm %{{.*}}, %[[W]] {axis = 1 : i64
  // CHECK-NEXT: return
  %r = top.mul %w, %d : (tensor<8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// x * (1 + erf(x / sqrt(2))) * 0.5
// CHECK-LABEL: func.func @gelu_div(
func.func @gelu_div(%a: tensor<4x8xf32>, %b: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %root = top.weight dense<1.41421354> : tensor<f32>
  %one = top.weight dense<1.0> : tensor<f32>
  %half = top.weight dense<5.0e-1> : tensor<f32>
  // CHECK: %[[X:.*]] = top.add
  %x = top.add %a, %b : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %0 = top.div %x, %root : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %1 = top.erf %0 : tensor<4x8xf32>
  %2 = top.add %1, %one : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %3 = top.mul %x, %2 : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK-NEXT: %[[G:.*]] = top.gelu %[[X]] : tensor<4x8xf32>
  // CHECK-NEXT: return %[[G]]
  %4 = top.mul %3, %half : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  return %4 : tensor<4x8xf32>
}

// (0.5 * x) * (1 + erf(x * 0.7071))
// CHECK-LABEL: func.func @gelu_half_first(
// CHECK-NEXT: top.gelu %arg0
// CHECK-NEXT: return
func.func @gelu_half_first(%x: tensor<8xf32>) -> tensor<8xf32> {
  %root = top.weight dense<0.707106769> : tensor<f32>
  %one = top.weight dense<1.0> : tensor<1xf32>
  %half = top.weight dense<5.0e-1> : tensor<f32>
  %h = top.mul %x, %half : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %0 = top.mul %x, %root : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %1 = top.erf %0 : tensor<8xf32>
  %2 = top.add %one, %1 : (tensor<1xf32>, tensor<8xf32>) -> tensor<8xf32>
  %3 = top.mul %h, %2 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %3 : tensor<8xf32>
}

// x * (0.5 * erf(..) + 0.5)
// CHECK-LABEL: func.func @gelu_cdf(
// CHECK-NEXT: top.gelu %arg0
func.func @gelu_cdf(%x: tensor<8xf32>) -> tensor<8xf32> {
  %root = top.weight dense<0.707106769> : tensor<f32>
  %half = top.weight dense<5.0e-1> : tensor<f32>
  %0 = top.mul %x, %root : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %1 = top.erf %0 : tensor<8xf32>
  %2 = top.mul %1, %half : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %3 = top.add %2, %half : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %4 = top.mul %3, %x : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %4 : tensor<8xf32>
}

// 0.5 * x * (1 + tanh(0.7979 * (x + 0.044715 * x^3)))
// CHECK-LABEL: func.func @gelu_tanh(
// CHECK-NEXT: top.gelu tanh %arg0
func.func @gelu_tanh(%x: tensor<8xf32>) -> tensor<8xf32> {
  %three = top.weight dense<3.0> : tensor<f32>
  %k = top.weight dense<0.044715> : tensor<f32>
  %root = top.weight dense<0.797884583> : tensor<f32>
  %one = top.weight dense<1.0> : tensor<f32>
  %half = top.weight dense<5.0e-1> : tensor<f32>
  %0 = top.pow %x, %three : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %1 = top.mul %0, %k : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %2 = top.add %x, %1 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %3 = top.mul %2, %root : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %4 = top.tanh %3 : tensor<8xf32>
  %5 = top.add %4, %one : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %6 = top.mul %x, %5 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %7 = top.mul %6, %half : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  return %7 : tensor<8xf32>
}

// The constant inside is not 1 / sqrt(2).
// CHECK-LABEL: func.func @not_gelu_other_constant(
// CHECK-NOT: top.gelu
func.func @not_gelu_other_constant(%x: tensor<8xf32>) -> tensor<8xf32> {
  %root = top.weight dense<0.7> : tensor<f32>
  %one = top.weight dense<1.0> : tensor<f32>
  %half = top.weight dense<5.0e-1> : tensor<f32>
  %0 = top.mul %x, %root : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %1 = top.erf %0 : tensor<8xf32>
  %2 = top.add %1, %one : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %3 = top.mul %x, %2 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %4 = top.mul %3, %half : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  return %4 : tensor<8xf32>
}

// CHECK-LABEL: func.func @silu(
// CHECK-NEXT: top.silu %arg0
func.func @silu(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = top.sigmoid %x : tensor<8xf32>
  %1 = top.mul %0, %x : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %1 : tensor<8xf32>
}

// A gate of something else.
// CHECK-LABEL: func.func @not_silu(
// CHECK: top.sigmoid
func.func @not_silu(%x: tensor<8xf32>, %y: tensor<8xf32>) -> tensor<8xf32> {
  %0 = top.sigmoid %x : tensor<8xf32>
  %1 = top.mul %0, %y : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %1 : tensor<8xf32>
}

// CHECK-LABEL: func.func @hardswish_clip(
// CHECK-NEXT: top.hardswish %arg0
func.func @hardswish_clip(%x: tensor<8xf32>) -> tensor<8xf32> {
  %three = top.weight dense<3.0> : tensor<f32>
  %six = top.weight dense<6.0> : tensor<f32>
  %0 = top.add %x, %three : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %1 = top.clip %0 {min = 0.0, max = 6.0} : tensor<8xf32>
  %2 = top.mul %x, %1 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %3 = top.div %2, %six : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  return %3 : tensor<8xf32>
}

// CHECK-LABEL: func.func @hardswish_hardsigmoid(
// CHECK-NEXT: top.hardswish %arg0
func.func @hardswish_hardsigmoid(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = top.hardsigmoid %x {alpha = 0.16666667163372039, beta = 0.5} : tensor<8xf32>
  %1 = top.mul %x, %0 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %1 : tensor<8xf32>
}

// CHECK-LABEL: func.func @mish(
// CHECK-NEXT: top.mish %arg0
func.func @mish(%x: tensor<8xf32>) -> tensor<8xf32> {
  %one = top.weight dense<1.0> : tensor<f32>
  %0 = top.exp %x : tensor<8xf32>
  %1 = top.add %0, %one : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %2 = top.log %1 : tensor<8xf32>
  %3 = top.tanh %2 : tensor<8xf32>
  %4 = top.mul %x, %3 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %4 : tensor<8xf32>
}

// CHECK-LABEL: func.func @not_softplus_other_summand(
// CHECK-NOT: top.softplus
func.func @not_softplus_other_summand(%x: tensor<8xf32>) -> tensor<8xf32> {
  %two = top.weight dense<2.0> : tensor<f32>
  %0 = top.exp %x : tensor<8xf32>
  %1 = top.add %0, %two : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %2 = top.log %1 : tensor<8xf32>
  return %2 : tensor<8xf32>
}

// CHECK-LABEL: func.func @sigmoid(
// CHECK-NEXT: top.sigmoid %arg0
func.func @sigmoid(%x: tensor<8xf32>) -> tensor<8xf32> {
  %one = top.weight dense<1.0> : tensor<f32>
  %n = top.neg %x : tensor<8xf32>
  %0 = top.exp %n : tensor<8xf32>
  %1 = top.add %one, %0 : (tensor<f32>, tensor<8xf32>) -> tensor<8xf32>
  %2 = top.div %one, %1 : (tensor<f32>, tensor<8xf32>) -> tensor<8xf32>
  return %2 : tensor<8xf32>
}

// The variance as a difference of moments, which is kept from being negative.
// CHECK-LABEL: func.func @layer_norm_of_moments(
// CHECK: %[[N:.*]] = top.layer_norm %arg0 {axis = 1 : i64, epsilon = {{.*}} : f64}
// CHECK-NEXT: return %[[N]]
func.func @layer_norm_of_moments(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %eps = top.weight dense<1.0e-3> : tensor<f32>
  %m = top.reduce mean %x {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %q = top.mul %x, %x : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %mq = top.reduce mean %q {axes = array<i64: 1>} : (tensor<4x8xf32>) -> tensor<4x1xf32>
  %mm = top.mul %m, %m : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %d = top.sub %mq, %mm : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
  %v = top.relu %d : tensor<4x1xf32>
  %e = top.add %v, %eps : (tensor<4x1xf32>, tensor<f32>) -> tensor<4x1xf32>
  %s = top.sqrt %e : tensor<4x1xf32>
  %c = top.sub %x, %m : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  %r = top.div %c, %s : (tensor<4x8xf32>, tensor<4x1xf32>) -> tensor<4x8xf32>
  return %r : tensor<4x8xf32>
}

// Channels of an image: scale and bias, one a channel, follow them.
// CHECK-LABEL: func.func @layer_norm_of_channels(
// CHECK: %[[P:.*]] = top.permute %arg0 {order = array<i64: 0, 2, 3, 1>}
// CHECK-NEXT: %[[N:.*]] = top.layer_norm %[[P]], %{{.*}}, %{{.*}} {axis = 3 : i64
// CHECK-NEXT: %[[B:.*]] = top.permute %[[N]] {order = array<i64: 0, 3, 1, 2>}
// CHECK-NEXT: return %[[B]]
func.func @layer_norm_of_channels(%x: tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32> {
  %eps = top.weight dense<1.0e-3> : tensor<f32>
  %scale = top.weight dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %bias = top.weight dense<[[[3.0]], [[4.0]]]> : tensor<2x1x1xf32>
  %m = top.reduce mean %x {axes = array<i64: 1>} : (tensor<1x2x3x4xf32>) -> tensor<1x1x3x4xf32>
  %c = top.sub %x, %m : (tensor<1x2x3x4xf32>, tensor<1x1x3x4xf32>) -> tensor<1x2x3x4xf32>
  %p = top.mul %c, %c : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  %v = top.reduce mean %p {axes = array<i64: 1>} : (tensor<1x2x3x4xf32>) -> tensor<1x1x3x4xf32>
  %e = top.add %v, %eps : (tensor<1x1x3x4xf32>, tensor<f32>) -> tensor<1x1x3x4xf32>
  %s = top.sqrt %e : tensor<1x1x3x4xf32>
  %d = top.div %c, %s : (tensor<1x2x3x4xf32>, tensor<1x1x3x4xf32>) -> tensor<1x2x3x4xf32>
  %w = top.mul %d, %scale : (tensor<1x2x3x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x3x4xf32>
  %r = top.add %w, %bias : (tensor<1x2x3x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x3x4xf32>
  return %r : tensor<1x2x3x4xf32>
}

// Groups of channels as instances of a reshaped tensor.
// CHECK-LABEL: func.func @group_norm(
// CHECK-DAG: %[[S:.*]] = top.weight dense<[1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00]>
// CHECK-DAG: %[[B:.*]] = top.weight dense<[5.000000e+00, 6.000000e+00, 7.000000e+00, 8.000000e+00]>
// CHECK: %[[N:.*]] = top.group_norm %arg0, %[[S]], %[[B]] {epsilon = 1.000000e-05 : f64, num_groups = 2 : i64}
// CHECK-NEXT: return %[[N]]
func.func @group_norm(%x: tensor<1x4x3x3xf32>) -> tensor<1x4x3x3xf32> {
  %ones = top.weight dense<1.0> : tensor<2xf32>
  %zeros = top.weight dense<0.0> : tensor<2xf32>
  %scale = top.weight dense<[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]> : tensor<4x1x1xf32>
  %bias = top.weight dense<[[[5.0]], [[6.0]], [[7.0]], [[8.0]]]> : tensor<4x1x1xf32>
  %0 = top.reshape %x : (tensor<1x4x3x3xf32>) -> tensor<1x2x18xf32>
  %1 = top.group_norm %0, %ones, %zeros {num_groups = 2 : i64, epsilon = 1.0e-5} : (tensor<1x2x18xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x18xf32>
  %2 = top.reshape %1 : (tensor<1x2x18xf32>) -> tensor<1x4x3x3xf32>
  %3 = top.mul %2, %scale : (tensor<1x4x3x3xf32>, tensor<4x1x1xf32>) -> tensor<1x4x3x3xf32>
  %4 = top.add %3, %bias : (tensor<1x4x3x3xf32>, tensor<4x1x1xf32>) -> tensor<1x4x3x3xf32>
  return %4 : tensor<1x4x3x3xf32>
}

// Each group has a scale of its own: that is not one a channel.
// CHECK-LABEL: func.func @not_group_norm_scaled_groups(
// CHECK: top.reshape
// CHECK: top.group_norm
// CHECK: top.reshape
func.func @not_group_norm_scaled_groups(%x: tensor<1x4x3x3xf32>) -> tensor<1x4x3x3xf32> {
  %scale = top.weight dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = top.reshape %x : (tensor<1x4x3x3xf32>) -> tensor<1x2x18xf32>
  %1 = top.group_norm %0, %scale {num_groups = 2 : i64, epsilon = 1.0e-5} : (tensor<1x2x18xf32>, tensor<2xf32>) -> tensor<1x2x18xf32>
  %2 = top.reshape %1 : (tensor<1x2x18xf32>) -> tensor<1x4x3x3xf32>
  return %2 : tensor<1x4x3x3xf32>
}

// CHECK-LABEL: func.func @quick_gelu(
// CHECK: %[[A:.*]] = top.mul %arg0
// CHECK-NEXT: %[[S:.*]] = top.silu %[[A]]
// CHECK-NEXT: top.mul %[[S]]
func.func @quick_gelu(%x: tensor<8xf32>) -> tensor<8xf32> {
  %c = top.weight dense<1.702> : tensor<f32>
  %0 = top.mul %x, %c : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %1 = top.sigmoid %0 : tensor<8xf32>
  %2 = top.mul %x, %1 : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %2 : tensor<8xf32>
}

// CHECK-LABEL: func.func @hardsigmoid_clip(
// CHECK: %[[H:.*]] = top.hardsigmoid %arg0 {alpha = {{0.1666.*}} : f64
// CHECK-NEXT: return %[[H]]
func.func @hardsigmoid_clip(%x: tensor<8xf32>) -> tensor<8xf32> {
  %three = top.weight dense<3.0> : tensor<f32>
  %sixth = top.weight dense<0.16666667> : tensor<f32>
  %0 = top.add %x, %three : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  %1 = top.clip %0 {min = 0.0, max = 6.0} : tensor<8xf32>
  %2 = top.mul %1, %sixth : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  return %2 : tensor<8xf32>
}

// A clip of the value itself has no offset.
// CHECK-LABEL: func.func @not_hardsigmoid_plain_clip(
// CHECK-NEXT: top.clip
func.func @not_hardsigmoid_plain_clip(%x: tensor<8xf32>) -> tensor<8xf32> {
  %0 = top.clip %x {min = 0.0, max = 1.0} : tensor<8xf32>
  return %0 : tensor<8xf32>
}
