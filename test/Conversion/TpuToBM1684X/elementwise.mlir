// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-copy-results),tpu-layer-group,tpu-verify-plan,convert-tpu-to-bm1684x)" | FileCheck %s

// One tile: load both operands, add, store; each engine waits for the other.
// CHECK-LABEL: func.func @add()
// CHECK-SAME: bm1684x.inputs = [{address = {{[0-9]+}} : i64, name = "a", type = tensor<64x32xf16>}
func.func @add(%arg0: tensor<64x32xf16> {top.name = "a"},
               %arg1: tensor<64x32xf16> {top.name = "b"})
    -> (tensor<64x32xf16> {top.name = "c"}) {
  // CHECK: %[[A:.*]] = bm1684x.dma.tensor tensor
  // CHECK: %[[B:.*]] = bm1684x.dma.tensor tensor
  // CHECK: %[[SUM:.*]] = bm1684x.sar add {{.*}}res0_c = 64{{.*}} wait(%[[B]])
  // CHECK: bm1684x.dma.tensor tensor {{.*}} wait(%[[SUM]])
  %0 = tpu.binary add %arg0, %arg1 : (tensor<64x32xf16>, tensor<64x32xf16>) -> tensor<64x32xf16>
  return %0 : tensor<64x32xf16>
}

// -----

// A row operand is copied into every lane and read without a lane stride.
// CHECK-LABEL: func.func @row_broadcast()
func.func @row_broadcast(%arg0: tensor<64x32xf16> {top.name = "a"},
                         %arg1: tensor<1x32xf16> {top.name = "b"})
    -> (tensor<64x32xf16> {top.name = "c"}) {
  // CHECK: bm1684x.dma.tensor tensor_broadcast {{.*}}dst_csize = 64
  // CHECK: bm1684x.sar mul {{.*}}opd1_str = 3
  %0 = tpu.binary mul %arg0, %arg1 : (tensor<64x32xf16>, tensor<1x32xf16>) -> tensor<64x32xf16>
  return %0 : tensor<64x32xf16>
}

// -----

// Between the two 16-bit floats a cast goes by way of f32 (precision code 2).
// CHECK-LABEL: func.func @cast_between_halves()
func.func @cast_between_halves(%arg0: tensor<64x32xf16> {top.name = "a"})
    -> (tensor<64x32xbf16> {top.name = "b"}) {
  // CHECK: bm1684x.sar cast {{.*}}res0_prec = 2, opd0_prec = 1
  // CHECK: bm1684x.sar cast {{.*}}res0_prec = 5, opd0_prec = 2
  %0 = tpu.cast %arg0 : (tensor<64x32xf16>) -> tensor<64x32xbf16>
  return %0 : tensor<64x32xbf16>
}
