// RUN: tpuc-opt %s -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout,tpu-copy-results),tpu-layer-group{local-bytes=1536})" | FileCheck %s

// In 1536 bytes of a lane the first value, of 1024, stays, and its producer and
// its reader are cut. Each has two buffers: a tile is loaded, or stored, beside
// the computation of the next; the second load is issued before the first tile.
// CHECK-LABEL: func.func @cut
// CHECK: tpu.unary abs {{.*}}tile = [1, 64, 1, 128], loads = [<input = 0, addr = [1024, 1280], issue = [0:0, 0:0, 0:1, 0:2]>]
// CHECK-SAME: tpu.mem = #tpu.local<addr = 0, bytes = 1024, ops = 0 to 1, why = fits>
// CHECK: tpu.unary neg {{.*}}tile = [1, 64, 1, 128], results = [1024, 1280]
func.func @cut(%x: tensor<64x512xf16>) -> tensor<64x512xf16> {
  %0 = tpu.unary abs %x : tensor<64x512xf16>
  %1 = tpu.unary neg %0 : tensor<64x512xf16>
  return %1 : tensor<64x512xf16>
}
