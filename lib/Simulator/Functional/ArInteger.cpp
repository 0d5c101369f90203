//===- ArInteger.cpp - Element-wise commands on integers ------------------===//
//
// AR on 8, 16 and 32-bit integers: exact in 64 bits or more, then wrapped or
// saturated to the result.
//
//===----------------------------------------------------------------------===//

#include "ArOperands.h"
#include "Formats.h"

#include <atomic>
#include <bit>

using namespace tpuc::sim;

namespace {

using Wide = __int128;

/// What an integer operation needs beside its operands.
struct IntContext {
  uint32_t function;
  Rounding rounding;
  /// Width of operand 0, for the bit operations.
  unsigned bits;
  unsigned resultBits;
  /// Bounds of the result, for the saturating operations.
  IntRange range;
};

int64_t saturate(Wide value, const IntRange &range) {
  return value < range.low    ? range.low
         : value > range.high ? range.high
                              : int64_t(value);
}

/// (value << shift) for shift >= 0 and round(value / 2^-shift) otherwise.
Wide shifted(int64_t value, int64_t shift, Rounding rounding) {
  if (shift >= 0)
    return Wide(value) << std::min<int64_t>(shift, 63);
  return shiftRightRounded(value, unsigned(-shift), rounding);
}

uint64_t lowBits(int64_t value, unsigned bits) {
  return uint64_t(value) & ((uint64_t(1) << bits) - 1);
}

int64_t rotate(int64_t value, int64_t shift, unsigned bits) {
  uint64_t word = lowBits(value, bits);
  unsigned left = unsigned(((shift % int64_t(bits)) + bits) % bits);
  if (left == 0)
    return int64_t(word);
  return int64_t(
      lowBits(int64_t((word << left) | (word >> (bits - left))), bits));
}

int64_t leadingZeros(uint64_t value, unsigned bits) {
  return int64_t(std::countl_zero(value)) - (64 - int64_t(bits));
}

/// add, sub and mul with an optional shift of the exact result.
void arithmetic(const IntContext &context, int64_t *result, const int64_t *a,
                const int64_t *b, int64_t shift, size_t count) {
  switch (context.function) {
  case codec::ArFunction::Mul:
  case codec::ArFunction::Muls:
    // Only two unsigned words have a product that does not fit.
    for (size_t i = 0; i < count; ++i)
      if (__builtin_mul_overflow(a[i], b[i], &result[i]))
        result[i] = context.function == codec::ArFunction::Mul
                        ? int64_t(uint64_t(a[i]) * uint64_t(b[i]))
                        : INT64_MAX;
    break;
  case codec::ArFunction::Add:
  case codec::ArFunction::Adds:
    for (size_t i = 0; i < count; ++i)
      result[i] = a[i] + b[i];
    break;
  default:
    for (size_t i = 0; i < count; ++i)
      result[i] = a[i] - b[i];
    break;
  }
  bool saturates = context.function == codec::ArFunction::Muls ||
                   context.function == codec::ArFunction::Adds ||
                   context.function == codec::ArFunction::Subs;
  if (shift < 0) {
    for (size_t i = 0; i < count; ++i)
      result[i] =
          shiftRightRounded(result[i], unsigned(-shift), context.rounding);
  } else if (shift > 0) {
    // Values beyond 2^33 before the shift saturate any result after it.
    for (size_t i = 0; i < count; ++i) {
      Wide value = shifted(result[i], shift, context.rounding);
      result[i] = saturates ? saturate(value, context.range) : int64_t(value);
    }
    return;
  }
  if (saturates)
    for (size_t i = 0; i < count; ++i)
      result[i] = context.range.clamp(result[i]);
}

void select(const IntContext &context, int64_t *result, const int64_t *a,
            const int64_t *b, int64_t value, size_t count) {
  switch (context.function) {
  case codec::ArFunction::SelectGreat:
    for (size_t i = 0; i < count; ++i)
      result[i] = a[i] > b[i] ? value : 0;
    return;
  case codec::ArFunction::SelectEqual:
    for (size_t i = 0; i < count; ++i)
      result[i] = a[i] == b[i] ? value : 0;
    return;
  default:
    for (size_t i = 0; i < count; ++i)
      result[i] = a[i] < b[i] ? value : 0;
  }
}

void shiftAll(const IntContext &context, int64_t *result, const int64_t *a,
              const int64_t *b, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (context.function == codec::ArFunction::Cshift) {
      result[i] = rotate(a[i], b[i], context.bits);
      continue;
    }
    int64_t value = context.function == codec::ArFunction::LogicShift
                        ? int64_t(lowBits(a[i], context.bits))
                        : a[i];
    result[i] = int64_t(shifted(value, b[i], context.rounding));
  }
}

