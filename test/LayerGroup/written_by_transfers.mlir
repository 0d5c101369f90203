// RUN: tpuc-opt %s -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout,tpu-copy-results),tpu-layer-group)" | FileCheck %s

// The permute exchanges lanes and rows of other counts: its transfers write to
// global memory, so that the group ends there, and the plan says why.
// CHECK-LABEL: func.func @moved
// CHECK: tpu.group ops 0 to 1
// CHECK: tpu.permute {{.*}} #tpu.global<offset = {{[0-9]+}}, why = written_by_move by 1>
// CHECK: tpu.yield
// CHECK: tpu.unary neg {{.*}} loads = [<input = 0,
func.func @moved(%x: tensor<7x130x10xf16>) -> tensor<10x7x130xf16> {
  %0 = tpu.unary abs %x : tensor<7x130x10xf16>
  %1 = tpu.permute %0 {order = array<i64: 2, 0, 1>} : (tensor<7x130x10xf16>) -> tensor<10x7x130xf16>
  %2 = tpu.unary neg %1 : tensor<10x7x130xf16>
  return %2 : tensor<10x7x130xf16>
}
