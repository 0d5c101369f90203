// RUN: tpuc-opt %s -top-assign-precision=precision=F16 -convert-top-to-tpu -canonicalize | FileCheck %s

// What only moves keeps the precision that it has.
// CHECK-LABEL: @movement_keeps_precision
func.func @movement_keeps_precision(%x: tensor<4x8xf32>, %i: tensor<4x8xi64>) -> (tensor<8x4xf32>, tensor<32xi64>) {
  // CHECK-NOT: tpu.cast
  // CHECK: tpu.permute %arg0 {{.*}} -> tensor<8x4xf32>
  %0 = top.permute %x {order = array<i64: 1, 0>} : (tensor<4x8xf32>) -> tensor<8x4xf32>
  // CHECK: tpu.reshape %arg1 : (tensor<4x8xi32>) -> tensor<32xi32>
  %1 = top.reshape %i : (tensor<4x8xi64>) -> tensor<32xi64>
  return %0, %1 : tensor<8x4xf32>, tensor<32xi64>
}

// CHECK-LABEL: @slice_backwards
func.func @slice_backwards(%x: tensor<4x8xf32>) -> tensor<4x3xf32> {
  // CHECK: %[[I:.*]] = tpu.weight dense<[6, 4, 2]> : tensor<3xi32>
  // CHECK: tpu.gather %arg0, %[[I]] {axis = 1 : i64}
  %0 = top.slice %x {offsets = array<i64: 0, 6>, sizes = array<i64: 4, 3>, steps = array<i64: 1, -2>} : (tensor<4x8xf32>) -> tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}

// CHECK-LABEL: @pad_reflect
func.func @pad_reflect(%x: tensor<4x3xf32>) -> tensor<4x6xf32> {
  // CHECK: tpu.weight dense<[2, 1, 0, 1, 2, 1]> : tensor<6xi32>
  // CHECK: tpu.gather {{.*}}axis = 1
  %0 = top.pad reflect %x {pads = array<i64: 0, 2, 0, 1>} : (tensor<4x3xf32>) -> tensor<4x6xf32>
  return %0 : tensor<4x6xf32>
}

// CHECK-LABEL: @tile
func.func @tile(%x: tensor<4x8xf32>) -> tensor<4x24xf32> {
  // CHECK: tpu.reshape %arg0 : (tensor<4x8xf32>) -> tensor<4x1x8xf32>
  // CHECK: tpu.broadcast {{.*}} -> tensor<4x3x8xf32>
  // CHECK: tpu.reshape {{.*}} -> tensor<4x24xf32>
  %0 = top.tile %x {repeats = array<i64: 1, 3>} : (tensor<4x8xf32>) -> tensor<4x24xf32>
  return %0 : tensor<4x24xf32>
}

// CHECK-LABEL: @depth_to_space
func.func @depth_to_space(%x: tensor<1x8x3x3xf32>) -> tensor<1x2x6x6xf32> {
  // CHECK: tpu.permute {{.*}}order = array<i64: 0, 3, 4, 1, 5, 2>
  %0 = top.depth_to_space dcr %x {block_size = 2 : i64} : (tensor<1x8x3x3xf32>) -> tensor<1x2x6x6xf32>
  return %0 : tensor<1x2x6x6xf32>
}

// Constant indices in a row are a slice; computed ones may count from the end.
// CHECK-LABEL: @gather
func.func @gather(%x: tensor<4x8xf32>, %i: tensor<5xi64>) -> (tensor<2x8xf32>, tensor<5x8xf32>, tensor<2x8xf32>) {
  %row = top.weight dense<[1, 2]> : tensor<2xi64>
  %ends = top.weight dense<[-1, 0]> : tensor<2xi64>
  // CHECK-DAG: %[[E:.*]] = tpu.weight dense<[3, 0]> : tensor<2xi32>
  // CHECK-DAG: tpu.slice %arg0 {offsets = array<i64: 1, 0>, sizes = array<i64: 2, 8>, steps = array<i64: 1, 1>}
  %0 = top.gather %x, %row {axis = 0 : i64} : (tensor<4x8xf32>, tensor<2xi64>) -> tensor<2x8xf32>
  // CHECK: tpu.scalar max %arg1 {value = -1.0
  // CHECK: tpu.scalar min {{.*}}value = 0.0
  // CHECK: tpu.scalar mul {{.*}}value = -4.0
  // CHECK: %[[I:.*]] = tpu.binary add
  // CHECK: tpu.gather %arg0, %[[I]]
  %1 = top.gather %x, %i {axis = 0 : i64} : (tensor<4x8xf32>, tensor<5xi64>) -> tensor<5x8xf32>
  // CHECK: tpu.gather %arg0, %[[E]]
  %2 = top.gather %x, %ends {axis = 0 : i64} : (tensor<4x8xf32>, tensor<2xi64>) -> tensor<2x8xf32>
  return %0, %1, %2 : tensor<2x8xf32>, tensor<5x8xf32>, tensor<2x8xf32>
}

