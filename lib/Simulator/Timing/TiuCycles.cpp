//===- TiuCycles.cpp - Cycles of TIU commands -----------------------------===//
//
// One formula a unit of the TIU. A command has no start-up cost in the vendor's
// model: an operation on one element takes one cycle.
//
//===----------------------------------------------------------------------===//

#include "TimingInternal.h"

using namespace tpuc;
using namespace tpuc::timing;
using namespace tpuc::timing::detail;
using codec::Layout;
using codec::Registers;

namespace {

uint64_t startLane(uint32_t address) { return (address >> 18) & 63; }

/// Passes over the lanes that the result's channels need.
uint64_t channelPasses(const Registers &r) {
  return ceilDiv(r.res0_c + startLane(r.res0_addr), kLanes);
}

/// Lines of one channel of the result, at `bits` an element.
uint64_t linesOfPlane(const Registers &r, uint64_t bits) {
  return ceilDiv(uint64_t(r.res0_h) * r.res0_w * bits, kLineBits);
}

/// One pass over the result: the cost of a plain element-wise operation.
uint64_t pass(const Registers &r, uint64_t bits) {
  return r.res0_n * channelPasses(r) * linesOfPlane(r, bits);
}

uint64_t widerBits(uint32_t a, uint32_t b) {
  return std::max(elementBits(a), elementBits(b));
}

/// How often a free-stride operand makes the unit repeat a line.
uint64_t strideFactor(const Registers &r, uint32_t layoutCode, uint64_t hStride,
                      uint64_t wStride, uint64_t bits, uint64_t lines) {
  constexpr uint32_t kFreeStride = 3;
  if (layoutCode != kFreeStride)
    return 1;
  uint64_t perLine = kLineBits / bits, h = r.res0_h, w = r.res0_w;
  if (wStride > 1 && w > 1)
    return std::min(wStride, perLine);
  if (hStride > w && h > 1) {
    uint64_t touched =
        std::min(h * ceilDiv(w, perLine), ceilDiv(h * hStride, perLine));
    return std::max<uint64_t>(1, touched / std::max<uint64_t>(lines, 1));
  }
  return 1;
}

uint64_t arCycles(const Registers &r) {
  unsigned operands = std::min<uint32_t>(r.tsk_opd_num, 2);
  uint64_t bits = elementBits(r.res0_prec);
  if (operands > 0)
    bits = std::max(bits, elementBits(r.opd0_prec));
  if (operands > 1)
    bits = std::max(bits, elementBits(r.opd1_prec));
  uint64_t lines = linesOfPlane(r, bits);
  bool has0 = operands > 0 && !r.opd0_const;
  bool has1 = operands > 1 && !r.opd1_const;

  uint64_t factor =
      strideFactor(r, r.res0_str, r.res0_h_str, r.res0_w_str, bits, lines);
  if (has0)
    factor = std::max(factor, strideFactor(r, r.opd0_str, r.opd0_h_str,
                                           r.opd0_w_str, bits, lines));
  if (has1)
    factor = std::max(factor, strideFactor(r, r.opd1_str, r.opd1_h_str,
                                           r.opd1_w_str, bits, lines));
  uint64_t total = r.res0_n * channelPasses(r) * lines * factor;
  if (r.tsk_eu_typ == codec::ArFunction::Div)
    return total * 31;
  bool inPlace = (has0 && r.opd0_addr == r.res0_addr) ||
                 (has1 && r.opd1_addr == r.res0_addr);
  if (inPlace && r.tsk_eu_typ != codec::ArFunction::Copy)
    total *= 2;
  // Two free-stride operands are read one after the other, unless one of them
  // is a scalar a row.
  auto scalarARow = [](uint32_t wStride, uint32_t hStride) {
    return wStride == 0 && hStride != 0;
  };
  if (has0 && has1 && r.opd0_str == 3 && r.opd1_str == 3 &&
      !scalarARow(r.opd0_w_str, r.opd0_h_str) &&
      !scalarARow(r.opd1_w_str, r.opd1_h_str))
    total *= 2;
  return total;
}

uint64_t convCycles(const Registers &r, const TimingParameters &parameters) {
  uint64_t pixels = uint64_t(r.res0_h) * r.res0_w;
  uint64_t taps = uint64_t(r.opd1_h) * r.opd1_w;
  uint64_t blocks = r.res0_n * channelPasses(r);
  constexpr uint32_t kF32 = 2;
  if (r.opd0_prec == kF32) {
    uint64_t total = blocks * r.opd0_c * taps * ceilDiv(pixels, 16);
    if (parameters.f32ConvMacsPerCycle == 1024.0)
      return total;
    return floorCycles(double(total) * 1024.0 /
                       std::max(parameters.f32ConvMacsPerCycle, 1.0));
  }
  uint64_t cube = kLineBits / elementBits(r.opd0_prec);
  return blocks * ceilDiv(r.opd0_c, cube) * taps * ceilDiv(pixels, 4);
}

uint64_t pordCycles(const Registers &r) {
  uint64_t perLine = kLineBits / widerBits(r.res0_prec, r.opd0_prec);
  // A kernel of one row pads every row of the result to a whole line.
  uint64_t lines = r.opd1_h == 1
                       ? r.res0_h * ceilDiv(r.res0_w, perLine)
                       : ceilDiv(uint64_t(r.res0_h) * r.res0_w, perLine);
  uint64_t factor = r.res_op_x_str > 1 && r.res_op_y_str > 1 ? 3 : 1;
  return r.res0_n * channelPasses(r) * lines * r.opd1_h * r.opd1_w * factor;
}

uint64_t mmCycles(const Registers &r) {
  uint64_t perLine = kLineBits / widerBits(r.res0_prec, r.opd0_prec);
  uint64_t rows = r.opd0_n;
  uint64_t inner =
      r.opd0_c == 0 ? r.opd1_w : (uint64_t(r.opd0_c) - 1) * r.opd0_w + r.opd1_w;
  if (r.left_tran)
    std::swap(rows, inner);
  constexpr uint32_t kI8 = 0;
  if (r.opd0_prec == kI8)
    return rows * inner * ceilDiv(r.res0_w, 64) * channelPasses(r);
  uint64_t extra = (r.opd2_const ? 0 : 1) + (r.res_add ? 1 : 0);
  return rows * ceilDiv(r.res0_w, perLine) * channelPasses(r) * (inner + extra);
}

uint64_t mm2Cycles(const Registers &r) {
  uint64_t inner = r.tsk_eu_typ == codec::Mm2Function::Nn ? r.opd1_c : r.opd1_w;
  uint64_t rowPasses = ceilDiv(r.res0_c, kLanes);
  constexpr uint32_t kF32 = 2;
  if (r.opd0_prec == kF32)
    return rowPasses * inner * ceilDiv(r.res0_w, 16);
  uint64_t cube = kLineBits / elementBits(r.opd0_prec);
  return rowPasses * ceilDiv(inner, cube) * ceilDiv(r.res0_w, 4);
}

uint64_t sfuCycles(const Registers &r) {
  uint64_t lines = pass(r, widerBits(r.res0_prec, r.opd0_prec));
  switch (r.tsk_eu_typ) {
  case codec::SfuFunction::Taylor4x:
  case codec::SfuFunction::Taylor:
    return lines * r.opd1_n;
  case codec::SfuFunction::Rsqrt:
    return lines * 30;
  default:
    return lines;
  }
}

uint64_t requantCycles(const Registers &r) {
  uint64_t total = pass(r, widerBits(r.res0_prec, r.opd0_prec));
  bool sameBank = ((r.opd0_addr >> 14) & 15) == ((r.res0_addr >> 14) & 15);
  return sameBank ? 2 * total : total;
}

uint64_t transposeCycles(const Registers &r) {
  uint64_t lines = r.res0_n * linesOfPlane(r, elementBits(r.res0_prec));
  switch (r.tsk_eu_typ) {
  case codec::TransBcFunction::LBc:
    return lines * (r.opd0_addr == r.res0_addr ? 2 : 1);
  case codec::TransBcFunction::LCopy:
    return lines * r.res0_c * channelPasses(r);
  case codec::TransBcFunction::SBc:
    return lines;
  default:
    return 1;
  }
}

uint64_t gatherCycles(const Registers &r) {
  uint32_t function = r.tsk_eu_typ;
  bool scatters = function == codec::SgFunction::PlScatterD1coor ||
                  function == codec::SgFunction::PlScatterD2coor ||
                  function == codec::SgFunction::PeSScatterD1coor ||
                  function == codec::SgFunction::PeSScatterPpD1coor ||
                  function == codec::SgFunction::PlScatterPerw ||
                  function == codec::SgFunction::PeSScatterHzd ||
                  function == codec::SglFunction::PeSScatterLine;
  bool hazardSafe = function >= codec::SgFunction::PeSGatherHzd &&
                    function <= codec::SgFunction::PeSNonzeroHzd;
  uint64_t blocks = r.res0_n * channelPasses(r);
  uint64_t count = scatters ? r.opd1_w : uint64_t(r.res0_w) * r.res0_h;
  if (hazardSafe)
    return std::max<uint64_t>(1, blocks * count * 3 / 2);
  return blocks * count;
}

} // namespace

