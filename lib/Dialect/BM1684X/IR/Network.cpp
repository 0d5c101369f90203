//===- Network.cpp - What surrounds a command stream ----------------------===//
//
// Reads and writes the attributes that describe a function of commands.
//
//===----------------------------------------------------------------------===//

#include "Dialect/BM1684X/IR/Network.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace tpuc::bm1684x;

namespace {

constexpr llvm::StringLiteral kInputs = "bm1684x.inputs";
constexpr llvm::StringLiteral kOutputs = "bm1684x.outputs";
constexpr llvm::StringLiteral kCoefficients = "bm1684x.coefficients";
constexpr llvm::StringLiteral kCoefficientAddress =
    "bm1684x.coefficient_address";
constexpr llvm::StringLiteral kWeights = "bm1684x.coefficient_ranges";
constexpr llvm::StringLiteral kExplanation = "bm1684x.explanation";
constexpr llvm::StringLiteral kNetwork = "bm1684x.network";
constexpr llvm::StringLiteral kActivationAddress = "bm1684x.activation_address";
constexpr llvm::StringLiteral kActivationBytes = "bm1684x.activation_bytes";

DictionaryAttr tensorAttr(Builder &builder, const NetworkTensor &tensor) {
  NamedAttrList entry;
  entry.set("address", builder.getI64IntegerAttr(int64_t(tensor.address)));
  entry.set("name", builder.getStringAttr(tensor.name));
  entry.set("type", TypeAttr::get(tensor.type));
  if (tensor.bytes != 0)
    entry.set("bytes", builder.getI64IntegerAttr(int64_t(tensor.bytes)));
  if (tensor.scale != 1.0f)
    entry.set("scale", builder.getF32FloatAttr(tensor.scale));
  if (tensor.zeroPoint != 0)
    entry.set("zero_point", builder.getI32IntegerAttr(tensor.zeroPoint));
  return entry.getDictionary(builder.getContext());
}

ArrayAttr tensorsAttr(Builder &builder, ArrayRef<NetworkTensor> tensors) {
  SmallVector<Attribute> entries;
  for (const NetworkTensor &tensor : tensors)
    entries.push_back(tensorAttr(builder, tensor));
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
    NetworkTensor &read = tensors.emplace_back();
    read.name = label.str();
    read.type = tensor;
    read.address = uint64_t(address.getInt());
    if (auto bytes = entry.getAs<IntegerAttr>("bytes"))
      read.bytes = uint64_t(bytes.getInt());
    if (auto scale = entry.getAs<FloatAttr>("scale"))
      read.scale = float(scale.getValueAsDouble());
    if (auto zeroPoint = entry.getAs<IntegerAttr>("zero_point"))
      read.zeroPoint = int32_t(zeroPoint.getInt());
  }
  return success();
}

ArrayAttr weightsAttr(Builder &builder, ArrayRef<NetworkWeight> weights) {
  SmallVector<Attribute> entries;
  for (const NetworkWeight &weight : weights)
    entries.push_back(builder.getDictionaryAttr(
        {builder.getNamedAttr("name", builder.getStringAttr(weight.name)),
         builder.getNamedAttr("offset",
                              builder.getI64IntegerAttr(weight.offset)),
         builder.getNamedAttr("size",
                              builder.getI64IntegerAttr(weight.size))}));
  return builder.getArrayAttr(entries);
}

LogicalResult readWeights(Operation *function,
                          std::vector<NetworkWeight> &weights) {
  auto entries = function->getAttrOfType<ArrayAttr>(kWeights);
  if (!entries)
    return success();
  for (Attribute attribute : entries) {
    auto entry = dyn_cast<DictionaryAttr>(attribute);
    auto label = entry ? entry.getAs<StringAttr>("name") : nullptr;
    auto offset = entry ? entry.getAs<IntegerAttr>("offset") : nullptr;
    auto size = entry ? entry.getAs<IntegerAttr>("size") : nullptr;
    if (!label || !offset || !size)
      return function->emitError()
             << "'" << kWeights << "' has an entry that is not "
             << "{name, offset, size}";
    weights.push_back(
        {label.str(), uint64_t(offset.getInt()), uint64_t(size.getInt())});
  }
  return success();
}

/// The name of a network that has none of its own.
std::string defaultName(Operation *function, StringAttr symbol) {
  auto module = function->getParentOfType<ModuleOp>();
  std::optional<StringRef> name = module ? module.getName() : std::nullopt;
  return symbol == "main" && name ? name->str() : symbol.str();
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
  if (!network.weights.empty())
    function->setAttr(kWeights, weightsAttr(builder, network.weights));
  if (!network.name.empty())
    function->setAttr(kNetwork, builder.getStringAttr(network.name));
  if (!network.explanation.empty())
    function->setAttr(kExplanation, builder.getStringAttr(network.explanation));
  if (!network.preprocess.empty())
    function->setAttr(kPreprocessAttrName,
                      builder.getStringAttr(network.preprocess));
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
          readInteger(function, kActivationBytes, network.activationBytes)) ||
      failed(readWeights(function, network.weights)))
    return failure();
  if (auto name = function->getAttrOfType<StringAttr>(kNetwork))
    network.name = name.str();
  else if (auto symbol = function->getAttrOfType<StringAttr>(
               SymbolTable::getSymbolAttrName()))
    network.name = defaultName(function, symbol);
  if (auto text = function->getAttrOfType<StringAttr>(kExplanation))
    network.explanation = text.str();
  if (auto text = function->getAttrOfType<StringAttr>(kPreprocessAttrName))
    network.preprocess = text.str();
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
