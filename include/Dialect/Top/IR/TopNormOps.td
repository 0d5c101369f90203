//===- TopNormOps.td - Normalisation and reduction ---------*- tablegen -*-===//
//
// Ops that combine elements along axes. Axes are counted from 0 and are never
// negative.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TOP_IR_TOPNORMOPS_TD
#define TPUC_DIALECT_TOP_IR_TOPNORMOPS_TD

include "Dialect/Top/IR/TopBase.td"

def Top_SoftmaxOp
    : Top_InferOp<"softmax", [Top_TakesRows, MagnitudeOpInterface]>,
      Top_Numbers {
  let summary = "Softmax along an axis";
  let description = [{
    exp(x - max) / sum(exp(x - max)) along `axis`; with `log` its logarithm.

    Constraints: (C1) 0 <= `axis` < rank.

    Example:

    ```mlir
    %1 = top.softmax %0 {axis = 3 : i64} : (tensor<1x3x49x49xf32>) -> tensor<1x3x49x49xf32>
    ```
  }];
  let arguments = (ins
    Arg<Top_F32Tensor, "Operand.">:$input,
    Arg<I64Attr, "The axis that sums to one.">:$axis,
    Arg<DefaultValuedAttr<BoolAttr, "false">, "Give the logarithm.">:$log);
  let results = (outs Res<Top_F32Tensor, "Result, of the operand's type.">:$output);
  let magnitude = "AtMostOne";
  let extraClassDeclaration = numbersMethods;
}

// A normalisation with an optional scale and, after it, an optional bias.
class Top_AffineNormOp<string mnemonic, dag attributes,
                       list<Trait> traits = []>
    : Top_InferOp<mnemonic, traits # [MagnitudeOpInterface]>, Top_Numbers {
  let arguments = !con((ins
    Arg<Top_F32Tensor, "Operand.">:$input,
    Arg<Variadic<Top_F32Tensor>, "Nothing, scale, or scale and bias.">:$affine),
    attributes);
  let results = (outs Res<Top_F32Tensor, "Result, of the operand's type.">:$output);
  let magnitude = "Moderate";
  let extraClassDeclaration = numbersMethods # [{
    /// The factor after normalising, or null.
    ::mlir::Value getScale() {
      return getAffine().empty() ? ::mlir::Value() : getAffine()[0];
    }
    /// The summand after scaling, or null.
    ::mlir::Value getBias() {
      return getAffine().size() < 2 ? ::mlir::Value() : getAffine()[1];
    }
  }];
}

def Top_LayerNormOp : Top_AffineNormOp<"layer_norm", (ins
    Arg<I64Attr, "First normalised axis.">:$axis,
    Arg<F64Attr, "Added to the variance.">:$epsilon), [Top_TakesRows]> {
  let summary = "Normalises to mean 0 and variance 1 over the last axes";
  let description = [{
    (x - mean) / sqrt(var + epsilon) * scale + bias; mean and (biased) variance
    are taken over the axes from `axis` to the last. Operands are `input`, and
    optionally `scale`, and optionally after it `bias`.

    Constraints: (C1) 0 <= `axis` < rank; (C2) scale and bias have the shape of
    the normalised axes; (C3) `epsilon` >= 0.

    Example:

    ```mlir
    %1 = top.layer_norm %0, %scale, %bias {axis = 2 : i64, epsilon = 1.0e-5}
        : (tensor<1x49x96xf32>, tensor<96xf32>, tensor<96xf32>) -> tensor<1x49x96xf32>
    ```
  }];
}

def Top_RMSNormOp : Top_AffineNormOp<"rms_norm", (ins
    Arg<I64Attr, "First normalised axis.">:$axis,
    Arg<F64Attr, "Added to the mean square.">:$epsilon), [Top_TakesRows]> {
  let summary = "Divides by the root of the mean square over the last axes";
  let description = [{
    x / sqrt(mean(x^2) + epsilon) * scale + bias over the axes from `axis` to
    the last. Operands and constraints as `top.layer_norm`.

    Example:

    ```mlir
    %1 = top.rms_norm %0, %scale {axis = 2 : i64, epsilon = 1.0e-6}
        : (tensor<1x49x96xf32>, tensor<96xf32>) -> tensor<1x49x96xf32>
    ```
  }];
}

