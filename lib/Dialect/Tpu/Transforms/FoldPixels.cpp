//===- FoldPixels.cpp - Neighbouring pixels as channels -------------------===//
//
// A convolution gives each output channel a lane. Where channels are fewer than
// lanes, blocks of neighbouring pixels become channels, through as many
// operators as can compute on blocks.
//
//===----------------------------------------------------------------------===//

#include "Arch/Chip.h"
#include "BlockChoice.h"

#include "Dialect/Tpu/IR/TensorNames.h"
#include "Dialect/Tpu/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "tpu-fold-pixels"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPUFOLDPIXELS
#include "Dialect/Tpu/Transforms/Passes.h.inc"
} // namespace tpuc::tpu

using namespace mlir;
using namespace tpuc;

namespace {

/// Makes the operators compute on the chosen blocks.
class Folding {
public:
  explicit Folding(const BlockChoice &blocks) : blocks(blocks) {}

  /// Returns how many convolutions change.
  int64_t apply(Block &block) {
    int64_t numChanged = 0;
    SmallVector<Operation *> ops(llvm::make_pointer_range(block)), replaced;
    for (Operation *op : ops) {
      OpBuilder builder(op);
      Value result;
      if (Value input = blockInputOf(op)) {
        if (blocks.of(input).isPixel() && blocks.of(op->getResult(0)).isPixel())
          continue;
        // The image is the first operand of both kinds.
        result = blocks.convOf(op)->build(builder, locationOf(op),
                                          read(op->getOpOperand(0)));
        numChanged += result != nullptr;
      } else if (!followed(op).empty() &&
                 blocks.of(op->getResult(0)).pixels() > 1) {
        result = follow(builder, op);
      }
      if (!result)
        continue;
      replace(op, result);
      replaced.push_back(op);
    }
    for (Operation *op : llvm::reverse(replaced))
      op->erase();
    return numChanged;
  }

private:
  /// Blocks hold no tensor of the user's model.
  Location locationOf(Operation *op) {
    bool isBlocked = blocks.of(op->getResult(0)).pixels() > 1;
    return isBlocked ? tpu::withoutTensorName(op->getLoc()) : op->getLoc();
  }

  /// What an operator on blocks reads for an operand.
  Value read(OpOperand &use) {
    auto found = inBlocks.find(use.get());
    return found != inBlocks.end() && blocks.isReadInBlocks(use) ? found->second
                                                                 : use.get();
  }

  /// The operator on blocks.
  Value follow(OpBuilder &builder, Operation *op) {
    Value result = op->getResult(0);
    int64_t pixels = blocks.of(result).pixels();
    auto type = blockedType(cast<RankedTensorType>(result.getType()),
                            blocks.of(result));
    SmallVector<Value> operands, images = followed(op);
    for (OpOperand &use : op->getOpOperands()) {
      bool isOne = ShapedType::getNumElements(tpu::getShape(use.get())) == 1;
      bool isRead = llvm::is_contained(images, use.get()) || isOne;
      operands.push_back(isRead ? read(use)
                                : repeatEntries(builder, use.get(), pixels));
    }
    if (auto slice = dyn_cast<tpu::SliceOp>(op)) {
      SmallVector<int64_t> offsets(slice.getOffsets());
      offsets[1] *= pixels;
      return tpu::SliceOp::create(builder, locationOf(op), operands.front(),
                                  offsets, type.getShape(), slice.getSteps());
    }
    OperationState state(
        locationOf(op), op->getName(), operands, TypeRange(Type(type)),
        SmallVector<NamedAttribute>(op->getDiscardableAttrs()));
    state.propertiesAttr = op->getPropertiesAsAttribute();
    return builder.create(state)->getResult(0);
  }

  /// Gives the readers of an operator's result what was made for it.
  void replace(Operation *op, Value made) {
    Value image = op->getResult(0);
    if (blocks.of(image).isPixel()) {
      image.replaceAllUsesWith(made);
      return;
    }
    inBlocks[image] = made;
    if (!blocks.isTakenApart(image))
      return;
    OpBuilder builder(op);
    Value sorted = takeApart(builder, op->getLoc(), made, blocks.of(image),
                             tpu::getShape(image));
    image.replaceUsesWithIf(
        sorted, [&](OpOperand &use) { return !blocks.isReadInBlocks(use); });
  }

  const BlockChoice &blocks;
  DenseMap<Value, Value> inBlocks;
};

struct TpuFoldPixels
    : public tpuc::tpu::impl::TpuFoldPixelsBase<TpuFoldPixels> {
  using TpuFoldPixelsBase::TpuFoldPixelsBase;

  void runOnOperation() override {
    Block &block = getOperation().getBody().front();
    BlockChoice blocks(archOf(getOperation()), block, price);
    if (blocks.search())
      numFolded += Folding(blocks).apply(block);
  }
};

} // namespace