/// `value` is operand 2 of the channel: a shift, the selected value, or the two
/// shifts of a mac.
void compute(const IntContext &context, int64_t *result, const int64_t *a,
             const int64_t *b, int64_t value, size_t count) {
  switch (context.function) {
  case codec::ArFunction::Not:
    for (size_t i = 0; i < count; ++i)
      result[i] = ~a[i];
    return;
  case codec::ArFunction::And:
    for (size_t i = 0; i < count; ++i)
      result[i] = a[i] & b[i];
    return;
  case codec::ArFunction::Or:
    for (size_t i = 0; i < count; ++i)
      result[i] = a[i] | b[i];
    return;
  case codec::ArFunction::Xor:
    for (size_t i = 0; i < count; ++i)
      result[i] = a[i] ^ b[i];
    return;
  case codec::ArFunction::Max:
    for (size_t i = 0; i < count; ++i)
      result[i] = std::max(a[i], b[i]);
    return;
  case codec::ArFunction::Min:
    for (size_t i = 0; i < count; ++i)
      result[i] = std::min(a[i], b[i]);
    return;
  case codec::ArFunction::Abs:
    for (size_t i = 0; i < count; ++i)
      result[i] = a[i] < 0 ? -a[i] : a[i];
    return;
  case codec::ArFunction::GetFirstOne:
    for (size_t i = 0; i < count; ++i)
      result[i] = leadingZeros(lowBits(a[i], context.bits), context.bits);
    return;
  case codec::ArFunction::GetFirstZero:
    for (size_t i = 0; i < count; ++i)
      result[i] = leadingZeros(lowBits(~a[i], context.bits), context.bits);
    return;
  case codec::ArFunction::MulDHR:
    for (size_t i = 0; i < count; ++i)
      result[i] = context.range.clamp(
          shiftRightRounded(a[i] * b[i], context.bits - 1, context.rounding));
    return;
  case codec::ArFunction::LogicShift:
  case codec::ArFunction::Ashift:
  case codec::ArFunction::Cshift:
    return shiftAll(context, result, a, b, count);
  case codec::ArFunction::SelectGreat:
  case codec::ArFunction::SelectEqual:
  case codec::ArFunction::SelectLess:
    return select(context, result, a, b, value, count);
  case codec::ArFunction::Mac: {
    // `result` holds the old result, which is not shifted when it has 32 bits.
    // The sum wraps.
    unsigned left = context.resultBits == 32 ? 0 : value & 0xff;
    unsigned right = (value >> 8) & 0xff;
    for (size_t i = 0; i < count; ++i) {
      Wide sum = Wide(a[i] * b[i]) + (Wide(result[i]) << std::min(left, 63u));
      bool fits = sum >= INT64_MIN && sum <= INT64_MAX;
      Wide rounded =
          fits ? Wide(shiftRightRounded(int64_t(sum), right, context.rounding))
               : sum >> std::min(right, 63u);
      result[i] = int64_t(rounded);
    }
    return;
  }
  default:
    return arithmetic(context, result, a, b, value, count);
  }
}

