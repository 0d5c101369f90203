// RUN: tpuc-opt %s --verify-roundtrip | FileCheck %s
// RUN: tpuc-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK-LABEL: @waits_and_fields
func.func @waits_and_fields() {
  // CHECK: %[[LOAD:.*]] = bm1684x.dma.tensor tensor {src_nsize = 1, src_csize = 64}
  %0 = bm1684x.dma.tensor tensor {src_nsize = 1, src_csize = 64}
  // CHECK: %[[ADD:.*]] = bm1684x.sar add {res0_n = 1, opd0_addr = 4096} wait(%[[LOAD]])
  %1 = bm1684x.sar add {res0_n = 1, opd0_addr = 4096} wait(%0)
  // CHECK: bm1684x.sdma.general general wait(%[[LOAD]], %[[ADD]])
  %2 = bm1684x.sdma.general general {src_cstride = 0} wait(%0, %1)
  return
}

// The order of fields in the text is free; the printer uses the layout's.
// CHECK-LABEL: @field_order
func.func @field_order() {
  // CHECK: bm1684x.sysid end {cmd_id_en = 1, cmd_id_eng1 = 2}
  %0 = bm1684x.sysid end {cmd_id_eng1 = 2, cmd_id_en = 1}
  return
}

// CHECK-LABEL: @whole_width
func.func @whole_width() {
  // CHECK: bm1684x.ar mul {tsk_lane_num = 18446744073709551615}
  %0 = bm1684x.ar mul {tsk_lane_num = 0xFFFFFFFFFFFFFFFF}
  // CHECK: bm1684x.sar add {res0_n = 65535}
  %1 = bm1684x.sar add {res0_n = 65535}
  return
}

// CHECK-LABEL: @discardable_attributes
func.func @discardable_attributes() {
  // CHECK: bm1684x.sar copy attributes {layer = 3 : i32}
  %0 = bm1684x.sar copy attributes {layer = 3 : i32}
  return
}

// In the generic form, too, each field has its name.
// GENERIC-LABEL: sym_name = "generic_form"
func.func @generic_form() {
  // GENERIC: "bm1684x.sar"() <{fields = {res0_h = 2 : i64, res0_n = 3 : i64}, function = 2 : i32}>
  %0 = bm1684x.sar add {res0_n = 3, res0_h = 2, res0_w = 0}
  return
}
