//===- TpuRecurrentOps.td - Recurrent cells ----------------*- tablegen -*-===//
//
// The op that runs a cell over a sequence with its weights in local memory.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_IR_TPURECURRENTOPS_TD
#define TPUC_DIALECT_TPU_IR_TPURECURRENTOPS_TD

include "Dialect/Top/IR/TopRecurrentAttributes.td"
include "Dialect/Tpu/IR/TpuBase.td"

def Tpu_RecurrentOp : Tpu_Op<"recurrent",
    [Tpu_SameElementType<["weight", "output"]>,
     DeclareOpInterfaceMethods<LaneLayoutOpInterface,
                               ["getKeptAxes", "hasKeptAxes",
                                "getFixedLayouts"]>], Tpu_EvaluatesAsTop> {
  let summary = "Runs a recurrent cell over a sequence";
  let description = [{
    As `top.recurrent`, with the same operands and attributes. Gates and states
    are f32 between the steps; the product with the weights reads h rounded to
    the element type, in which the result is given. convert-top-to-tpu makes this
    op; convert-tpu-to-bm1684x removes it.

    Constraints: (C1) as those of `top.recurrent`.

    Example:

    ```mlir
    %1 = tpu.recurrent gru forward %0, %weight, %state
        {alphas = array<f64: 0.0, 0.0, 0.0>, betas = array<f64: 0.0, 0.0, 0.0>}
        : (tensor<1x96x10x1xf16>, tensor<1x96x32xf16>, tensor<1x1x32x1xf32>)
        -> tensor<1x32x11x1xf16>
    ```
  }];
  let arguments = !con((ins
    Arg<Tpu_FloatTensor, "Gates less what the state adds, [1, D G H, T, B].">:$input,
    Arg<Tpu_FloatTensor, "Recurrent weights, [D, G H, H].">:$weight,
    Arg<Tpu_FloatTensor, "State before the first step, [S, D, H, B].">:$state,
    Arg<Variadic<Tpu_F32Tensor>, "Parameters of units, mask of steps.">:$options),
    Top_RecurrentAttributes.arguments);
  let results = (outs Res<Tpu_FloatTensor, "States, [1, D H, T + S, B].">:$output);
  let assemblyFormat = Top_RecurrentAttributes.assembly;
}

#endif // TPUC_DIALECT_TPU_IR_TPURECURRENTOPS_TD
