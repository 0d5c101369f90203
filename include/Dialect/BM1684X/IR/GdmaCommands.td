//===- GdmaCommands.td - Commands of the GDMA ---------------*- tablegen -*-===//
//
// Every command layout of the GDMA: opcode, length, functions and the position of
// each field.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_BM1684X_IR_GDMACOMMANDS_TD
#define TPUC_DIALECT_BM1684X_IR_GDMACOMMANDS_TD

include "Dialect/BM1684X/IR/CommandFields.td"


defvar DmaTensorFunctions = [
  Function<0, "tensor">,
  Function<1, "tensor_transpose">,
  Function<2, "tensor_collect">,
  Function<3, "tensor_broadcast">,
  Function<4, "tensor_distribute">,
  Function<5, "tensor_4bank_copy">,
  Function<6, "tensor_4bank_broadcast">];

def BM1684X_DmaTensorOp : GdmaCommand<"dma.tensor", "DMA_tensor", 0, "long", 96,
    DmaTensorFunctions,
    [
  At<intr_en, 0, 1>,
  At<stride_enable, 1, 1>,
  At<nchw_copy, 2, 1>,
  At<cmd_short, 3, 1>,
  At<decompress_enable, 4, 1>,
  At<cmd_id_en, 5, 4>,
  At<cmd_id, 9, 20>,
  At<cmd_type, 32, 4>,
  At<cmd_special_function, 36, 3>,
  At<fill_constant_en, 39, 1>,
  At<src_data_format, 40, 3>,
  At<cmd_id_dep, 64, 20>,
  At<constant_value, 96, 32>,
  At<src_nstride, 128, 32>,
  At<src_cstride, 160, 32>,
  At<src_hstride, 192, 32>,
  At<src_wstride, 224, 32>,
  At<dst_nstride, 256, 32>,
  At<dst_cstride, 288, 32>,
  At<dst_hstride, 320, 32>,
  At<dst_wstride, 352, 32>,
  At<src_nsize, 384, 16>,
  At<src_csize, 400, 16>,
  At<src_hsize, 416, 16>,
  At<src_wsize, 432, 16>,
  At<dst_nsize, 448, 16>,
  At<dst_csize, 464, 16>,
  At<dst_hsize, 480, 16>,
  At<dst_wsize, 496, 16>,
  At<src_start_addr_l32, 512, 32>,
  At<src_start_addr_h8, 544, 8>,
  At<dst_start_addr_l32, 576, 32>,
  At<dst_start_addr_h8, 608, 8>,
  At<localmem_mask_l32, 704, 32>,
  At<localmem_mask_h32, 736, 32>]> {
  let summary = "Move of a strided 4-D tensor, long form";
  let rules = [
    Rule<[0], "r.fill_constant_en || !r.stride_enable || r.src_wstride != 0 || "
              "isLocal(sourceOf(r))",
         "a source outside local memory has a w stride of 0; columns that "
         "repeat must be rows or channels">];
}

defvar DmaMatrixFunctions = [
  Function<0, "matrix">,
  Function<1, "matrix_transpose">];

def BM1684X_DmaMatrixOp : GdmaCommand<"dma.matrix", "DMA_matrix", 1, "long", 96,
    DmaMatrixFunctions,
    [
  At<intr_en, 0, 1>,
  At<stride_enable, 1, 1>,
  At<nchw_copy, 2, 1>,
  At<cmd_short, 3, 1>,
  At<decompress_enable, 4, 1>,
  At<cmd_id_en, 5, 4>,
  At<cmd_id, 9, 20>,
  At<cmd_type, 32, 4>,
  At<cmd_special_function, 36, 3>,
  At<fill_constant_en, 39, 1>,
  At<src_data_format, 40, 3>,
  At<cmd_id_dep, 64, 20>,
  At<constant_value, 96, 32>,
  At<src_nstride, 128, 32>,
  At<src_cstride, 160, 32>,
  At<src_hstride, 192, 32>,
  At<src_wstride, 224, 32>,
  At<dst_nstride, 256, 32>,
  At<dst_cstride, 288, 32>,
  At<dst_hstride, 320, 32>,
  At<dst_wstride, 352, 32>,
  At<src_nsize, 384, 16>,
  At<src_csize, 400, 16>,
  At<src_hsize, 416, 16>,
  At<src_wsize, 432, 16>,
  At<dst_nsize, 448, 16>,
  At<dst_csize, 464, 16>,
  At<dst_hsize, 480, 16>,
  At<dst_wsize, 496, 16>,
  At<src_start_addr_l32, 512, 32>,
  At<src_start_addr_h8, 544, 8>,
  At<dst_start_addr_l32, 576, 32>,
  At<dst_start_addr_h8, 608, 8>,
  At<localmem_mask_l32, 704, 32>,
  At<localmem_mask_h32, 736, 32>]> {
  let summary = "Move between a matrix and its column blocks, long form";
}

