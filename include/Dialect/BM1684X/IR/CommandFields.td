//===- CommandFields.td - Names of the command fields -------*- tablegen -*-===//
//
// Each field of the command words by name, described once. Where a field lies is
// said by the layouts, which place it with At<field, lsb, width>.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_BM1684X_IR_COMMANDFIELDS_TD
#define TPUC_DIALECT_BM1684X_IR_COMMANDFIELDS_TD

include "Dialect/BM1684X/IR/CommandBase.td"

def cmd_short : Field<"cmd_short",
    "1 for the short form of the command.">;
def cmd_id : Field<"cmd_id",
    "Number of the command in its queue, from 1.">;
def cmd_id_dep : Field<"cmd_id_dep",
    "Number of the command of the other queue that must have finished; 0 for none.">;
def tsk_typ : Field<"tsk_typ",
    "Task type: which unit of the TIU executes the command.">;
def tsk_eu_typ : Field<"tsk_eu_typ",
    "Function of the task.">;
def eu_half_en : Field<"eu_half_en",
    "1 to use half of the execution units.">;
def tsk_opd_num : Field<"tsk_opd_num",
    "Number of operands.">;
def pad_mode : Field<"pad_mode",
    "Padding: 0 constant, 1 reflect, 2 edge, 3 wrap.">;
def cmd_id_en : Field<"cmd_id_en",
    "1 when the command takes part in the counting of ids.">;
def pwr_step : Field<"pwr_step",
    "Power step; 0 in every stream seen.">;
def intr_en : Field<"intr_en",
    "1 to raise an interrupt at the end.">;
def res_add : Field<"res_add",
    "1 to accumulate onto the result.">;
def relu : Field<"relu",
    "1 to clamp the result at zero.">;
def left_tran : Field<"left_tran",
    "1 when the left matrix is stored transposed.">;
def kernel_rotate : Field<"kernel_rotate",
    "1 to rotate the kernel by 180 degrees.">;
def opd0_sign : Field<"opd0_sign",
    "1 when operand 0 is signed.">;
def opd1_sign : Field<"opd1_sign",
    "1 when operand 1 is signed.">;
def opd2_sign : Field<"opd2_sign",
    "1 when operand 2 is signed.">;
def res0_prec : Field<"res0_prec",
    "Precision code of the result.">;
def opd0_prec : Field<"opd0_prec",
    "Precision code of operand 0.">;
def opd1_prec : Field<"opd1_prec",
    "Precision code of operand 1.">;
def opd2_prec : Field<"opd2_prec",
    "Precision code of operand 2.">;
def opd0_const : Field<"opd0_const",
    "1 when operand 0 is a constant in its address field.">;
def opd1_const : Field<"opd1_const",
    "1 when operand 1 is a constant in its address field.">;
def opd2_const : Field<"opd2_const",
    "1 when operand 2 is a constant in its address field.">;
def res0_str : Field<"res0_str",
    "Layout code of the result.">;
def opd0_str : Field<"opd0_str",
    "Layout code of operand 0.">;
def opd1_str : Field<"opd1_str",
    "Layout code of operand 1.">;
def opd2_str : Field<"opd2_str",
    "Layout code of operand 2.">;
def res_add_sign : Field<"res_add_sign",
    "Signedness of the accumulated result.">;
def opd3_const : Field<"opd3_const",
    "1 when operand 3 is a constant in its address field.">;
def opd0_x_ins0 : Field<"opd0_x_ins0",
    "Zeros inserted between the columns of operand 0.">;
def opd0_y_ins0 : Field<"opd0_y_ins0",
    "Zeros inserted between the rows of operand 0.">;
def opd1_x_ins0 : Field<"opd1_x_ins0",
    "Zeros inserted between the columns of operand 1.">;
def opd1_y_ins0 : Field<"opd1_y_ins0",
    "Zeros inserted between the rows of operand 1.">;
def opd0_up_pad : Field<"opd0_up_pad",
    "Rows padded above operand 0.">;
def opd0_dn_pad : Field<"opd0_dn_pad",
    "Rows padded below operand 0.">;
def opd0_lf_pad : Field<"opd0_lf_pad",
    "Columns padded left of operand 0.">;
def opd0_rt_pad : Field<"opd0_rt_pad",
    "Columns padded right of operand 0.">;
def res_op_x_str : Field<"res_op_x_str",
    "Stride of the window in columns.">;
def res_op_y_str : Field<"res_op_y_str",
    "Stride of the window in rows.">;
def res0_h_shift : Field<"res0_h_shift",
    "Row shift of the result.">;
