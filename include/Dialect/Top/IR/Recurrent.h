//===- Recurrent.h - Shapes of recurrent cells ------------------*- C++ -*-===//
//
// The enumerations of the top dialect, and what the recurrent ops of both
// dialects say of their operands' shapes.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TOP_IR_RECURRENT_H
#define TPUC_DIALECT_TOP_IR_RECURRENT_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/ValueRange.h"

#include "Dialect/Top/IR/TopEnums.h.inc"

namespace tpuc::top {

/// The sizes of a recurrent op.
struct RecurrentSizes {
  int64_t directions = 0, gates = 0, states = 0;
  int64_t units = 0, steps = 0, batch = 0;
  /// Numbers of the operands that may be left out; 0 where they are.
  unsigned unitsOperand = 0, maskOperand = 0;

  /// The shape of the result.
  llvm::SmallVector<int64_t> getResultShape() const {
    return {1, directions * units, steps + states, batch};
  }
};

/// What is checked of a recurrent op.
struct RecurrentForm {
  CellKind kind;
  CellDirection direction;
  bool linearBeforeReset;
  llvm::ArrayRef<double> alphas, betas;
  double clip;
  mlir::ValueRange operands;

  /// Of an op or its adaptor.
  template <typename OpTy>
  static RecurrentForm of(OpTy op, mlir::ValueRange operands) {
    return {op.getKind(),   op.getDirection(), op.getLinearBeforeReset(),
            op.getAlphas(), op.getBetas(),     op.getClip().convertToDouble(),
            operands};
  }

  /// Its sizes; emits an error at `loc`, when there is one, and fails where
  /// operands or attributes do not go together.
  llvm::FailureOr<RecurrentSizes> getSizes(std::optional<mlir::Location> loc,
                                           llvm::StringRef name) const;
};

/// The sizes of an op that is verified.
template <typename OpTy> RecurrentSizes getRecurrentSizes(OpTy op) {
  return *RecurrentForm::of(op, op->getOperands()).getSizes(std::nullopt, "");
}

} // namespace tpuc::top

#endif // TPUC_DIALECT_TOP_IR_RECURRENT_H
