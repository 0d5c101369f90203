// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-copy-results,tpu-pack-weights),tpu-layer-group,tpu-verify-plan,convert-tpu-to-bm1684x)" | FileCheck %s

// Weights with their bias in one run, input, convolution, store.
// CHECK-LABEL: func.func @conv()
func.func @conv(%x: tensor<1x32x2x2xf16> {top.name = "x"})
    -> (tensor<1x64x2x2xf16> {top.name = "y"}) {
  %w = tpu.weight dense<0.5> : tensor<64x32x3x3xf16>
  %b = tpu.weight dense<1.0> : tensor<64xf32>
  // CHECK: bm1684x.dma.matrix matrix
  // CHECK-NEXT: %[[X:.*]] = bm1684x.dma.tensor tensor
  // CHECK-NEXT: %[[Y:.*]] = bm1684x.sconv normal {{.*}}res0_c = 64{{.*}}opd0_c = 32{{.*}} wait(%[[X]])
  // CHECK-NEXT: bm1684x.dma.tensor tensor {{.*}} wait(%[[Y]])
  %0 = tpu.conv %x, %w, %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
      : (tensor<1x32x2x2xf16>, tensor<64x32x3x3xf16>, tensor<64xf32>) -> tensor<1x64x2x2xf16>
  return %0 : tensor<1x64x2x2xf16>
}

// -----

// A filter in two parts: two convolutions add up in f32, one cast rounds.
// CHECK-LABEL: func.func @conv_in_parts()
func.func @conv_in_parts(%x: tensor<1x32x2x2xbf16> {top.name = "x"})
    -> (tensor<1x64x2x2xbf16> {top.name = "y"}) {
  %w = tpu.weight dense<0.1> : tensor<64x32x3x3xf32>
  // CHECK: bm1684x.sconv normal {{.*}}cmd_id_en = 1, res0_prec = 2, opd0_prec = 5
  // CHECK: bm1684x.sconv normal {{.*}}res_add = 1, res0_prec = 2, opd0_prec = 5
  // CHECK: bm1684x.sar cast {{.*}}res0_prec = 5
  %0 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
      : (tensor<1x32x2x2xbf16>, tensor<64x32x3x3xf32>) -> tensor<1x64x2x2xbf16>
  return %0 : tensor<1x64x2x2xbf16>
}

// -----

// Sums of f32 are rounded to the result's type by a cast.
// CHECK-LABEL: func.func @conv_f32_rounded()
func.func @conv_f32_rounded(%x: tensor<1x32x2x2xf32> {top.name = "x"})
    -> (tensor<1x64x2x2xbf16> {top.name = "y"}) {
  %w = tpu.weight dense<0.1> : tensor<64x32x1x1xf32>
  // CHECK: bm1684x.sconv normal {{.*}}res0_prec = 2, opd0_prec = 2
  // CHECK: bm1684x.sar cast {{.*}}res0_prec = 5
  %0 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
      : (tensor<1x32x2x2xf32>, tensor<64x32x1x1xf32>) -> tensor<1x64x2x2xbf16>
  return %0 : tensor<1x64x2x2xbf16>
}

// -----

// Depthwise sums are taken in f32.
// CHECK-LABEL: func.func @depthwise()
func.func @depthwise(%x: tensor<1x64x14x14xbf16> {top.name = "x"})
    -> (tensor<1x64x14x14xbf16> {top.name = "y"}) {
  %w = tpu.weight dense<0.5> : tensor<64x1x3x3xbf16>
  // CHECK: bm1684x.sar cast {{.*}}res0_prec = 2
  // CHECK: bm1684x.spord depthwise {{.*}}opd0_prec = 2
  // CHECK: bm1684x.sar cast {{.*}}res0_prec = 5
  // CHECK: bm1684x.sar max
  %0 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, group = 64 : i64, do_relu = true}
      : (tensor<1x64x14x14xbf16>, tensor<64x1x3x3xbf16>) -> tensor<1x64x14x14xbf16>
  return %0 : tensor<1x64x14x14xbf16>
}

// -----

// Four phases of a transposed convolution go to every second row and column.
// CHECK-LABEL: func.func @conv_transpose()
func.func @conv_transpose(%x: tensor<1x32x8x8xf16> {top.name = "x"})
    -> (tensor<1x16x16x16xf16> {top.name = "y"}) {
  %w = tpu.weight dense<0.5> : tensor<32x16x4x4xf16>
  // CHECK-COUNT-4: bm1684x.sar copy {{.*}}res0_h_str = 32{{.*}}res0_w_str = 2
  // CHECK-NOT: bm1684x.sar copy
  %0 = tpu.conv_transpose %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, output_padding = array<i64: 0, 0>}
      : (tensor<1x32x8x8xf16>, tensor<32x16x4x4xf16>) -> tensor<1x16x16x16xf16>
  return %0 : tensor<1x16x16x16xf16>
}

// -----

// Rows first, then columns.
// CHECK-LABEL: func.func @max_pool()
func.func @max_pool(%x: tensor<1x64x112x112xf16> {top.name = "x"})
    -> (tensor<1x64x56x56xf16> {top.name = "y"}) {
  // CHECK: bm1684x.spord maxpooling {{.*}}opd1_h = 3, opd1_w = 1,{{.*}}opd3_addr = 64511
  // CHECK: bm1684x.spord maxpooling {{.*}}opd1_h = 1{{.*}}opd1_w = 3
  %0 = tpu.pool max %x {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>}
      : (tensor<1x64x112x112xf16>) -> tensor<1x64x56x56xf16>
  return %0 : tensor<1x64x56x56xf16>
}
