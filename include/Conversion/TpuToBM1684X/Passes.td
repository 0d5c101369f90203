//===- Passes.td - From operators to commands --------------*- tablegen -*-===//
//
// The passes that give a tpu module addresses and turn it into commands.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_CONVERSION_TPUTOBM1684X_PASSES_TD
#define TPUC_CONVERSION_TPUTOBM1684X_PASSES_TD

include "mlir/Pass/PassBase.td"

def AssignGlobalMemory
    : Pass<"assign-global-memory", "::mlir::func::FuncOp"> {
  let summary = "Give every activation its place in global memory";
  let description = [{
    Places the function's arguments, results and all values between them in the
    activation area, at multiples of 4096 bytes. Values that are never live at
    the same time share memory; arguments and results share with nothing, since
    they belong to the caller. The result of `tpu.reshape` lies where its
    operand lies, unless both belong to the caller.

    Before:

    ```mlir
    func.func @main(%arg0: tensor<8xf32>) -> tensor<8xf32> {
      %0 = tpu.unary relu %arg0 : tensor<8xf32>
      return %0 : tensor<8xf32>
    }
    ```

    After:

    ```mlir
    func.func @main(%arg0: tensor<8xf32> {tpu.global_offset = 0 : i64})
        -> tensor<8xf32> attributes {tpu.activation_bytes = 8192 : i64} {
      %0 = tpu.unary relu %arg0 {tpu.global_offsets = array<i64: 4096>}
          : tensor<8xf32>
      return %0 : tensor<8xf32>
    }
    ```
  }];
  let dependentDialects = ["::tpuc::tpu::TpuDialect"];
}

def ConvertTpuToBM1684X
    : Pass<"convert-tpu-to-bm1684x", "::mlir::ModuleOp"> {
  let summary = "Turn a network into commands";
  let description = [{
    Replaces the network function's operators by the commands that their kernels
    emit. Needs the places that `assign-global-memory` gave. The coefficients
    that the kernels want become one constant of the function; inputs and
    outputs become attributes (name, type, shape, address). A command waits for
    the last command of the other queue that touches the same memory.

    Every operator that has no kernel, or whose kernel refuses it, is reported.
  }];
  let dependentDialects = ["::tpuc::bm1684x::BM1684XDialect"];
  let options = [
    Option<"localBytes", "local-bytes", "int64_t", "262144",
           "Bytes of a lane's memory that kernels may use">
  ];
  let statistics = [
    Statistic<"numKernels", "num-kernels", "Number of kernels emitted">
  ];
}

#endif // TPUC_CONVERSION_TPUTOBM1684X_PASSES_TD
