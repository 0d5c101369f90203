//===- Copy.cpp - Moving elements in global memory ------------------------===//
//
// Strided copies by the form that keeps runs contiguous on both sides: one
// transfer where the innermost axis is the same, a transposition inside the
// lanes where it is not. Gathers and fills are transfers.
//
//===----------------------------------------------------------------------===//

#include "Kernel/Copy.h"

#include "LaneCopy.h"
#include "SplitCopy.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace tpuc;
using namespace tpuc::kernel;

namespace {

/// Transposes two axes inside the lanes: rows come contiguous from the source
/// as [n, c, w, h] and leave contiguous for the result as [n, c, h, w].
class TransposeKernel : public TiledKernel {
public:
  TransposeKernel(const Arch &arch, const GlobalTensor &result,
                  const GlobalTensor &source)
      : TiledKernel(arch), result(result), source(source) {}

  Shape4 space() const override { return result.shape; }
  Shape4 granularity() const override {
    int64_t vector = arch.vectorBytes / byteWidth(result.type);
    return {1, arch.lanes, vector, vector};
  }
  unsigned numInputs() const override { return 1; }
  Box inputBox(unsigned, const Box &tile) const override {
    Box box = tile;
    std::swap(box.offset[H], box.offset[W]);
    std::swap(box.size[H], box.size[W]);
    return box;
  }
  LocalTensor placeInput(unsigned, const Box &box) const override {
    return alignedTensor(arch, 0, box.size, source.type);
  }
  LocalTensor placeResult(const Box &tile) const override {
    return alignedTensor(arch, 0, tile.size, result.type);
  }
  void load(CommandBuilder &builder, unsigned, const Box &box,
            const LocalTensor &local) const override {
    builder.load(local, source.slice(box));
  }
  void compute(CommandBuilder &builder, const Box &tile,
               const TileBuffers &buffers, uint32_t) const override {
    LocalTensor turned = buffers.inputs.front();
    std::swap(turned.shape[H], turned.shape[W]);
    std::swap(turned.strides[H], turned.strides[W]);
    builder.copy(buffers.result, turned);
  }
  void store(CommandBuilder &builder, const Box &tile,
             const LocalTensor &local) const override {
    builder.store(result.slice(tile), local);
  }

private:
  GlobalTensor result, source;
};

class FillKernel : public TransferKernel {
public:
  FillKernel(const Arch &arch, const GlobalTensor &result, uint32_t bits)
      : TransferKernel(arch), result(result), bits(bits) {}

  void emit(CommandBuilder &builder) const override {
    builder.fill(result, bits);
  }

private:
  GlobalTensor result;
  uint32_t bits;
};

class GatherKernel : public TransferKernel {
public:
  GatherKernel(const Arch &arch, const GlobalTensor &result,
               const GlobalTensor &source, const GlobalTensor &index)
      : TransferKernel(arch), result(result), source(source), index(index) {}

  void emit(CommandBuilder &builder) const override {
    builder.gather(result, source, index);
  }

private:
  GlobalTensor result, source, index;
};

class CopyMaker {
public:
  CopyMaker(const Arch &arch, const GlobalTensor &result,
            const GlobalTensor &source, KernelList &kernels)
      : arch(arch), result(result), source(source), kernels(kernels) {}

  void make(llvm::ArrayRef<StridedAxis> axes) {
    cutSizes(arch, axes, 0, 0,
             [&](llvm::ArrayRef<StridedAxis> cut, int64_t resultOffset,
                 int64_t sourceOffset) {
               makeCut(cut, resultOffset, sourceOffset);
             });
  }

private:
  void makeCut(llvm::ArrayRef<StridedAxis> axes, int64_t resultOffset,
               int64_t sourceOffset) {
    // The innermost axis of the source, when it is not that of the result.
    const auto *inner = llvm::find_if(
        axes, [](const StridedAxis &axis) { return axis.sourceStride == 1; });
    bool isTransposing = axes.back().resultStride == 1 &&
                         axes.back().sourceStride > 1 && inner != axes.end();
    if (!isTransposing &&
        makeFreeLaneCopy(arch, result.advanced(resultOffset),
                         source.advanced(sourceOffset), axes, kernels))
      return;
    if (isTransposing)
      transpose(StridedAxes(axes), inner - axes.begin(), resultOffset,
                sourceOffset);
    else
      move(axes, resultOffset, sourceOffset);
  }

  /// One transfer for the inner four axes, for each position on the others.
  void move(llvm::ArrayRef<StridedAxis> axes, int64_t resultOffset,
            int64_t sourceOffset) {
    if (axes.size() > 4) {
      for (int64_t i = 0; i < axes.front().size; ++i)
        move(axes.drop_front(), resultOffset + i * axes.front().resultStride,
             sourceOffset + i * axes.front().sourceStride);
      return;
    }
    // A single run goes as several rows, so that no size field overflows and
    // the strides stay plain.
    Shape4 shape{1, 1, 1, 1}, resultStrides{1, 1, 1, 1},
        sourceStrides{1, 1, 1, 1};
    unsigned first = 4 - axes.size();
    for (auto [i, axis] : llvm::enumerate(axes)) {
      // Two or three axes keep h free: rows of h join into longer ones.
      unsigned position = axes.size() <= 3 && i + 1 < axes.size()
                              ? unsigned(first + i - 1)
                              : unsigned(first + i);
      shape[position] = axis.size;
      resultStrides[position] = axis.resultStride;
      sourceStrides[position] = axis.sourceStride;
    }
    if (axes.size() <= 3) {
      resultStrides[H] = shape[W];
      sourceStrides[H] = shape[W];
    }
    makeMoveKernel(
        arch, result.viewed(shape, resultStrides).advanced(resultOffset),
        source.viewed(shape, sourceStrides).advanced(sourceOffset), kernels);
  }

