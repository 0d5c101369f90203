//===- Pool.cpp - Pooling and depthwise convolutions ----------------------===//
//
// PorD: windows over one channel at a time. Sums run in two accumulators of the
// storage type, taps taking turns; this is the chip's precision, not ours.
//
//===----------------------------------------------------------------------===//

#include "Formats.h"
#include "Window.h"

#include <cstring>
#include <limits>

using namespace tpuc::sim;

namespace { /// A pooling command with its operands checked.
struct Pool {
  Precision input, output;
  uint32_t function;
  uint64_t taps, kernelWidth;
  bool rotate;
  View x, result, weights, bias;
  bool hasWeights = false, hasBias = false;
  Window window;
  uint64_t pixels;

  uint64_t storedTap(uint64_t t) const { return rotate ? taps - 1 - t : t; }
};

Status readPool(Machine &machine, const Registers &r, Pool &pool) {
  pool.function = r.tsk_eu_typ;
  if (pool.function != codec::PordFunction::Depthwise &&
      pool.function != codec::PordFunction::Avgpooling &&
      pool.function != codec::PordFunction::Depthwiserelu &&
      pool.function != codec::PordFunction::Maxpooling)
    return Status::error("function " + std::to_string(pool.function) +
                         " (regions of interest) is not supported");
  TPUC_RETURN_IF_FAILED(precisionOf(r.opd0_prec, "operand 0", pool.input));
  TPUC_RETURN_IF_FAILED(precisionOf(r.res0_prec, "the result", pool.output));
  bool integer = pool.input == Precision::I8;
  bool outputFits = integer ? !isFloat(pool.output)
                            : isFloat(pool.input) && pool.output == pool.input;
  if (!outputFits)
    return Status::error(std::string("pooling of ") + name(pool.input) +
                         " to " + name(pool.output) + " is not supported");
  if (pool.function == codec::PordFunction::Depthwiserelu &&
      pool.output != Precision::I32)
    return Status::error("depthwise convolution with relu is supported for "
                         "i8 to i32 only; clamp with a maximum");
  pool.kernelWidth = r.opd1_w;
  pool.taps = uint64_t(r.opd1_h) * r.opd1_w;
  pool.rotate = r.kernel_rotate;
  TPUC_RETURN_IF_FAILED(pool.window.build(machine, r));
  bool pads = r.opd0_up_pad || r.opd0_dn_pad || r.opd0_lf_pad || r.opd0_rt_pad;
  if (pads && r.pad_mode == 0 && !r.opd3_const)
    return Status::error("padding values must be a constant");
  TPUC_RETURN_IF_FAILED(makeView(machine, "operand 0", r.opd0_addr,
                                 elementBytes(pool.input),
                                 {r.res0_n, r.res0_c, r.opd0_h, r.opd0_w},
                                 TensorLayout::EuAligned, pool.x));
  TPUC_RETURN_IF_FAILED(makeView(machine, "the result", r.res0_addr,
                                 elementBytes(pool.output), resultShape(r),
                                 TensorLayout::EuAligned, pool.result));
  bool isDepthwise = pool.function == codec::PordFunction::Depthwise ||
                     pool.function == codec::PordFunction::Depthwiserelu;
  pool.hasWeights = isDepthwise && !r.opd1_const;
  pool.hasBias = isDepthwise && !r.opd2_const;
  if (pool.function == codec::PordFunction::Avgpooling && !r.opd1_const)
    return Status::error("the multiplier of an average must be a constant");
  if (pool.hasWeights)
    TPUC_RETURN_IF_FAILED(makeView(machine, "the weights", r.opd1_addr,
                                   elementBytes(pool.input),
                                   {1, r.res0_c, r.opd1_h, r.opd1_w},
                                   TensorLayout::Compact, pool.weights));
  if (pool.hasBias)
    TPUC_RETURN_IF_FAILED(makeView(machine, "the bias", r.opd2_addr,
                                   integer ? 4 : elementBytes(pool.input),
                                   {1, r.res0_c, 1, 1}, TensorLayout::Compact,
                                   pool.bias));
  pool.pixels = uint64_t(r.res0_h) * r.res0_w;
  return Status();
}

/// Bits below the f32 mantissa's highest that a 16-bit mantissa lacks.
unsigned mantissaShift(Precision precision) {
  return precision == Precision::F16 ? 13 : 16;
}

/// A maximum hands the bits of 16-bit NaNs and denormals on, where arithmetic
/// makes all NaNs one: puts the payloads of NaNs into the f32 NaNs that were
/// made of them.
void keepNans(Precision precision, const uint8_t *memory, size_t count,
              float *values) {
  unsigned shift = mantissaShift(precision);
  for (size_t i = 0; i < count; ++i)
    if (values[i] != values[i]) {
      uint16_t bits;
      std::memcpy(&bits, memory + 2 * i, 2);
      uint32_t mantissa = uint32_t(bits) << shift & 0x7fffff;
      values[i] = floatOf(uint32_t(bits >> 15) << 31 | 0x7f800000 | mantissa);
    }
}

/// An integer in the order of the f32 values that are no NaN.
int32_t orderOf(uint32_t bits) {
  int32_t magnitude = int32_t(bits & 0x7fffffff);
  magnitude = magnitude < 0x00800000 ? 0 : magnitude; // a denormal
  return bits >> 31 ? -magnitude : magnitude;
}

/// values[i] > others[i] ? values[i] : others[i], as bits: instructions that
/// compute maxima flush denormals.
void keepLarger(float *values, const float *others, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    uint32_t a = bitsOf(values[i]), b = bitsOf(others[i]);
    bool ordered =
        (a & 0x7fffffff) <= 0x7f800000 && (b & 0x7fffffff) <= 0x7f800000;
    values[i] = floatOf(ordered && orderOf(a) > orderOf(b) ? a : b);
  }
}