def Top_GroupNormOp : Top_AffineNormOp<"group_norm", (ins
    Arg<I64Attr, "Number of groups.">:$num_groups,
    Arg<F64Attr, "Added to the variance.">:$epsilon)> {
  let summary = "Normalises groups of channels";
  let description = [{
    (x - mean) / sqrt(var + epsilon) * scale[c] + bias[c] for `input`
    [N, C, spatial...]; mean and variance are those of a batch element's group
    of C / num_groups channels. With num_groups = C it is instance
    normalisation. Operands are `input`, and optionally `scale`, and optionally
    after it `bias`.

    Constraints: (C1) rank >= 2; (C2) `num_groups` >= 1 divides C; (C3) scale and
    bias are [C]; (C4) `epsilon` >= 0.

    Example:

    ```mlir
    %1 = top.group_norm %0, %scale, %bias {num_groups = 4 : i64, epsilon = 1.0e-5}
        : (tensor<1x8x16x16xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<1x8x16x16xf32>
    ```
  }];
}

def Top_BatchNormOp : Top_InferOp<"batch_norm"> {
  let summary = "Normalises channels by given statistics";
  let description = [{
    (x - mean[c]) / sqrt(variance[c] + epsilon) * scale[c] + bias[c] for `input`
    [N, C, ...]. Canonicalisation removes it when its parameters are constant.

    Constraints: (C1) rank >= 2; (C2) scale, bias, mean and variance are [C].

    Example:

    ```mlir
    %1 = top.batch_norm %0, %scale, %bias, %mean, %var {epsilon = 1.0e-5}
        : (tensor<1x8x4x4xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>,
           tensor<8xf32>) -> tensor<1x8x4x4xf32>
    ```
  }];
  let arguments = (ins
    Arg<Top_F32Tensor, "Operand, [N, C, ...].">:$input,
    Arg<Top_F32Tensor, "Scale, [C].">:$scale,
    Arg<Top_F32Tensor, "Bias, [C].">:$bias,
    Arg<Top_F32Tensor, "Mean, [C].">:$mean,
    Arg<Top_F32Tensor, "Variance, [C].">:$variance,
    Arg<F64Attr, "Added to the variance.">:$epsilon);
  let results = (outs Res<Top_F32Tensor, "Result, of the operand's type.">:$output);
}

def Top_ReduceOp : Top_InferOp<"reduce",
    [DeclareOpInterfaceMethods<RowOrderOpInterface,
                               ["getRowOperands", "combinesRows"]>,
     MagnitudeOpInterface]>, Top_Numbers {
  let summary = "Combines all elements along axes";
  let description = [{
    `kind`: mean 0, sum 1, max 2, min 3, prod 4, l1 5 (sum of |x|), l2 6 (root
    of the sum of squares), sum_square 7, log_sum 8, log_sum_exp 9. The result
    has size 1 at the reduced axes, or, without `keepdims`, no such axes. No
    axis means all axes. Integers: mean rounds toward zero; l2 and the
    logarithms are for f32 only.

    Constraints: (C1) `axes` are within the rank, each once; (C2) the kinds l2,
    log_sum and log_sum_exp have an f32 operand.

    Example:

    ```mlir
    %1 = top.reduce mean %0 {axes = array<i64: 2>, keepdims = true}
        : (tensor<1x49x96xf32>) -> tensor<1x49x1xf32>
    ```
  }];
  let arguments = (ins
    Arg<Top_NumTensor, "Operand.">:$input,
    Arg<Top_ReduceKind, "What to compute.">:$kind,
    Arg<DenseI64ArrayAttr, "Reduced axes; empty is all.">:$axes,
    Arg<DefaultValuedAttr<BoolAttr, "true">,
        "Keep the reduced axes with size 1.">:$keepdims);
  let results = (outs Res<Top_NumTensor, "Result.">:$output);
  let needsF32 = "isSum() && getKind() != ::tpuc::top::ReduceKind::Mean";
  let extraClassDeclaration = numbersMethods # [{
    /// Whether all elements are added up, or multiplied, perhaps after a function of each.
    bool isSum() {
      return getKind() != ::tpuc::top::ReduceKind::Max &&
             getKind() != ::tpuc::top::ReduceKind::Min;
    }
  }];
  let assemblyFormat = [{
    $kind operands attr-dict `:` functional-type(operands, results)
  }];
}

