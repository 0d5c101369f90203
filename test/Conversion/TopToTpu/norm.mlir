// RUN: tpuc-opt %s -top-assign-precision -convert-top-to-tpu -canonicalize | FileCheck %s

// CHECK-LABEL: @softmax_of_inner_axis
func.func @softmax_of_inner_axis(%x: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  // CHECK: tpu.permute %arg0 {order = array<i64: 0, 2, 1>}
  // CHECK: tpu.softmax {{.*}} -> tensor<2x4x3xf32>
  // CHECK: tpu.permute {{.*}} {order = array<i64: 0, 2, 1>}
  %0 = top.softmax %x {axis = 1 : i64} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %0 : tensor<2x3x4xf32>
}

// CHECK-LABEL: @layer_norm_of_two_axes
func.func @layer_norm_of_two_axes(%x: tensor<2x3x4xf32>, %s: tensor<3x4xf32>) -> tensor<2x3x4xf32> {
  // CHECK: tpu.layer_norm {{.*}} : (tensor<2x12xf32>, tensor<12xf32>) -> tensor<2x12xf32>
  %0 = top.layer_norm %x, %s {axis = 1 : i64, epsilon = 1.0e-5} : (tensor<2x3x4xf32>, tensor<3x4xf32>) -> tensor<2x3x4xf32>
  return %0 : tensor<2x3x4xf32>
}

