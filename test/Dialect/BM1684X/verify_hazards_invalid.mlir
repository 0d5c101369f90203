// RUN: tpuc-opt %s -split-input-file -verify-diagnostics --bm1684x-verify-hazards

func.func @read_after_write() {
  // expected-note @+1 {{the command that must have finished}}
  %0 = bm1684x.dma.tensor tensor {stride_enable = 1, nchw_copy = 1, src_data_format = 2, src_cstride = 16, src_wstride = 1, dst_cstride = 16, dst_wstride = 1, src_nsize = 1, src_csize = 64, src_hsize = 1, src_wsize = 16, src_start_addr_h8 = 1, dst_start_addr_l32 = 134217728, localmem_mask_l32 = 4294967295, localmem_mask_h32 = 4294967295}
  // expected-error @+1 {{read-after-write hazard: reads local bytes 0 to 64 of lane 0 and others, which 'bm1684x.dma.tensor' writes; add its token to the waits}}
  %1 = bm1684x.sar add {opd1_const = 1, tsk_opd_num = 2, res0_prec = 2, opd0_prec = 2, opd1_prec = 2, res0_n = 1, res0_c = 64, res0_h = 1, res0_w = 16, res0_addr = 4096}
  return
}

// -----

func.func @write_after_read() {
  // expected-note @+1 {{the command that must have finished}}
  %0 = bm1684x.sar add {opd1_const = 1, tsk_opd_num = 2, res0_prec = 2, opd0_prec = 2, opd1_prec = 2, res0_n = 1, res0_c = 64, res0_h = 1, res0_w = 16, res0_addr = 4096}
  // expected-error @+1 {{write-after-read hazard: writes local bytes 0 to 64 of lane 0 and others, which 'bm1684x.sar' reads; add its token to the waits}}
  %1 = bm1684x.dma.tensor tensor {stride_enable = 1, nchw_copy = 1, src_data_format = 2, src_cstride = 16, src_wstride = 1, dst_cstride = 16, dst_wstride = 1, src_nsize = 1, src_csize = 64, src_hsize = 1, src_wsize = 16, src_start_addr_h8 = 1, dst_start_addr_l32 = 134217728, localmem_mask_l32 = 4294967295, localmem_mask_h32 = 4294967295}
  return
}

// -----

func.func @write_after_write() {
  // expected-note @+1 {{the command that must have finished}}
  %0 = bm1684x.sar copy {opd0_const = 1, tsk_opd_num = 1, res0_prec = 2, opd0_prec = 2, res0_n = 1, res0_c = 1, res0_h = 1, res0_w = 16, res0_addr = 0}
  // expected-error @+1 {{write-after-write hazard: writes local bytes 0 to 64 of lane 0, which 'bm1684x.sar' writes; add its token to the waits}}
  %1 = bm1684x.dma.tensor tensor {stride_enable = 1, nchw_copy = 1, src_data_format = 2, src_cstride = 16, src_wstride = 1, dst_cstride = 16, dst_wstride = 1, src_nsize = 1, src_csize = 64, src_hsize = 1, src_wsize = 16, src_start_addr_h8 = 1, dst_start_addr_l32 = 134217728, localmem_mask_l32 = 4294967295, localmem_mask_h32 = 4294967295}
  return
}

// -----

// Waiting for an earlier command of the other queue is not enough.
func.func @wait_for_the_wrong_command() {
  %0 = bm1684x.sdma.sys sys_nop
  // expected-note @+1 {{the command that must have finished}}
  %1 = bm1684x.dma.tensor tensor {stride_enable = 1, nchw_copy = 1, src_data_format = 2, src_cstride = 16, src_wstride = 1, dst_cstride = 16, dst_wstride = 1, src_nsize = 1, src_csize = 64, src_hsize = 1, src_wsize = 16, src_start_addr_h8 = 1, dst_start_addr_l32 = 134217728, localmem_mask_l32 = 4294967295, localmem_mask_h32 = 4294967295}
  // expected-error @+1 {{read-after-write hazard}}
  %2 = bm1684x.sar add {opd1_const = 1, tsk_opd_num = 2, res0_prec = 2, opd0_prec = 2, opd1_prec = 2, res0_n = 1, res0_c = 64, res0_h = 1, res0_w = 16, res0_addr = 4096} wait(%0)
  return
}

// -----

func.func @unknown_memory() {
  // expected-error @+1 {{touches memory that is not known, so that hazards cannot be excluded: the operands of this long form are not known}}
  %0 = bm1684x.conv normal
  return
}

// -----

func.func @group_before_the_other_queue_ended() {
  %0 = bm1684x.sysid end
  // expected-error @+1 {{follows its queue's end command, but the other queue has not ended}}
  %1 = bm1684x.sysid nop
  return
}

// -----

// Columns of global memory that repeat, as rows they would do.
func.func @column_stride_of_zero() {
  // expected-error @+1 {{is not executed by the vendor's model: a source outside local memory has a w stride of 0}}
  %0 = bm1684x.dma.tensor tensor {stride_enable = 1, nchw_copy = 1, src_data_format = 2, src_cstride = 16, dst_cstride = 16, dst_wstride = 1, src_nsize = 1, src_csize = 64, src_hsize = 1, src_wsize = 16, src_start_addr_h8 = 1, dst_start_addr_l32 = 134217728, localmem_mask_l32 = 4294967295, localmem_mask_h32 = 4294967295}
  return
}

// -----

// A mask selects among as many columns as the result has room for.
func.func @selection_into_fewer_columns() {
  // expected-error @+1 {{the elements, the mask and the result differ in their columns}}
  %0 = bm1684x.ssg pe_s_mask_select {res0_n = 1, res0_c = 1, res0_h = 1, res0_w = 9, opd0_h = 1, opd0_w = 31, opd1_c = 1, opd1_w = 31, res0_prec = 4, res0_addr = 128, opd0_prec = 4, opd0_addr = 3264, opd1_prec = 3, opd1_addr = 320, res1_addr = 704}
  return
}
