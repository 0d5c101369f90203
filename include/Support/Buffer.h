//===- Buffer.h - Host tensor of the reference evaluation -------*- C++ -*-===//
//
// A dense, row-major tensor on the host: f32, or integers of any width held as
// int64_t (i1 as 0 or 1). It only holds data; it computes nothing.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_SUPPORT_BUFFER_H
#define TPUC_SUPPORT_BUFFER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>
#include <memory>
#include <vector>

namespace tpuc {

/// A host tensor. Copies share the data, so passing buffers by value is cheap;
/// whoever makes a buffer fills it before handing it on.
class Buffer {
public:
  enum class Kind { F32, Int };

  Buffer() = default;

  /// Zeroes of the given shape.
  static Buffer f32(llvm::ArrayRef<int64_t> shape);
  static Buffer ints(llvm::ArrayRef<int64_t> shape);
  static Buffer make(Kind kind, llvm::ArrayRef<int64_t> shape);
  /// Takes the values over; their number is the product of `shape`.
  static Buffer f32(llvm::ArrayRef<int64_t> shape, std::vector<float> values);
  static Buffer ints(llvm::ArrayRef<int64_t> shape,
                     std::vector<int64_t> values);
  /// Refers to data that outlives the buffer.
  static Buffer view(llvm::ArrayRef<int64_t> shape,
                     llvm::ArrayRef<float> values);

  Kind getKind() const { return kind; }
  bool isF32() const { return kind == Kind::F32; }
  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  int64_t getRank() const { return shape.size(); }
  int64_t getDim(int64_t axis) const { return shape[axis]; }
  int64_t getNumElements() const { return numElements; }

  /// The elements of a buffer of the matching kind.
  llvm::ArrayRef<float> getF32() const { return {floats, size_t(numElements)}; }
  llvm::ArrayRef<int64_t> getInts() const {
    return {integers, size_t(numElements)};
  }
  /// The elements for writing; not for views.
  llvm::MutableArrayRef<float> getMutableF32() {
    return {const_cast<float *>(floats), size_t(numElements)};
  }
  llvm::MutableArrayRef<int64_t> getMutableInts() {
    return {const_cast<int64_t *>(integers), size_t(numElements)};
  }

  /// The same data under another shape of as many elements.
  Buffer reshaped(llvm::ArrayRef<int64_t> newShape) const;

private:
  Kind kind = Kind::F32;
  llvm::SmallVector<int64_t, 6> shape;
  int64_t numElements = 0;
  const float *floats = nullptr;
  const int64_t *integers = nullptr;
  std::shared_ptr<const void> owner;
};

/// Row-major strides, in elements, of a shape.
llvm::SmallVector<int64_t> getRowMajorStrides(llvm::ArrayRef<int64_t> shape);

/// Number of elements of a shape.
int64_t getNumElements(llvm::ArrayRef<int64_t> shape);

} // namespace tpuc

#endif // TPUC_SUPPORT_BUFFER_H
