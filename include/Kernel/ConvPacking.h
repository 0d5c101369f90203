//===- ConvPacking.h - Convolution weights as packed ------------*- C++ -*-===//
//
// The order of a convolution's weights and biases in the coefficient area and
// in local memory. Pure functions of sizes and bytes; nothing is emitted except
// the transfer of what was packed.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_CONVPACKING_H
#define TPUC_KERNEL_CONVPACKING_H

#include "Kernel/CommandBuilder.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <vector>

namespace tpuc::kernel {

/// Input channels that a convolution multiplies at a time.
constexpr int64_t inputCube(const Arch &arch, ElementType type) {
  return type == ElementType::F32 ? 1
         : isInt8(type)           ? 2 * arch.productDepth
                                  : arch.productDepth;
}

/// Longest part of a lane's row in one matrix transfer: the words of all lanes
/// are its column count, which is a size field.
constexpr int64_t matrixChunkBytes(const Arch &arch) {
  return arch.maxSize / arch.lanes * 4;
}

/// Sizes and order of packed weights.
///
/// Output channels are taken in blocks, one a lane. A lane's row of a
/// block holds its channel's kernels as [tap][ic / cube][kh][kw][cube], padded
/// with zeros to whole cubes, then the channel's parameters: the bias word, or
/// what follows INT8 sums (SumParameters). The rows of a few blocks
/// follow each other (a unit) where one alone is too short for an efficient
/// transfer. Global memory holds [unit][chunk][lane][bytes of the chunk], so
/// that a chunk of all lanes is one contiguous run.
struct ConvPacking {
  explicit ConvPacking(const Arch &arch) : arch(arch) {}

  const Arch &arch;
  ElementType type = ElementType::F32;
  int64_t outChannels = 1, inChannels = 1, groups = 1;
  /// 2-D kernels an output channel has: depth taps or output phases.
  int64_t taps = 1;
  int64_t kernelH = 1, kernelW = 1;
  bool hasBias = false;
  /// A channel has SumParameters instead of a bias word.
  bool hasSumParameters = false;

  /// Input channels that a block reads: the first in lane 0. With groups these
  /// are those of all groups the block touches (its weights are then
  /// block-diagonal).
  struct ChannelRange {
    int64_t begin, count;
  };
  ChannelRange inputRange(int64_t block) const;
  /// What `count` blocks from `first` on read together.
  ChannelRange inputRange(int64_t first, int64_t count) const;

  int64_t blocks() const;
  /// Output channels of a block.
  int64_t blockLanes(int64_t block) const;
  /// Bytes of one 2-D kernel in a lane's row.
  int64_t tapBytes() const;
  /// Where the bias word or the SumParameters stand in a lane's row.
  int64_t biasOffset() const { return taps * tapBytes(); }
  int64_t parameterBytes() const {
    return hasSumParameters ? 8 : hasBias ? 4 : 0;
  }
  int64_t rowBytes() const { return biasOffset() + parameterBytes(); }
  /// Distance of blocks in local memory.
  int64_t pitchBytes() const { return arch.wholeVectors(rowBytes()); }
  int64_t blocksPerUnit() const;
  /// Bytes of all packed weights in global memory.
  int64_t totalBytes() const;

  /// The bytes of one element (byteWidth(type) of them), or null for zero.
  using Element = llvm::function_ref<const char *(
      int64_t tap, int64_t oc, int64_t icInGroup, int64_t kh, int64_t kw)>;
  /// Packs weights; `parameters` holds the bytes of all channels' parameters.
  std::vector<char> packWith(Element element,
                             llvm::ArrayRef<char> parameters) const;
  /// The same with an entry an output channel or none.
  std::vector<char> pack(Element element, llvm::ArrayRef<float> bias) const {
    return packWith(element, {reinterpret_cast<const char *>(bias.data()),
                              hasBias ? bias.size() * sizeof(float) : 0});
  }

  /// Where `count` blocks lie in local memory from address 0 on: enough to
  /// know the bytes of a lane.
  LocalTensor place(int64_t count) const;
  /// Loads blocks [first, first + count) to `address` in every lane. `first`
  /// is a multiple of blocksPerUnit().
  void load(CommandBuilder &builder, const GlobalTensor &weights,
            uint32_t address, int64_t first, int64_t count) const;

private:
  int64_t cube() const { return inputCube(arch, type); }
  /// Longest part of a lane's row in one transfer.
  int64_t chunkBytes() const { return matrixChunkBytes(arch); }
  int64_t unitBlocks(int64_t unit) const;
  int64_t unitLanes(int64_t unit) const;
  int64_t unitRowBytes(int64_t unit) const;
  int64_t fullUnitBytes() const;
};

/// Into how many convolutions one with groups is split: 1, or one a group.
/// Small groups are computed a channel a lane at a time with block-diagonal
/// weights; large ones too when each starts at lane 0.
int64_t separateGroups(const Arch &arch, int64_t inChannels,
                       int64_t outChannels, int64_t groups);

/// Packs the weights of `parts` convolutions one after the other, each vector-
/// aligned; `element` and `parameters` are those of all output channels.
std::vector<char> packParts(const ConvPacking &packing, int64_t parts,
                            ConvPacking::Element element,
                            llvm::ArrayRef<char> parameters);
/// The bytes from the start of one part to the next.
int64_t partBytes(const ConvPacking &packing);
/// The bytes of all parts.
int64_t bytesOfParts(const ConvPacking &packing, int64_t parts);

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_CONVPACKING_H
