//===- TpuA16Ops.td - Products with weights of few bits ----*- tablegen -*-===//
//
// Weights that are held in 4 or 8 bits beside activations in 16.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_IR_TPUA16OPS_TD
#define TPUC_DIALECT_TPU_IR_TPUA16OPS_TD

include "Dialect/Tpu/IR/TpuBase.td"

def Tpu_A16MatMulOp : Tpu_Op<"a16_matmul", [Tpu_CombinesRows],
                             Tpu_EvaluatesAsTop> {
  let summary = "Product with a matrix of 4-bit or 8-bit codes";
  let description = [{
    As `top.a16_matmul`, in f16 or bf16: codes less their zero points are
    rounded to the operand's type, as are scales, zero points that are no
    integers, and the products of both. Sums are kept in f32. The weights become
    numbers in local memory. convert-top-to-tpu makes this op;
    convert-tpu-to-bm1684x removes it.

    Constraints: (C1) the last axis of `input` is K, codes are [N, K * bits / 32],
    scales and zeros [N, G], where G divides K; (C2) the result is [b..., N], of
    the operand's type or f32; (C3) K / G is a multiple of 32.

    Example:

    ```mlir
    %1 = tpu.a16_matmul %0, %codes, %scales, %zeros {bits = 4 : i64}
        : (tensor<1x64xf16>, tensor<96x8xi32>, tensor<96x2xf32>, tensor<96x2xf32>) -> tensor<1x96xf16>
    ```
  }];
  let arguments = (ins
    Arg<Tpu_TensorOf<[F16, BF16], "tensor of f16 or bf16 with a static shape">,
        "Rows, [b..., K].">:$input,
    Arg<Tpu_I32Tensor, "Codes in words, [N, K * bits / 32].">:$codes,
    Arg<Tpu_F32Tensor, "Scales, [N, G].">:$scales,
    Arg<Tpu_F32Tensor, "Codes of zero, [N, G].">:$zeros,
    Arg<I64Attr, "Bits of a code, 4 or 8.">:$bits);
  let results = (outs Res<Tpu_FloatTensor, "Result, [b..., N].">:$output);
}

#endif // TPUC_DIALECT_TPU_IR_TPUA16OPS_TD