  /// `inner`: the axis that is contiguous in the source.
  void transpose(StridedAxes axes, size_t inner, int64_t resultOffset,
                 int64_t sourceOffset) {
    StridedAxis w = axes.pop_back_val();
    StridedAxis h = axes[inner];
    axes.erase(axes.begin() + inner);
    // Another axis across the lanes; lacking one, a part of the longer of the
    // two, whose runs stay the longest.
    auto *widest = llvm::max_element(
        axes, [&](const StridedAxis &a, const StridedAxis &b) {
          return std::min(a.size, arch.lanes) < std::min(b.size, arch.lanes);
        });
    constexpr int64_t kFewLanes = 16;
    StridedAxis lanes{1, 1, 1};
    if (widest != axes.end() &&
        (widest->size >= kFewLanes ||
         widest->size >= arch.laneDivisor(std::max(h.size, w.size)))) {
      lanes = *widest;
      axes.erase(widest);
    } else {
      StridedAxis &longer = h.size > w.size ? h : w;
      int64_t count = arch.laneDivisor(longer.size);
      longer.size /= count;
      lanes = {count, longer.resultStride * longer.size,
               longer.sourceStride * longer.size};
    }
    StridedAxis n{1, 1, 1};
    if (!axes.empty())
      n = axes.pop_back_val();
    emitTransposes(axes, {n, lanes, h, w}, resultOffset, sourceOffset);
  }

  void emitTransposes(llvm::ArrayRef<StridedAxis> outer,
                      const std::array<StridedAxis, 4> &axes,
                      int64_t resultOffset, int64_t sourceOffset) {
    if (!outer.empty()) {
      for (int64_t i = 0; i < outer.front().size; ++i)
        emitTransposes(outer.drop_front(), axes,
                       resultOffset + i * outer.front().resultStride,
                       sourceOffset + i * outer.front().sourceStride);
      return;
    }
    auto &[n, c, h, w] = axes;
    kernels.push_back(std::make_unique<TransposeKernel>(
        arch,
        result
            .viewed({n.size, c.size, h.size, w.size},
                    {n.resultStride, c.resultStride, h.resultStride,
                     w.resultStride})
            .advanced(resultOffset),
        source
            .viewed({n.size, c.size, w.size, h.size},
                    {n.sourceStride, c.sourceStride, w.sourceStride,
                     h.sourceStride})
            .advanced(sourceOffset)));
  }

  const Arch &arch;
  GlobalTensor result, source;
  KernelList &kernels;
};

} // namespace

void kernel::makeCopyKernels(const Arch &arch, const CopyParams &params,
                             llvm::ArrayRef<StridedAxis> axes,
                             KernelList &kernels) {
  StridedAxes joined = joinAxes(axes);
  if (!makeSplitCopy(arch, params, joined, kernels))
    CopyMaker(arch, params.result, params.source, kernels).make(joined);
}

void kernel::makeFillKernels(const Arch &arch, const GlobalTensor &result,
                             int64_t count, uint32_t bits,
                             KernelList &kernels) {
  constexpr int64_t kRow = 16384;
  auto fill = [&](int64_t begin, const Shape4 &shape) {
    if (numElements(shape) != 0)
      kernels.push_back(std::make_unique<FillKernel>(
          arch, result.reshaped(shape).advanced(begin), bits));
  };
  int64_t rows = count / kRow;
  for (int64_t row = 0; row < rows; row += arch.maxSize)
    fill(row * kRow, {1, std::min(rows - row, arch.maxSize), 1, kRow});
  fill(rows * kRow, {1, 1, 1, count % kRow});
}

void kernel::makeGatherKernels(const Arch &arch, const GlobalTensor &result,
                               const GlobalTensor &source,
                               const GlobalTensor &index, int64_t outer,
                               int64_t rows, int64_t inner, int64_t count,
                               KernelList &kernels) {
  for (int64_t o = 0; o < outer; o += arch.maxSize)
    for (int64_t i = 0; i < inner; i += arch.maxSize) {
      int64_t slabs = std::min(outer - o, arch.maxSize);
      int64_t width = std::min(inner - i, arch.maxSize);
      kernels.push_back(std::make_unique<GatherKernel>(
          arch,
          result.viewed({1, slabs, count, width}, {0, count * inner, inner, 1})
              .advanced(o * count * inner + i),
          source.viewed({1, slabs, rows, width}, {0, rows * inner, inner, 1})
              .advanced(o * rows * inner + i),
          index.viewed({1, 1, count, 1}, {0, count, 1, 1})));
    }
}