def BM1684X_SDmaMatrixOp : GdmaCommand<"sdma.matrix", "sDMA_matrix", 1, "short", 64,
    DmaMatrixFunctions,
    [
  At<intr_en, 0, 1>,
  At<stride_enable, 1, 1>,
  At<nchw_copy, 2, 1>,
  At<cmd_short, 3, 1>,
  At<decompress_enable, 4, 1>,
  At<cmd_id_en, 5, 4>,
  At<cmd_id, 9, 20>,
  At<cmd_type, 32, 4>,
  At<cmd_special_function, 36, 3>,
  At<fill_constant_en, 39, 1>,
  At<src_data_format, 40, 3>,
  At<cmd_id_dep, 64, 20>,
  At<matrix_hstride, 96, 32>,
  At<block_nstride, 128, 32>,
  At<block_cstride, 160, 32>,
  At<matrix_hsize, 192, 16>,
  At<matrix_wsize, 208, 16>,
  At<block_nsize, 224, 16>,
  At<block_csize, 240, 16>,
  At<block_wsize, 256, 16>,
  At<src_start_addr_l32, 288, 32>,
  At<src_start_addr_h8, 320, 8>,
  At<dst_start_addr_l32, 352, 32>,
  At<dst_start_addr_h8, 384, 8>,
  At<localmem_mask_l32, 448, 32>,
  At<localmem_mask_h32, 480, 32>]> {
  let summary = "Move between a matrix and its column blocks, short form";
}

defvar DmaMaskedSelectFunctions = [
  Function<0, "move">];

def BM1684X_DmaMaskedSelectOp : GdmaCommand<"dma.masked_select", "DMA_masked_select", 2, "long", 96,
    DmaMaskedSelectFunctions,
    [
  At<intr_en, 0, 1>,
  At<stride_enable, 1, 1>,
  At<nchw_copy, 2, 1>,
  At<cmd_short, 3, 1>,
  At<decompress_enable, 4, 1>,
  At<cmd_id_en, 5, 4>,
  At<cmd_id, 9, 20>,
  At<cmd_type, 32, 4>,
  At<cmd_special_function, 36, 3>,
  At<fill_constant_en, 39, 1>,
  At<src_data_format, 40, 3>,
  At<mask_data_format, 43, 3>,
  At<cmd_id_dep, 64, 20>,
  At<constant_value, 96, 32>,
  At<src_nstride, 128, 32>,
  At<src_cstride, 160, 32>,
  At<src_hstride, 192, 32>,
  At<src_wstride, 224, 32>,
  At<dst_nstride, 256, 32>,
  At<dst_cstride, 288, 32>,
  At<dst_hstride, 320, 32>,
  At<dst_wstride, 352, 32>,
  At<src_nsize, 384, 16>,
  At<src_csize, 400, 16>,
  At<src_hsize, 416, 16>,
  At<src_wsize, 432, 16>,
  At<dst_nsize, 448, 16>,
  At<dst_csize, 464, 16>,
  At<dst_hsize, 480, 16>,
  At<dst_wsize, 496, 16>,
  At<src_start_addr_l32, 512, 32>,
  At<src_start_addr_h8, 544, 8>,
  At<dst_start_addr_l32, 576, 32>,
  At<dst_start_addr_h8, 608, 8>,
  At<mask_start_addr_l32, 640, 32>,
  At<mask_start_addr_h8, 672, 32>,
  At<localmem_mask_l32, 704, 32>,
  At<localmem_mask_h32, 736, 32>]> {
  let summary = "Packed move of the elements that a mask selects, long form";
}

def BM1684X_SDmaMaskedSelectOp : GdmaCommand<"sdma.masked_select", "sDMA_masked_select", 2, "short", 64,
    DmaMaskedSelectFunctions,
    [
  At<intr_en, 0, 1>,
  At<stride_enable, 1, 1>,
  At<nchw_copy, 2, 1>,
  At<cmd_short, 3, 1>,
  At<decompress_enable, 4, 1>,
  At<cmd_id_en, 5, 4>,
  At<cmd_id, 9, 20>,
  At<cmd_type, 32, 4>,
  At<cmd_special_function, 36, 3>,
  At<fill_constant_en, 39, 1>,
  At<src_data_format, 40, 3>,
  At<mask_data_format, 43, 3>,
  At<cmd_id_dep, 64, 20>,
  At<src_nsize, 96, 16>,
  At<src_csize, 112, 16>,
  At<src_hsize, 128, 16>,
  At<src_wsize, 144, 16>,
  At<dst_nsize, 160, 16>,
  At<dst_csize, 176, 16>,
  At<dst_hsize, 192, 16>,
  At<dst_wsize, 208, 16>,
  At<src_start_addr_l32, 224, 32>,
  At<src_start_addr_h8, 256, 8>,
  At<dst_start_addr_l32, 288, 32>,
  At<dst_start_addr_h8, 320, 8>,
  At<mask_start_addr_l32, 352, 32>,
  At<mask_start_addr_h8, 384, 32>]> {
  let summary = "Packed move of the elements that a mask selects, short form";
}

