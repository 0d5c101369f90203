//===- BlockChoice.h - Which blocks of pixels to compute on -----*- C++ -*-===//
//
// A local search by an estimate: the blocks of all images that are best in the
// same blocks change together. Not for other libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_DIALECT_TPU_TRANSFORMS_BLOCKCHOICE_H
#define TPUC_LIB_DIALECT_TPU_TRANSFORMS_BLOCKCHOICE_H

#include "PixelBlocks.h"

#include "llvm/ADT/DenseMap.h"

#include <functional>
#include <optional>
#include <vector>

namespace tpuc {

/// The operands whose blocks a result of `op` has, if it works on blocks as on
/// images.
llvm::SmallVector<mlir::Value> followed(mlir::Operation *op);

/// The blocks of every image of a function, and what they cost by an estimate.
class BlockChoice {
public:
  BlockChoice(const Arch &arch, mlir::Block &block, unsigned price);

  /// Finds the fastest blocks. Returns whether any are of more than a pixel.
  bool search();

  /// Of a pixel for what the choice was not made for.
  PixelBlock of(mlir::Value image) const;

  /// The convolution on blocks; one that cannot read those of its input reads
  /// the image.
  std::optional<BlockConv> convOf(mlir::Operation *op) const;

  /// Whether the user of an image reads it in the image's blocks.
  bool isReadInBlocks(mlir::OpOperand &use) const;

  /// Whether anything reads the image itself, although it is in blocks.
  bool isTakenApart(mlir::Value image) const;

private:
  using Group = llvm::SmallVector<unsigned>;
  /// What takes time that depends on the blocks of some images.
  struct Item {
    llvm::SmallVector<unsigned, 4> images;
    std::function<int64_t()> cycles;
  };
  static constexpr int kMaxRounds = 8;
  /// More than any network takes.
  static constexpr int64_t kImpossible = int64_t(1) << 50;

  void number(mlir::Value value);

  //===--- Estimates --------------------------------------------------------//

  void add(llvm::ArrayRef<mlir::Value> values, std::function<int64_t()> cycles);

  void addItems(mlir::Operation *op);

  /// A permute goes through global memory, and with images that fill local
  /// memory so do the operators on either side of it.
  int64_t takingApart(mlir::Value image) const;

  int64_t followingOf(mlir::Operation *op) const;

  /// Vectors that a pass over the image takes.
  int64_t vectorsOf(mlir::Value image, int64_t bytes = 0) const;

  /// Integer sums of a convolution are scaled, and pass its gate, afterwards.
  int64_t finishingOf(mlir::Operation *op) const;

  /// Operands that do not begin in the first lane are copied.
  int64_t copiesOf(tpu::ConcatOp concat) const;

  //===--- Search -----------------------------------------------------------//

  /// Images that are best in the same blocks: all that operators on blocks
  /// connect, if none of them is fixed, and otherwise what a convolution
  /// computes with the operators behind it that have no other operand.
  void findGroups(mlir::Block &block);

  Group chainFrom(mlir::Value image);

  bool isPossible(const Group &group, const PixelBlock &candidate) const;

  llvm::SmallVector<PixelBlock> optionsOf(const Group &group) const;

  /// What some images had before their blocks were changed.
  struct Change {
    llvm::SmallVector<std::pair<unsigned, PixelBlock>> before;
    int64_t saved = 0;
  };

  void set(Change &change, unsigned id, const PixelBlock &block);

  /// Blocks that a convolution can compute from those of its input.
  static PixelBlock blockFrom(mlir::Operation *op, const PixelBlock &input);

  /// Sets the blocks of a group, and of all that could not be computed from it
  /// otherwise.
  void setWithReaders(Change &change, unsigned group, const PixelBlock &wanted);

  void undo(const Change &change);

  /// What `change` saves, and that it is undone.
  void measure(Change &change);

  /// Tries all blocks of one or two groups, and keeps the fastest.
  bool improve(unsigned first, std::optional<unsigned> second = std::nullopt);

  const Arch &arch;
  const unsigned price; ///< of taking an image apart
  llvm::DenseMap<mlir::Value, unsigned> numbers;
  std::vector<mlir::Value> images;
  std::vector<PixelBlock> blocks;
  std::vector<bool> isFree;
  std::vector<Item> items;
  llvm::DenseMap<unsigned, llvm::SmallVector<unsigned>> itemsOf;
  std::vector<Group> groups;
  llvm::DenseMap<unsigned, unsigned> groupOf; ///< the first one
  std::vector<std::pair<unsigned, unsigned>> links;
};

} // namespace tpuc

#endif // TPUC_LIB_DIALECT_TPU_TRANSFORMS_BLOCKCHOICE_H
