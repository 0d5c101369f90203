//===- Sfu.cpp - Special functions ----------------------------------------===//
//
// SFU: reciprocal square root by Newton steps, polynomials by Horner's rule
// with a rounding a step, and the exponent of a float.
//
//===----------------------------------------------------------------------===//

#include "ArOperands.h"
#include "Formats.h"

using namespace tpuc::sim;

namespace { /// The power of two at or, for positive numbers from 4/3 of it on,
            /// above x; as
/// a float or as its biased exponent.
uint32_t normalized(uint32_t bits, bool asInteger) {
  constexpr uint32_t kRoundUpFromFourThirds = 0x555554;
  bool positive = !(bits >> 31);
  if (!positive)
    return asInteger ? (bits & 0x7fffffff) >> 23 : bits & 0xff800000;
  uint32_t adjusted = bits + kRoundUpFromFourThirds;
  return asInteger ? adjusted >> 23 : adjusted & 0x7f800000;
}

} // namespace

Status tpuc::sim::executeSfu(Machine &machine, const Registers &r) {
  Precision input, output;
  TPUC_RETURN_IF_FAILED(precisionOf(r.opd0_prec, "operand 0", input));
  TPUC_RETURN_IF_FAILED(precisionOf(r.res0_prec, "the result", output));
  bool isTaylor = r.tsk_eu_typ == codec::SfuFunction::Taylor ||
                  r.tsk_eu_typ == codec::SfuFunction::Taylor4x;
  bool fits = isTaylor ? isFloat(input) && output == input
                       : input == Precision::F32 &&
                             (output == Precision::F32 ||
                              (r.tsk_eu_typ == codec::SfuFunction::Normalize &&
                               output == Precision::I32));
  if (!isTaylor && r.tsk_eu_typ != codec::SfuFunction::Normalize &&
      r.tsk_eu_typ != codec::SfuFunction::Rsqrt)
    return Status::error("function " + std::to_string(r.tsk_eu_typ) +
                         " is not defined for SFU");
  if (!fits)
    return Status::error(std::string("the function is not supported from ") +
                         name(input) + " to " + name(output));
  if (r.tsk_eu_typ == codec::SfuFunction::Rsqrt && r.opd2_n_str > 3)
    return Status::error("rsqrt takes 1 to 4 iterations (0 to 3), found " +
                         std::to_string(r.opd2_n_str));
  if (isTaylor && r.opd1_n == 0)
    return Status::error("a polynomial needs coefficients");
  Shape shape = resultShape(r);
  View x, result, table;
  TPUC_RETURN_IF_FAILED(makeView(machine, "operand 0", r.opd0_addr,
                                 elementBytes(input), shape,
                                 TensorLayout::EuAligned, x));
  TPUC_RETURN_IF_FAILED(makeView(machine, "the result", r.res0_addr,
                                 elementBytes(output), shape,
                                 TensorLayout::EuAligned, result));
  // Every lane holds the same vector of coefficients at the same place.
  if (isTaylor)
    TPUC_RETURN_IF_FAILED(makeView(machine, "the coefficients", r.opd1_addr,
                                   elementBytes(input), {1, 1, 1, r.opd1_n},
                                   TensorLayout::Compact, table));

  if (isTaylor && (table.lane != 0 || x.lane != result.lane))
    return Status::error("a polynomial needs its operand and result in the "
                         "same lanes, and an address in lane 0 for its "
                         "coefficients");

  const Kernels &k = kernelsOf(machine);
  auto load = floatLoader(k, input);
  auto store = floatStorer(k, output);
  auto round = floatRounder(k, input);
  unsigned bytes = elementBytes(input);
  RowLoop<2> loop(shape, {&result, &x});
  unsigned cost = isTaylor ? r.opd1_n : 6;
  forEachChannel(
      machine, shape, overlapUnequally(result, x), cost, [&](uint64_t channel) {
        static thread_local Scratch tableScratch;
        float *coefficients = tableScratch.get<float>(r.opd1_n + 1);
        if (isTaylor) {
          const uint8_t *at = machine.local +
                              (x.lane + channel) % kLanes * kLaneBytes +
                              table.offset;
          load(at, bytes, r.opd1_n, coefficients);
        }
        alignas(64) float values[kChunk], sums[kChunk];
        auto compute = [&](size_t count) {
          if (r.tsk_eu_typ == codec::SfuFunction::Rsqrt) {
            k.reciprocalSqrt(sums, values, count, r.opd2_n_str + 1);
            return;
          }
          if (r.tsk_eu_typ == codec::SfuFunction::Normalize) {
            for (size_t i = 0; i < count; ++i)
              sums[i] = floatOf(
                  normalized(bitsOf(values[i]), output == Precision::I32));
            return;
          }
          std::fill(sums, sums + count, coefficients[r.opd1_n - 1]);
          for (unsigned i = r.opd1_n - 1; i-- > 0;) {
            k.mul(sums, sums, values, count);
            if (round)
              round(sums, count);
            k.addScalar(sums, coefficients[i], count);
            if (round)
              round(sums, count);
          }
        };
        loop.forEach(
            {result.channel(channel), x.channel(channel)},
            [&](std::array<uint8_t *, 2> at) {
              for (size_t done = 0; done < loop.count(); done += kChunk) {
                size_t count = std::min<size_t>(kChunk, loop.count() - done);
                load(at[1], loop.stride(1), count, values);
                compute(count);
                store(at[0], loop.stride(0), count, sums);
                for (unsigned i = 0; i < 2; ++i)
                  at[i] += loop.stride(i) * ptrdiff_t(count);
              }
            });
      });
  return Status();
}
