// RUN: tpuc-opt %s -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout,tpu-copy-results),tpu-layer-group)" | FileCheck %s
// RUN: tpuc-opt %s -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout,tpu-copy-results),tpu-layer-group{keep-resident=false fuse=false})" | FileCheck %s --check-prefix=OFF

// What is between input and output stays in local memory as long as it is read;
// the operators are a group. Without residency everything passes through global
// memory, and nothing is a group.
// CHECK-LABEL: func.func @stays
// CHECK: tpu.group ops 0 to 2
// CHECK: tpu.unary abs {{.*}} loads = [<input = 0,
// CHECK-SAME: tpu.mem = #tpu.local<addr = {{[0-9]+}}, bytes = 256, ops = 0 to 1, why = fits>
// CHECK: tpu.softmax
// CHECK-SAME: tpu.mem = #tpu.local<addr = {{[0-9]+}}, bytes = 256, ops = 1 to 2, why = fits>
// CHECK: tpu.unary neg
// CHECK-NOT: loads
// CHECK-SAME: tpu.mem = #tpu.global<offset = {{[0-9]+}}, why = caller>
// CHECK: tpu.yield
// OFF-LABEL: func.func @stays
// OFF-NOT: tpu.group
// OFF: tpu.unary abs {{.*}} #tpu.global<offset = {{[0-9]+}}, why = off>
// OFF: tpu.softmax {{.*}} #tpu.global<offset = {{[0-9]+}}, why = off>
func.func @stays(%x: tensor<64x128xf16>) -> tensor<64x128xf16> {
  %0 = tpu.unary abs %x : tensor<64x128xf16>
  %1 = tpu.softmax %0 : (tensor<64x128xf16>) -> tensor<64x128xf16>
  %2 = tpu.unary neg %1 : tensor<64x128xf16>
  return %2 : tensor<64x128xf16>
}
