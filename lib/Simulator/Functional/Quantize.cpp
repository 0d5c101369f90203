//===- Quantize.cpp - Requantisation and dequantisation -------------------===//
//
// RQ and DQ with their parameters as constants or a row a channel.
//
//===----------------------------------------------------------------------===//

#include "ArOperands.h"
#include "Formats.h"

using namespace tpuc::sim;

namespace { /// The parameters of one channel; what each means depends on the
            /// function.
struct Parameters {
  float scale = 0, floatZero = 0;
  int64_t multiplier = 0, shift = 0, zero = 0;
};

/// round(value * 2^shift), within 64 bits.
int64_t scaled(int64_t value, int64_t shift, Rounding mode) {
  if (shift < 0)
    return shiftRightRounded(value, unsigned(-shift), mode);
  // Beyond 32 bits every result type saturates.
  __int128 wide = __int128(value) << std::min<int64_t>(shift, 63);
  constexpr int64_t limit = int64_t(1) << 62;
  return wide > limit ? limit : wide < -limit ? -limit : int64_t(wide);
}

/// A zero point has the sign of what it is subtracted from.
int64_t zeroPoint(const Registers &r, uint32_t bits) {
  return constantAsInt(bits & 0xffff, Precision::I16, r.opd0_sign);
}

Parameters constantParameters(const Registers &r) {
  Parameters p;
  switch (r.tsk_eu_typ) {
  case codec::RqDqFunction::Rq0:
    p.scale = floatOf(r.opd1_addr);
    p.floatZero = floatOf(r.opd2_addr);
    break;
  case codec::RqDqFunction::Rq1:
    p.multiplier = int32_t(r.opd1_addr);
    p.shift = int8_t(r.opd2_addr & 0xff);
    p.zero = int16_t(r.opd2_addr >> 16);
    break;
  case codec::RqDqFunction::Dq0:
    p.zero = zeroPoint(r, r.opd1_addr);
    p.scale = floatOf(r.opd2_addr);
    break;
  default:
    p.zero = zeroPoint(r, r.opd1_addr);
    p.shift = int8_t((r.opd1_addr >> 16) & 0xff);
    p.multiplier = int32_t(r.opd2_addr);
    break;
  }
  return p;
}

/// Words that a channel's parameters take.
unsigned parameterWords(const Registers &r) {
  return r.tsk_eu_typ == codec::RqDqFunction::Rq1 ||
                 r.tsk_eu_typ == codec::RqDqFunction::Dq1
             ? 3
             : 2;
}

Parameters channelParameters(const Registers &r, const uint8_t *row) {
  uint32_t words[3] = {};
  std::copy(row, row + 4 * parameterWords(r),
            reinterpret_cast<uint8_t *>(words));
  Parameters p;
  switch (r.tsk_eu_typ) {
  case codec::RqDqFunction::Rq0:
    p.scale = floatOf(words[0]);
    p.floatZero = floatOf(words[1]);
    break;
  case codec::RqDqFunction::Rq1:
    p.multiplier = int32_t(words[0]);
    p.shift = int8_t(words[1] & 0xff);
    p.zero = int16_t(words[2]);
    break;
  case codec::RqDqFunction::Dq1:
    p.zero = zeroPoint(r, words[0]);
    p.multiplier = int32_t(words[1]);
    p.shift = int8_t(words[2] & 0xff);
    break;
  default:
    p.zero = int16_t(words[0]);
    p.scale = floatOf(words[1]);
    break;
  }
  return p;
}

} // namespace

