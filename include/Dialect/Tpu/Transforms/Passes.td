//===- Passes.td - Passes of the tpu dialect ---------------*- tablegen -*-===//
//
// Declares the passes that work on tpu alone.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_TRANSFORMS_PASSES_TD
#define TPUC_DIALECT_TPU_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def TpuFuseActivation : Pass<"tpu-fuse-activation"> {
  let summary = "Draws ReLU and clipping from zero into the contraction before";
  let description = [{
    A convolution, transposed convolution or matmul whose only user is a
    `tpu.unary relu`, or a `tpu.unary clip` from 0, applies it itself, so that
    its result goes to global memory once. Also through a reshape in between.
    No result changes.

    Before:

    ```mlir
    %1 = tpu.matmul %0, %w : (tensor<4x8xf16>, tensor<8x4xf16>) -> tensor<4x4xf16>
    %2 = tpu.unary clip %1 {alpha = 0.0, beta = 6.0} : tensor<4x4xf16>
    ```

    After:

    ```mlir
    %2 = tpu.matmul %0, %w {do_relu = true, relu_limit = 6.0 : f64}
        : (tensor<4x8xf16>, tensor<8x4xf16>) -> tensor<4x4xf16>
    ```
  }];
  let dependentDialects = ["::tpuc::tpu::TpuDialect"];
  let statistics = [
    Statistic<"numFused", "fused", "Activations drawn into their producer">
  ];
}

#endif // TPUC_DIALECT_TPU_TRANSFORMS_PASSES_TD