defvar DmaGeneralFunctions = [
  Function<0, "general">,
  Function<1, "general_broadcast">];

def BM1684X_DmaGeneralOp : GdmaCommand<"dma.general", "DMA_general", 3, "long", 96,
    DmaGeneralFunctions,
    [
  At<intr_en, 0, 1>,
  At<stride_enable, 1, 1>,
  At<nchw_copy, 2, 1>,
  At<cmd_short, 3, 1>,
  At<decompress_enable, 4, 1>,
  At<cmd_id_en, 5, 4>,
  At<cmd_id, 9, 20>,
  At<cmd_type, 32, 4>,
  At<cmd_special_function, 36, 3>,
  At<fill_constant_en, 39, 1>,
  At<src_data_format, 40, 3>,
  At<cmd_id_dep, 64, 20>,
  At<constant_value, 96, 32>,
  At<src_nstride, 128, 32>,
  At<src_cstride, 160, 32>,
  At<src_hstride, 192, 32>,
  At<src_wstride, 224, 32>,
  At<dst_nstride, 256, 32>,
  At<dst_cstride, 288, 32>,
  At<dst_hstride, 320, 32>,
  At<dst_wstride, 352, 32>,
  At<src_nsize, 384, 16>,
  At<src_csize, 400, 16>,
  At<src_hsize, 416, 16>,
  At<src_wsize, 432, 16>,
  At<dst_nsize, 448, 16>,
  At<dst_csize, 464, 16>,
  At<dst_hsize, 480, 16>,
  At<dst_wsize, 496, 16>,
  At<src_start_addr_l32, 512, 32>,
  At<src_start_addr_h8, 544, 8>,
  At<dst_start_addr_l32, 576, 32>,
  At<dst_start_addr_h8, 608, 8>,
  At<localmem_mask_l32, 704, 32>,
  At<localmem_mask_h32, 736, 32>]> {
  let summary = "Move of a contiguous run, long form";
}

def BM1684X_SDmaGeneralOp : GdmaCommand<"sdma.general", "sDMA_general", 3, "short", 48,
    DmaGeneralFunctions,
    [
  At<intr_en, 0, 1>,
  At<stride_enable, 1, 1>,
  At<nchw_copy, 2, 1>,
  At<cmd_short, 3, 1>,
  At<decompress_enable, 4, 1>,
  At<cmd_id_en, 5, 4>,
  At<cmd_id, 9, 20>,
  At<cmd_type, 32, 4>,
  At<cmd_special_function, 36, 3>,
  At<fill_constant_en, 39, 1>,
  At<src_data_format, 40, 3>,
  At<cmd_id_dep, 64, 20>,
  At<constant_value, 96, 32>,
  At<src_cstride, 128, 32>,
  At<dst_csize, 160, 16>,
  At<src_start_addr_l32, 192, 32>,
  At<src_start_addr_h8, 224, 8>,
  At<dst_start_addr_l32, 256, 32>,
  At<dst_start_addr_h8, 288, 8>,
  At<localmem_mask_l32, 320, 32>,
  At<localmem_mask_h32, 352, 32>]> {
  let summary = "Move of a contiguous run, short form";
}

defvar DmaCwTransposeFunctions = [
  Function<0, "move">];

