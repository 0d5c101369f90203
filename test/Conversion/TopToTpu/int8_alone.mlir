// RUN: split-file %s %t
// RUN: tpuc-opt %t/net.mlir -top-import-calibration="table=%t/ranges" -top-assign-precision="precision=INT8" -convert-top-to-tpu -canonicalize | FileCheck %s
// RUN: tpuc-opt %t/net.mlir -top-import-calibration="table=%t/ranges" -top-assign-precision="precision=INT8 quantize-table=%t/table" -convert-top-to-tpu -canonicalize | FileCheck %s --check-prefix=TABLE

//--- net.mlir
// Bytes add no channels to a pass that has 32 only: between functions of floats
// they would bring nothing but casts. Of 64 they save half of the passes.
// CHECK-LABEL: func.func @main
// CHECK: tpu.conv {{.*}} : (tensor<1x32x128x128xf16>, tensor<64x32x3x3xf16>) -> tensor<1x64x128x128xf16>
// CHECK: tpu.unary tanh
// CHECK: tpu.conv {{.*}} : (tensor<1x64x128x128x!quant.uniform<{{.*}}>>, {{.*}}) -> tensor<1x64x128x128xf16>
// TABLE: tpu.conv {{.*}} : (tensor<1x32x128x128x!quant.uniform<{{.*}}>>, {{.*}}) -> tensor<1x64x128x128xf16>
func.func @main(%x: tensor<1x32x128x128xf32> {top.name = "x"}) -> tensor<1x64x128x128xf32> {
  %v = top.weight dense<0.5> : tensor<64x32x3x3xf32>
  %w = top.weight dense<0.5> : tensor<64x64x3x3xf32>
  %0 = top.tanh %x : tensor<1x32x128x128xf32> loc("first")
  %1 = top.conv %0, %v {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x32x128x128xf32>, tensor<64x32x3x3xf32>) -> tensor<1x64x128x128xf32> loc("narrow")
  %2 = top.tanh %1 : tensor<1x64x128x128xf32> loc("second")
  %3 = top.conv %2, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<1x64x128x128xf32>, tensor<64x64x3x3xf32>) -> tensor<1x64x128x128xf32> loc("wide")
  %4 = top.tanh %3 : tensor<1x64x128x128xf32> loc("third")
  return %4 : tensor<1x64x128x128xf32>
}
//--- ranges
x 1 -1 1
first 1 -1 1
narrow 2 -2 2
second 1 -1 1
wide 2 -2 2
third 1 -1 1
//--- table
narrow INT8
