//===- ModuleHandle.cpp - a module and its context for Python -------------===//
//
// The bytecode's producer string carries a hash of everything after it, so
// that a damaged stage file is reported as such instead of being decoded.
//
//===----------------------------------------------------------------------===//

#include "ModuleHandle.h"
#include "Attributes.h"
#include "Driver/ReadModule.h"
#include "Driver/RunPasses.h"
#include "Errors.h"
#include "Guard.h"
#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"
#include <unistd.h>

using namespace mlir;

namespace tpuc::python {

/// Producer of our bytecode; sixteen hexadecimal digits of hash follow.
static constexpr llvm::StringLiteral producerPrefix = "tpuc-xxh3-";
static constexpr size_t hashDigits = 16;

static std::string hashText(StringRef bytes) {
  std::string text = llvm::utohexstr(
      llvm::xxh3_64bits(ArrayRef<uint8_t>(bytes.bytes_begin(), bytes.size())),
      /*LowerCase=*/true);
  return std::string(hashDigits - text.size(), '0') + text;
}

/// Position of the hash in a file of ours, or npos in another's.
static size_t findHash(StringRef bytes) {
  // Magic number and version come before the producer.
  size_t at = bytes.take_front(32).find(producerPrefix);
  if (at == StringRef::npos ||
      bytes.size() < at + producerPrefix.size() + hashDigits)
    return StringRef::npos;
  return at + producerPrefix.size();
}

/// Refuses resources whose alignment, the first four bytes of their hexadecimal
/// digits, no memory can have: the parser allocates without asking.
static void checkAlignments(StringRef text, const std::string &path) {
  size_t at = text.rfind("{-#");
  if (at == StringRef::npos)
    return;
  constexpr llvm::StringLiteral start = "\"0x";
  constexpr size_t digits = 8;
  constexpr uint32_t mostAligned = 4096;
  while ((at = text.find(start, at)) != StringRef::npos) {
    at += start.size();
    std::string bytes;
    if (!llvm::tryGetFromHex(text.substr(at, digits), bytes) ||
        bytes.size() != sizeof(uint32_t))
      continue; // Not a resource; the parser says what it is.
    uint32_t alignment = llvm::support::endian::read32le(bytes.data());
    if (!llvm::isPowerOf2_32(alignment) || alignment > mostAligned)
      throw UserError(path + ": a resource has the alignment " +
                      std::to_string(alignment) +
                      ", expected a power of two up to 4096");
  }
}

ModuleHandle::ModuleHandle(std::shared_ptr<MLIRContext> context,
                           OwningOpRef<ModuleOp> module)
    : context(std::move(context)), module(std::move(module)) {}

/// The module of a file. Throws UserError with the path.
static OwningOpRef<ModuleOp>
parse(const std::shared_ptr<llvm::SourceMgr> &sources, MLIRContext *context,
      const std::string &path) {
  DiagnosticCollector diagnostics(context);
  OwningOpRef<ModuleOp> module = readModule(sources, context);
  if (module)
    return module;
  try {
    diagnostics.raise("not a module that tpuc can read");
  } catch (const UserError &error) {
    StringRef text = error.what();
    if (text.starts_with(path))
      throw;
    throw UserError(path + ": " + error.what());
  }
}

std::shared_ptr<ModuleHandle> ModuleHandle::read(const std::string &path) {
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                          /*RequiresNullTerminator=*/false);
  if (std::error_code code = file.getError())
    throw UserError(path + ": cannot be read: " + code.message());
  llvm::MemoryBufferRef buffer = (*file)->getMemBufferRef();
  if (buffer.getBufferSize() == 0)
    throw UserError(path + ": the file is empty, expected a module written by "
                           "model_transform");
  if (isBytecode(buffer)) {
    StringRef bytes = buffer.getBuffer();
    size_t at = findHash(bytes);
    // The reader trusts what it reads.
    if (at == StringRef::npos)
      throw UserError(path + ": is bytecode that tpuc did not write, or is "
                             "damaged; write it again with model_transform, "
                             "or give the module as text");
    if (bytes.substr(at, hashDigits) !=
        hashText(bytes.drop_front(at + hashDigits)))
      throw UserError(path + ": the file is damaged (its hash does not match "
                             "its contents), write it again with "
                             "model_transform");
    // Weights are used in place, so the reader wants the file's alignment in
    // memory; a small file is not mapped but read to anywhere.
    const llvm::Align fileAlignment(64);
    if (!llvm::isAddrAligned(fileAlignment, bytes.data())) {
      auto aligned = llvm::WritableMemoryBuffer::getNewUninitMemBuffer(
          bytes.size(), path, fileAlignment);
      llvm::copy(bytes, aligned->getBufferStart());
      file = std::move(aligned);
    }
  } else if (buffer.getBuffer().contains(StringRef("\0", 1))) {
    throw UserError(path + ": is neither MLIR bytecode nor MLIR text");
  } else {
    // The text parser wants a terminating zero byte.
    file = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
    if (std::error_code code = file.getError())
      throw UserError(path + ": cannot be read: " + code.message());
    checkAlignments((*file)->getBuffer(), path);
  }
  uint64_t size = (*file)->getBufferSize();
  auto sources = std::make_shared<llvm::SourceMgr>();
  sources->AddNewSourceBuffer(std::move(*file), llvm::SMLoc());
  tryInChild(
      [&] {
        auto context = makeContext(MLIRContext::Threading::DISABLED);
        parse(sources, context.get(), path);
      },
      size,
      path + ": is no module that tpuc wrote, or is damaged; write it again "
             "with model_transform, the reader ended early");
  auto context = makeContext();
  OwningOpRef<ModuleOp> module = parse(sources, context.get(), path);
  return std::make_shared<ModuleHandle>(std::move(context), std::move(module));
}

