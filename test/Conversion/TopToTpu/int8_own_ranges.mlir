// RUN: split-file %s %t
// RUN: tpuc-opt %t/net.mlir -top-assign-precision="precision=INT8" -convert-top-to-tpu -canonicalize | FileCheck %s
// RUN: not tpuc-opt %t/missing.mlir -top-assign-precision="precision=INT8" -convert-top-to-tpu 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: not tpuc-opt %t/net.mlir -top-assign-precision="precision=INT8 quantize-table=%t/table" -convert-top-to-tpu 2>&1 | FileCheck %s --check-prefix=TABLE

//--- net.mlir
func.func @main(%x: tensor<4x8xf32> {top.name = "x", top.range = !quant.calibrated<f32<-1.27:1.27>>}) -> tensor<4x8xf32> attributes {top.own_ranges = ["excluded"]} {
  %w = top.weight dense<0.5> : tensor<8x8xf32>
  %0 = top.matmul %x, %w : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32> loc("first")
  %1 = top.matmul %0, %w : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32> loc("second")
  %2 = top.reshape %x : (tensor<4x8xf32>) -> tensor<8x4xf32> loc("moved")
  %3 = top.matmul %1, %2 : (tensor<4x8xf32>, tensor<8x4xf32>) -> tensor<4x4xf32> loc("third")
  %v = top.weight dense<0.5> : tensor<4x8xf32>
  %5 = top.matmul %3, %v : (tensor<4x4xf32>, tensor<4x8xf32>) -> tensor<4x8xf32> loc("last")
  %6 = top.matmul %x, %w : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32> loc("excluded")
  %4 = top.add %5, %6 : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32> loc("sum")
  return %4 : tensor<4x8xf32>
}

// Ranges that came with the network: what has none was not quantised.
// CHECK-LABEL: func.func @main
// CHECK: %[[X:.*]] = tpu.cast %{{.*}} -> tensor<4x8x!quant.uniform<i8:f32, {{0.01|0.0099|1.0}}
// CHECK: %[[FIRST:.*]] = tpu.matmul %[[X]], {{.*}} -> tensor<4x8xf16>
// CHECK: tpu.matmul %[[FIRST]], %{{.*}} (tensor<4x8xf16>, tensor<8x8xf16>)
// CHECK-NOT: quant

// TABLE: the calibration table has no entry for 'first'

//--- table
second INT8

//--- missing.mlir
func.func @main(%x: tensor<4x8xf32> {top.name = "x", top.range = !quant.calibrated<f32<-1.27:1.27>>}) -> tensor<4x8xf32> {
  %w = top.weight dense<0.5> : tensor<8x8xf32>
  %0 = top.matmul %x, %w : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32> loc("first")
  %1 = top.matmul %0, %w : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32> loc("second")
  return %1 : tensor<4x8xf32>
}

// Ranges of a table are complete.
// MISSING: the calibration table has no entry for 'first'
