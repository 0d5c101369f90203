// RUN: tpuc-opt %s -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout,tpu-copy-results),tpu-layer-group)" | FileCheck %s
// RUN: tpuc-opt %s -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout,tpu-copy-results),tpu-layer-group{prefetch=false})" | FileCheck %s --check-prefix=OFF

// The second matrix has room from the first tile on (0:0), so that its load runs
// beside the first product. Without prefetching it is loaded when it is needed.
// CHECK-LABEL: func.func @ahead
// CHECK: tpu.matmul
// CHECK: tpu.matmul {{.*}}<input = 1, addr = [{{[0-9]+}}], room = [0:0]
// OFF-LABEL: func.func @ahead
// OFF-NOT: room
func.func @ahead(%x: tensor<64x512xf16>) -> tensor<64x512xf16> {
  %w = tpu.weight dense<0.5> : tensor<512x512xf16>
  %v = tpu.weight dense<0.25> : tensor<512x512xf16>
  %0 = tpu.matmul %x, %w : (tensor<64x512xf16>, tensor<512x512xf16>) -> tensor<64x512xf16>
  %1 = tpu.matmul %0, %v : (tensor<64x512xf16>, tensor<512x512xf16>) -> tensor<64x512xf16>
  return %1 : tensor<64x512xf16>
}
