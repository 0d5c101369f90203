// RUN: tpuc-opt %s -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout,tpu-copy-results),tpu-layer-group)" -o %t.plan.mlir
// RUN: FileCheck %s --check-prefix=PLAN < %t.plan.mlir
// RUN: tpuc-opt %t.plan.mlir -pass-pipeline="builtin.module(tpu-verify-plan,convert-tpu-to-bm1684x,func.func(bm1684x-verify-hazards))" | FileCheck %s

// The plan knows the operator by its kernels: it stays in local memory between
// others, in one group with them.
// PLAN-LABEL: func.func @network
// PLAN: tpu.group
// PLAN: tpu.unary abs {{.*}}#tpu.local
// PLAN: test.tile_bend {{.*}}#tpu.local
// PLAN: tpu.softmax
// PLAN: tpu.yield
// CHECK-LABEL: func.func @network
// CHECK-NOT: test.tile_bend
// CHECK: bm1684x.
func.func @network(%x: tensor<64x128xf16>) -> tensor<64x128xf16> {
  %g = tpu.weight dense<0.5> : tensor<1x128xf16>
  %0 = tpu.unary abs %x : tensor<64x128xf16>
  %1 = test.tile_bend %0, %g : (tensor<64x128xf16>, tensor<1x128xf16>) -> tensor<64x128xf16>
  %2 = tpu.softmax %1 : (tensor<64x128xf16>) -> tensor<64x128xf16>
  return %2 : tensor<64x128xf16>
}
