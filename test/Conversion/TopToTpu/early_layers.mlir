// RUN: split-file %s %t
// RUN: tpuc-opt %t/stem.mlir -top-assign-precision=precision=BF16 -convert-top-to-tpu | FileCheck %t/stem.mlir --check-prefixes=STEM,BF16
// RUN: tpuc-opt %t/stem.mlir -top-assign-precision=precision=F16 -convert-top-to-tpu | FileCheck %t/stem.mlir --check-prefixes=STEM,F16
// RUN: tpuc-opt %t/stem.mlir -top-assign-precision="precision=BF16 quantize-table=%t/table" -convert-top-to-tpu | FileCheck %t/stem.mlir --check-prefixes=STEM,TABLE
// RUN: tpuc-opt %t/end.mlir -top-assign-precision=precision=BF16 -convert-top-to-tpu | FileCheck %t/end.mlir
// RUN: tpuc-opt %t/parts.mlir -top-assign-precision="precision=BF16 quantize-table=%t/table" -convert-top-to-tpu 2>/dev/null | FileCheck %t/parts.mlir

//--- table
first BF16
named BF16

//--- stem.mlir
// What the first convolution gives stays f32 until two more have read it.
// STEM-LABEL: @stem
func.func @stem(%x: tensor<1x3x32x32xf32>) -> tensor<1x512x8x8xf32> {
  %w1 = top.weight dense<0.5> : tensor<8x3x3x3xf32>
  %w2 = top.weight dense<0.5> : tensor<8x8x1x1xf32>
  %w3 = top.weight dense<0.25> : tensor<8x8x1x1xf32>
  %w4 = top.weight dense<0.5> : tensor<512x8x3x3xf32>
  // BF16-NOT: tpu.cast
  // BF16: tpu.conv %arg0, {{.*}}xf32>, tensor<8x3x3x3xf32>) -> tensor<1x8x16x16xf32>
  // F16: tpu.conv {{.*}} -> tensor<1x8x16x16xf16>
  // TABLE: tpu.conv {{.*}} -> tensor<1x8x16x16xbf16>
  %0 = top.conv %x, %w1 {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x3x32x32xf32>, tensor<8x3x3x3xf32>) -> tensor<1x8x16x16xf32> loc("first")
  // BF16: tpu.unary relu {{.*}}xf32>
  // TABLE: tpu.unary relu {{.*}}xbf16>
  %1 = top.relu %0 : tensor<1x8x16x16xf32>
  // BF16: tpu.pool max {{.*}}xf32>
  %2 = top.max_pool %1 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x8x16x16xf32>) -> tensor<1x8x8x8xf32>
  // BF16: tpu.conv {{.*}}(tensor<1x8x8x8xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x8x8xbf16>
  // TABLE: tpu.conv {{.*}}(tensor<1x8x8x8xbf16>, tensor<8x8x1x1xbf16>)
  %3 = top.conv %2, %w2 {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x8x8x8xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x8x8xf32>
  // BF16: tpu.conv {{.*}}(tensor<1x8x8x8xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x8x8xbf16>
  %4 = top.conv %2, %w3 {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x8x8x8xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x8x8xf32>
  // BF16: tpu.binary add {{.*}}xbf16>
  %5 = top.add %3, %4 : (tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>) -> tensor<1x8x8x8xf32>
  // BF16: tpu.conv {{.*}}tensor<512x8x3x3xbf16>) -> tensor<1x512x8x8xbf16>
  %6 = top.conv %5, %w4 {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x8x8x8xf32>, tensor<512x8x3x3xf32>) -> tensor<1x512x8x8xf32>
  return %6 : tensor<1x512x8x8xf32>
}

//--- end.mlir
// Another op than a convolution reads the result: it does not stay f32.
// CHECK-LABEL: @other_reader
func.func @other_reader(%x: tensor<1x3x32x32xf32>) -> tensor<1x8x16x256xf32> {
  %w1 = top.weight dense<0.5> : tensor<8x3x3x3xf32>
  %w2 = top.weight dense<0.5> : tensor<16x4096xf32>
  // CHECK-NOT: tpu.cast
  // CHECK: tpu.conv %arg0, {{.*}} -> tensor<1x8x16x16xbf16>
  // CHECK: tpu.unary relu {{.*}}xbf16>
  // CHECK: tpu.matmul {{.*}}xbf16>
  %0 = top.conv %x, %w1 {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x3x32x32xf32>, tensor<8x3x3x3xf32>) -> tensor<1x8x16x16xf32>
  %1 = top.relu %0 : tensor<1x8x16x16xf32>
  %2 = top.matmul %1, %w2 : (tensor<1x8x16x16xf32>, tensor<16x4096xf32>) -> tensor<1x8x16x4096xf32>
  %3 = top.slice %2 {offsets = array<i64: 0, 0, 0, 0>, steps = array<i64: 1, 1, 1, 16>, sizes = array<i64: 1, 8, 16, 256>} : (tensor<1x8x16x4096xf32>) -> tensor<1x8x16x256xf32>
  return %3 : tensor<1x8x16x256xf32>
}

// Most of the network's multiplications: f32 would cost too much.
// CHECK-LABEL: @too_large
func.func @too_large(%x: tensor<1x3x32x32xf32>) -> tensor<1x8x16x16xf32> {
  %w1 = top.weight dense<0.5> : tensor<8x3x3x3xf32>
  // CHECK: tpu.cast
  // CHECK: tpu.conv {{.*}}tensor<8x3x3x3xbf16>) -> tensor<1x8x16x16xbf16>
  %0 = top.conv %x, %w1 {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x3x32x32xf32>, tensor<8x3x3x3xf32>) -> tensor<1x8x16x16xf32>
  return %0 : tensor<1x8x16x16xf32>
}

//--- parts.mlir
// The first filters that are small beside what their convolutions move keep
// their precision.
// CHECK-LABEL: @parts
func.func @parts(%x: tensor<1x32x64x64xf32>) -> tensor<1x64x56x56xf32> {
  %w = top.weight dense<0.1> : tensor<32x32x1x1xf32>
  %large = top.weight dense<0.1> : tensor<64x32x9x9xf32>
  %0 = top.matmul %x, %x : (tensor<1x32x64x64xf32>, tensor<1x32x64x64xf32>) -> tensor<1x32x64x64xf32>
  // CHECK: tpu.conv {{.*}}(tensor<1x32x64x64xbf16>, tensor<32x32x1x1xf32>) -> tensor<1x32x64x64xbf16>
  %1 = top.conv %0, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x32x64x64xf32>, tensor<32x32x1x1xf32>) -> tensor<1x32x64x64xf32>
  // The quantize table says otherwise.
  // CHECK: tpu.conv {{.*}}tensor<32x32x1x1xbf16>) -> tensor<1x32x64x64xbf16>
  %2 = top.conv %1, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x32x64x64xf32>, tensor<32x32x1x1xf32>) -> tensor<1x32x64x64xf32> loc("named")
  // The filter is large.
  // CHECK: tpu.conv {{.*}}tensor<64x32x9x9xbf16>) -> tensor<1x64x56x56xbf16>
  %3 = top.conv %2, %large {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x32x64x64xf32>, tensor<64x32x9x9xf32>) -> tensor<1x64x56x56xf32>
  return %3 : tensor<1x64x56x56xf32>
}

// More than an eighth of the network's multiplications.
// CHECK-LABEL: @too_many
func.func @too_many(%x: tensor<1x32x64x64xf32>) -> tensor<1x32x64x64xf32> {
  %w = top.weight dense<0.1> : tensor<32x32x1x1xf32>
  // CHECK: tpu.conv {{.*}}tensor<32x32x1x1xbf16>) -> tensor<1x32x64x64xbf16>
  %0 = top.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x32x64x64xf32>, tensor<32x32x1x1xf32>) -> tensor<1x32x64x64xf32>
  return %0 : tensor<1x32x64x64xf32>
}
