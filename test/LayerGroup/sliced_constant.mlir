// RUN: tpuc-opt %s -pass-pipeline="builtin.module(func.func(tpu-allow-split,tpu-assign-lane-layout,tpu-copy-results),tpu-layer-group{local-bytes=768})" | FileCheck %s

// An element-wise constant is cut as its reader is: a load a tile, in two
// buffers, of the part that the tile meets. One for all rows is loaded once.
// CHECK-LABEL: func.func @constants
// CHECK: tpu.weight {allow_split}
// CHECK: tpu.weight {allow_split}
// CHECK: tpu.binary add {{.*}}tile = [1, 64, 1, {{64|128}}]
// CHECK-SAME: <input = 1, addr = [{{[0-9]+}}, {{[0-9]+}}
// CHECK: tpu.binary mul {{.*}}<input = 1, addr = [{{[0-9]+}}]
func.func @constants(%x: tensor<64x512xf16>) -> tensor<64x512xf16> {
  %w = tpu.weight dense<0.5> : tensor<64x512xf16>
  %v = tpu.weight dense<0.25> : tensor<64x1xf16>
  %0 = tpu.binary add %x, %w : (tensor<64x512xf16>, tensor<64x512xf16>) -> tensor<64x512xf16>
  %1 = tpu.binary mul %0, %v : (tensor<64x512xf16>, tensor<64x1xf16>) -> tensor<64x512xf16>
  return %1 : tensor<64x512xf16>
}
