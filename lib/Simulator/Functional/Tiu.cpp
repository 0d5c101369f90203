//===- Tiu.cpp - TIU commands by family -----------------------------------===//
//
// Brings short and long forms to one meaning and hands them to the family's
// handler; helpers that the families share.
//
//===----------------------------------------------------------------------===//

#include "Commands.h"
#include "Formats.h"

using namespace tpuc;
using namespace tpuc::sim;
using codec::Layout;

float tpuc::sim::constantAsFloat(uint32_t bits, Precision precision) {
  if (precision == Precision::F16)
    return f16ToFloat(uint16_t(bits));
  if (precision == Precision::BF16)
    return bf16ToFloat(uint16_t(bits));
  return floatOf(bits);
}

int64_t tpuc::sim::constantAsInt(uint32_t bits, Precision precision,
                                 bool isSigned) {
  switch (elementBytes(precision)) {
  case 1:
    return isSigned ? int64_t(int8_t(bits)) : int64_t(uint8_t(bits));
  case 2:
    return isSigned ? int64_t(int16_t(bits)) : int64_t(uint16_t(bits));
  default:
    return isSigned ? int64_t(int32_t(bits)) : int64_t(bits);
  }
}

IntRange tpuc::sim::intRange(Precision precision, bool isSigned) {
  unsigned bits = 8 * elementBytes(precision);
  if (isSigned)
    return {-(int64_t(1) << (bits - 1)), (int64_t(1) << (bits - 1)) - 1};
  return {0, (int64_t(1) << bits) - 1};
}

Shape tpuc::sim::resultShape(const Registers &r) {
  return {r.res0_n, r.res0_c, r.res0_h, r.res0_w};
}

Status tpuc::sim::operandView(Machine &machine, const char *operand,
                              uint32_t address, unsigned elementBytes,
                              const Shape &shape, uint32_t layoutCode,
                              const Strides &freeStrides, View &view) {
  switch (layoutCode) {
  case 0:
  case 1:
  case 2:
    return makeView(machine, operand, address, elementBytes, shape,
                    TensorLayout(layoutCode), view);
  case 3:
    return makeView(machine, operand, address, elementBytes, shape, freeStrides,
                    view);
  default:
    return Status::error("layout code " + std::to_string(layoutCode) + " of " +
                         operand + " is not supported");
  }
}

namespace {

/// What a long form can say and no short form can; none of it was seen in a
/// stream.
Status checkLongForm(const Registers &r, bool hasStrides) {
  if (r.tsk_lane_num != ~uint64_t(0))
    return Status::error("tsk_lane_num must name all lanes, found " +
                         hex(r.tsk_lane_num));
  if (r.eu_half_en)
    return Status::error("eu_half_en is not supported");
  if (r.relu)
    return Status::error("the relu bit is not supported; clamp with a maximum");
  if (r.res0_h_shift || r.res0_w_shift || r.opd0_h_shift || r.opd0_w_shift ||
      r.opd1_h_shift || r.opd1_w_shift)
    return Status::error("operand shifts are not supported");
  if (!hasStrides && (r.res0_str || r.opd1_str || r.opd2_str))
    return Status::error("layout codes of this long form are not supported: "
                         "the short form implies its layouts");
  return Status();
}

} // namespace

Status tpuc::sim::executeTiu(Machine &machine, Layout layout,
                             const Registers &r) {
  const codec::LayoutInfo &info = codec::layoutInfo(layout);
  if (info.form == codec::Form::Long)
    TPUC_RETURN_IF_FAILED(
        checkLongForm(r, layout == Layout::Ar || layout == Layout::Cmp));
  switch (layout) {
  case Layout::Ar:
  case Layout::SAr:
    return executeAr(machine, r);
  case Layout::Conv:
  case Layout::SConv:
    return executeConv(machine, r);
  case Layout::Mm:
  case Layout::SMm:
    return executeMatrix(machine, r);
  case Layout::Mm2:
  case Layout::SMm2:
    return executeMatrix2(machine, r);
  case Layout::Pord:
  case Layout::SPord:
    return executePool(machine, r);
  case Layout::Sfu:
  case Layout::SSfu:
    return executeSfu(machine, r);
  case Layout::Cmp:
  case Layout::SCmp:
    return executeCompare(machine, r);
  case Layout::Lin:
  case Layout::SLin:
    return executeLinear(machine, r);
  case Layout::Vc:
  case Layout::SVc:
    return executeVectorCorrelation(machine, r);
  case Layout::RqDq:
  case Layout::SRqDq:
    return executeRequantize(machine, r);
  case Layout::TransBc:
  case Layout::STransBc:
    return executeTranspose(machine, r);
  case Layout::Sg:
  case Layout::SSg:
    return executeGather(machine, r);
  case Layout::Sgl:
  case Layout::SSgl:
    return executeGatherLine(machine, r);
  default:
    return Status::error("the command is not supported");
  }
}
