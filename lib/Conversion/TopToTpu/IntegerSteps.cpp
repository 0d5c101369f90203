//===- IntegerSteps.cpp - Arithmetic that the chip lacks ------------------===//
//
// The chip adds, multiplies, compares and shifts integers; it divides floats
// only, and rounds.
//
//===----------------------------------------------------------------------===//

#include "IntegerSteps.h"

#include <array>
#include <limits>

using namespace mlir;
using namespace tpuc;
using tpu::BinaryKind;
using tpu::CompareKind;
using tpu::ScalarKind;
using tpu::UnaryKind;

namespace {

/// Short names for the steps.
struct Steps {
  Lowering &lowering;

  Value binary(BinaryKind kind, Value a, Value b) const {
    return lowering.emit<tpu::BinaryOp>(kind, a, b);
  }
  Value add(Value a, Value b) const { return binary(BinaryKind::Add, a, b); }
  Value sub(Value a, Value b) const { return binary(BinaryKind::Sub, a, b); }
  Value mul(Value a, Value b) const { return binary(BinaryKind::Mul, a, b); }
  Value div(Value a, Value b) const { return binary(BinaryKind::Div, a, b); }
  Value scalar(ScalarKind kind, Value a, double b) const {
    return lowering.emit<tpu::ScalarOp>(kind, a, b);
  }
  /// -1, 0 or 1 of an integer.
  Value signOf(Value a) const {
    return scalar(ScalarKind::Min, scalar(ScalarKind::Max, a, -1), 1);
  }
  Value magnitude(Value a) const {
    return binary(BinaryKind::Max, a, scalar(ScalarKind::Mul, a, -1));
  }
  /// 1 where the relation holds.
  Value compare(CompareKind kind, Value a, Value b) const {
    return lowering.emit<tpu::CompareOp>(kind, a, b);
  }
  /// A number of a's type in a tensor that meets a's.
  Value number(double value, Value a) const {
    SmallVector<int64_t> ones(getShape(a).size(), 1);
    Type element = getElement(a);
    return isa<FloatType>(element)
               ? lowering.constant({float(value)}, ones, element)
               : lowering.indices({int64_t(value)}, ones);
  }
  Value slice(Value a, int64_t from, int64_t size) const {
    ArrayRef<int64_t> shape = getShape(a);
    SmallVector<int64_t> offsets(shape.size(), 0), sizes(shape),
        steps(shape.size(), 1);
    offsets.back() = from;
    sizes.back() = size;
    return lowering.emit<tpu::SliceOp>(a, ArrayRef<int64_t>(offsets),
                                       ArrayRef<int64_t>(sizes),
                                       ArrayRef<int64_t>(steps));
  }
  Value pad(Value a, int64_t before, int64_t behind) const {
    SmallVector<int64_t> pads(2 * getShape(a).size(), 0);
    pads[getShape(a).size() - 1] = before;
    pads.back() = behind;
    return lowering.emit<tpu::PadOp>(a, ArrayRef<int64_t>(pads));
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// Division
//===----------------------------------------------------------------------===//

/// Corrects a quotient of magnitudes that is off by at most one.
static void correct(Quotient &q, Value divisor, const Steps &steps) {
  Value below =
      steps.compare(CompareKind::Lt, q.remainder, steps.number(0, q.remainder));
  q.quotient = steps.sub(q.quotient, below);
  q.remainder = steps.add(q.remainder, steps.mul(below, divisor));
  Value beyond = steps.compare(CompareKind::Ge, q.remainder, divisor);
  q.quotient = steps.add(q.quotient, beyond);
  q.remainder = steps.sub(q.remainder, steps.mul(beyond, divisor));
}

Quotient tpuc::divideIntegers(Value lhs, Value rhs, Lowering &lowering) {
  Steps steps{lowering};
  Type f32 = Float32Type::get(lhs.getContext()), i32 = getElement(lhs);
  Value a = steps.magnitude(lhs), b = steps.magnitude(rhs);
  Value divisor = lowering.cast(b, f32);
  auto estimate = [&](Value dividend) {
    return lowering.cast(steps.div(lowering.cast(dividend, f32), divisor), i32);
  };
  // The first estimate is right to 2^-22 of itself, the second to one.
  Quotient q;
  q.quotient = estimate(a);
  q.remainder = steps.sub(a, steps.mul(q.quotient, b));
  Value rest = estimate(q.remainder);
  q.quotient = steps.add(q.quotient, rest);
  q.remainder = steps.sub(q.remainder, steps.mul(rest, b));
  correct(q, b, steps);
  Value sign = steps.signOf(lhs);
  q.quotient = steps.mul(q.quotient, steps.mul(sign, steps.signOf(rhs)));
  q.remainder = steps.mul(q.remainder, sign);
  return q;
}

Quotient tpuc::divideFloats(Value lhs, Value rhs, Lowering &lowering) {
  Steps steps{lowering};
  auto unary = [&](UnaryKind kind, Value a) {
    return lowering.emit<tpu::UnaryOp>(kind, a);
  };
  Value a = unary(UnaryKind::Abs, lhs), b = unary(UnaryKind::Abs, rhs);
  Quotient q;
  q.quotient = unary(UnaryKind::Floor, steps.div(a, b));
  // Products of halves of 12 bits are exact, and so are the differences.
  constexpr double kHalf = 4096;
  Value scaled = steps.scalar(ScalarKind::Mul, b, kHalf + 1);
  Value high = steps.sub(scaled, steps.sub(scaled, b)),
        low = steps.sub(b, high);
  Value top =
      steps.scalar(ScalarKind::Mul,
                   unary(UnaryKind::Floor,
                         steps.scalar(ScalarKind::Mul, q.quotient, 1 / kHalf)),
                   kHalf);
  Value bottom = steps.sub(q.quotient, top);
  q.remainder = steps.sub(a, steps.mul(top, high));
  q.remainder = steps.sub(q.remainder, steps.mul(top, low));
  q.remainder = steps.sub(q.remainder, steps.mul(bottom, high));
  q.remainder = steps.sub(q.remainder, steps.mul(bottom, low));
  correct(q, b, steps);
  // Products with an infinite divisor are no numbers; nothing is taken from the
  // dividend.
  Value limit = steps.number(std::numeric_limits<float>::infinity(), b);
  Value isInfinite = steps.compare(CompareKind::Eq, b, limit);
  q.remainder = lowering.emit<tpu::SelectOp>(isInfinite, a, q.remainder);
  Value sign = unary(UnaryKind::Sign, lhs);
  q.quotient =
      steps.mul(q.quotient, steps.mul(sign, unary(UnaryKind::Sign, rhs)));
  q.remainder = steps.mul(q.remainder, sign);
  return q;
}

/// Two numbers of 12 bits whose sum is `x`; products of such are exact in f32.
/// Dekker, "A floating-point technique for extending the available precision",
/// 1971.
static std::array<Value, 2> splitInHalves(Value x, const Steps &steps) {
  Value scaled = steps.scalar(ScalarKind::Mul, x, 4097);
  Value high = steps.sub(scaled, steps.sub(scaled, x));
  return {high, steps.sub(x, high)};
}

Value tpuc::divideExactly(Value lhs, Value rhs, Lowering &lowering) {
  Steps steps{lowering};
  Value quotient = steps.div(lhs, rhs), rest = lhs;
  std::array<Value, 2> divisors = splitInHalves(rhs, steps);
  for (Value part : splitInHalves(quotient, steps))
    for (Value divisor : divisors)
      rest = steps.sub(rest, steps.mul(part, divisor));
  return steps.add(quotient, steps.div(rest, rhs));
}

//===----------------------------------------------------------------------===//
// Sums and products
//===----------------------------------------------------------------------===//

Value tpuc::reduceByHalves(BinaryKind kind, Value x, int64_t axis,
                           Lowering &lowering) {
  Steps steps{lowering};
  SmallVector<int64_t> result(getShape(x));
  int64_t rows = getProduct(ArrayRef<int64_t>(result).take_front(axis));
  int64_t size = getProduct(ArrayRef<int64_t>(result).drop_front(axis));
  std::fill(result.begin() + axis, result.end(), 1);
  x = lowering.reshape(x, {rows, size});
  while (size > 1) {
    int64_t half = size / 2;
    Value both =
        steps.binary(kind, steps.slice(x, 0, half), steps.slice(x, half, half));
    if (size % 2) {
      Value parts[] = {both, steps.slice(x, size - 1, 1)};
      both = lowering.emit<tpu::ConcatOp>(ValueRange(parts), int64_t(1));
    }
    x = both;
    size = half + size % 2;
  }
  return lowering.reshape(x, result);
}

/// The elements `distance` places further on (back in reverse), zeros first.
static Value moved(Value x, int64_t distance, bool reverse,
                   const Steps &steps) {
  int64_t size = getShape(x).back();
  if (distance >= size)
    return steps.scalar(ScalarKind::Mul, x, 0);
  return reverse
             ? steps.pad(steps.slice(x, distance, size - distance), 0, distance)
             : steps.pad(steps.slice(x, 0, size - distance), distance, 0);
}

Value tpuc::sumByDoubling(Value x, RunningSum form, Lowering &lowering) {
  Steps steps{lowering};
  if (form.exclusive)
    x = moved(x, 1, form.reverse, steps);
  for (int64_t distance = 1; distance < getShape(x).back(); distance *= 2)
    x = steps.add(x, moved(x, distance, form.reverse, steps));
  return x;
}

Value tpuc::sumInBlocks(Value x, RunningSum form, Lowering &lowering) {
  // A triangle of at most this side: beyond, it costs more than two sums.
  constexpr int64_t kLongest = 512, kBlock = 256;
  Steps steps{lowering};
  int64_t rows = getShape(x)[0], size = getShape(x)[1];
  int64_t side = size > kLongest ? kBlock : size;
  std::vector<float> triangle(side * side);
  for (int64_t from = 0; from < side; ++from)
    for (int64_t to = 0; to < side; ++to) {
      int64_t distance = form.reverse ? from - to : to - from;
      triangle[from * side + to] = distance >= (form.exclusive ? 1 : 0);
    }
  int64_t count = llvm::divideCeil(size, side);
  Value padded = count * side > size ? steps.pad(x, 0, count * side - size) : x;
  Value blocks = lowering.reshape(padded, {rows * count, side});
  Value sums = lowering.emit<tpu::MatMulOp>(
      blocks.getType(), blocks,
      lowering.constant(triangle, {side, side}, getElement(x)), Value(), false,
      false, false, APFloat(-1.0));
  if (count == 1)
    return sums;
  // What the blocks before this one add up to.
  Value last = steps.slice(sums, form.reverse ? 0 : side - 1, 1);
  if (form.exclusive)
    last = steps.add(last, steps.slice(blocks, form.reverse ? 0 : side - 1, 1));
  Value before = sumInBlocks(lowering.reshape(last, {rows, count}),
                             {/*exclusive=*/true, form.reverse}, lowering);
  sums = steps.add(lowering.reshape(sums, {rows, count, side}),
                   lowering.reshape(before, {rows, count, 1}));
  sums = lowering.reshape(sums, {rows, count * side});
  return count * side > size ? steps.slice(sums, 0, size) : sums;
}

//===----------------------------------------------------------------------===//
// Powers
//===----------------------------------------------------------------------===//

Value tpuc::powerOfIntegers(Value base, Value exponent, Lowering &lowering) {
  Steps steps{lowering};
  auto select = [&](Value condition, Value a, Value b) {
    return lowering.emit<tpu::SelectOp>(condition, a, b);
  };
  Value one = steps.number(1, base), zero = steps.number(0, base);
  // The bits of the exponent, from the lowest on, in f32: what a half leaves.
  Value rest = lowering.cast(exponent, Float32Type::get(base.getContext()));
  auto takeBit = [&] {
    Value half = lowering.emit<tpu::UnaryOp>(
        UnaryKind::Floor, steps.scalar(ScalarKind::Mul, rest, 0.5));
    Value bit = steps.sub(rest, steps.scalar(ScalarKind::Mul, half, 2));
    rest = half;
    return lowering.cast(bit, getElement(base));
  };
  Value odd = takeBit(), square = base;
  Value result = select(odd, base, one);
  constexpr int64_t kExponentBits = 6;
  for (int64_t index = 1; index < kExponentBits; ++index) {
    square = steps.mul(square, square);
    result = select(takeBit(), steps.mul(result, square), result);
  }
  // 1 / x^n is 0 toward zero, but for 1 and -1.
  Value isUnit = steps.compare(CompareKind::Eq, steps.magnitude(base), one);
  Value inverse = select(isUnit, select(odd, base, one), steps.number(0, base));
  Value isNegative = steps.compare(CompareKind::Lt, exponent, zero);
  return select(isNegative, inverse, result);
}