/// Writes what the formats' rounding would change.
void storeKept(Precision precision, const float *values, size_t count,
               uint8_t *memory) {
  unsigned shift = mantissaShift(precision);
  for (size_t i = 0; i < count; ++i)
    if (values[i] != values[i] || precision == Precision::BF16) {
      // The exponent's eight ones become as many as the format has.
      uint32_t bits = bitsOf(values[i]);
      uint16_t narrow = uint16_t((bits >> 31) << 15 |
                                 ((bits & 0x7fffffff) >> shift & 0x7fff));
      std::memcpy(memory + 2 * i, &narrow, 2);
    }
}

/// Calls `body(channel)` for all channels, shared over the threads.
template <typename Body>
void forEachChannel(Machine &machine, const Pool &pool, Body &&body) {
  const Shape &shape = pool.result.shape;
  bool ordered = overlapUnequally(pool.result, pool.x);
  uint64_t cost = ordered ? 0 : shape.n * shape.c * pool.pixels * pool.taps;
  machine.pool.run(shape.c, cost, [&](uint64_t begin, uint64_t end, unsigned) {
    for (uint64_t c = begin; c < end; ++c)
      body(c);
  });
}

void executeFloat(Machine &machine, const Registers &r, const Pool &pool) {
  const Kernels &k = kernelsOf(machine);
  auto load = floatLoader(k, pool.input);
  auto store = floatStorer(k, pool.output);
  auto round = floatRounder(k, pool.input);
  unsigned bytes = elementBytes(pool.input);
  float padding = constantAsFloat(r.opd3_addr, pool.input);
  uint64_t plane = pool.x.shape.h * pool.x.shape.w;
  bool keepsBits =
      pool.function == codec::PordFunction::Maxpooling && bytes == 2;
  if (keepsBits) {
    uint16_t constant = uint16_t(r.opd3_addr);
    keepNans(pool.input, reinterpret_cast<const uint8_t *>(&constant), 1,
             &padding);
  }
  auto rounded = [&](float *values, size_t count) {
    if (round)
      round(values, count);
  };
  forEachChannel(machine, pool, [&](uint64_t c) {
    static thread_local Scratch planeScratch, weightScratch;
    float *input = planeScratch.get<float>(plane);
    float *weights = weightScratch.get<float>(pool.taps);
    if (pool.hasWeights)
      load(pool.weights.channel(c), bytes, pool.taps, weights);
    else
      std::fill(weights, weights + pool.taps,
                constantAsFloat(r.opd1_addr, pool.input));
    float bias = pool.function == codec::PordFunction::Avgpooling
                     ? 0.0f
                     : constantAsFloat(r.opd2_addr, pool.input);
    if (pool.hasBias)
      load(pool.bias.channel(c), bytes, 1, &bias);
    alignas(64) float sums[2][kChunk], tap[kChunk], factor[kChunk];
    for (uint64_t n = 0; n < pool.x.shape.n; ++n) {
      const uint8_t *from = pool.x.channel(c) + ptrdiff_t(n) * pool.x.nStep();
      load(from, bytes, plane, input);
      if (keepsBits)
        keepNans(pool.input, from, plane, input);
      uint8_t *to = pool.result.channel(c) + ptrdiff_t(n) * pool.result.nStep();
      for (uint64_t first = 0; first < pool.pixels; first += kChunk) {
        size_t count = std::min<uint64_t>(kChunk, pool.pixels - first);
        // An average of nothing but negative zeros is one.
        float start =
            pool.function == codec::PordFunction::Avgpooling ? -0.0f : 0.0f;
        std::fill(sums[0], sums[0] + count, start);
        std::fill(sums[1], sums[1] + count, start);
        if (pool.function != codec::PordFunction::Avgpooling)
          k.addScalar(sums[1], bias, count);
        for (uint64_t t = 0; t < pool.taps; ++t) {
          bool firstMaximum =
              pool.function == codec::PordFunction::Maxpooling && t == 0;
          pool.window.gather(input, t / pool.kernelWidth, t % pool.kernelWidth,
                             first, count, padding,
                             firstMaximum ? sums[0] : tap);
          if (pool.function == codec::PordFunction::Maxpooling) {
            if (t > 0 && keepsBits)
              keepLarger(sums[0], tap, count);
            else if (t > 0)
              k.max(sums[0], sums[0], tap, count);
            continue;
          }
          float *sum = sums[t & 1];
          std::fill(factor, factor + count, weights[pool.storedTap(t)]);
          k.mul(tap, tap, factor, count);
          rounded(tap, count);
          k.add(sum, sum, tap, count);
          rounded(sum, count);
        }
        if (pool.function != codec::PordFunction::Maxpooling) {
          bool oddFirst = pool.function != codec::PordFunction::Avgpooling;
          k.add(sums[0], sums[oddFirst], sums[!oddFirst], count);
        }
        store(to + first * bytes, bytes, count, sums[0]);
        if (keepsBits)
          storeKept(pool.input, sums[0], count, to + first * bytes);
      }
    }
  });
}

