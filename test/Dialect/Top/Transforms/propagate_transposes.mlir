// RUN: tpuc-opt %s --top-propagate-transposes --canonicalize --cse | FileCheck %s

// Windows of 2x2 are cut out, the branch computes on them, and they are put
// back: everything between takes the order of windows, which is made once.
// CHECK-LABEL: func.func @residual_takes_window_order(
// CHECK: %[[P:.*]] = top.permute %{{.*}} {order = array<i64: 0, 2, 1, 3>}
// CHECK-NOT: top.permute
// CHECK: top.layer_norm
// CHECK-NOT: top.permute
// CHECK: top.matmul %{{.*}}, %arg2
// CHECK-NOT: top.permute
// CHECK: return
func.func @residual_takes_window_order(%x: tensor<1x4x4x8xf32>, %w: tensor<8x8xf32>, %v: tensor<8x8xf32>) -> tensor<16x4x8xf32> {
  %p = top.reshape %x : (tensor<1x4x4x8xf32>) -> tensor<2x2x2x16xf32>
  %0 = top.layer_norm %x {axis = 3 : i64, epsilon = 1.0e-5} : (tensor<1x4x4x8xf32>) -> tensor<1x4x4x8xf32>
  %1 = top.reshape %0 : (tensor<1x4x4x8xf32>) -> tensor<1x2x2x2x2x8xf32>
  %2 = top.permute %1 {order = array<i64: 0, 1, 3, 2, 4, 5>} : (tensor<1x2x2x2x2x8xf32>) -> tensor<1x2x2x2x2x8xf32>
  %3 = top.reshape %2 : (tensor<1x2x2x2x2x8xf32>) -> tensor<4x4x8xf32>
  %4 = top.matmul %3, %3 {right_transpose = true} : (tensor<4x4x8xf32>, tensor<4x4x8xf32>) -> tensor<4x4x4xf32>
  %5 = top.matmul %4, %3 : (tensor<4x4x4xf32>, tensor<4x4x8xf32>) -> tensor<4x4x8xf32>
  %6 = top.reshape %5 : (tensor<4x4x8xf32>) -> tensor<16x8xf32>
  %7 = top.matmul %6, %w : (tensor<16x8xf32>, tensor<8x8xf32>) -> tensor<16x8xf32>
  %8 = top.reshape %7 : (tensor<16x8xf32>) -> tensor<1x2x2x2x2x8xf32>
  %9 = top.permute %8 {order = array<i64: 0, 1, 3, 2, 4, 5>} : (tensor<1x2x2x2x2x8xf32>) -> tensor<1x2x2x2x2x8xf32>
  %10 = top.reshape %9 : (tensor<1x2x2x2x2x8xf32>) -> tensor<1x4x4x8xf32>
  %11 = top.add %x, %10 : (tensor<1x4x4x8xf32>, tensor<1x4x4x8xf32>) -> tensor<1x4x4x8xf32>
  %12 = top.reshape %11 : (tensor<1x4x4x8xf32>) -> tensor<1x2x2x2x2x8xf32>
  %13 = top.permute %12 {order = array<i64: 0, 1, 3, 2, 4, 5>} : (tensor<1x2x2x2x2x8xf32>) -> tensor<1x2x2x2x2x8xf32>
  %14 = top.reshape %13 : (tensor<1x2x2x2x2x8xf32>) -> tensor<4x4x8xf32>
  %15 = top.reshape %14 : (tensor<4x4x8xf32>) -> tensor<16x8xf32>
  %16 = top.matmul %15, %v : (tensor<16x8xf32>, tensor<8x8xf32>) -> tensor<16x8xf32>
  %17 = top.reshape %16 : (tensor<16x8xf32>) -> tensor<4x4x8xf32>
  %18 = top.matmul %17, %17 {right_transpose = true} : (tensor<4x4x8xf32>, tensor<4x4x8xf32>) -> tensor<4x4x4xf32>
  %19 = top.matmul %18, %17 : (tensor<4x4x4xf32>, tensor<4x4x8xf32>) -> tensor<4x4x8xf32>
  %20 = top.concat %19, %19, %19, %19 {axis = 0 : i64} : (tensor<4x4x8xf32>, tensor<4x4x8xf32>, tensor<4x4x8xf32>, tensor<4x4x8xf32>) -> tensor<16x4x8xf32>
  return %20 : tensor<16x4x8xf32>
}

