//===- VerifyPlan.h - Whether a plan can be emitted ------------*- C++ -*-===//
//
// Proves that the commands of a plan, which may have been edited by hand,
// compute the program.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LAYERGROUP_VERIFYPLAN_H
#define TPUC_LAYERGROUP_VERIFYPLAN_H

#include "LayerGroup/Plan.h"

#include <string>

namespace tpuc::group {

/// An error in a plan: of an operator, of a value's allocation, or of the whole
/// plan.
struct Fault {
  std::optional<unsigned> op, value;
  std::string text; ///< continues "operator ..."
  /// A second operator that is involved.
  std::optional<unsigned> other;

  bool operator==(const Fault &) const = default;
};

/// The errors of `plan`; none when it can be emitted. Checks capacity,
/// alignment, overlap of live ranges, tiles, when loads are issued, and the
/// placement constraints of all kernels. Leaves the program unchanged. Errors
/// that hide others are reported alone.
std::vector<Fault> verifyPlan(Program &program, const Plan &plan);

} // namespace tpuc::group

#endif // TPUC_LAYERGROUP_VERIFYPLAN_H