/// How many operands a function has; 0 when it is not defined for integers.
unsigned operandsOf(const Registers &r) {
  switch (r.tsk_eu_typ) {
  case codec::ArFunction::Not:
  case codec::ArFunction::Abs:
  case codec::ArFunction::GetFirstOne:
  case codec::ArFunction::GetFirstZero:
    return 1;
  case codec::ArFunction::Mul:
  case codec::ArFunction::Add:
  case codec::ArFunction::Sub:
  case codec::ArFunction::Adds:
  case codec::ArFunction::Subs:
  case codec::ArFunction::Muls:
    return r.tsk_opd_num == 3 ? 3 : 2;
  case codec::ArFunction::SelectGreat:
  case codec::ArFunction::SelectEqual:
  case codec::ArFunction::SelectLess:
  case codec::ArFunction::Mac:
    return 3;
  case codec::ArFunction::Max:
  case codec::ArFunction::Min:
  case codec::ArFunction::And:
  case codec::ArFunction::Or:
  case codec::ArFunction::Xor:
  case codec::ArFunction::LogicShift:
  case codec::ArFunction::Ashift:
  case codec::ArFunction::Cshift:
  case codec::ArFunction::MulDHR:
    return 2;
  default:
    return 0;
  }
}

/// Whether a saturating result is signed.
bool resultIsSigned(const Registers &r) {
  if (r.tsk_eu_typ == codec::ArFunction::Subs)
    return true;
  return r.opd0_sign || r.opd1_sign;
}

bool isArithmetic(uint32_t function) {
  return function == codec::ArFunction::Mul ||
         function == codec::ArFunction::Add ||
         function == codec::ArFunction::Sub ||
         function == codec::ArFunction::Muls ||
         function == codec::ArFunction::Adds ||
         function == codec::ArFunction::Subs;
}

bool isShift(uint32_t function) {
  return function == codec::ArFunction::LogicShift ||
         function == codec::ArFunction::Ashift ||
         function == codec::ArFunction::Cshift;
}

/// The combinations of types whose results are known.
Status checkTypes(const Registers &r, const ArCommand &command) {
  uint32_t function = r.tsk_eu_typ;
  const ArOperand &a = command.operand[0], &b = command.operand[1],
                  &c = command.operand[2], &result = command.result;
  for (const ArOperand *operand : {&a, &b, &c, &result})
    if (operand->present && isFloat(operand->precision))
      return Status::error(
          "integer operands and float operands cannot be mixed; cast first");
  if (c.present && !c.constant && !isArithmetic(function))
    return Status::error("operand 2 must be a constant");
  bool unsignedWords =
      !r.opd0_sign && !r.opd1_sign && a.precision == Precision::I32;
  if (unsignedWords && (function == codec::ArFunction::Muls ||
                        function == codec::ArFunction::MulDHR))
    return Status::error("saturating products of unsigned 32-bit words are "
                         "not supported");
  if (isArithmetic(function))
    return Status();
  if (function == codec::ArFunction::Mac) {
    if (result.precision == Precision::I8 || a.precision == Precision::I32 ||
        b.precision == Precision::I32)
      return Status::error("an integer mac is supported from i8 and i16 to i16 "
                           "and i32 only");
    return Status();
  }
  bool oneType =
      a.precision == result.precision &&
      (!b.present || isShift(function) || b.precision == result.precision);
  if (!oneType)
    return Status::error(std::string("operands and result must have one type, "
                                     "found ") +
                         name(a.precision) + " to " + name(result.precision));
  if (isShift(function) && b.precision != Precision::I8 &&
      b.precision != a.precision)
    return Status::error("shifts must be i8 or of the type of operand 0");
  if ((function == codec::ArFunction::Max ||
       function == codec::ArFunction::Min) &&
      r.opd0_sign != r.opd1_sign)
    return Status::error("a maximum of a signed and an unsigned operand is "
                         "not supported");
  return Status();
}

} // namespace

