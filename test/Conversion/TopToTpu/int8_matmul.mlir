// RUN: split-file %s %t
// RUN: tpuc-opt %t/net.mlir -top-import-calibration="table=%t/ranges" -top-assign-precision="precision=INT8" -convert-top-to-tpu -canonicalize | FileCheck %s
// RUN: tpuc-opt %t/patches.mlir -top-import-calibration="table=%t/ranges" -top-assign-precision="precision=INT8" -convert-top-to-tpu -canonicalize | FileCheck %s --check-prefix=PATCHES

//--- net.mlir
func.func @main(%x: tensor<1x4x8xf32> {top.name = "x"}) -> tensor<1x4x4xf32> {
  %w1 = top.weight dense<0.5> : tensor<8x16xf32>
  %w2 = top.weight dense<0.5> : tensor<8x8xf32>
  %0 = top.matmul %x, %w1 : (tensor<1x4x8xf32>, tensor<8x16xf32>) -> tensor<1x4x16xf32> loc("packed")
  %1 = top.slice %0 {offsets = array<i64: 0, 0, 0>, steps = array<i64: 1, 1, 1>, sizes = array<i64: 1, 4, 8>} : (tensor<1x4x16xf32>) -> tensor<1x4x8xf32> loc("q")
  %2 = top.slice %0 {offsets = array<i64: 0, 0, 8>, steps = array<i64: 1, 1, 1>, sizes = array<i64: 1, 4, 8>} : (tensor<1x4x16xf32>) -> tensor<1x4x8xf32> loc("k")
  %3 = top.matmul %1, %2 {right_transpose = true} : (tensor<1x4x8xf32>, tensor<1x4x8xf32>) -> tensor<1x4x4xf32> loc("scores")
  return %3 : tensor<1x4x4xf32>
}

// A product of computed matrices takes no INT8, so that what it reads needs no
// range and stays in floats.
// CHECK-LABEL: func.func @main
// CHECK: %[[X:.*]] = tpu.cast %{{.*}} -> tensor<1x4x8x!quant.uniform<i8:f32
// CHECK: %[[P:.*]] = tpu.matmul %{{.*}} -> tensor<4x16xf16>
// CHECK-NOT: quant
// CHECK: tpu.matmul {{.*}}tensor<4x8xf16>, tensor<4x8xf16>

//--- patches.mlir
func.func @main(%x: tensor<1x3x32x32xf32> {top.name = "x"}) -> tensor<1x8x2x2xf32> {
  %w = top.weight dense<0.5> : tensor<8x3x16x16xf32>
  %0 = top.conv %x, %w {strides = array<i64: 16, 16>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x32x32xf32>, tensor<8x3x16x16xf32>) -> tensor<1x8x2x2xf32> loc("patches")
  return %0 : tensor<1x8x2x2xf32>
}

// Patches are moved before they become bytes.
// PATCHES: tpu.permute {{.*}} -> tensor<1x3x16x2x32xf32>
// PATCHES: tpu.cast {{.*}} -> tensor<1x48x4x16x!quant.uniform<i8:f32
// PATCHES: tpu.conv {{.*}} -> tensor<1x8x4x1xf32>

//--- ranges
x 1.27 -1.27 1.27
