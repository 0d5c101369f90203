//===- tpuc-translate.cpp - .bmodel to text and back ----------------------===//
//
// The command line of the translations. Exactly one mode is given; errors are
// one line and exit code 1.
//
//===----------------------------------------------------------------------===//

#include "Dialect/BM1684X/IR/BM1684X.h"
#include "Target/BM1684X/Translation.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;
using namespace tpuc;
namespace cl = llvm::cl;

namespace {

enum class Mode { BmodelToMlir, MlirToBmodel, Disassemble };

struct Options {
  cl::opt<Mode> mode{
      cl::desc("What to do:"), cl::Required,
      cl::values(
          clEnumValN(Mode::BmodelToMlir, "bmodel-to-mlir",
                     "decode a .bmodel into bm1684x operations"),
          clEnumValN(Mode::MlirToBmodel, "mlir-to-bmodel",
                     "encode a module of bm1684x operations as a .bmodel"),
          clEnumValN(Mode::Disassemble, "disassemble",
                     "list the commands of a .bmodel"))};
  cl::opt<std::string> input{cl::Positional, cl::Required,
                             cl::desc("<input file>")};
  cl::opt<std::string> output{"o", cl::desc("Output file, - for the terminal"),
                              cl::value_desc("file"), cl::init("-")};
  cl::opt<bool> emitBytecode{
      "emit-bytecode", cl::desc("Write a module as bytecode, not as text")};
  cl::opt<bool> elideResources{
      "elide-resources",
      cl::desc("Leave coefficients out of a module's text, for reading only")};
  cl::opt<bool> checkDigest{
      "check-digest",
      cl::desc("Compare a .bmodel's coefficients with their checksum")};
};

int fail(const Twine &message) {
  llvm::errs() << "error: " << message << '\n';
  return 1;
}

llvm::Expected<target::Bmodel> readModel(const Options &options) {
  target::ReadOptions readOptions;
  readOptions.checkDigest = options.checkDigest;
  return target::readBmodel(options.input, readOptions);
}

bool hasLocations(const target::Bmodel &model) {
  for (const target::Network &network : model.networks)
    for (const target::Stage &stage : network.stages)
      if (stage.sideTable)
        return true;
  return false;
}

int writeModule(const Options &options, const target::Bmodel &model,
                llvm::raw_ostream &os) {
  MLIRContext context;
  OwningOpRef<ModuleOp> module = target::importBmodel(model, &context);
  if (!module)
    return 1;
  if (options.emitBytecode)
    return failed(writeBytecodeToFile(*module, os)) ? 1 : 0;
  OpPrintingFlags flags;
  if (hasLocations(model))
    flags.enableDebugInfo();
  if (options.elideResources)
    flags.elideLargeResourceString(/*largeResourceLimit=*/64);
  module->print(os, flags);
  return 0;
}

int readAndPrint(const Options &options) {
  llvm::Expected<target::Bmodel> model = readModel(options);
  if (!model)
    return fail(llvm::toString(model.takeError()));
  std::string message;
  std::unique_ptr<llvm::ToolOutputFile> file =
      openOutputFile(options.output, &message);
  if (!file)
    return fail(message);
  if (options.mode == Mode::BmodelToMlir) {
    if (int code = writeModule(options, *model, file->os()))
      return code;
  } else if (llvm::Error error = target::disassemble(*model, file->os())) {
    return fail(llvm::toString(std::move(error)));
  }
  file->keep();
  return 0;
}

int encode(const Options &options) {
  DialectRegistry registry;
  registry.insert<func::FuncDialect, bm1684x::BM1684XDialect>();
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> module =
      parseSourceFile<ModuleOp>(options.input, &context);
  if (!module)
    return 1;
  FailureOr<target::Bmodel> model = target::exportBmodel(*module);
  if (failed(model))
    return 1;
  if (options.output == "-") {
    if (llvm::Error error = target::serializeBmodel(*model, llvm::outs()))
      return fail(llvm::toString(std::move(error)));
    return 0;
  }
  if (llvm::Error error = target::writeBmodel(*model, options.output))
    return fail(llvm::toString(std::move(error)));
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  Options options;
  registerAsmPrinterCLOptions();
  cl::ParseCommandLineOptions(argc, argv, "tpuc translation driver\n");
  return options.mode == Mode::MlirToBmodel ? encode(options)
                                            : readAndPrint(options);
}
