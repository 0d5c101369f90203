//===- SmallChip.h - A second chip, for tests ------------------*- C++ -*-===//
//
// A chip with half of the lanes and half of the memory of each: what follows
// from a chip has to follow from this one too.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_UNITTESTS_KERNEL_SMALLCHIP_H
#define TPUC_UNITTESTS_KERNEL_SMALLCHIP_H

#include "Arch/BM1684X.h"

namespace tpuc {

inline constexpr Arch kSmallChip = [] {
  Arch chip = kBM1684X;
  chip.name = "small";
  chip.lanes = 32;
  chip.laneBytes = 128 * 1024;
  return chip;
}();

inline constexpr const Arch *kBothChips[] = {&kBM1684X, &kSmallChip};

} // namespace tpuc

#endif // TPUC_UNITTESTS_KERNEL_SMALLCHIP_H
