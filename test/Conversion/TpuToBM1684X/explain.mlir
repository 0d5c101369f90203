// RUN: tpuc-opt %s -split-input-file -mlir-print-debuginfo -mlir-elide-resource-strings-if-larger=16 -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout),func.func(tpu-copy-results),tpu-layer-group,tpu-verify-plan,convert-tpu-to-bm1684x)" | FileCheck %s
// RUN: tpuc-opt %s -split-input-file -o /dev/null -remarks-filter=layer-group -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout),func.func(tpu-copy-results),tpu-layer-group,tpu-verify-plan,convert-tpu-to-bm1684x)" 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: tpuc-opt %s -split-input-file -o /dev/null -remarks-filter=layer-group -pass-pipeline="builtin.module(func.func(tpu-assign-lane-layout),func.func(tpu-copy-results),tpu-layer-group{keep-resident=false fuse=false},tpu-verify-plan,convert-tpu-to-bm1684x)" 2>&1 | FileCheck %s --check-prefix=OFF

// The commands say which group they are of, and the function why.
// CHECK-LABEL: func.func @chain()
// CHECK-SAME: bm1684x.explanation = "{{.*}}\22place\22:\22local memory\22,\22why\22:\22there is room as long as it lives\22,\22address\22:
// CHECK-DAG: #[[GROUP:loc[0-9]*]] = loc("group 1")
// CHECK-DAG: #[[KIND:loc[0-9]*]] = loc("tpu.matmul"(#[[GROUP]]))
// CHECK-DAG: loc("first"(#[[KIND]]))
// CHECK-DAG: loc("second"(#[[KIND]]))
// REMARK-DAG: loc("first"("hidden")): [Analysis] tiles {{.*}}"1 tiles of [1, 64, 1, 128] in {{[0-9]+}} bytes of a lane, cost {{[0-9]+}}; no other size fits"
// REMARK-DAG: loc("first"("hidden")): [Passed] resident {{.*}}"at {{[0-9]+}} of every lane, 256 bytes, in steps 0 to 1: there is room as long as it lives"
// REMARK-NOT: Missed
// OFF: loc("first"("hidden")): [Missed] resident {{.*}}"passes through global memory at {{[1-9][0-9]*}} cycles of transfers: nothing is kept in local memory, by option"
func.func @chain(%x: tensor<64x128xf16> {top.name = "x"}) -> (tensor<64x128xf16> {top.name = "y"}) {
  %w = tpu.weight dense<0.5> : tensor<128x128xf16>
  %0 = tpu.matmul %x, %w : (tensor<64x128xf16>, tensor<128x128xf16>) -> tensor<64x128xf16> loc("first"("hidden"))
  %1 = tpu.matmul %0, %w : (tensor<64x128xf16>, tensor<128x128xf16>) -> tensor<64x128xf16> loc("second")
  return %1 : tensor<64x128xf16>
}

// -----

// An operator that shares nothing is in no group.
// CHECK-LABEL: func.func @alone()
// CHECK: #[[KIND:loc[0-9]*]] = loc("tpu.unary")
// CHECK: loc("alone"(#[[KIND]]))
func.func @alone(%x: tensor<64x8xf32>) -> tensor<64x8xf32> {
  %0 = tpu.unary abs %x : tensor<64x8xf32> loc("alone")
  return %0 : tensor<64x8xf32>
}