def BM1684X_DmaCwTransposeOp : GdmaCommand<"dma.cw_transpose", "DMA_cw_transpose", 4, "long", 96,
    DmaCwTransposeFunctions,
    [
  At<intr_en, 0, 1>,
  At<stride_enable, 1, 1>,
  At<nchw_copy, 2, 1>,
  At<cmd_short, 3, 1>,
  At<decompress_enable, 4, 1>,
  At<cmd_id_en, 5, 4>,
  At<cmd_id, 9, 20>,
  At<cmd_type, 32, 4>,
  At<cmd_special_function, 36, 3>,
  At<fill_constant_en, 39, 1>,
  At<src_data_format, 40, 3>,
  At<cmd_id_dep, 64, 20>,
  At<constant_value, 96, 32>,
  At<src_nstride, 128, 32>,
  At<src_cstride, 160, 32>,
  At<src_hstride, 192, 32>,
  At<src_wstride, 224, 32>,
  At<dst_nstride, 256, 32>,
  At<dst_cstride, 288, 32>,
  At<dst_hstride, 320, 32>,
  At<dst_wstride, 352, 32>,
  At<src_nsize, 384, 16>,
  At<src_csize, 400, 16>,
  At<src_hsize, 416, 16>,
  At<src_wsize, 432, 16>,
  At<dst_nsize, 448, 16>,
  At<dst_csize, 464, 16>,
  At<dst_hsize, 480, 16>,
  At<dst_wsize, 496, 16>,
  At<src_start_addr_l32, 512, 32>,
  At<src_start_addr_h8, 544, 8>,
  At<dst_start_addr_l32, 576, 32>,
  At<dst_start_addr_h8, 608, 8>,
  At<localmem_mask_l32, 704, 32>,
  At<localmem_mask_h32, 736, 32>]> {
  let summary = "Move that exchanges channels and columns, long form";
}

defvar DmaNonzeroFunctions = [
  Function<0, "move">];

def BM1684X_DmaNonzeroOp : GdmaCommand<"dma.nonzero", "DMA_nonzero", 5, "long", 96,
    DmaNonzeroFunctions,
    [
  At<intr_en, 0, 1>,
  At<stride_enable, 1, 1>,
  At<nchw_copy, 2, 1>,
  At<cmd_short, 3, 1>,
  At<decompress_enable, 4, 1>,
  At<cmd_id_en, 5, 4>,
  At<cmd_id, 9, 20>,
  At<cmd_type, 32, 4>,
  At<cmd_special_function, 36, 3>,
  At<fill_constant_en, 39, 1>,
  At<src_data_format, 40, 3>,
  At<index_data_format, 43, 3>,
  At<cmd_id_dep, 64, 20>,
  At<constant_value, 96, 32>,
  At<src_nstride, 128, 32>,
  At<src_cstride, 160, 32>,
  At<src_hstride, 192, 32>,
  At<src_wstride, 224, 32>,
  At<dst_nstride, 256, 32>,
  At<dst_cstride, 288, 32>,
  At<dst_hstride, 320, 32>,
  At<dst_wstride, 352, 32>,
  At<src_nsize, 384, 16>,
  At<src_csize, 400, 16>,
  At<src_hsize, 416, 16>,
  At<src_wsize, 432, 16>,
  At<dst_nsize, 448, 16>,
  At<dst_csize, 464, 16>,
  At<dst_hsize, 480, 16>,
  At<dst_wsize, 496, 16>,
  At<src_start_addr_l32, 512, 32>,
  At<src_start_addr_h8, 544, 8>,
  At<dst_start_addr_l32, 576, 32>,
  At<dst_start_addr_h8, 608, 8>,
  At<localmem_mask_l32, 704, 32>,
  At<localmem_mask_h32, 736, 32>]> {
  let summary = "Packed indices of the non-zero elements, long form";
}

def BM1684X_SDmaNonzeroOp : GdmaCommand<"sdma.nonzero", "sDMA_nonzero", 5, "short", 48,
    DmaNonzeroFunctions,
    [
  At<intr_en, 0, 1>,
  At<stride_enable, 1, 1>,
  At<nchw_copy, 2, 1>,
  At<cmd_short, 3, 1>,
  At<decompress_enable, 4, 1>,
  At<cmd_id_en, 5, 4>,
  At<cmd_id, 9, 20>,
  At<cmd_type, 32, 4>,
  At<cmd_special_function, 36, 3>,
  At<fill_constant_en, 39, 1>,
  At<src_data_format, 40, 3>,
  At<index_data_format, 43, 3>,
  At<cmd_id_dep, 64, 20>,
  At<dst_nstride, 96, 32>,
  At<src_nsize, 128, 16>,
  At<src_csize, 144, 16>,
  At<src_hsize, 160, 16>,
  At<src_wsize, 176, 16>,
  At<src_start_addr_l32, 192, 32>,
  At<src_start_addr_h8, 224, 8>,
  At<dst_start_addr_l32, 256, 32>,
  At<dst_start_addr_h8, 288, 8>]> {
  let summary = "Packed indices of the non-zero elements, short form";
}

defvar DmaSysFunctions = [
  Function<0, "sys">,
  Function<1, "sys_nop">];

