// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout))" | FileCheck %s

// A convolution wants its channels across the lanes; what stands before and
// after it follows.
// CHECK-LABEL: func.func @image
func.func @image(%arg0: tensor<1x8x4x4xf16>, %w: tensor<16x8x1x1xf16>) -> tensor<1x16x16xf16> {
  // CHECK: tpu.unary abs {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 8>
  %0 = tpu.unary abs %arg0 : tensor<1x8x4x4xf16>
  // CHECK: tpu.conv {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 16>
  %1 = tpu.conv %0, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
      : (tensor<1x8x4x4xf16>, tensor<16x8x1x1xf16>) -> tensor<1x16x4x4xf16>
  // CHECK: tpu.reshape {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 16>
  %2 = tpu.reshape %1 : (tensor<1x16x4x4xf16>) -> tensor<1x16x16xf16>
  // CHECK: tpu.unary neg {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 16>
  %3 = tpu.unary neg %2 : tensor<1x16x16xf16>
  return %3 : tensor<1x16x16xf16>
}

// -----

// Attention splits into batches and rows, and the products and norms before it
// do so with it although they see one long matrix.
// CHECK-LABEL: func.func @rows
func.func @rows(%arg0: tensor<98x64xf16>, %w: tensor<64x192xf16>) -> tensor<2x49x2x32xf16> {
  // CHECK: tpu.layer_norm {{.*}}tpu.layout = #tpu.lane_layout<n = 2, c = 49>
  %0 = tpu.layer_norm %arg0 {epsilon = 1.0e-5 : f64} : (tensor<98x64xf16>) -> tensor<98x64xf16>
  // CHECK: tpu.matmul {{.*}}tpu.layout = #tpu.lane_layout<n = 2, c = 49>
  %1 = tpu.matmul %0, %w : (tensor<98x64xf16>, tensor<64x192xf16>) -> tensor<98x192xf16>
  // CHECK: tpu.attention {{.*}}tpu.layout = #tpu.lane_layout<n = 2, c = 49>
  %2 = tpu.attention %1, %1, %1 {query_view = array<i64: 0, 9408, 192, 32>,
      key_view = array<i64: 64, 9408, 192, 32>, value_view = array<i64: 128, 9408, 192, 32>,
      addend_views = array<i64>, key_rows = 49 : i64, depth = 32 : i64, scale = 1.0 : f64}
      : (tensor<98x192xf16>, tensor<98x192xf16>, tensor<98x192xf16>) -> tensor<2x49x2x32xf16>
  return %2 : tensor<2x49x2x32xf16>
}

// -----

// A product by itself has its rows across the lanes.
// CHECK-LABEL: func.func @product
func.func @product(%arg0: tensor<128x64xf16>, %w: tensor<64x32xf16>) -> tensor<128x32xf16> {
  // CHECK: tpu.matmul {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 128>
  %0 = tpu.matmul %arg0, %w : (tensor<128x64xf16>, tensor<64x32xf16>) -> tensor<128x32xf16>
  return %0 : tensor<128x32xf16>
}

// -----

// What lies one element a lane becomes a row for a product by a reshape that
// turns the lanes, so that it does not pass through global memory.
// CHECK-LABEL: func.func @row_of_channels
func.func @row_of_channels(%arg0: tensor<1x128x7x7xf16>, %w: tensor<128x128x1x1xf16>,
                           %m: tensor<128x10xf16>) -> tensor<1x10xf16> {
  %0 = tpu.conv %arg0, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
      : (tensor<1x128x7x7xf16>, tensor<128x128x1x1xf16>) -> tensor<1x128x7x7xf16>
  // CHECK: tpu.reduce {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 128>
  %1 = tpu.reduce mean %0 {axis = 2 : i64} : (tensor<1x128x7x7xf16>) -> tensor<1x128x1x1xf16>
  // CHECK: tpu.reshape {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 1>
  %2 = tpu.reshape %1 : (tensor<1x128x1x1xf16>) -> tensor<1x128xf16>
  // CHECK: tpu.unary relu {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 1>
  %3 = tpu.unary relu %2 : tensor<1x128xf16>
  %4 = tpu.matmul %3, %m : (tensor<1x128xf16>, tensor<128x10xf16>) -> tensor<1x10xf16>
  return %4 : tensor<1x10xf16>
}

// -----

