//===- RunPasses.cpp - Passes, and what to do when one fails --------------===//

#include "Driver/RunPasses.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <atomic>
#include <mutex>

using namespace mlir;
using namespace tpuc;

namespace {

/// What is known of the pass that ran last or failed, which an instrumentation
/// writes and outlives no run.
struct Last {
  std::mutex mutex;
  std::string pass, pipeline;
  bool hasFailed = false;
  /// The module, and the number of the pass before which it is kept.
  OwningOpRef<ModuleOp> before;
  unsigned count = 0, failing = 0, keepAt = 0;
};

struct Watch : public PassInstrumentation {
  explicit Watch(Last &last) : last(last) {}

  void runBeforePass(Pass *pass, Operation *op) override {
    // Adaptors only hand on to the passes in them.
    if (pass->getName().empty() || pass->getArgument().empty())
      return;
    std::lock_guard lock(last.mutex);
    if (last.hasFailed)
      return;
    ++last.count;
    note(pass, op);
    if (last.count == last.keepAt)
      last.before = (isa<ModuleOp>(op) ? cast<ModuleOp>(op)
                                       : op->getParentOfType<ModuleOp>())
                        .clone();
  }

  void runAfterPassFailed(Pass *pass, Operation *op) override {
    if (pass->getName().empty() || pass->getArgument().empty())
      return;
    std::lock_guard lock(last.mutex);
    if (last.hasFailed)
      return;
    last.hasFailed = true;
    last.failing = last.count;
    note(pass, op);
  }

private:
  void note(Pass *pass, Operation *op) {
    last.pass = pass->getArgument().str();
    last.pipeline.clear();
    llvm::raw_string_ostream os(last.pipeline);
    os << "builtin.module(";
    bool isNested = !isa<ModuleOp>(op);
    if (isNested)
      os << op->getName() << "(";
    pass->printAsTextualPipeline(os);
    os << (isNested ? "))" : ")");
  }

  Last &last;
};

} // namespace

/// Writes the module with what to run on it; returns the file, or nothing where
/// none can be written.
static std::string writeReproducer(ModuleOp module, StringRef pipeline) {
  SmallString<128> path;
  int file;
  if (llvm::sys::fs::createTemporaryFile("tpuc-reproducer", "mlir", file, path))
    return "";
  llvm::raw_fd_ostream os(file, /*shouldClose=*/true);
  os << "// tpuc " << TPUC_VERSION << ", LLVM " << LLVM_VERSION_STRING << "\n";
  OpPrintingFlags flags;
  flags.enableDebugInfo();
  AsmState state(module, flags);
  state.attachResourcePrinter("mlir_reproducer",
                              [&](Operation *, AsmResourceBuilder &builder) {
                                builder.buildString("pipeline", pipeline);
                                builder.buildBool("disable_threading", true);
                                builder.buildBool("verify_each", true);
                              });
  module.print(os, state);
  return std::string(path);
}

/// An error about what nobody foresaw.
static void report(ModuleOp module, const Last &last, StringRef how,
                   ModuleOp before, StringRef pipeline) {
  std::string file = writeReproducer(before, pipeline);
  InFlightDiagnostic error = module.emitError();
  error << "the pass '" << last.pass << "' " << how << ", which is unforeseen";
  if (!file.empty())
    error << "; please report it with " << file
          << ", which has the module before it and the pipeline";
}

static std::atomic<bool> isBroken = false;

bool tpuc::hasCrashed() { return isBroken; }

LogicalResult tpuc::runPasses(PassManager &manager, ModuleOp module) {
  Last last;
  manager.addInstrumentation(std::make_unique<Watch>(last));
  OwningOpRef<ModuleOp> before = module.clone();
  bool hasError = false;
  LogicalResult result = failure();
  llvm::CrashRecoveryContext recovery;
  bool isAlive = false;
  {
    ScopedDiagnosticHandler handler(
        module.getContext(), [&](Diagnostic &diagnostic) {
          hasError |= diagnostic.getSeverity() == DiagnosticSeverity::Error;
          return failure(); // For the handlers behind this one.
        });
    llvm::CrashRecoveryContext::Enable();
    isAlive = recovery.RunSafely([&] { result = manager.run(module); });
    llvm::CrashRecoveryContext::Disable();
  }
  if (!isAlive) {
    isBroken = true;
    // Nobody looks at what is left of it, nor destroys it.
    auto *rest = new Region;
    rest->takeBody(module.getBodyRegion());
    module.getBodyRegion().emplaceBlock();
    std::string pipeline;
    llvm::raw_string_ostream os(pipeline);
    manager.printAsTextualPipeline(os);
    report(*before, last, "ended early", *before, pipeline);
    return failure();
  }
  if (succeeded(result) || hasError)
    return result;
  // Once more, to have the module before the pass that fails.
  OwningOpRef<ModuleOp> again = before->clone();
  last.hasFailed = false;
  last.count = 0;
  last.keepAt = last.failing;
  {
    ScopedDiagnosticHandler silent(module.getContext(),
                                   [](Diagnostic &) { return success(); });
    (void)manager.run(*again);
  }
  bool isKept = bool(last.before);
  report(module, last, "failed without a reason",
         isKept ? *last.before : *before, last.pipeline);
  return failure();
}
