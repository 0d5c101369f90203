//===- VerifyPlan.h - Whether a plan can be carried out --------*- C++ -*-===//
//
// Proves of a plan, which may come from anywhere, that its commands compute the
// program.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LAYERGROUP_VERIFYPLAN_H
#define TPUC_LAYERGROUP_VERIFYPLAN_H

#include "LayerGroup/Plan.h"

#include <string>

namespace tpuc::group {

/// Something wrong with a plan: with an operator, with the place of a value, or
/// with all of it.
struct Fault {
  std::optional<unsigned> op, value;
  std::string text; ///< continues "operator ..."
  /// An operator that has part in it.
  std::optional<unsigned> other;

  bool operator==(const Fault &) const = default;
};

/// The faults of `plan`; none when it can be carried out. Looks at capacity,
/// alignment, what lives at the same time, tiles, when loads are issued, and
/// whether all that kernels read and write lies where they need it. The program
/// is afterwards as it was. Faults that hide others are reported alone.
std::vector<Fault> verifyPlan(Program &program, const Plan &plan);

} // namespace tpuc::group

#endif // TPUC_LAYERGROUP_VERIFYPLAN_H
