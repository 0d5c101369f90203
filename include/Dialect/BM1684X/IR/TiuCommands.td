//===- TiuCommands.td - Commands of the TIU -----------------*- tablegen -*-===//
//
// Every command layout of the TIU: opcode, length, functions and the position of
// each field.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_BM1684X_IR_TIUCOMMANDS_TD
#define TPUC_DIALECT_BM1684X_IR_TIUCOMMANDS_TD

include "Dialect/BM1684X/IR/CommandFields.td"


// One layout serves every long form of the TIU.
defvar TiuLongFields = [
  At<cmd_short, 0, 1>,
  At<cmd_id, 1, 20>,
  At<cmd_id_dep, 21, 20>,
  At<tsk_typ, 41, 4>,
  At<tsk_eu_typ, 45, 5>,
  At<eu_half_en, 50, 1>,
  At<tsk_opd_num, 51, 2>,
  At<pad_mode, 53, 2>,
  At<cmd_id_en, 55, 4>,
  At<pwr_step, 59, 4>,
  At<intr_en, 63, 1>,
  At<res_add, 64, 1>,
  At<relu, 65, 1>,
  At<left_tran, 66, 1>,
  At<kernel_rotate, 68, 1>,
  At<opd0_sign, 69, 1>,
  At<opd1_sign, 70, 1>,
  At<opd2_sign, 71, 1>,
  At<res0_prec, 72, 3>,
  At<opd0_prec, 75, 3>,
  At<opd1_prec, 78, 3>,
  At<opd2_prec, 81, 3>,
  At<opd0_const, 84, 1>,
  At<opd1_const, 85, 1>,
  At<opd2_const, 86, 1>,
  At<res0_str, 87, 3>,
  At<opd0_str, 90, 3>,
  At<opd1_str, 93, 3>,
  At<opd2_str, 96, 3>,
  At<res_add_sign, 99, 1>,
  At<opd3_const, 126, 1>,
  At<opd0_x_ins0, 128, 4>,
  At<opd0_y_ins0, 132, 4>,
  At<opd1_x_ins0, 136, 4>,
  At<opd1_y_ins0, 140, 4>,
  At<opd0_up_pad, 144, 4>,
  At<opd0_dn_pad, 148, 4>,
  At<opd0_lf_pad, 152, 4>,
  At<opd0_rt_pad, 156, 4>,
  At<res_op_x_str, 160, 4>,
  At<res_op_y_str, 164, 4>,
  At<res0_h_shift, 168, 4>,
  At<res0_w_shift, 172, 4>,
  At<opd0_h_shift, 176, 4>,
  At<opd0_w_shift, 180, 4>,
  At<opd1_h_shift, 184, 4>,
  At<opd1_w_shift, 188, 4>,
  At<tsk_lane_num, 192, 64>,
  At<res0_n, 256, 16>,
  At<res0_c, 272, 16>,
  At<res0_h, 288, 16>,
  At<res0_w, 304, 16>,
  At<opd0_n, 320, 16>,
  At<opd0_c, 336, 16>,
  At<opd0_h, 352, 16>,
  At<opd0_w, 368, 16>,
  At<opd1_n, 384, 16>,
  At<opd1_c, 400, 16>,
  At<opd1_h, 416, 16>,
  At<opd1_w, 432, 16>,
  At<res0_n_str, 448, 16>,
  At<res0_c_str, 464, 16>,
  At<opd0_n_str, 480, 16>,
  At<opd0_c_str, 496, 16>,
  At<opd1_n_str, 512, 16>,
  At<opd1_c_str, 528, 16>,
  At<opd2_n_str, 544, 16>,
  At<opd2_c_str, 560, 16>,
  At<res0_addr, 576, 32>,
  At<opd0_addr, 608, 32>,
  At<opd1_addr, 640, 32>,
  At<opd2_addr, 672, 32>,
  At<res0_h_str, 704, 32>,
  At<res0_w_str, 736, 32>,
  At<opd0_h_str, 768, 32>,
  At<opd0_w_str, 800, 32>,
  At<opd1_h_str, 832, 32>,
  At<opd1_w_str, 864, 32>,
  At<opd2_h_str, 896, 32>,
  At<opd2_w_str, 928, 32>,
  At<res1_addr, 960, 32>,
  At<opd3_addr, 992, 32>];