uint64_t tpuc::timing::detail::tiuCycles(Layout layout, const Registers &r,
                                         const TimingParameters &parameters) {
  constexpr uint64_t kUnknownBits = 32;
  switch (layout) {
  case Layout::Ar:
  case Layout::SAr:
    return arCycles(r);
  case Layout::Conv:
  case Layout::SConv:
    return convCycles(r, parameters);
  case Layout::Pord:
  case Layout::SPord:
    return pordCycles(r);
  case Layout::Mm:
  case Layout::SMm:
    return mmCycles(r);
  case Layout::Mm2:
  case Layout::SMm2:
    return mm2Cycles(r);
  case Layout::Cmp:
  case Layout::SCmp:
    return 2 * pass(r, widerBits(r.opd0_prec, r.opd2_prec));
  case Layout::Sfu:
  case Layout::SSfu:
    return sfuCycles(r);
  case Layout::Lin:
  case Layout::SLin:
    return pass(r, elementBits(r.res0_prec));
  case Layout::RqDq:
  case Layout::SRqDq:
    return requantCycles(r);
  case Layout::TransBc:
  case Layout::STransBc:
    return transposeCycles(r);
  case Layout::Sg:
  case Layout::SSg:
  case Layout::Sgl:
  case Layout::SSgl:
    return gatherCycles(r);
  case Layout::Sysid:
    return 0;
  default:
    return pass(r, kUnknownBits);
  }
}
