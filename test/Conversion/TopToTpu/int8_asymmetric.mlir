// RUN: split-file %s %t
// RUN: tpuc-opt %t/net.mlir -top-import-calibration="table=%t/ranges" -top-assign-precision="precision=INT8" -convert-top-to-tpu -canonicalize | FileCheck %s
// RUN: tpuc-opt %t/net.mlir -top-import-calibration="table=%t/ranges" -top-assign-precision="precision=INT8 asymmetric=false" -convert-top-to-tpu -canonicalize | FileCheck %s --check-prefix=SYMMETRIC
// RUN: tpuc-opt %t/net.mlir -top-import-calibration="table=%t/even" -top-assign-precision="precision=INT8" -convert-top-to-tpu -canonicalize | FileCheck %s --check-prefix=SYMMETRIC
// RUN: tpuc-opt %t/net.mlir -top-import-calibration="table=%t/pixels" -top-assign-precision="precision=INT8" -convert-top-to-tpu -canonicalize | FileCheck %s --check-prefix=PIXELS
// RUN: tpuc-opt %t/product.mlir -top-import-calibration="table=%t/ranges" -top-assign-precision="precision=INT8" -convert-top-to-tpu -canonicalize | FileCheck %s --check-prefix=PRODUCT
// RUN: tpuc-opt %t/below.mlir -top-import-calibration="table=%t/low" -top-assign-precision="precision=INT8" -convert-top-to-tpu -canonicalize | FileCheck %s --check-prefix=BELOW

// An asymmetric range has a zero point: from -0.5 to 2.05,
// 255 steps of 0.01, and 0 is 50 steps above the least.
// CHECK: tpu.cast {{.*}} -> tensor<1x4x6x6x!quant.uniform<i8:f32, {{0.01|0.0099[0-9]*|1.0+e-02}}:-78>>
// CHECK: tpu.conv {{.*}} -> tensor<1x4x6x6x!quant.uniform<i8:f32, {{0.01|0.0099[0-9]*|1.0+e-02}}:-78>>
// CHECK: tpu.binary add {{.*}} -> tensor<1x4x6x6x!quant.uniform<i8:f32, {{0.01|0.0099[0-9]*|1.0+e-02}}:-78>>
// CHECK: tpu.conv {{.*}} -> tensor<1x4x6x6xf32>

// Not when it is switched off, nor when there is little to gain.
// SYMMETRIC-NOT: {{:f32, [0-9.e+-]+:}}
// SYMMETRIC: tpu.binary add

// An input always has it: pixels from 0 to 255 minus 127 stay what they are.
// PIXELS: tpu.cast {{.*}} -> tensor<1x4x6x6x!quant.uniform<i8:f32, 1.000000e+00:-1>>
// PIXELS: tpu.conv {{.*}} -> tensor<1x4x6x6x!quant.uniform<i8:f32, {{[0-9.e+-]+}}>>

// Products of INT8 have no form for it: what they read has zero point 0, what
// they give need not.
// PRODUCT: tpu.conv {{.*}} -> tensor<1x4x6x6x!quant.uniform<i8:f32, {{[0-9.e+-]+}}>>
// PRODUCT: tpu.binary mul {{.*}} -> tensor<1x4x6x6x!quant.uniform<i8:f32, {{0.01|0.0099[0-9]*|1.0+e-02}}:-78>>

// A range below 0 gets 0 into it.
// BELOW: tpu.cast {{.*}} -> tensor<1x4x6x6x!quant.uniform<i8:f32, {{0.01|0.0099[0-9]*|1.0+e-02}}:127>>

//--- net.mlir
func.func @main(%x: tensor<1x4x6x6xf32> {top.name = "x"}) -> tensor<1x4x6x6xf32> {
  %w = top.weight dense<0.5> : tensor<4x4x1x1xf32>
  %0 = top.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x6x6xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x6x6xf32> loc("first")
  %1 = top.add %0, %x : (tensor<1x4x6x6xf32>, tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32> loc("sum")
  %2 = top.conv %1, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x6x6xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x6x6xf32> loc("y")
  return %2 : tensor<1x4x6x6xf32>
}

//--- product.mlir
func.func @main(%x: tensor<1x4x6x6xf32> {top.name = "x"}) -> tensor<1x4x6x6xf32> {
  %w = top.weight dense<0.5> : tensor<4x4x1x1xf32>
  %0 = top.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x6x6xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x6x6xf32> loc("first")
  %1 = top.mul %0, %x : (tensor<1x4x6x6xf32>, tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32> loc("sum")
  %2 = top.conv %1, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x6x6xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x6x6xf32> loc("y")
  return %2 : tensor<1x4x6x6xf32>
}

//--- below.mlir
func.func @main(%x: tensor<1x4x6x6xf32> {top.name = "low"}) -> tensor<1x4x6x6xf32> {
  %w = top.weight dense<0.5> : tensor<4x4x1x1xf32>
  %0 = top.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x4x6x6xf32>, tensor<4x4x1x1xf32>) -> tensor<1x4x6x6xf32> loc("y")
  return %0 : tensor<1x4x6x6xf32>
}

//--- ranges
x 2.05 -0.5 2.05
first 2.05 -0.5 2.05
sum 2.05 -0.5 2.05
y 10 -10 10

//--- even
x 1.5 -1.5 1.5
first 1.5 -1.4 1.5
sum 1.5 -1.0 1.5
y 10 -10 10

//--- low
low 2.55 -2.55 -1.0
y 10 -10 10

//--- pixels
x 128 -127 128
first 1.5 -1.4 1.5
sum 1.5 -1.0 1.5
y 10 -10 10