defvar ConvFunctions = [
  Function<0, "normal">,
  Function<1, "wrq">,
  Function<2, "wrqrelu">];

def BM1684X_ConvOp : TiuCommand<"conv", "CONV", 0, "long", 128,
    ConvFunctions,
    TiuLongFields> {
  let summary = "Convolution, long form";
}

def BM1684X_SConvOp : TiuCommand<"sconv", "sCONV", 0, "short", 64,
    ConvFunctions,
    [
  At<cmd_short, 0, 1>,
  At<cmd_id, 1, 20>,
  At<cmd_id_dep, 21, 20>,
  At<tsk_typ, 41, 4>,
  At<tsk_eu_typ, 45, 5>,
  At<opd0_sign, 50, 1>,
  At<opd1_sign, 51, 1>,
  At<opd2_sign, 52, 1>,
  At<pad_mode, 53, 2>,
  At<cmd_id_en, 55, 4>,
  At<pwr_step, 59, 4>,
  At<res_add, 63, 1>,
  At<kernel_rotate, 64, 1>,
  At<res0_prec, 65, 3>,
  At<opd0_prec, 68, 3>,
  At<opd1_const, 71, 1>,
  At<opd2_const, 72, 1>,
  At<opd0_up_pad, 73, 4>,
  At<opd0_dn_pad, 77, 4>,
  At<opd0_lf_pad, 81, 4>,
  At<opd0_rt_pad, 85, 4>,
  At<res_op_x_str, 89, 4>,
  At<res_op_y_str, 93, 4>,
  At<opd3_const, 97, 1>,
  At<opd0_str, 98, 3>,
  At<res0_addr, 101, 26>,
  At<intr_en, 127, 1>,
  At<opd0_x_ins0, 128, 4>,
  At<opd0_y_ins0, 132, 4>,
  At<opd1_x_ins0, 136, 4>,
  At<opd1_y_ins0, 140, 4>,
  At<opd0_n_str, 144, 16>,
  At<res0_n, 160, 16>,
  At<res0_c, 176, 16>,
  At<res0_h, 192, 16>,
  At<res0_w, 208, 16>,
  At<opd0_c, 224, 16>,
  At<opd0_h, 240, 16>,
  At<opd0_w, 256, 16>,
  At<opd1_h, 272, 16>,
  At<opd1_w, 288, 16>,
  At<opd0_c_str, 304, 16>,
  At<opd0_addr, 320, 32>,
  At<opd1_addr, 352, 32>,
  At<opd2_addr, 384, 32>,
  At<res1_addr, 416, 32>,
  At<opd3_addr, 448, 32>,
  At<opd0_h_str, 480, 16>,
  At<opd0_w_str, 496, 16>]> {
  let summary = "Convolution, short form";
}

defvar MmFunctions = [
  Function<1, "normal">,
  Function<2, "wrq">,
  Function<3, "wrqrelu">];

def BM1684X_MmOp : TiuCommand<"mm", "MM", 2, "long", 128,
    MmFunctions,
    TiuLongFields> {
  let summary = "Matrix product of column blocks (f32, i8), long form";
}

def BM1684X_SMmOp : TiuCommand<"smm", "sMM", 2, "short", 48,
    MmFunctions,
    [
  At<cmd_short, 0, 1>,
  At<cmd_id, 1, 20>,
  At<cmd_id_dep, 21, 20>,
  At<tsk_typ, 41, 4>,
  At<tsk_eu_typ, 45, 5>,
  At<res_add, 50, 1>,
  At<left_tran, 51, 1>,
  At<opd0_const, 52, 1>,
  At<opd2_const, 53, 1>,
  At<cmd_id_en, 55, 4>,
  At<pwr_step, 59, 4>,
  At<intr_en, 63, 1>,
  At<opd0_sign, 64, 1>,
  At<opd1_sign, 65, 1>,
  At<opd2_sign, 66, 1>,
  At<res0_prec, 67, 3>,
  At<opd0_prec, 70, 3>,
  At<opd2_n_str, 73, 3>,
  At<res0_c, 112, 16>,
  At<res0_w, 128, 16>,
  At<opd0_n, 144, 16>,
  At<opd0_c, 160, 16>,
  At<opd0_w, 176, 16>,
  At<opd1_w, 208, 16>,
  At<res0_addr, 224, 32>,
  At<opd0_addr, 256, 32>,
  At<opd1_addr, 288, 32>,
  At<opd2_addr, 320, 32>,
  At<opd3_addr, 352, 32>]> {
  let summary = "Matrix product of column blocks (f32, i8), short form";
}

