//===- TopConstantOps.cpp - Constants of the top dialect ------------------===//
//
// Verifier, folder and evaluation of top.weight.
//
//===----------------------------------------------------------------------===//

#include "Infer.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace tpuc;
using namespace tpuc::top;

#define GET_OP_CLASSES
#include "Dialect/Top/IR/TopConstantOps.cpp.inc"

LogicalResult WeightOp::verify() {
  auto resource = dyn_cast<DenseResourceElementsAttr>(getValue());
  if (!resource)
    return success();
  // Elided printing leaves a resource without data; it is a complete program
  // for everything but the values.
  AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  if (!blob)
    return success();
  auto type = cast<RankedTensorType>(getType());
  unsigned bits = type.getElementType().getIntOrFloatBitWidth();
  uint64_t bytes = type.getNumElements() * std::max(bits / 8, 1u);
  if (blob->getData().size() != bytes)
    return emitOpError("resource '")
           << resource.getRawHandle().getKey() << "' has "
           << blob->getData().size() << " bytes, but " << type << " has "
           << bytes;
  return success();
}

OpFoldResult WeightOp::fold(FoldAdaptor adaptor) { return getValue(); }

llvm::Expected<SmallVector<Buffer>>
WeightOp::evaluate(ArrayRef<Buffer> operands) {
  FailureOr<Buffer> buffer = bufferFromAttr(getValue());
  if (failed(buffer))
    return llvm::createStringError(
        "'top.weight' op has no data: was it printed with elided resources?");
  return SmallVector<Buffer>{*buffer};
}
