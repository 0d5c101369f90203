//===- ChooseInputCasts.cpp - Who rounds the network's inputs -------------===//
//
// A first convolution that loads rows as channels computes faster and loads
// more. What counts more depends on what else is to be loaded, so that both are
// tried on copies of the network. tpu-fuse-input-casts makes the change.
//
//===----------------------------------------------------------------------===//

#include "Trial.h"

#include "Dialect/BM1684X/IR/BM1684X.h"
#include "Dialect/Tpu/IR/Tpu.h"
#include "Dialect/Tpu/Transforms/Passes.h"

namespace tpuc::tpu {
#define GEN_PASS_DEF_TPUCHOOSEINPUTCASTS
#include "Dialect/Tpu/Plan/Passes.h.inc"
} // namespace tpuc::tpu

using namespace mlir;
using namespace tpuc;

namespace {

struct TpuChooseInputCasts
    : public tpuc::tpu::impl::TpuChooseInputCastsBase<TpuChooseInputCasts> {
  void runOnOperation() override {
    tpu::forEachNetwork(getOperation(),
                        [&](func::FuncOp function) { choose(function); });
  }

private:
  void choose(func::FuncOp function) {
    auto run = [&](OpPassManager &manager, func::FuncOp copy) {
      return runPipeline(manager, copy);
    };
    func::FuncOp plain = tpu::copyOf(function), eager = tpu::copyOf(function);
    if (failed(fuse(plain, /*rereads=*/false)) ||
        failed(fuse(eager, /*rereads=*/true)))
      return signalPassFailure();
    if (numCasts(plain) == numCasts(eager)) {
      plain.erase();
      eager.erase();
      return;
    }
    numTried += 2;
    std::optional<uint64_t> before = tpu::tryOut(plain, run),
                            after = tpu::tryOut(eager, run);
    // Less may be gone after the search for tiles.
    constexpr double kGain = 0.98;
    bool isFaster =
        after && (!before || double(*after) < kGain * double(*before));
    if (isFaster && failed(fuse(function, /*rereads=*/true)))
      signalPassFailure();
  }

  LogicalResult fuse(func::FuncOp function, bool rereads) {
    OpPassManager manager(func::FuncOp::getOperationName());
    tpu::TpuFuseInputCastsOptions options;
    options.rereads = rereads;
    manager.addPass(tpu::createTpuFuseInputCasts(options));
    return runPipeline(manager, function);
  }

  static int64_t numCasts(func::FuncOp function) {
    return llvm::range_size(function.getOps<tpu::CastOp>());
  }
};

} // namespace
