// RUN: split-file %s %t
// RUN: tpuc-opt %t/net.mlir -top-assign-precision="precision=F16 quantize-table=%t/table" -convert-top-to-tpu -canonicalize 2>&1 | FileCheck %s
// RUN: not tpuc-opt %t/net.mlir -top-assign-precision="quantize-table=%t/words" -convert-top-to-tpu 2>&1 | FileCheck %s --check-prefix=WORDS
// RUN: not tpuc-opt %t/net.mlir -top-assign-precision="quantize-table=%t/unknown" -convert-top-to-tpu 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not tpuc-opt %t/net.mlir -top-assign-precision="quantize-table=%t/twice" -convert-top-to-tpu 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: not tpuc-opt %t/net.mlir -top-assign-precision="quantize-table=%t/missing" -convert-top-to-tpu 2>&1 | FileCheck %s --check-prefix=MISSING

//--- net.mlir
func.func @main(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = top.gelu %x : tensor<2x4xf32> loc("first")
  %1 = top.tanh %0 : tensor<2x4xf32> loc("second")
  %2 = top.exp %1 : tensor<2x4xf32> loc("third")
  %3 = top.sin %2 : tensor<2x4xf32> loc("a name#1")
  return %3 : tensor<2x4xf32>
}

// CHECK: warning: {{.*}}table: no op called 'fourth' has a precision
// CHECK: tpu.unary gelu %arg0 : tensor<2x4xf32>
// CHECK: tpu.unary tanh {{.*}} : tensor<2x4xbf16>
// CHECK: tpu.unary exp {{.*}} : tensor<2x4xf16>
// CHECK: tpu.unary sin {{.*}} : tensor<2x4xf32>

//--- table
# precision of single ops
first F32   # the input is large

second bf16
fourth F32
a name#1  F32 # blanks and signs are part of names

//--- words
first F32
second

// WORDS: error: {{.*}}words:2: 'second' is no entry, expected an op's name and its precision

//--- unknown
first F8

// UNKNOWN: error: {{.*}}unknown:1: unknown precision 'F8', expected F32, F16, BF16 or INT8

//--- twice
first F16
first F32

// TWICE: error: {{.*}}twice:2: 'first' is both F16 and F32, expected one precision

// MISSING: error: cannot read quantize table '{{.*}}missing': No such file or directory
