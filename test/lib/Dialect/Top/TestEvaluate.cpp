//===- TestEvaluate.cpp - Runs functions by reference evaluation ----------===//
//
// A pass for tests: evaluates every function without arguments and prints what
// it returns.
//
//===----------------------------------------------------------------------===//

#include "Dialect/Top/IR/Top.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace tpuc;

static void print(raw_ostream &os, const Buffer &buffer) {
  os << (buffer.isF32() ? "f32 [" : "int [");
  llvm::interleaveComma(buffer.getShape(), os);
  os << "]:";
  if (buffer.isF32())
    for (float value : buffer.getF32())
      os << " " << llvm::format("%.6g", value);
  else
    for (int64_t value : buffer.getInts())
      os << " " << value;
  os << "\n";
}

namespace {

struct TestEvaluate
    : public PassWrapper<TestEvaluate, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestEvaluate)

  StringRef getArgument() const final { return "test-evaluate"; }
  StringRef getDescription() const final {
    return "Evaluates functions without arguments and prints their results";
  }

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      llvm::Expected<SmallVector<Buffer>> results =
          evaluateFunction(function, {});
      if (!results) {
        function.emitError() << llvm::toString(results.takeError());
        return signalPassFailure();
      }
      llvm::outs() << "@" << function.getName() << "\n";
      for (const Buffer &buffer : *results)
        print(llvm::outs() << "  ", buffer);
    }
  }
};

} // namespace

namespace tpuc::test {
void registerTestEvaluate() { PassRegistration<TestEvaluate>(); }
} // namespace tpuc::test
