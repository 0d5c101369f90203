//===- WindowTiles.h - What window kernels share ---------------*- C++ -*-===//
//
// Tiles whose channel blocks stand apart in local memory, their activation, and
// the input that a window needs along one axis.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_KERNEL_WINDOWTILES_H
#define TPUC_LIB_KERNEL_WINDOWTILES_H

#include "Kernel/Conv.h"

#include <string>

namespace tpuc::kernel {

/// Largest stride and padding of a window command.
constexpr int64_t kMaxWindowStride = 15;
constexpr int64_t kMaxWindowPad = 15;
constexpr int64_t kMaxWindowDilation = 16;

/// The extent of a window's input for result rows [offset, offset + size):
/// clamped to the input, with the padding that remains at either end.
struct WindowExtent {
  int64_t offset, size, padBefore, padAfter;
};
WindowExtent windowExtent(int64_t offset, int64_t size, int64_t stride,
                          int64_t kernel, int64_t dilation, int64_t padBefore,
                          int64_t inputSize);

/// The window of a tile, whose padding is what its rows and columns lack.
Window clipWindow(const Window &window, const WindowExtent &rows,
                  const WindowExtent &columns);

/// A tile [n, c, h, w] as blocks of a channel a lane, each block dense over n:
/// a command that writes one block finds the layout it implies.
LocalTensor blockMajor(const Arch &arch, uint32_t address, const Shape4 &shape,
                       ElementType type);
/// Block `block` of such a tile, [n, lanes, h, w], aligned.
LocalTensor blockOf(const LocalTensor &tile, int64_t block);
/// The whole tile as one aligned tensor [n * blocks, min(c, lanes), h, w], for
/// maps that do not care which element is which.
LocalTensor flatView(const LocalTensor &tile);

/// Commands of an activation: 0, 1 or 2.
unsigned activationSteps(const Activation &activation);
/// Tile buffers between which an activation alternates, so that none works in
/// place: computing starts in `first` and ends in the result.
struct ActivationBuffers {
  LocalTensor first, second;
};
/// `other` is a second tile of the same shape, only used when there are steps.
ActivationBuffers activationBuffers(const Activation &activation,
                                    const LocalTensor &result,
                                    const LocalTensor &other);
/// Emits the activation of what lies in `buffers.first`.
void emitActivation(CommandBuilder &builder, const Activation &activation,
                    const ActivationBuffers &buffers);

/// Packs rows of equal length, one a lane, for transfer in few long runs.
std::vector<char> packLaneRows(const Arch &arch,
                               llvm::ArrayRef<std::vector<char>> rows);
/// Loads what packLaneRows() made of `lanes` rows of `rowBytes` (a multiple of
/// 4) to `address` in the first lanes.
void loadLaneRows(CommandBuilder &builder, const GlobalTensor &packed,
                  uint32_t address, int64_t lanes, int64_t rowBytes);

/// One spatial axis of a window.
struct WindowAxis {
  int64_t kernel, stride, dilation, padBefore, padAfter, inputSize;

  int64_t extent() const { return (kernel - 1) * dilation + 1; }
  /// False when some window can lie in the padding alone: such an axis is
  /// computed whole.
  bool canCut() const { return padBefore < extent() && padAfter < extent(); }
  /// Where in the input a result's tap reads, which may be in the padding.
  int64_t positionOf(int64_t result, int64_t tap) const {
    return result * stride - padBefore + tap * dilation;
  }
  bool meetsInput(int64_t result, int64_t tap) const {
    int64_t position = positionOf(result, tap);
    return position >= 0 && position < inputSize;
  }
  WindowExtent extentOf(int64_t offset, int64_t size) const {
    return windowExtent(offset, size, stride, kernel, dilation, padBefore,
                        inputSize);
  }
  /// The same, but the whole input when the tile has all `outputSize` results:
  /// rows then stay contiguous.
  WindowExtent extentOf(int64_t offset, int64_t size,
                        int64_t outputSize) const {
    if (size == outputSize)
      return {0, inputSize, padBefore, padAfter};
    return extentOf(offset, size);
  }
  /// Why commands cannot express the axis; empty when they can.
  std::string unsupportedReason(const Arch &arch, const char *name) const;
};

/// The bytes of all channels' SumParameters (INT8 inputs), or in general
/// of what stands behind each channel's weights.
std::vector<char> packSumParameters(const ConvParams &params,
                                    llvm::ArrayRef<char> filter,
                                    llvm::ArrayRef<float> bias,
                                    const ChannelFactors &factors);
std::vector<char> packParameters(const ConvParams &params,
                                 llvm::ArrayRef<char> filter,
                                 llvm::ArrayRef<float> bias,
                                 const ChannelFactors &factors);

/// Whether the depth is an axis of its own; without one the planes are the
/// batch.
bool isVolume(const ConvParams &params);

/// Whether every channel has a kernel of its own, in two spatial axes.
bool isDepthwise(const ConvParams &params);
/// The parts of packConvWeights() and makeConvKernels() for that case; sizes
/// were checked.
std::vector<char> packDepthwiseWeights(const Arch &arch,
                                       const ConvParams &params,
                                       llvm::ArrayRef<char> filter,
                                       llvm::ArrayRef<float> bias,
                                       const ChannelFactors &factors);
int64_t depthwiseWeightBytes(const Arch &arch, const ConvParams &params);
void makeDepthwiseKernels(const Arch &arch, const ConvParams &params,
                          KernelList &kernels);

/// Whether there are so few input channels that rows and columns are better
/// made channels; and the parts for that case, as above.
bool isFoldable(const Arch &arch, const ConvParams &params);
std::vector<char> packFoldedWeights(const Arch &arch, const ConvParams &params,
                                    llvm::ArrayRef<char> filter,
                                    llvm::ArrayRef<float> bias,
                                    const ChannelFactors &factors);
int64_t foldedWeightBytes(const Arch &arch, const ConvParams &params);
void makeFoldedKernels(const Arch &arch, const ConvParams &params,
                       KernelList &kernels);

} // namespace tpuc::kernel

#endif // TPUC_LIB_KERNEL_WINDOWTILES_H
