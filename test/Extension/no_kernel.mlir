// RUN: not tpuc-opt %s -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout,tpu-copy-results),tpu-layer-group)" 2>&1 | FileCheck %s

// An operator without kernels is refused by its name, where it stands.
// CHECK: no_kernel.mlir:[[@LINE+3]]:8: error: 'test.silent' op has no kernel for this chip; express it by operators that have one, or run it on the host
func.func @silent(%x: tensor<64x128xf16>) -> tensor<64x128xf16> {
  %0 = tpu.unary abs %x : tensor<64x128xf16>
  %1 = test.silent %0 : (tensor<64x128xf16>) -> tensor<64x128xf16>
  return %1 : tensor<64x128xf16>
}
