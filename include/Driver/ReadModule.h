//===- ReadModule.h - Modules that others hand in --------------*- C++ -*-===//
//
// A stage file may be anybody's. Its operations and types are looked at before
// any of them verifies itself, since verifiers rely on what the compiler makes.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DRIVER_READMODULE_H
#define TPUC_DRIVER_READMODULE_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/SourceMgr.h"

#include <memory>

namespace tpuc {

/// Refuses a module of other operations than functions and those of the
/// compiler's dialects, and of other types than tensors of a static shape.
mlir::LogicalResult checkVocabulary(mlir::ModuleOp module);

/// Parses text or bytecode, looks at its vocabulary and verifies it. Errors are
/// diagnostics of the context.
mlir::OwningOpRef<mlir::ModuleOp>
readModule(const std::shared_ptr<llvm::SourceMgr> &sources,
           mlir::MLIRContext *context);

} // namespace tpuc

#endif // TPUC_DRIVER_READMODULE_H