// CHECK-LABEL: @group_norm
func.func @group_norm(%x: tensor<1x8x4x4xf32>, %s: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<1x8x4x4xf32> {
  // CHECK: tpu.layer_norm {{.*}} : (tensor<1x4x32xf32>) -> tensor<1x4x32xf32>
  // CHECK: tpu.binary mul {{.*}}tensor<1x8x1x1xf32>
  // CHECK: tpu.binary add {{.*}}tensor<1x8x1x1xf32>
  %0 = top.group_norm %x, %s, %b {num_groups = 4 : i64, epsilon = 1.0e-5} : (tensor<1x8x4x4xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<1x8x4x4xf32>
  return %0 : tensor<1x8x4x4xf32>
}

// Groups that are too long for a lane: means of channels, then of groups.
// CHECK-LABEL: @long_group_norm
func.func @long_group_norm(%x: tensor<1x8x96x64xf32>, %s: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<1x8x96x64xf32> {
  // CHECK: tpu.reduce mean {{.*}}axis = 3 : i64} : (tensor<1x8x2x3072xf32>) -> tensor<1x8x2x1xf32>
  // CHECK: tpu.reduce mean {{.*}}axis = 2 : i64} : (tensor<1x8x2x1xf32>) -> tensor<1x8x1x1xf32>
  // CHECK: tpu.conv {{.*}}group = 4 : i64{{.*}} : (tensor<1x8x1x1xf32>, tensor<4x2x1x1xf32>) -> tensor<1x4x1x1xf32>
  // CHECK: tpu.conv {{.*}}group = 4 : i64{{.*}} : (tensor<1x4x1x1xf32>, tensor<8x1x1x1xf32>) -> tensor<1x8x1x1xf32>
  // CHECK: tpu.binary sub
  // CHECK: tpu.binary mul
  // CHECK: tpu.unary rsqrt
  // CHECK: tpu.binary mul {{.*}}: (tensor<1x8x6144xf32>, tensor<1x8x1xf32>) -> tensor<1x8x6144xf32>
  // CHECK: tpu.binary add
  // CHECK-NOT: tpu.layer_norm
  %0 = top.group_norm %x, %s, %b {num_groups = 4 : i64, epsilon = 1.0e-5} : (tensor<1x8x96x64xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<1x8x96x64xf32>
  return %0 : tensor<1x8x96x64xf32>
}

// CHECK-LABEL: @reduce_of_long_rows
func.func @reduce_of_long_rows(%x: tensor<3x100x100xf32>) -> tensor<3xf32> {
  // CHECK: tpu.reduce max {{.*}}axis = 2 : i64} : (tensor<3x4x2500xf32>) -> tensor<3x4x1xf32>
  // CHECK: tpu.reduce max {{.*}}axis = 1 : i64} : (tensor<3x4x1xf32>) -> tensor<3x1x1xf32>
  %0 = top.reduce max %x {axes = array<i64: 1, 2>, keepdims = false} : (tensor<3x100x100xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// Rows that do not fit into a lane: of parts first, which lie in many lanes.
// CHECK-LABEL: @softmax_of_long_rows
func.func @softmax_of_long_rows(%x: tensor<3x20000xf32>) -> tensor<3x20000xf32> {
  // CHECK: tpu.reduce max {{.*}} : (tensor<3x5x4000xf32>) -> tensor<3x5x1xf32>
  // CHECK: tpu.reduce max {{.*}} : (tensor<3x5x1xf32>) -> tensor<3x1x1xf32>
  // CHECK: %[[D:.*]] = tpu.binary sub
  // CHECK: %[[E:.*]] = tpu.unary exp %[[D]]
  // CHECK: tpu.reduce sum %[[E]]
  // CHECK: tpu.unary reciprocal
  // CHECK: tpu.binary mul %[[E]]
  // CHECK-NOT: tpu.softmax
  %0 = top.softmax %x {axis = 1 : i64} : (tensor<3x20000xf32>) -> tensor<3x20000xf32>
  return %0 : tensor<3x20000xf32>
}

// CHECK-LABEL: @log_softmax_of_long_rows
func.func @log_softmax_of_long_rows(%x: tensor<3x20000xf32>) -> tensor<3x20000xf32> {
  // CHECK: %[[D:.*]] = tpu.binary sub
  // CHECK: %[[L:.*]] = tpu.unary log
  // CHECK: tpu.binary sub %[[D]], %[[L]]
  %0 = top.softmax %x {axis = 1 : i64, log = true} : (tensor<3x20000xf32>) -> tensor<3x20000xf32>
  return %0 : tensor<3x20000xf32>
}

// CHECK-LABEL: @layer_norm_of_long_rows
func.func @layer_norm_of_long_rows(%x: tensor<3x20000xf32>, %s: tensor<20000xf32>, %b: tensor<20000xf32>) -> tensor<3x20000xf32> {
  // CHECK: tpu.reduce mean {{.*}} : (tensor<3x5x4000xf32>) -> tensor<3x5x1xf32>
  // CHECK: tpu.conv {{.*}} : (tensor<3x5x1x1xf32>, tensor<1x5x1x1xf32>) -> tensor<3x1x1x1xf32>
  // CHECK: tpu.binary sub
  // CHECK: tpu.unary rsqrt
  // CHECK: tpu.binary mul {{.*}} : (tensor<3x5x4000xf32>, tensor<1x5x4000xf32>)
  // CHECK: tpu.binary add {{.*}} : (tensor<3x5x4000xf32>, tensor<1x5x4000xf32>)
  // CHECK-NOT: tpu.layer_norm
  %0 = top.layer_norm %x, %s, %b {axis = 1 : i64, epsilon = 1.0e-5} : (tensor<3x20000xf32>, tensor<20000xf32>, tensor<20000xf32>) -> tensor<3x20000xf32>
  return %0 : tensor<3x20000xf32>
}

// No mean is subtracted.
// CHECK-LABEL: @rms_norm_of_long_rows
func.func @rms_norm_of_long_rows(%x: tensor<3x20000xf32>) -> tensor<3x20000xf32> {
  // CHECK-NOT: tpu.binary sub
  // CHECK: tpu.unary rsqrt
  // CHECK-NOT: tpu.rms_norm
  %0 = top.rms_norm %x {axis = 1 : i64, epsilon = 1.0e-5} : (tensor<3x20000xf32>) -> tensor<3x20000xf32>
  return %0 : tensor<3x20000xf32>
}

// No equal parts: the kernel says that it does not fit.
// CHECK-LABEL: @softmax_of_prime_rows
func.func @softmax_of_prime_rows(%x: tensor<3x20011xf32>) -> tensor<3x20011xf32> {
  // CHECK: tpu.softmax
  %0 = top.softmax %x {axis = 1 : i64} : (tensor<3x20011xf32>) -> tensor<3x20011xf32>
  return %0 : tensor<3x20011xf32>
}

// CHECK-LABEL: @pool_of_large_image
func.func @pool_of_large_image(%x: tensor<1x3x1024x1024xf32>) -> tensor<1x3x1x1xf32> {
  // CHECK: tpu.reduce mean {{.*}} : (tensor<1x3x256x4096xf32>) -> tensor<1x3x256x1xf32>
  // CHECK: tpu.reduce mean
  %0 = top.avg_pool %x {dilations = array<i64: 1, 1>, kernel = array<i64: 1024, 1024>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x3x1024x1024xf32>) -> tensor<1x3x1x1xf32>
  return %0 : tensor<1x3x1x1xf32>
}

// CHECK-LABEL: @reduce_of_outer_axis
func.func @reduce_of_outer_axis(%x: tensor<2x3x4xf32>) -> tensor<2x4xf32> {
  // CHECK: tpu.permute %arg0 {order = array<i64: 0, 2, 1>}
  // CHECK: tpu.reduce max {{.*}}axis = 2
  // CHECK: tpu.reshape {{.*}} -> tensor<2x4xf32>
  %0 = top.reduce max %x {axes = array<i64: 1>, keepdims = false} : (tensor<2x3x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// CHECK-LABEL: @reduce_l2
func.func @reduce_l2(%x: tensor<2x3x4xf32>) -> tensor<2x1x1xf32> {
  // CHECK: tpu.binary mul %arg0, %arg0
  // CHECK: tpu.reduce sum {{.*}}axis = 1
  // CHECK: tpu.unary sqrt
  %0 = top.reduce l2 %x {axes = array<i64: 1, 2>} : (tensor<2x3x4xf32>) -> tensor<2x1x1xf32>
  return %0 : tensor<2x1x1xf32>
}

// CHECK-LABEL: @arg_max
func.func @arg_max(%x: tensor<2x10xf32>) -> tensor<2xi64> {
  // CHECK: %[[M:.*]] = tpu.reduce max
  // What is not below the largest is it; of equals each counts.
  // CHECK: %[[B:.*]] = tpu.compare lt %arg0, %[[M]]
  // CHECK: %[[S:.*]] = tpu.select %[[B]], %{{.*}}, %{{.*}} : (tensor<2x10xf32>, tensor<1x1xf32>, tensor<1x10xf32>)
  // CHECK: tpu.reduce min %[[S]]
  // CHECK: tpu.cast {{.*}} -> tensor<2x1xi32>
  %0 = top.arg max %x {axis = 1 : i64, keepdims = false} : (tensor<2x10xf32>) -> tensor<2xi64>
  return %0 : tensor<2xi64>
}