// Bytes too.
// CHECK-LABEL: func.func @row_of_bytes
func.func @row_of_bytes(%arg0: tensor<1x128x1x1x!quant.uniform<i8:f32, 0.5>>, %m: tensor<128x1x!quant.uniform<i8:f32:1, {0.25}>>) -> tensor<1x1xf16> {
  // CHECK: tpu.pool {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 128>
  %0 = tpu.pool max %arg0 {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x128x1x1x!quant.uniform<i8:f32, 0.5>>) -> tensor<1x128x1x1x!quant.uniform<i8:f32, 0.5>>
  // CHECK: tpu.reshape {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 1>
  %1 = tpu.reshape %0 : (tensor<1x128x1x1x!quant.uniform<i8:f32, 0.5>>) -> tensor<1x128x!quant.uniform<i8:f32, 0.5>>
  %2 = tpu.matmul %1, %m : (tensor<1x128x!quant.uniform<i8:f32, 0.5>>, tensor<128x1x!quant.uniform<i8:f32:1, {0.25}>>) -> tensor<1x1xf16>
  return %2 : tensor<1x1xf16>
}

// -----

// The same for a norm of channels that becomes a factor of the rows of tokens.
// CHECK-LABEL: func.func @row_factor
func.func @row_factor(%arg0: tensor<1x128x7x7xf16>, %w: tensor<128x128x1x1xf16>,
                      %x: tensor<1x7x7x128xf16>) -> tensor<1x7x7x128xf16> {
  %0 = tpu.conv %arg0, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
      : (tensor<1x128x7x7xf16>, tensor<128x128x1x1xf16>) -> tensor<1x128x7x7xf16>
  %1 = tpu.reduce sum %0 {axis = 2 : i64} : (tensor<1x128x7x7xf16>) -> tensor<1x128x1x1xf16>
  // CHECK: tpu.reshape {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 1>
  %2 = tpu.reshape %1 : (tensor<1x128x1x1xf16>) -> tensor<1x1x1x128xf16>
  %3 = tpu.reduce mean %2 {axis = 3 : i64} : (tensor<1x1x1x128xf16>) -> tensor<1x1x1x1xf16>
  // CHECK: tpu.binary div {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 1>
  %4 = tpu.binary div %2, %3 : (tensor<1x1x1x128xf16>, tensor<1x1x1x1xf16>) -> tensor<1x1x1x128xf16>
  %5 = tpu.binary mul %x, %4 : (tensor<1x7x7x128xf16>, tensor<1x1x1x128xf16>) -> tensor<1x7x7x128xf16>
  return %5 : tensor<1x7x7x128xf16>
}

// -----

// A reader that takes it a channel a lane: it stays there.
// CHECK-LABEL: func.func @channel_factor
func.func @channel_factor(%arg0: tensor<1x128x7x7xf16>, %w: tensor<128x128x1x1xf16>) -> tensor<1x128x7x7xf16> {
  %0 = tpu.conv %arg0, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
      : (tensor<1x128x7x7xf16>, tensor<128x128x1x1xf16>) -> tensor<1x128x7x7xf16>
  %1 = tpu.reduce sum %0 {axis = 2 : i64} : (tensor<1x128x7x7xf16>) -> tensor<1x128x1x1xf16>
  %2 = tpu.reshape %1 : (tensor<1x128x1x1xf16>) -> tensor<1x128xf16>
  // CHECK: tpu.unary sqrt {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 128>
  %3 = tpu.unary sqrt %2 : tensor<1x128xf16>
  %4 = tpu.reshape %3 : (tensor<1x128xf16>) -> tensor<1x128x1x1xf16>
  %5 = tpu.binary mul %0, %4 : (tensor<1x128x7x7xf16>, tensor<1x128x1x1xf16>) -> tensor<1x128x7x7xf16>
  return %5 : tensor<1x128x7x7xf16>
}

// -----

// What is reduced lies in as many lanes as it can, not the result.
// CHECK-LABEL: func.func @parts_of_rows
func.func @parts_of_rows(%arg0: tensor<1x3x100000xf32>) -> tensor<1x3x1x1xf16> {
  // CHECK: tpu.cast {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 75>
  %0 = tpu.cast %arg0 : (tensor<1x3x100000xf32>) -> tensor<1x3x100000xf16>
  %1 = tpu.reshape %0 : (tensor<1x3x100000xf16>) -> tensor<1x3x25x4000xf16>
  // CHECK: tpu.reduce mean {{.*}}axis = 3 {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 75>
  %2 = tpu.reduce mean %1 {axis = 3 : i64} : (tensor<1x3x25x4000xf16>) -> tensor<1x3x25x1xf16>
  %3 = tpu.reduce mean %2 {axis = 2 : i64} : (tensor<1x3x25x1xf16>) -> tensor<1x3x1x1xf16>
  return %3 : tensor<1x3x1x1xf16>
}

