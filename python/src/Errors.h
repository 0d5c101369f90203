//===- Errors.h - from MLIR diagnostics to Python exceptions ----*- C++ -*-===//
//
// What goes wrong below the Python API reaches the user as one
// tpuc.errors.UserError. Nothing here prints.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_PYTHON_ERRORS_H
#define TPUC_PYTHON_ERRORS_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/Error.h"
#include <stdexcept>
#include <string>

namespace tpuc::python {

/// Becomes a tpuc.errors.UserError; the text is one line.
struct UserError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Collects the errors that a context reports during its lifetime.
class DiagnosticCollector {
public:
  explicit DiagnosticCollector(mlir::MLIRContext *context);

  /// Throws what was collected, or `fallback` when nothing was.
  [[noreturn]] void raise(llvm::StringRef fallback) const;

  /// True when an error was reported.
  bool hasErrors() const { return !errors.empty(); }

private:
  std::string errors;
  unsigned count = 0;
  mlir::ScopedDiagnosticHandler handler;
};

/// The node or file position of a location, for messages; empty when unknown.
std::string describeLocation(mlir::Location loc);

/// Throws the text of an error.
void raiseOnError(llvm::Error error);

/// Throws the text of a failed expectation, or hands out its value.
template <typename T> T unwrap(llvm::Expected<T> expected) {
  if (!expected)
    throw UserError(llvm::toString(expected.takeError()));
  return std::move(*expected);
}

} // namespace tpuc::python

#endif // TPUC_PYTHON_ERRORS_H