// Putting windows back, rolling by 1 and cutting other windows out is one op.
// CHECK-LABEL: func.func @shifted_windows_are_one_relayout(
// CHECK-NEXT: %[[R:.*]] = top.relayout %arg0
// CHECK-NOT: top.slice
// CHECK-NOT: top.permute
// CHECK: return
func.func @shifted_windows_are_one_relayout(%x: tensor<4x4x8xf32>) -> tensor<4x4x8xf32> {
  %0 = top.reshape %x : (tensor<4x4x8xf32>) -> tensor<1x2x2x2x2x8xf32>
  %1 = top.permute %0 {order = array<i64: 0, 1, 3, 2, 4, 5>} : (tensor<1x2x2x2x2x8xf32>) -> tensor<1x2x2x2x2x8xf32>
  %2 = top.reshape %1 : (tensor<1x2x2x2x2x8xf32>) -> tensor<1x4x4x8xf32>
  %3 = top.slice %2 {offsets = array<i64: 0, 1, 0, 0>, sizes = array<i64: 1, 3, 4, 8>, steps = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x8xf32>) -> tensor<1x3x4x8xf32>
  %4 = top.slice %2 {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 1, 4, 8>, steps = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x8xf32>) -> tensor<1x1x4x8xf32>
  %5 = top.concat %3, %4 {axis = 1 : i64} : (tensor<1x3x4x8xf32>, tensor<1x1x4x8xf32>) -> tensor<1x4x4x8xf32>
  %6 = top.reshape %5 : (tensor<1x4x4x8xf32>) -> tensor<1x2x2x2x2x8xf32>
  %7 = top.permute %6 {order = array<i64: 0, 1, 3, 2, 4, 5>} : (tensor<1x2x2x2x2x8xf32>) -> tensor<1x2x2x2x2x8xf32>
  %8 = top.reshape %7 : (tensor<1x2x2x2x2x8xf32>) -> tensor<4x4x8xf32>
  return %8 : tensor<4x4x8xf32>
}

// Patches merged out of four slices are one permute of rows, and the mean over
// all rows does not care for their order.
// CHECK-LABEL: func.func @merged_patches_are_one_permute(
// CHECK: top.permute %{{.*}} {order = array<i64: 0, 2, 1, 3>} : (tensor<2x2x4x8xf32>)
// CHECK-NOT: top.slice
// CHECK-NOT: top.concat
// CHECK: top.matmul
// CHECK-NOT: top.permute
// CHECK: return
func.func @merged_patches_are_one_permute(%x: tensor<1x4x4x8xf32>, %w: tensor<32x16xf32>) -> tensor<1x4x16xf32> {
  %0 = top.slice %x {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 2, 2, 8>, steps = array<i64: 1, 2, 2, 1>} : (tensor<1x4x4x8xf32>) -> tensor<1x2x2x8xf32>
  %1 = top.slice %x {offsets = array<i64: 0, 1, 0, 0>, sizes = array<i64: 1, 2, 2, 8>, steps = array<i64: 1, 2, 2, 1>} : (tensor<1x4x4x8xf32>) -> tensor<1x2x2x8xf32>
  %2 = top.slice %x {offsets = array<i64: 0, 0, 1, 0>, sizes = array<i64: 1, 2, 2, 8>, steps = array<i64: 1, 2, 2, 1>} : (tensor<1x4x4x8xf32>) -> tensor<1x2x2x8xf32>
  %3 = top.slice %x {offsets = array<i64: 0, 1, 1, 0>, sizes = array<i64: 1, 2, 2, 8>, steps = array<i64: 1, 2, 2, 1>} : (tensor<1x4x4x8xf32>) -> tensor<1x2x2x8xf32>
  %4 = top.concat %0, %1, %2, %3 {axis = 3 : i64} : (tensor<1x2x2x8xf32>, tensor<1x2x2x8xf32>, tensor<1x2x2x8xf32>, tensor<1x2x2x8xf32>) -> tensor<1x2x2x32xf32>
  %5 = top.reshape %4 : (tensor<1x2x2x32xf32>) -> tensor<1x4x32xf32>
  %6 = top.matmul %5, %w : (tensor<1x4x32xf32>, tensor<32x16xf32>) -> tensor<1x4x16xf32>
  return %6 : tensor<1x4x16xf32>
}

// CHECK-LABEL: func.func @mean_ignores_order(
// CHECK-NEXT: %[[G:.*]] = top.gelu %arg0
// CHECK-NOT: top.permute
// CHECK: top.reduce mean
func.func @mean_ignores_order(%x: tensor<4x4x8xf32>) -> tensor<1x8xf32> {
  %0 = top.gelu %x : tensor<4x4x8xf32>
  %1 = top.permute %0 {order = array<i64: 1, 0, 2>} : (tensor<4x4x8xf32>) -> tensor<4x4x8xf32>
  %2 = top.reshape %1 : (tensor<4x4x8xf32>) -> tensor<1x16x8xf32>
  %3 = top.reduce mean %2 {axes = array<i64: 1>, keepdims = false} : (tensor<1x16x8xf32>) -> tensor<1x8xf32>
  return %3 : tensor<1x8xf32>
}

