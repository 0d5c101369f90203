// RUN: tpuc-opt %s -pass-pipeline="builtin.module(tpuc-commands{opt=1})" | FileCheck %s --check-prefix=ONE
// RUN: tpuc-opt %s -pass-pipeline="builtin.module(tpuc-commands{opt=2})" | FileCheck %s --check-prefix=KEPT
// RUN: tpuc-opt %s -pass-pipeline="builtin.module(tpuc-commands{opt=3})" | FileCheck %s --check-prefix=KEPT
// RUN: tpuc-opt %s -pass-pipeline="builtin.module(tpuc-commands)" | FileCheck %s --check-prefix=KEPT
// RUN: not tpuc-opt %s -pass-pipeline="builtin.module(func.func(tpu-copy-results),tpu-layer-group{search=7},tpu-verify-plan,convert-tpu-to-bm1684x)" 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// UNKNOWN: error: a search of 7 is not known; choose 0, 1 or 2

// At level 1 each operator reads and writes global memory and nothing else runs
// at the same time; from level 2 on the value between stays in local memory.
// ONE-LABEL: func.func @chain()
// ONE-COUNT-6: bm1684x.dma
// ONE-NOT: bm1684x.dma
// KEPT-LABEL: func.func @chain()
// KEPT-COUNT-4: bm1684x.dma
// KEPT-NOT: bm1684x.dma
func.func @chain(%x: tensor<64x128xf16> {top.name = "x"}) -> (tensor<64x128xf16> {top.name = "y"}) {
  %w = tpu.weight dense<0.5> : tensor<128x128xf16>
  %0 = tpu.matmul %x, %w : (tensor<64x128xf16>, tensor<128x128xf16>) -> tensor<64x128xf16>
  %1 = tpu.matmul %0, %w : (tensor<64x128xf16>, tensor<128x128xf16>) -> tensor<64x128xf16>
  return %1 : tensor<64x128xf16>
}
