// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(tpu-choose-input-casts)" | FileCheck %s

// Three rows as channels save more products than loading rows again costs.
module attributes {tpu.chip = "bm1684x"} {
  // CHECK-LABEL: func.func @loads_again
  // CHECK-NOT: tpu.cast
  // CHECK: tpu.conv %arg0
  func.func @loads_again(%x: tensor<1x3x224x224xf32>) -> tensor<1x64x55x55xf16> {
    %w = tpu.weight dense<1.0> : tensor<64x3x3x3xf16>
    %0 = tpu.cast %x : (tensor<1x3x224x224xf32>) -> tensor<1x3x224x224xf16>
    %1 = tpu.conv %0, %w {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x224x224xf16>, tensor<64x3x3x3xf16>) -> tensor<1x64x111x111xf16>
    %2 = tpu.pool max %1 {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x64x111x111xf16>) -> tensor<1x64x55x55xf16>
    return %2 : tensor<1x64x55x55xf16>
  }
}

// -----

// Of so many channels rows are no channels.
module attributes {tpu.chip = "bm1684x"} {
  // CHECK-LABEL: func.func @loads_once
  // CHECK: %[[C:.*]] = tpu.cast %arg0
  // CHECK: tpu.conv %[[C]]
  func.func @loads_once(%x: tensor<1x16x64x64xf32>) -> tensor<1x64x64x64xf16> {
    %w = tpu.weight dense<1.0> : tensor<64x16x3x3xf16>
    %0 = tpu.cast %x : (tensor<1x16x64x64xf32>) -> tensor<1x16x64x64xf16>
    %1 = tpu.conv %0, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x16x64x64xf16>, tensor<64x16x3x3xf16>) -> tensor<1x64x64x64xf16>
    return %1 : tensor<1x64x64x64xf16>
  }
}
