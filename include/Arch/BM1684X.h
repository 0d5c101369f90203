//===- BM1684X.h - Facts of the BM1684X ------------------------*- C++ -*-===//
//
// The chip that the command dialect, the codec and the simulators are of, which
// name it; all else gets a chip passed in.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_ARCH_BM1684X_H
#define TPUC_ARCH_BM1684X_H

#include "Arch/Arch.h"

namespace tpuc {

/// Memories and fields are those of its commands (docs/reference/registers.md);
/// rates are nominal.
inline constexpr Arch kBM1684X = {
    .name = "bm1684x",
    .lanes = 64,
    .laneBytes = 256 * 1024,
    .bankBytes = 16 * 1024,
    .vectorBytes = 64,
    .maxSize = 65535,
    .productPositions = 4,
    .productDepth = 32,
    .localBase = 0x0800'0000,
    .staticBase = 0x0900'0000,
    .staticBytes = 16 * 1024,
    .l2Base = 0x1000'0000,
    .l2Bytes = 2 * 1024 * 1024,
    .globalBase = 0x1'0000'0000,
    .globalBytes = 0x2'0000'0000,
    .globalAlignBytes = 4096,
    .ddrBytesPerCycle = 64.0,
    .shortestRowBytes = 256,
    .loadBytesPerCycle = 54,
    .moveBytesPerCycle = 26,
    .spillBytesPerCycle = 32,
};
static_assert(kBM1684X.localEnd() == kBM1684X.staticBase);

} // namespace tpuc

#endif // TPUC_ARCH_BM1684X_H
