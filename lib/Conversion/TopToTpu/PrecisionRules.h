//===- PrecisionRules.h - Ops that need more than 16 bits -------*- C++ -*-===//
//
// Which ops of a network of 16-bit floats compute in f32, and why. Decides from
// the graph alone and changes nothing. docs/precision.md tells it to users. Not
// for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TOPTOTPU_PRECISIONRULES_H
#define TPUC_LIB_CONVERSION_TOPTOTPU_PRECISIONRULES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace tpuc {

class LoweringSet;

/// The ops of a network that compute in f32 although the network computes in 16
/// bits. Activations are numbers of moderate size of which 11 bits (8 of bf16)
/// are enough; these are not:
///
/// * Phases. What reaches a sine, a cosine, a comparison or a cast to integers
///   is computed in f32 as far back as it comes from the network's inputs alone
///   (positions, time steps, coordinates), and so are the factors of phases
///   that come from activations.
/// * Sums. A square or product that is summed up overflows f16 at 256; sums,
///   powers, and what is made of them alone, stay f32 until they meet an
///   activation. The op where they do computes in f32, too.
/// * Roots and logarithms, which follow sums of small numbers.
/// * Constants that 16 bits do not hold: a small one beside zeros (an epsilon,
///   a limit) must not vanish, nor a large one overflow.
/// * Integers that are held in floats, and products of such.
///
/// Masks are the exception: a summand that only makes a softmax's weight 0
/// may as well be the type's largest number.
class PrecisionRules {
public:
  /// None: a network of f32.
  PrecisionRules() = default;
  /// Those of `function`, which computes in `element`.
  PrecisionRules(mlir::func::FuncOp function, mlir::FloatType element,
                 const LoweringSet &set);

  /// Whether `op` computes in f32.
  bool needsF32(mlir::Operation *op) const { return ops.contains(op); }
  /// Whether finite elements of `value` beyond the 16-bit type become its
  /// largest numbers where an op in 16 bits reads it.
  bool saturates(mlir::Value value) const { return masks.contains(value); }

private:
  /// What is known of the numbers of a value.
  enum class Range : uint8_t {
    Plain,   ///< activations
    Exact,   ///< made of integers or inputs alone, 16 bits round it
    Extreme, ///< scaled by, or chosen from, constants that 16 bits do not hold
    Wide     ///< sums and powers: any size
  };
  Range getRange(mlir::Value value) const { return ranges.lookup(value); }

  struct Operands;

  void findInputsOnly(mlir::Block &body);
  void followPhase(mlir::Value value);
  void followSum(mlir::Operation *sum);
  void followBoxes(mlir::Value boxes);
  void followCoordinate(mlir::Value value);
  void visit(mlir::Operation *op);
  /// A product by a constant whose only reader computes in f32 has its range.
  void widenFactor(mlir::Operation *op);
  Range visitArithmetic(mlir::Operation *op, const Operands &operands);
  /// A product or convolution of integers held in floats by whole constants:
  /// its sums are integers that 16 bits do not hold.
  bool isWholeProduct(mlir::Operation *op) const;
  static Range getRangeByKind(mlir::Operation *op, const Operands &operands);
  bool isMove(mlir::Operation *op) const;
  bool isStepOfPhase(mlir::Operation *op) const;

  const LoweringSet *set = nullptr;
  mlir::FloatType element;
  /// Values that come from inputs and constants alone, by steps of phases.
  llvm::DenseSet<mlir::Value> inputsOnly;
  /// Values on the way to a sine, a comparison or an integer.
  llvm::DenseSet<mlir::Value> phases;
  /// Values on the way to a place in a picture.
  llvm::DenseSet<mlir::Value> coordinates;
  /// Squares and products on the way to a sum.
  llvm::DenseSet<mlir::Operation *> sumTerms;
  llvm::DenseSet<mlir::Operation *> ops;
  llvm::DenseSet<mlir::Value> masks;
  llvm::DenseMap<mlir::Value, Range> ranges;
};

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TOPTOTPU_PRECISIONRULES_H
