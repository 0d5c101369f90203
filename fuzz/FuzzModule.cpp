//===- FuzzModule.cpp - Modules whose attributes and types were changed ---===//
//
// A module is parsed, looked at and verified; what verifies is compiled, or
// refused with a reason. Inputs are changed by what they mean: a number, a size
// or an element type becomes another one, so that most still parse.
//
//===----------------------------------------------------------------------===//

#include "Driver/Compile.h"
#include "Driver/ReadModule.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"

#include <random>

using namespace mlir;
using namespace tpuc;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

static const DialectRegistry &registry() {
  static const DialectRegistry *registry = [] {
    auto *made = new DialectRegistry;
    registerCompileDialects(*made);
    return made;
  }();
  return *registry;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef text(reinterpret_cast<const char *>(data), size);
  MLIRContext context(registry(), MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  bool hasErrors = false;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    hasErrors |= diagnostic.getSeverity() == DiagnosticSeverity::Error;
    return success();
  });
  auto sources = std::make_shared<llvm::SourceMgr>();
  sources->AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBufferCopy(text, "module"), llvm::SMLoc());
  OwningOpRef<ModuleOp> module = readModule(sources, &context);
  bool isFine = bool(module);
  if (module) {
    CompileOptions options;
    options.optLevel = 1;
    isFine = succeeded(compileModule(*module, options));
  }
  // Whatever is refused has a reason.
  if (!isFine && !hasErrors)
    __builtin_trap();
  return 0;
}

namespace {

/// A piece of the text.
struct Span {
  size_t begin, end;
};

} // namespace

/// The numbers in a text that are no parts of names.
static std::vector<Span> findNumbers(llvm::StringRef text) {
  std::vector<Span> spans;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!llvm::isDigit(text[i]))
      continue;
    size_t begin = i;
    while (i < text.size() && llvm::isDigit(text[i]))
      ++i;
    if (begin == 0 || !llvm::isAlpha(text[begin - 1]) || text[begin - 1] == 'x')
      spans.push_back({begin, i});
  }
  return spans;
}

/// The element types in a text.
static std::vector<Span> findTypes(llvm::StringRef text) {
  std::vector<Span> spans;
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] != 'x')
      continue;
    size_t end = i + 1;
    while (end < text.size() && llvm::isAlnum(text[end]))
      ++end;
    if (end > i + 1 && !llvm::isDigit(text[i + 1]))
      spans.push_back({i + 1, end});
  }
  return spans;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t most, unsigned seed) {
  static constexpr llvm::StringLiteral numbers[] = {
      "0", "1",  "2",   "3",          "-1",         "7",
      "8", "64", "255", "2147483647", "4294967296", "9223372036854775807"};
  static constexpr llvm::StringLiteral types[] = {"f16", "bf16", "f32", "i1",
                                                  "i8",  "i32",  "i64", "f64"};
  std::mt19937 random(seed);
  std::string text(reinterpret_cast<const char *>(data), size);
  bool isType = random() % 4 == 0;
  std::vector<Span> spans = isType ? findTypes(text) : findNumbers(text);
  if (spans.empty() || random() % 16 == 0)
    return LLVMFuzzerMutate(data, size, most);
  Span span = spans[random() % spans.size()];
  llvm::StringRef fresh = isType ? types[random() % std::size(types)]
                                 : numbers[random() % std::size(numbers)];
  std::string old = text.substr(span.begin, span.end - span.begin);
  text.replace(span.begin, span.end - span.begin, fresh.str());
  // Often everywhere, so that uses agree with what they use.
  if (random() % 3 == 0)
    for (Span other : isType ? findTypes(text) : findNumbers(text))
      if (text.compare(other.begin, other.end - other.begin, old) == 0 &&
          random() % 2) {
        text.replace(other.begin, other.end - other.begin, fresh.str());
        break;
      }
  if (text.size() > most)
    return size;
  std::copy(text.begin(), text.end(), reinterpret_cast<char *>(data));
  return text.size();
}