defvar Mm2Functions = [
  Function<4, "nn">,
  Function<5, "nt">,
  Function<6, "tt">];

def BM1684X_Mm2Op : TiuCommand<"mm2", "MM2", 2, "long", 128,
    Mm2Functions,
    TiuLongFields> {
  let summary = "Matrix product of rows across lanes (f16, bf16, i8), long form";
}

def BM1684X_SMm2Op : TiuCommand<"smm2", "sMM2", 2, "short", 32,
    Mm2Functions,
    [
  At<cmd_short, 0, 1>,
  At<cmd_id, 1, 20>,
  At<cmd_id_dep, 21, 20>,
  At<tsk_typ, 41, 4>,
  At<tsk_eu_typ, 45, 5>,
  At<opd0_sign, 50, 1>,
  At<opd1_sign, 51, 1>,
  At<res0_prec, 52, 3>,
  At<cmd_id_en, 55, 4>,
  At<pwr_step, 59, 4>,
  At<opd2_const, 63, 1>,
  At<res0_c, 64, 16>,
  At<res0_w, 80, 16>,
  At<opd1_c, 96, 16>,
  At<opd1_w, 112, 16>,
  At<opd0_prec, 128, 3>,
  At<opd0_const, 131, 1>,
  At<opd1_const, 132, 1>,
  At<res_add, 133, 1>,
  At<res0_addr, 134, 25>,
  At<intr_en, 159, 1>,
  At<opd0_addr, 160, 32>,
  At<opd1_addr, 192, 32>,
  At<opd2_addr, 224, 32>]> {
  let summary = "Matrix product of rows across lanes (f16, bf16, i8), short form";
}

defvar CmpFunctions = [
  Function<22, "gt_and_sel">,
  Function<23, "sel_gt">,
  Function<24, "sel_eq">,
  Function<25, "lt_and_sel">,
  Function<26, "sel_lt">];

def BM1684X_CmpOp : TiuCommand<"cmp", "CMP", 13, "long", 128,
    CmpFunctions,
    TiuLongFields> {
  let summary = "Compare and select, long form";
}

def BM1684X_SCmpOp : TiuCommand<"scmp", "sCMP", 13, "short", 48,
    CmpFunctions,
    [
  At<cmd_short, 0, 1>,
  At<cmd_id, 1, 20>,
  At<cmd_id_dep, 21, 20>,
  At<tsk_typ, 41, 4>,
  At<tsk_eu_typ, 45, 5>,
  At<opd0_const, 50, 1>,
  At<opd1_const, 51, 1>,
  At<opd2_const, 52, 1>,
  At<opd3_const, 53, 1>,
  At<cmd_id_en, 55, 4>,
  At<pwr_step, 59, 4>,
  At<intr_en, 63, 1>,
  At<opd0_prec, 64, 3>,
  At<opd2_prec, 67, 3>,
  At<opd0_str, 70, 3>,
  At<opd1_str, 73, 3>,
  At<opd0_sign, 127, 1>,
  At<res0_n, 128, 16>,
  At<res0_c, 144, 16>,
  At<res0_h, 160, 16>,
  At<res0_w, 176, 16>,
  At<res0_addr, 192, 32>,
  At<res1_addr, 224, 32>,
  At<opd0_addr, 256, 32>,
  At<opd1_addr, 288, 32>,
  At<opd2_addr, 320, 32>,
  At<opd3_addr, 352, 32>]> {
  let summary = "Compare and select, short form";
}

defvar SfuFunctions = [
  Function<12, "taylor_4x">,
  Function<13, "taylor">,
  Function<15, "normalize">,
  Function<17, "rsqrt">];

