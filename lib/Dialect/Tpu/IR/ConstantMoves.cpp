//===- ConstantMoves.cpp - Movement of constants --------------------------===//
//
// Copies the elements of constants between row-major layouts.
//
//===----------------------------------------------------------------------===//

#include "ConstantMoves.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"

#include <cstring>

using namespace mlir;
using namespace tpuc;

static SmallVector<int64_t> getStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t i = int64_t(shape.size()) - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * shape[i + 1];
  return strides;
}

/// Copies `shape` elements of `bytes` bytes from strides `from` to strides
/// `to`.
static void copyElements(const char *source, char *target,
                         ArrayRef<int64_t> shape, ArrayRef<int64_t> from,
                         ArrayRef<int64_t> to, int64_t bytes) {
  if (shape.empty()) {
    std::memcpy(target, source, bytes);
    return;
  }
  if (shape.size() == 1 && from[0] == 1 && to[0] == 1) {
    std::memcpy(target, source, shape[0] * bytes);
    return;
  }
  for (int64_t i = 0; i < shape[0]; ++i)
    copyElements(source + i * from[0] * bytes, target + i * to[0] * bytes,
                 shape.drop_front(), from.drop_front(), to.drop_front(), bytes);
}

/// Makes a constant of `type` whose bytes `fill` writes, given the bytes of
/// `elements`; both are zero before.
static ElementsAttr
makeElements(ElementsAttr elements, RankedTensorType type,
             function_ref<void(const char *, char *)> fill) {
  size_t bytes = type.getNumElements() *
                 (type.getElementType().getIntOrFloatBitWidth() / 8);
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob || blob->getData().empty())
      return nullptr;
    AsmResourceBlob moved = HeapAsmResourceBlob::allocate(bytes, /*align=*/64);
    std::memset(moved.getMutableData().data(), 0, bytes);
    fill(blob->getData().data(), moved.getMutableData().data());
    return DenseResourceElementsAttr::get(
        type, resource.getRawHandle().getKey(), std::move(moved));
  }
  auto dense = dyn_cast<DenseElementsAttr>(elements);
  if (!dense || dense.isSplat())
    return nullptr;
  std::vector<char> moved(bytes, 0);
  fill(dense.getRawData().data(), moved.data());
  return DenseElementsAttr::getFromRawBuffer(type, moved);
}

ElementsAttr tpu::reshapeElements(ElementsAttr elements,
                                  RankedTensorType type) {
  type = getStorageType(type);
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements))
    return DenseResourceElementsAttr::get(type, resource.getRawHandle());
  if (auto dense = dyn_cast<DenseElementsAttr>(elements))
    return dense.reshape(type);
  return nullptr;
}

ElementsAttr tpu::permuteElements(ElementsAttr elements, RankedTensorType type,
                                  ArrayRef<int64_t> order) {
  type = getStorageType(type);
  if (auto splat = dyn_cast<SplatElementsAttr>(elements))
    return splat.resizeSplat(type);
  SmallVector<int64_t> strides =
      getStrides(cast<RankedTensorType>(elements.getShapedType()).getShape());
  SmallVector<int64_t> from;
  for (int64_t axis : order)
    from.push_back(strides[axis]);
  int64_t bytes = type.getElementType().getIntOrFloatBitWidth() / 8;
  return makeElements(elements, type, [&](const char *source, char *target) {
    copyElements(source, target, type.getShape(), from,
                 getStrides(type.getShape()), bytes);
  });
}

ElementsAttr tpu::embedElements(ElementsAttr elements, RankedTensorType type,
                                ArrayRef<int64_t> offsets) {
  type = getStorageType(type);
  ArrayRef<int64_t> shape =
      cast<RankedTensorType>(elements.getShapedType()).getShape();
  SmallVector<int64_t> to = getStrides(type.getShape());
  int64_t bytes = type.getElementType().getIntOrFloatBitWidth() / 8;
  int64_t start = 0;
  for (auto [offset, stride] : llvm::zip(offsets, to))
    start += offset * stride;
  return makeElements(elements, type, [&](const char *source, char *target) {
    copyElements(source, target + start * bytes, shape, getStrides(shape), to,
                 bytes);
  });
}

ElementsAttr tpu::sliceElements(ElementsAttr elements, RankedTensorType type,
                                ArrayRef<int64_t> offsets,
                                ArrayRef<int64_t> steps) {
  type = getStorageType(type);
  if (auto splat = dyn_cast<SplatElementsAttr>(elements))
    return splat.resizeSplat(type);
  SmallVector<int64_t> from =
      getStrides(cast<RankedTensorType>(elements.getShapedType()).getShape());
  int64_t bytes = type.getElementType().getIntOrFloatBitWidth() / 8;
  int64_t start = 0;
  for (auto [offset, step, stride] : llvm::zip(offsets, steps, from)) {
    start += offset * stride;
    stride *= step;
  }
  return makeElements(elements, type, [&](const char *source, char *target) {
    copyElements(source + start * bytes, target, type.getShape(), from,
                 getStrides(type.getShape()), bytes);
  });
}
