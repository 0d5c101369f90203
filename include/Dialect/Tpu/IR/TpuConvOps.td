//===- TpuConvOps.td - Convolution, matmul, pooling --------*- tablegen -*-===//
//
// Ops that contract or slide a window. Spatial attributes list one entry a
// spatial axis, outermost first; pads list all begins, then all ends. Their
// limits are those of the command fields (4 bits each).
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TPU_IR_TPUCONVOPS_TD
#define TPUC_DIALECT_TPU_IR_TPUCONVOPS_TD

include "Dialect/Tpu/IR/TpuBase.td"

// The activation that follows a contraction.
defvar Tpu_ReluArgs = (ins
    Arg<DefaultValuedAttr<BoolAttr, "false">, "Apply ReLU.">:$do_relu,
    Arg<DefaultValuedAttr<F64Attr, "-1.0">,
        "Upper limit of the ReLU; negative is none.">:$relu_limit);

def Tpu_ConvOp : Tpu_Op<"conv", [Tpu_SlidesWindow]> {
  let summary = "Convolution with 2 or 3 spatial axes";
  let description = [{
    Cross-correlation of `input` [N, C, (D,) H, W] with `filter`
    [OC, C / group, (KD,) KH, KW], plus `bias` [OC]:

        out[n, oc, o] = bias[oc] + sum over ic, k of
            input[n, g * C/group + ic, o * stride + k * dilation - pad_begin]
            * filter[oc, ic, k],   g = oc / (OC / group)

    Positions outside the input count as zero. Sums are kept in f32 and rounded
    once, to the result's element type. With `do_relu` the result is max(., 0),
    and min(., relu_limit) when `relu_limit` is not negative. With `group` = C
    the convolution is depthwise.

    | input | filter | bias | result |
    | --- | --- | --- | --- |
    | f32 | f32 | f32 | f32, f16, bf16 |
    | f32 | f16, bf16 | f32 | the filter's, f32 |
    | f16 | f16 | f32 | f16, f32 |
    | bf16 | bf16, f32 | f32 | bf16, f32 |
    | INT8 | i8 a channel | f32 | INT8, f32, f16, bf16 |

    An input of f32 is rounded to a 16-bit filter's type first. A filter of f32
    for an input of bf16 is held as the sum of two numbers of
    bf16, which has 16 bits of significand; every one of them is multiplied. Of
    INT8 the sums are exact, and `bias` holds real numbers. An INT8 result has
    no ReLU: it saturates. Its `gate` is a function of the sums, silu or gelu,
    whose result is rounded; the scales for which the chip has a form of it are
    a series, from which the lowering chooses.

    Constraints: (C1) rank 4 or 5, filter of the same rank; (C2) `strides` and
    `dilations` have an entry a spatial axis, 1 <= stride <= 15, 1 <= dilation
    <= 16; (C3) `pads` has two, 0 <= pad <= 15; (C4) `group` divides C and OC,
    filter's axis 1 is C / group; (C5) `bias` is [OC]; (C6) the result has the
    shape [N, OC, (in + pad_begin + pad_end - dilation * (k - 1) - 1) / stride
    + 1]; (C7) input, filter and result have the element types of a row of the
    table, with two spatial axes and `group` 1 where an input of f32 has a 16-bit
    filter; (C8) `relu_limit` is negative without `do_relu`, and an INT8
    result has neither; (C9) a quantised filter has a scale for each entry of
    axis 0; (C10) with a filter of f32 for an input of bf16 the rank is 4 and
    `group` 1; (C11) a `gate` gives i8 with zero point 0.

    Example:

    ```mlir
    %1 = tpu.conv %0, %filter, %bias {strides = array<i64: 2, 2>,
        pads = array<i64: 3, 3, 3, 3>, dilations = array<i64: 1, 1>, do_relu = true}
        : (tensor<1x3x224x224xf16>, tensor<64x3x7x7xf16>, tensor<64xf32>)
        -> tensor<1x64x112x112xf16>
    ```
  }];
  let arguments = !con((ins
    Arg<Tpu_RealTensor, "Input, [N, C, (D,) H, W].">:$input,
    Arg<Tpu_FilterTensor, "Filter, [OC, C / group, (KD,) KH, KW].">:$filter,
    Arg<Optional<Tpu_F32Tensor>, "Bias, [OC].">:$bias,
    Arg<DenseI64ArrayAttr, "Step between windows, a spatial axis.">:$strides,
    Arg<DenseI64ArrayAttr, "Padding: begins, then ends.">:$pads,
    Arg<DenseI64ArrayAttr, "Step between taps, a spatial axis.">:$dilations,
    Arg<DefaultValuedAttr<I64Attr, "1">, "Number of groups.">:$group),
    Tpu_ReluArgs, (ins
    Arg<DefaultValuedAttr<Tpu_GateKind, "::tpuc::tpu::GateKind::None">,
        "Function of the sums, of INT8 results.">:$gate));
  let results = (outs Res<Tpu_RealTensor, "Result, [N, OC, out...].">:$output);
  let extraClassDeclaration = [{
    /// Whether every input channel has filters of its own.
    bool isDepthwise() {
      int64_t group = getGroup();
      return group > 1 && group == getInput().getType().getDimSize(1);
    }
  }];
}

