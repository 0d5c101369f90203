//===- ReservedCommands.h - Commands with reserved bits ---------*- C++ -*-===//
//
// How many commands of a container hold values in bits that mean nothing.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_TARGET_BM1684X_RESERVEDCOMMANDS_H
#define TPUC_TARGET_BM1684X_RESERVEDCOMMANDS_H

#include "Target/BM1684X/Bmodel.h"
#include "Target/BM1684X/ReservedBits.h"

namespace tpuc::target {

/// The commands of a group, read from a container, that have reserved bits set.
uint64_t countReserved(const CommandGroup &group);

} // namespace tpuc::target

#endif // TPUC_TARGET_BM1684X_RESERVEDCOMMANDS_H
