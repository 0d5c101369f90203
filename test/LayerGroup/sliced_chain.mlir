// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout,tpu-copy-results),tpu-layer-group{local-bytes=768})" | FileCheck %s
// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout,tpu-copy-results),tpu-layer-group{local-bytes=768 fuse=false})" | FileCheck %s --check-prefix=APART

// The value between does not fit into 768 bytes of a lane: both operators are
// computed slice by slice. Apart they pass through global memory.
// CHECK-LABEL: func.func @chain
// CHECK: tpu.group slices <n = 1, c = 1, d = 1, h = 1, w = {{[0-9]+}}> ops 0 to 1
// CHECK: tpu.unary abs
// CHECK-NOT: tpu.kernels
// CHECK-SAME: tpu.mem = #tpu.in_tile<fusion = 0
// CHECK: tpu.unary neg {{.*}}loads = [<input = 0,
// APART-LABEL: func.func @chain
// APART-NOT: tpu.in_tile
// APART: tpu.unary abs {{.*}} #tpu.global<offset = {{[0-9]+}}, why = too_large>
func.func @chain(%x: tensor<64x512xf16>) -> tensor<64x512xf16> {
  %0 = tpu.unary abs %x : tensor<64x512xf16>
  %1 = tpu.unary neg %0 : tensor<64x512xf16>
  return %1 : tensor<64x512xf16>
}

// -----

// Two readers: the value would be computed twice.
// CHECK-LABEL: func.func @two_readers
// CHECK: tpu.unary abs
// CHECK-NOT: tpu.in_tile
// CHECK: return
// APART-LABEL: func.func @two_readers
func.func @two_readers(%x: tensor<64x512xf16>) -> (tensor<64x512xf16>, tensor<64x512xf16>) {
  %0 = tpu.unary abs %x : tensor<64x512xf16>
  %1 = tpu.unary neg %0 : tensor<64x512xf16>
  %2 = tpu.scalar add %0 {value = 1.0 : f64} : tensor<64x512xf16>
  return %1, %2 : tensor<64x512xf16>, tensor<64x512xf16>
}
