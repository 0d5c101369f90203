//===- Tensor.h - Tensors as kernels see them -------------------*- C++ -*-===//
//
// A tensor is an address, a 4-D shape and strides: in global memory (DDR) or in
// the lanes' local memory. Slices and reshapes of them are arithmetic and emit
// nothing.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_TENSOR_H
#define TPUC_KERNEL_TENSOR_H

#include "Arch/Arch.h"

#include <array>
#include <cstdint>

namespace tpuc::kernel {

/// Element types: the chip's precision code in the low three bits; the bit
/// above says that an integer is unsigned, which the chip has fields of its own
/// for.
enum class ElementType : uint8_t {
  I8 = 0,
  F16 = 1,
  F32 = 2,
  I16 = 3,
  I32 = 4,
  BF16 = 5,
  U8 = 8 | 0,
  U16 = 8 | 3
};

/// The code of a type in the commands' precision fields.
constexpr uint32_t precisionCode(ElementType type) {
  return uint32_t(type) & 7;
}

/// False for the unsigned integers.
constexpr bool isSigned(ElementType type) { return !(uint32_t(type) & 8); }

/// Bytes of an element.
constexpr int64_t byteWidth(ElementType type) {
  switch (type) {
  case ElementType::I8:
  case ElementType::U8:
    return 1;
  case ElementType::F16:
  case ElementType::BF16:
  case ElementType::I16:
  case ElementType::U16:
    return 2;
  case ElementType::F32:
  case ElementType::I32:
    return 4;
  }
  return 4;
}

constexpr bool isFloat(ElementType type) {
  return type == ElementType::F16 || type == ElementType::F32 ||
         type == ElementType::BF16;
}

/// Whether elements are the 8-bit integers of quantised values.
constexpr bool isInt8(ElementType type) {
  return type == ElementType::I8 || type == ElementType::U8;
}

/// The bits of `value` in `type`: floats rounded to nearest even, integers
/// truncated.
uint32_t constantBits(double value, ElementType type);

/// Sizes or strides of the axes n, c, h, w.
using Shape4 = std::array<int64_t, 4>;
enum Axis : unsigned { N = 0, C = 1, H = 2, W = 3 };

constexpr int64_t numElements(const Shape4 &shape) {
  return shape[N] * shape[C] * shape[H] * shape[W];
}

/// Row-major strides of a contiguous tensor, in elements.
constexpr Shape4 contiguousStrides(const Shape4 &shape) {
  return {shape[C] * shape[H] * shape[W], shape[H] * shape[W], shape[W], 1};
}

/// A part of a tensor: `size` elements from `offset` on, on each axis.
struct Box {
  Shape4 offset{0, 0, 0, 0};
  Shape4 size{0, 0, 0, 0};

  bool operator==(const Box &) const = default;
};

/// Which part of global memory an address counts from. The bases are known
/// only when everything has its place.
enum class Region : uint8_t { Coefficient, Activation };

/// How the elements of a value, in row-major order, are distributed over the
/// lanes when it lies in local memory: as [n, c, rest] with c across the lanes.
struct LaneLayout {
  int64_t n = 0, c = 0; ///< 0: not known
  /// Length of the value's own rows, where the rest has several; else 1.
  int64_t w = 1;

  bool isKnown() const { return c != 0; }
};

/// A tensor in global memory. Strides in elements.
struct GlobalTensor {
  Region region = Region::Activation;
  int64_t offsetBytes = 0;
  ElementType type = ElementType::F32;
  Shape4 shape{1, 1, 1, 1};
  Shape4 strides{1, 1, 1, 1};
  /// Of the whole value that this is a part of; kernels that may choose their
  /// lanes follow it, so that a value in local memory is used where it is.
  LaneLayout layout;

  /// The contiguous tensor of `shape` at this tensor's start.
  GlobalTensor reshaped(const Shape4 &newShape) const;
  /// The same start with other sizes and strides.
  GlobalTensor viewed(const Shape4 &newShape, const Shape4 &newStrides) const;
  /// The elements of `box`.
  GlobalTensor slice(const Box &box) const;
  GlobalTensor advanced(int64_t elements) const;
};

/// A tensor in the local memory of a chip: channel c lies in lane (start lane +
/// c) % lanes, row (start lane + c) / lanes of that lane. Strides in elements;
/// strides[C] is the distance of channel rows within a lane.
struct LocalTensor {
  const Arch *arch = nullptr;
  uint32_t address = 0; ///< lane * lane bytes + byte in the lane
  ElementType type = ElementType::F32;
  Shape4 shape{1, 1, 1, 1};
  Shape4 strides{1, 1, 1, 1};

  uint32_t startLane() const { return address / arch->laneBytes; }
  /// Channel rows that a lane holds at the most.
  int64_t channelRows() const {
    return arch->channelRows(startLane() + shape[C]);
  }
  /// Bytes of a lane from the first to the last element.
  int64_t laneBytes() const;
  /// The same data with another address.
  LocalTensor at(uint32_t newAddress) const;
  /// The same bytes read as another shape with the given strides.
  LocalTensor viewed(const Shape4 &newShape, const Shape4 &newStrides) const;
  /// The same memory with elements of another type of the same width.
  LocalTensor as(ElementType newType) const;
  /// The elements from `offset` on along `axis` (not C unless a multiple of the
  /// lanes or within the first channel row), `size` of them.
  LocalTensor slice(Axis axis, int64_t offset, int64_t size) const;
};

/// Strides of the vector-aligned layout (code 0): channel rows padded to whole
/// vectors.
Shape4 alignedStrides(const Arch &arch, const Shape4 &shape, ElementType type,
                      uint32_t startLane = 0);
/// Strides of the compact layout (code 1): channel rows not padded.
Shape4 compactStrides(const Arch &arch, const Shape4 &shape,
                      uint32_t startLane = 0);

/// A tensor in the vector-aligned layout.
LocalTensor alignedTensor(const Arch &arch, uint32_t address,
                          const Shape4 &shape, ElementType type);
/// A tensor in the compact layout.
LocalTensor compactTensor(const Arch &arch, uint32_t address,
                          const Shape4 &shape, ElementType type);

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_TENSOR_H
