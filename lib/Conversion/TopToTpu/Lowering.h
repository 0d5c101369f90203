//===- Lowering.h - State of the lowering of a network ----------*- C++ -*-===//
//
// What the families' lowerings share: the values lowered so far, constants,
// the precision of an op, and errors. Not for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TOPTOTPU_LOWERING_H
#define TPUC_LIB_CONVERSION_TOPTOTPU_LOWERING_H

#include "Arch/Arch.h"
#include "Dialect/Top/IR/Top.h"
#include "Dialect/Tpu/IR/ConvLimits.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "LoweringSet.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/DialectConversion.h"

namespace tpuc {

using tpu::getElement;
using tpu::getShape;

/// What the conversion patterns of one function share. A family's lowering asks
/// for its operands with `get`, emits tpu ops with `emit`, and ends with
/// `replace`.
class Lowering {
public:
  /// The lowering of `function`, to whose ops top-assign-precision has given
  /// their precision.
  Lowering(const Arch &arch, mlir::func::FuncOp function,
           const LoweringSet &set);

  /// The chip that the function is lowered for.
  const Arch &getArch() const { return arch; }

  //===--- Operands ---------------------------------------------------------//

  /// The lowered form of a top value with elements of type `element`: cast from
  /// the type that its producer gave it, or converted when it is a constant.
  /// When a constant cannot be converted, the error is emitted and noted, and a
  /// stand-in of the right type returned.
  mlir::Value get(mlir::Value value, mlir::Type element);

  /// As above with the type that the value has, for ops that only move data:
  /// the one its producer gave it, or that of `getNaturalElement` for
  /// constants.
  mlir::Value get(mlir::Value value);

  /// As `get`, as a tensor of `rank` axes, with axes of size 1 put in front.
  mlir::Value getOfRank(mlir::Value value, mlir::Type element, size_t rank);

  //===--- Precision --------------------------------------------------------//

  /// The element type in which `op` computes when it does in floats.
  mlir::Type getFloatElement(mlir::Operation *op);

  /// The element types of a convolution.
  struct ConvElements {
    mlir::Type input, filter, result;
  };
  ConvElements getConvElements(top::ConvOp conv);

  /// The element type for an op that does not compute on `values`: the one that
  /// they have if they agree (constants do not count) and `op` was not given
  /// one, else that in which `op` computes. i32 for integers.
  mlir::Type getNaturalElement(mlir::Operation *op, mlir::ValueRange values);

  //===--- INT8 -------------------------------------------------------------//

  /// Whether `op` computes in its INT8 form.
  bool isInt8(mlir::Operation *op) const;

  /// Whether every reader of `value` prefers INT8.
  bool prefersInt8(mlir::Value value) const;

  /// The element type in which INT8 readers take a top value. When it has no
  /// range the error is emitted and noted.
  mlir::FailureOr<mlir::quant::UniformQuantizedType>
  getQuantType(mlir::Value value);

  /// The lowered form of a top value in INT8: what its producer gave, or
  /// a cast to getQuantType().
  mlir::FailureOr<mlir::Value> getInt8(mlir::Value value);

  /// Whether the value was lowered to INT8.
  bool isLoweredToInt8(mlir::Value value) const;

  /// The element type in which an INT8 contraction gives `result`: INT8
  /// where it is wanted, f32 where it leaves the network, else the op's
  /// float type.
  mlir::FailureOr<mlir::Type> getContractionElement(mlir::Operation *op,
                                                    mlir::Value result);

  /// The element type in which the network gives the lowered value `value`
  /// where it may choose it: the one that it has.
  mlir::Type getPortElement(mlir::Value value);

  /// A constant as i8 with a scale for each entry of `axis`; null when it has
  /// no data.
  mlir::Value getFilter(mlir::Value value, int64_t axis,
                        llvm::ArrayRef<int64_t> shape);

  //===--- Emission ---------------------------------------------------------//

  /// Emits a tpu op with one result as a step of the op being lowered.
  template <typename OpTy, typename... Args> mlir::Value emit(Args &&...args) {
    return OpTy::create(*rewriter, getStepLoc(OpTy::getOperationName()),
                        std::forward<Args>(args)...)
        ->getResult(0);
  }

