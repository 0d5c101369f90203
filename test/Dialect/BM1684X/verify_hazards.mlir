// RUN: tpuc-opt %s --bm1684x-verify-hazards

// A load of lanes' bytes 0 to 64, an add that reads them and writes 4096 to
// 4160, and a store of those.
func.func @load_add_store() {
  %0 = bm1684x.dma.tensor tensor {stride_enable = 1, nchw_copy = 1, src_data_format = 2, src_cstride = 16, src_wstride = 1, dst_cstride = 16, dst_wstride = 1, src_nsize = 1, src_csize = 64, src_hsize = 1, src_wsize = 16, src_start_addr_h8 = 1, dst_start_addr_l32 = 134217728, localmem_mask_l32 = 4294967295, localmem_mask_h32 = 4294967295}
  %1 = bm1684x.sar add {opd1_const = 1, tsk_opd_num = 2, res0_prec = 2, opd0_prec = 2, opd1_prec = 2, res0_n = 1, res0_c = 64, res0_h = 1, res0_w = 16, res0_addr = 4096} wait(%0)
  %2 = bm1684x.dma.tensor tensor {stride_enable = 1, nchw_copy = 1, src_data_format = 2, src_cstride = 16, src_wstride = 1, dst_cstride = 16, dst_wstride = 1, src_nsize = 1, src_csize = 64, src_hsize = 1, src_wsize = 16, src_start_addr_l32 = 134221824, dst_start_addr_l32 = 65536, dst_start_addr_h8 = 1, localmem_mask_l32 = 4294967295, localmem_mask_h32 = 4294967295} wait(%1)
  return
}

// The queue is in order: what an earlier command waited for need not be waited
// for again, and a wait for a later command covers the earlier ones.
func.func @waits_are_inherited() {
  %0 = bm1684x.dma.tensor tensor {stride_enable = 1, nchw_copy = 1, src_data_format = 2, src_cstride = 16, src_wstride = 1, dst_cstride = 16, dst_wstride = 1, src_nsize = 1, src_csize = 64, src_hsize = 1, src_wsize = 16, src_start_addr_h8 = 1, dst_start_addr_l32 = 134217728, localmem_mask_l32 = 4294967295, localmem_mask_h32 = 4294967295}
  %1 = bm1684x.sdma.sys sys_nop
  %2 = bm1684x.sysid nop wait(%1)
  %3 = bm1684x.sar add {opd1_const = 1, tsk_opd_num = 2, res0_prec = 2, opd0_prec = 2, opd1_prec = 2, res0_n = 1, res0_c = 64, res0_h = 1, res0_w = 16, res0_addr = 4096}
  return
}

// The same bytes of other lanes are other memory.
func.func @lanes_are_apart() {
  %0 = bm1684x.dma.tensor tensor {stride_enable = 1, nchw_copy = 1, src_data_format = 2, src_cstride = 16, src_wstride = 1, dst_cstride = 16, dst_wstride = 1, src_nsize = 1, src_csize = 32, src_hsize = 1, src_wsize = 16, src_start_addr_h8 = 1, dst_start_addr_l32 = 142606336, localmem_mask_l32 = 4294967295, localmem_mask_h32 = 4294967295}
  %1 = bm1684x.sar add {opd1_const = 1, tsk_opd_num = 2, res0_prec = 2, opd0_prec = 2, opd1_prec = 2, res0_n = 1, res0_c = 32, res0_h = 1, res0_w = 16, res0_addr = 4096}
  return
}

// A command group starts when both queues of the one before have ended.
func.func @groups_are_ordered() {
  %0 = bm1684x.dma.tensor tensor {stride_enable = 1, nchw_copy = 1, src_data_format = 2, src_cstride = 16, src_wstride = 1, dst_cstride = 16, dst_wstride = 1, src_nsize = 1, src_csize = 64, src_hsize = 1, src_wsize = 16, src_start_addr_h8 = 1, dst_start_addr_l32 = 134217728, localmem_mask_l32 = 4294967295, localmem_mask_h32 = 4294967295}
  %1 = bm1684x.sysid end
  %2 = bm1684x.sdma.sys sys
  %3 = bm1684x.sar add {opd1_const = 1, tsk_opd_num = 2, res0_prec = 2, opd0_prec = 2, opd1_prec = 2, res0_n = 1, res0_c = 64, res0_h = 1, res0_w = 16, res0_addr = 4096}
  return
}
