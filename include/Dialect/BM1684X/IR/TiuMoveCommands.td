//===- TiuMoveCommands.td - Moves and control of the TIU ----*- tablegen -*-===//
//
// The layouts of TiuCommands.td that gather, scatter, transpose and control.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_BM1684X_IR_TIUMOVECOMMANDS_TD
#define TPUC_DIALECT_BM1684X_IR_TIUMOVECOMMANDS_TD

include "Dialect/BM1684X/IR/TiuCommands.td"

defvar SgFunctions = [
  Function<0, "pl_gather_d1coor">,
  Function<1, "pl_gather_d2coor">,
  Function<2, "pl_gather_rec">,
  Function<3, "pl_scatter_d1coor">,
  Function<4, "pl_scatter_d2coor">,
  Function<5, "pe_s_gather_d1coor">,
  Function<6, "pe_s_scatter_d1coor">,
  Function<7, "pe_m_gather_d1coor">,
  Function<8, "pe_s_mask_select">,
  Function<9, "pe_s_nonzero">,
  Function<10, "pe_s_scatter_pp_d1coor">,
  Function<11, "pl_gather_perw">,
  Function<12, "pl_scatter_perw">,
  Function<13, "pe_s_gather_hzd">,
  Function<14, "pe_s_scatter_hzd">,
  Function<15, "pe_s_mask_selhzd">,
  Function<16, "pe_s_nonzero_hzd">];

defvar SgRules = [
  Rule<[5, 6, 13, 14], "r.opd1_c == r.res0_c",
       "the indices have other channels than the result">,
  Rule<[8, 15], "r.opd1_c == r.res0_c",
       "the mask has other channels than the result">,
  Rule<[8, 15], "r.opd0_w == r.opd1_w && r.res0_w == r.opd1_w",
       "the elements, the mask and the result differ in their columns">];

def BM1684X_SgOp : TiuCommand<"sg", "SG", 6, "long", 128,
    SgFunctions,
    TiuLongFields> {
  let summary = "Gather and scatter within a lane, long form";
  let rules = SgRules;
}

def BM1684X_SSgOp : TiuCommand<"ssg", "sSG", 6, "short", 48,
    SgFunctions,
    [
  At<cmd_short, 0, 1>,
  At<cmd_id, 1, 20>,
  At<cmd_id_dep, 21, 20>,
  At<tsk_typ, 41, 4>,
  At<tsk_eu_typ, 45, 5>,
  At<opd3_const, 50, 1>,
  At<intr_en, 51, 1>,
  At<opd0_str, 52, 3>,
  At<cmd_id_en, 55, 4>,
  At<pwr_step, 59, 4>,
  At<opd2_const, 63, 1>,
  At<res0_n, 64, 16>,
  At<res0_c, 80, 16>,
  At<res0_h, 96, 16>,
  At<res0_w, 112, 16>,
  At<opd0_h, 128, 16>,
  At<opd0_w, 144, 16>,
  At<opd1_c, 160, 16>,
  At<opd1_w, 176, 16>,
  At<res0_prec, 192, 3>,
  At<res0_addr, 195, 29>,
  At<opd0_prec, 224, 3>,
  At<opd0_addr, 227, 29>,
  At<opd1_prec, 256, 3>,
  At<opd1_addr, 259, 29>,
  At<opd2_addr, 288, 32>,
  At<res1_addr, 320, 32>,
  At<opd3_addr, 352, 32>]> {
  let summary = "Gather and scatter within a lane, short form";
  let rules = SgRules;
}

defvar SglFunctions = [
  Function<17, "pe_s_gather_line">,
  Function<18, "pe_s_scatter_line">];

def BM1684X_SglOp : TiuCommand<"sgl", "SGL", 6, "long", 128,
    SglFunctions,
    TiuLongFields> {
  let summary = "Gather and scatter of lines, long form";
}