def Tpu_ConvTransposeOp : Tpu_Op<"conv_transpose",
    [Tpu_SameElementType<["input", "filter"]>, Tpu_SlidesWindow],
    Tpu_EvaluatesAsTop> {
  let summary = "Transposed convolution with 2 spatial axes";
  let description = [{
    Every value of `input` [N, C, H, W] adds its multiple of the kernel to the
    output, at a distance of `strides`. `filter` [C, OC / group, KH, KW], `bias`
    [OC]. The result is [N, OC, out...], out = (in - 1) * stride
    + dilation * (k - 1) + 1 - pad_begin - pad_end + output_padding. Types and
    activation as in `tpu.conv`.

    Constraints: (C1) rank 4; (C2) `strides` and `dilations` have an entry a
    spatial axis, from 1 to 16; (C3) `pads` has two, each >= 0; (C4) `group`
    divides C and OC, filter's axis 0 is C; (C5) `output_padding` has an entry a
    spatial axis, each >= 0; (C6) `bias` is [OC]; (C7) the result's shape is as
    above; (C8) the result's element type is the input's or f32; (C9)
    `relu_limit` is negative without `do_relu`.

    Example:

    ```mlir
    %1 = tpu.conv_transpose %0, %filter {strides = array<i64: 2, 2>,
        pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,
        output_padding = array<i64: 1, 1>}
        : (tensor<1x8x16x16xf16>, tensor<8x4x3x3xf16>) -> tensor<1x4x32x32xf16>
    ```
  }];
  let arguments = !con((ins
    Arg<Tpu_FloatTensor, "Input, [N, C, H, W].">:$input,
    Arg<Tpu_FloatTensor, "Filter, [C, OC / group, KH, KW].">:$filter,
    Arg<Optional<Tpu_F32Tensor>, "Bias, [OC].">:$bias,
    Arg<DenseI64ArrayAttr, "Step between windows, a spatial axis.">:$strides,
    Arg<DenseI64ArrayAttr, "Padding: begins, then ends.">:$pads,
    Arg<DenseI64ArrayAttr, "Step between taps, a spatial axis.">:$dilations,
    Arg<DenseI64ArrayAttr, "Rows added at the end.">:$output_padding,
    Arg<DefaultValuedAttr<I64Attr, "1">, "Number of groups.">:$group),
    Tpu_ReluArgs);
  let results = (outs Res<Tpu_FloatTensor, "Result, [N, OC, out...].">:$output);
}

