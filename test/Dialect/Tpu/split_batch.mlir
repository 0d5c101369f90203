// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-split-batch{parts=2}))" | FileCheck %s
// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-split-batch{parts=2 until=1}))" | FileCheck %s --check-prefix=ONE
// RUN: not tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-split-batch{parts=0}))" 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: error: a batch cannot be split into 0 parts; choose at least 1

// One part after the other; what is read from outside is joined.
// CHECK-LABEL: func.func @chain
// CHECK: %[[A:.*]] = tpu.slice %arg0 {offsets = array<i64: 0, 0>, sizes = array<i64: 2, 8>
// CHECK: %[[B:.*]] = tpu.unary exp %[[A]] : tensor<2x8xf16>
// CHECK: %[[C:.*]] = tpu.softmax %[[B]]
// CHECK: %[[D:.*]] = tpu.slice %arg0 {offsets = array<i64: 2, 0>
// CHECK: %[[E:.*]] = tpu.unary exp %[[D]]
// CHECK: %[[F:.*]] = tpu.softmax %[[E]]
// CHECK: %[[G:.*]] = tpu.concat %[[C]], %[[F]] {axis = 0 : i64}
// CHECK: return %[[G]]
// ONE-LABEL: func.func @chain
// ONE-COUNT-2: tpu.unary exp {{.*}} : tensor<2x8xf16>
// ONE: %[[J:.*]] = tpu.concat
// ONE: tpu.softmax %[[J]] : (tensor<4x8xf16>)
func.func @chain(%arg0: tensor<4x8xf16>) -> tensor<4x8xf16> {
  %0 = tpu.unary exp %arg0 : tensor<4x8xf16>
  %1 = tpu.softmax %0 : (tensor<4x8xf16>) -> tensor<4x8xf16>
  return %1 : tensor<4x8xf16>
}

// -----

// Constants are shared, or cut when they have the batch themselves.
// CHECK-LABEL: func.func @constants
// CHECK-DAG: %[[SHARED:.*]] = tpu.weight dense<1.0
// CHECK-DAG: %[[OWN:.*]] = tpu.weight {allow_split} dense<2.0
// CHECK: %[[X:.*]] = tpu.matmul {{.*}}, %[[SHARED]] : (tensor<1x8xf16>, tensor<8x8xf16>) -> tensor<1x8xf16>
// CHECK: %[[CUT:.*]] = tpu.slice %[[OWN]] {offsets = array<i64: 0, 0>
// CHECK: tpu.binary add %[[X]], %[[CUT]]
// CHECK: %[[SECOND:.*]] = tpu.slice %[[OWN]] {offsets = array<i64: 1, 0>
func.func @constants(%arg0: tensor<2x8xf16>) -> tensor<2x8xf16> {
  %w = tpu.weight dense<1.0> : tensor<8x8xf16>
  %b = tpu.weight {allow_split} dense<2.0> : tensor<2x8xf16>
  %0 = tpu.matmul %arg0, %w : (tensor<2x8xf16>, tensor<8x8xf16>) -> tensor<2x8xf16>
  %1 = tpu.binary add %0, %b : (tensor<2x8xf16>, tensor<2x8xf16>) -> tensor<2x8xf16>
  return %1 : tensor<2x8xf16>
}

// -----

// A permutation of the batch, a reduction over it, a concatenation along it and
// a slice of it mix parts: whatever follows stays whole.
// CHECK-LABEL: func.func @permuted
// CHECK-COUNT-2: tpu.unary exp {{.*}} : tensor<1x8xf16>
// CHECK: %[[J:.*]] = tpu.concat
// CHECK: %[[P:.*]] = tpu.permute %[[J]]
// CHECK: tpu.unary exp %[[P]] : tensor<8x2xf16>
func.func @permuted(%arg0: tensor<2x8xf16>) -> tensor<8x2xf16> {
  %0 = tpu.unary exp %arg0 : tensor<2x8xf16>
  %1 = tpu.permute %0 {order = array<i64: 1, 0>} : (tensor<2x8xf16>) -> tensor<8x2xf16>
  %2 = tpu.unary exp %1 : tensor<8x2xf16>
  return %2 : tensor<8x2xf16>
}
// CHECK-LABEL: func.func @reduced
// CHECK-NOT: tpu.slice
func.func @reduced(%arg0: tensor<2x8xf16>) -> tensor<1x1xf16> {
  %0 = tpu.reduce sum %arg0 {axis = 0 : i64} : (tensor<2x8xf16>) -> tensor<1x1xf16>
  return %0 : tensor<1x1xf16>
}
// CHECK-LABEL: func.func @joined
// CHECK-NOT: tpu.slice
func.func @joined(%arg0: tensor<2x8xf16>) -> tensor<4x8xf16> {
  %0 = tpu.concat %arg0, %arg0 {axis = 0 : i64} : (tensor<2x8xf16>, tensor<2x8xf16>) -> tensor<4x8xf16>
  return %0 : tensor<4x8xf16>
}
// CHECK-LABEL: func.func @sliced
// CHECK: tpu.slice %arg0 {{.*}} -> tensor<2x8xf16>
// CHECK-NEXT: return
func.func @sliced(%arg0: tensor<4x8xf16>) -> tensor<2x8xf16> {
  %0 = tpu.slice %arg0 {offsets = array<i64: 1, 0>, sizes = array<i64: 2, 8>, steps = array<i64: 1, 1>} : (tensor<4x8xf16>) -> tensor<2x8xf16>
  return %0 : tensor<2x8xf16>
}
// A convolution whose filter depends on the input is not one a part.
// CHECK-LABEL: func.func @dynamic
// CHECK: tpu.matmul %{{.*}}, %{{.*}} : (tensor<2x2xf16>, tensor<2x2xf16>)
func.func @dynamic(%arg0: tensor<2x2xf16>) -> tensor<2x2xf16> {
  %0 = tpu.unary exp %arg0 : tensor<2x2xf16>
  %1 = tpu.matmul %0, %0 : (tensor<2x2xf16>, tensor<2x2xf16>) -> tensor<2x2xf16>
  return %1 : tensor<2x2xf16>
}

// -----

// A relayout that stays within each part: the rows of each half change places.
// CHECK-LABEL: func.func @relayout
// CHECK: tpu.relayout {{.*}}boxes = array<i64: 0, 8, 8, 1, 1, 8, 0, 8, 1, 1>{{.*}} : (tensor<2x8xf16>) -> tensor<2x8xf16>
// CHECK: tpu.relayout {{.*}}boxes = array<i64: 0, 8, 8, 1, 1, 8, 0, 8, 1, 1>
func.func @relayout(%arg0: tensor<4x8xf16>) -> tensor<4x8xf16> {
  %0 = tpu.relayout %arg0 {axes = 2 : i64, boxes = array<i64: 0, 8, 2, 16, 16, 8, 1, 1, 8, 0, 2, 16, 16, 8, 1, 1>} : (tensor<4x8xf16>) -> tensor<4x8xf16>
  return %0 : tensor<4x8xf16>
}
// One that carries rows from one half to the other.
// CHECK-LABEL: func.func @relayout_across
// CHECK-NOT: tpu.slice
func.func @relayout_across(%arg0: tensor<4x8xf16>) -> tensor<4x8xf16> {
  %0 = tpu.relayout %arg0 {axes = 1 : i64, boxes = array<i64: 0, 8, 24, 1, 1, 24, 0, 8, 1, 1>} : (tensor<4x8xf16>) -> tensor<4x8xf16>
  return %0 : tensor<4x8xf16>
}
