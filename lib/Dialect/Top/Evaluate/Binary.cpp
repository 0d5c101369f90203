//===- Binary.cpp - Evaluation of broadcasting elementwise ops ------------===//
//
// The formulas of elementwise ops of several operands.
//
//===----------------------------------------------------------------------===//

#include "Evaluate.h"
#include <cmath>

using namespace tpuc;
using namespace tpuc::top;

using In = llvm::ArrayRef<Buffer>;

/// Reads `from` as if it had `shape`: itself when it does, else a copy.
static Buffer expand(const Buffer &from, Shape shape) {
  if (from.getShape() == shape)
    return from;
  return gatherStrided(from, shape, getBroadcastStrides(from.getShape(), shape),
                       0);
}

/// out[i] = fn(lhs[i], rhs[i]) over two broadcast operands of element T.
template <typename T, typename U, typename Fn>
static void zip(llvm::ArrayRef<T> lhs, llvm::ArrayRef<T> rhs, U *out, Fn fn) {
  // A single number is not expanded to a tensor.
  if (rhs.size() == 1) {
    for (T x : lhs)
      *out++ = fn(x, rhs[0]);
    return;
  }
  for (size_t i = 0; i < lhs.size(); ++i)
    out[i] = fn(lhs[i], rhs[i]);
}

/// Applies `fn` to f32 or integer operands; the result has their kind.
template <typename Fn>
static EvalResult binary(mlir::Operation *op, In in, Fn fn) {
  Shape shape = getResultShape(op);
  Buffer lhs = expand(in[0], shape);
  Buffer rhs = in[1].getNumElements() == 1 ? in[1] : expand(in[1], shape);
  Buffer out = Buffer::make(lhs.getKind(), shape);
  if (lhs.isF32())
    zip(lhs.getF32(), rhs.getF32(), out.getMutableF32().data(), fn);
  else
    zip(lhs.getInts(), rhs.getInts(), out.getMutableInts().data(), fn);
  return one(out);
}

/// The same, for integers wrapped to the width of the result.
template <typename Fn>
static EvalResult arithmetic(mlir::Operation *op, In in, Fn fn) {
  EvalResult result = binary(op, in, fn);
  mlir::Type element =
      llvm::cast<mlir::RankedTensorType>(op->getResult(0).getType())
          .getElementType();
  if (result && element.isInteger(32))
    for (int64_t &x : (*result)[0].getMutableInts())
      x = int32_t(x);
  return result;
}

/// Integer arithmetic in two's complement, without undefined overflow.
template <typename T, typename Fn> static T wrap(T x, T y, Fn fn) {
  if constexpr (std::is_floating_point_v<T>)
    return fn(x, y);
  else
    return T(fn(uint64_t(x), uint64_t(y)));
}

EvalResult AddOp::evaluate(In in) {
  return arithmetic(*this, in, [](auto x, auto y) {
    return wrap(x, y, [](auto a, auto b) { return a + b; });
  });
}
EvalResult SubOp::evaluate(In in) {
  return arithmetic(*this, in, [](auto x, auto y) {
    return wrap(x, y, [](auto a, auto b) { return a - b; });
  });
}
EvalResult MulOp::evaluate(In in) {
  return arithmetic(*this, in, [](auto x, auto y) {
    return wrap(x, y, [](auto a, auto b) { return a * b; });
  });
}
EvalResult MaxOp::evaluate(In in) {
  return binary(*this, in, [](auto x, auto y) { return x < y ? y : x; });
}
EvalResult MinOp::evaluate(In in) {
  return binary(*this, in, [](auto x, auto y) { return y < x ? y : x; });
}
EvalResult AndOp::evaluate(In in) {
  return binary(*this, in, [](auto x, auto y) { return x != 0 && y != 0; });
}
EvalResult OrOp::evaluate(In in) {
  return binary(*this, in, [](auto x, auto y) { return x != 0 || y != 0; });
}
EvalResult XorOp::evaluate(In in) {
  return binary(*this, in, [](auto x, auto y) { return (x != 0) != (y != 0); });
}

