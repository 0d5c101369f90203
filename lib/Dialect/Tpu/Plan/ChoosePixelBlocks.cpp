//===- ChoosePixelBlocks.cpp - Which images to hold in blocks -------------===//
//
// What it takes to bring pixels back in order depends on what else the engines
// do meanwhile. So some prices of it are tried on copies of the network, and
// the fastest on the timing model is kept. tpu-fold-pixels makes the blocks.
//
//===----------------------------------------------------------------------===//

#include "Trial.h"

#include "Dialect/BM1684X/IR/BM1684X.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "Dialect/Tpu/Transforms/Passes.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "tpu-choose-pixel-blocks"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPUCHOOSEPIXELBLOCKS
#include "Dialect/Tpu/Plan/Passes.h.inc"
} // namespace tpuc::tpu

using namespace mlir;
using namespace tpuc;

namespace {

struct TpuChoosePixelBlocks
    : public tpuc::tpu::impl::TpuChoosePixelBlocksBase<TpuChoosePixelBlocks> {
  void runOnOperation() override {
    tpu::forEachNetwork(getOperation(),
                        [&](func::FuncOp function) { choose(function); });
  }

private:
  void choose(func::FuncOp function) {
    auto costOf = [&](func::FuncOp copy) {
      ++numTried;
      return tpu::tryOut(copy, [&](OpPassManager &manager, func::FuncOp copy) {
        return runPipeline(manager, copy);
      });
    };
    std::optional<uint64_t> fewest;
    std::optional<unsigned> best;
    llvm::SmallVector<llvm::hash_code> tried{signatureOf(function)};
    // The least price comes first: without blocks by it there are none.
    for (unsigned price : {1U, 4U, 0U}) {
      func::FuncOp copy = tpu::copyOf(function);
      if (failed(fold(copy, price)))
        return signalPassFailure();
      llvm::hash_code signature = signatureOf(copy);
      bool isNew = !llvm::is_contained(tried, signature);
      if (isNew) {
        tried.push_back(signature);
        if (!fewest)
          fewest = costOf(tpu::copyOf(function));
        std::optional<uint64_t> cycles = costOf(copy);
        if (cycles && (!fewest || *cycles < *fewest)) {
          fewest = cycles;
          best = price;
        }
      } else {
        copy.erase();
      }
      if (tried.size() == 1)
        return;
    }
    LDBG() << function.getName() << ": price " << best.value_or(0) << " of "
           << tried.size() << " candidates";
    if (best && failed(fold(function, *best)))
      signalPassFailure();
  }

  /// The types of all results: equal for equal blocks.
  static llvm::hash_code signatureOf(func::FuncOp function) {
    llvm::hash_code hash(0);
    for (Operation &op : function.getBody().front())
      for (Type type : op.getResultTypes())
        hash = llvm::hash_combine(hash, type.getAsOpaquePointer());
    return hash;
  }

  LogicalResult fold(func::FuncOp function, unsigned price) {
    OpPassManager manager(func::FuncOp::getOperationName());
    tpu::TpuFoldPixelsOptions options;
    options.price = price;
    manager.addPass(tpu::createTpuFoldPixels(options));
    return runPipeline(manager, function);
  }
};

} // namespace
