//===- TopA16Ops.td - Products with weights of few bits ----*- tablegen -*-===//
//
// Weights that are held in 4 or 8 bits beside activations in 16.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TOP_IR_TOPA16OPS_TD
#define TPUC_DIALECT_TOP_IR_TOPA16OPS_TD

include "Dialect/Top/IR/TopBase.td"

def Top_A16MatMulOp : Top_InferOp<"a16_matmul"> {
  let summary = "Product with a matrix of 4-bit or 8-bit codes";
  let description = [{
    out[b..., n] = sum over k of input[b..., k] * (code[n, k] - zeros[n, g]) *
    scales[n, g], where g is the group of k: `scales` has G columns, and each
    group K / G consecutive ones of the codes. `codes` holds them as words of 32
    bits, [N, K * bits / 32], the first in the lowest bits. Codes are from 0 to
    2^bits - 1; zero points may be any numbers.

    Constraints: (C1) `bits` is 4 or 8; (C2) codes [N, K * bits / 32]; (C3)
    scales and zeros [N, G], where G divides K; (C4) the last axis of `input` is K.

    Example:

    ```mlir
    %1 = top.a16_matmul %0, %codes, %scales, %zeros {bits = 4 : i64}
        : (tensor<1x64xf32>, tensor<96x8xi32>, tensor<96x2xf32>, tensor<96x2xf32>) -> tensor<1x96xf32>
    ```
  }];
  let arguments = (ins
    Arg<Top_F32Tensor, "Rows, [b..., K].">:$input,
    Arg<Top_IntTensor, "Codes in words, [N, K * bits / 32].">:$codes,
    Arg<Top_F32Tensor, "Scales, [N, G].">:$scales,
    Arg<Top_F32Tensor, "Codes of zero, [N, G].">:$zeros,
    Arg<I64Attr, "Bits of a code.">:$bits);
  let results = (outs Res<Top_F32Tensor, "Result, [b..., N].">:$output);
}

#endif // TPUC_DIALECT_TOP_IR_TOPA16OPS_TD
