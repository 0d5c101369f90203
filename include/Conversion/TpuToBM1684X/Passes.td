//===- Passes.td - From operators to commands --------------*- tablegen -*-===//
//
// The pass that turns a planned tpu module into commands.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_CONVERSION_TPUTOBM1684X_PASSES_TD
#define TPUC_CONVERSION_TPUTOBM1684X_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertTpuToBM1684X
    : Pass<"convert-tpu-to-bm1684x", "::mlir::ModuleOp"> {
  let summary = "Turn a planned network into commands";
  let description = [{
    Replaces the network function's operators by the commands that their kernels
    emit, by the plan of `tpu-layer-group`: nothing is decided here. The
    coefficients that the kernels want become one constant of the function;
    inputs and outputs become attributes (name, type, shape, address). A command
    waits for the last command of the other queue that touches the same memory.

    What was decided, why and at what cost is in the function's attribute
    `bm1684x.explanation`, and in remarks of the category `layer-group`.

    A function without a plan is refused. Whether a plan is right is proved by
    `tpu-verify-plan`.
  }];
  let dependentDialects = ["::tpuc::bm1684x::BM1684XDialect",
                           "::tpuc::tpu::TpuDialect"];
}

#endif // TPUC_CONVERSION_TPUTOBM1684X_PASSES_TD
