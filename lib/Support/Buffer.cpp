//===- Buffer.cpp - Host tensor of the reference evaluation ---------------===//
//
// Storage of host tensors.
//
//===----------------------------------------------------------------------===//

#include "Support/Buffer.h"

using namespace tpuc;

int64_t tpuc::getNumElements(llvm::ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t dim : shape)
    count *= dim;
  return count;
}

llvm::SmallVector<int64_t>
tpuc::getRowMajorStrides(llvm::ArrayRef<int64_t> shape) {
  llvm::SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t i = int64_t(shape.size()) - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * shape[i + 1];
  return strides;
}

Buffer Buffer::f32(llvm::ArrayRef<int64_t> shape) {
  return f32(shape, std::vector<float>(tpuc::getNumElements(shape)));
}

Buffer Buffer::ints(llvm::ArrayRef<int64_t> shape) {
  return ints(shape, std::vector<int64_t>(tpuc::getNumElements(shape)));
}

Buffer Buffer::make(Kind kind, llvm::ArrayRef<int64_t> shape) {
  return kind == Kind::F32 ? f32(shape) : ints(shape);
}

Buffer Buffer::f32(llvm::ArrayRef<int64_t> shape, std::vector<float> values) {
  auto storage = std::make_shared<std::vector<float>>(std::move(values));
  Buffer buffer = view(shape, *storage);
  buffer.owner = std::move(storage);
  return buffer;
}

Buffer Buffer::ints(llvm::ArrayRef<int64_t> shape,
                    std::vector<int64_t> values) {
  auto storage = std::make_shared<std::vector<int64_t>>(std::move(values));
  Buffer buffer;
  buffer.kind = Kind::Int;
  buffer.shape.assign(shape.begin(), shape.end());
  buffer.numElements = storage->size();
  buffer.integers = storage->data();
  buffer.owner = std::move(storage);
  return buffer;
}

Buffer Buffer::view(llvm::ArrayRef<int64_t> shape,
                    llvm::ArrayRef<float> values) {
  Buffer buffer;
  buffer.kind = Kind::F32;
  buffer.shape.assign(shape.begin(), shape.end());
  buffer.numElements = values.size();
  buffer.floats = values.data();
  return buffer;
}

Buffer Buffer::reshaped(llvm::ArrayRef<int64_t> newShape) const {
  Buffer buffer = *this;
  buffer.shape.assign(newShape.begin(), newShape.end());
  return buffer;
}
