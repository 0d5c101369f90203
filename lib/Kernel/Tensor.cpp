//===- Tensor.cpp - Tensors as kernels see them ---------------------------===//
//
// Address and stride arithmetic of global and local tensors.
//
//===----------------------------------------------------------------------===//

#include "Kernel/Tensor.h"

#include "Support/IntMath.h"

#include "llvm/ADT/APFloat.h"

using namespace tpuc;
using namespace tpuc::kernel;

uint32_t kernel::constantBits(double value, ElementType type) {
  auto rounded = [&](const llvm::fltSemantics &semantics) {
    llvm::APFloat number(value);
    bool losesInfo;
    number.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &losesInfo);
    return uint32_t(number.bitcastToAPInt().getZExtValue());
  };
  switch (type) {
  case ElementType::F16:
    return rounded(llvm::APFloat::IEEEhalf());
  case ElementType::BF16:
    return rounded(llvm::APFloat::BFloat());
  case ElementType::F32:
    return rounded(llvm::APFloat::IEEEsingle());
  case ElementType::I8:
  case ElementType::U8:
    return uint8_t(int64_t(value));
  case ElementType::I16:
  case ElementType::U16:
    return uint16_t(int64_t(value));
  case ElementType::I32:
    return uint32_t(int64_t(value));
  }
  return 0;
}

GlobalTensor GlobalTensor::reshaped(const Shape4 &newShape) const {
  return viewed(newShape, contiguousStrides(newShape));
}

GlobalTensor GlobalTensor::viewed(const Shape4 &newShape,
                                  const Shape4 &newStrides) const {
  GlobalTensor view = *this;
  view.shape = newShape;
  view.strides = newStrides;
  return view;
}

GlobalTensor GlobalTensor::slice(const Box &box) const {
  int64_t elements = 0;
  for (unsigned axis = 0; axis < 4; ++axis)
    elements += box.offset[axis] * strides[axis];
  GlobalTensor part = advanced(elements);
  part.shape = box.size;
  return part;
}

GlobalTensor GlobalTensor::advanced(int64_t elements) const {
  GlobalTensor moved = *this;
  moved.offsetBytes += elements * byteWidth(type);
  return moved;
}

int64_t LocalTensor::laneBytes() const {
  int64_t last = (shape[N] - 1) * strides[N] +
                 (channelRows() - 1) * strides[C] +
                 (shape[H] - 1) * strides[H] + (shape[W] - 1) * strides[W];
  return (last + 1) * byteWidth(type);
}

LocalTensor LocalTensor::at(uint32_t newAddress) const {
  LocalTensor moved = *this;
  moved.address = newAddress;
  return moved;
}

LocalTensor LocalTensor::viewed(const Shape4 &newShape,
                                const Shape4 &newStrides) const {
  LocalTensor view = *this;
  view.shape = newShape;
  view.strides = newStrides;
  return view;
}

LocalTensor LocalTensor::as(ElementType newType) const {
  LocalTensor view = *this;
  view.type = newType;
  return view;
}

LocalTensor LocalTensor::slice(Axis axis, int64_t offset, int64_t size) const {
  LocalTensor part = *this;
  part.shape[axis] = size;
  if (axis == C) {
    int64_t lane = startLane() + offset;
    part.address = uint32_t((lane % arch->lanes) * arch->laneBytes +
                            address % arch->laneBytes +
                            lane / arch->lanes * strides[C] * byteWidth(type));
  } else {
    part.address += uint32_t(offset * strides[axis] * byteWidth(type));
  }
  return part;
}

Shape4 kernel::alignedStrides(const Arch &arch, const Shape4 &shape,
                              ElementType type, uint32_t startLane) {
  int64_t vector = arch.vectorBytes / byteWidth(type);
  int64_t row = alignUp(shape[H] * shape[W], vector);
  int64_t rows = arch.channelRows(startLane + shape[C]);
  return {rows * row, row, shape[W], 1};
}

Shape4 kernel::compactStrides(const Arch &arch, const Shape4 &shape,
                              uint32_t startLane) {
  int64_t row = shape[H] * shape[W];
  int64_t rows = arch.channelRows(startLane + shape[C]);
  return {rows * row, row, shape[W], 1};
}

LocalTensor kernel::alignedTensor(const Arch &arch, uint32_t address,
                                  const Shape4 &shape, ElementType type) {
  return {&arch, address, type, shape,
          alignedStrides(arch, shape, type, address / arch.laneBytes)};
}

LocalTensor kernel::compactTensor(const Arch &arch, uint32_t address,
                                  const Shape4 &shape, ElementType type) {
  return {&arch, address, type, shape,
          compactStrides(arch, shape, address / arch.laneBytes)};
}