void executeInteger(Machine &machine, const Registers &r, const Pool &pool) {
  const Kernels &k = kernelsOf(machine);
  bool inputSigned = r.opd0_sign;
  auto load = intLoader(k, pool.input, inputSigned);
  auto loadWeights = intLoader(k, pool.input, r.opd1_sign);
  auto store = k.storeInt[sizeIndex(pool.result.elementBytes)];
  int64_t padding = constantAsInt(r.opd3_addr, pool.input, inputSigned);
  uint64_t plane = pool.x.shape.h * pool.x.shape.w;
  bool isDepthwise = pool.function == codec::PordFunction::Depthwise ||
                     pool.function == codec::PordFunction::Depthwiserelu;
  bool resultSigned =
      inputSigned || (isDepthwise && (r.opd1_sign || r.opd2_sign));
  IntRange range = intRange(pool.output, resultSigned);
  if (pool.function == codec::PordFunction::Depthwiserelu)
    range.low = 0;
  forEachChannel(machine, pool, [&](uint64_t c) {
    static thread_local Scratch planeScratch, weightScratch;
    int64_t *input = planeScratch.get<int64_t>(plane);
    int64_t *weights = weightScratch.get<int64_t>(pool.taps);
    if (pool.hasWeights)
      loadWeights(pool.weights.channel(c), 1, pool.taps, weights);
    else
      std::fill(weights, weights + pool.taps,
                pool.function == codec::PordFunction::Avgpooling
                    ? 1
                    : constantAsInt(r.opd1_addr, pool.input, r.opd1_sign));
    int64_t bias = pool.function == codec::PordFunction::Avgpooling ||
                           pool.function == codec::PordFunction::Maxpooling
                       ? 0
                       : constantAsInt(r.opd2_addr, Precision::I32, true);
    if (pool.hasBias)
      k.loadSigned[2](pool.bias.channel(c), 4, 1, &bias);
    alignas(64) int64_t sum[kChunk], tap[kChunk];
    for (uint64_t n = 0; n < pool.x.shape.n; ++n) {
      load(pool.x.channel(c) + ptrdiff_t(n) * pool.x.nStep(), 1, plane, input);
      uint8_t *to = pool.result.channel(c) + ptrdiff_t(n) * pool.result.nStep();
      for (uint64_t first = 0; first < pool.pixels; first += kChunk) {
        size_t count = std::min<uint64_t>(kChunk, pool.pixels - first);
        std::fill(sum, sum + count,
                  pool.function == codec::PordFunction::Maxpooling
                      ? std::numeric_limits<int64_t>::min()
                      : bias);
        for (uint64_t t = 0; t < pool.taps; ++t) {
          pool.window.gather(input, t / pool.kernelWidth, t % pool.kernelWidth,
                             first, count, padding, tap);
          int64_t weight = weights[pool.storedTap(t)];
          for (size_t i = 0; i < count; ++i)
            sum[i] = pool.function == codec::PordFunction::Maxpooling
                         ? std::max(sum[i], tap[i])
                         : sum[i] + tap[i] * weight;
        }
        if (pool.function == codec::PordFunction::Avgpooling) {
          // The multiplier is unsigned, whatever its sign bit says.
          int64_t multiplier = constantAsInt(r.opd1_addr, pool.input, false);
          for (size_t i = 0; i < count; ++i)
            sum[i] = shiftRightRounded(sum[i] * multiplier, r.opd2_addr & 0xff,
                                       Rounding::HalfUp);
        }
        for (size_t i = 0; i < count; ++i)
          sum[i] = range.clamp(sum[i]);
        store(to + first * pool.result.elementBytes, pool.result.elementBytes,
              count, sum);
      }
    }
  });
}

} // namespace

Status tpuc::sim::executePool(Machine &machine, const Registers &r) {
  Pool pool;
  TPUC_RETURN_IF_FAILED(readPool(machine, r, pool));
  if (pool.input == Precision::I8)
    executeInteger(machine, r, pool);
  else
    executeFloat(machine, r, pool);
  return Status();
}
