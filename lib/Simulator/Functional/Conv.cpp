//===- Conv.cpp - Convolutions --------------------------------------------===//
//
// CONV as a product of the weights with the windows of the input, unrolled for
// a few pixels at a time. The order of the products is that of the chip.
//
//===----------------------------------------------------------------------===//

#include "Formats.h"
#include "Window.h"

using namespace tpuc::sim;

namespace {
constexpr uint64_t kMaxBlockPixels = 64;

/// Channels that one step of the reduction takes, by input type.
uint64_t cubeOf(Precision precision) {
  return precision == Precision::F32 ? 1 : 64 / elementBytes(precision);
}

/// A convolution with its operands checked.
struct Conv {
  Precision input, output;
  uint64_t channels, taps, kernelWidth;
  bool rotate, accumulate;
  View x, result, weights, bias;
  bool hasBias = false;
  float constantBias = 0;
  Window window;
  uint64_t pixels, block, blocks;

  uint64_t reduction() const { return channels * taps; }
};

/// Position of the weight of tap `t` in the stored kernel.
uint64_t storedTap(const Conv &conv, uint64_t t) {
  return conv.rotate ? conv.taps - 1 - t : t;
}

/// Calls `body(channel, tap)` for every product in the order of the reduction:
/// by groups of channels, then taps, then the channels of the group; for f32
/// by channels, then taps.
template <typename Body> void forEachProduct(const Conv &conv, Body &&body) {
  uint64_t cube = cubeOf(conv.input);
  for (uint64_t group = 0; group < conv.channels; group += cube) {
    uint64_t end = std::min(group + cube, conv.channels);
    for (uint64_t t = 0; t < conv.taps; ++t)
      for (uint64_t c = group; c < end; ++c)
        body(c, t);
  }
}

Status readConv(Machine &machine, const Registers &r, Conv &conv) {
  TPUC_RETURN_IF_FAILED(precisionOf(r.opd0_prec, "operand 0", conv.input));
  TPUC_RETURN_IF_FAILED(precisionOf(r.res0_prec, "the result", conv.output));
  bool half = isHalf(conv.input), integer = conv.input == Precision::I8;
  bool outputFits =
      half ? conv.output == conv.input || conv.output == Precision::F32
      : conv.input == Precision::F32 ? conv.output == Precision::F32
                                     : integer && !isFloat(conv.output);
  if (!outputFits)
    return Status::error(std::string("a convolution of ") + name(conv.input) +
                         " to " + name(conv.output) + " is not supported");
  if (r.opd1_const)
    return Status::error("constant weights are not supported");
  conv.channels = r.opd0_c;
  conv.kernelWidth = r.opd1_w;
  conv.taps = uint64_t(r.opd1_h) * r.opd1_w;
  conv.rotate = r.kernel_rotate;
  conv.accumulate = r.res_add;
  if (conv.accumulate && elementBytes(conv.output) != 4)
    return Status::error("accumulation needs a 32-bit result, found " +
                         std::string(name(conv.output)));
  if (conv.accumulate && conv.input == Precision::F32)
    return Status::error("a convolution of f32 cannot accumulate; add its "
                         "result");
  TPUC_RETURN_IF_FAILED(conv.window.build(machine, r));
  TPUC_RETURN_IF_FAILED(operandView(
      machine, "operand 0", r.opd0_addr, elementBytes(conv.input),
      {r.res0_n, r.opd0_c, r.opd0_h, r.opd0_w}, r.opd0_str,
      {r.opd0_n_str, r.opd0_c_str, r.opd0_h_str, r.opd0_w_str}, conv.x));
  TPUC_RETURN_IF_FAILED(makeView(machine, "the result", r.res0_addr,
                                 elementBytes(conv.output), resultShape(r),
                                 TensorLayout::EuAligned, conv.result));
  // A row of a lane holds one output channel: groups of the cube, each with
  // its taps.
  uint64_t cube = cubeOf(conv.input);
  uint64_t perChannel = (conv.channels + cube - 1) / cube * cube * conv.taps;
  TPUC_RETURN_IF_FAILED(makeView(
      machine, "the weights", r.opd1_addr, elementBytes(conv.input),
      {1, r.res0_c, 1, perChannel}, TensorLayout::Compact, conv.weights));
  conv.pixels = uint64_t(r.res0_h) * r.res0_w;
  uint64_t halfOfPixels = (conv.pixels + 1) / 2;
  conv.block = std::min(kMaxBlockPixels, (halfOfPixels + kColumnBlock - 1) /
                                             kColumnBlock * kColumnBlock);
  conv.blocks = (conv.pixels + conv.block - 1) / conv.block;
  bool pads = r.opd0_up_pad || r.opd0_dn_pad || r.opd0_lf_pad || r.opd0_rt_pad;
  if (pads && r.pad_mode == 0 && !r.opd3_const &&
      r.tsk_eu_typ == codec::ConvFunction::Normal)
    return Status::error("padding values must be a constant");
  return Status();
}

/// The offset of a weight in its channel's row.
uint64_t weightIndex(const Conv &conv, uint64_t channel, uint64_t tap) {
  uint64_t cube = cubeOf(conv.input);
  return (channel / cube * conv.taps + storedTap(conv, tap)) * cube +
         channel % cube;
}

/// The weights as rows (one an output channel) in the order of the reduction.
template <typename Value, typename Load>
void packWeights(Machine &machine, const Conv &conv, Load load, Value *rows) {
  uint64_t perChannel = conv.weights.shape.w, k = conv.reduction();
  auto *order = machine.scratch[Machine::kOrderScratch].get<uint32_t>(k);
  uint64_t next = 0;
  forEachProduct(conv, [&](uint64_t c, uint64_t t) {
    order[next++] = uint32_t(weightIndex(conv, c, t));
  });
  auto *channel = machine.scratch[Machine::kLineScratch].get<Value>(perChannel);
  for (uint64_t o = 0; o < conv.result.shape.c; ++o) {
    load(conv.weights.channel(o), perChannel, channel);
    for (uint64_t i = 0; i < k; ++i)
      rows[o * k + i] = channel[order[i]];
  }
}

/// The input of one batch as dense planes.
template <typename Value, typename Load>
void packInput(const Conv &conv, uint64_t n, Load load, Value *planes) {
  uint64_t h = conv.x.shape.h, w = conv.x.shape.w;
  for (uint64_t c = 0; c < conv.channels; ++c) {
    const uint8_t *base = conv.x.channel(c) + ptrdiff_t(n) * conv.x.nStep();
    if (conv.x.strides.w == 1 && conv.x.strides.h == w) {
      load(base, conv.x.wStep(), h * w, planes + c * h * w);
      continue;
    }
    for (uint64_t i = 0; i < h; ++i)
      load(base + ptrdiff_t(i) * conv.x.hStep(), conv.x.wStep(), w,
           planes + (c * h + i) * w);
  }
}

/// The windows of `count` pixels from `first` as rows of `width` values.
template <typename Value>
void unroll(const Conv &conv, const Value *planes, uint64_t first,
            uint64_t count, Value padding, Value *panel) {
  uint64_t plane = conv.x.shape.h * conv.x.shape.w, at = 0;
  forEachProduct(conv, [&](uint64_t c, uint64_t t) {
    Value *row = panel + at++ * conv.block;
    conv.window.gather(planes + c * plane, t / conv.kernelWidth,
                       t % conv.kernelWidth, first, count, padding, row);
    std::fill(row + count, row + conv.block, Value(0));
  });
}

struct PixelBlock {
  uint64_t n, first, count;
};

/// Runs `body` for every block of pixels of batch `n`; `panels` hands a worker
/// its buffers.
template <typename Body>
void forEachBlock(Machine &machine, const Conv &conv, uint64_t n, Body &&body) {
  uint64_t cost = conv.reduction() * conv.pixels * conv.result.shape.c / 4;
  machine.pool.run(
      conv.blocks, cost, [&](uint64_t begin, uint64_t end, unsigned) {
        for (uint64_t b = begin; b < end; ++b) {
          uint64_t first = b * conv.block;
          body(PixelBlock{n, first, std::min(conv.block, conv.pixels - first)});
        }
      });
}

Status executeFloat(Machine &machine, const Registers &r, Conv &conv) {
  if (r.tsk_eu_typ != codec::ConvFunction::Normal)
    return Status::error("requantisation needs an integer convolution");
  conv.hasBias = !r.opd2_const;
  conv.constantBias = conv.hasBias ? 0.0f : floatOf(r.opd2_addr);
  if (conv.hasBias)
    TPUC_RETURN_IF_FAILED(makeView(machine, "the bias", r.opd2_addr, 4,
                                   {1, r.res0_c, 1, 1}, TensorLayout::Compact,
                                   conv.bias));
  const Kernels &k = kernelsOf(machine);
  auto loader = floatLoader(k, conv.input);
  auto loadStrided = [&](const uint8_t *memory, ptrdiff_t stride,
                         uint64_t count, float *values) {
    loader(memory, stride, count, values);
  };
  auto loadDense = [&](const uint8_t *memory, uint64_t count, float *values) {
    loader(memory, elementBytes(conv.input), count, values);
  };
  uint64_t reduction = conv.reduction(), outputs = conv.result.shape.c;
  float *weights = machine.scratch[0].get<float>(outputs * reduction);
  packWeights(machine, conv, loadDense, weights);
  float *planes = machine.scratch[1].get<float>(conv.channels * conv.x.shape.h *
                                                conv.x.shape.w);
  // How many products go through the adder together.
  uint64_t groupCount = (conv.channels + 31) / 32 * conv.taps;
  auto *groups =
      machine.scratch[Machine::kGroupScratch].get<uint8_t>(groupCount);
  for (uint64_t i = 0; i < groupCount; ++i)
    groups[i] =
        uint8_t(std::min<uint64_t>(32, conv.channels - i / conv.taps * 32));
  float padding = constantAsFloat(r.opd3_addr, conv.input);

  for (uint64_t n = 0; n < conv.result.shape.n; ++n) {
    packInput(conv, n, loadStrided, planes);
    forEachBlock(machine, conv, n, [&](PixelBlock block) {
      static thread_local Scratch panelScratch, sumScratch;
      float *panel = panelScratch.get<float>(reduction * conv.block);
      float *sums = sumScratch.get<float>(outputs * conv.block);
      unroll(conv, planes, block.first, block.count, padding, panel);
      auto resultAt = [&](uint64_t o) {
        return conv.result.channel(o) +
               ptrdiff_t(block.n) * conv.result.nStep() +
               block.first * conv.result.elementBytes;
      };
      for (uint64_t o = 0; o < outputs; ++o) {
        float start = conv.constantBias, *row = sums + o * conv.block;
        if (conv.hasBias)
          k.loadF32(conv.bias.channel(o), 0, 1, &start);
        std::fill(row, row + conv.block, 0.0f);
        if (conv.accumulate)
          k.loadF32(resultAt(o), 4, block.count, row);
        if (start != start)
          std::fill(row, row + conv.block, quiet(start));
        else
          k.addScalar(row, start, conv.block);
      }
      if (conv.input == Precision::F32)
        k.evenOddRows(weights, reduction, panel, conv.block, nullptr, sums,
                      outputs, /*panelFirst=*/true);
      else
        k.fusedRows(weights, reduction, panel, conv.block, groups, groupCount,
                    sums, outputs, /*keepsSum=*/true);
      for (uint64_t o = 0; o < outputs; ++o)
        storeFusedSums(k, conv.output, resultAt(o), conv.result.elementBytes,
                       block.count, sums + o * conv.block);
    });
  }
  return Status();
}

/// What happens to the exact sums of an integer convolution.
struct IntegerResult {
  bool requantizes;
  int64_t bias;
  unsigned shift;
  IntRange range;

