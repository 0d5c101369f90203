// RUN: split-file %s %t
// RUN: tpuc-opt %t/net.mlir -top-assign-precision="precision=INT8" -convert-top-to-tpu | FileCheck %s --check-prefix=FLOAT
// RUN: tpuc-opt %t/net.mlir -top-assign-precision="precision=INT8 quant-input=true quant-output=true" -convert-top-to-tpu | FileCheck %s --check-prefix=BYTES
// RUN: tpuc-opt %t/net.mlir -top-assign-precision="precision=BF16 quant-input=true quant-output=true" -convert-top-to-tpu | FileCheck %s --check-prefix=HALF
// RUN: tpuc-opt %t/some.mlir -top-assign-precision="precision=F16 quant-input=true quant-output=true quant-inputs=2 quant-outputs=1" -convert-top-to-tpu | FileCheck %s --check-prefix=SOME
// RUN: not tpuc-opt %t/some.mlir -top-assign-precision="precision=F16 quant-input=true quant-inputs=3" -convert-top-to-tpu 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: tpuc-opt %t/port.mlir -top-assign-precision="precision=F16" -convert-top-to-tpu | FileCheck %s --check-prefix=PORT
// RUN: not tpuc-opt %t/wrong.mlir -top-assign-precision="precision=F16" -convert-top-to-tpu 2>&1 | FileCheck %s --check-prefix=WRONG

//--- net.mlir
// Inputs and outputs are f32 unless the network's own types are asked for;
// indices stay i32.
// FLOAT: func.func @main(%{{.*}}: tensor<1x8xf32>, %{{.*}}: tensor<1xi32>) -> (tensor<1x4xf32>, tensor<1xi32>)
// FLOAT: tpu.cast
// BYTES: func.func @main(%[[X:.*]]: tensor<1x8x!quant.uniform<i8:f32, 1.000000e+00>>, %{{.*}}: tensor<1xi32>) -> (tensor<1x4x!quant.uniform<i8:f32, 2.000000e+00>>, tensor<1xi32>)
// BYTES-NOT: tpu.cast
// BYTES: tpu.matmul %[[X]]
// BYTES-NOT: tpu.cast
// HALF: func.func @main(%[[X:.*]]: tensor<1x8xbf16>, %{{.*}}: tensor<1xi32>) -> (tensor<1x4xbf16>, tensor<1xi32>)
// HALF-NOT: tpu.cast
func.func @main(%x: tensor<1x8xf32> {top.range = !quant.calibrated<f32<-127.0:127.0>>}, %i: tensor<1xi64>) -> (tensor<1x4xf32>, tensor<1xi64>) {
  %w = top.weight dense<1.0> : tensor<8x4xf32>
  %0 = top.matmul %x, %w {top.range = !quant.calibrated<f32<-254.0:254.0>>} : (tensor<1x8xf32>, tensor<8x4xf32>) -> tensor<1x4xf32>
  return %0, %i : tensor<1x4xf32>, tensor<1xi64>
}

//--- some.mlir
// Lists say which inputs and outputs are meant, numbered from 1.
// SOME: func.func @main(%{{.*}}: tensor<4x8xf32>, %{{.*}}: tensor<4x8xf16>) -> (tensor<4x8xf16>, tensor<4x8xf32>)
// NONE: error: quant-inputs names input 3, the network has 2
func.func @main(%a: tensor<4x8xf32>, %b: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %0 = top.add %a, %b : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = top.mul %a, %b : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0, %1 : tensor<4x8xf32>, tensor<4x8xf32>
}

//--- port.mlir
// PORT: func.func @main(%[[X:.*]]: tensor<1x8x!quant.uniform<u8:f32, 1.000000e+00>>) -> tensor<1x8xf32>
// PORT: tpu.cast %[[X]] {{.*}} -> tensor<1x8xf16>
func.func @main(%x: tensor<1x8xf32> {top.port = !quant.uniform<u8:f32, 1.0>}) -> tensor<1x8xf32> {
  %0 = top.tanh %x : tensor<1x8xf32>
  return %0 : tensor<1x8xf32>
}

//--- wrong.mlir
// WRONG: error: 'func.func' op has argument 0 with top.port i8, expected a float type or !quant.uniform of 8 bits for an argument of f32
func.func @main(%x: tensor<1x8xf32> {top.port = i8}) -> tensor<1x8xf32> {
  return %x : tensor<1x8xf32>
}