  /// A reshape, or the operand when it has the shape.
  mlir::Value reshape(mlir::Value value, llvm::ArrayRef<int64_t> shape);
  /// A permute, or the operand when nothing moves.
  mlir::Value permute(mlir::Value value, llvm::ArrayRef<int64_t> order);
  /// A broadcast, or the operand when it has the shape. Ranks are equal.
  mlir::Value broadcast(mlir::Value value, llvm::ArrayRef<int64_t> shape);
  /// A cast, or the operand when it has the element type.
  mlir::Value cast(mlir::Value value, mlir::Type element);
  /// A gather along `axis` by a constant list of indices.
  mlir::Value gather(mlir::Value value, llvm::ArrayRef<int64_t> indices,
                     int64_t axis);

  /// A constant of the given numbers, rounded to `element`.
  mlir::Value constant(llvm::ArrayRef<float> values,
                       llvm::ArrayRef<int64_t> shape, mlir::Type element);
  /// A constant of indices, i32.
  mlir::Value indices(llvm::ArrayRef<int64_t> values,
                      llvm::ArrayRef<int64_t> shape);

  /// Makes `by` the lowered form of `value`, a result of the op being lowered.
  /// An op emitted for it takes over the location of the op being lowered, by
  /// which the value is known.
  void replace(mlir::Value value, mlir::Value by);

  //===--- Errors -----------------------------------------------------------//

  /// Emits "'top.op' op cannot be lowered: <message>" and returns failure.
  /// `message` says what the reason is and what to do.
  llvm::LogicalResult fail(mlir::Operation *op, const llvm::Twine &message);

  //===--- Driver -----------------------------------------------------------//

  /// Begins the lowering of `op`: what is emitted goes through `rewriter`.
  void begin(mlir::Operation *op, mlir::ConversionPatternRewriter &rewriter);
  /// Ends it: `op` is replaced by the lowered forms of its results.
  void end();
  /// Gives the results of `op`, whose lowering failed, stand-ins, so that the
  /// lowering can go on and find more errors.
  void abandon(mlir::Operation *op);
  /// Sets the lowered form of a function's argument.
  void setArgument(mlir::BlockArgument value, mlir::Value by) {
    arguments[value] = by;
  }
  /// Whether an error was emitted.
  bool hasFailed() const { return failed; }

private:
  /// The lowered form of `value`; null for a constant.
  mlir::Value getLowered(mlir::Value value) const;
  mlir::Location getStepLoc(llvm::StringRef opName);
  mlir::Value standIn(mlir::Type type);
  mlir::Value getSaturated(mlir::Value value, mlir::Type element);

  const Arch &arch;
  mlir::Builder types;
  mlir::ConversionPatternRewriter *rewriter = nullptr;
  mlir::Operation *current = nullptr;
  mlir::FloatType defaultElement;
  const LoweringSet &set;
  bool quantizesResults;
  llvm::DenseMap<mlir::Value, mlir::Value> arguments;
  /// Of the results of `current`.
  llvm::SmallVector<mlir::Value, 2> replacements;
  llvm::DenseMap<std::pair<mlir::Value, mlir::Type>, mlir::Value> conversions;
  bool failed = false;
};

using tpu::kMaxDilation;
using tpu::kMaxPad;
using tpu::kMaxStride;

/// The product of sizes, 1 of none.
int64_t getProduct(llvm::ArrayRef<int64_t> sizes);

/// The name of an op's location, or nothing.
llvm::StringRef getLocationName(mlir::Location loc);

/// The numbers of a constant integer operand, or nothing when it is computed.
std::optional<llvm::SmallVector<int64_t>> getConstantInts(mlir::Value value);

/// The order of axes that brings `last` (ascending) behind all others, and its
/// inverse.
llvm::SmallVector<int64_t> getOrderWithLast(int64_t rank,
                                            llvm::ArrayRef<int64_t> last);
llvm::SmallVector<int64_t> invertOrder(llvm::ArrayRef<int64_t> order);

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TOPTOTPU_LOWERING_H