def BM1684X_SfuOp : TiuCommand<"sfu", "SFU", 9, "long", 128,
    SfuFunctions,
    TiuLongFields> {
  let summary = "Special function: polynomial, rsqrt, exponent, long form";
}

def BM1684X_SSfuOp : TiuCommand<"ssfu", "sSFU", 9, "short", 32,
    SfuFunctions,
    [
  At<cmd_short, 0, 1>,
  At<cmd_id, 1, 20>,
  At<cmd_id_dep, 21, 20>,
  At<tsk_typ, 41, 4>,
  At<tsk_eu_typ, 45, 5>,
  At<cmd_id_en, 55, 4>,
  At<pwr_step, 59, 4>,
  At<intr_en, 63, 1>,
  At<res0_prec, 64, 3>,
  At<opd0_prec, 67, 3>,
  At<opd2_n_str, 70, 2>,
  At<res0_n, 80, 16>,
  At<res0_c, 96, 16>,
  At<res0_h, 112, 16>,
  At<res0_w, 128, 16>,
  At<opd1_n, 144, 16>,
  At<res0_addr, 160, 32>,
  At<opd0_addr, 192, 32>,
  At<opd1_addr, 224, 32>]> {
  let summary = "Special function: polynomial, rsqrt, exponent, short form";
}

defvar VcFunctions = [
  Function<0, "mul">,
  Function<2, "add">,
  Function<3, "sub">,
  Function<4, "max">,
  Function<5, "min">,
  Function<7, "and">,
  Function<8, "or">,
  Function<9, "xor">,
  Function<10, "select_gt">,
  Function<11, "select_eq">,
  Function<12, "div">,
  Function<13, "select_lt">,
  Function<15, "add_satu">,
  Function<16, "sub_satu">,
  Function<20, "mul_satu">,
  Function<23, "mulDHR">];

def BM1684X_VcOp : TiuCommand<"vc", "VC", 14, "long", 128,
    VcFunctions,
    TiuLongFields> {
  let summary = "Outer operation of two vectors, long form";
}

def BM1684X_SVcOp : TiuCommand<"svc", "sVC", 14, "short", 48,
    VcFunctions,
    [
  At<cmd_short, 0, 1>,
  At<cmd_id, 1, 20>,
  At<cmd_id_dep, 21, 20>,
  At<tsk_typ, 41, 4>,
  At<tsk_eu_typ, 45, 5>,
  At<opd0_sign, 50, 1>,
  At<opd1_sign, 51, 1>,
  At<opd2_n_str, 52, 3>,
  At<cmd_id_en, 55, 4>,
  At<pwr_step, 59, 4>,
  At<intr_en, 63, 1>,
  At<res0_prec, 64, 3>,
  At<opd0_prec, 67, 3>,
  At<opd1_prec, 70, 3>,
  At<res0_addr, 73, 32>,
  At<opd0_addr, 128, 32>,
  At<res0_c, 176, 16>,
  At<res0_w, 192, 16>,
  At<opd0_c, 208, 16>,
  At<opd0_w, 224, 16>,
  At<opd1_w, 240, 16>,
  At<opd1_addr, 256, 32>,
  At<opd2_addr, 288, 32>]> {
  let summary = "Outer operation of two vectors, short form";
}

defvar LinFunctions = [
  Function<1, "mac">,
  Function<20, "square_sum">,
  Function<21, "square_diff">];

def BM1684X_LinOp : TiuCommand<"lin", "LIN", 10, "long", 128,
    LinFunctions,
    TiuLongFields> {
  let summary = "Per-channel linear or square form, long form";
}

