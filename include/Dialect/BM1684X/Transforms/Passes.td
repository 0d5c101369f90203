//===- Passes.td - Passes of the command dialect -----------*- tablegen -*-===//
//
// Declares the passes that work on commands alone.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_BM1684X_TRANSFORMS_PASSES_TD
#define TPUC_DIALECT_BM1684X_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def BM1684XVerifyHazards
    : Pass<"bm1684x-verify-hazards", "::mlir::func::FuncOp"> {
  let summary = "Prove that commands wait for the memory they touch";
  let description = [{
    The two queues run side by side; only waits order a command of one against a
    command of the other. For every two commands of different queues that touch
    the same bytes, at least one of them writing, the later one must wait for the
    earlier one: directly, or because an earlier command of its queue does, or
    for a later command of the other queue. Otherwise the pass reports the
    hazard, both commands and the bytes.

    A command whose memory is not known is an error, because nothing can be
    proved about it; `allow-unknown` skips such commands instead. The pass
    changes nothing.

    This is reported, because the add does not wait for the load:

    ```mlir
    %0 = bm1684x.dma.tensor tensor {...}
    %1 = bm1684x.sar add {...}
    ```
  }];
  let options = [
    Option<"allowUnknown", "allow-unknown", "bool", "false",
           "Skip commands whose memory is not known">,
    Option<"maxReports", "max-reports", "unsigned", "10",
           "Stop after this many hazards">
  ];
  let statistics = [
    Statistic<"numCommands", "num-commands", "Number of commands checked">,
    Statistic<"numUnknown", "num-unknown", "Number of commands skipped">
  ];
}

#endif // TPUC_DIALECT_BM1684X_TRANSFORMS_PASSES_TD
