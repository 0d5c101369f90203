//===- PatternPass.h - Passes that are a set of patterns --------*- C++ -*-===//
//
// The base of passes that do nothing but apply patterns. Not for other
// libraries.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_DIALECT_TOP_TRANSFORMS_PATTERNPASS_H
#define TPUC_LIB_DIALECT_TOP_TRANSFORMS_PATTERNPASS_H

#include "Dialect/Top/IR/Top.h"
#include "Dialect/Top/Transforms/Passes.h"
#include "Patterns.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/Support/Debug.h"

namespace tpuc::top {

/// Applies the patterns of all `populate` until none matches. `Base` is the
/// generated base of the pass.
template <typename Base, void (*...populate)(mlir::RewritePatternSet &)>
struct PatternPass : public Base {
  llvm::LogicalResult initialize(mlir::MLIRContext *context) override {
    mlir::RewritePatternSet all(context);
    (populate(all), ...);
    patterns = std::move(all);
    return mlir::success();
  }

  void runOnOperation() override {
    // A chain of any length may halve each time; only patterns that undo each
    // other never settle.
    constexpr int64_t kMostIterations = 256;
    mlir::GreedyRewriteConfig config;
    config.setMaxIterations(kMostIterations);
    bool hasChanged = false;
    if (succeeded(mlir::applyPatternsGreedily(this->getOperation(), patterns,
                                              config, &hasChanged))) {
      DEBUG_WITH_TYPE(
          this->getArgument().str().c_str(),
          llvm::dbgs() << this->getArgument()
                       << (hasChanged ? " matched\n" : " matched nothing\n"));
      return;
    }
    this->getOperation()->emitError("cannot be brought into canonical form: ")
        << "patterns of " << this->getArgument() << " still match after "
        << kMostIterations << " iterations; please report it";
    this->signalPassFailure();
  }

private:
  mlir::FrozenRewritePatternSet patterns;
};

} // namespace tpuc::top

#endif // TPUC_LIB_DIALECT_TOP_TRANSFORMS_PATTERNPASS_H