def BM1684X_SLinOp : TiuCommand<"slin", "sLIN", 10, "short", 32,
    LinFunctions,
    [
  At<cmd_short, 0, 1>,
  At<cmd_id, 1, 20>,
  At<cmd_id_dep, 21, 20>,
  At<tsk_typ, 41, 4>,
  At<tsk_eu_typ, 45, 5>,
  At<opd1_const, 50, 1>,
  At<opd2_const, 51, 1>,
  At<res0_prec, 52, 3>,
  At<cmd_id_en, 55, 4>,
  At<pwr_step, 59, 4>,
  At<intr_en, 63, 1>,
  At<res0_n, 64, 16>,
  At<res0_c, 80, 16>,
  At<res0_h, 96, 16>,
  At<res0_w, 112, 16>,
  At<res0_addr, 128, 32>,
  At<opd0_addr, 160, 32>,
  At<opd1_addr, 192, 32>,
  At<opd2_addr, 224, 32>]> {
  let summary = "Per-channel linear or square form, short form";
}

defvar ArFunctions = [
  Function<0, "mul">,
  Function<1, "not">,
  Function<2, "add">,
  Function<3, "sub">,
  Function<4, "max">,
  Function<5, "min">,
  Function<6, "logicShift">,
  Function<7, "and">,
  Function<8, "or">,
  Function<9, "xor">,
  Function<10, "selectGreat">,
  Function<11, "selectEqual">,
  Function<12, "div">,
  Function<13, "selectLess">,
  Function<14, "cast">,
  Function<15, "adds">,
  Function<16, "subs">,
  Function<18, "mac">,
  Function<19, "copy">,
  Function<20, "muls">,
  Function<21, "ashift">,
  Function<22, "cshift">,
  Function<23, "mulDHR">,
  Function<24, "euIdxGen">,
  Function<25, "npuIdxGen">,
  Function<26, "abs">,
  Function<27, "fsubabs">,
  Function<28, "copyMb">,
  Function<29, "getFirstOne">,
  Function<30, "getFirstZero">];

def BM1684X_ArOp : TiuCommand<"ar", "AR", 3, "long", 128,
    ArFunctions,
    TiuLongFields> {
  let summary = "Element-wise arithmetic, long form";
}

def BM1684X_SArOp : TiuCommand<"sar", "sAR", 3, "short", 64,
    ArFunctions,
    [
  At<cmd_short, 0, 1>,
  At<cmd_id, 1, 20>,
  At<cmd_id_dep, 21, 20>,
  At<tsk_typ, 41, 4>,
  At<tsk_eu_typ, 45, 5>,
  At<opd0_const, 50, 1>,
  At<opd1_const, 51, 1>,
  At<opd2_const, 52, 1>,
  At<tsk_opd_num, 53, 2>,
  At<cmd_id_en, 55, 4>,
  At<pwr_step, 59, 4>,
  At<intr_en, 63, 1>,
  At<res0_prec, 64, 3>,
  At<opd0_prec, 67, 3>,
  At<opd1_prec, 70, 3>,
  At<opd2_prec, 73, 3>,
  At<opd0_sign, 76, 1>,
  At<opd1_sign, 77, 1>,
  At<res0_str, 78, 3>,
  At<opd0_str, 81, 3>,
  At<opd1_str, 84, 3>,
  At<opd2_n_str, 87, 3>,
  At<res0_n, 96, 16>,
  At<res0_c, 112, 16>,
  At<res0_h, 128, 16>,
  At<res0_w, 144, 16>,
  At<res0_addr, 160, 32>,
  At<opd0_addr, 192, 32>,
  At<opd1_addr, 224, 32>,
  At<opd2_addr, 256, 32>,
  At<res0_n_str, 288, 16>,
  At<res0_c_str, 304, 16>,
  At<opd0_n_str, 320, 16>,
  At<opd0_c_str, 336, 16>,
  At<opd1_n_str, 352, 16>,
  At<opd1_c_str, 368, 16>,
  At<res0_h_str, 384, 20>,
  At<res0_w_str, 404, 20>,
  At<opd0_h_str, 424, 20>,
  At<opd2_sign, 444, 1>,
  At<opd0_w_str, 448, 20>,
  At<opd1_h_str, 468, 20>,
  At<opd1_w_str, 488, 20>]> {
  let summary = "Element-wise arithmetic, short form";
}

defvar PordFunctions = [
  Function<0, "depthwise">,
  Function<1, "avgpooling">,
  Function<2, "depthwiserelu">,
  Function<4, "maxpooling">,
  Function<5, "roiDepthwise">,
  Function<6, "roiavgpooling">,
  Function<7, "roimaxpooling">];