def Tpu_MatMulOp : Tpu_Op<"matmul",
    [DeclareOpInterfaceMethods<LaneLayoutOpInterface,
         ["getKeptAxes", "getFixedLayouts", "readsRows", "leadsLayout"]>,
     Tpu_SplitsBatch]> {
  let summary = "Batched matrix product";
  let description = [{
    out[b..., m, n] = bias[n] + sum over k of left[b..., m, k]
    * right[b..., k, n]. `left_transpose` (`right_transpose`) says that the last
    two axes of `left` (`right`) are stored as [k, m] ([n, k]). Sums are kept in
    f32. With `do_relu` the result is max(., 0), and min(., relu_limit) when
    `relu_limit` is not negative.

    With `hdim_is_batch` the last of the leading axes, that of heads, lies
    within the matrices: `left` is [b..., m, h, k], `right` [b..., k, h, n]
    ([b..., n, h, k] with `right_transpose`), the result [b..., m, h, n].

    | left, right | bias | result |
    | --- | --- | --- |
    | f32 | f32 | f32 |
    | f16 | result's | f16, f32 |
    | bf16 | result's | bf16, f32 |
    | INT8, i8 a column | f32 | INT8, f32, f16, bf16 |

    Of INT8 the sums are exact, and an INT8 result has no activation.

    Constraints: (C1) both have the same rank >= 2; (C2) the k's agree; (C3) the
    leading axes are equal; (C4) `bias` is [n] and has the element type of the
    table; (C5) the result is [b..., m, n]; (C6) operands and result have the
    element types of a row of the table; (C7) `relu_limit` is negative without
    `do_relu`, and an INT8 result has neither; (C8) a quantised right operand
    has a scale a column; (C9) with `hdim_is_batch` the rank is at least 3, `left`
    is not transposed and all are floats.

    Example:

    ```mlir
    %1 = tpu.matmul %0, %w, %b
        : (tensor<49x96xf16>, tensor<96x288xf16>, tensor<288xf16>) -> tensor<49x288xf16>
    ```
  }];
  let arguments = !con((ins
    Arg<Tpu_RealTensor, "Left matrices.">:$left,
    Arg<Tpu_FilterTensor, "Right matrices.">:$right,
    Arg<Optional<Tpu_FloatTensor>, "Bias, [n].">:$bias,
    Arg<DefaultValuedAttr<BoolAttr, "false">,
        "left is stored as [..., k, m].">:$left_transpose,
    Arg<DefaultValuedAttr<BoolAttr, "false">,
        "right is stored as [..., n, k].">:$right_transpose),
    Tpu_ReluArgs, (ins
    Arg<DefaultValuedAttr<BoolAttr, "false">,
        "Heads lie between rows and columns.">:$hdim_is_batch));
  let results = (outs Res<Tpu_RealTensor, "Result, [..., m, n].">:$output);
  let extraClassDeclaration = [{
    /// The shape of an operand or of the result with the matrices innermost,
    /// wherever the heads lie.
    ::llvm::SmallVector<int64_t> getMatrixShape(::mlir::Value value);
    /// Number of matrices: the product of the leading axes.
    int64_t getBatch();
    /// How many of them are the last leading axis.
    int64_t getHeads();
    /// Rows of the result.
    int64_t getM();
    /// Length of the sums.
    int64_t getK();
    /// Columns of the result.
    int64_t getN();
  }];
  let hasCanonicalizer = 1;
}

def Tpu_PoolOp : Tpu_KindOp<"pool",
    [Tpu_SameElementType<["input", "output"]>, Tpu_SlidesWindow]> {
  let summary = "Largest element or mean of each window";
  let description = [{
    `input` [N, C, H, W]. `kind` max: the largest element; padding is ignored.
    `kind` avg: the sum of the elements, padding as zeros, divided by the
    window's size KH * KW (where a network divides by less at the border, the
    lowering multiplies by a correction). An average over the whole image is
    `tpu.reduce`, which sums more exactly.

    Constraints: (C1) rank 4; (C2) `kernel` and `strides` have two entries,
    kernel >= 1, 1 <= stride <= 15; (C3) `pads` has four, 0 <= pad <= 15 and
    smaller than the kernel; (C4) the result is [N, C,
    (in + pad_begin + pad_end - kernel) / stride + 1]; (C5) avg is not for
    INT8.

    Example:

    ```mlir
    %1 = tpu.pool max %0 {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>,
        pads = array<i64: 1, 1, 1, 1>} : (tensor<1x64x112x112xf16>) -> tensor<1x64x56x56xf16>
    ```
  }];
  let arguments = (ins
    Arg<Tpu_PoolKind, "Maximum or mean.">:$kind,
    Arg<Tpu_RealTensor, "Input, [N, C, H, W].">:$input,
    Arg<DenseI64ArrayAttr, "Window, [KH, KW].">:$kernel,
    Arg<DenseI64ArrayAttr, "Step between windows, [H, W].">:$strides,
    Arg<DenseI64ArrayAttr, "Padding: begins, then ends.">:$pads);
  let results = (outs Res<Tpu_RealTensor, "Result, [N, C, out...].">:$output);
}

#endif // TPUC_DIALECT_TPU_IR_TPUCONVOPS_TD
