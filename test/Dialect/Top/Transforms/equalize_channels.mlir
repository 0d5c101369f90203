// RUN: split-file %s %t
// RUN: tpuc-opt %t/net.mlir -pass-pipeline="builtin.module(func.func(top-equalize-channels{table=%t/table}))" | FileCheck %s
// RUN: not tpuc-opt %t/net.mlir -pass-pipeline="builtin.module(func.func(top-equalize-channels{table=%t/short}))" 2>&1 | FileCheck %s --check-prefix=SHORT
// RUN: not tpuc-opt %t/net.mlir -pass-pipeline="builtin.module(func.func(top-equalize-channels{table=%t/negative}))" 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not tpuc-opt %t/net.mlir -pass-pipeline="builtin.module(func.func(top-equalize-channels{table=%t/junk}))" 2>&1 | FileCheck %s --check-prefix=JUNK
// RUN: not tpuc-opt %t/net.mlir -pass-pipeline="builtin.module(func.func(top-equalize-channels{table=%t/twice}))" 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: not tpuc-opt %t/net.mlir -pass-pipeline="builtin.module(func.func(top-equalize-channels{table=%t/none}))" 2>&1 | FileCheck %s --check-prefix=NONE

//--- net.mlir
// Half way between tensor (4, 1) and weights (1, 1): factors 0.5 and 1 over
// their geometric mean.
// CHECK-LABEL: func.func @linears
// CHECK: %[[A:.*]] = top.weight dense<{{\[\[}}0.707106769, 1.41421354], [0.707106769, 1.41421354]]>
// CHECK: %[[B:.*]] = top.weight dense<[0.707106769, 2.82842708]>
// CHECK: top.matmul %{{.*}}, %[[A]], %[[B]]
// CHECK: top.relu
// CHECK: %[[C:.*]] = top.weight dense<{{\[\[}}1.41421354, 1.41421354], [0.707106769, 0.707106769]]>
// CHECK: top.matmul %{{.*}}, %[[C]] :
func.func @linears(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %w = top.weight dense<1.0> : tensor<2x2xf32>
  %b = top.weight dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = top.matmul %x, %w, %b : (tensor<4x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  %1 = top.relu %0 : tensor<4x2xf32> loc("act")
  %2 = top.matmul %1, %w : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  return %2 : tensor<4x2xf32>
}

// Values of an attention: the last two of six columns, each head one of them.
// CHECK-LABEL: func.func @attention
// CHECK: %[[P:.*]] = top.weight dense<{{\[\[}}1.000000e+00, 1.000000e+00, 1.000000e+00, 1.000000e+00, 1.41421354, 0.707106769], [
// CHECK: top.matmul %{{.*}}, %[[P]] :
// CHECK: %[[O:.*]] = top.weight dense<{{\[\[}}0.707106769, 0.707106769], [1.41421354, 1.41421354]]>
// CHECK: top.matmul %{{.*}}, %[[O]] :
func.func @attention(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %w = top.weight dense<1.0> : tensor<2x6xf32>
  %o = top.weight dense<1.0> : tensor<2x2xf32>
  %0 = top.matmul %x, %w : (tensor<3x2xf32>, tensor<2x6xf32>) -> tensor<3x6xf32>
  %q = top.slice %0 {offsets = array<i64: 0, 0>, steps = array<i64: 1, 1>, sizes = array<i64: 3, 2>} : (tensor<3x6xf32>) -> tensor<3x2xf32>
  %k = top.slice %0 {offsets = array<i64: 0, 2>, steps = array<i64: 1, 1>, sizes = array<i64: 3, 2>} : (tensor<3x6xf32>) -> tensor<3x2xf32>
  %v = top.slice %0 {offsets = array<i64: 0, 4>, steps = array<i64: 1, 1>, sizes = array<i64: 3, 2>} : (tensor<3x6xf32>) -> tensor<3x2xf32>
  %q1 = top.reshape %q : (tensor<3x2xf32>) -> tensor<3x2x1xf32>
  %k1 = top.reshape %k : (tensor<3x2xf32>) -> tensor<3x2x1xf32>
  %v1 = top.reshape %v : (tensor<3x2xf32>) -> tensor<3x2x1xf32>
  %q2 = top.permute %q1 {order = array<i64: 1, 0, 2>} : (tensor<3x2x1xf32>) -> tensor<2x3x1xf32>
  %k2 = top.permute %k1 {order = array<i64: 1, 0, 2>} : (tensor<3x2x1xf32>) -> tensor<2x3x1xf32>
  %v2 = top.permute %v1 {order = array<i64: 1, 0, 2>} : (tensor<3x2x1xf32>) -> tensor<2x3x1xf32>
  %1 = top.matmul %q2, %k2 {right_transpose = true} : (tensor<2x3x1xf32>, tensor<2x3x1xf32>) -> tensor<2x3x3xf32>
  %2 = top.matmul %1, %v2 : (tensor<2x3x3xf32>, tensor<2x3x1xf32>) -> tensor<2x3x1xf32>
  %3 = top.permute %2 {order = array<i64: 1, 0, 2>} : (tensor<2x3x1xf32>) -> tensor<3x2x1xf32>
  %4 = top.reshape %3 : (tensor<3x2x1xf32>) -> tensor<3x2xf32> loc("heads")
  %5 = top.matmul %4, %o : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
  return %5 : tensor<3x2xf32>
}

// A depthwise convolution: the second channel gets the size of the first. A
// convolution behind maxima: half way.
// CHECK-LABEL: func.func @convs
// CHECK: %[[F:.*]] = top.weight dense<{{\[\[\[\[}}1.000000e+00]], {{\[\[}}1.000000e+00]]], {{\[\[\[}}4.000000e+00]], {{\[\[}}4.000000e+00]]]]> : tensor<2x2x1x1xf32>
// CHECK: top.conv %{{.*}}, %[[F]]
// CHECK: %[[D:.*]] = top.weight dense<{{\[\[\[\[}}0.707106769]]], {{\[\[\[}}0.353553385]]]]> : tensor<2x1x1x1xf32>
// CHECK: top.conv %{{.*}}, %[[D]]
// CHECK: top.max_pool
// CHECK: %[[L:.*]] = top.weight dense<{{\[\[\[\[}}1.41421354]], {{\[\[}}0.707106769]]], {{\[\[\[}}1.41421354]], {{\[\[}}0.707106769]]]]> : tensor<2x2x1x1xf32>
// CHECK: top.conv %{{.*}}, %[[L]]
func.func @convs(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x2x2xf32> {
  %w = top.weight dense<1.0> : tensor<2x2x1x1xf32>
  %d = top.weight dense<1.0> : tensor<2x1x1x1xf32>
  %0 = top.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  %1 = top.relu %0 : tensor<1x2x4x4xf32> loc("act of two words")
  %2 = top.conv %1, %d {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, group = 2 : i64} : (tensor<1x2x4x4xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x4x4xf32>
  %3 = top.max_pool %2 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x2x4x4xf32>) -> tensor<1x2x2x2xf32> loc("most")
  %4 = top.conv %3, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x2x2x2xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x2x2xf32>
  return %4 : tensor<1x2x2x2xf32>
}

// A limit does not move with its channel, and neither does what something else
// reads.
// CHECK-LABEL: func.func @refused
// CHECK-NOT: top.weight dense<{{\[}}
// CHECK: return
func.func @refused(%x: tensor<4x2xf32>, %y: tensor<1x2x4x4xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>, tensor<1x2x4x4xf32>) {
  %w = top.weight dense<1.0> : tensor<2x2xf32>
  %f = top.weight dense<1.0> : tensor<2x2x1x1xf32>
  %0 = top.matmul %x, %w : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  %1 = top.clip %0 {min = 0.0 : f64, max = 6.0 : f64} : tensor<4x2xf32> loc("limited")
  %2 = top.matmul %1, %w : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  %3 = top.relu %2 : tensor<4x2xf32> loc("shared")
  %4 = top.matmul %3, %w : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  %5 = top.conv %y, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, do_relu = true, relu_limit = 6.0 : f64} : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32> loc("six")
  %6 = top.conv %5, %f {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x4xf32>
  return %3, %4, %6 : tensor<4x2xf32>, tensor<4x2xf32>, tensor<1x2x4x4xf32>
}

//--- table
# name, magnitudes of channels
act 4.0,1.0
heads 1.0,4.0
act of two words 4,1
most 4,1
limited 4,1
shared 4,1
six 4,1
elsewhere 1,2,3

//--- short
act 4.0

# SHORT: error: 'top.matmul' op reads 2 channels, but line 1 of {{.*}}short has 1; measure the module that is compiled

//--- negative
act 4.0,-1

# NEGATIVE: error: {{.*}}negative:1: a magnitude of 'act' is '-1', expected a number that is not negative

//--- junk
act

# JUNK: error: {{.*}}junk:1: 'act' is no entry, expected a tensor's name and the largest magnitudes of its channels

//--- twice
act 4.0,1

act 4.0,1

# TWICE: error: {{.*}}twice:3: 'act' is there already, expected one entry a tensor

# NONE: error: cannot read channel table '{{.*}}none'
