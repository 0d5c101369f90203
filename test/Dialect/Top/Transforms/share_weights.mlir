// RUN: tpuc-opt %s --top-share-weights | FileCheck %s

// CHECK-LABEL: func.func @equal_bytes(
// CHECK-NEXT: %[[A:.*]] = top.weight dense_resource<a>
// CHECK-NEXT: return %[[A]], %[[A]]
func.func @equal_bytes() -> (tensor<2xf32>, tensor<2xf32>) {
  %0 = top.weight dense_resource<a> : tensor<2xf32>
  %1 = top.weight dense_resource<b> : tensor<2xf32>
  return %0, %1 : tensor<2xf32>, tensor<2xf32>
}

// CHECK-LABEL: func.func @other_shape(
// CHECK-NEXT: top.weight dense_resource<a>
// CHECK-NEXT: top.weight dense_resource<b>
func.func @other_shape() -> (tensor<2xf32>, tensor<1x2xf32>) {
  %0 = top.weight dense_resource<a> : tensor<2xf32>
  %1 = top.weight dense_resource<b> : tensor<1x2xf32>
  return %0, %1 : tensor<2xf32>, tensor<1x2xf32>
}

// CHECK-LABEL: func.func @other_bytes(
// CHECK-NEXT: top.weight dense_resource<a>
// CHECK-NEXT: top.weight dense_resource<c>
func.func @other_bytes() -> (tensor<2xf32>, tensor<2xf32>) {
  %0 = top.weight dense_resource<a> : tensor<2xf32>
  %1 = top.weight dense_resource<c> : tensor<2xf32>
  return %0, %1 : tensor<2xf32>, tensor<2xf32>
}

// CHECK-LABEL: func.func @order_of_use(
// CHECK-NEXT: top.weight dense<2.0
// CHECK-NEXT: top.weight dense<1.0
func.func @order_of_use(%x: tensor<2xf32>) -> tensor<2xf32> {
  %one = top.weight dense<1.0> : tensor<f32>
  %two = top.weight dense<2.0> : tensor<f32>
  %0 = top.add %x, %two : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %1 = top.mul %0, %one : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}

{-#
  dialect_resources: {
    builtin: {
      a: "0x040000000000803F00000040",
      b: "0x040000000000803F00000040",
      c: "0x040000000000803F00000041"
    }
  }
#-}