std::shared_ptr<ModuleHandle> ModuleHandle::clone() const {
  return std::make_shared<ModuleHandle>(context, module->clone());
}

void ModuleHandle::write(const std::string &path, bool text,
                         int64_t elideAbove) const {
  std::string temporary = path + ".tmp" + std::to_string(getpid());
  auto fail = [&](const std::string &why) {
    // What is not there need not go.
    [[maybe_unused]] std::error_code code = llvm::sys::fs::remove(temporary);
    throw UserError(path + ": cannot be written: " + why);
  };
  {
    std::error_code code;
    llvm::raw_fd_ostream os(temporary, code, llvm::sys::fs::CD_CreateAlways,
                            llvm::sys::fs::FA_Read | llvm::sys::fs::FA_Write,
                            llvm::sys::fs::OF_None);
    if (code)
      fail(code.message());
    if (text) {
      OpPrintingFlags flags;
      flags.enableDebugInfo(/*enable=*/true, /*prettyForm=*/false);
      if (elideAbove >= 0) {
        flags.elideLargeElementsAttrs(elideAbove);
        flags.elideLargeResourceString(elideAbove);
      }
      module->print(os, flags);
    } else {
      // The configuration refers to the text, it does not copy it.
      std::string producer =
          producerPrefix.str() + std::string(hashDigits, '0');
      BytecodeWriterConfig config(producer);
      if (failed(writeBytecodeToFile(*module, os, config)))
        fail("the bytecode writer failed");
    }
    os.flush();
    if (os.has_error()) {
      code = os.error();
      os.clear_error();
      fail(code.message());
    }
  }
  if (!text) {
    auto written = llvm::MemoryBuffer::getFile(
        temporary, /*IsText=*/false, /*RequiresNullTerminator=*/false);
    if (std::error_code code = written.getError())
      fail(code.message());
    StringRef bytes = (*written)->getBuffer();
    size_t at = findHash(bytes);
    if (at == StringRef::npos)
      fail("the bytecode has no producer");
    std::string hash = hashText(bytes.drop_front(at + hashDigits));
    std::error_code code;
    llvm::raw_fd_ostream os(temporary, code, llvm::sys::fs::CD_OpenExisting,
                            llvm::sys::fs::FA_Write, llvm::sys::fs::OF_None);
    if (code)
      fail(code.message());
    os.pwrite(hash.data(), hash.size(), at);
    os.flush();
    if (os.has_error()) {
      code = os.error();
      os.clear_error();
      fail(code.message());
    }
  }
  if (std::error_code code = llvm::sys::fs::rename(temporary, path))
    fail(code.message());
}

std::string ModuleHandle::toText() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  OpPrintingFlags flags;
  flags.elideLargeElementsAttrs(16);
  flags.elideLargeResourceString(16);
  module->print(os, flags);
  return text;
}

