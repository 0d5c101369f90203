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

Status checkModes(Precision from, Precision to, uint32_t mode) {
  if (mode >= kRoundingModes)
    return Status::error("rounding mode " + std::to_string(mode) +
                         " is not defined");
  constexpr uint32_t kLastDirected = 4;
  bool limited = (isFloat(from) && !isFloat(to)) ||
                 (!isFloat(from) && isHalf(to)) ||
                 (from == Precision::F32 && to == Precision::BF16);
  if (limited && mode > kLastDirected)
    return Status::error(std::string("a cast from ") + name(from) + " to " +
                         name(to) + " takes rounding modes 0 to 4, found " +
                         std::to_string(mode));
  if (isHalf(from) && isHalf(to) && from != to)
    return Status::error("casts between f16 and bf16 are not supported; cast "
                         "to f32 first");
  return Status();
}

/// A float in a half format. A NaN keeps its sign.
uint16_t narrow(float value, Precision to, Rounding mode) {
  uint16_t half =
      to == Precision::F16 ? floatToF16(value, mode) : floatToBf16(value, mode);
  return value != value ? uint16_t(0x7fff | (bitsOf(value) >> 16 & 0x8000))
                        : half;
}

/// An integer in f16 that is too large for it: infinity, but for the modes that
/// stay below.
uint16_t limitF16(uint16_t half, int64_t value, Rounding mode) {
  bool staysBelow = mode == Rounding::TowardZero ||
                    (mode == Rounding::Down && value > 0) ||
                    (mode == Rounding::Up && value < 0);
  bool isInfinity = (half & 0x7fff) == 0x7c00;
  return isInfinity && staysBelow ? uint16_t(half - 1) : half;
}

bool hasNan(const float *values, size_t count) {
  bool found = false;
  for (size_t i = 0; i < count; ++i)
    found |= values[i] != values[i];
  return found;
}

/// f32 values to a float type; f32 keeps its bits.
void storeFloat(const Kernels &k, Precision to, Rounding mode, uint8_t *memory,
                ptrdiff_t stride, size_t count, const float *values) {
  bool plain = mode == Rounding::NearestEven && !hasNan(values, count);
  if (plain || !isHalf(to))
    return floatStorer(k, to)(memory, stride, count, values);
  int64_t bits[kChunk];
  for (size_t i = 0; i < count; ++i)
    bits[i] = narrow(values[i], to, mode);
  k.storeInt[1](memory, stride, count, bits);
}

/// Rounds to an integral value. A NaN keeps its bits, which `source` holds.
void storeIntegral(const Kernels &k, Precision type, Rounding mode,
                   uint8_t *memory, ptrdiff_t stride, size_t count,
                   float *values, const int64_t *source) {
  bool nan = hasNan(values, count);
  if (mode == Rounding::NearestEven)
    k.roundToEven(values, count);
  else if (mode == Rounding::Down)
    k.roundDown(values, count);
  else
    for (size_t i = 0; i < count; ++i)
      values[i] = roundToIntegral(values[i], mode);
  if (!nan)
    return floatStorer(k, type)(memory, stride, count, values);
  int64_t bits[kChunk];
  for (size_t i = 0; i < count; ++i) {
    bits[i] = type == Precision::F32
                  ? int64_t(bitsOf(values[i]))
                  : int64_t(narrow(values[i], type, Rounding::NearestEven));
    if (values[i] != values[i])
      bits[i] = source[i];
  }
  k.storeInt[sizeIndex(elementBytes(type))](memory, stride, count, bits);
}

/// f16 to f32 keeps the sign of a NaN, which the arithmetic's loads drop.
void restoreNanSigns(float *values, const int64_t *source, size_t count) {
  for (size_t i = 0; i < count; ++i)
    if (values[i] != values[i])
      values[i] = floatOf(0x7fffffff | uint32_t(source[i] & 0x8000) << 16);
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
  auto loadBits = k.loadUnsigned[sizeIndex(elementBytes(from))];
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
          if (!fromFloat || !toFloat || !hasNan(floats, count))
            return;
          if (source.constant)
            std::fill(ints, ints + count,
                      constantAsInt(source.bits, from, false));
          else
            loadBits(memory, stride, count, ints);
          if (from == Precision::F16)
            restoreNanSigns(floats, ints, count);
        };
        auto convert = [&](uint8_t *memory, ptrdiff_t stride, size_t count) {
          if (fromFloat && toFloat) {
            if (from == to)
              storeIntegral(k, to, mode, memory, stride, count, floats, ints);
            else
              storeFloat(k, to, mode, memory, stride, count, floats);
            return;
          }
          if (fromFloat) {
            for (size_t i = 0; i < count; ++i)
              ints[i] = floatToInt(floats[i], mode, range.low, range.high);
          } else if (toFloat) {
            for (size_t i = 0; i < count; ++i)
              floats[i] = intToFloat(ints[i], mode);
            if (to == Precision::F16 && mode != Rounding::NearestEven) {
              for (size_t i = 0; i < count; ++i)
                ints[i] = limitF16(narrow(floats[i], to, mode), ints[i], mode);
              storeInt(memory, stride, count, ints);
            } else {
              storeFloat(k, to, mode, memory, stride, count, floats);
            }
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
