//===- AccessTiu.cpp - Memory that TIU commands touch ---------------------===//
//
// The tensors of each TIU command: shapes from the registers, layouts as the
// unit implies them. Operands that a function does not use are not counted,
// whatever their address fields hold.
//
//===----------------------------------------------------------------------===//

#include "AccessInternal.h"

using namespace tpuc;
using namespace tpuc::target;
using namespace tpuc::target::detail;
using codec::Layout;
using codec::Registers;

namespace {

constexpr auto Read = Collector::Read;
constexpr auto Write = Collector::Write;

/// Codes of the `*_str` fields.
enum Str : uint32_t { kAligned = 0, kCompact = 1, kPerChannel = 2, kFree = 3 };
constexpr uint32_t kTablePerLane = 4;

uint64_t laneOf(uint64_t address) { return address / kLaneBytes % kLanes; }

/// Fails for element types that have no whole number of bytes.
uint64_t bytesOf(Collector &out, const char *operand, uint32_t precision) {
  uint64_t bytes = elementBytes(precision);
  if (bytes == 0)
    out.fail(std::string(operand) + " has precision code " +
             std::to_string(precision) + ", whose size is not known");
  return std::max<uint64_t>(bytes, 1);
}

void aligned(Collector &out, Collector::Direction direction, const char *name,
             uint32_t address, const Shape &shape, uint32_t precision) {
  uint64_t bytes = bytesOf(out, name, precision);
  out.local(direction, name, address, shape,
            euAligned(shape, laneOf(address), bytes), bytes);
}

void packed(Collector &out, Collector::Direction direction, const char *name,
            uint32_t address, const Shape &shape, uint32_t precision) {
  uint64_t bytes = bytesOf(out, name, precision);
  out.local(direction, name, address, shape, compact(shape, laneOf(address)),
            bytes);
}

void lines(Collector &out, Collector::Direction direction, const char *name,
           uint32_t address, const Shape &shape, uint32_t precision) {
  uint64_t bytes = bytesOf(out, name, precision);
  out.local(direction, name, address, shape,
            lineAligned(shape, laneOf(address), bytes), bytes);
}

/// A tensor whose layout its `*_str` field chooses.
void chosen(Collector &out, Collector::Direction direction, const char *name,
            uint32_t address, Shape shape, uint32_t precision, uint32_t str,
            const Strides &strides) {
  switch (str) {
  case kAligned:
    return aligned(out, direction, name, address, shape, precision);
  case kCompact:
    return packed(out, direction, name, address, shape, precision);
  case kPerChannel:
    return packed(out, direction, name, address, {1, shape.c, 1, 1}, precision);
  case kFree:
    return out.local(direction, name, address, shape, strides,
                     bytesOf(out, name, precision));
  default:
    out.fail(std::string(name) + " has unknown layout code " +
             std::to_string(str));
  }
}

Shape resultShape(const Registers &r) {
  return {r.res0_n, r.res0_c, r.res0_h, r.res0_w};
}

//===----------------------------------------------------------------------===//
// Element-wise commands
//===----------------------------------------------------------------------===//

void collectAr(const Registers &r, Collector &out) {
  Shape shape = resultShape(r);
  Strides result = {r.res0_n_str, r.res0_c_str, r.res0_h_str, r.res0_w_str};
  bool makesIndex = r.tsk_eu_typ == codec::ArFunction::EuIdxGen ||
                    r.tsk_eu_typ == codec::ArFunction::NpuIdxGen;
  unsigned operands = makesIndex ? 0 : r.tsk_opd_num;
  if (operands >= 1 && !r.opd0_const) {
    Shape source = shape;
    if (r.tsk_eu_typ == codec::ArFunction::CopyMb)
      source.n = 1;
    chosen(out, Read, "operand 0", r.opd0_addr, source, r.opd0_prec, r.opd0_str,
           {r.opd0_n_str, r.opd0_c_str, r.opd0_h_str, r.opd0_w_str});
  }
  if (operands >= 2 && !r.opd1_const)
    chosen(out, Read, "operand 1", r.opd1_addr, shape, r.opd1_prec, r.opd1_str,
           {r.opd1_n_str, r.opd1_c_str, r.opd1_h_str, r.opd1_w_str});
  if (operands >= 3 && !r.opd2_const)
    packed(out, Read, "operand 2", r.opd2_addr, {1, shape.c, 1, 1},
           r.opd2_prec);
  if (r.tsk_eu_typ == codec::ArFunction::Mac)
    chosen(out, Read, "accumulator", r.res0_addr, shape, r.res0_prec,
           r.res0_str, result);
  chosen(out, Write, "result", r.res0_addr, shape, r.res0_prec, r.res0_str,
         result);
}

void collectCmp(const Registers &r, Collector &out) {
  Shape shape = resultShape(r);
  bool selectsBoth = r.tsk_eu_typ == codec::CmpFunction::GtAndSel ||
                     r.tsk_eu_typ == codec::CmpFunction::LtAndSel;
  auto operand = [&](const char *name, uint32_t isConst, uint32_t address,
                     uint32_t precision, uint32_t str) {
    if (!isConst)
      chosen(out, Read, name, address, shape, precision, str, {});
  };
  if ((!r.opd0_const && r.opd0_str == kFree) ||
      (!r.opd1_const && r.opd1_str == kFree)) {
    out.fail("a compare operand has free strides");
    return;
  }
  operand("operand 0", r.opd0_const, r.opd0_addr, r.opd0_prec, r.opd0_str);
  operand("operand 1", r.opd1_const, r.opd1_addr, r.opd0_prec, r.opd1_str);
  operand("operand 2", r.opd2_const, r.opd2_addr, r.opd2_prec, kAligned);
  operand("operand 3", r.opd3_const, r.opd3_addr, r.opd2_prec, kAligned);
  aligned(out, Write, "result", r.res0_addr, shape,
          selectsBoth ? r.opd0_prec : r.opd2_prec);
  if (selectsBoth)
    aligned(out, Write, "second result", r.res1_addr, shape, r.opd2_prec);
}

void collectSfu(const Registers &r, Collector &out) {
  Shape shape = resultShape(r);
  aligned(out, Read, "operand 0", r.opd0_addr, shape, r.opd0_prec);
  if (r.tsk_eu_typ == codec::SfuFunction::Taylor4x ||
      r.tsk_eu_typ == codec::SfuFunction::Taylor)
    // The coefficients lie at the same offset in every lane.
    out.lanes(Read, "coefficients", r.opd1_addr % kLaneBytes,
              r.opd1_n * bytesOf(out, "coefficients", r.opd0_prec), kAllLanes);
  aligned(out, Write, "result", r.res0_addr, shape, r.res0_prec);
}

void collectLin(const Registers &r, Collector &out) {
  Shape shape = resultShape(r), channel = {1, shape.c, 1, 1};
  aligned(out, Read, "operand 0", r.opd0_addr, shape, r.res0_prec);
  if (!r.opd1_const)
    packed(out, Read, "operand 1", r.opd1_addr, channel, r.res0_prec);
  if (r.tsk_eu_typ == codec::LinFunction::Mac && !r.opd2_const)
    packed(out, Read, "operand 2", r.opd2_addr, channel, r.res0_prec);
  aligned(out, Write, "result", r.res0_addr, shape, r.res0_prec);
}

void collectRqDq(const Registers &r, Collector &out) {
  constexpr uint32_t kWord = 2; // f32 stands for any 32-bit word
  Shape shape = resultShape(r);
  if (r.tsk_eu_typ == codec::RqDqFunction::Rq2 ||
      r.tsk_eu_typ == codec::RqDqFunction::Dq2) {
    out.fail("the parameters of this function are not known");
    return;
  }
  aligned(out, Read, "operand 0", r.opd0_addr, shape, r.opd0_prec);
  if (!r.opd1_const)
    aligned(out, Read, "parameters", r.opd1_addr, {1, shape.c, 1, 3}, kWord);
  aligned(out, Write, "result", r.res0_addr, shape, r.res0_prec);
}

//===----------------------------------------------------------------------===//
// Matrices and convolutions
//===----------------------------------------------------------------------===//

void collectConv(const Registers &r, Collector &out) {
  constexpr uint32_t kI8 = 0, kF32 = 2, kI16 = 3;
  Shape result = resultShape(r);
  Shape input = {r.res0_n, r.opd0_c, r.opd0_h, r.opd0_w};
  chosen(out, Read, "operand 0", r.opd0_addr, input, r.opd0_prec, r.opd0_str,
         {r.opd0_n_str, r.opd0_c_str, r.opd0_h_str, r.opd0_w_str});
  bool isInt = r.opd0_prec == kI8;
  if (!r.opd1_const) {
    // Input channels are padded to what the unit multiplies at once.
    uint64_t cube = isInt ? 64 : r.opd0_prec == kF32 ? 1 : 32;
    uint64_t perChannel =
        alignTo(r.opd0_c, cube) * uint64_t(r.opd1_h) * r.opd1_w;
    packed(out, Read, "weights", r.opd1_addr, {1, result.c, 1, perChannel},
           r.opd0_prec);
  }
  bool requantises = r.tsk_eu_typ != codec::ConvFunction::Normal;
  if (!r.opd2_const) {
    // Bias of the result's channels, or the kernel's zero point of each input
    // channel.
    uint64_t channels = isInt && !requantises ? uint64_t(r.opd0_c) : result.c;
    packed(out, Read, "operand 2", r.opd2_addr, {1, channels, 1, 1},
           requantises ? kI16
           : isInt     ? kI8
                       : kF32);
  }
  if (!r.opd3_const)
    packed(out, Read, "operand 3", r.opd3_addr,
           {1, requantises ? result.c : uint64_t(r.opd0_c), 1, 1}, r.opd0_prec);
  if (r.res_add)
    aligned(out, Read, "accumulator", r.res0_addr, result, r.res0_prec);
  aligned(out, Write, "result", r.res0_addr, result, r.res0_prec);
}

void collectPord(const Registers &r, Collector &out) {
  constexpr uint32_t kI8 = 0, kI32 = 4;
  Shape result = resultShape(r), channel = {1, result.c, 1, 1};
  uint32_t function = r.tsk_eu_typ;
  if (function > codec::PordFunction::Maxpooling) {
    out.fail("the regions of an ROI function are not known");
    return;
  }
  bool isDepthwise = function == codec::PordFunction::Depthwise ||
                     function == codec::PordFunction::Depthwiserelu;
  aligned(out, Read, "operand 0", r.opd0_addr,
          {result.n, result.c, r.opd0_h, r.opd0_w}, r.opd0_prec);
  if (function != codec::PordFunction::Maxpooling && !r.opd1_const)
    packed(out, Read, "weights", r.opd1_addr, {1, result.c, r.opd1_h, r.opd1_w},
           r.opd0_prec);
  if (isDepthwise && !r.opd2_const)
    packed(out, Read, "bias", r.opd2_addr, channel,
           r.opd0_prec == kI8 ? kI32 : r.opd0_prec);
  if (!r.opd3_const)
    packed(out, Read, "padding", r.opd3_addr, channel, r.opd0_prec);
  aligned(out, Write, "result", r.res0_addr, result, r.res0_prec);
}

void collectMm(const Registers &r, Collector &out) {
  // Rows lie along n, blocks of columns across the lanes.
  uint64_t leftColumns =
      r.opd0_c == 0 ? 0 : (r.opd0_c - 1) * uint64_t(r.opd0_w) + r.opd1_w;
  uint64_t rows = r.left_tran ? leftColumns : r.opd0_n;
  uint64_t depth = r.left_tran ? r.opd0_n : leftColumns;
  Shape result = {rows, r.res0_c, 1, r.res0_w};
  if (!r.opd0_const)
    aligned(out, Read, "operand 0", r.opd0_addr,
            {r.opd0_n, r.opd0_c, 1, r.opd0_w}, r.opd0_prec);
  aligned(out, Read, "operand 1", r.opd1_addr, {depth, r.res0_c, 1, r.res0_w},
          r.opd0_prec);
  if (!r.opd2_const)
    aligned(out, Read, "bias", r.opd2_addr, {1, r.res0_c, 1, r.res0_w},
            r.res0_prec);
  if (r.res_add)
    aligned(out, Read, "accumulator", r.res0_addr, result, r.res0_prec);
  aligned(out, Write, "result", r.res0_addr, result, r.res0_prec);
}

void collectMm2(const Registers &r, Collector &out) {
  constexpr uint32_t kI8 = 0;
  uint64_t rows = r.res0_c, columns = r.res0_w;
  Shape left = {1, rows, 1, r.opd1_c};
  if (r.tsk_eu_typ == codec::Mm2Function::Nt)
    left.w = r.opd1_w;
  if (r.tsk_eu_typ == codec::Mm2Function::Tt)
    left = {1, r.opd1_w, 1, columns};
  if (!r.opd0_const)
    aligned(out, Read, "operand 0", r.opd0_addr, left, r.opd0_prec);
  if (!r.opd1_const)
    aligned(out, Read, "operand 1", r.opd1_addr, {1, r.opd1_c, 1, r.opd1_w},
            r.opd0_prec);
  // Only integer products have a zero point.
  if (r.opd0_prec == kI8 && !r.opd2_const) {
    if (r.tsk_eu_typ == codec::Mm2Function::Tt)
      packed(out, Read, "zero point", r.opd2_addr, {1, rows, 1, 1}, kI8);
    else
      aligned(out, Read, "zero point", r.opd2_addr, {1, kLanes, 1, columns},
              kI8);
  }
  Shape result = {1, rows, 1, columns};
  if (r.res_add)
    aligned(out, Read, "accumulator", r.res0_addr, result, r.res0_prec);
  aligned(out, Write, "result", r.res0_addr, result, r.res0_prec);
}

//===----------------------------------------------------------------------===//
// Moves inside local memory
//===----------------------------------------------------------------------===//

void collectTransBc(const Registers &r, Collector &out) {
  Shape result = resultShape(r);
  uint64_t bytes = bytesOf(out, "result", r.res0_prec);
  if (r.tsk_eu_typ == codec::TransBcFunction::SBc)
    out.linear(Read, "operand 0", r.opd0_addr,
               result.n * result.h * result.w * bytes);
  else if (r.tsk_eu_typ == codec::TransBcFunction::SDistribute)
    // Elements narrower than a word may still lie a word apart.
    out.linear(Read, "operand 0", r.opd0_addr,
               result.n * result.c * result.h * result.w * 4);
  else
    aligned(out, Read, "operand 0", r.opd0_addr,
            {result.n, r.opd0_c, result.h, r.opd0_w}, r.res0_prec);
  if (r.tsk_eu_typ == codec::TransBcFunction::CwTs)
    lines(out, Write, "result", r.res0_addr, result, r.res0_prec);
  else if (r.tsk_eu_typ == codec::TransBcFunction::SDistribute)
    packed(out, Write, "result", r.res0_addr, result, r.res0_prec);
  else
    aligned(out, Write, "result", r.res0_addr, result, r.res0_prec);
}

void collectSg(const Registers &r, Collector &out) {
  constexpr uint32_t kI16 = 3;
  Shape result = resultShape(r);
  Shape data = {1, result.c, r.opd0_h, r.opd0_w};
  Shape index = {result.n, r.opd1_c, 1, r.opd1_w};
  bool packsResult = false, sharesIndex = false;
  switch (r.tsk_eu_typ) {
  case codec::SgFunction::PlGatherD1coor: // one index list for all channels
  case codec::SgFunction::PlScatterD1coor:
    data.n = result.n;
    index.n = 1;
    sharesIndex = true;
    break;
  case codec::SgFunction::PeSGatherD1coor: // an index list for each channel
  case codec::SgFunction::PeSScatterD1coor:
  case codec::SgFunction::PeSGatherHzd:
  case codec::SgFunction::PeSScatterHzd:
    break;
  case codec::SgFunction::PeSMaskSelect: // select by a mask
  case codec::SgFunction::PeSNonzero:    // indices of what is not zero
  case codec::SgFunction::PeSMaskSelhzd:
  case codec::SgFunction::PeSNonzeroHzd:
    packsResult = true;
    break;
  default:
    out.fail("the operands of function " + std::to_string(r.tsk_eu_typ) +
             " are not known");
    return;
  }
  uint64_t bytes = bytesOf(out, "operand 0", r.opd0_prec);
  if (r.opd0_str == kTablePerLane)
    out.local(
        Read, "operand 0", r.opd0_addr,
        {1, std::min(data.c, kLanes - laneOf(r.opd0_addr)), data.h, data.w},
        {0, 0, data.w, 1}, bytes);
  else
    aligned(out, Read, "operand 0", r.opd0_addr, data, r.opd0_prec);
  if (r.opd0_str == kTablePerLane && data.c > kLanes - laneOf(r.opd0_addr))
    out.lanes(Read, "operand 0", r.opd0_addr % kLaneBytes,
              data.h * data.w * bytes, kAllLanes);
  if (sharesIndex)
    packed(out, Read, "index", r.opd1_addr, index, r.opd1_prec);
  else
    aligned(out, Read, "index", r.opd1_addr, index, r.opd1_prec);
  aligned(out, Write, "result", r.res0_addr, result, r.res0_prec);
  if (packsResult)
    packed(out, Write, "count", r.res1_addr, {result.n, result.c, 1, 1}, kI16);
}

void collectSgl(const Registers &r, Collector &out) {
  Shape result = resultShape(r);
  uint64_t selected = r.tsk_eu_typ == codec::SglFunction::PeSGatherLine
                          ? result.h
                          : uint64_t(r.opd0_h);
  lines(out, Read, "operand 0", r.opd0_addr,
        {result.n, result.c, r.opd0_h, result.w}, r.res0_prec);
  aligned(out, Read, "index", r.opd1_addr, {result.n, result.c, selected, 1},
          r.opd1_prec);
  lines(out, Write, "result", r.res0_addr, result, r.res0_prec);
}

void collectVc(const Registers &r, Collector &out) {
  uint64_t rows =
      r.opd0_c == 0 ? 0 : (r.opd0_c - 1) * uint64_t(r.opd0_w) + r.opd1_w;
  aligned(out, Read, "operand 0", r.opd0_addr, {1, r.opd0_c, 1, r.opd0_w},
          r.opd0_prec);
  aligned(out, Read, "operand 1", r.opd1_addr, {1, r.res0_c, 1, r.res0_w},
          r.opd1_prec);
  if (r.opd2_addr != 0)
    out.fail("operand 2 of an outer operation is not known");
  aligned(out, Write, "result", r.res0_addr, {rows, r.res0_c, 1, r.res0_w},
          r.res0_prec);
}

void collectSysid(const Registers &r, Collector &out) {
  if (r.tsk_eu_typ != codec::SysidFunction::Nop &&
      r.tsk_eu_typ != codec::SysidFunction::End)
    out.fail("what this system command touches is not known");
}

} // namespace

void target::detail::collectTiu(Layout layout, const Registers &r,
                                Collector &out) {
  switch (layout) {
  case Layout::SAr:
  case Layout::Ar:
    return collectAr(r, out);
  case Layout::SConv:
    return collectConv(r, out);
  case Layout::SMm:
    return collectMm(r, out);
  case Layout::SMm2:
    return collectMm2(r, out);
  case Layout::SCmp:
    return collectCmp(r, out);
  case Layout::SSfu:
    return collectSfu(r, out);
  case Layout::SVc:
    return collectVc(r, out);
  case Layout::SLin:
    return collectLin(r, out);
  case Layout::SPord:
    return collectPord(r, out);
  case Layout::SRqDq:
    return collectRqDq(r, out);
  case Layout::SSg:
    return collectSg(r, out);
  case Layout::SSgl:
    return collectSgl(r, out);
  case Layout::STransBc:
    return collectTransBc(r, out);
  case Layout::Sysid:
    return collectSysid(r, out);
  default:
    out.fail("the operands of this long form are not known");
  }
}
