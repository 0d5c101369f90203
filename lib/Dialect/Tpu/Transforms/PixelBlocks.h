//===- PixelBlocks.h - Convolutions of blocks of pixels ---------*- C++ -*-===//
//
// An image whose channels are blocks of neighbouring pixels: [n, c, h, w] in
// blocks of r x q pixels is [n, c * r * q, h / r, w / q], channel
// (c * r + row) * q + column. Not for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_DIALECT_TPU_TRANSFORMS_PIXELBLOCKS_H
#define TPUC_LIB_DIALECT_TPU_TRANSFORMS_PIXELBLOCKS_H

#include "ChannelFilters.h"

#include <array>

namespace tpuc {

/// The pixels that a channel holds one of.
struct PixelBlock {
  int64_t rows = 1, columns = 1;

  int64_t pixels() const { return rows * columns; }
  int64_t along(unsigned axis) const { return axis == 0 ? rows : columns; }
  bool isPixel() const { return pixels() == 1; }
  bool operator==(const PixelBlock &) const = default;
};

/// The type of an image of type [n, c, h, w] in blocks; the last blocks may be
/// filled up.
mlir::RankedTensorType blockedType(mlir::RankedTensorType type,
                                   const PixelBlock &block);

/// The image of `shape` out of its blocks, by a permute.
mlir::Value takeApart(mlir::OpBuilder &builder, mlir::Location loc,
                      mlir::Value blocks, const PixelBlock &block,
                      llvm::ArrayRef<int64_t> shape);

/// The image that a convolution reads, if it is one that BlockConv can compute
/// on blocks, or null.
mlir::Value blockInputOf(mlir::Operation *op);

/// A convolution that reads an image in blocks and gives its result in blocks.
class BlockConv {
public:
  /// The convolution of blocks that computes what `op` does, which has a
  /// blockInputOf(), and, where its result is no whole number of blocks,
  /// something for the rest; nothing if it is none that the chip has.
  static std::optional<BlockConv>
  make(mlir::Operation *op, const PixelBlock &input, const PixelBlock &result);

  /// Of few input channels the kernel of 16 bits and INT8 multiplies several
  /// taps at once.
  EngineCycles cycles(const Arch &arch);

  /// The convolution for the input in blocks; null when the filter's data
  /// cannot be read.
  mlir::Value build(mlir::OpBuilder &builder, mlir::Location loc,
                    mlir::Value blocked);

private:
  static std::optional<BlockConv>
  makeOf(tpu::ConvOp conv, const PixelBlock &input, const PixelBlock &result);
  static std::optional<BlockConv> makeOf(tpu::ConvTransposeOp conv,
                                         const PixelBlock &input,
                                         const PixelBlock &result);

  /// The block and the phase in it that a tap of a result pixel reads, along
  /// one axis.
  std::pair<int64_t, int64_t> placeOf(unsigned axis, int64_t pixel,
                                      int64_t tap);

  mlir::Operation *op;
  PixelBlock input, result;
  std::array<int64_t, 2> kernel = {1, 1}, strides = {1, 1}, beginPads = {},
                         endPads = {}, blocks = {};
};

} // namespace tpuc

#endif // TPUC_LIB_DIALECT_TPU_TRANSFORMS_PIXELBLOCKS_H
