// RUN: split-file %s %t
// RUN: tpuc-opt %t/net.mlir -top-import-calibration="table=%t/ranges" -top-assign-precision="precision=INT8" -convert-top-to-tpu -canonicalize | FileCheck %s
// RUN: tpuc-opt %t/net.mlir -top-import-calibration="table=%t/ranges" -top-assign-precision="precision=INT8 quantize-table=%t/mixed" -convert-top-to-tpu -canonicalize | FileCheck %s --check-prefix=MIXED
// RUN: tpuc-opt %t/net.mlir -top-import-calibration="table=%t/tiny" -top-assign-precision="precision=INT8" -convert-top-to-tpu -canonicalize | FileCheck %s --check-prefix=TINY

//--- net.mlir
func.func @main(%x: tensor<1x64x6x6xf32> {top.name = "x"}) -> tensor<1x8x12x12xf32> {
  %w1 = top.weight dense<0.5> : tensor<64x64x1x1xf32>
  %w2 = top.weight dense<0.5> : tensor<64x64x1x1xf32>
  %w3 = top.weight dense<0.25> : tensor<8x192x1x1xf32>
  %0 = top.conv %x, %w1 {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x64x6x6xf32>, tensor<64x64x1x1xf32>) -> tensor<1x64x6x6xf32> loc("conv1")
  %1 = top.silu %0 : tensor<1x64x6x6xf32> loc("silu1")
  %2 = top.conv %1, %w2 {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x64x6x6xf32>, tensor<64x64x1x1xf32>) -> tensor<1x64x6x6xf32> loc("conv2")
  %3 = top.silu %2 : tensor<1x64x6x6xf32> loc("silu2")
  %4 = top.max_pool %3 {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x64x6x6xf32>) -> tensor<1x64x6x6xf32> loc("pool")
  %5 = top.concat %1, %3, %4 {axis = 1 : i64} : (tensor<1x64x6x6xf32>, tensor<1x64x6x6xf32>, tensor<1x64x6x6xf32>) -> tensor<1x192x6x6xf32> loc("concat")
  %6 = top.resize nearest asymmetric floor %5 {scales = array<f64: 1.0, 1.0, 2.0, 2.0>} : (tensor<1x192x6x6xf32>) -> tensor<1x192x12x12xf32> loc("resize")
  %7 = top.conv %6, %w3 {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x192x12x12xf32>, tensor<8x192x1x1xf32>) -> tensor<1x8x12x12xf32> loc("conv3")
  return %7 : tensor<1x8x12x12xf32>
}

// What is joined has one type, of a scale at which the gate is computed, so that
// the join is one and nothing is requantised.
// CHECK-LABEL: func.func @main
// CHECK: %[[X:.*]] = tpu.cast
// CHECK: %[[S1:.*]] = tpu.conv %[[X]], {{.*}}gate = 1 : i32{{.*}} -> tensor<1x64x6x6x[[T:!quant.uniform<i8:f32, .*>]]>
// CHECK-NOT: tpu.unary
// CHECK-NOT: tpu.cast
// CHECK: %[[S2:.*]] = tpu.conv %[[S1]], {{.*}}gate = 1 : i32{{.*}} -> tensor<1x64x6x6x[[T]]>
// CHECK: %[[P:.*]] = tpu.pool max %[[S2]]
// CHECK: %[[C:.*]] = tpu.concat %[[S1]], %[[S2]], %[[P]]
// CHECK-NOT: tpu.cast
// CHECK: tpu.broadcast {{.*}}[[T]]>{{$}}
// CHECK: tpu.conv {{.*}} -> tensor<1x8x12x12xf32>

// A function in F16 is not a part of its convolution.
// MIXED: tpu.conv {{.*}}gate = 1
// MIXED: tpu.conv {{.*}} -> tensor<1x64x6x6xf16>
// MIXED: tpu.unary silu

// So is one of which the scale leaves no bits below the result's.
// TINY-NOT: gate = 1
// TINY: tpu.unary silu

//--- ranges
x 1.27 -1.27 1.0
conv1 9.0 -9.0 9.0
silu1 4.0 -0.27 4.0
conv2 9.0 -9.0 9.0
silu2 2.0 -0.27 2.0
pool 2.0 -0.27 2.0
concat 4.0 -0.27 4.0
resize 4.0 -0.27 4.0
conv3 10 -10 10

//--- mixed
silu2 F16

//--- tiny
x 1.27 -1.27 1.0
silu1 0.01 -0.01 0.01
silu2 0.01 -0.01 0.01
concat 0.01 -0.01 0.01
