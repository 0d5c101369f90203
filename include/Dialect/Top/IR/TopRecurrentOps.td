//===- TopRecurrentOps.td - Recurrent cells ----------------*- tablegen -*-===//
//
// The op that runs a cell over a sequence. Products of the sequence with the
// input weights are an op of their own before it.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TOP_IR_TOPRECURRENTOPS_TD
#define TPUC_DIALECT_TOP_IR_TOPRECURRENTOPS_TD

include "Dialect/Top/IR/TopBase.td"
include "Dialect/Top/IR/TopRecurrentAttributes.td"

def Top_RecurrentOp
    : Top_InferOp<"recurrent", [MagnitudeOpInterface]>, Top_Numbers {
  let summary = "Runs a recurrent cell over a sequence";
  let description = [{
    For each step t, sample b and direction d, with h and c the state before the
    step and x the gates of `input` at (d, t, b):

        lstm  i, o, f = F(x + R h + p . c), the output gate with the new c
              c' = f . c + i . G(x + R h)       h' = o . H(c')
        gru   z, r = F(x + R h)
              n = G(x + R (r . h)), or G(x + r . (R h + b)) where
                  `linear_before_reset` is set
              h' = (1 - z) . n + z . h
        rnn   h' = F(x + R h)

    F, G and H are `gate_activation`, `cell_activation` and
    `output_activation` with `alphas` and `betas`, an entry each; `clip`, where
    it is positive, bounds the magnitude of what they are applied to (but not of
    c'). With `input_forget`, f = 1 - i. A reverse direction goes from the last
    step to the first.

    `input` is [1, D G H, T, B]: D directions, G gates in the order above (4, 3
    or 1; the LSTM's last is that of G) of H units, T steps, B samples. `weight`
    R is [D, G H, H]. `state` is [S, D, H, B]: h before the first step, and c of
    an LSTM (S = 2, else 1). `options`, each of which may be left out: one of
    rank 3, [D, 3, H], the LSTM's p of i, o and f, or [D, 1, H], the GRU's b;
    then one of rank 2, [T, B], 1 where a sample has the step, and 0 where
    its result is 0 and its state stays.

    The result is [1, D H, T + S, B]: h' of each step, behind them the last h,
    and of an LSTM the last c.

    Constraints: (C1) input [1, D G H, T, B]; (C2) weight [D, G H, H]; (C3)
    state [S, D, H, B]; (C4) options as above, a GRU's b exactly with
    `linear_before_reset`; (C5) `alphas` and `betas` have 3 entries; (C6) `clip`
    >= 0.

    Example:

    ```mlir
    %1 = top.recurrent lstm forward %0, %weight, %state
        {alphas = array<f64: 0.0, 0.0, 0.0>, betas = array<f64: 0.0, 0.0, 0.0>}
        : (tensor<1x128x10x1xf32>, tensor<1x128x32xf32>, tensor<2x1x32x1xf32>)
        -> tensor<1x32x12x1xf32>
    ```
  }];
  let arguments = !con((ins
    Arg<Top_F32Tensor, "Gates less what the state adds, [1, D G H, T, B].">:$input,
    Arg<Top_F32Tensor, "Recurrent weights, [D, G H, H].">:$weight,
    Arg<Top_F32Tensor, "State before the first step, [S, D, H, B].">:$state,
    Arg<Variadic<Top_F32Tensor>, "Parameters of units, mask of steps.">:$options),
    Top_RecurrentAttributes.arguments);
  let results = (outs Res<Top_F32Tensor, "States, [1, D H, T + S, B].">:$output);
  let assemblyFormat = Top_RecurrentAttributes.assembly;
  let magnitude = "Moderate";
  let extraClassDeclaration = numbersMethods;
}

#endif // TPUC_DIALECT_TOP_IR_TOPRECURRENTOPS_TD
