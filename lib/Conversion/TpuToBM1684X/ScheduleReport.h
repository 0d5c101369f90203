//===- ScheduleReport.h - A schedule's explanation as text -----*- C++ -*-===//
//
// Says in words what LayerGroup decided and why: as JSON, which goes into the
// side table of the .bmodel, and as remarks of the category "layer-group".
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_LIB_CONVERSION_TPUTOBM1684X_SCHEDULEREPORT_H
#define TPUC_LIB_CONVERSION_TPUTOBM1684X_SCHEDULEREPORT_H

#include "LayerGroup/Schedule.h"
#include "mlir/IR/Operation.h"

namespace tpuc {

class ScheduleReport {
public:
  /// `operators` and `values` are those of `program`, by index. All must
  /// outlive the report.
  ScheduleReport(const group::Program &program, int64_t localBytes,
                 const group::Schedule &schedule,
                 llvm::ArrayRef<mlir::Operation *> operators,
                 llvm::ArrayRef<mlir::Value> values)
      : program(program), localBytes(localBytes), schedule(schedule),
        explanation(schedule.explanation), operators(operators),
        values(values) {}

  /// "group 1" for an operator of the first group; empty for one of none.
  std::string groupName(unsigned op) const;

  /// One JSON object; docs/profile.md lists its keys.
  std::string json() const;

  /// A remark at each operator on its tiles, and at the operator that makes a
  /// value on where that lies: "passed" for values that stay in local memory,
  /// "missed" with the cost for those that do not.
  void emitRemarks() const;

private:
  std::string operatorName(unsigned op) const;
  std::string valueName(unsigned value) const;
  std::string reason(unsigned value) const;
  llvm::StringRef placeName(unsigned value) const;

  const group::Program &program;
  int64_t localBytes; ///< of a lane that the program may use
  const group::Schedule &schedule;
  const group::Explanation &explanation;
  llvm::ArrayRef<mlir::Operation *> operators;
  llvm::ArrayRef<mlir::Value> values;
};

} // namespace tpuc

#endif // TPUC_LIB_CONVERSION_TPUTOBM1684X_SCHEDULEREPORT_H
