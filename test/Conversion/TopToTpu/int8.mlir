// RUN: split-file %s %t
// RUN: tpuc-opt %t/net.mlir -top-import-calibration="table=%t/ranges" -top-assign-precision="precision=INT8" -convert-top-to-tpu -canonicalize | FileCheck %s
// RUN: tpuc-opt %t/net.mlir -top-import-calibration="table=%t/ranges" -top-assign-precision="precision=INT8 quantize-table=%t/mixed" -convert-top-to-tpu -canonicalize | FileCheck %s --check-prefix=MIXED
// RUN: tpuc-opt %t/net.mlir -top-import-calibration="table=%t/ranges" -top-assign-precision="precision=F16 quantize-table=%t/single" -convert-top-to-tpu -canonicalize | FileCheck %s --check-prefix=SINGLE
// RUN: not tpuc-opt %t/net.mlir -top-assign-precision="precision=INT8" -convert-top-to-tpu 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not tpuc-opt %t/net.mlir -top-import-calibration="table=%t/short" -top-assign-precision="precision=INT8" -convert-top-to-tpu 2>&1 | FileCheck %s --check-prefix=SHORT

//--- net.mlir
func.func @main(%x: tensor<1x8x6x6xf32> {top.name = "x"}) -> tensor<1x10xf32> {
  %w1 = top.weight dense<[[[[0.5]]], [[[-1.0]]], [[[0.25]]], [[[2.0]]], [[[0.125]]], [[[-4.0]]], [[[0.0]]], [[[1.0]]]]> : tensor<8x1x1x1xf32>
  %b1 = top.weight dense<1.0> : tensor<8xf32>
  %w2 = top.weight dense<0.5> : tensor<8x8x1x1xf32>
  %w3 = top.weight dense<0.25> : tensor<72x10xf32>
  %0 = top.conv %x, %w1, %b1 {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, group = 8 : i64} : (tensor<1x8x6x6xf32>, tensor<8x1x1x1xf32>, tensor<8xf32>) -> tensor<1x8x6x6xf32> loc("depthwise")
  %1 = top.clip %0 {min = 0.0, max = 6.0} : tensor<1x8x6x6xf32> loc("relu6")
  %2 = top.conv %1, %w2 {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x8x6x6xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x6x6xf32> loc("pointwise")
  %3 = top.add %2, %1 : (tensor<1x8x6x6xf32>, tensor<1x8x6x6xf32>) -> tensor<1x8x6x6xf32> loc("add")
  %4 = top.relu %3 : tensor<1x8x6x6xf32> loc("relu")
  %5 = top.max_pool %4 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x8x6x6xf32>) -> tensor<1x8x3x3xf32> loc("pool")
  %6 = top.reshape %5 : (tensor<1x8x3x3xf32>) -> tensor<1x72xf32> loc("flatten")
  %7 = top.matmul %6, %w3 : (tensor<1x72xf32>, tensor<72x10xf32>) -> tensor<1x10xf32> loc("fc")
  return %7 : tensor<1x10xf32>
}

// What is never negative is unsigned; a filter has a scale a channel.
// CHECK-LABEL: func.func @main
// CHECK-SAME: tensor<1x8x6x6xf32> {top.name = "x"})
// CHECK-DAG: %[[W1:.*]] = tpu.weight dense_resource<{{.*}}> : tensor<8x1x1x1xi8> as tensor<8x1x1x1x!quant.uniform<i8:f32:0, {0.003937
// CHECK: %[[X:.*]] = tpu.cast %{{.*}} : (tensor<1x8x6x6xf32>) -> tensor<1x8x6x6x!quant.uniform<i8:f32, 7.812500e-03>>
// CHECK: %[[C1:.*]] = tpu.conv %[[X]], %[[W1]], %{{.*}} {{.*}}group = 8{{.*}}, tensor<8xf32>) -> tensor<1x8x6x6x!quant.uniform<u8:f32, 1.562500e-02>>
// The clip is the saturation of INT8.
// CHECK: %[[C2:.*]] = tpu.conv %[[C1]]{{.*}} -> tensor<1x8x6x6x!quant.uniform<i8:f32, 1.562500e-02>>
// CHECK: %[[A:.*]] = tpu.binary add %[[C2]], %[[C1]] : {{.*}} -> tensor<1x8x6x6x!quant.uniform<u8:f32, 3.125000e-02>>
// CHECK: %[[P:.*]] = tpu.pool max %[[A]] {{.*}} -> tensor<1x8x3x3x!quant.uniform<u8:f32, 3.125000e-02>>
// CHECK: %[[F:.*]] = tpu.reshape %[[P]]
// CHECK: %[[Y:.*]] = tpu.matmul %[[F]], {{.*}} -> tensor<1x10xf32>
// CHECK: return %[[Y]]

// What an op in F16 reads stays in f16; casts stand before those in INT8.
// MIXED: tpu.conv {{.*}} -> tensor<1x8x6x6xf16>
// MIXED: %[[C1:.*]] = tpu.unary clip
// MIXED: %[[C2:.*]] = tpu.conv %[[C1]], {{.*}} -> tensor<1x8x6x6xf16>
// MIXED-DAG: %[[A:.*]] = tpu.cast %[[C2]] : {{.*}} -> tensor<1x8x6x6x!quant.uniform<i8
// MIXED-DAG: %[[B:.*]] = tpu.cast %[[C1]] : {{.*}} -> tensor<1x8x6x6x!quant.uniform<u8
// MIXED: tpu.binary add %[[A]], %[[B]]

// One op in INT8 gives floats to the others.
// SINGLE: tpu.conv {{.*}} -> tensor<1x8x6x6xf16>
// SINGLE: tpu.cast {{.*}} -> tensor<1x72x!quant.uniform<u8:f32
// SINGLE: tpu.matmul {{.*}} -> tensor<1x10xf32>

// NONE: error: INT8 needs the ranges of the network's tensors; make a calibration table with run_calibration and pass it on as --calibration_table

// SHORT: 'top.conv' op cannot be lowered: the calibration table has no entry for 'depthwise'; calibrate again, or give the ops that read it F16 in the quantize table

//--- ranges
# op_name threshold min max
x 0.9921875 -1.27 1.0
depthwise 9.0 -9.0 9.0
relu6 3.984375 0.0 6.0
pointwise 1.984375 -2.54 2.5
relu 7.96875 0.0 8.0
fc 10 -10 10

//--- mixed
pointwise F16

//--- single
fc INT8

//--- short
x 1.27 -1.27 1.0