std::vector<std::tuple<std::string, std::string, std::string>>
ModuleHandle::operations() const {
  OpPrintingFlags flags;
  flags.elideLargeElementsAttrs(16);
  flags.elideLargeResourceString(16);
  flags.skipRegions();
  AsmState names(*module, flags);
  std::vector<std::tuple<std::string, std::string, std::string>> operations;
  module->walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (isa<ModuleOp, func::FuncOp>(op))
      return;
    std::string text;
    llvm::raw_string_ostream os(text);
    op->print(os, names);
    auto location = op->getLoc()->findInstanceOf<NameLoc>();
    operations.emplace_back(op->getName().getStringRef().str(),
                            location ? location.getName().str() : "", text);
  });
  return operations;
}

void ModuleHandle::verify() const {
  DiagnosticCollector diagnostics(context.get());
  if (failed(mlir::verify(*module)))
    diagnostics.raise("the module does not verify");
}

void ModuleHandle::runPipeline(const std::string &pipeline) {
  PassManager passes(context.get(), ModuleOp::getOperationName());
  std::string text;
  llvm::raw_string_ostream os(text);
  // As in tpuc-opt, where the module's name in front is not one more level.
  llvm::StringRef inside = llvm::StringRef(pipeline).trim();
  if (inside.consume_front("builtin.module(") && !inside.consume_back(")"))
    throw UserError("pass pipeline '" + pipeline + "': ')' is missing");
  if (failed(parsePassPipeline(inside, passes, os)))
    throw UserError("pass pipeline '" + pipeline +
                    "': " + llvm::StringRef(text).trim().str());
  DiagnosticCollector diagnostics(context.get());
  if (failed(runPasses(passes, *module)))
    diagnostics.raise("the pass pipeline '" + pipeline + "' failed");
}

std::map<std::string, int64_t> ModuleHandle::countOps() const {
  std::map<std::string, int64_t> counts;
  module->walk(
      [&](Operation *op) { ++counts[op->getName().getStringRef().str()]; });
  return counts;
}

static Port makePort(StringAttr name, StringRef fallback, size_t index,
                     Type type) {
  Port port;
  port.name = name ? name.str() : (fallback + Twine(index)).str();
  llvm::raw_string_ostream os(port.dtype);
  if (auto tensor = dyn_cast<RankedTensorType>(type)) {
    port.shape = tensor.getShape().vec();
    os << tensor.getElementType();
  } else {
    os << type;
  }
  return port;
}

std::pair<std::vector<Port>, std::vector<Port>> ModuleHandle::ports() const {
  std::pair<std::vector<Port>, std::vector<Port>> ports;
  auto main = module->lookupSymbol<func::FuncOp>("main");
  if (!main)
    return ports;
  for (auto [index, type] : llvm::enumerate(main.getArgumentTypes()))
    ports.first.push_back(
        makePort(main.getArgAttrOfType<StringAttr>(index, "top.name"), "input",
                 index, type));
  for (auto [index, type] : llvm::enumerate(main.getResultTypes()))
    ports.second.push_back(
        makePort(main.getResultAttrOfType<StringAttr>(index, "top.name"),
                 "output", index, type));
  return ports;
}

static func::FuncOp getMain(ModuleOp module, size_t index) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main || index >= main.getNumArguments())
    throw UserError("the module has no input " + std::to_string(index));
  return main;
}

void ModuleHandle::setInputAttribute(size_t index, const std::string &name,
                                     pybind11::handle value) {
  Builder builder(context.get());
  getMain(*module, index)
      .setArgAttr(index, name, toAttribute(builder, name, value));
}

void ModuleHandle::setAttribute(const std::string &name,
                                const std::string &text) {
  auto main = module->lookupSymbol<func::FuncOp>("main");
  if (!main)
    throw UserError("the module has no function 'main'");
  main->setAttr(name, StringAttr::get(context.get(), text));
}

std::string ModuleHandle::attribute(const std::string &name) const {
  auto main = module->lookupSymbol<func::FuncOp>("main");
  auto text = main ? main->getAttrOfType<StringAttr>(name) : nullptr;
  return text ? text.str() : "";
}

pybind11::object ModuleHandle::inputAttribute(size_t index,
                                              const std::string &name) const {
  Attribute attribute = getMain(*module, index).getArgAttr(index, name);
  return attribute ? toPython(attribute) : pybind11::none();
}

} // namespace tpuc::python