  int64_t operator()(int64_t sum) const {
    if (requantizes)
      sum = shiftRightRounded(sum + bias, shift, Rounding::HalfUp);
    return range.clamp(sum);
  }
};

Status executeInteger(Machine &machine, const Registers &r, Conv &conv) {
  bool requantizes = r.tsk_eu_typ != codec::ConvFunction::Normal;
  if (!r.opd2_const)
    return Status::error(requantizes
                             ? "a bias a channel of a requantising convolution "
                               "is not supported; use RQ"
                             : "kernel zero points must be a constant");
  if (requantizes && !r.opd3_const)
    return Status::error("shifts of a requantising convolution must be a "
                         "constant; use RQ");
  bool allUnsigned = !r.opd0_sign && !r.opd1_sign;
  if (allUnsigned && !requantizes && conv.output != Precision::I32)
    return Status::error("a convolution of unsigned operands needs an i32 "
                         "result");
  if (requantizes && conv.accumulate)
    return Status::error("a requantising convolution cannot accumulate");
  bool resultSigned = r.tsk_eu_typ != codec::ConvFunction::Wrqrelu &&
                      (r.opd0_sign || r.opd1_sign);
  IntegerResult finish{
      requantizes, int16_t(r.opd2_addr), unsigned(r.opd3_addr & 0xff),
      conv.output == Precision::I32 ? IntRange{INT64_MIN, INT64_MAX}
                                    : intRange(conv.output, resultSigned)};
  int16_t kernelZero =
      requantizes
          ? 0
          : int16_t(constantAsInt(r.opd2_addr, Precision::I8, r.opd2_sign));
  int16_t padding =
      requantizes
          ? 0
          : int16_t(constantAsInt(r.opd3_addr, Precision::I8, r.opd0_sign));
  const Kernels &k = kernelsOf(machine);
  auto loadBytes = [](const uint8_t *memory, ptrdiff_t stride, uint64_t count,
                      bool isSigned, int16_t zero, int16_t *values) {
    for (uint64_t i = 0; i < count; ++i) {
      uint8_t byte = memory[ptrdiff_t(i) * stride];
      values[i] =
          int16_t((isSigned ? int16_t(int8_t(byte)) : int16_t(byte)) - zero);
    }
  };
  uint64_t reduction = conv.reduction(), outputs = conv.result.shape.c;
  int16_t *weights = machine.scratch[0].get<int16_t>(outputs * reduction);
  packWeights(
      machine, conv,
      [&](const uint8_t *memory, uint64_t count, int16_t *values) {
        loadBytes(memory, 1, count, r.opd1_sign, kernelZero, values);
      },
      weights);
  int16_t *planes = machine.scratch[1].get<int16_t>(
      conv.channels * conv.x.shape.h * conv.x.shape.w);
  auto store = k.storeInt[sizeIndex(conv.result.elementBytes)];

  for (uint64_t n = 0; n < conv.result.shape.n; ++n) {
    packInput(
        conv, n,
        [&](const uint8_t *memory, ptrdiff_t stride, uint64_t count,
            int16_t *values) {
          loadBytes(memory, stride, count, r.opd0_sign, 0, values);
        },
        planes);
    forEachBlock(machine, conv, n, [&](PixelBlock block) {
      static thread_local Scratch panelScratch, sumScratch;
      int16_t *panel = panelScratch.get<int16_t>(reduction * conv.block);
      int32_t *sums = sumScratch.get<int32_t>(outputs * conv.block);
      unroll(conv, planes, block.first, block.count, padding, panel);
      std::fill(sums, sums + outputs * conv.block, 0);
      k.integerRows(weights, reduction, panel, conv.block, sums, outputs);
      int64_t row[kMaxBlockPixels], old[kMaxBlockPixels];
      for (uint64_t o = 0; o < outputs; ++o) {
        uint8_t *to = conv.result.channel(o) +
                      ptrdiff_t(block.n) * conv.result.nStep() +
                      block.first * conv.result.elementBytes;
        if (conv.accumulate)
          k.loadSigned[2](to, 4, block.count, old);
        for (uint64_t p = 0; p < block.count; ++p) {
          int64_t sum = sums[o * conv.block + p];
          row[p] = finish(conv.accumulate ? sum + old[p] : sum);
        }
        store(to, conv.result.elementBytes, block.count, row);
      }
    });
  }
  return Status();
}

} // namespace

Status tpuc::sim::executeConv(Machine &machine, const Registers &r) {
  Conv conv;
  TPUC_RETURN_IF_FAILED(readConv(machine, r, conv));
  return conv.input == Precision::I8 ? executeInteger(machine, r, conv)
                                     : executeFloat(machine, r, conv);
}