def res0_w_shift : Field<"res0_w_shift",
    "Column shift of the result.">;
def opd0_h_shift : Field<"opd0_h_shift",
    "Row shift of operand 0.">;
def opd0_w_shift : Field<"opd0_w_shift",
    "Column shift of operand 0.">;
def opd1_h_shift : Field<"opd1_h_shift",
    "Row shift of operand 1.">;
def opd1_w_shift : Field<"opd1_w_shift",
    "Column shift of operand 1.">;
def tsk_lane_num : Field<"tsk_lane_num",
    "Bit mask of the lanes that take part.">;
def res0_n : Field<"res0_n",
    "Batches of the result.">;
def res0_c : Field<"res0_c",
    "Channels of the result.">;
def res0_h : Field<"res0_h",
    "Rows of the result.">;
def res0_w : Field<"res0_w",
    "Columns of the result.">;
def opd0_n : Field<"opd0_n",
    "Batches of operand 0.">;
def opd0_c : Field<"opd0_c",
    "Channels of operand 0.">;
def opd0_h : Field<"opd0_h",
    "Rows of operand 0.">;
def opd0_w : Field<"opd0_w",
    "Columns of operand 0.">;
def opd1_n : Field<"opd1_n",
    "Batches of operand 1.">;
def opd1_c : Field<"opd1_c",
    "Channels of operand 1.">;
def opd1_h : Field<"opd1_h",
    "Rows of operand 1.">;
def opd1_w : Field<"opd1_w",
    "Columns of operand 1.">;
def res0_n_str : Field<"res0_n_str",
    "Batch stride of the result, in elements.">;
def res0_c_str : Field<"res0_c_str",
    "Channel stride of the result, in elements.">;
def opd0_n_str : Field<"opd0_n_str",
    "Batch stride of operand 0, in elements.">;
def opd0_c_str : Field<"opd0_c_str",
    "Channel stride of operand 0, in elements.">;
def opd1_n_str : Field<"opd1_n_str",
    "Batch stride of operand 1, in elements.">;
def opd1_c_str : Field<"opd1_c_str",
    "Channel stride of operand 1, in elements.">;
def opd2_n_str : Field<"opd2_n_str",
    "Batch stride of operand 2, in elements. Carries the rounding mode or iteration count where the function has one.">;
def opd2_c_str : Field<"opd2_c_str",
    "Channel stride of operand 2, in elements.">;
def res0_addr : Field<"res0_addr",
    "Address of the result: lane * 0x40000 + byte in the lane; the constant itself when it is one.">;
def opd0_addr : Field<"opd0_addr",
    "Address of operand 0: lane * 0x40000 + byte in the lane; the constant itself when it is one.">;
def opd1_addr : Field<"opd1_addr",
    "Address of operand 1: lane * 0x40000 + byte in the lane; the constant itself when it is one.">;
def opd2_addr : Field<"opd2_addr",
    "Address of operand 2: lane * 0x40000 + byte in the lane; the constant itself when it is one.">;
def res0_h_str : Field<"res0_h_str",
    "Row stride of the result, in elements.">;
def res0_w_str : Field<"res0_w_str",
    "Column stride of the result, in elements.">;
def opd0_h_str : Field<"opd0_h_str",
    "Row stride of operand 0, in elements.">;
def opd0_w_str : Field<"opd0_w_str",
    "Column stride of operand 0, in elements.">;
def opd1_h_str : Field<"opd1_h_str",
    "Row stride of operand 1, in elements.">;
def opd1_w_str : Field<"opd1_w_str",
    "Column stride of operand 1, in elements.">;
def opd2_h_str : Field<"opd2_h_str",
    "Row stride of operand 2, in elements.">;
def opd2_w_str : Field<"opd2_w_str",
    "Column stride of operand 2, in elements.">;
def res1_addr : Field<"res1_addr",
    "Address of the second result: lane * 0x40000 + byte in the lane; the constant itself when it is one.">;
def opd3_addr : Field<"opd3_addr",
    "Address of operand 3: lane * 0x40000 + byte in the lane; the constant itself when it is one.">;
def start_tid : Field<"start_tid",
    "First lane of a linear operation.">;
def cmd_id_eng1 : Field<"cmd_id_eng1",
    "Id of engine 1.">;
def cmd_id_eng2 : Field<"cmd_id_eng2",
    "Id of engine 2.">;
def cmd_id_eng3 : Field<"cmd_id_eng3",
    "Id of engine 3.">;
def stride_enable : Field<"stride_enable",
    "1 when the stride fields are valid.">;