def Top_ArgOp : Top_InferOp<"arg"> {
  let summary = "Index of the extremum along an axis";
  let description = [{
    The i64 index along `axis` of the largest (`kind` max 0) or smallest (min 1)
    element; the first of equals, or the last with `select_last`.

    Constraints: (C1) 0 <= `axis` < rank.

    Example:

    ```mlir
    %1 = top.arg max %0 {axis = 1 : i64, keepdims = false}
        : (tensor<1x1000xf32>) -> tensor<1xi64>
    ```
  }];
  let arguments = (ins
    Arg<Top_NumTensor, "Operand.">:$input,
    Arg<Top_ArgKind, "Largest or smallest.">:$kind,
    Arg<I64Attr, "The axis searched.">:$axis,
    Arg<DefaultValuedAttr<BoolAttr, "true">,
        "Keep the axis with size 1.">:$keepdims,
    Arg<DefaultValuedAttr<BoolAttr, "false">,
        "Take the last of equal elements.">:$select_last);
  let results = (outs Res<Top_IntTensor, "Indices, i64.">:$output);
  let assemblyFormat = [{
    $kind operands attr-dict `:` functional-type(operands, results)
  }];
}

def Top_TopKOp : Top_InferOp<"topk"> {
  let summary = "The k largest or smallest elements along an axis";
  let description = [{
    The `k` largest (or, without `largest`, smallest) elements along `axis` in
    sorted order, and their i64 indices. Of equal elements the one with the
    lower index comes first.

    Constraints: (C1) 0 <= `axis` < rank; (C2) 1 <= `k` <= the axis's size.

    Example:

    ```mlir
    %values, %indices = top.topk %0 {axis = 1 : i64, k = 5 : i64}
        : (tensor<1x1000xf32>) -> (tensor<1x5xf32>, tensor<1x5xi64>)
    ```
  }];
  let arguments = (ins
    Arg<Top_NumTensor, "Operand.">:$input,
    Arg<I64Attr, "The axis sorted.">:$axis,
    Arg<I64Attr, "How many elements.">:$k,
    Arg<DefaultValuedAttr<BoolAttr, "true">,
        "Largest instead of smallest.">:$largest);
  let results = (outs
    Res<Top_NumTensor, "The elements.">:$values,
    Res<Top_IntTensor, "Their indices, i64.">:$indices);
}

def Top_CumSumOp : Top_InferOp<"cumsum", [MagnitudeOpInterface]>, Top_Numbers {
  let summary = "Running sum along an axis";
  let description = [{
    out[i] = sum of input[j] for j <= i along `axis`; for j < i with
    `exclusive`; from the end with `reverse`.

    Constraints: (C1) 0 <= `axis` < rank.

    Example:

    ```mlir
    %1 = top.cumsum %0 {axis = 1 : i64} : (tensor<1x128xf32>) -> tensor<1x128xf32>
    ```
  }];
  let arguments = (ins
    Arg<Top_NumTensor, "Operand.">:$input,
    Arg<I64Attr, "The axis summed along.">:$axis,
    Arg<DefaultValuedAttr<BoolAttr, "false">,
        "Leave the element itself out.">:$exclusive,
    Arg<DefaultValuedAttr<BoolAttr, "false">, "Sum from the end.">:$reverse);
  let results = (outs Res<Top_NumTensor, "Result, of the operand's type.">:$output);
  let needsF32 = "true";
  let extraClassDeclaration = numbersMethods;
}

#endif // TPUC_DIALECT_TOP_IR_TOPNORMOPS_TD
