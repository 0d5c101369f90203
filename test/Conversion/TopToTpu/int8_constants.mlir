// RUN: split-file %s %t
// RUN: tpuc-opt %t/net.mlir -top-import-calibration="table=%t/ranges" -top-assign-precision="precision=INT8 quantize-table=%t/forced" -convert-top-to-tpu -canonicalize | FileCheck %s
// RUN: tpuc-opt %t/net.mlir -top-import-calibration="table=%t/ranges" -top-assign-precision="precision=INT8 quantize-table=%t/mixed" -convert-top-to-tpu -canonicalize | FileCheck %s --check-prefix=MIXED
// RUN: tpuc-opt %t/net.mlir -top-import-calibration="table=%t/infinite" -top-assign-precision="precision=INT8" -convert-top-to-tpu -canonicalize | FileCheck %s --check-prefix=INFINITE
// RUN: not tpuc-opt %t/net.mlir -top-import-calibration="table=%t/infinite" -top-assign-precision="precision=INT8 quantize-table=%t/forced" -convert-top-to-tpu 2>&1 | FileCheck %s --check-prefix=FORCED

//--- net.mlir
func.func @main(%x: tensor<1x2x4xf32> {top.name = "x"}) -> tensor<1x3x4xf32> {
  %w = top.weight dense<1.0> : tensor<4x4xf32>
  %token = top.weight dense<[[[2.54, -0.02, 0.011, -9.0]]]> : tensor<1x1x4xf32>
  %0 = top.matmul %x, %w : (tensor<1x2x4xf32>, tensor<4x4xf32>) -> tensor<1x2x4xf32> loc("first")
  %1 = top.concat %token, %0 {axis = 1 : i64} : (tensor<1x1x4xf32>, tensor<1x2x4xf32>) -> tensor<1x3x4xf32> loc("join")
  %2 = top.matmul %1, %w : (tensor<1x3x4xf32>, tensor<4x4xf32>) -> tensor<1x3x4xf32> loc("last")
  return %2 : tensor<1x3x4xf32>
}

// A constant among bytes is rounded to bytes of the whole, whose range it is
// part of, and what lies beyond them is the last one.
// CHECK: %[[T:.*]] = tpu.weight dense_resource<{{.*}}> : tensor<1x1x4xi8> as tensor<1x1x4x!quant.uniform<i8:f32, 2.000000e-02>>
// CHECK: tpu.concat %[[T]], %{{.*}} -> tensor<1x3x4x!quant.uniform<i8:f32, 2.000000e-02>>
// CHECK: dialect_resources
// CHECK: "0x400000007FFF0180"

// The bytes of the other part need not reach what the constant holds.
// MIXED: %[[T:.*]] = tpu.weight dense<{{.*}}> : tensor<1x1x4xf16>
// MIXED: tpu.concat %[[T]], %{{.*}} -> tensor<1x3x4xf16>

// What has elements that are not finite stays in floats, what moves it too.
// INFINITE: %[[M:.*]] = tpu.matmul {{.*}} -> tensor<2x4xf16>
// INFINITE: tpu.concat {{.*}} -> tensor<1x3x4xf16>
// INFINITE: tpu.matmul {{.*}}xf16>

// FORCED: 'top.matmul' op cannot be lowered: 'join' has elements that are not finite, which INT8 does not have; give the op F16 in the quantize table

//--- ranges
x 1.27 -1.27 1.27
first 1.27 -1.27 1.27
join 2.54 -2.54 2.54
last 10 -10 10

//--- infinite
x 1.27 -1.27 1.27
first 1.27 -1.27 1.27
join inf -2.54 2.54
last 10 -10 10

//--- mixed
first INT8
join F16
last INT8

//--- forced
first INT8
last INT8
