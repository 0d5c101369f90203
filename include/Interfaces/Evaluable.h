//===- Evaluable.h - Ops that evaluate themselves ---------------*- C++ -*-===//
//
// The interface of ops that compute their results on host buffers, and the
// interpreter that runs a function of such ops. This is the reference that
// constant folding and tests use; it must not depend on a dialect or a chip.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_INTERFACES_EVALUABLE_H
#define TPUC_INTERFACES_EVALUABLE_H

#include "Support/Buffer.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/Support/Error.h"

#include "Interfaces/Evaluable.h.inc"

namespace tpuc {

/// Reads a constant into a buffer. Contiguous f32 data is viewed, not copied:
/// the buffer is valid as long as the attribute's context. Fails on element
/// types other than f32, f64, i1 to i64 and on resources without data.
mlir::FailureOr<Buffer> bufferFromAttr(mlir::ElementsAttr attr);

/// Makes a constant of `type` from a buffer with the same number of elements.
/// Data above a kilobyte becomes a resource, which is not hashed and which the
/// printer elides on request.
mlir::ElementsAttr attrFromBuffer(const Buffer &buffer,
                                  mlir::RankedTensorType type);

/// Runs the single block of `function` on `arguments`, one buffer an argument,
/// and returns one buffer for each returned value. Fails, with the error's text
/// naming the op, on an op that is not evaluable.
llvm::Expected<llvm::SmallVector<Buffer>>
evaluateFunction(mlir::FunctionOpInterface function,
                 llvm::ArrayRef<Buffer> arguments);

} // namespace tpuc

#endif // TPUC_INTERFACES_EVALUABLE_H
