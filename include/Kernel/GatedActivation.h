//===- GatedActivation.h - Gated functions of integers ----------*- C++ -*-===//
//
// x gate(x) for INT8 results, in 16-bit integers: no conversion to floats,
// no table, no division.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_GATEDACTIVATION_H
#define TPUC_KERNEL_GATEDACTIVATION_H

#include "Kernel/CommandBuilder.h"

#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace tpuc::kernel {

/// Functions f(x) = x gate(x) with gate(x) + gate(-x) = 1.
enum class GateFunction : uint8_t { Silu, Gelu };

/// f(x) = max(x, 0) - a A u^(2^s), where a = min(|x|, c) and u = 1 - a / c: the
/// power falls as gate(-a) does. In integers every factor but a power of two
/// would take a command; c in units of the operand is therefore chosen so that
/// A and the power's largest value cancel, which leaves shifts. That is
/// possible for results of a scale out of a geometric series.
class GatedActivation {
public:
  /// The smallest scale of the series that is not below `least`.
  static double scaleFor(GateFunction function, double least);

  /// The commands for results of `scale`, one of scaleFor()'s; nothing when it
  /// is so small that the operand's range exceeds 16 bits.
  static std::optional<GatedActivation> make(GateFunction function,
                                             double scale);

  /// The operand is an integer in units of the result's scale / operandUnit().
  double operandUnit() const { return double(int64_t(1) << resultShift); }

  /// Bytes a lane of what emit() needs for a result of this shape.
  static int64_t scratchBytes(const Arch &arch, const Shape4 &shape);

  /// result (i8) = f(operand), to nearest and saturated. Both are aligned,
  /// `operand` is i16, `scratch` is scratchBytes() that hold neither.
  void emit(CommandBuilder &builder, const LocalTensor &result,
            const LocalTensor &operand, uint32_t scratch) const;

private:
  int resultShift = 0;
  /// c in units of the operand.
  int64_t limit = 0;
  /// Right shifts of the squares and of their product with a.
  llvm::SmallVector<int, 3> squareShifts;
  int productShift = 0;
};

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_GATEDACTIVATION_H