/// Fails when an integer divisor is zero.
static llvm::Error checkDivisor(llvm::StringRef name, const Buffer &divisor) {
  if (!divisor.isF32() && llvm::is_contained(divisor.getInts(), 0))
    return evalError(name, "divides an integer by zero");
  return llvm::Error::success();
}

EvalResult DivOp::evaluate(In in) {
  if (llvm::Error error = checkDivisor(getOperationName(), in[1]))
    return error;
  return arithmetic(*this, in, [](auto x, auto y) {
    if constexpr (std::is_same_v<decltype(x), int64_t>)
      if (y == -1)
        return int64_t(0 - uint64_t(x));
    return x / y;
  });
}

EvalResult ModOp::evaluate(In in) {
  if (llvm::Error error = checkDivisor(getOperationName(), in[1]))
    return error;
  bool isFmod = getFmod();
  return binary(*this, in, [isFmod](auto x, auto y) {
    using T = decltype(x);
    T remainder;
    if constexpr (std::is_floating_point_v<T>)
      remainder = std::fmod(x, y);
    else
      remainder = y == -1 ? 0 : x % y;
    // The truncated remainder has the sign of the dividend.
    if (!isFmod && remainder != 0 && (remainder < 0) != (y < 0))
      remainder += y;
    return remainder;
  });
}

/// Integer power by squaring; negative exponents truncate toward zero.
static int64_t integerPower(int64_t base, int64_t exponent) {
  if (exponent < 0)
    return base == 1 ? 1 : base == -1 ? (exponent % 2 ? -1 : 1) : 0;
  uint64_t result = 1, factor = base;
  for (; exponent; exponent >>= 1, factor *= factor)
    if (exponent & 1)
      result *= factor;
  return result;
}

EvalResult PowOp::evaluate(In in) {
  return arithmetic(*this, in, [](auto x, auto y) {
    if constexpr (std::is_floating_point_v<decltype(x)>)
      return std::pow(x, y);
    else
      return integerPower(x, y);
  });
}

template <typename T>
static bool compare(ComparePredicate predicate, T x, T y) {
  switch (predicate) {
  case ComparePredicate::Equal:
    return x == y;
  case ComparePredicate::NotEqual:
    return x != y;
  case ComparePredicate::Less:
    return x < y;
  case ComparePredicate::LessEqual:
    return x <= y;
  case ComparePredicate::Greater:
    return x > y;
  case ComparePredicate::GreaterEqual:
    return x >= y;
  }
  return false;
}

EvalResult CompareOp::evaluate(In in) {
  Shape shape = getResultShape(*this);
  Buffer lhs = expand(in[0], shape), rhs = expand(in[1], shape);
  Buffer out = Buffer::ints(shape);
  int64_t *result = out.getMutableInts().data();
  auto fn = [predicate = getPredicate()](auto x, auto y) {
    return compare(predicate, x, y);
  };
  if (lhs.isF32())
    zip(lhs.getF32(), rhs.getF32(), result, fn);
  else
    zip(lhs.getInts(), rhs.getInts(), result, fn);
  return one(out);
}

EvalResult WhereOp::evaluate(In in) {
  Shape shape = getResultShape(*this);
  Buffer condition = expand(in[0], shape);
  Buffer lhs = expand(in[1], shape), rhs = expand(in[2], shape);
  Buffer out = Buffer::make(lhs.getKind(), shape);
  for (auto [i, takeLeft] : llvm::enumerate(condition.getInts())) {
    const Buffer &from = takeLeft ? lhs : rhs;
    if (out.isF32())
      out.getMutableF32()[i] = from.getF32()[i];
    else
      out.getMutableInts()[i] = from.getInts()[i];
  }
  return one(out);
}

EvalResult PReluOp::evaluate(In in) {
  return binary(*this, in,
                [](auto x, auto slope) { return x < 0 ? slope * x : x; });
}
