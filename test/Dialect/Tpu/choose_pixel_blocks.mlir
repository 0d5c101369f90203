// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(tpu-choose-pixel-blocks)" | FileCheck %s

// The output of the network is an image, which is sorted in less time than the
// idle lanes take.
module attributes {tpu.chip = "bm1684x"} {
  // CHECK-LABEL: func.func @blocks
  // CHECK: tpu.conv {{.*}} -> tensor<1x{{32|64}}x{{[0-9]+}}x{{[0-9]+}}xf16>
  // CHECK: tpu.permute
  func.func @blocks(%x: tensor<1x64x160x160xf16>) -> tensor<1x8x160x160xf16> {
    %w = tpu.weight dense<1.0> : tensor<8x64x3x3xf16>
    %1 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x64x160x160xf16>, tensor<8x64x3x3xf16>) -> tensor<1x8x160x160xf16>
    return %1 : tensor<1x8x160x160xf16>
  }
}

// -----

// An estimate alone would sort the pixels here, which takes longer.
module attributes {tpu.chip = "bm1684x"} {
  // CHECK-LABEL: func.func @image
  // CHECK-NOT: tpu.permute
  func.func @image(%x: tensor<1x64x56x56xf16>) -> tensor<1x128x56x56xf16> {
    %w = tpu.weight dense<1.0> : tensor<128x64x1x1xf16>
    %v = tpu.weight dense<1.0> : tensor<32x128x3x3xf16>
    %u = tpu.weight dense<1.0> : tensor<128x96x1x1xf16>
    %1 = tpu.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, do_relu = true} : (tensor<1x64x56x56xf16>, tensor<128x64x1x1xf16>) -> tensor<1x128x56x56xf16>
    %2 = tpu.conv %1, %v {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x128x56x56xf16>, tensor<32x128x3x3xf16>) -> tensor<1x32x56x56xf16>
    %3 = tpu.concat %x, %2 {axis = 1 : i64} : (tensor<1x64x56x56xf16>, tensor<1x32x56x56xf16>) -> tensor<1x96x56x56xf16>
    %4 = tpu.conv %3, %u {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x96x56x56xf16>, tensor<128x96x1x1xf16>) -> tensor<1x128x56x56xf16>
    return %4 : tensor<1x128x56x56xf16>
  }
}
