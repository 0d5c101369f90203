//===- Translation.h - Commands as operations and as bytes ------*- C++ -*-===//
//
// Turns a container into a module of bm1684x operations and back, without loss:
// the command bytes that come out are those that went in. Command ids exist
// only on the side of the bytes; on the other side there are waits.
//
// A function of the module is a stage of a network; bm1684x/IR/Network.h says
// what its attributes hold. Attributes of the module, all optional:
//
//   bm1684x.version, bm1684x.time     the container's strings
//   bm1684x.kernel_module             firmware, a resource, and
//   bm1684x.kernel_module_name        the name of its file
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_TARGET_BM1684X_TRANSLATION_H
#define TPUC_TARGET_BM1684X_TRANSLATION_H

#include "Target/BM1684X/Bmodel.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace tpuc::target {

/// Makes a module of a container. The commands of the two queues are
/// interleaved as they can run; a wait is the token of the command that
/// `cmd_id_dep` names. Locations come from the side table. Coefficients are
/// shared with `model`, not copied. Null after a diagnostic: ids that are not
/// 1, 2, 3, ..., or queues that wait for each other for ever.
mlir::OwningOpRef<mlir::ModuleOp> importBmodel(const Bmodel &model,
                                               mlir::MLIRContext *context);

struct ExportOptions {
  /// Used when the module does not say.
  std::string version = "2.2+tpuc";
  std::string time = "1970-01-01 00:00:00";
  /// Record to which operation each command belongs, from the locations.
  bool sideTable = true;
};

/// Makes a container of a module. Numbers the commands of each queue from 1 and
/// turns waits for the other queue into `cmd_id_dep`; adds end commands where a
/// stream has none. An end command followed by more commands of its queue
/// begins the next command group. The result's coefficients are views of the
/// module's. Failure after a diagnostic.
mlir::FailureOr<Bmodel> exportBmodel(mlir::ModuleOp module,
                                     const ExportOptions &options = {});

} // namespace tpuc::target

#endif // TPUC_TARGET_BM1684X_TRANSLATION_H
