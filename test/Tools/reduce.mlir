// RUN: tpuc-reduce %s -reduction-tree="traversal-mode=0 test=%S/Inputs/has_softmax.sh" | FileCheck %s

// Only the function that shows the fault is left.
// CHECK-NOT: @plain
// CHECK: func.func @faulty
// CHECK: tpu.softmax
// CHECK-NOT: @plain
func.func @plain_before(%x: tensor<4x8xf16>) -> tensor<4x8xf16> {
  %0 = tpu.unary abs %x : tensor<4x8xf16>
  return %0 : tensor<4x8xf16>
}
func.func @faulty(%x: tensor<4x8xf16>) -> tensor<4x8xf16> {
  %0 = tpu.softmax %x : (tensor<4x8xf16>) -> tensor<4x8xf16>
  return %0 : tensor<4x8xf16>
}
func.func @plain_after(%x: tensor<4x8xf16>) -> tensor<4x8xf16> {
  %0 = tpu.unary neg %x : tensor<4x8xf16>
  return %0 : tensor<4x8xf16>
}
