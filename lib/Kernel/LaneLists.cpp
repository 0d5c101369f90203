//===- LaneLists.cpp - Elements by index lists ----------------------------===//
//
// Fills the registers of the commands that take a list a lane (SG).
//
//===----------------------------------------------------------------------===//

#include "Kernel/LaneLists.h"

using namespace tpuc;
using namespace tpuc::kernel;

static codec::Registers start(uint32_t function, const LocalTensor &result,
                              const LocalTensor &source,
                              const LocalTensor &list) {
  codec::Registers r;
  r.cmd_id_en = 1;
  r.tsk_eu_typ = function;
  r.res0_n = 1;
  r.res0_c = uint32_t(result.shape[C]);
  r.res0_h = 1;
  r.res0_w = uint32_t(result.shape[W]);
  r.res0_addr = result.address;
  r.res0_prec = precisionCode(result.type);
  r.opd0_prec = precisionCode(source.type);
  r.opd0_addr = source.address;
  r.opd0_c = uint32_t(source.shape[C]);
  r.opd0_h = 1;
  r.opd0_w = uint32_t(source.shape[W]);
  r.opd1_prec = precisionCode(list.type);
  r.opd1_addr = list.address;
  r.opd1_c = uint32_t(list.shape[C]);
  r.opd1_w = uint32_t(list.shape[W]);
  return r;
}

void kernel::gatherLanes(CommandBuilder &builder, const LocalTensor &result,
                         const LocalTensor &table, const LocalTensor &index) {
  builder.emit(codec::Layout::SSg,
               start(codec::SgFunction::PeSGatherD1coor, result, table, index));
}

void kernel::scatterLanes(CommandBuilder &builder, const LocalTensor &result,
                          const LocalTensor &source, const LocalTensor &index) {
  builder.emit(codec::Layout::SSg, start(codec::SgFunction::PeSScatterD1coor,
                                         result, source, index));
}

void kernel::packLanes(CommandBuilder &builder, const LocalTensor &result,
                       const LocalTensor &count, const LocalTensor &source,
                       const LocalTensor &mask) {
  codec::Registers r =
      start(codec::SgFunction::PeSMaskSelect, result, source, mask);
  r.res1_addr = count.address;
  builder.emit(codec::Layout::SSg, r);
}
