//===- BuildOp.cpp - Builds ops by name -----------------------------------===//
//
// Builds an op from its name, operands and attributes, as a frontend has them,
// and infers its types. Everything that inference relies on is checked first:
// a wrong call is an error, never a crash.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Top/IR/Top.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

/// Smallest and largest number of operands of an op.
static std::pair<unsigned, unsigned>
getOperandCounts(RegisteredOperationName info) {
  const unsigned unlimited = ~0u;
  if (info.hasTrait<OpTrait::ZeroOperands>())
    return {0, 0};
  if (info.hasTrait<OpTrait::OneOperand>())
    return {1, 1};
  if (info.hasTrait<OpTrait::NOperands<2>::Impl>())
    return {2, 2};
  if (info.hasTrait<OpTrait::NOperands<3>::Impl>())
    return {3, 3};
  if (info.hasTrait<OpTrait::NOperands<5>::Impl>())
    return {5, 5};
  if (info.hasTrait<OpTrait::AtLeastNOperands<2>::Impl>())
    return {2, unlimited};
  if (info.hasTrait<OpTrait::AtLeastNOperands<1>::Impl>())
    return {1, unlimited};
  return {0, unlimited};
}

/// Checks what an inference takes for granted: the number of operands, that
/// they are static tensors, and that all attributes are there and of their
/// type. All attributes of the dialect are required or have a default.
static LogicalResult checkBeforeInference(Operation *op,
                                          RegisteredOperationName info) {
  auto [least, most] = getOperandCounts(info);
  if (op->getNumOperands() < least || op->getNumOperands() > most)
    return op->emitOpError("has ")
           << op->getNumOperands() << " operands, expected "
           << (least == most ? "" : "at least ") << least;
  for (auto [index, type] : llvm::enumerate(op->getOperandTypes())) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || !tensor.hasStaticShape())
      return op->emitOpError("operand #")
             << index << " is " << type << ", expected a tensor with a static "
             << "shape";
  }
  for (StringAttr name : info.getAttributeNames())
    if (!op->getInherentAttr(name).value_or(Attribute()))
      return op->emitOpError("requires attribute '") << name.getValue() << "'";
  return success();
}

FailureOr<Operation *> top::buildOp(OpBuilder &builder, Location loc,
                                    StringRef name, ValueRange operands,
                                    ArrayRef<NamedAttribute> attrs,
                                    TypeRange results) {
  MLIRContext *context = builder.getContext();
  std::optional<RegisteredOperationName> info =
      RegisteredOperationName::lookup(name, context);
  if (!info)
    return emitError(loc) << "unknown op '" << name << "'";
  NamedAttrList attributes(attrs);
  if (failed(info->verifyInherentAttrs(attributes, [&] {
        return emitError(loc) << "'" << name << "' op ";
      })))
    return failure();

  OperationState state(loc, *info);
  state.addOperands(operands);
  state.addAttributes(attributes);
  auto *infer = info->getInterface<InferTypeOpInterface>();
  bool isInferred = results.empty() && infer;
  // The op is made before its types are known, so that its attributes have
  // their defaults.
  if (isInferred)
    state.addTypes(SmallVector<Type>(
        info->hasTrait<OpTrait::OneResult>() ? 1 : 2, builder.getNoneType()));
  else
    state.addTypes(results);

  Operation *op = Operation::create(state);
  SmallVector<Type> types;
  LogicalResult result = success();
  if (isInferred) {
    result = checkBeforeInference(op, *info);
    if (succeeded(result))
      result = infer->inferReturnTypes(
          context, loc, op->getOperands(), op->getDiscardableAttrDictionary(),
          op->getPropertiesStorage(), op->getRegions(), types);
    for (auto [value, type] : llvm::zip(op->getResults(), types))
      value.setType(type);
  }
  if (failed(result) || failed(verify(op))) {
    op->destroy();
    return failure();
  }
  return builder.insert(op);
}
