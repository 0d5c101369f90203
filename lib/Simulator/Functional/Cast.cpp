//===- Cast.cpp - Conversions between element types -----------------------===//
//
// The cast function of AR, with its rounding modes. Same-type float casts round
// to an integral value.
//
//===----------------------------------------------------------------------===//

#include "ArOperands.h"
#include "Formats.h"

using namespace tpuc::sim;

namespace {

bool isNarrowFloat(Precision precision) { return isHalf(precision); }

Status checkModes(Precision from, Precision to, uint32_t mode) {
  if (mode >= kRoundingModes)
    return Status::error("rounding mode " + std::to_string(mode) +
                         " is not defined");
  constexpr uint32_t kLastDirected = 4;
  if (isFloat(from) && !isFloat(to) && mode > kLastDirected)
    return Status::error("casts from float to integer take rounding modes 0 "
                         "to 4, found " +
                         std::to_string(mode));
  return Status();
}

uint16_t narrow(float value, Precision to, Rounding mode) {
  return to == Precision::F16 ? floatToF16(value, mode)
                              : floatToBf16(value, mode);
}

/// f32 values to a float type; f32 keeps its bits.
void storeFloat(const Kernels &k, Precision to, Rounding mode, uint8_t *memory,
                ptrdiff_t stride, size_t count, const float *values) {
  if (mode == Rounding::NearestEven || !isNarrowFloat(to))
    return floatStorer(k, to)(memory, stride, count, values);
  int64_t bits[kChunk];
  for (size_t i = 0; i < count; ++i)
    bits[i] = narrow(values[i], to, mode);
  k.storeInt[1](memory, stride, count, bits);
}

} // namespace

Status tpuc::sim::executeCast(Machine &machine, const Registers &r) {
  ArCommand command;
  TPUC_RETURN_IF_FAILED(readArCommand(machine, r, 1, command));
  const ArOperand &source = command.operand[0];
  Precision from = source.precision, to = command.result.precision;
  TPUC_RETURN_IF_FAILED(checkModes(from, to, r.opd2_n_str));
  Rounding mode = Rounding(r.opd2_n_str);
  const Kernels &k = kernelsOf(machine);
  bool fromFloat = isFloat(from), toFloat = isFloat(to);
  IntRange range = toFloat ? IntRange{} : intRange(to, r.opd2_sign);
  Kernels::LoadFloat loadFloat = fromFloat ? floatLoader(k, from) : nullptr;
  Kernels::LoadInt loadInt =
      fromFloat ? nullptr : intLoader(k, from, r.opd0_sign);
  auto storeInt = k.storeInt[sizeIndex(elementBytes(to))];
  RowLoop<2> loop(resultShape(r), {&command.result.view, source.memory()});

  forEachChannel(
      machine, resultShape(r), command.ordered, 2, [&](uint64_t channel) {
        alignas(64) float floats[kChunk];
        alignas(64) int64_t ints[kChunk];
        auto load = [&](const uint8_t *memory, ptrdiff_t stride, size_t count) {
          if (source.constant) {
            if (fromFloat)
              std::fill(floats, floats + count,
                        constantAsFloat(source.bits, from));
            else
              std::fill(ints, ints + count,
                        constantAsInt(source.bits, from, r.opd0_sign));
          } else if (fromFloat) {
            loadFloat(memory, stride, count, floats);
          } else {
            loadInt(memory, stride, count, ints);
          }
        };
        auto convert = [&](uint8_t *memory, ptrdiff_t stride, size_t count) {
          if (fromFloat && toFloat) {
            if (from == to) {
              if (mode == Rounding::NearestEven)
                k.roundToEven(floats, count);
              else if (mode == Rounding::Down)
                k.roundDown(floats, count);
              else
                for (size_t i = 0; i < count; ++i)
                  floats[i] = roundToIntegral(floats[i], mode);
            }
            storeFloat(k, to, from == to ? Rounding::NearestEven : mode, memory,
                       stride, count, floats);
            return;
          }
          if (fromFloat) {
            for (size_t i = 0; i < count; ++i)
              ints[i] = floatToInt(floats[i], mode, range.low, range.high);
          } else if (toFloat) {
            for (size_t i = 0; i < count; ++i)
              floats[i] = intToFloat(ints[i], mode);
            storeFloat(k, to, mode, memory, stride, count, floats);
            return;
          } else {
            for (size_t i = 0; i < count; ++i)
              ints[i] = range.clamp(ints[i]);
          }
          storeInt(memory, stride, count, ints);
        };
        loop.forEach(
            {command.result.channel(channel), source.channel(channel)},
            [&](std::array<uint8_t *, 2> at) {
              for (size_t done = 0; done < loop.count(); done += kChunk) {
                size_t count = std::min<size_t>(kChunk, loop.count() - done);
                load(at[1], loop.stride(1), count);
                convert(at[0], loop.stride(0), count);
                for (unsigned i = 0; i < 2; ++i)
                  at[i] += loop.stride(i) * ptrdiff_t(count);
              }
            });
      });
  return Status();
}
