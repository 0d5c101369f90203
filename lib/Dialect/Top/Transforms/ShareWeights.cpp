//===- ShareWeights.cpp - Makes equal constants one -----------------------===//
//
// Finds resources with the same bytes and keeps the first of them; then puts
// all constants in the order in which the program reads them.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Top/IR/Top.h"
#include "Dialect/Top/Transforms/Passes.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/DebugLog.h"
#include "llvm/Support/xxhash.h"

#define DEBUG_TYPE "top-share-weights"

namespace tpuc::top {
#define GEN_PASS_DEF_TOPSHAREWEIGHTS
#include "Dialect/Top/Transforms/Passes.h.inc"
} // namespace tpuc::top

using namespace mlir;
using namespace tpuc;

/// The bytes of a constant that is a resource; empty otherwise.
static ArrayRef<char> getResourceBytes(top::WeightOp op) {
  auto resource = dyn_cast<DenseResourceElementsAttr>(op.getValue());
  AsmResourceBlob *blob =
      resource ? resource.getRawHandle().getBlob() : nullptr;
  return blob ? blob->getData() : ArrayRef<char>();
}

/// Moves the constants of a block to its begin, in the order of their first
/// users, so that the way in which they arose leaves no trace.
static void orderByFirstUse(Block &block) {
  llvm::SetVector<Operation *> weights;
  for (Operation &op : block)
    for (Value operand : op.getOperands())
      if (auto weight = operand.getDefiningOp<top::WeightOp>())
        if (weight->getBlock() == &block)
          weights.insert(weight);
  for (Operation *weight : llvm::reverse(weights))
    weight->moveBefore(&block, block.begin());
}

namespace {

struct TopShareWeights
    : public top::impl::TopShareWeightsBase<TopShareWeights> {
  using TopShareWeightsBase::TopShareWeightsBase;

  void runOnOperation() override {
    llvm::DenseMap<uint64_t, SmallVector<top::WeightOp>> seen;
    SmallVector<std::pair<top::WeightOp, top::WeightOp>> equal;
    getOperation()->walk([&](top::WeightOp op) {
      ArrayRef<char> bytes = getResourceBytes(op);
      if (bytes.empty())
        return;
      uint64_t hash = llvm::xxh3_64bits(ArrayRef(
          reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()));
      SmallVector<top::WeightOp> &candidates = seen[hash];
      for (top::WeightOp other : candidates)
        // Blocks are not shared, so neither are their constants.
        if (other.getType() == op.getType() &&
            other->getBlock() == op->getBlock() &&
            getResourceBytes(other) == bytes) {
          equal.push_back({op, other});
          return;
        }
      candidates.push_back(op);
    });
    for (auto [op, other] : equal) {
      op.replaceAllUsesWith(other.getOutput());
      op.erase();
      ++numShared;
    }
    LDBG() << "shared " << equal.size() << " constants";
    getOperation()->walk([](Block *block) { orderByFirstUse(*block); });
  }
};

} // namespace
