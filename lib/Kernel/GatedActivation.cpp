//===- GatedActivation.cpp - Gated functions of integers ------------------===//
//
// Chooses shifts for a scale and emits the commands. The constants are minimax
// fits over all x.
//
//===----------------------------------------------------------------------===//

#include "Kernel/GatedActivation.h"

#include <algorithm>
#include <cmath>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// c and A of the formula, and s.
struct GateFit {
  double limit, factor;
  unsigned squarings;

  /// c / unit for which A u^(2^s) needs no factor is a power of 2^(1 / 2^s)
  /// times this.
  double base() const { return std::pow(factor, 1.0 / power()); }
  double power() const { return double(1 << squarings); }
};

/// The largest errors are 0.0056 and 0.0039.
GateFit fitOf(GateFunction function) {
  switch (function) {
  case GateFunction::Silu:
    return {11.55615374, 0.54544546, 3};
  case GateFunction::Gelu:
    return {3.69651686, 0.54932857, 2};
  }
  return {};
}

constexpr int64_t kLargest = 32767;
constexpr int kBytes = 128;

int64_t bufferBytes(const Arch &arch, const Shape4 &shape) {
  return arch.wholeVectors(
      alignedTensor(arch, 0, shape, ElementType::I16).laneBytes());
}

} // namespace

double GatedActivation::scaleFor(GateFunction function, double least) {
  GateFit fit = fitOf(function);
  // The steps of the series that c is above the least scale, rounded down; a
  // scale of the series itself stays what it is.
  double steps = fit.power() * std::log2(fit.limit / (fit.base() * least));
  constexpr double kRounding = 1e-4;
  return fit.limit /
         (fit.base() * std::exp2(std::floor(steps + kRounding) / fit.power()));
}

std::optional<GatedActivation> GatedActivation::make(GateFunction function,
                                                     double scale) {
  GateFit fit = fitOf(function);
  GatedActivation gate;
  // As many fractional bits as 16 bits have room for.
  constexpr int kFewest = 2;
  const int most = int(std::log2(kLargest / kBytes));
  gate.resultShift =
      std::min(most, int(std::floor(std::log2(kLargest * scale / fit.limit))));
  if (gate.resultShift < kFewest)
    return std::nullopt;
  double limit = fit.limit / scale * gate.operandUnit();
  gate.limit = std::llround(limit);
  // The power is limit^(2^s) / A, of which the shifts take log2.
  double bits = fit.power() * std::log2(limit) - std::log2(fit.factor);
  int left = int(std::lround(bits));
  double value = limit;
  for (unsigned i = 0; i < fit.squarings; ++i) {
    double square = value * value;
    int shift = std::max(0, int(std::ceil(std::log2(square / kLargest))));
    gate.squareShifts.push_back(shift);
    value = std::ldexp(square, -shift);
    left -= shift << (fit.squarings - 1 - i);
  }
  gate.productShift = left;
  return gate;
}

int64_t GatedActivation::scratchBytes(const Arch &arch, const Shape4 &shape) {
  return 3 * bufferBytes(arch, shape);
}

void GatedActivation::emit(CommandBuilder &builder, const LocalTensor &result,
                           const LocalTensor &operand, uint32_t scratch) const {
  // In-place commands would take twice as long.
  LocalTensor buffers[3];
  for (LocalTensor &buffer : buffers) {
    buffer = operand.at(scratch);
    scratch += uint32_t(bufferBytes(builder.arch, operand.shape));
  }
  auto [first, distance, second] = buffers;
  auto right = [](int shift) { return Operand(-shift, ElementType::I8); };
  Operand c(double(limit), ElementType::I16);
  builder.abs(first, operand);
  // The least number has itself for magnitude unless that is unsigned.
  builder.arith(Arith::Min, distance.as(ElementType::U16),
                first.as(ElementType::U16),
                Operand(double(limit), ElementType::U16));
  builder.arith(Arith::Sub, first, c, distance);
  for (int shift : squareShifts) {
    builder.arithShifted(Arith::MulSat, second, first, first, right(shift),
                         Rounding::HalfAwayFromZero);
    std::swap(first, second);
  }
  builder.arithShifted(Arith::MulSat, second, distance, first,
                       right(productShift), Rounding::HalfAwayFromZero);
  builder.arith(Arith::Max, first, operand, Operand(0.0, ElementType::I16));
  builder.arithShifted(Arith::SubSat, result, first, second, right(resultShift),
                       Rounding::HalfAwayFromZero);
}
