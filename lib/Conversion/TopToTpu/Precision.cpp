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
    llvm::SmallVector<llvm::StringRef> words;
    llvm::SplitString(line.split('#').first, words);
    if (words.empty())
      continue;
    if (words.size() != 2)
      return error("has " + llvm::Twine(words.size()) +
                   " words, expected an op's name and its precision");
    std::optional<Precision> precision =
        llvm::StringSwitch<std::optional<Precision>>(words[1])
            .CaseLower("F32", Precision::F32)
            .CaseLower("F16", Precision::F16)
            .CaseLower("BF16", Precision::BF16)
            .CaseLower("INT8", Precision::INT8)
            .Default(std::nullopt);
    if (!precision)
      return error("unknown precision '" + words[1] +
                   "', expected F32, F16, BF16 or INT8");
    auto [entry, isNew] = table.try_emplace(words[0], *precision);
    if (!isNew && entry->second != *precision)
      return error("'" + words[0] + "' is both " +
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
