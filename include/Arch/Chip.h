//===- Chip.h - Which chip a module is for ---------------------*- C++ -*-===//
//
// The chips that can be compiled for, and the attribute of a module that names
// one of them.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_ARCH_CHIP_H
#define TPUC_ARCH_CHIP_H

#include "Arch/Arch.h"
#include "mlir/IR/Operation.h"

namespace tpuc {

/// The attribute of a module, a string; the tpu dialect verifies it.
constexpr llvm::StringLiteral kChipAttrName = "tpu.chip";

/// The chip of that name, or null.
const Arch *findChip(llvm::StringRef name);

/// The chip of modules that name none.
const Arch &defaultChip();

/// The names of all chips, for messages.
std::string listChips();

/// The chip of the module that is or holds `op`.
const Arch &archOf(mlir::Operation *op);

} // namespace tpuc

#endif // TPUC_ARCH_CHIP_H