// -----

// What channels are reduced to lies one element a lane, and becomes an image of
// one channel in local memory: a factor of all channels, or what a convolution
// reads.
// CHECK-LABEL: func.func @image_of_rows
func.func @image_of_rows(%arg0: tensor<3136x64xf16>, %x: tensor<1x64x56x56xf16>) -> tensor<1x64x56x56xf16> {
  %0 = tpu.layer_norm %arg0 {epsilon = 1.0e-5 : f64} : (tensor<3136x64xf16>) -> tensor<3136x64xf16>
  // CHECK: tpu.reduce {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 3136>
  %1 = tpu.reduce max %0 {axis = 1 : i64} : (tensor<3136x64xf16>) -> tensor<3136x1xf16>
  // CHECK: tpu.reshape {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 1>
  %2 = tpu.reshape %1 : (tensor<3136x1xf16>) -> tensor<1x1x56x56xf16>
  // CHECK: tpu.unary sigmoid {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 1>
  %3 = tpu.unary sigmoid %2 : tensor<1x1x56x56xf16>
  %4 = tpu.binary mul %x, %3 : (tensor<1x64x56x56xf16>, tensor<1x1x56x56xf16>) -> tensor<1x64x56x56xf16>
  return %4 : tensor<1x64x56x56xf16>
}

// -----

// Another reader wants it as it lies.
// CHECK-LABEL: func.func @rows_of_rows
func.func @rows_of_rows(%arg0: tensor<3136x64xf16>, %x: tensor<1x64x56x56xf16>) -> (tensor<1x64x56x56xf16>, tensor<1x3136xf16>) {
  %0 = tpu.layer_norm %arg0 {epsilon = 1.0e-5 : f64} : (tensor<3136x64xf16>) -> tensor<3136x64xf16>
  %1 = tpu.reduce max %0 {axis = 1 : i64} : (tensor<3136x64xf16>) -> tensor<3136x1xf16>
  // CHECK: tpu.reshape {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 3136>
  %2 = tpu.reshape %1 : (tensor<3136x1xf16>) -> tensor<1x1x56x56xf16>
  %4 = tpu.binary mul %x, %2 : (tensor<1x64x56x56xf16>, tensor<1x1x56x56xf16>) -> tensor<1x64x56x56xf16>
  %5 = tpu.reshape %2 : (tensor<1x1x56x56xf16>) -> tensor<1x3136xf16>
  return %4, %5 : tensor<1x64x56x56xf16>, tensor<1x3136xf16>
}

// -----

// Nothing is left to lay across the lanes of what is reduced whole.
// CHECK-LABEL: func.func @reduced_whole
func.func @reduced_whole(%arg0: tensor<3x2x2xf32>) -> tensor<1x1x1xf32> {
  // CHECK: tpu.reduce {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 1>
  %0 = tpu.reduce mean %arg0 {axis = 0 : i64} : (tensor<3x2x2xf32>) -> tensor<1x1x1xf32>
  return %0 : tensor<1x1x1xf32>
}

// -----

// Heads around the rows: lanes are rows of a head, not parts of three heads.
// CHECK-LABEL: func.func @heads_around_rows
func.func @heads_around_rows(%arg0: tensor<1x3x49x32xf16>, %kv: tensor<49x192xf16>) -> tensor<1x49x3x32xf16> {
  // CHECK: tpu.unary neg {{.*}}tpu.layout = #tpu.lane_layout<n = 3, c = 49>
  %0 = tpu.unary neg %arg0 : tensor<1x3x49x32xf16>
  // CHECK: tpu.attention {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 49>
  %1 = tpu.attention %0, %kv, %kv {query_view = array<i64: 0, 4704, 32, 1568>,
      key_view = array<i64: 0, 9408, 192, 32>, value_view = array<i64: 96, 9408, 192, 32>, addend_views = array<i64>,
      key_rows = 49 : i64, depth = 32 : i64, scale = 0.17677669 : f64}
      : (tensor<1x3x49x32xf16>, tensor<49x192xf16>, tensor<49x192xf16>) -> tensor<1x49x3x32xf16>
  return %1 : tensor<1x49x3x32xf16>
}

// -----