def BM1684X_SDmaSysOp : GdmaCommand<"sdma.sys", "sDMA_sys", 6, "short", 16,
    DmaSysFunctions,
    [
  At<intr_en, 0, 1>,
  At<stride_enable, 1, 1>,
  At<nchw_copy, 2, 1>,
  At<cmd_short, 3, 1>,
  At<decompress_enable, 4, 1>,
  At<cmd_id_en, 5, 4>,
  At<cmd_id, 9, 20>,
  At<cmd_type, 32, 4>,
  At<cmd_special_function, 36, 3>,
  At<fill_constant_en, 39, 1>,
  At<src_data_format, 40, 3>,
  At<cmd_id_dep, 64, 20>,
  At<constant_value, 96, 32>]> {
  let summary = "System command of the GDMA, short form";
}

defvar DmaGatherFunctions = [
  Function<0, "move">];

def BM1684X_DmaGatherOp : GdmaCommand<"dma.gather", "DMA_gather", 7, "long", 96,
    DmaGatherFunctions,
    [
  At<intr_en, 0, 1>,
  At<stride_enable, 1, 1>,
  At<nchw_copy, 2, 1>,
  At<cmd_short, 3, 1>,
  At<decompress_enable, 4, 1>,
  At<cmd_id_en, 5, 4>,
  At<cmd_id, 9, 20>,
  At<cmd_type, 32, 4>,
  At<cmd_special_function, 36, 3>,
  At<fill_constant_en, 39, 1>,
  At<src_data_format, 40, 3>,
  At<cmd_id_dep, 64, 20>,
  At<constant_value, 96, 32>,
  At<src_cstride, 128, 32>,
  At<src_hstride, 160, 32>,
  At<dst_cstride, 192, 32>,
  At<dst_hstride, 224, 32>,
  At<index_cstride, 256, 32>,
  At<index_hstride, 288, 32>,
  At<src_csize, 336, 16>,
  At<src_hsize, 352, 32>,
  At<src_wsize, 384, 16>,
  At<dst_csize, 400, 16>,
  At<dst_hsize, 416, 32>,
  At<dst_wsize, 448, 16>,
  At<index_csize, 464, 16>,
  At<index_hsize, 480, 32>,
  At<src_start_addr_l32, 512, 32>,
  At<src_start_addr_h8, 544, 8>,
  At<dst_start_addr_l32, 576, 32>,
  At<dst_start_addr_h8, 608, 8>,
  At<index_start_addr_l32, 640, 32>,
  At<index_start_addr_h8, 672, 8>,
  At<localmem_mask_l32, 704, 32>,
  At<localmem_mask_h32, 736, 32>]> {
  let summary = "Gather of rows, long form";
}

defvar DmaScatterFunctions = [
  Function<0, "move">];

def BM1684X_DmaScatterOp : GdmaCommand<"dma.scatter", "DMA_scatter", 8, "long", 96,
    DmaScatterFunctions,
    [
  At<intr_en, 0, 1>,
  At<stride_enable, 1, 1>,
  At<nchw_copy, 2, 1>,
  At<cmd_short, 3, 1>,
  At<decompress_enable, 4, 1>,
  At<cmd_id_en, 5, 4>,
  At<cmd_id, 9, 20>,
  At<cmd_type, 32, 4>,
  At<cmd_special_function, 36, 3>,
  At<fill_constant_en, 39, 1>,
  At<src_data_format, 40, 3>,
  At<cmd_id_dep, 64, 20>,
  At<constant_value, 96, 32>,
  At<src_cstride, 128, 32>,
  At<src_hstride, 160, 32>,
  At<dst_cstride, 192, 32>,
  At<dst_hstride, 224, 32>,
  At<index_cstride, 256, 32>,
  At<index_hstride, 288, 32>,
  At<src_csize, 336, 16>,
  At<src_hsize, 352, 32>,
  At<src_wsize, 384, 16>,
  At<dst_csize, 400, 16>,
  At<dst_hsize, 416, 32>,
  At<dst_wsize, 448, 16>,
  At<index_csize, 464, 16>,
  At<index_hsize, 480, 32>,
  At<src_start_addr_l32, 512, 32>,
  At<src_start_addr_h8, 544, 8>,
  At<dst_start_addr_l32, 576, 32>,
  At<dst_start_addr_h8, 608, 8>,
  At<index_start_addr_l32, 640, 32>,
  At<index_start_addr_h8, 672, 8>,
  At<localmem_mask_l32, 704, 32>,
  At<localmem_mask_h32, 736, 32>]> {
  let summary = "Scatter of rows, long form";
}

#endif // TPUC_DIALECT_BM1684X_IR_GDMACOMMANDS_TD