// CHECK-LABEL: @resize_repeats
func.func @resize_repeats(%x: tensor<1x8x5x5xf32>) -> tensor<1x8x10x10xf32> {
  // CHECK-NOT: tpu.gather
  // CHECK: tpu.broadcast {{.*}} -> tensor<1x8x5x2x5x2xf32>
  // CHECK-NOT: tpu.broadcast
  %0 = top.resize nearest asymmetric floor %x {scales = array<f64: 1.0, 1.0, 2.0, 2.0>} : (tensor<1x8x5x5xf32>) -> tensor<1x8x10x10xf32>
  return %0 : tensor<1x8x10x10xf32>
}

// CHECK-LABEL: @resize_picks
func.func @resize_picks(%x: tensor<1x8x5x4xf32>) -> tensor<1x8x5x6xf32> {
  // CHECK: tpu.weight dense<[0, 0, 1, 2, 2, 3]>
  // CHECK: tpu.gather {{.*}}axis = 3
  %0 = top.resize nearest asymmetric floor %x {scales = array<f64: 1.0, 1.0, 1.0, 1.5>} : (tensor<1x8x5x4xf32>) -> tensor<1x8x5x6xf32>
  return %0 : tensor<1x8x5x6xf32>
}

// CHECK-LABEL: @relayout
func.func @relayout(%x: tensor<3x2xf32>) -> tensor<6xf32> {
  // CHECK: tpu.relayout %arg0 {axes = 2 : i64, boxes = array<i64: 0, 2, 2, 2, 2, 2, 1, 1, 4, 0, 1, 0, 0, 2, 1, 1>} : (tensor<3x2xf32>) -> tensor<6xf32>
  %0 = top.relayout %x {axes = 2 : i64, boxes = array<i64: 0, 2, 2, 2, 2, 2, 1, 1, 4, 0, 1, 0, 0, 2, 1, 1>} : (tensor<3x2xf32>) -> tensor<6xf32>
  return %0 : tensor<6xf32>
}

// Both axes leave short runs: rows are put together first.
// CHECK-LABEL: @pads_of_short_runs
func.func @pads_of_short_runs(%x: tensor<1x8x5x4xf32>) -> tensor<1x8x6x5xf32> {
  // CHECK: %[[P:.*]] = tpu.pad %arg0 {pads = array<i64: 0, 0, 0, 0, 0, 0, 0, 1>{{.*}} -> tensor<1x8x5x5xf32>
  // CHECK: tpu.pad %[[P]] {pads = array<i64: 0, 0, 1, 0, 0, 0, 0, 0>{{.*}} -> tensor<1x8x6x5xf32>
  %0 = top.pad constant %x {pads = array<i64: 0, 0, 1, 0, 0, 0, 0, 1>} : (tensor<1x8x5x4xf32>) -> tensor<1x8x6x5xf32>
  return %0 : tensor<1x8x6x5xf32>
}

// CHECK-LABEL: @pads_of_long_runs
func.func @pads_of_long_runs(%x: tensor<1x8x5x64xf32>) -> tensor<1x8x6x65xf32> {
  // CHECK: tpu.pad %arg0 {pads = array<i64: 0, 0, 1, 0, 0, 0, 0, 1>
  %0 = top.pad constant %x {pads = array<i64: 0, 0, 1, 0, 0, 0, 0, 1>} : (tensor<1x8x5x64xf32>) -> tensor<1x8x6x65xf32>
  return %0 : tensor<1x8x6x65xf32>
}

// A network's input that is transposed for convolutions in 16 bits is rounded
// first: a product transposes it within local memory.
// CHECK-LABEL: @rounds_before_transposing
func.func @rounds_before_transposing(%x: tensor<20x1x24xf32>, %w: tensor<8x24x1x1xf32>) -> tensor<1x8x20x1xf32> {
  // CHECK: %[[ROUNDED:.*]] = tpu.cast %arg0 : (tensor<20x1x24xf32>) -> tensor<20x1x24xf16>
  // CHECK: tpu.permute %[[ROUNDED]]
  %0 = top.permute %x {order = array<i64: 2, 0, 1>} : (tensor<20x1x24xf32>) -> tensor<24x20x1xf32>
  %1 = top.reshape %0 : (tensor<24x20x1xf32>) -> tensor<1x24x20x1xf32>
  %2 = top.conv %1, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x24x20x1xf32>, tensor<8x24x1x1xf32>) -> tensor<1x8x20x1xf32>
  return %2 : tensor<1x8x20x1xf32>
}

// Few channels are no matrix.
// CHECK-LABEL: @few_channels
func.func @few_channels(%x: tensor<1x20x20x3xf32>, %w: tensor<8x3x1x1xf32>) -> tensor<1x8x20x20xf32> {
  // CHECK: tpu.permute %arg0
  %0 = top.permute %x {order = array<i64: 0, 3, 1, 2>} : (tensor<1x20x20x3xf32>) -> tensor<1x3x20x20xf32>
  %1 = top.conv %0, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x20x20xf32>, tensor<8x3x1x1xf32>) -> tensor<1x8x20x20xf32>
  return %1 : tensor<1x8x20x20xf32>
}
