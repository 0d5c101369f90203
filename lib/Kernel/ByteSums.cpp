//===- ByteSums.cpp - From sums of bytes to results -----------------------===//
//
// Emits requantisation and conversion of i32 sums. A convolution of bytes has
// no bias operand, so that results of bytes start from a copy of it and
// accumulate; the other results add it in f32.
//
//===----------------------------------------------------------------------===//

#include "ByteSums.h"
#include "WindowTiles.h"

#include <algorithm>
#include <bit>
#include <cmath>

using namespace tpuc;
using namespace tpuc::kernel;

SumParameters kernel::sumParameters(ElementType result, double factor,
                                    double bias, int64_t zeroPoint,
                                    int64_t inputZero, int64_t sumOfWeights) {
  SumParameters parameters;
  double correction = -double(inputZero) * double(sumOfWeights);
  if (!isByte(result)) {
    parameters.words[0] = std::bit_cast<uint32_t>(float(factor));
    parameters.words[1] =
        std::bit_cast<uint32_t>(float(bias + correction * factor));
    return parameters;
  }
  Multiplier multiplier = encodeMultiplier(factor);
  double sum = std::round(factor == 0 ? 0.0 : bias / factor) + correction;
  constexpr double kLimit = 2147483647.0;
  int32_t start = int32_t(std::clamp(sum, -kLimit, kLimit));
  parameters.words[0] = uint32_t(multiplier.mantissa);
  parameters.words[1] = uint32_t(int32_t(multiplier.shift));
  parameters.words[2] = uint32_t(int32_t(zeroPoint));
  parameters.words[3] = uint32_t(start);
  return parameters;
}

static LocalTensor sumsOf(const LocalTensor &block, uint32_t address) {
  return alignedTensor(address, block.shape, ElementType::I32);
}

static int64_t sumsBytes(const LocalTensor &block) {
  return arch::alignUp(sumsOf(block, 0).laneBytes(), arch::kVectorBytes);
}

int64_t ByteSums::scratchBytes(const LocalTensor &block) {
  // Requantisation is half as fast within a bank: room to move to another.
  int64_t second = isByte(block.type) ? arch::kBankBytes : sumsBytes(block);
  return arch::kVectorBytes + sumsBytes(block) + second;
}

ByteSums::ByteSums(const LocalTensor &block, const Activation &activation,
                   uint32_t scratch)
    : activation(activation), table(scratch),
      first(uint32_t(scratch + arch::kVectorBytes)),
      second(uint32_t(first + sumsBytes(block))) {}

LocalTensor ByteSums::begin(CommandBuilder &builder, const LocalTensor &result,
                            uint32_t parameters) {
  auto bank = [](uint32_t address) {
    return address % arch::kLaneBytes / arch::kBankBytes;
  };
  uint32_t address = first;
  if (isByte(result.type) && bank(address) == bank(result.address))
    address += uint32_t(arch::kBankBytes);
  sums = sumsOf(result, address);
  if (isByte(result.type)) {
    constexpr uint32_t kBiasOffset = 12;
    LocalTensor bias{parameters + kBiasOffset,
                     ElementType::I32,
                     {1, result.shape[C], 1, 1},
                     {0, 1, 0, 0}};
    builder.copy(sums, bias);
  }
  return sums;
}

void ByteSums::finish(CommandBuilder &builder, const LocalTensor &result,
                      uint32_t parameters) {
  int64_t channels = result.shape[C];
  if (isByte(result.type)) {
    // The command wants each channel's words in a vector of their own.
    LocalTensor words{
        parameters, ElementType::I32, {1, channels, 1, 3}, {4, 4, 4, 1}};
    LocalTensor slots =
        alignedTensor(table, {1, channels, 1, 3}, ElementType::I32);
    builder.copy(slots, words);
    builder.requantizeChannels(result, sums, table);
    return;
  }
  LocalTensor floats = sums.as(ElementType::F32).at(second);
  builder.cast(floats, sums);
  bool isDone =
      result.type == ElementType::F32 && !activationSteps(activation);
  LocalTensor scaled = isDone ? result : floats.at(first);
  auto word = [&](uint32_t index) {
    return compactTensor(parameters + 4 * index, {1, channels, 1, 1},
                         ElementType::F32);
  };
  builder.linear(scaled, floats, word(0), word(1));
  if (!isDone)
    emitFloatResult(builder, activation, result, scaled, second);
}

void kernel::emitFloatResult(CommandBuilder &builder,
                             const Activation &activation,
                             const LocalTensor &result, const LocalTensor &sums,
                             uint32_t other) {
  bool converts = result.type != ElementType::F32;
  unsigned steps = converts + activationSteps(activation);
  LocalTensor source = sums;
  uint32_t buffers[2] = {other, sums.address};
  for (unsigned step = 0; step < steps; ++step) {
    LocalTensor target =
        step + 1 == steps
            ? result
            : alignedTensor(buffers[step % 2], result.shape, result.type);
    unsigned which = step + (converts ? 0 : 1);
    if (which == 0)
      builder.cast(target, source);
    else if (which == 1)
      builder.arith(Arith::Max, target, source, Operand(0.0, result.type));
    else
      builder.arith(Arith::Min, target, source,
                    Operand(activation.limit, result.type));
    source = target;
  }
}
