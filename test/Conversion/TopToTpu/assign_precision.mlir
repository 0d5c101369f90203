// RUN: split-file %s %t
// RUN: tpuc-opt %t/sum.mlir -top-assign-precision=precision=F16 | FileCheck %s --check-prefix=SUM
// RUN: tpuc-opt %t/sum.mlir -top-assign-precision=precision=F32 | FileCheck %s --check-prefix=WIDE
// RUN: tpuc-opt %t/sum.mlir -top-assign-precision="precision=F32 quantize-table=%t/table" | FileCheck %s --check-prefix=TABLE
// RUN: tpuc-opt %t/int8.mlir -top-assign-precision=precision=INT8 | FileCheck %s --check-prefix=INT8
// RUN: tpuc-opt %t/edited.mlir -convert-top-to-tpu | FileCheck %s --check-prefix=EDITED
// RUN: not tpuc-opt %t/sum.mlir -convert-top-to-tpu 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: tpuc-opt %t/edited.mlir -top-assign-precision=precision=F32 | FileCheck %s --check-prefix=AGAIN
// RUN: not tpuc-opt %t/element.mlir -convert-top-to-tpu 2>&1 | FileCheck %s --check-prefix=ELEMENT
// RUN: not tpuc-opt %t/quant.mlir -convert-top-to-tpu 2>&1 | FileCheck %s --check-prefix=QUANT

//--- sum.mlir
// What a sum is made of stays f32; other ops carry no attribute.
// SUM: func.func @main{{.*}} attributes {top.element = f16}
// SUM: top.exp {{.*}} {top.element = f32}
// SUM: top.reduce sum {{.*}}top.element = f32
// SUM: top.tanh %{{[0-9]+}} :
// WIDE: attributes {top.element = f32}
// WIDE-NOT: {{top.element = }}
// TABLE: attributes {top.element = f32}
// TABLE: top.tanh %{{.*}} {top.element = f16}
// NONE: error: 'func.func' op has ops without a precision; run top-assign-precision first
func.func @main(%x: tensor<1x64xf32>) -> tensor<1x1xf32> {
  %0 = top.exp %x : tensor<1x64xf32>
  %1 = top.reduce sum %0 {axes = array<i64: 1>, keepdims = true} : (tensor<1x64xf32>) -> tensor<1x1xf32>
  %2 = top.log %1 : tensor<1x1xf32>
  %3 = top.tanh %2 : tensor<1x1xf32> loc("t")
  return %3 : tensor<1x1xf32>
}

//--- table
t F16

//--- int8.mlir
// The product takes and the argument gives INT8; nothing that reads the result
// prefers it.
// INT8: func.func @main(%{{.*}}: tensor<4x64xf32> {top.prefers_int8, top.quant_type = !quant.uniform<i8:f32, 1.000000e+00>
// INT8: top.matmul {{.*}}top.int8
// INT8-NOT: top.prefers_int8
func.func @main(%x: tensor<4x64xf32> {top.range = !quant.calibrated<f32<-127.0:127.0>>}) -> tensor<4x128xf32> {
  %w = top.weight dense<1.0> : tensor<64x128xf32>
  %0 = top.matmul %x, %w {top.range = !quant.calibrated<f32<-254.0:254.0>>} : (tensor<4x64xf32>, tensor<64x128xf32>) -> tensor<4x128xf32>
  return %0 : tensor<4x128xf32>
}

//--- edited.mlir
// A person may write what the analysis would not. The analysis begins anew.
// AGAIN: attributes {top.element = f32}
// AGAIN-NOT: bf16
// EDITED: tpu.unary exp {{.*}} : tensor<1x64xf16>
// EDITED: tpu.unary tanh {{.*}} : tensor<1x64xbf16>
func.func @main(%x: tensor<1x64xf32>) -> tensor<1x64xf32> attributes {top.element = f16} {
  %0 = top.exp %x : tensor<1x64xf32>
  %1 = top.tanh %0 {top.element = bf16} : tensor<1x64xf32>
  return %1 : tensor<1x64xf32>
}

//--- element.mlir
// ELEMENT: error: 'top.exp' op has top.element = i32, expected f32, f16 or bf16; run top-assign-precision again or correct it
func.func @main(%x: tensor<1x64xf32>) -> tensor<1x64xf32> attributes {top.element = f16} {
  %0 = top.exp %x {top.element = i32} : tensor<1x64xf32>
  return %0 : tensor<1x64xf32>
}

//--- quant.mlir
// QUANT: error: 'func.func' op has top.quant_type = i8, expected !quant.uniform of 8 bits with one scale
func.func @main(%x: tensor<1x64xf32> {top.quant_type = i8}) -> tensor<1x64xf32> attributes {top.element = f16} {
  %0 = top.exp %x : tensor<1x64xf32>
  return %0 : tensor<1x64xf32>
}
