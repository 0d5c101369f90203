//===- Ar.cpp - Element-wise commands on floats, and copies ---------------===//
//
// AR on f32, f16 and bf16: every operation is done in f32 and rounded once to
// the storage type. Integer operations and casts live in files of their own.
//
//===----------------------------------------------------------------------===//

#include "ArOperands.h"

using namespace tpuc::sim;

Status tpuc::sim::readArCommand(Machine &machine, const Registers &r,
                                unsigned operands, ArCommand &command) {
  Shape shape = resultShape(r);
  TPUC_RETURN_IF_FAILED(
      precisionOf(r.res0_prec, "the result", command.result.precision));
  command.result.constant = false;
  command.result.present = true;
  TPUC_RETURN_IF_FAILED(
      operandView(machine, "the result", r.res0_addr,
                  elementBytes(command.result.precision), shape, r.res0_str,
                  {r.res0_n_str, r.res0_c_str, r.res0_h_str, r.res0_w_str},
                  command.result.view));
  struct Fields {
    const char *name;
    uint32_t address, precision, constant, layout;
    Strides strides;
  };
  const Fields fields[3] = {
      {"operand 0",
       r.opd0_addr,
       r.opd0_prec,
       r.opd0_const,
       r.opd0_str,
       {r.opd0_n_str, r.opd0_c_str, r.opd0_h_str, r.opd0_w_str}},
      {"operand 1",
       r.opd1_addr,
       r.opd1_prec,
       r.opd1_const,
       r.opd1_str,
       {r.opd1_n_str, r.opd1_c_str, r.opd1_h_str, r.opd1_w_str}},
      {"operand 2",
       r.opd2_addr,
       r.opd2_prec,
       r.opd2_const,
       uint32_t(TensorLayout::PerChannel),
       {}}};
  for (unsigned i = 0; i < operands; ++i) {
    const Fields &f = fields[i];
    ArOperand &operand = command.operand[i];
    TPUC_RETURN_IF_FAILED(precisionOf(f.precision, f.name, operand.precision));
    operand.present = true;
    operand.constant = f.constant != 0;
    operand.bits = f.address;
    if (operand.constant)
      continue;
    TPUC_RETURN_IF_FAILED(operandView(machine, f.name, f.address,
                                      elementBytes(operand.precision), shape,
                                      f.layout, f.strides, operand.view));
    command.ordered |= overlapUnequally(command.result.view, operand.view);
  }
  return Status();
}

namespace {

Status executeCopy(Machine &machine, const Registers &r) {
  ArCommand command;
  TPUC_RETURN_IF_FAILED(readArCommand(machine, r, 1, command));
  ArOperand &source = command.operand[0];
  View &result = command.result.view;
  if (elementBytes(source.precision) != result.elementBytes)
    return Status::error(std::string("a copy needs elements of one size, "
                                     "found ") +
                         name(source.precision) + " to " +
                         name(command.result.precision));
  uint32_t constant[kLanes] = {};
  if (source.constant) {
    // A constant is a tensor of one element that is read again and again.
    source.view = View();
    source.view.memory = reinterpret_cast<uint8_t *>(constant);
    source.view.elementBytes = result.elementBytes;
    constant[0] = source.bits;
  }
  if (r.tsk_eu_typ == codec::ArFunction::CopyMb)
    source.view.strides.n = 0;
  const Kernels &k = kernelsOf(machine);
  Kernels::Copy copy = k.copy[sizeIndex(result.elementBytes)];
  RowLoop<2> loop(resultShape(r), {&result, &source.view});
  forEachChannel(machine, resultShape(r), command.ordered, 1, [&](uint64_t c) {
    uint8_t *from =
        source.constant ? source.view.memory : source.view.channel(c);
    loop.forEach(
        {result.channel(c), from}, [&](const std::array<uint8_t *, 2> &at) {
          copy(at[0], loop.stride(0), at[1], loop.stride(1), loop.count());
        });
  });
  return Status();
}

/// One f32 operation over a chunk. `third` is operand 2 of this channel, or the
/// old result for a mac.
struct FloatOperation {
  uint32_t function;
  unsigned iterations;
  const Kernels &k;
  Kernels::Round round;