def BM1684X_SSglOp : TiuCommand<"ssgl", "sSGL", 6, "short", 48,
    SglFunctions,
    [
  At<cmd_short, 0, 1>,
  At<cmd_id, 1, 20>,
  At<cmd_id_dep, 21, 20>,
  At<tsk_typ, 41, 4>,
  At<tsk_eu_typ, 45, 5>,
  At<opd3_const, 53, 1>,
  At<intr_en, 54, 1>,
  At<cmd_id_en, 55, 4>,
  At<pwr_step, 59, 4>,
  At<opd2_const, 63, 1>,
  At<res0_prec, 64, 3>,
  At<opd1_prec, 67, 3>,
  At<opd0_str, 70, 3>,
  At<res0_n, 80, 16>,
  At<res0_c, 96, 16>,
  At<res0_h, 112, 16>,
  At<res0_w, 128, 16>,
  At<opd0_h, 144, 16>,
  At<res0_addr, 160, 32>,
  At<opd0_addr, 192, 32>,
  At<opd1_addr, 224, 32>,
  At<opd2_addr, 256, 32>,
  At<res1_addr, 288, 32>]> {
  let summary = "Gather and scatter of lines, short form";
}

defvar TransBcFunctions = [
  Function<0, "cw_ts">,
  Function<1, "wc_ts">,
  Function<2, "l_copy">,
  Function<3, "l_bc">,
  Function<4, "s_bc">,
  Function<5, "s_distribute">];

def BM1684X_TransBcOp : TiuCommand<"transbc", "TRANS&BC", 5, "long", 128,
    TransBcFunctions,
    TiuLongFields> {
  let summary = "Transposition and broadcast across lanes, long form";
}

def BM1684X_STransBcOp : TiuCommand<"stransbc", "sTRANS&sBC", 5, "short", 32,
    TransBcFunctions,
    [
  At<cmd_short, 0, 1>,
  At<cmd_id, 1, 20>,
  At<cmd_id_dep, 21, 20>,
  At<tsk_typ, 41, 4>,
  At<tsk_eu_typ, 45, 5>,
  At<res0_prec, 50, 3>,
  At<cmd_id_en, 55, 4>,
  At<pwr_step, 59, 4>,
  At<intr_en, 63, 1>,
  At<res0_n, 64, 16>,
  At<res0_c, 80, 16>,
  At<res0_h, 96, 16>,
  At<res0_w, 112, 16>,
  At<opd0_c, 128, 16>,
  At<opd0_w, 144, 16>,
  At<res0_addr, 192, 32>,
  At<opd0_addr, 224, 32>]> {
  let summary = "Transposition and broadcast across lanes, short form";
}

// Codes that have no keywords.
defvar LarFunctions =
    !foreach(number, !range(31), Function<number, !cast<string>(number)>);

def BM1684X_LarOp : TiuCommand<"lar", "LAR", 7, "either", 16,
    LarFunctions,
    [
  At<opd0_w_str, 0, 1>,
  At<opd1_w_str, 1, 1>,
  At<opd2_const, 2, 1>,
  At<res0_prec, 3, 3>,
  At<opd0_prec, 6, 3>,
  At<opd1_prec, 9, 3>,
  At<opd2_n_str, 12, 3>,
  At<opd0_sign, 15, 1>,
  At<opd1_sign, 16, 1>,
  At<start_tid, 17, 6>,
  At<res0_c, 23, 8>,
  At<res0_w, 31, 8>,
  At<tsk_typ, 41, 4>,
  At<tsk_eu_typ, 45, 5>,
  At<tsk_opd_num, 51, 2>,
  At<pwr_step, 59, 4>,
  At<res0_addr, 64, 16>,
  At<opd0_addr, 80, 16>,
  At<opd1_addr, 96, 16>,
  At<opd2_addr, 112, 16>]> {
  let summary = "Linear arithmetic, only form";
}

defvar SysidFunctions = [
  Function<0, "intr_barrier">,
  Function<1, "spb">,
  Function<2, "swr">,
  Function<3, "swr_from_lmem">,
  Function<4, "swr_collect_from_lmem">,
  Function<5, "data_barrier">,
  Function<30, "nop">,
  Function<31, "end">];

def BM1684X_SysidOp : TiuCommand<"sysid", "SYSID", 15, "either", 16,
    SysidFunctions,
    [
  At<cmd_id, 1, 20>,
  At<cmd_id_dep, 21, 20>,
  At<tsk_typ, 41, 4>,
  At<tsk_eu_typ, 45, 5>,
  At<cmd_id_en, 55, 4>,
  At<pwr_step, 59, 4>,
  At<intr_en, 63, 1>,
  At<cmd_id_eng1, 64, 20>,
  At<cmd_id_eng2, 84, 20>,
  At<cmd_id_eng3, 104, 20>]> {
  let summary = "System command of the TIU, only form";
}

#endif // TPUC_DIALECT_BM1684X_IR_TIUMOVECOMMANDS_TD
