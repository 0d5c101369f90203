//===- Evaluate.h - Reference evaluation of tpu ops -------------*- C++ -*-===//
//
// A tpu op computes on host buffers as the op of the top dialect that means the
// same, in f32, with the result rounded to its element type. It is what a
// lowered network should compute; how the chip rounds on the way is the
// simulator's. For the files of this folder.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_DIALECT_TPU_EVALUATE_EVALUATE_H
#define TPUC_LIB_DIALECT_TPU_EVALUATE_EVALUATE_H

#include "Dialect/Top/IR/Top.h"
#include "Dialect/Tpu/IR/Tpu.h"

namespace tpuc::tpu {

using EvalResult = llvm::Expected<llvm::SmallVector<Buffer>>;

/// Rounds a float result to the element type that the op gives it.
Buffer roundTo(Buffer buffer, mlir::Type element);

/// Floats as integers, truncated toward zero.
Buffer toInts(const Buffer &buffer);

/// The result of `op`, rounded to its element type; truth values become
/// numbers.
EvalResult give(mlir::Operation *op, EvalResult result);
inline EvalResult give(mlir::Operation *op, const Buffer &result) {
  return give(op, EvalResult(llvm::SmallVector<Buffer>{result}));
}

/// The type of top that holds the values of a tpu type.
mlir::RankedTensorType getTopType(mlir::Type type);

/// Builds top ops on the operands of a tpu op and evaluates them at once.
class TopEvaluator {
public:
  explicit TopEvaluator(mlir::Operation *op)
      : op(op), builder(op->getContext()) {
    builder.setInsertionPointToStart(&block);
  }
  ~TopEvaluator() { block.clear(); }

  /// Evaluates the op `name` on `operands`. `results` are needed by ops that do
  /// not infer theirs.
  EvalResult run(llvm::StringRef name, llvm::ArrayRef<Buffer> operands,
                 llvm::ArrayRef<mlir::NamedAttribute> attrs = {},
                 mlir::TypeRange results = {}) {
    llvm::SmallVector<mlir::Value> values;
    for (const Buffer &operand : operands) {
      mlir::Type element = operand.isF32()
                               ? mlir::Type(builder.getF32Type())
                               : mlir::Type(builder.getIntegerType(64));
      values.push_back(addOperand(operand.getShape(), element));
    }
    return runOn(name, values, operands, attrs, results);
  }

  EvalResult runOn(llvm::StringRef name, llvm::ArrayRef<mlir::Value> values,
                   llvm::ArrayRef<Buffer> operands,
                   llvm::ArrayRef<mlir::NamedAttribute> attrs,
                   mlir::TypeRange results) {
    mlir::FailureOr<mlir::Operation *> built =
        top::buildOp(builder, op->getLoc(), name, values, attrs, results);
    if (failed(built))
      return llvm::createStringError("cannot be expressed as " + name);
    return llvm::cast<EvaluableOp>(*built).evaluate(operands);
  }

  mlir::Value addOperand(llvm::ArrayRef<int64_t> shape, mlir::Type element) {
    return block.addArgument(mlir::RankedTensorType::get(shape, element),
                             op->getLoc());
  }

  mlir::NamedAttribute i64(llvm::StringRef name, int64_t value) {
    return builder.getNamedAttr(name, builder.getI64IntegerAttr(value));
  }
  mlir::NamedAttribute f64(llvm::StringRef name, const llvm::APFloat &value) {
    return builder.getNamedAttr(
        name, builder.getF64FloatAttr(value.convertToDouble()));
  }
  mlir::NamedAttribute flag(llvm::StringRef name, bool value) {
    return builder.getNamedAttr(name, builder.getBoolAttr(value));
  }
  mlir::NamedAttribute list(llvm::StringRef name,
                            llvm::ArrayRef<int64_t> values) {
    return builder.getNamedAttr(name, builder.getDenseI64ArrayAttr(values));
  }
  mlir::NamedAttribute member(llvm::StringRef name, uint32_t value) {
    return builder.getNamedAttr(name, builder.getI32IntegerAttr(value));
  }

private:
  mlir::Operation *op;
  mlir::Block block;
  mlir::OpBuilder builder;
};

} // namespace tpuc::tpu

#endif // TPUC_LIB_DIALECT_TPU_EVALUATE_EVALUATE_H
