//===- RequantEpilogue.cpp - Requantisation of INT8 sums ------------------===//
//
// Emits requantisation and conversion of i32 sums. An INT8 convolution has
// no bias operand: the requantisation in f32 adds it with the zero point.
//
//===----------------------------------------------------------------------===//

#include "RequantEpilogue.h"
#include "Support/IntMath.h"
#include "WindowTiles.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::kernel;

SumParameters kernel::sumParameters(double factor, double bias,
                                    int64_t zeroPoint, int64_t inputZeroPoint,
                                    int64_t sumOfWeights) {
  double correction = -double(inputZeroPoint) * double(sumOfWeights);
  return {float(factor), float(bias + correction * factor + double(zeroPoint))};
}

static int64_t bankOf(const Arch &arch, uint32_t address) {
  return address % arch.laneBytes / arch.bankBytes;
}

static LocalTensor sumsOf(const LocalTensor &block, uint32_t address) {
  return alignedTensor(*block.arch, address, block.shape, ElementType::I32);
}

static int64_t sumsBytes(const LocalTensor &block) {
  return block.arch->wholeVectors(sumsOf(block, 0).laneBytes());
}

/// What the sums share with the function's buffers: the sums are gone by then.
static int64_t gateBytes(const LocalTensor &block) {
  return std::max(sumsBytes(block),
                  GatedActivation::scratchBytes(*block.arch, block.shape));
}

int64_t RequantEpilogue::scratchBytes(const LocalTensor &block,
                                      const ConvParams &params) {
  const Arch &arch = *block.arch;
  if (params.gate) {
    int64_t operandBytes =
        alignedTensor(arch, 0, block.shape, ElementType::I16).laneBytes();
    return arch.vectorBytes + gateBytes(block) + arch.bankBytes +
           arch.wholeVectors(operandBytes);
  }
  // Requantisation is half as fast within a bank: room to move to another.
  int64_t second = isInt8(block.type) ? arch.bankBytes : sumsBytes(block);
  return arch.vectorBytes + sumsBytes(block) + second;
}

RequantEpilogue::RequantEpilogue(const LocalTensor &block,
                                 const ConvParams &params, uint32_t scratch)
    : activation(params.activation), gate(params.gate), table(scratch),
      first(uint32_t(scratch + block.arch->vectorBytes)),
      second(uint32_t(first + (gate ? gateBytes(block) : sumsBytes(block)))) {
  const Arch &arch = *block.arch;
  if (gate && bankOf(arch, first) == bankOf(arch, second))
    second += uint32_t(arch.bankBytes);
}

LocalTensor RequantEpilogue::begin(const LocalTensor &result) {
  const Arch &arch = *result.arch;
  uint32_t address = first;
  if (!gate && isInt8(result.type) &&
      bankOf(arch, address) == bankOf(arch, result.address))
    address += uint32_t(arch.bankBytes);
  sums = sumsOf(result, address);
  return sums;
}

void RequantEpilogue::finish(CommandBuilder &builder, const LocalTensor &result,
                             uint32_t parameters) {
  const Arch &arch = builder.arch;
  int64_t channels = result.shape[C];
  if (isInt8(result.type)) {
    // The command wants each channel's words in a vector of their own.
    LocalTensor words{
        &arch, parameters, ElementType::F32, {1, channels, 1, 2}, {2, 2, 2, 1}};
    LocalTensor slots =
        alignedTensor(arch, table, {1, channels, 1, 2}, ElementType::F32);
    builder.copy(slots, words);
    if (!gate)
      return builder.requantizeChannels(result, sums, table);
    LocalTensor operand =
        alignedTensor(arch, second, result.shape, ElementType::I16);
    builder.requantizeChannels(operand, sums, table);
    gate->emit(builder, result, operand, first);
    return;
  }
  LocalTensor floats = sums.as(ElementType::F32).at(second);
  builder.cast(floats, sums);
  bool isDone = result.type == ElementType::F32 && !activationSteps(activation);
  LocalTensor scaled = isDone ? result : floats.at(first);
  auto word = [&](uint32_t index) {
    return compactTensor(arch, parameters + 4 * index, {1, channels, 1, 1},
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
    LocalTensor target = step + 1 == steps
                             ? result
                             : alignedTensor(builder.arch, buffers[step % 2],
                                             result.shape, result.type);
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
