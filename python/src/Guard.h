//===- Guard.h - Trying what may not end well -------------------*- C++ -*-===//
//
// MLIR's readers trust what they read: a file that was made to break them ends
// the process, fills the memory or never ends. A child process tries first.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_PYTHON_GUARD_H
#define TPUC_PYTHON_GUARD_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include <cstdint>
#include <string>

namespace tpuc::python {

/// Runs `work` in a child process of limited time and memory, whose output is
/// dropped. Throws UserError: with the text of the one that `work` threw, or
/// with `what` and how the child ended. Returns when the child ended well, or
/// where there are no child processes.
void tryInChild(llvm::function_ref<void()> work, uint64_t extraBytes,
                const std::string &what);

} // namespace tpuc::python

#endif // TPUC_PYTHON_GUARD_H
