//===- CommandRules.h - What fields may hold together -----------*- C++ -*-===//
//
// The rules that the command description states beside widths: combinations of
// field values that the vendor's functional model does not execute. What the
// chip does with them is not known; no stream of ours has them.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_TARGET_BM1684X_COMMANDRULES_H
#define TPUC_TARGET_BM1684X_COMMANDRULES_H

#include "Target/BM1684X/Codec.h"

namespace tpuc::codec {

/// The rule that a command breaks, as a sentence, or null.
const char *brokenRule(Layout layout, const Registers &registers);

} // namespace tpuc::codec

#endif // TPUC_TARGET_BM1684X_COMMANDRULES_H
