//===- Compare.cpp - Fused comparison and selection -----------------------===//
//
// CMP compares operands 0 and 1 and selects from 2 and 3 (and, in two
// functions, from 0 and 1 as well). Selected values keep their bits.
//
//===----------------------------------------------------------------------===//

#include "ArOperands.h"
#include "Formats.h"

using namespace tpuc::sim;

namespace { /// The greater or smaller of two floats is never a denormal; f16
            /// keeps its own.
void flushDenormals(Precision precision, int64_t *bits, size_t count) {
  int64_t exponent, sign;
  if (precision == Precision::F32) {
    exponent = 0x7f800000;
    sign = 0x80000000;
  } else if (precision == Precision::BF16) {
    exponent = 0x7f80;
    sign = 0x8000;
  } else {
    return;
  }
  for (size_t i = 0; i < count; ++i)
    bits[i] = bits[i] & exponent ? bits[i] : bits[i] & sign;
}

/// `x` and `y` are the bits of the operands: equal means equal bits, so that a
/// NaN equals itself and the two zeros differ. Less is neither equal nor not
/// less.
template <typename T>
void compare(uint32_t function, const T *a, const T *b, const int64_t *x,
             const int64_t *y, uint8_t *mask, size_t count) {
  switch (function) {
  case codec::CmpFunction::GtAndSel:
  case codec::CmpFunction::SelGt:
    for (size_t i = 0; i < count; ++i)
      mask[i] = a[i] > b[i];
    return;
  case codec::CmpFunction::SelEq:
    for (size_t i = 0; i < count; ++i)
      mask[i] = x[i] == y[i];
    return;
  default:
    for (size_t i = 0; i < count; ++i)
      mask[i] = x[i] != y[i] && !(a[i] >= b[i]);
  }
}

} // namespace

Status tpuc::sim::executeCompare(Machine &machine, const Registers &r) {
  if (r.tsk_eu_typ < codec::CmpFunction::GtAndSel ||
      r.tsk_eu_typ > codec::CmpFunction::SelLt)
    return Status::error("function " + std::to_string(r.tsk_eu_typ) +
                         " is not defined for CMP");
  Precision compared, selected;
  TPUC_RETURN_IF_FAILED(precisionOf(r.opd0_prec, "operand 0", compared));
  TPUC_RETURN_IF_FAILED(precisionOf(r.opd2_prec, "operand 2", selected));
  bool two = r.tsk_eu_typ == codec::CmpFunction::GtAndSel ||
             r.tsk_eu_typ == codec::CmpFunction::LtAndSel;
  Shape shape = resultShape(r);
  struct Operand {
    const char *name;
    uint32_t address, constant, layout;
    Precision precision;
    View view;
  };
  std::array<Operand, 4> operands = {
      {{"operand 0", r.opd0_addr, r.opd0_const, r.opd0_str, compared, {}},
       {"operand 1", r.opd1_addr, r.opd1_const, r.opd1_str, compared, {}},
       {"operand 2", r.opd2_addr, r.opd2_const, 0, selected, {}},
       {"operand 3", r.opd3_addr, r.opd3_const, 0, selected, {}}}};
  View results[2];
  bool ordered = false;
  TPUC_RETURN_IF_FAILED(makeView(machine, "the result", r.res0_addr,
                                 elementBytes(two ? compared : selected), shape,
                                 TensorLayout::EuAligned, results[0]));
  if (two)
    TPUC_RETURN_IF_FAILED(makeView(machine, "the second result", r.res1_addr,
                                   elementBytes(selected), shape,
                                   TensorLayout::EuAligned, results[1]));
  for (Operand &operand : operands) {
    if (operand.constant)
      continue;
    if (operand.layout == 3 || operand.layout > 3)
      return Status::error(std::string("layout code ") +
                           std::to_string(operand.layout) + " of " +
                           operand.name + " is not supported");
    TPUC_RETURN_IF_FAILED(operandView(machine, operand.name, operand.address,
                                      elementBytes(operand.precision), shape,
                                      operand.layout, {}, operand.view));
    ordered |= overlapUnequally(results[0], operand.view);
    if (two)
      ordered |= overlapUnequally(results[1], operand.view);
  }
  const Kernels &k = kernelsOf(machine);
  bool floats = isFloat(compared), isSigned = r.opd0_sign;
  auto memory = [&](unsigned i) -> const View * {
    return operands[i].constant ? nullptr : &operands[i].view;
  };
  RowLoop<6> loop(shape, {&results[0], two ? &results[1] : nullptr, memory(0),
                          memory(1), memory(2), memory(3)});
  auto bitsLoader = [&](Precision precision) {
    return k.loadUnsigned[sizeIndex(elementBytes(precision))];
  };
  auto bitsStorer = [&](Precision precision) {
    return k.storeInt[sizeIndex(elementBytes(precision))];
  };

  forEachChannel(machine, shape, ordered, 4, [&](uint64_t channel) {
    alignas(64) float floatValues[2][kChunk];
    alignas(64) int64_t values[4][kChunk];
    alignas(64) int64_t chosen[kChunk];
    uint8_t mask[kChunk];
    auto load = [&](unsigned i, const uint8_t *at, ptrdiff_t stride,
                    size_t count) {
      const Operand &operand = operands[i];
      bool asFloat = i < 2 && floats;
      if (asFloat) {
        if (operand.constant)
          std::fill(floatValues[i], floatValues[i] + count,
                    constantAsFloat(operand.address, compared));
        else
          floatLoader(k, compared)(at, stride, count, floatValues[i]);
      }
      bool signedBits = i < 2 && !floats && isSigned;
      if (operand.constant)
        std::fill(
            values[i], values[i] + count,
            constantAsInt(operand.address, operand.precision, signedBits));
      else if (signedBits)
        intLoader(k, compared, true)(at, stride, count, values[i]);
      else
        bitsLoader(operand.precision)(at, stride, count, values[i]);
    };
    auto choose = [&](unsigned first, size_t count) {
      for (size_t i = 0; i < count; ++i)
        chosen[i] = mask[i] ? values[first][i] : values[first + 1][i];
    };
    auto base = [&](unsigned i) -> uint8_t * {
      return operands[i].constant ? nullptr : operands[i].view.channel(channel);
    };
    loop.forEach(
        {results[0].channel(channel),
         two ? results[1].channel(channel) : nullptr, base(0), base(1), base(2),
         base(3)},
        [&](std::array<uint8_t *, 6> at) {
          for (size_t done = 0; done < loop.count(); done += kChunk) {
            size_t count = std::min<size_t>(kChunk, loop.count() - done);
            for (unsigned i = 0; i < 4; ++i)
              load(i, at[2 + i], loop.stride(2 + i), count);
            if (floats)
              compare(r.tsk_eu_typ, floatValues[0], floatValues[1], values[0],
                      values[1], mask, count);
            else
              compare(r.tsk_eu_typ, values[0], values[1], values[0], values[1],
                      mask, count);
            if (two) {
              choose(0, count);
              flushDenormals(compared, chosen, count);
              bitsStorer(compared)(at[0], loop.stride(0), count, chosen);
            }
            choose(2, count);
            bitsStorer(selected)(at[two], loop.stride(two), count, chosen);
            for (unsigned i = 0; i < 6; ++i)
              at[i] += loop.stride(i) * ptrdiff_t(count);
          }
        });
  });
  return Status();
}
