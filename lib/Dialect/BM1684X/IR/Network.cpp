//===- Network.cpp - What surrounds a command stream ----------------------===//
//
// Reads and writes the attributes that describe a function of commands.
//
//===----------------------------------------------------------------------===//

#include "Dialect/BM1684X/IR/Network.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace tpuc::bm1684x;

namespace {

constexpr llvm::StringLiteral kInputs = "bm1684x.inputs";
constexpr llvm::StringLiteral kOutputs = "bm1684x.outputs";
constexpr llvm::StringLiteral kCoefficients = "bm1684x.coefficients";
constexpr llvm::StringLiteral kCoefficientAddress =
    "bm1684x.coefficient_address";
constexpr llvm::StringLiteral kActivationAddress = "bm1684x.activation_address";
constexpr llvm::StringLiteral kActivationBytes = "bm1684x.activation_bytes";

ArrayAttr tensorsAttr(Builder &builder, ArrayRef<NetworkTensor> tensors) {
  SmallVector<Attribute> entries;
  for (const NetworkTensor &tensor : tensors)
    entries.push_back(builder.getDictionaryAttr(
        {builder.getNamedAttr("address",
                              builder.getI64IntegerAttr(tensor.address)),
         builder.getNamedAttr("name", builder.getStringAttr(tensor.name)),
         builder.getNamedAttr("type", TypeAttr::get(tensor.type))}));
  return builder.getArrayAttr(entries);
}

LogicalResult readTensors(Operation *function, StringRef name,
                          std::vector<NetworkTensor> &tensors) {
  auto entries = function->getAttrOfType<ArrayAttr>(name);
  if (!entries)
    return function->emitError() << "has no array '" << name << "'";
  for (Attribute attribute : entries) {
    auto entry = dyn_cast<DictionaryAttr>(attribute);
    auto address = entry ? entry.getAs<IntegerAttr>("address") : nullptr;
    auto label = entry ? entry.getAs<StringAttr>("name") : nullptr;
    auto type = entry ? entry.getAs<TypeAttr>("type") : nullptr;
    auto tensor = type ? dyn_cast<RankedTensorType>(type.getValue()) : nullptr;
    if (!address || !label || !tensor || !tensor.hasStaticShape())
      return function->emitError()
             << "'" << name << "' has an entry that is not "
             << "{address, name, type} with a ranked static type";
    tensors.push_back({label.str(), tensor, uint64_t(address.getInt())});
  }
  return success();
}

LogicalResult readInteger(Operation *function, StringRef name,
                          uint64_t &value) {
  auto attribute = function->getAttrOfType<IntegerAttr>(name);
  if (!attribute)
    return function->emitError() << "has no integer '" << name << "'";
  value = uint64_t(attribute.getInt());
  return success();
}

} // namespace

void tpuc::bm1684x::setNetworkDescription(Operation *function,
                                          const NetworkDescription &network) {
  Builder builder(function->getContext());
  function->setAttr(kInputs, tensorsAttr(builder, network.inputs));
  function->setAttr(kOutputs, tensorsAttr(builder, network.outputs));
  if (network.coefficients)
    function->setAttr(kCoefficients, network.coefficients);
  function->setAttr(kCoefficientAddress,
                    builder.getI64IntegerAttr(network.coefficientAddress));
  function->setAttr(kActivationAddress,
                    builder.getI64IntegerAttr(network.activationAddress));
  function->setAttr(kActivationBytes,
                    builder.getI64IntegerAttr(network.activationBytes));
}

FailureOr<NetworkDescription>
tpuc::bm1684x::getNetworkDescription(Operation *function) {
  NetworkDescription network;
  if (failed(readTensors(function, kInputs, network.inputs)) ||
      failed(readTensors(function, kOutputs, network.outputs)) ||
      failed(readInteger(function, kCoefficientAddress,
                         network.coefficientAddress)) ||
      failed(readInteger(function, kActivationAddress,
                         network.activationAddress)) ||
      failed(
          readInteger(function, kActivationBytes, network.activationBytes)))
    return failure();
  network.coefficients = function->getAttrOfType<ElementsAttr>(kCoefficients);
  return network;
}

ArrayRef<char>
tpuc::bm1684x::coefficientBytes(const NetworkDescription &network) {
  if (auto resource = dyn_cast_if_present<DenseResourceElementsAttr>(
          network.coefficients)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    return blob ? blob->getData() : ArrayRef<char>();
  }
  if (auto dense = dyn_cast_if_present<DenseElementsAttr>(network.coefficients))
    return dense.getRawData();
  return {};
}
