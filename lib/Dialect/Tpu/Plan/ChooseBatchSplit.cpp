//===- ChooseBatchSplit.cpp - Whether to compute a batch in parts ---------===//
//
// Tries splits of the batch on copies of the network and keeps the fastest on
// the timing model. tpu-split-batch makes the splits.
//
//===----------------------------------------------------------------------===//

#include "Arch/Chip.h"
#include "Trial.h"

#include "Dialect/BM1684X/IR/BM1684X.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "Dialect/Tpu/Plan/KernelContext.h"
#include "Dialect/Tpu/Transforms/Passes.h"
#include "Kernel/Tensor.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/DebugLog.h"

#include <numeric>

#define DEBUG_TYPE "tpu-choose-batch-split"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPUCHOOSEBATCHSPLIT
#include "Dialect/Tpu/Plan/Passes.h.inc"
} // namespace tpuc::tpu

using namespace mlir;
using namespace tpuc;

namespace {

/// Beyond this many parts the commands become too many.
constexpr int64_t kMostParts = 8;

/// A way to split; one part is none.
struct Split {
  int64_t parts = 1;
  unsigned until = 0;  ///< how many operators
  uint64_t cycles = 0; ///< of the whole program
};

/// The greatest number of parts, not above `limit`, that all inputs with a
/// leading axis above 1 have.
int64_t mostParts(func::FuncOp function, int64_t limit) {
  int64_t batch = 0;
  for (BlockArgument argument : function.getArguments()) {
    ArrayRef<int64_t> shape = tpu::getShape(argument);
    if (!shape.empty() && shape.front() > 1)
      batch = std::gcd(batch, shape.front());
  }
  for (int64_t parts = std::min(batch, limit); parts > 1; --parts)
    if (batch % parts == 0)
      return parts;
  return 1;
}

int64_t bytesOf(Value value) {
  FailureOr<kernel::ElementType> type = elementTypeOf(value.getType());
  int64_t count = cast<RankedTensorType>(value.getType()).getNumElements();
  return failed(type) ? 0 : count * byteWidth(*type);
}

/// The operators up to the last one that reads and writes more than `bytes`.
unsigned lastAbove(func::FuncOp function, int64_t bytes) {
  unsigned count = 0, last = 0;
  for (Operation &op : function.getBody().front()) {
    if (op.hasTrait<OpTrait::ConstantLike>() ||
        op.hasTrait<OpTrait::IsTerminator>())
      continue;
    ++count;
    int64_t touched = 0;
    for (Value value : op.getResults())
      touched += bytesOf(value);
    for (Value value : op.getOperands()) {
      Operation *producer = value.getDefiningOp();
      if (!producer || !producer->hasTrait<OpTrait::ConstantLike>())
        touched += bytesOf(value);
    }
    if (touched > bytes)
      last = count;
  }
  return last;
}

struct TpuChooseBatchSplit
    : public tpuc::tpu::impl::TpuChooseBatchSplitBase<TpuChooseBatchSplit> {
  void runOnOperation() override {
    tpu::forEachNetwork(getOperation(),
                        [&](func::FuncOp function) { choose(function); });
  }

private:
  void choose(func::FuncOp function) {
    int64_t parts = mostParts(function, kMostParts);
    if (parts == 1)
      return;
    std::vector<Split> candidates;
    auto attempt = [&](int64_t parts, unsigned until) {
      Split split{parts, until};
      if (auto cycles = costOf(function, split, /*isSearched=*/false)) {
        split.cycles = *cycles;
        candidates.push_back(split);
      }
      llvm::stable_sort(candidates, [](const Split &a, const Split &b) {
        return a.cycles < b.cycles;
      });
    };
    attempt(1, 0);
    // All of it, and up to where half or an eighth of local memory suffices.
    int64_t localBytes = archOf(function).localBytes();
    SmallVector<unsigned> tried;
    for (int64_t bytes : {int64_t(0), localBytes / 8, localBytes / 2}) {
      unsigned until = lastAbove(function, bytes);
      if (until == 0 || llvm::is_contained(tried, until))
        continue;
      tried.push_back(until);
      attempt(parts, until);
    }
    int64_t fewer = mostParts(function, parts - 1);
    if (fewer > 1 && !candidates.empty() && candidates.front().parts > 1)
      attempt(fewer, candidates.front().until);
    if (candidates.empty())
      return;
    Split best = finalOf(function, candidates);
    LDBG() << function.getName() << ": " << best.parts << " parts up to "
           << best.until << ", " << best.cycles << " cycles, of "
           << candidates.size() << " candidates";
    if (best.parts > 1 && failed(split(function, best)))
      signalPassFailure();
  }

  /// The fastest of `candidates` (sorted) after a search for tiles; only those
  /// of nearly equal cycles are compared.
  Split finalOf(func::FuncOp function, ArrayRef<Split> candidates) {
    constexpr size_t kMostSearched = 3;
    constexpr double kClose = 1.15;
    Split best = candidates.front();
    auto isClose = [&](const Split &split) {
      return double(split.cycles) < double(candidates.front().cycles) * kClose;
    };
    candidates = candidates.take_front(kMostSearched).take_while(isClose);
    if (candidates.size() == 1)
      return best;
    std::optional<uint64_t> bestCycles;
    for (const Split &split : candidates) {
      auto cycles = costOf(function, split, /*isSearched=*/true);
      if (cycles && (!bestCycles || *cycles < *bestCycles)) {
        bestCycles = cycles;
        best = split;
      }
    }
    return best;
  }

  /// The cycles of the function split in one way.
  std::optional<uint64_t> costOf(func::FuncOp function, const Split &how,
                                 bool isSearched) {
    ++numTried;
    func::FuncOp copy = tpu::copyOf(function);
    if (failed(split(copy, how))) {
      copy.erase();
      return std::nullopt;
    }
    auto run = [&](OpPassManager &manager, func::FuncOp copy) {
      return runPipeline(manager, copy);
    };
    return tpu::tryOut(copy, run, isSearched);
  }

  LogicalResult split(func::FuncOp function, const Split &how) {
    if (how.parts == 1)
      return success();
    OpPassManager manager(func::FuncOp::getOperationName());
    tpu::TpuSplitBatchOptions options;
    options.parts = how.parts;
    options.until = how.until;
    manager.addPass(tpu::createTpuSplitBatch(options));
    manager.addPass(createCanonicalizerPass());
    return runPipeline(manager, function);
  }
};

} // namespace

void tpuc::tpu::buildLanesPipeline(OpPassManager &manager) {
  manager.addPass(tpu::createTpuFuseAttention());
  manager.addPass(tpu::createTpuHdimIsBatch());
  manager.addPass(tpu::createTpuHoistOutputs());
  manager.addPass(tpu::createTpuFoldSignals());
  manager.addPass(tpu::createTpuFoldChannelMoves());
  manager.addPass(tpu::createTpuFuseInputCasts());
  manager.addPass(tpu::createTpuAlignConcats());
  manager.addPass(tpu::createTpuAssignLaneLayout());
  manager.addPass(tpu::createTpuFusePermutes());
  manager.addPass(tpu::createTpuCopyResults());
}
