//===- LaneLists.h - Elements by index lists --------------------*- C++ -*-===//
//
// Commands that take, place or pack single elements of each lane, an element a
// cycle.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_KERNEL_LANELISTS_H
#define TPUC_KERNEL_LANELISTS_H

#include "Kernel/CommandBuilder.h"

namespace tpuc::kernel {

// Tensors are [1, C, 1, size], indices u16.

/// In every lane result[i] = table[index[i]].
void gatherLanes(CommandBuilder &builder, const LocalTensor &result,
                 const LocalTensor &table, const LocalTensor &index);
/// In every lane result[index[i]] = source[i]; other elements stay.
void scatterLanes(CommandBuilder &builder, const LocalTensor &result,
                  const LocalTensor &source, const LocalTensor &index);
/// In every lane packs the elements of `source` whose `mask` (u16) is not 0 at
/// the front of `result`, which is as wide as they, and writes their number
/// (u16) to `count`.
void packLanes(CommandBuilder &builder, const LocalTensor &result,
               const LocalTensor &count, const LocalTensor &source,
               const LocalTensor &mask);

} // namespace tpuc::kernel

#endif // TPUC_KERNEL_LANELISTS_H
