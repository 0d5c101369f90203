//===- TpuNormOps.td - Normalisation and reduction ---------*- tablegen -*-===//
//
// Ops that combine elements along the last axis or axes. Their statistics are
// kept in f32, whatever the element type.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_IR_TPUNORMOPS_TD
#define TPUC_DIALECT_TPU_IR_TPUNORMOPS_TD

include "Dialect/Tpu/IR/TpuBase.td"

def Tpu_SoftmaxOp : Tpu_Op<"softmax",
    [SameOperandsAndResultType, Tpu_CombinesRows]> {
  let summary = "Softmax along the last axis";
  let description = [{
    exp(x - max) / sum(exp(x - max)) along the last axis; with `log` its
    logarithm.

    Constraints: (C1) rank >= 1.

    Example:

    ```mlir
    %1 = tpu.softmax %0 : (tensor<64x3x49x49xf16>) -> tensor<64x3x49x49xf16>
    ```
  }];
  let arguments = (ins
    Arg<Tpu_FloatTensor, "Operand.">:$input,
    Arg<DefaultValuedAttr<BoolAttr, "false">, "Give the logarithm.">:$log);
  let results = (outs Res<Tpu_FloatTensor, "Result, of the operand's type.">:$output);
}

class Tpu_LastAxisNormOp<string mnemonic, string summaryText, string formula>
    : Tpu_Op<mnemonic, [AttrSizedOperandSegments, AllTypesMatch<["input", "output"]>,
                        Tpu_CombinesRows]> {
  let summary = summaryText;
  let description = formula # [{ over the last axis. Statistics are taken in f32.

    Constraints: (C1) rank >= 1; (C2) scale and bias, when present, are [size of
    the last axis] and have the operand's element type; (C3) `epsilon` >= 0;
    (C4) no bias without a scale.

    Example:

    ```mlir
    %1 = tpu.}] # mnemonic # [{ %0, %scale, %bias {epsilon = 1.0e-5}
        : (tensor<49x96xf16>, tensor<96xf16>, tensor<96xf16>) -> tensor<49x96xf16>
    ```
  }];
  let arguments = (ins
    Arg<Tpu_FloatTensor, "Operand.">:$input,
    Arg<Optional<Tpu_FloatTensor>, "Factor.">:$scale,
    Arg<Optional<Tpu_FloatTensor>, "Summand after scaling.">:$bias,
    Arg<F64Attr, "Added under the root.">:$epsilon);
  let results = (outs Res<Tpu_FloatTensor, "Result, of the operand's type.">:$output);
  let assemblyFormat = [{
    $input (`,` $scale^)? (`,` $bias^)? attr-dict
    `:` functional-type(operands, results)
  }];
}

def Tpu_LayerNormOp : Tpu_LastAxisNormOp<"layer_norm",
    "Normalises the last axis to mean 0 and variance 1",
    "(x - mean) / sqrt(variance + epsilon) * scale + bias">;

def Tpu_RMSNormOp : Tpu_LastAxisNormOp<"rms_norm",
    "Divides the last axis by its root mean square",
    "x / sqrt(mean(x^2) + epsilon) * scale + bias">;

def Tpu_ReduceOp : Tpu_KindOp<"reduce",
    [Tpu_SameElementType<["input", "output"]>, Tpu_CombinesRows]> {
  let summary = "Combines all elements of the last axes";
  let description = [{
    mean, sum, max or min over the axes from `axis` to the last. The result has
    size 1 at each of them. Sums are kept in f32.

    Constraints: (C1) 0 <= `axis` < rank; (C2) the result has the operand's
    shape with 1 from `axis` on.

    Example:

    ```mlir
    %1 = tpu.reduce mean %0 {axis = 2 : i64} : (tensor<1x512x7x7xf16>) -> tensor<1x512x1x1xf16>
    ```
  }];
  let arguments = (ins
    Arg<Tpu_ReduceKind, "What to compute.">:$kind,
    Arg<Tpu_FloatTensor, "Operand.">:$input,
    Arg<I64Attr, "First reduced axis.">:$axis);
  let results = (outs Res<Tpu_FloatTensor, "Result.">:$output);
  let builders = [OpBuilder<(ins "::tpuc::tpu::ReduceKind":$kind,
      "::mlir::Value":$input, "int64_t":$axis)>];
}

#endif // TPUC_DIALECT_TPU_IR_TPUNORMOPS_TD