def BM1684X_PordOp : TiuCommand<"pord", "PorD", 1, "long", 128,
    PordFunctions,
    TiuLongFields> {
  let summary = "Pooling or depthwise convolution, long form";
}

def BM1684X_SPordOp : TiuCommand<"spord", "sPorD", 1, "short", 64,
    PordFunctions,
    [
  At<cmd_short, 0, 1>,
  At<cmd_id, 1, 20>,
  At<cmd_id_dep, 21, 20>,
  At<tsk_typ, 41, 4>,
  At<tsk_eu_typ, 45, 5>,
  At<kernel_rotate, 50, 1>,
  At<opd0_sign, 51, 1>,
  At<opd1_sign, 52, 1>,
  At<pad_mode, 53, 2>,
  At<cmd_id_en, 55, 4>,
  At<pwr_step, 59, 4>,
  At<opd1_const, 63, 1>,
  At<opd2_const, 64, 1>,
  At<opd3_const, 65, 1>,
  At<res0_prec, 66, 3>,
  At<opd0_prec, 69, 3>,
  At<opd0_x_ins0, 72, 4>,
  At<opd0_y_ins0, 76, 4>,
  At<opd1_x_ins0, 80, 4>,
  At<opd1_y_ins0, 84, 4>,
  At<opd0_up_pad, 88, 4>,
  At<opd0_dn_pad, 92, 4>,
  At<opd0_lf_pad, 96, 4>,
  At<opd0_rt_pad, 100, 4>,
  At<res_op_x_str, 104, 4>,
  At<res_op_y_str, 108, 4>,
  At<opd2_n_str, 112, 3>,
  At<opd2_sign, 126, 1>,
  At<intr_en, 127, 1>,
  At<res0_n, 128, 16>,
  At<res0_c, 144, 16>,
  At<res0_h, 160, 16>,
  At<res0_w, 176, 16>,
  At<opd0_h, 192, 16>,
  At<opd0_w, 208, 16>,
  At<opd1_h, 224, 16>,
  At<opd1_w, 240, 16>,
  At<res0_addr, 256, 32>,
  At<opd0_addr, 288, 32>,
  At<opd1_addr, 320, 32>,
  At<opd2_addr, 352, 32>,
  At<res1_addr, 384, 32>,
  At<opd3_addr, 416, 32>]> {
  let summary = "Pooling or depthwise convolution, short form";
}

defvar RqDqFunctions = [
  Function<0, "rq0">,
  Function<1, "rq1">,
  Function<2, "rq2">,
  Function<3, "dq0">,
  Function<4, "dq1">,
  Function<5, "dq2">];

def BM1684X_RqDqOp : TiuCommand<"rqdq", "RQ&DQ", 4, "long", 128,
    RqDqFunctions,
    TiuLongFields> {
  let summary = "Requantisation and dequantisation, long form";
}

def BM1684X_SRqDqOp : TiuCommand<"srqdq", "sRQ&sDQ", 4, "short", 32,
    RqDqFunctions,
    [
  At<cmd_short, 0, 1>,
  At<cmd_id, 1, 20>,
  At<cmd_id_dep, 21, 20>,
  At<tsk_typ, 41, 4>,
  At<tsk_eu_typ, 45, 5>,
  At<opd0_sign, 50, 1>,
  At<opd2_sign, 51, 1>,
  At<res0_prec, 52, 3>,
  At<cmd_id_en, 55, 4>,
  At<pwr_step, 59, 4>,
  At<opd1_const, 63, 1>,
  At<opd0_prec, 64, 3>,
  At<opd2_n_str, 67, 6>,
  At<res0_addr, 73, 27>,
  At<opd0_addr, 100, 27>,
  At<intr_en, 127, 1>,
  At<res0_n, 128, 16>,
  At<res0_c, 144, 16>,
  At<res0_h, 160, 16>,
  At<res0_w, 176, 16>,
  At<opd1_addr, 192, 32>,
  At<opd2_addr, 224, 32>]> {
  let summary = "Requantisation and dequantisation, short form";
}

#endif // TPUC_DIALECT_BM1684X_IR_TIUCOMMANDS_TD