// A function of many passes leaves the one lane of an image; a cheap one, or
// one whose result is an image again, does not.
// CHECK-LABEL: func.func @few_lanes
func.func @few_lanes(%arg0: tensor<1x8x64x64xf16>, %w: tensor<1x8x1x1xf16>, %v: tensor<4x1x1x1xf16>)
    -> (tensor<1x1x64x64xf16>, tensor<1x1x64x64xf16>, tensor<1x4x64x64xf16>) {
  // CHECK: tpu.conv {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 1>
  %0 = tpu.conv %arg0, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
      : (tensor<1x8x64x64xf16>, tensor<1x8x1x1xf16>) -> tensor<1x1x64x64xf16>
  // CHECK: tpu.scalar add {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 64>
  %1 = tpu.scalar add %0 {value = 1.0 : f64} : tensor<1x1x64x64xf16>
  // CHECK: tpu.unary sigmoid {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 64>
  %2 = tpu.unary sigmoid %1 : tensor<1x1x64x64xf16>
  // CHECK: tpu.unary abs {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 1>
  %3 = tpu.unary abs %0 : tensor<1x1x64x64xf16>
  // CHECK: tpu.unary tanh {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 1>
  %4 = tpu.unary tanh %0 : tensor<1x1x64x64xf16>
  %5 = tpu.conv %4, %v {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
      : (tensor<1x1x64x64xf16>, tensor<4x1x1x1xf16>) -> tensor<1x4x64x64xf16>
  return %2, %3, %5 : tensor<1x1x64x64xf16>, tensor<1x1x64x64xf16>, tensor<1x4x64x64xf16>
}

// -----

// Of many short rows each lane holds as many.
// CHECK-LABEL: func.func @short_rows
func.func @short_rows(%arg0: tensor<1x8400x6xf16>) -> tensor<1x8400x6xf16> {
  // CHECK: tpu.unary abs {{.*}}tpu.layout = #tpu.lane_layout<n = 1, c = 60>
  %0 = tpu.unary abs %arg0 : tensor<1x8400x6xf16>
  return %0 : tensor<1x8400x6xf16>
}

// The lanes of the view split its last axis, which goes across the lanes: the
// permutation reads a copy.
// CHECK-LABEL: @permuted_view
// CHECK: tpu.matmul {{.*}} c = 2048>
// CHECK: %[[V:.*]] = tpu.reshape {{.*}} c = 2048>}
// CHECK: %[[C:.*]] = tpu.reshape %[[V]] {tpu.copy, tpu.layout = #tpu.lane_layout<n = 1, c = 512>}
// CHECK: tpu.permute %[[C]] {{.*}} c = 256>}
func.func @permuted_view(%x: tensor<2048x32xf16>) -> tensor<256x16xf16> {
  %w = tpu.weight dense<1.0> : tensor<32x64xf16>
  %v = tpu.weight dense<1.0> : tensor<512x16xf16>
  %0 = tpu.matmul %x, %w : (tensor<2048x32xf16>, tensor<32x64xf16>) -> tensor<2048x64xf16>
  %1 = tpu.reshape %0 : (tensor<2048x64xf16>) -> tensor<512x256xf16>
  %2 = tpu.permute %1 {order = array<i64: 1, 0>} : (tensor<512x256xf16>) -> tensor<256x512xf16>
  %3 = tpu.matmul %2, %v : (tensor<256x512xf16>, tensor<512x16xf16>) -> tensor<256x16xf16>
  return %3 : tensor<256x16xf16>
}

// Rows that stay together move as they are.
// CHECK-LABEL: @permuted_rows
// CHECK-NOT: tpu.copy
func.func @permuted_rows(%x: tensor<2048x32xf16>) -> tensor<2048x16xf16> {
  %w = tpu.weight dense<1.0> : tensor<32x64xf16>
  %v = tpu.weight dense<1.0> : tensor<64x16xf16>
  %0 = tpu.matmul %x, %w : (tensor<2048x32xf16>, tensor<32x64xf16>) -> tensor<2048x64xf16>
  %1 = tpu.reshape %0 : (tensor<2048x64xf16>) -> tensor<512x4x64xf16>
  %2 = tpu.permute %1 {order = array<i64: 1, 0, 2>} : (tensor<512x4x64xf16>) -> tensor<4x512x64xf16>
  %3 = tpu.reshape %2 : (tensor<4x512x64xf16>) -> tensor<2048x64xf16>
  %4 = tpu.matmul %3, %v : (tensor<2048x64xf16>, tensor<64x16xf16>) -> tensor<2048x16xf16>
  return %4 : tensor<2048x16xf16>
}
