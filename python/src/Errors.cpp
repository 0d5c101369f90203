//===- Errors.cpp - from MLIR diagnostics to Python exceptions ------------===//

#include "Errors.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace tpuc::python {

std::string describeLocation(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return ("node '" + name.getName().getValue() + "'").str();
  if (auto file = dyn_cast<FileLineColLoc>(loc))
    return (file.getFilename().getValue() + ":" + Twine(file.getLine()) + ":" +
            Twine(file.getColumn()))
        .str();
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (std::string text = describeLocation(part); !text.empty())
        return text;
  if (auto call = dyn_cast<CallSiteLoc>(loc))
    return describeLocation(call.getCallee());
  return {};
}

DiagnosticCollector::DiagnosticCollector(MLIRContext *context)
    : handler(context, [this](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
          return success();
        // A broken file can report one error a line; the first ones explain it.
        constexpr unsigned maxErrors = 8;
        if (++count > maxErrors)
          return success();
        llvm::raw_string_ostream os(errors);
        if (!errors.empty())
          os << "; ";
        if (std::string where = describeLocation(diagnostic.getLocation());
            !where.empty())
          os << where << ": ";
        std::string text = diagnostic.str();
        std::replace(text.begin(), text.end(), '\n', ' ');
        os << text;
        for (Diagnostic &note : diagnostic.getNotes()) {
          // "see current operation" repeats the whole operation.
          std::string noteText = note.str();
          if (StringRef(noteText).starts_with("see current operation"))
            continue;
          std::replace(noteText.begin(), noteText.end(), '\n', ' ');
          os << " (" << noteText << ")";
        }
        return success();
      }) {}

void DiagnosticCollector::raise(StringRef fallback) const {
  throw UserError(errors.empty() ? fallback.str() : errors);
}

void raiseOnError(llvm::Error error) {
  if (error)
    throw UserError(llvm::toString(std::move(error)));
}

} // namespace tpuc::python