// A constant with a value for each row takes the order of the rows: that costs
// nothing, while the value need not be moved to and back.
// CHECK-LABEL: func.func @constant_follows(
// CHECK: %[[C:.*]] = top.weight dense<{{\[}}{{\[}}[1.000000e+00, 2.000000e+00], [5.000000e+00, 6.000000e+00]], {{\[}}[3.000000e+00, 4.000000e+00], [7.000000e+00, 8.000000e+00]]]>
// CHECK-NEXT: %[[S:.*]] = top.softmax %arg0
// CHECK-NEXT: %[[A:.*]] = top.add %[[S]], %[[C]]
// CHECK-NEXT: return %[[A]]
func.func @constant_follows(%x: tensor<2x2x2xf32>) -> tensor<2x2x2xf32> {
  %c = top.weight dense<[[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]> : tensor<2x2x2xf32>
  %0 = top.softmax %x {axis = 0 : i64} : (tensor<2x2x2xf32>) -> tensor<2x2x2xf32>
  %1 = top.permute %0 {order = array<i64: 1, 0, 2>} : (tensor<2x2x2xf32>) -> tensor<2x2x2xf32>
  %2 = top.add %1, %c : (tensor<2x2x2xf32>, tensor<2x2x2xf32>) -> tensor<2x2x2xf32>
  %3 = top.permute %2 {order = array<i64: 1, 0, 2>} : (tensor<2x2x2xf32>) -> tensor<2x2x2xf32>
  return %3 : tensor<2x2x2xf32>
}

// Rows are mixed before and after: nothing can be saved.
// CHECK-LABEL: func.func @mixed_rows_stay(
// CHECK-NEXT: top.softmax
// CHECK-NEXT: top.permute
// CHECK-NEXT: top.softmax
// CHECK-NEXT: return
func.func @mixed_rows_stay(%x: tensor<2x3x8xf32>) -> tensor<3x2x8xf32> {
  %0 = top.softmax %x {axis = 0 : i64} : (tensor<2x3x8xf32>) -> tensor<2x3x8xf32>
  %1 = top.permute %0 {order = array<i64: 1, 0, 2>} : (tensor<2x3x8xf32>) -> tensor<3x2x8xf32>
  %2 = top.softmax %1 {axis = 0 : i64} : (tensor<3x2x8xf32>) -> tensor<3x2x8xf32>
  return %2 : tensor<3x2x8xf32>
}

// Elements leave their rows: heads are cut out, no order of rows helps.
// CHECK-LABEL: func.func @heads_stay(
// CHECK-NEXT: top.gelu
// CHECK-NEXT: top.reshape
// CHECK-NEXT: top.permute
// CHECK-NEXT: return
func.func @heads_stay(%x: tensor<4x8xf32>) -> tensor<2x4x4xf32> {
  %0 = top.gelu %x : tensor<4x8xf32>
  %1 = top.reshape %0 : (tensor<4x8xf32>) -> tensor<4x2x4xf32>
  %2 = top.permute %1 {order = array<i64: 1, 0, 2>} : (tensor<4x2x4xf32>) -> tensor<2x4x4xf32>
  return %2 : tensor<2x4x4xf32>
}

// The order of shifted windows and that of merged patches do not fit together.
// From the first to the second is one op all the same: in local memory that is a
// few matrix products.
// CHECK-LABEL: func.func @irregular_movement_is_one_op(
// CHECK: top.layer_norm
// CHECK: top.relayout
// CHECK-NOT: top.{{relayout|permute}}
// CHECK: top.layer_norm
func.func @irregular_movement_is_one_op(%x: tensor<64x49x32xf32>) -> tensor<16x49x49xf32> {
  %0 = top.matmul %x, %x {right_transpose = true} : (tensor<64x49x32xf32>, tensor<64x49x32xf32>) -> tensor<64x49x49xf32>
  %1 = top.matmul %0, %x : (tensor<64x49x49xf32>, tensor<64x49x32xf32>) -> tensor<64x49x32xf32>
  %2 = top.reshape %1 : (tensor<64x49x32xf32>) -> tensor<1x8x8x7x7x32xf32>
  %3 = top.permute %2 {order = array<i64: 0, 1, 3, 2, 4, 5>} : (tensor<1x8x8x7x7x32xf32>) -> tensor<1x8x7x8x7x32xf32>
  %4 = top.reshape %3 : (tensor<1x8x7x8x7x32xf32>) -> tensor<1x56x56x32xf32>
  %5 = top.slice %4 {offsets = array<i64: 0, 53, 0, 0>, sizes = array<i64: 1, 3, 56, 32>, steps = array<i64: 1, 1, 1, 1>} : (tensor<1x56x56x32xf32>) -> tensor<1x3x56x32xf32>
  %6 = top.slice %4 {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 53, 56, 32>, steps = array<i64: 1, 1, 1, 1>} : (tensor<1x56x56x32xf32>) -> tensor<1x53x56x32xf32>
  %7 = top.concat %5, %6 {axis = 1 : i64} : (tensor<1x3x56x32xf32>, tensor<1x53x56x32xf32>) -> tensor<1x56x56x32xf32>
  %8 = top.slice %7 {offsets = array<i64: 0, 0, 53, 0>, sizes = array<i64: 1, 56, 3, 32>, steps = array<i64: 1, 1, 1, 1>} : (tensor<1x56x56x32xf32>) -> tensor<1x56x3x32xf32>
  %9 = top.slice %7 {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 56, 53, 32>, steps = array<i64: 1, 1, 1, 1>} : (tensor<1x56x56x32xf32>) -> tensor<1x56x53x32xf32>
  %10 = top.concat %8, %9 {axis = 2 : i64} : (tensor<1x56x3x32xf32>, tensor<1x56x53x32xf32>) -> tensor<1x56x56x32xf32>
  %11 = top.layer_norm %10 {axis = 3 : i64, epsilon = 1.0e-5} : (tensor<1x56x56x32xf32>) -> tensor<1x56x56x32xf32>
  %12 = top.slice %11 {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 28, 28, 32>, steps = array<i64: 1, 2, 2, 1>} : (tensor<1x56x56x32xf32>) -> tensor<1x28x28x32xf32>
  %13 = top.slice %11 {offsets = array<i64: 0, 1, 0, 0>, sizes = array<i64: 1, 28, 28, 32>, steps = array<i64: 1, 2, 2, 1>} : (tensor<1x56x56x32xf32>) -> tensor<1x28x28x32xf32>
  %14 = top.slice %11 {offsets = array<i64: 0, 0, 1, 0>, sizes = array<i64: 1, 28, 28, 32>, steps = array<i64: 1, 2, 2, 1>} : (tensor<1x56x56x32xf32>) -> tensor<1x28x28x32xf32>
  %15 = top.slice %11 {offsets = array<i64: 0, 1, 1, 0>, sizes = array<i64: 1, 28, 28, 32>, steps = array<i64: 1, 2, 2, 1>} : (tensor<1x56x56x32xf32>) -> tensor<1x28x28x32xf32>
  %16 = top.concat %12, %13, %14, %15 {axis = 3 : i64} : (tensor<1x28x28x32xf32>, tensor<1x28x28x32xf32>, tensor<1x28x28x32xf32>, tensor<1x28x28x32xf32>) -> tensor<1x28x28x128xf32>
  %17 = top.layer_norm %16 {axis = 3 : i64, epsilon = 1.0e-5} : (tensor<1x28x28x128xf32>) -> tensor<1x28x28x128xf32>
  %18 = top.reshape %17 : (tensor<1x28x28x128xf32>) -> tensor<1x4x7x4x7x128xf32>
  %19 = top.permute %18 {order = array<i64: 0, 1, 3, 2, 4, 5>} : (tensor<1x4x7x4x7x128xf32>) -> tensor<1x4x4x7x7x128xf32>
  %20 = top.reshape %19 : (tensor<1x4x4x7x7x128xf32>) -> tensor<16x49x128xf32>
  %21 = top.matmul %20, %20 {right_transpose = true} : (tensor<16x49x128xf32>, tensor<16x49x128xf32>) -> tensor<16x49x49xf32>
  return %21 : tensor<16x49x49xf32>
}

// A value that does not stay in local memory is moved by transfers, of which one
// op would take far more than two by way of the network's order.
// CHECK-LABEL: func.func @irregular_movement_takes_two_steps(
// CHECK: top.layer_norm
// CHECK: top.relayout
// CHECK-NOT: top.relayout
// CHECK: top.permute
// CHECK-NOT: top.relayout
// CHECK: top.layer_norm
func.func @irregular_movement_takes_two_steps(%x: tensor<1024x49x32xf32>) -> tensor<256x49x49xf32> {
  %0 = top.matmul %x, %x {right_transpose = true} : (tensor<1024x49x32xf32>, tensor<1024x49x32xf32>) -> tensor<1024x49x49xf32>
  %1 = top.matmul %0, %x : (tensor<1024x49x49xf32>, tensor<1024x49x32xf32>) -> tensor<1024x49x32xf32>
  %2 = top.reshape %1 : (tensor<1024x49x32xf32>) -> tensor<16x8x8x7x7x32xf32>
  %3 = top.permute %2 {order = array<i64: 0, 1, 3, 2, 4, 5>} : (tensor<16x8x8x7x7x32xf32>) -> tensor<16x8x7x8x7x32xf32>
  %4 = top.reshape %3 : (tensor<16x8x7x8x7x32xf32>) -> tensor<16x56x56x32xf32>
  %5 = top.slice %4 {offsets = array<i64: 0, 53, 0, 0>, sizes = array<i64: 16, 3, 56, 32>, steps = array<i64: 1, 1, 1, 1>} : (tensor<16x56x56x32xf32>) -> tensor<16x3x56x32xf32>
  %6 = top.slice %4 {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 16, 53, 56, 32>, steps = array<i64: 1, 1, 1, 1>} : (tensor<16x56x56x32xf32>) -> tensor<16x53x56x32xf32>
  %7 = top.concat %5, %6 {axis = 1 : i64} : (tensor<16x3x56x32xf32>, tensor<16x53x56x32xf32>) -> tensor<16x56x56x32xf32>
  %8 = top.slice %7 {offsets = array<i64: 0, 0, 53, 0>, sizes = array<i64: 16, 56, 3, 32>, steps = array<i64: 1, 1, 1, 1>} : (tensor<16x56x56x32xf32>) -> tensor<16x56x3x32xf32>
  %9 = top.slice %7 {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 16, 56, 53, 32>, steps = array<i64: 1, 1, 1, 1>} : (tensor<16x56x56x32xf32>) -> tensor<16x56x53x32xf32>
  %10 = top.concat %8, %9 {axis = 2 : i64} : (tensor<16x56x3x32xf32>, tensor<16x56x53x32xf32>) -> tensor<16x56x56x32xf32>
  %11 = top.layer_norm %10 {axis = 3 : i64, epsilon = 1.0e-5} : (tensor<16x56x56x32xf32>) -> tensor<16x56x56x32xf32>
  %12 = top.slice %11 {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 16, 28, 28, 32>, steps = array<i64: 1, 2, 2, 1>} : (tensor<16x56x56x32xf32>) -> tensor<16x28x28x32xf32>
  %13 = top.slice %11 {offsets = array<i64: 0, 1, 0, 0>, sizes = array<i64: 16, 28, 28, 32>, steps = array<i64: 1, 2, 2, 1>} : (tensor<16x56x56x32xf32>) -> tensor<16x28x28x32xf32>
  %14 = top.slice %11 {offsets = array<i64: 0, 0, 1, 0>, sizes = array<i64: 16, 28, 28, 32>, steps = array<i64: 1, 2, 2, 1>} : (tensor<16x56x56x32xf32>) -> tensor<16x28x28x32xf32>
  %15 = top.slice %11 {offsets = array<i64: 0, 1, 1, 0>, sizes = array<i64: 16, 28, 28, 32>, steps = array<i64: 1, 2, 2, 1>} : (tensor<16x56x56x32xf32>) -> tensor<16x28x28x32xf32>
  %16 = top.concat %12, %13, %14, %15 {axis = 3 : i64} : (tensor<16x28x28x32xf32>, tensor<16x28x28x32xf32>, tensor<16x28x28x32xf32>, tensor<16x28x28x32xf32>) -> tensor<16x28x28x128xf32>
  %17 = top.layer_norm %16 {axis = 3 : i64, epsilon = 1.0e-5} : (tensor<16x28x28x128xf32>) -> tensor<16x28x28x128xf32>
  %18 = top.reshape %17 : (tensor<16x28x28x128xf32>) -> tensor<16x4x7x4x7x128xf32>
  %19 = top.permute %18 {order = array<i64: 0, 1, 3, 2, 4, 5>} : (tensor<16x4x7x4x7x128xf32>) -> tensor<16x4x4x7x7x128xf32>
  %20 = top.reshape %19 : (tensor<16x4x4x7x7x128xf32>) -> tensor<256x49x128xf32>
  %21 = top.matmul %20, %20 {right_transpose = true} : (tensor<256x49x128xf32>, tensor<256x49x128xf32>) -> tensor<256x49x49xf32>
  return %21 : tensor<256x49x49xf32>
}
