// RUN: tpuc-opt %s --verify-roundtrip | FileCheck %s
// RUN: tpuc-opt %s --mlir-print-op-generic | tpuc-opt | FileCheck %s

// CHECK-LABEL: func.func @constants
func.func @constants() -> tensor<4x8xf32> {
  // CHECK: top.weight dense<1.000000e+00> : tensor<4x8xf32>
  %0 = top.weight dense<1.0> : tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// CHECK-LABEL: func.func @convolutions
func.func @convolutions(%x: tensor<1x3x224x224xf32>, %f: tensor<64x3x7x7xf32>,
    %b: tensor<64xf32>, %y: tensor<1x8x16x16xf32>, %g: tensor<8x4x3x3xf32>) {
  // CHECK: top.conv %{{.*}}, %{{.*}}, %{{.*}} {dilations = array<i64: 1, 1>, pads = array<i64: 3, 3, 3, 3>, strides = array<i64: 2, 2>}
  %0 = top.conv %x, %f, %b {strides = array<i64: 2, 2>,
      pads = array<i64: 3, 3, 3, 3>, dilations = array<i64: 1, 1>}
      : (tensor<1x3x224x224xf32>, tensor<64x3x7x7xf32>, tensor<64xf32>)
      -> tensor<1x64x112x112xf32>
  // CHECK: top.conv_transpose
  %1 = top.conv_transpose %y, %g {strides = array<i64: 2, 2>,
      pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,
      output_padding = array<i64: 1, 1>}
      : (tensor<1x8x16x16xf32>, tensor<8x4x3x3xf32>) -> tensor<1x4x32x32xf32>
  // CHECK: top.max_pool
  %2 = top.max_pool %0 {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>,
      pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
      : (tensor<1x64x112x112xf32>) -> tensor<1x64x56x56xf32>
  // CHECK: top.avg_pool
  %3 = top.avg_pool %2 {kernel = array<i64: 56, 56>,
      strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>,
      dilations = array<i64: 1, 1>, count_include_pad = true}
      : (tensor<1x64x56x56xf32>) -> tensor<1x64x1x1xf32>
  return
}

// CHECK-LABEL: func.func @matmul
func.func @matmul(%x: tensor<1x49x96xf32>, %w: tensor<288x96xf32>,
    %b: tensor<288xf32>) -> tensor<1x49x288xf32> {
  // CHECK: top.matmul %{{.*}}, %{{.*}}, %{{.*}} {right_transpose = true}
  %0 = top.matmul %x, %w, %b {right_transpose = true}
      : (tensor<1x49x96xf32>, tensor<288x96xf32>, tensor<288xf32>)
      -> tensor<1x49x288xf32>
  return %0 : tensor<1x49x288xf32>
}

// CHECK-LABEL: func.func @elementwise
func.func @elementwise(%x: tensor<1x4x1xf32>, %y: tensor<8xf32>,
    %c: tensor<8xi1>) {
  // CHECK: top.add {{.*}} -> tensor<1x4x8xf32>
  %0 = top.add %x, %y : (tensor<1x4x1xf32>, tensor<8xf32>) -> tensor<1x4x8xf32>
  // CHECK: top.compare less
  %1 = top.compare less %x, %y : (tensor<1x4x1xf32>, tensor<8xf32>) -> tensor<1x4x8xi1>
  // CHECK: top.where
  %2 = top.where %c, %x, %y : (tensor<8xi1>, tensor<1x4x1xf32>, tensor<8xf32>) -> tensor<1x4x8xf32>
  // CHECK: top.relu %{{.*}} : tensor<8xf32>
  %3 = top.relu %y : tensor<8xf32>
  // CHECK: top.gelu %{{.*}} : tensor<8xf32>
  %4 = top.gelu %y : tensor<8xf32>
  // CHECK: top.gelu tanh %{{.*}} : tensor<8xf32>
  %5 = top.gelu tanh %y : tensor<8xf32>
  // CHECK: top.clip %{{.*}} {max = 6.000000e+00 : f64, min = 0.000000e+00 : f64}
  %6 = top.clip %y {min = 0.0, max = 6.0} : tensor<8xf32>
  // CHECK: top.prelu
  %7 = top.prelu %y, %y : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  // CHECK: top.leaky_relu %{{.*}} {alpha = 1.000000e-01 : f64}
  %8 = top.leaky_relu %y {alpha = 0.1} : tensor<8xf32>
  return
}

// CHECK-LABEL: func.func @normalisation
func.func @normalisation(%x: tensor<1x49x96xf32>, %s: tensor<96xf32>,
    %y: tensor<1x8x4x4xf32>, %t: tensor<8xf32>) {
  // CHECK: top.softmax
  %0 = top.softmax %x {axis = 2 : i64} : (tensor<1x49x96xf32>) -> tensor<1x49x96xf32>
  // CHECK: top.layer_norm
  %1 = top.layer_norm %x, %s, %s {axis = 2 : i64, epsilon = 1.0e-5}
      : (tensor<1x49x96xf32>, tensor<96xf32>, tensor<96xf32>) -> tensor<1x49x96xf32>
  // CHECK: top.rms_norm
  %2 = top.rms_norm %x, %s {axis = 2 : i64, epsilon = 1.0e-6}
      : (tensor<1x49x96xf32>, tensor<96xf32>) -> tensor<1x49x96xf32>
  // CHECK: top.group_norm
  %3 = top.group_norm %y, %t, %t {num_groups = 4 : i64, epsilon = 1.0e-5}
      : (tensor<1x8x4x4xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<1x8x4x4xf32>
  // CHECK: top.batch_norm
  %4 = top.batch_norm %y, %t, %t, %t, %t {epsilon = 1.0e-5}
      : (tensor<1x8x4x4xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>,
         tensor<8xf32>) -> tensor<1x8x4x4xf32>
  // CHECK: top.reduce mean %{{.*}} {axes = array<i64: 2>}
  %5 = top.reduce mean %x {axes = array<i64: 2>, keepdims = true}
      : (tensor<1x49x96xf32>) -> tensor<1x49x1xf32>
  // CHECK: top.reduce sum %{{.*}} {axes = array<i64>, keepdims = false}
  %6 = top.reduce sum %x {axes = array<i64>, keepdims = false}
      : (tensor<1x49x96xf32>) -> tensor<f32>
  // CHECK: top.arg max
  %7 = top.arg max %x {axis = 1 : i64, keepdims = false}
      : (tensor<1x49x96xf32>) -> tensor<1x96xi64>
  // CHECK: top.topk
  %8:2 = top.topk %x {axis = 2 : i64, k = 5 : i64}
      : (tensor<1x49x96xf32>) -> (tensor<1x49x5xf32>, tensor<1x49x5xi64>)
  // CHECK: top.cumsum
  %9 = top.cumsum %x {axis = 1 : i64} : (tensor<1x49x96xf32>) -> tensor<1x49x96xf32>
  return
}

// CHECK-LABEL: func.func @movement
func.func @movement(%x: tensor<1x8x4x6xf32>, %m: tensor<4x8xf32>,
    %i: tensor<4x3xi64>, %u: tensor<3x4x8xf32>,
    %r: tensor<4xf32>) {
  // CHECK: top.reshape
  %0 = top.reshape %x : (tensor<1x8x4x6xf32>) -> tensor<1x8x24xf32>
  // CHECK: top.permute
  %1 = top.permute %x {order = array<i64: 0, 2, 3, 1>} : (tensor<1x8x4x6xf32>) -> tensor<1x4x6x8xf32>
  // CHECK: top.relayout %{{.*}} {axes = 2 : i64, boxes = array<i64: 0, 8, 3, 8, 8, 8, 1, 1, 24, 0, 1, 8, 8, 8, 1, 1>}
  %rows = top.relayout %m {axes = 2 : i64, boxes = array<i64: 0, 8, 3, 8, 8, 8, 1, 1, 24, 0, 1, 8, 8, 8, 1, 1>} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: top.concat
  %2 = top.concat %m, %m {axis = 0 : i64} : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<8x8xf32>
  // CHECK: top.slice
  %3 = top.slice %m {offsets = array<i64: 3, 1>, sizes = array<i64: 4, 3>,
      steps = array<i64: -1, 2>} : (tensor<4x8xf32>) -> tensor<4x3xf32>
  // CHECK: top.pad reflect
  %4 = top.pad reflect %m {pads = array<i64: 1, 0, 0, 7>} : (tensor<4x8xf32>) -> tensor<5x15xf32>
  // CHECK: top.gather
  %5 = top.gather %m, %i {axis = 1 : i64} : (tensor<4x8xf32>, tensor<4x3xi64>) -> tensor<4x4x3xf32>
  // CHECK: top.gather_elements
  %6 = top.gather_elements %m, %i {axis = 1 : i64} : (tensor<4x8xf32>, tensor<4x3xi64>) -> tensor<4x3xf32>
  // CHECK: top.gather_nd
  %7 = top.gather_nd %x, %i : (tensor<1x8x4x6xf32>, tensor<4x3xi64>) -> tensor<4x6xf32>
  // CHECK: top.scatter_nd add
  %8 = top.scatter_nd add %u, %i, %r : (tensor<3x4x8xf32>, tensor<4x3xi64>, tensor<4xf32>) -> tensor<3x4x8xf32>
  // CHECK: top.tile
  %9 = top.tile %m {repeats = array<i64: 1, 2>} : (tensor<4x8xf32>) -> tensor<4x16xf32>
  // CHECK: top.broadcast
  %10 = top.broadcast %m : (tensor<4x8xf32>) -> tensor<3x4x8xf32>
  // CHECK: top.cast
  %11 = top.cast %i : (tensor<4x3xi64>) -> tensor<4x3xf32>
  // CHECK: top.depth_to_space crd
  %12 = top.depth_to_space crd %x {block_size = 2 : i64} : (tensor<1x8x4x6xf32>) -> tensor<1x2x8x12xf32>
  // CHECK: top.space_to_depth
  %13 = top.space_to_depth %x {block_size = 2 : i64} : (tensor<1x8x4x6xf32>) -> tensor<1x32x2x3xf32>
  // CHECK: top.resize nearest asymmetric floor
  %14 = top.resize nearest asymmetric floor %x {scales = array<f64: 1.0, 1.0, 2.0, 2.5>}
      : (tensor<1x8x4x6xf32>) -> tensor<1x8x8x15xf32>
  return
}
