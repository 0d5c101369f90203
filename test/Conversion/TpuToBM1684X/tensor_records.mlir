// RUN: tpuc-opt %s -split-input-file -mlir-print-debuginfo -pass-pipeline="builtin.module(tpu-fuse-activation,func.func(tpu-copy-results),tpu-layer-group{fuse=false},tpu-verify-plan,convert-tpu-to-bm1684x)" | FileCheck %s

// The last command of an operator says which tensor lies where.
// CHECK-LABEL: func.func @one
// CHECK: bm1684x.dma.tensor {{.*}} loc(#[[LOAD:loc[0-9]*]])
// CHECK: bm1684x.dma.tensor {{.*}} loc(#[[STORE:loc[0-9]*]])
// CHECK: #[[STORE]] = loc(fused<{tensors = [{address = {{[0-9]+}} : i64, name = "out", type = tensor<64x8xf32>}]}>[
func.func @one(%x: tensor<64x8xf32>) -> tensor<64x8xf32> {
  %0 = tpu.unary abs %x : tensor<64x8xf32> loc("abs"("out"))
  return %0 : tensor<64x8xf32>
}

// -----

// A view is complete when what it shows is; both are on one command.
// CHECK-LABEL: func.func @view
// CHECK: name = "out", type = tensor<64x8xf32>}, {address = {{[0-9]+}} : i64, name = "flat", type = tensor<512xf32>}
func.func @view(%x: tensor<64x8xf32>) -> tensor<512xf32> {
  %0 = tpu.unary abs %x : tensor<64x8xf32> loc("abs"("out"))
  %1 = tpu.reshape %0 : (tensor<64x8xf32>) -> tensor<512xf32> loc("reshape"("flat"))
  return %1 : tensor<512xf32>
}

// -----

// What an activation was fused into holds the activation's tensor and keeps
// its own name as an operation.
// CHECK-LABEL: func.func @fused
// CHECK-NOT: name = "product"
// CHECK: #[[NAME:loc[0-9]*]] = loc("matmul"(
// CHECK: loc(fused<{tensors = [{{.*}}name = "positive"{{.*}}]}>[#[[NAME]]])
func.func @fused(%x: tensor<4x8xf16>, %w: tensor<8x4xf16>) -> tensor<4x4xf16> {
  %0 = tpu.matmul %x, %w : (tensor<4x8xf16>, tensor<8x4xf16>) -> tensor<4x4xf16> loc("matmul"("product"))
  %1 = tpu.unary relu %0 : tensor<4x4xf16> loc("relu"("positive"))
  return %1 : tensor<4x4xf16>
}

// -----

// Of several operations that name one tensor the last one holds it; operations
// without a name leave no record.
// CHECK-LABEL: func.func @several
// CHECK-COUNT-1: name = "out"
// CHECK-NOT: name = "out"
func.func @several(%x: tensor<64x8xf32>) -> tensor<64x8xf32> {
  %0 = tpu.unary abs %x : tensor<64x8xf32> loc("abs"("out"))
  %1 = tpu.unary neg %0 : tensor<64x8xf32> loc("abs"("out"))
  %2 = tpu.unary neg %1 : tensor<64x8xf32> loc("neg")
  return %2 : tensor<64x8xf32>
}