  void operator()(float *result, const float *a, const float *b,
                  const float *third, size_t count) const {
    switch (function) {
    case codec::ArFunction::Mul:
      return k.mul(result, a, b, count);
    case codec::ArFunction::Add:
      return k.add(result, a, b, count);
    case codec::ArFunction::Sub:
      return k.sub(result, a, b, count);
    case codec::ArFunction::Max:
      return k.max(result, a, b, count);
    case codec::ArFunction::Min:
      return k.min(result, a, b, count);
    case codec::ArFunction::Div:
      return k.divide(result, a, b, count, iterations);
    case codec::ArFunction::Fsubabs:
      return k.absDifference(result, a, b, count);
    case codec::ArFunction::Mac:
      // The product is rounded to the storage type before the sum.
      k.mul(result, a, b, count);
      if (round)
        round(result, count);
      return k.add(result, result, third, count);
    default:
      return;
    }
  }
};

bool isSelection(uint32_t function) {
  return function == codec::ArFunction::SelectGreat ||
         function == codec::ArFunction::SelectEqual ||
         function == codec::ArFunction::SelectLess;
}

bool isMaximum(uint32_t function) {
  return function == codec::ArFunction::Max ||
         function == codec::ArFunction::Min;
}

bool hasNan(const float *values, size_t count) {
  bool found = false;
  for (size_t i = 0; i < count; ++i)
    found |= values[i] != values[i];
  return found;
}

/// Operations that pass bits through: the payload of a NaN and, in some, a
/// denormal survive. `x` and `y` are the operands' values, `a` and `b` their
/// bits.
void operateOnBits(uint32_t function, Precision precision, int64_t *result,
                   const int64_t *a, const int64_t *b, const float *x,
                   const float *y, int64_t selected, size_t count) {
  unsigned bytes = elementBytes(precision);
  int64_t signBit = int64_t(1) << (8 * bytes - 1);
  int64_t exponentBits = precision == Precision::F32    ? 0x7f800000
                         : precision == Precision::BF16 ? 0x7f80
                                                        : 0;
  for (size_t i = 0; i < count; ++i) {
    switch (function) {
    case codec::ArFunction::Abs:
      result[i] = a[i] & ~signBit;
      break;
    case codec::ArFunction::SelectGreat:
      result[i] = x[i] > y[i] ? selected : 0;
      break;
    case codec::ArFunction::SelectEqual:
      result[i] = a[i] == b[i] ? selected : 0;
      break;
    case codec::ArFunction::SelectLess:
      result[i] = a[i] != b[i] && !(x[i] >= y[i]) ? selected : 0;
      break;
    default: {
      bool first =
          function == codec::ArFunction::Max ? x[i] > y[i] : !(x[i] >= y[i]);
      int64_t bits = first ? a[i] : b[i];
      bool denormal = exponentBits && !(bits & exponentBits);
      result[i] = denormal ? bits & signBit : bits;
    }
    }
  }
}

unsigned operandsOf(uint32_t function) {
  switch (function) {
  case codec::ArFunction::Abs:
    return 1;
  case codec::ArFunction::SelectGreat:
  case codec::ArFunction::SelectEqual:
  case codec::ArFunction::SelectLess:
    return 3;
  default:
    return 2;
  }
}

Status executeFloat(Machine &machine, const Registers &r) {
  switch (r.tsk_eu_typ) {
  case codec::ArFunction::Mul:
  case codec::ArFunction::Add:
  case codec::ArFunction::Sub:
  case codec::ArFunction::Max:
  case codec::ArFunction::Min:
  case codec::ArFunction::SelectGreat:
  case codec::ArFunction::SelectEqual:
  case codec::ArFunction::SelectLess:
  case codec::ArFunction::Abs:
  case codec::ArFunction::Fsubabs:
    break;
  case codec::ArFunction::Mac:
    break;
  case codec::ArFunction::Div:
    if (r.opd0_prec != uint32_t(Precision::F32))
      return Status::error("division is supported for f32 only");
    if (r.opd2_n_str > 3)
      return Status::error("division takes 1 to 4 iterations (0 to 3), found " +
                           std::to_string(r.opd2_n_str));
    break;
  default:
    return Status::error("function " + std::to_string(r.tsk_eu_typ) +
                         " is not defined for floats");
  }
  ArCommand command;
  TPUC_RETURN_IF_FAILED(
      readArCommand(machine, r, operandsOf(r.tsk_eu_typ), command));
  Precision precision = command.result.precision;
  for (const ArOperand &operand : command.operand)
    if (operand.present && operand.precision != precision)
      return Status::error(std::string("float operands and result must have "
                                       "one precision, found ") +
                           name(operand.precision) + " and " + name(precision));

  const Kernels &k = kernelsOf(machine);
  auto load = floatLoader(k, precision);
  auto store = floatStorer(k, precision);
  FloatOperation operation{r.tsk_eu_typ, r.opd2_n_str + 1, k,
                           floatRounder(k, precision)};
  const ArOperand &a = command.operand[0], &b = command.operand[1],
                  &c = command.operand[2];
  bool accumulates = r.tsk_eu_typ == codec::ArFunction::Mac;
  if (c.present && !c.constant)
    return Status::error("a selection takes a constant only");
  bool onBits =
      r.tsk_eu_typ == codec::ArFunction::Abs || isSelection(r.tsk_eu_typ);
  auto loadBits = k.loadUnsigned[sizeIndex(elementBytes(precision))];
  auto storeBits = k.storeInt[sizeIndex(elementBytes(precision))];
  RowLoop<3> loop(resultShape(r),
                  {&command.result.view, a.memory(), b.memory()});
  ptrdiff_t dense = elementBytes(Precision::F32);

  forEachChannel(
      machine, resultShape(r), command.ordered,
      r.tsk_eu_typ == codec::ArFunction::Div ? 6 : 1, [&](uint64_t channel) {
        alignas(64) float left[kChunk], right[kChunk], third[kChunk],
            result[kChunk];
        auto fill = [](float *values, float value) {
          std::fill(values, values + kChunk, value);
        };
        if (a.constant)
          fill(left, constantAsFloat(a.bits, precision));
        if (b.constant)
          fill(right, b.present ? constantAsFloat(b.bits, precision) : 0.0f);
        alignas(64) int64_t bits[3][kChunk];
        auto operandBits = [&](const ArOperand &operand, const uint8_t *at,
                               ptrdiff_t stride, size_t count, int64_t *to) {
          if (operand.constant)
            std::fill(to, to + count,
                      constantAsInt(operand.bits, precision, false));
          else
            loadBits(at, stride, count, to);
        };
        auto row = [&](std::array<uint8_t *, 3> at) {
          for (size_t done = 0; done < loop.count(); done += kChunk) {
            size_t count = std::min<size_t>(kChunk, loop.count() - done);
            const float *x = left, *y = right;
            float *out = result;
            bool direct = precision == Precision::F32;
            if (!a.constant) {
              if (direct && loop.stride(1) == dense)
                x = reinterpret_cast<const float *>(at[1]);
              else
                load(at[1], loop.stride(1), count, left);
            }
            if (!b.constant) {
              if (direct && loop.stride(2) == dense)
                y = reinterpret_cast<const float *>(at[2]);
              else
                load(at[2], loop.stride(2), count, right);
            }
            if (accumulates)
              load(at[0], loop.stride(0), count, third);
            if (onBits || (isMaximum(r.tsk_eu_typ) &&
                           (hasNan(x, count) || hasNan(y, count)))) {
              operandBits(a, at[1], loop.stride(1), count, bits[0]);
              operandBits(b, at[2], loop.stride(2), count, bits[1]);
              operateOnBits(r.tsk_eu_typ, precision, bits[2], bits[0], bits[1],
                            x, y, constantAsInt(c.bits, precision, false),
                            count);
              storeBits(at[0], loop.stride(0), count, bits[2]);
            } else {
              operation(out, x, y, third, count);
              store(at[0], loop.stride(0), count, out);
            }
            for (unsigned i = 0; i < 3; ++i)
              at[i] += loop.stride(i) * ptrdiff_t(count);
          }
        };
        loop.forEach({command.result.channel(channel), a.channel(channel),
                      b.channel(channel)},
                     row);
      });
  return Status();
}

} // namespace

Status tpuc::sim::executeAr(Machine &machine, const Registers &r) {
  if (r.tsk_eu_typ == codec::ArFunction::Copy ||
      r.tsk_eu_typ == codec::ArFunction::CopyMb)
    return executeCopy(machine, r);
  if (r.tsk_eu_typ == codec::ArFunction::Cast)
    return executeCast(machine, r);
  Precision first;
  TPUC_RETURN_IF_FAILED(precisionOf(r.opd0_prec, "operand 0", first));
  return isFloat(first) ? executeFloat(machine, r)
                        : executeArInteger(machine, r);
}
