//===- Linear.cpp - Fused linear commands and outer operations ------------===//
//
// LIN: two operations with a scalar a channel each. VC: an operation on every
// pair of two vectors. Both on floats.
//
//===----------------------------------------------------------------------===//

#include "ArOperands.h"

using namespace tpuc::sim;

namespace {} // namespace

Status tpuc::sim::executeLinear(Machine &machine, const Registers &r) {
  if (r.tsk_eu_typ != codec::LinFunction::Mac &&
      r.tsk_eu_typ != codec::LinFunction::SquareSum &&
      r.tsk_eu_typ != codec::LinFunction::SquareDiff)
    return Status::error("function " + std::to_string(r.tsk_eu_typ) +
                         " is not defined for LIN");
  Precision precision;
  TPUC_RETURN_IF_FAILED(precisionOf(r.res0_prec, "the result", precision));
  if (!isFloat(precision))
    return Status::error(std::string("LIN on ") + name(precision) +
                         " is not supported");
  unsigned bytes = elementBytes(precision);
  Shape shape = resultShape(r), perChannel = {1, shape.c, 1, 1};
  View x, result, scalars[2];
  TPUC_RETURN_IF_FAILED(makeView(machine, "operand 0", r.opd0_addr, bytes,
                                 shape, TensorLayout::EuAligned, x));
  TPUC_RETURN_IF_FAILED(makeView(machine, "the result", r.res0_addr, bytes,
                                 shape, TensorLayout::EuAligned, result));
  bool isMac = r.tsk_eu_typ == codec::LinFunction::Mac;
  if (!r.opd1_const)
    TPUC_RETURN_IF_FAILED(makeView(machine, "operand 1", r.opd1_addr, bytes,
                                   perChannel, TensorLayout::Compact,
                                   scalars[0]));
  if (isMac && !r.opd2_const)
    TPUC_RETURN_IF_FAILED(makeView(machine, "operand 2", r.opd2_addr, bytes,
                                   perChannel, TensorLayout::Compact,
                                   scalars[1]));
  const Kernels &k = kernelsOf(machine);
  auto load = floatLoader(k, precision);
  auto store = floatStorer(k, precision);
  auto round = floatRounder(k, precision);
  RowLoop<2> loop(shape, {&result, &x});
  forEachChannel(
      machine, shape, overlapUnequally(result, x), 2, [&](uint64_t channel) {
        alignas(64) float values[kChunk], scalar[kChunk];
        float first = constantAsFloat(r.opd1_addr, precision);
        float second = constantAsFloat(r.opd2_addr, precision);
        if (!r.opd1_const)
          load(scalars[0].channel(channel), 0, 1, &first);
        if (isMac && !r.opd2_const)
          load(scalars[1].channel(channel), 0, 1, &second);
        std::fill(scalar, scalar + kChunk, first);
        auto compute = [&](size_t count) {
          if (isMac)
            k.mul(values, values, scalar, count);
          else if (r.tsk_eu_typ == codec::LinFunction::SquareSum)
            k.add(values, values, scalar, count);
          else
            k.sub(values, values, scalar, count);
          if (round)
            round(values, count);
          if (isMac && second == second)
            k.addScalar(values, second, count);
          else if (isMac)
            for (size_t i = 0; i < count; ++i)
              values[i] = addInOrder(values[i], second);
          else
            k.mul(values, values, values, count);
        };
        loop.forEach(
            {result.channel(channel), x.channel(channel)},
            [&](std::array<uint8_t *, 2> at) {
              for (size_t done = 0; done < loop.count(); done += kChunk) {
                size_t count = std::min<size_t>(kChunk, loop.count() - done);
                load(at[1], loop.stride(1), count, values);
                compute(count);
                store(at[0], loop.stride(0), count, values);
                for (unsigned i = 0; i < 2; ++i)
                  at[i] += loop.stride(i) * ptrdiff_t(count);
              }
            });
      });
  return Status();
}

Status tpuc::sim::executeVectorCorrelation(Machine &machine,
                                           const Registers &r) {
  Precision precision;
  TPUC_RETURN_IF_FAILED(precisionOf(r.res0_prec, "the result", precision));
  if (!isFloat(precision) || r.opd0_prec != r.res0_prec ||
      r.opd1_prec != r.res0_prec)
    return Status::error("VC is supported for floats of one precision only");
  const Kernels &k = kernelsOf(machine);
  Kernels::Binary operation;
  switch (r.tsk_eu_typ) {
  case codec::ArFunction::Mul:
    operation = k.mul;
    break;
  case codec::ArFunction::Add:
    operation = k.add;
    break;
  case codec::ArFunction::Sub:
    operation = k.sub;
    break;
  case codec::ArFunction::Max:
    operation = k.max;
    break;
  case codec::ArFunction::Min:
    operation = k.min;
    break;
  default:
    return Status::error("function " + std::to_string(r.tsk_eu_typ) +
                         " of VC is not supported");
  }
  if (r.opd0_c == 0 || r.opd0_w == 0 || r.opd1_w == 0 || r.opd1_w > r.opd0_w)
    return Status::error("the left vector needs elements; its last block must "
                         "not be wider than the others");
  unsigned bytes = elementBytes(precision);
  uint64_t rows = (uint64_t(r.opd0_c) - 1) * r.opd0_w + r.opd1_w;
  View left, right, result;
  TPUC_RETURN_IF_FAILED(makeView(machine, "operand 0", r.opd0_addr, bytes,
                                 {1, r.opd0_c, 1, r.opd0_w},
                                 TensorLayout::EuAligned, left));
  TPUC_RETURN_IF_FAILED(makeView(machine, "operand 1", r.opd1_addr, bytes,
                                 {1, r.res0_c, 1, r.res0_w},
                                 TensorLayout::EuAligned, right));
  TPUC_RETURN_IF_FAILED(makeView(machine, "the result", r.res0_addr, bytes,
                                 {rows, r.res0_c, 1, r.res0_w},
                                 TensorLayout::EuAligned, result));
  auto load = floatLoader(k, precision);
  auto store = floatStorer(k, precision);
  auto *scalars = machine.scratch[Machine::kOrderScratch].get<float>(rows);
  auto *vector = machine.scratch[Machine::kLineScratch].get<float>(r.res0_w);
  for (uint64_t block = 0; block < r.opd0_c; ++block)
    load(left.channel(block), bytes,
         std::min<uint64_t>(r.opd0_w, rows - block * r.opd0_w),
         scalars + block * r.opd0_w);
  alignas(64) float a[kChunk];
  for (uint64_t c = 0; c < r.res0_c; ++c) {
    load(right.channel(c), bytes, r.res0_w, vector);
    for (uint64_t row = 0; row < rows; ++row) {
      uint8_t *to = result.channel(c) + ptrdiff_t(row) * result.nStep();
      for (uint64_t done = 0; done < r.res0_w; done += kChunk) {
        size_t count = std::min<uint64_t>(kChunk, r.res0_w - done);
        std::fill(a, a + count, scalars[row]);
        operation(a, a, vector + done, count);
        store(to + done * bytes, bytes, count, a);
      }
    }
  }
  return Status();
}