Status tpuc::sim::executeArInteger(Machine &machine, const Registers &r) {
  unsigned operands = operandsOf(r);
  if (operands == 0)
    return Status::error("function " + std::to_string(r.tsk_eu_typ) +
                         " is not defined for integers");
  if (r.opd2_n_str >= kRoundingModes)
    return Status::error("rounding mode " + std::to_string(r.opd2_n_str) +
                         " is not defined");
  ArCommand command;
  TPUC_RETURN_IF_FAILED(readArCommand(machine, r, operands, command));
  TPUC_RETURN_IF_FAILED(checkTypes(r, command));
  const Kernels &k = kernelsOf(machine);
  const ArOperand &a = command.operand[0], &b = command.operand[1],
                  &c = command.operand[2];
  IntContext context{r.tsk_eu_typ, Rounding(r.opd2_n_str),
                     8 * elementBytes(a.precision),
                     8 * elementBytes(command.result.precision),
                     intRange(command.result.precision, resultIsSigned(r))};
  bool sign0 = r.opd0_sign, sign1 = r.opd1_sign || isShift(r.tsk_eu_typ);
  // Shifts are signed bytes; a selected value keeps the result's bits.
  bool sign2 = r.tsk_eu_typ != codec::ArFunction::Mac;
  auto load0 = intLoader(k, a.precision, sign0);
  auto load1 = intLoader(k, b.precision, sign1);
  auto load2 = intLoader(k, c.precision, sign2);
  auto loadOld = intLoader(k, command.result.precision, resultIsSigned(r));
  auto store = k.storeInt[sizeIndex(elementBytes(command.result.precision))];
  bool accumulates = r.tsk_eu_typ == codec::ArFunction::Mac;
  RowLoop<3> loop(resultShape(r),
                  {&command.result.view, a.memory(), b.memory()});
  std::atomic<bool> shiftsTooFar = false;
  auto checkShifts = [&](const int64_t *shifts, size_t count) {
    // Bits that leave the word are gone, but for those that go around; what a
    // shift by 32 or more does is not known.
    constexpr int64_t kFarthest = 32;
    int64_t limit = r.tsk_eu_typ == codec::ArFunction::Cshift
                        ? int64_t(context.bits)
                        : kFarthest;
    for (size_t i = 0; i < count; ++i)
      if (shifts[i] <= -limit || shifts[i] >= limit)
        shiftsTooFar = true;
  };

  forEachChannel(
      machine, resultShape(r), command.ordered, 3, [&](uint64_t channel) {
        alignas(64) int64_t left[kChunk], right[kChunk], result[kChunk];
        if (a.constant)
          std::fill(left, left + kChunk,
                    constantAsInt(a.bits, a.precision, sign0));
        if (b.constant)
          std::fill(right, right + kChunk,
                    constantAsInt(b.bits, b.precision, sign1));
        int64_t value = 0;
        if (c.present && c.constant)
          value = accumulates ? int64_t(c.bits & 0xffff)
                              : constantAsInt(c.bits, c.precision, sign2);
        else if (c.present)
          load2(c.view.channel(channel), 0, 1, &value);
        loop.forEach(
            {command.result.channel(channel), a.channel(channel),
             b.channel(channel)},
            [&](std::array<uint8_t *, 3> at) {
              for (size_t done = 0; done < loop.count(); done += kChunk) {
                size_t count = std::min<size_t>(kChunk, loop.count() - done);
                if (!a.constant)
                  load0(at[1], loop.stride(1), count, left);
                if (!b.constant)
                  load1(at[2], loop.stride(2), count, right);
                if (accumulates)
                  loadOld(at[0], loop.stride(0), count, result);
                if (isShift(r.tsk_eu_typ))
                  checkShifts(right, count);
                compute(context, result, left, right, value, count);
                store(at[0], loop.stride(0), count, result);
                for (unsigned i = 0; i < 3; ++i)
                  at[i] += loop.stride(i) * ptrdiff_t(count);
              }
            });
      });
  if (shiftsTooFar)
    return Status::error("a shift goes too far for its operand");
  return Status();
}
