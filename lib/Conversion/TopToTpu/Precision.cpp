//===- Precision.cpp - Precision of a network and of its ops --------------===//
//
// Names of the precisions and the parser of quantize tables.
//
//===----------------------------------------------------------------------===//

#include "Conversion/TopToTpu/Precision.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace tpuc;

llvm::StringRef tpuc::stringifyPrecision(Precision precision) {
  switch (precision) {
  case Precision::F32:
    return "F32";
  case Precision::F16:
    return "F16";
  case Precision::BF16:
    return "BF16";
  case Precision::INT8:
    return "INT8";
  }
  return "";
}

mlir::FloatType tpuc::getElementType(Precision precision,
                                     mlir::MLIRContext *context) {
  switch (precision) {
  case Precision::F16:
  case Precision::INT8:
    return mlir::Float16Type::get(context);
  case Precision::BF16:
    return mlir::BFloat16Type::get(context);
  case Precision::F32:
    break;
  }
  return mlir::Float32Type::get(context);
}

static constexpr llvm::StringLiteral kBlanks = " \t\r";

/// Cuts a line off at a `#` that begins it or follows a blank: others are part
/// of names.
static llvm::StringRef dropComment(llvm::StringRef line) {
  for (size_t at = line.find('#'); at != llvm::StringRef::npos;
       at = line.find('#', at + 1))
    if (at == 0 || kBlanks.contains(line[at - 1]))
      return line.take_front(at);
  return line;
}

llvm::Expected<QuantizeTable> tpuc::parseQuantizeTable(llvm::StringRef text,
                                                       llvm::StringRef file) {
  QuantizeTable table;
  unsigned number = 0;
  auto error = [&](const llvm::Twine &message) {
    return llvm::createStringError(file + ":" + llvm::Twine(number) + ": " +
                                   message);
  };
  for (llvm::StringRef line : llvm::split(text, '\n')) {
    ++number;
    line = dropComment(line).trim();
    if (line.empty())
      continue;
    // Names may have blanks in them.
    size_t blank = line.find_last_of(kBlanks);
    if (blank == llvm::StringRef::npos)
      return error("'" + line +
                   "' is no entry, expected an op's name and its precision");
    llvm::StringRef name = line.take_front(blank).rtrim();
    llvm::StringRef word = line.drop_front(blank + 1);
    std::optional<Precision> precision =
        llvm::StringSwitch<std::optional<Precision>>(word)
            .CaseLower("F32", Precision::F32)
            .CaseLower("F16", Precision::F16)
            .CaseLower("BF16", Precision::BF16)
            .CaseLower("INT8", Precision::INT8)
            .Default(std::nullopt);
    if (!precision)
      return error("unknown precision '" + word +
                   "', expected F32, F16, BF16 or INT8");
    auto [entry, isNew] = table.try_emplace(name, *precision);
    if (!isNew && entry->second != *precision)
      return error("'" + name + "' is both " +
                   stringifyPrecision(entry->second) + " and " +
                   stringifyPrecision(*precision) + ", expected one precision");
  }
  return table;
}

llvm::Expected<QuantizeTable> tpuc::readQuantizeTable(llvm::StringRef file) {
  auto buffer = llvm::MemoryBuffer::getFile(file, /*IsText=*/true);
  if (std::error_code code = buffer.getError())
    return llvm::createStringError("cannot read quantize table '" + file +
                                   "': " + code.message());
  return parseQuantizeTable((*buffer)->getBuffer(), file);
}
