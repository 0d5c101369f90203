//===- TopDialect.cpp - The top dialect -----------------------------------===//
//
// Registers the dialect and folds any op whose operands are constants by
// evaluating it. Families of ops are implemented in files of their own.
//
//===----------------------------------------------------------------------===//

#include "../Canonicalize/Patterns.h"
#include "Dialect/Top/IR/A16.h"
#include "Dialect/Top/IR/Detection.h"
#include "Dialect/Top/IR/Top.h"
#include "mlir/Interfaces/FoldInterfaces.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

#include "Dialect/Top/IR/TopDialect.cpp.inc"
#include "Dialect/Top/IR/TopEnums.cpp.inc"

/// Constants may grow by folding up to this many bytes in any case.
static constexpr int64_t kFoldBytes = 1 << 20;
/// Above kFoldBytes, results may be so many times larger than the operands.
static constexpr int64_t kFoldGrowth = 4;

static int64_t getBytes(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  unsigned bits = tensor.getElementType().getIntOrFloatBitWidth();
  return tensor.getNumElements() * std::max(bits / 8, 1u);
}

/// True when the op's results as constants would bloat the module: a table that
/// a cheap op makes out of a small one is better kept as the op.
static bool foldsToBloat(Operation *op, ArrayRef<Attribute> operands) {
  int64_t operandBytes = 0, resultBytes = 0;
  for (auto [type, value] : llvm::zip(op->getOperandTypes(), operands))
    // A constant of one value is held as one value.
    if (!isa_and_nonnull<SplatElementsAttr>(value))
      operandBytes += getBytes(type);
  for (Type type : op->getResultTypes())
    resultBytes += getBytes(type);
  return resultBytes > kFoldBytes && resultBytes > kFoldGrowth * operandBytes;
}

namespace {

/// Folds ops of constants by their own evaluation.
struct TopFoldInterface : public DialectFoldInterface {
  using DialectFoldInterface::DialectFoldInterface;

  LogicalResult fold(Operation *op, ArrayRef<Attribute> operands,
                     SmallVectorImpl<OpFoldResult> &results) const final {
    auto evaluable = dyn_cast<EvaluableOp>(op);
    if (!evaluable || operands.empty() || foldsToBloat(op, operands))
      return failure();
    SmallVector<Buffer> buffers;
    for (Attribute operand : operands) {
      auto elements = dyn_cast_or_null<ElementsAttr>(operand);
      if (!elements)
        return failure();
      FailureOr<Buffer> buffer = bufferFromAttr(elements);
      if (failed(buffer))
        return failure();
      buffers.push_back(*buffer);
    }
    llvm::Expected<SmallVector<Buffer>> values = evaluable.evaluate(buffers);
    if (!values) {
      // What the data forbids stays in the program, where it is reported when
      // it runs.
      llvm::consumeError(values.takeError());
      return failure();
    }
    for (auto [value, type] : llvm::zip(*values, op->getResultTypes()))
      results.push_back(attrFromBuffer(value, cast<RankedTensorType>(type)));
    return success();
  }
};

} // namespace

void TopDialect::initialize() {
  // The families together; their classes are in files of their own.
  addOperations<
#define GET_OP_LIST
#include "Dialect/Top/IR/TopOps.cpp.inc"
      >();
  addInterfaces<TopFoldInterface>();
}

Operation *TopDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                           Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getShapedType() != type)
    return nullptr;
  return WeightOp::create(builder, loc, elements);
}

void TopDialect::getCanonicalizationPatterns(
    RewritePatternSet &patterns) const {
  populateCanonicalizationPatterns(patterns);
}

std::optional<SmallVector<int64_t>>
top::broadcastShapes(ArrayRef<ArrayRef<int64_t>> shapes) {
  size_t rank = 0;
  for (ArrayRef<int64_t> shape : shapes)
    rank = std::max(rank, shape.size());
  SmallVector<int64_t> result(rank, 1);
  for (ArrayRef<int64_t> shape : shapes) {
    for (auto [index, dim] : llvm::enumerate(shape)) {
      int64_t &out = result[rank - shape.size() + index];
      if (out == 1)
        out = dim;
      else if (dim != 1 && dim != out)
        return std::nullopt;
    }
  }
  return result;
}

FailureOr<Buffer> top::getConstant(Value value) {
  auto weight = value ? value.getDefiningOp<WeightOp>() : WeightOp();
  if (!weight)
    return failure();
  return bufferFromAttr(weight.getValue());
}

std::optional<double> top::getSplat(Value value) {
  auto weight = value.getDefiningOp<WeightOp>();
  if (auto splat = weight ? dyn_cast<SplatElementsAttr>(weight.getValue())
                          : SplatElementsAttr()) {
    // One element tells, however large the tensor is.
    auto scalar = RankedTensorType::get({}, splat.getElementType());
    FailureOr<Buffer> element = bufferFromAttr(splat.resizeSplat(scalar));
    if (failed(element))
      return std::nullopt;
    return element->isF32() ? element->getF32()[0] : element->getInts()[0];
  }
  FailureOr<Buffer> buffer = getConstant(value);
  if (failed(buffer) || buffer->getNumElements() == 0)
    return std::nullopt;
  if (buffer->isF32()) {
    ArrayRef<float> values = buffer->getF32();
    if (llvm::all_of(values, [&](float x) { return x == values[0]; }))
      return values[0];
    return std::nullopt;
  }
  ArrayRef<int64_t> values = buffer->getInts();
  if (llvm::all_of(values, [&](int64_t x) { return x == values[0]; }))
    return values[0];
  return std::nullopt;
}
