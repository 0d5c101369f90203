// RUN: tpuc-opt %s --top-flatten-rows | FileCheck %s

// CHECK-LABEL: func.func @flatten_rows(
// CHECK-NEXT: %[[X:.*]] = top.reshape %arg0 : (tensor<2x3x8xf32>) -> tensor<6x8xf32>
// CHECK-NEXT: %[[M:.*]] = top.matmul %[[X]], %arg1, %arg2 :
// CHECK-NEXT: top.reshape %[[M]] : (tensor<6x4xf32>) -> tensor<2x3x4xf32>
func.func @flatten_rows(%x: tensor<2x3x8xf32>, %w: tensor<8x4xf32>, %b: tensor<4xf32>) -> tensor<2x3x4xf32> {
  %0 = top.matmul %x, %w, %b : (tensor<2x3x8xf32>, tensor<8x4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>
  return %0 : tensor<2x3x4xf32>
}

// Each batch has a matrix of its own.
// CHECK-LABEL: func.func @batched_matmul_stays(
// CHECK-NEXT: top.matmul %arg0, %arg1 : (tensor<2x3x8xf32>, tensor<2x8x4xf32>)
func.func @batched_matmul_stays(%x: tensor<2x3x8xf32>, %w: tensor<2x8x4xf32>) -> tensor<2x3x4xf32> {
  %0 = top.matmul %x, %w : (tensor<2x3x8xf32>, tensor<2x8x4xf32>) -> tensor<2x3x4xf32>
  return %0 : tensor<2x3x4xf32>
}

// CHECK-LABEL: func.func @sink_reshape(
// CHECK-NEXT: %[[G:.*]] = top.gelu %arg0 : tensor<2x12xf32>
// CHECK-NEXT: return %[[G]]
func.func @sink_reshape(%x: tensor<2x12xf32>) -> tensor<2x12xf32> {
  %0 = top.reshape %x : (tensor<2x12xf32>) -> tensor<24xf32>
  %1 = top.gelu %0 : tensor<24xf32>
  %2 = top.reshape %1 : (tensor<24xf32>) -> tensor<2x12xf32>
  return %2 : tensor<2x12xf32>
}

// A softmax is not a function of single elements.
// CHECK-LABEL: func.func @reshape_stays_before_softmax(
// CHECK-NEXT: top.reshape
// CHECK-NEXT: top.softmax
func.func @reshape_stays_before_softmax(%x: tensor<2x12xf32>) -> tensor<24xf32> {
  %0 = top.reshape %x : (tensor<2x12xf32>) -> tensor<24xf32>
  %1 = top.softmax %0 {axis = 0 : i64} : (tensor<24xf32>) -> tensor<24xf32>
  return %1 : tensor<24xf32>
}

// CHECK-LABEL: func.func @sink_reshape_below_channels(
// CHECK: %[[C:.*]] = top.weight dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
// CHECK-NEXT: %[[A:.*]] = top.add %arg0, %[[C]] : (tensor<6x2xf32>, tensor<2xf32>)
// CHECK-NEXT: top.reshape %[[A]] : (tensor<6x2xf32>) -> tensor<3x2x2xf32>
func.func @sink_reshape_below_channels(%x: tensor<6x2xf32>) -> tensor<3x2x2xf32> {
  %c = top.weight dense<[[[1.0, 2.0]]]> : tensor<1x1x2xf32>
  %0 = top.reshape %x : (tensor<6x2xf32>) -> tensor<3x2x2xf32>
  %1 = top.add %0, %c : (tensor<3x2x2xf32>, tensor<1x1x2xf32>) -> tensor<3x2x2xf32>
  return %1 : tensor<3x2x2xf32>
}

// The reshape splits the axis along which the constant varies.
// CHECK-LABEL: func.func @reshape_of_channels_stays(
// CHECK: top.reshape
// CHECK-NEXT: top.add
func.func @reshape_of_channels_stays(%x: tensor<12xf32>) -> tensor<6x2xf32> {
  %c = top.weight dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = top.reshape %x : (tensor<12xf32>) -> tensor<6x2xf32>
  %1 = top.add %0, %c : (tensor<6x2xf32>, tensor<2xf32>) -> tensor<6x2xf32>
  return %1 : tensor<6x2xf32>
}

// CHECK-LABEL: func.func @sink_equal_reshapes(
// CHECK-NEXT: %[[M:.*]] = top.mul %arg0, %arg1 : (tensor<6x2xf32>, tensor<6x2xf32>)
// CHECK-NEXT: top.reshape %[[M]]
func.func @sink_equal_reshapes(%x: tensor<6x2xf32>, %y: tensor<6x2xf32>) -> tensor<3x4xf32> {
  %0 = top.reshape %x : (tensor<6x2xf32>) -> tensor<3x4xf32>
  %1 = top.reshape %y : (tensor<6x2xf32>) -> tensor<3x4xf32>
  %2 = top.mul %0, %1 : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  return %2 : tensor<3x4xf32>
}

// CHECK-LABEL: func.func @other_reshapes_stay(
// CHECK-NEXT: top.reshape
// CHECK-NEXT: top.reshape
// CHECK-NEXT: top.mul
func.func @other_reshapes_stay(%x: tensor<6x2xf32>, %y: tensor<2x6xf32>) -> tensor<3x4xf32> {
  %0 = top.reshape %x : (tensor<6x2xf32>) -> tensor<3x4xf32>
  %1 = top.reshape %y : (tensor<2x6xf32>) -> tensor<3x4xf32>
  %2 = top.mul %0, %1 : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  return %2 : tensor<3x4xf32>
}

// A tensor without axes has no channels.
// CHECK-LABEL: func.func @sink_reshape_to_no_axes(
// CHECK: %[[A:.*]] = top.add %arg0, %{{.*}} : (tensor<1xf32>, tensor<f32>)
// CHECK-NEXT: top.reshape %[[A]] : (tensor<1xf32>) -> tensor<f32>
func.func @sink_reshape_to_no_axes(%x: tensor<1xf32>) -> tensor<f32> {
  %c = top.weight dense<2.0> : tensor<f32>
  %0 = top.reshape %x : (tensor<1xf32>) -> tensor<f32>
  %1 = top.add %0, %c : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %1 : tensor<f32>
}
