//===- Evaluable.cpp - Ops that evaluate themselves -----------------------===//
//
// Constants to host buffers and back, and the interpreter of a function.
//
//===----------------------------------------------------------------------===//

#include "Interfaces/Evaluable.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/DenseMap.h"

using namespace mlir;
using namespace tpuc;

#include "Interfaces/Evaluable.cpp.inc"

/// Bytes above which a constant becomes a resource.
static constexpr int64_t kResourceBytes = 1024;

/// Bytes of the largest tensor that is expanded out of a single value.
static constexpr int64_t kExpandedBytes = int64_t(1) << 32;

/// Reads integers of type T from raw little-endian bytes.
template <typename T>
static std::vector<int64_t> widen(ArrayRef<char> data, int64_t count) {
  std::vector<int64_t> values(count);
  for (int64_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, data.data() + i * sizeof(T), sizeof(T));
    values[i] = value;
  }
  return values;
}

static FailureOr<Buffer> bufferFromResource(DenseResourceElementsAttr attr) {
  ShapedType type = attr.getType();
  int64_t count = type.getNumElements();
  AsmResourceBlob *blob = attr.getRawHandle().getBlob();
  if (!blob)
    return failure();
  ArrayRef<char> data = blob->getData();
  unsigned width = type.getElementType().getIntOrFloatBitWidth();
  if (int64_t(data.size()) != count * std::max<int64_t>(width / 8, 1))
    return failure();
  ArrayRef<int64_t> shape = type.getShape();
  if (type.getElementType().isF32()) {
    if (reinterpret_cast<uintptr_t>(data.data()) % alignof(float) == 0)
      return Buffer::view(
          shape, {reinterpret_cast<const float *>(data.data()), size_t(count)});
    std::vector<float> values(count);
    std::memcpy(values.data(), data.data(), data.size());
    return Buffer::f32(shape, std::move(values));
  }
  if (!type.getElementType().isInteger())
    return failure();
  switch (width) {
  case 1:
  case 8:
    return Buffer::ints(shape, widen<int8_t>(data, count));
  case 16:
    return Buffer::ints(shape, widen<int16_t>(data, count));
  case 32:
    return Buffer::ints(shape, widen<int32_t>(data, count));
  case 64:
    return Buffer::ints(shape, widen<int64_t>(data, count));
  default:
    return failure();
  }
}

FailureOr<Buffer> tpuc::bufferFromAttr(ElementsAttr attr) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr))
    return bufferFromResource(resource);
  auto dense = dyn_cast<DenseElementsAttr>(attr);
  if (!dense)
    return failure();
  ShapedType type = dense.getType();
  Type element = type.getElementType();
  if (dense.isSplat() &&
      type.getNumElements() > kExpandedBytes / int64_t(sizeof(int64_t)))
    return failure();
  if (element.isF32() && !dense.isSplat()) {
    ArrayRef<char> data = dense.getRawData();
    if (reinterpret_cast<uintptr_t>(data.data()) % alignof(float) == 0)
      return Buffer::view(type.getShape(),
                          {reinterpret_cast<const float *>(data.data()),
                           size_t(type.getNumElements())});
  }
  if (element.isF32()) {
    auto values = dense.getValues<float>();
    return Buffer::f32(type.getShape(),
                       std::vector<float>(values.begin(), values.end()));
  }
  if (element.isF64()) {
    auto values = dense.getValues<double>();
    return Buffer::f32(type.getShape(),
                       std::vector<float>(values.begin(), values.end()));
  }
  if (!element.isInteger())
    return failure();
  std::vector<int64_t> values;
  values.reserve(type.getNumElements());
  bool isMask = element.isInteger(1);
  for (const APInt &value : dense.getValues<APInt>())
    values.push_back(isMask ? value.getZExtValue() : value.getSExtValue());
  return Buffer::ints(type.getShape(), std::move(values));
}

/// The bytes of `values`, converted to T, as a resource or a dense constant.
template <typename T, typename Range>
static ElementsAttr makeConstant(const Range &values, RankedTensorType type) {
  std::vector<T> converted(values.begin(), values.end());
  int64_t numBytes = converted.size() * sizeof(T);
  if (numBytes <= kResourceBytes)
    return DenseElementsAttr::get(type, ArrayRef<T>(converted));
  return DenseResourceElementsAttr::get(
      type, "folded",
      HeapAsmResourceBlob::allocateAndCopyInferAlign(ArrayRef<T>(converted)));
}

ElementsAttr tpuc::attrFromBuffer(const Buffer &buffer, RankedTensorType type) {
  if (buffer.isF32()) {
    ArrayRef<float> values = buffer.getF32();
    // A constant of one value stays small however large its type.
    if (!values.empty() && llvm::all_of(values, [&](float value) {
          return std::memcmp(&value, values.data(), sizeof(float)) == 0;
        }))
      return DenseElementsAttr::get(type, values.front());
    return makeConstant<float>(values, type);
  }
  ArrayRef<int64_t> values = buffer.getInts();
  if (type.getElementType().isInteger(1)) {
    SmallVector<bool> bits(values.begin(), values.end());
    return DenseElementsAttr::get(type, ArrayRef<bool>(bits));
  }
  if (type.getElementType().isInteger(32))
    return makeConstant<int32_t>(values, type);
  return makeConstant<int64_t>(values, type);
}

llvm::Expected<SmallVector<Buffer>>
tpuc::evaluateFunction(FunctionOpInterface function,
                       ArrayRef<Buffer> arguments) {
  if (function.isExternal() || !function.getFunctionBody().hasOneBlock())
    return llvm::createStringError("function '%s' is not a single block",
                                   function.getName().str().c_str());
  Block &block = function.getFunctionBody().front();
  if (arguments.size() != block.getNumArguments())
    return llvm::createStringError(
        "function '%s' has %u arguments, but %zu were given",
        function.getName().str().c_str(), block.getNumArguments(),
        arguments.size());
  llvm::DenseMap<Value, Buffer> values;
  llvm::DenseMap<Value, unsigned> remainingUses;
  for (auto [argument, buffer] : llvm::zip(block.getArguments(), arguments))
    values[argument] = buffer;
  SmallVector<Buffer> operands;
  for (Operation &op : block) {
    operands.clear();
    for (Value operand : op.getOperands())
      operands.push_back(values.lookup(operand));
    // Intermediate tensors die with their last reader.
    for (Value operand : op.getOperands()) {
      auto [it, isNew] = remainingUses.try_emplace(operand, 0);
      if (isNew)
        it->second = std::distance(operand.use_begin(), operand.use_end());
      if (--it->second == 0)
        values.erase(operand);
    }
    if (op.hasTrait<OpTrait::IsTerminator>())
      return operands;
    auto evaluable = dyn_cast<EvaluableOp>(op);
    if (!evaluable)
      return llvm::createStringError("op '%s' cannot be evaluated",
                                     op.getName().getStringRef().str().c_str());
    llvm::Expected<SmallVector<Buffer>> results = evaluable.evaluate(operands);
    if (!results)
      return results.takeError();
    for (auto [result, buffer] : llvm::zip(op.getResults(), *results))
      values[result] = buffer;
  }
  return llvm::createStringError("function '%s' does not return",
                                 function.getName().str().c_str());
}
