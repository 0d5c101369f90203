//===- KernelContext.cpp - What building a kernel may ask -----------------===//
//
// Virtual addresses of activations, and the coefficient area as kernels fill
// it.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Tpu/Plan/KernelContext.h"
#include "Support/IntMath.h"

#include "Dialect/Tpu/IR/TensorNames.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Operation.h"
#include "llvm/Support/xxhash.h"

#include <cstring>

using namespace mlir;
using namespace tpuc;
using kernel::ElementType;
using kernel::GlobalTensor;

/// The node that a constant is named after, or nothing.
static StringRef nameOf(Value constant) {
  StringAttr name = tpu::getSourceName(constant.getDefiningOp());
  return name ? name.getValue() : StringRef();
}

GlobalTensor KernelContext::globalTensor(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  GlobalTensor tensor;
  tensor.type = *elementTypeOf(type);
  if (Value source = aliases.lookup(value))
    value = source;
  if (auto it = activations.find(value); it != activations.end()) {
    tensor.offsetBytes = it->second.offsetBytes;
    tensor.layout = it->second.layout;
  } else {
    auto [place, isNew] = constantOffsets.try_emplace(value, 0);
    if (isNew)
      place->second = addPiece(constantBytes(value), nameOf(value));
    tensor.region = kernel::Region::Coefficient;
    tensor.offsetBytes = place->second;
  }
  return tensor.reshaped({1, 1, 1, type.getNumElements()});
}

void KernelContext::alias(Value value, Value source) {
  Value root = aliases.lookup(source);
  aliases[value] = root ? root : source;
}

/// The bytes of a resource or of dense elements.
static ArrayRef<char> bytesOf(ElementsAttr elements) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    return blob ? blob->getData() : ArrayRef<char>();
  }
  auto dense = dyn_cast<DenseElementsAttr>(elements);
  return dense && !dense.isSplat() ? dense.getRawData() : ArrayRef<char>();
}

ArrayRef<char> KernelContext::constantBytes(Value value) {
  if (Value source = aliases.lookup(value))
    value = source;
  ElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)))
    return {};
  auto dense = dyn_cast<DenseElementsAttr>(elements);
  if (!dense || !dense.isSplat())
    return bytesOf(elements);
  // A splat holds one element; kernels need all of them.
  ArrayRef<char> one = dense.getRawData();
  auto [it, isNew] = splats.try_emplace(value);
  if (isNew) {
    std::vector<char> &bytes = packed.emplace_back();
    bytes.reserve(one.size() * dense.getNumElements());
    for (int64_t i = 0; i < dense.getNumElements(); ++i)
      bytes.insert(bytes.end(), one.begin(), one.end());
    it->second = bytes;
  }
  return it->second;
}

FailureOr<GlobalTensor>
KernelContext::packedWeight(Operation *op, Value weight, ElementType type,
                            const kernel::Shape4 &shape) {
  if (Value source = aliases.lookup(weight))
    weight = source;
  auto constant = weight.getDefiningOp<tpu::WeightOp>();
  GlobalTensor tensor;
  tensor.region = kernel::Region::Coefficient;
  tensor.type = type;
  tensor.offsetBytes = coefficientBytes;
  if (!constant || !constant.getPacked()) {
    unpacked = unpacked ? unpacked : op;
    return tensor.reshaped(shape);
  }
  ArrayRef<char> bytes = bytesOf(*constant.getPacked());
  int64_t expected = kernel::numElements(shape) * byteWidth(type);
  if (int64_t(bytes.size()) != expected)
    return op->emitOpError()
           << "has weights that are packed into " << bytes.size()
           << " bytes, expected " << expected << "; run tpu-pack-weights again";
  tensor.offsetBytes = addPiece(bytes, nameOf(weight));
  return tensor.reshaped(shape);
}

GlobalTensor KernelContext::addConstant(std::vector<char> bytes,
                                        ElementType type,
                                        const kernel::Shape4 &shape) {
  GlobalTensor tensor;
  tensor.region = kernel::Region::Coefficient;
  tensor.type = type;
  packed.push_back(std::move(bytes));
  int64_t end = coefficientBytes;
  tensor.offsetBytes = addPiece(packed.back(), /*name=*/"");
  if (tensor.offsetBytes < end)
    packed.pop_back(); // the same bytes are there already
  return tensor.reshaped(shape);
}

GlobalTensor KernelContext::identityMatrix(ElementType type) {
  auto [place, isNew] = identities.try_emplace(type);
  if (isNew) {
    uint32_t one = kernel::constantBits(1.0, type);
    int64_t width = byteWidth(type);
    int64_t lanes = chip.lanes;
    std::vector<char> bytes(lanes * lanes * width);
    for (int64_t i = 0; i < lanes; ++i)
      std::memcpy(bytes.data() + i * (lanes + 1) * width, &one, width);
    place->second = addConstant(std::move(bytes), type, {1, lanes, 1, lanes});
  }
  return place->second;
}

void KernelContext::placeActivation(Value value, int64_t offsetBytes,
                                    kernel::LaneLayout layout) {
  activations[value] = {offsetBytes, layout};
}

int64_t KernelContext::addPiece(ArrayRef<char> bytes, StringRef name) {
  uint64_t hash = llvm::xxh3_64bits(llvm::ArrayRef(
      reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()));
  auto range = piecesByHash.equal_range(hash);
  for (auto it = range.first; it != range.second; ++it)
    if (pieces[it->second].bytes == bytes)
      return pieces[it->second].offsetBytes;
  piecesByHash.insert({hash, pieces.size()});
  int64_t offset = coefficientBytes;
  pieces.push_back({name.str(), offset, bytes});
  coefficientBytes =
      alignUp(offset + int64_t(bytes.size()), chip.globalAlignBytes);
  return offset;
}