def nchw_copy : Field<"nchw_copy",
    "1 when the destination has the sizes of the source.">;
def decompress_enable : Field<"decompress_enable",
    "1 to decompress while moving.">;
def cmd_type : Field<"cmd_type",
    "Kind of transfer.">;
def cmd_special_function : Field<"cmd_special_function",
    "Function of the transfer.">;
def fill_constant_en : Field<"fill_constant_en",
    "1 to write constant_value instead of reading a source.">;
def src_data_format : Field<"src_data_format",
    "Element type of the transfer (precision code).">;
def constant_value : Field<"constant_value",
    "Constant to fill with.">;
def src_nstride : Field<"src_nstride",
    "Batch stride of the source, in elements.">;
def src_cstride : Field<"src_cstride",
    "Channel stride of the source, in elements.">;
def src_hstride : Field<"src_hstride",
    "Row stride of the source, in elements.">;
def src_wstride : Field<"src_wstride",
    "Column stride of the source, in elements.">;
def dst_nstride : Field<"dst_nstride",
    "Batch stride of the destination, in elements.">;
def dst_cstride : Field<"dst_cstride",
    "Channel stride of the destination, in elements.">;
def dst_hstride : Field<"dst_hstride",
    "Row stride of the destination, in elements.">;
def dst_wstride : Field<"dst_wstride",
    "Column stride of the destination, in elements.">;
def src_nsize : Field<"src_nsize",
    "Batches of the source.">;
def src_csize : Field<"src_csize",
    "Channels of the source.">;
def src_hsize : Field<"src_hsize",
    "Rows of the source.">;
def src_wsize : Field<"src_wsize",
    "Columns of the source.">;
def dst_nsize : Field<"dst_nsize",
    "Batches of the destination.">;
def dst_csize : Field<"dst_csize",
    "Channels of the destination.">;
def dst_hsize : Field<"dst_hsize",
    "Rows of the destination.">;
def dst_wsize : Field<"dst_wsize",
    "Columns of the destination.">;
def src_start_addr_l32 : Field<"src_start_addr_l32",
    "Low 32 bits of the address of the source.">;
def src_start_addr_h8 : Field<"src_start_addr_h8",
    "High 8 bits of the address of the source.">;
def dst_start_addr_l32 : Field<"dst_start_addr_l32",
    "Low 32 bits of the address of the destination.">;
def dst_start_addr_h8 : Field<"dst_start_addr_h8",
    "High 8 bits of the address of the destination.">;
def localmem_mask_l32 : Field<"localmem_mask_l32",
    "Lanes 0 to 31 that take part, a bit each.">;
def localmem_mask_h32 : Field<"localmem_mask_h32",
    "Lanes 32 to 63 that take part, a bit each.">;
def matrix_hstride : Field<"matrix_hstride",
    "Row stride of the global matrix, in elements.">;
def block_nstride : Field<"block_nstride",
    "Batch stride of the local blocks, in elements.">;
def block_cstride : Field<"block_cstride",
    "Channel stride of the local blocks, in elements.">;
def matrix_hsize : Field<"matrix_hsize",
    "Rows of the global matrix.">;
def matrix_wsize : Field<"matrix_wsize",
    "Columns of the global matrix.">;
def block_nsize : Field<"block_nsize",
    "Batches of the local blocks.">;
def block_csize : Field<"block_csize",
    "Channels of the local blocks.">;
def block_wsize : Field<"block_wsize",
    "Columns of the local blocks.">;
def mask_data_format : Field<"mask_data_format",
    "Element type of the mask (precision code).">;
def mask_start_addr_l32 : Field<"mask_start_addr_l32",
    "Low 32 bits of the address of the mask.">;
def mask_start_addr_h8 : Field<"mask_start_addr_h8",
    "High 8 bits of the address of the mask.">;
def index_data_format : Field<"index_data_format",
    "Element type of the indices (precision code).">;
def index_cstride : Field<"index_cstride",
    "Channel stride of the index tensor, in elements.">;
def index_hstride : Field<"index_hstride",
    "Row stride of the index tensor, in elements.">;
def index_csize : Field<"index_csize",
    "Channels of the index tensor.">;
def index_hsize : Field<"index_hsize",
    "Rows of the index tensor.">;
def index_start_addr_l32 : Field<"index_start_addr_l32",
    "Low 32 bits of the address of the index tensor.">;
def index_start_addr_h8 : Field<"index_start_addr_h8",
    "High 8 bits of the address of the index tensor.">;

#endif // TPUC_DIALECT_BM1684X_IR_COMMANDFIELDS_TD