Status tpuc::sim::executeRequantize(Machine &machine, const Registers &r) {
  Precision input, output;
  TPUC_RETURN_IF_FAILED(precisionOf(r.opd0_prec, "operand 0", input));
  TPUC_RETURN_IF_FAILED(precisionOf(r.res0_prec, "the result", output));
  uint32_t function = r.tsk_eu_typ;
  bool narrowOutput = output == Precision::I8 || output == Precision::I16;
  bool narrowInput = input == Precision::I8 || input == Precision::I16;
  bool fits = false;
  switch (function) {
  case codec::RqDqFunction::Rq0:
    fits = input == Precision::I32 && narrowOutput;
    break;
  case codec::RqDqFunction::Rq1:
    fits = (input == Precision::I32 || input == Precision::I16) && narrowOutput;
    break;
  case codec::RqDqFunction::Dq0:
    fits = narrowInput && output == Precision::F32;
    break;
  case codec::RqDqFunction::Dq1:
    fits = narrowInput && !isFloat(output);
    break;
  default:
    return Status::error("function " + std::to_string(function) +
                         " of RQ and DQ is not supported");
  }
  if (!fits)
    return Status::error(std::string("the function is not supported from ") +
                         name(input) + " to " + name(output));
  // rq0 has two modes: of the conversion to f32 and of the final rounding.
  uint32_t low = r.opd2_n_str & 7, high = (r.opd2_n_str >> 3) & 7;
  constexpr uint32_t kLastDirected = 4;
  if (low >= kRoundingModes ||
      (function == codec::RqDqFunction::Rq0 && high > kLastDirected))
    return Status::error("rounding mode " + std::to_string(r.opd2_n_str) +
                         " is not defined");
  Shape shape = resultShape(r);
  View x, result, parameters;
  TPUC_RETURN_IF_FAILED(makeView(machine, "operand 0", r.opd0_addr,
                                 elementBytes(input), shape,
                                 TensorLayout::EuAligned, x));
  TPUC_RETURN_IF_FAILED(makeView(machine, "the result", r.res0_addr,
                                 elementBytes(output), shape,
                                 TensorLayout::EuAligned, result));
  if (!r.opd1_const)
    TPUC_RETURN_IF_FAILED(makeView(machine, "the parameters", r.opd1_addr, 4,
                                   {1, shape.c, 1, uint64_t(parameterWords(r))},
                                   TensorLayout::EuAligned, parameters));

  const Kernels &k = kernelsOf(machine);
  // 32-bit operands are signed, whatever their sign bit says.
  auto load = intLoader(k, input, r.opd0_sign || input == Precision::I32);
  auto store = k.storeInt[sizeIndex(elementBytes(output))];
  IntRange range =
      isFloat(output)
          ? IntRange{}
          : intRange(output, r.opd2_sign || output == Precision::I32);
  Parameters constants = constantParameters(r);
  RowLoop<2> loop(shape, {&result, &x});
  bool ordered = overlapUnequally(result, x);
  forEachChannel(machine, shape, ordered, 4, [&](uint64_t channel) {
    Parameters p = r.opd1_const
                       ? constants
                       : channelParameters(r, parameters.channel(channel));
    alignas(64) int64_t values[kChunk];
    alignas(64) float floats[kChunk];
    auto row = [&](std::array<uint8_t *, 2> at) {
      for (size_t done = 0; done < loop.count(); done += kChunk) {
        size_t count = std::min<size_t>(kChunk, loop.count() - done);
        load(at[1], loop.stride(1), count, values);
        switch (function) {
        case codec::RqDqFunction::Rq0:
          for (size_t i = 0; i < count; ++i) {
            float y = intToFloat(values[i], Rounding(low)) * p.scale;
            values[i] = floatToInt(y + p.floatZero, Rounding(high), range.low,
                                   range.high);
          }
          break;
        case codec::RqDqFunction::Rq1:
          for (size_t i = 0; i < count; ++i)
            values[i] = range.clamp(
                scaled(values[i] * p.multiplier, p.shift, Rounding(low)) +
                p.zero);
          break;
        case codec::RqDqFunction::Dq0:
          for (size_t i = 0; i < count; ++i)
            floats[i] = float(int32_t(values[i] - p.zero)) * p.scale;
          k.storeF32(at[0], loop.stride(0), count, floats);
          break;
        default:
          for (size_t i = 0; i < count; ++i)
            values[i] = range.clamp(scaled((values[i] - p.zero) * p.multiplier,
                                           p.shift, Rounding(low)));
        }
        if (function != codec::RqDqFunction::Dq0)
          store(at[0], loop.stride(0), count, values);
        for (unsigned i = 0; i < 2; ++i)
          at[i] += loop.stride(i) * ptrdiff_t(count);
      }
    };
    loop.forEach({result.channel(channel), x.channel(channel)}, row);
  });
  return Status();
}
