// RUN: tpuc-opt %s -split-input-file -pass-pipeline="builtin.module(func.func(tpu-copy-results),tpu-layer-group,tpu-verify-plan,convert-tpu-to-bm1684x)" | FileCheck %s

// The bias is in the f32 sum before the product is added and rounded once.
// CHECK-LABEL: func.func @matmul_bias()
func.func @matmul_bias(%arg0: tensor<49x96xf16> {top.name = "a"},
                       %arg1: tensor<96x288xf16> {top.name = "b"},
                       %arg2: tensor<288xf16> {top.name = "bias"})
    -> (tensor<49x288xf16> {top.name = "c"}) {
  // CHECK: bm1684x.sar copy {{.*}}res0_prec = 2, opd0_prec = 2{{.*}}opd0_str = 3
  // CHECK: bm1684x.smm2 nn {{.*}}res0_prec = 2{{.*}}opd0_prec = 1, res_add = 1
  // CHECK: bm1684x.sar cast {{.*}}res0_prec = 1, opd0_prec = 2
  %0 = tpu.matmul %arg0, %arg1, %arg2 : (tensor<49x96xf16>, tensor<96x288xf16>, tensor<288xf16>) -> tensor<49x288xf16>
  return %0 : tensor<49x288xf16>
}

// -----

// Products in f32 are 1x1 convolutions; a transposed operand is turned first.
// CHECK-LABEL: func.func @matmul_f32()
func.func @matmul_f32(%arg0: tensor<49x32xf32> {top.name = "a"},
                      %arg1: tensor<49x32xf32> {top.name = "b"})
    -> (tensor<49x49xf32> {top.name = "c"}) {
  // CHECK: bm1684x.stransbc wc_ts
  // CHECK: bm1684x.sconv normal
  %0 = tpu.matmul %arg0, %arg1 {right_transpose = true} : (tensor<49x32xf32>, tensor<49x32xf32>) -> tensor<49x49xf32>
  return %0 : tensor<49x49xf32>
}

// -----

// 147 rows are dealt to 49 lanes, 3 a lane. Rows of 49 are pooled by 7 twice;
// their sums are one product with a column of ones, in f32.
// CHECK-LABEL: func.func @softmax()
func.func @softmax(%arg0: tensor<3x49x49xf16> {top.name = "a"})
    -> (tensor<3x49x49xf16> {top.name = "b"}) {
  // CHECK: bm1684x.dma.tensor tensor {{.*}}src_csize = 49{{.*}}src_wsize = 147
  // CHECK: bm1684x.spord maxpooling {{.*}}res0_h = 3, res0_w = 7, opd0_h = 21, opd0_w = 7, opd1_h = 7
  // CHECK: bm1684x.spord maxpooling {{.*}}res0_h = 3, res0_w = 1, opd0_h = 21, opd0_w = 1, opd1_h = 7
  // CHECK: bm1684x.ssfu taylor
  // CHECK: bm1684x.sar mac
  // CHECK: bm1684x.smm2 nn {{.*}}res0_prec = 2{{.*}}res0_c = 192, res0_w = 1, opd1_c = 49, opd1_w = 1
  %0 = tpu.softmax %arg0 : (tensor<3x49x49xf16>) -> tensor<3x49x49xf16>
  return %0 : tensor<3x49x49xf16>
}

// -----

// The largest element of a row and its mean bound the deviations: a scale and
// an offset a row bring them into f16's range in one instruction.
// CHECK-LABEL: func.func @layer_norm()
func.func @layer_norm(%arg0: tensor<64x96xf16> {top.name = "a"},
                      %arg1: tensor<96xf16> {top.name = "scale"})
    -> (tensor<64x96xf16> {top.name = "b"}) {
  // CHECK: bm1684x.dma.tensor tensor_broadcast
  // CHECK-NOT: bm1684x.sar abs {{.*}}res0_w = 96
  // CHECK: bm1684x.slin mac {{.*}}res0_c = 64, res0_h = 1, res0_w = 96
  %0 = tpu.layer_norm %arg0, %arg1 {epsilon = 1.0e-5} : (tensor<64x96xf16>, tensor<96xf16>) -> tensor<64x96xf16>
  return %0 : tensor<64x96xf16>
}

// -----

// CHECK-LABEL: func.func @gelu()
func.func @gelu(%arg0: tensor<64x960xf16> {top.name = "a"})
    -> (tensor<64x960xf16> {top.name = "b"}) {
  // CHECK: bm1684x.sar abs
  // CHECK: bm1684x.ssfu taylor {{.*}}opd1_n = 5
  // CHECK: bm1684x.sar sub
  %0 = tpu.unary gelu %arg0 : tensor<64x960xf16>
  return %0 : tensor<64x960xf16>
}

// -----

// Of few elements in f32.
// CHECK-LABEL: func.func @gelu_of_few()
func.func @gelu_of_few(%arg0: tensor<64x96xf16> {top.name = "a"})
    -> (tensor<64x96xf16> {top.name = "b"}) {
  // CHECK: bm1684x.sar cast {{.*}}res0_prec = 2
  // CHECK: bm1684x.ssfu taylor {{.*}}res0_prec = 2{{.*}}opd1_n = 9
  // CHECK: bm1684x.sar cast {{.*}}res0_prec = 1
  %0 = tpu.unary gelu %arg0 : tensor<64x96xf16>
  return %0 : tensor<64x96xf16>
}

// -----

// CHECK-LABEL: func.func @reduce_mean()
func.func @reduce_mean(%arg0: tensor<1x512x7x7xf16> {top.name = "a"})
    -> (tensor<1x512x1x1xf16> {top.name = "b"}) {
  // CHECK: bm1684x.smm2 nn {{.*}}res0_prec = 2{{.*}}res0_c = 512, res0_w = 1, opd1_c = 49
  %0 = tpu.reduce mean %arg0 {axis = 2 : i64} : (tensor<1x512x7x7xf16>) -> tensor<1x512x1x1xf16>
  return %0 : tensor<1x512x1x1xf16>
}
