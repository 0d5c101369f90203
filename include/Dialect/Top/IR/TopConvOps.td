//===- TopConvOps.td - Convolution, matmul, pooling --------*- tablegen -*-===//
//
// Ops that contract or slide a window. Spatial attributes list one entry a
// spatial axis, outermost first; pads list all begins, then all ends.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TOP_IR_TOPCONVOPS_TD
#define TPUC_DIALECT_TOP_IR_TOPCONVOPS_TD

include "Dialect/Top/IR/TopBase.td"

def Top_ConvOp : Top_InferOp<"conv"> {
  let summary = "Convolution with 1 to 3 spatial axes";
  let description = [{
    Cross-correlation of `input` [N, C, spatial...] with `filter`
    [OC, C / group, kernel...], plus `bias` [OC]:

        out[n, oc, o] = bias[oc] + sum over ic, k of
            input[n, g * C/group + ic, o * stride + k * dilation - pad_begin]
            * filter[oc, ic, k],   g = oc / (OC / group)

    Positions outside the input count as zero. The result is [N, OC, out...],
    out = (in + pad_begin + pad_end - dilation * (kernel - 1) - 1) / stride + 1.
    With `do_relu` the result is max(., 0), and min(., relu_limit) when
    `relu_limit` is not negative.

    Constraints: (C1) rank 3 to 5, filter of the same rank; (C2) `strides` and
    `dilations` have an entry a spatial axis, all >= 1; (C3) `pads` has two, all
    >= 0; (C4) `group` >= 1 divides C and OC, filter's axis 1 is C / group;
    (C5) the dilated kernel fits into the padded input.

    Example:

    ```mlir
    %1 = top.conv %0, %filter, %bias {strides = array<i64: 2, 2>,
        pads = array<i64: 3, 3, 3, 3>, dilations = array<i64: 1, 1>}
        : (tensor<1x3x224x224xf32>, tensor<64x3x7x7xf32>, tensor<64xf32>)
        -> tensor<1x64x112x112xf32>
    ```
  }];
  let arguments = (ins
    Arg<Top_F32Tensor, "Input, [N, C, spatial...].">:$input,
    Arg<Top_F32Tensor, "Filter, [OC, C / group, kernel...].">:$filter,
    Arg<Optional<Top_F32Tensor>, "Bias, [OC].">:$bias,
    Arg<DenseI64ArrayAttr, "Step between windows, a spatial axis.">:$strides,
    Arg<DenseI64ArrayAttr, "Padding: begins, then ends.">:$pads,
    Arg<DenseI64ArrayAttr, "Step between taps, a spatial axis.">:$dilations,
    Arg<DefaultValuedAttr<I64Attr, "1">, "Number of groups.">:$group,
    Arg<DefaultValuedAttr<BoolAttr, "false">, "Apply ReLU.">:$do_relu,
    Arg<DefaultValuedAttr<F64Attr, "-1.0">,
        "Upper limit of the ReLU; negative is none.">:$relu_limit);
  let results = (outs Res<Top_F32Tensor, "Result, [N, OC, out...].">:$output);
}

def Top_ConvTransposeOp : Top_InferOp<"conv_transpose"> {
  let summary = "Transposed convolution with 1 to 3 spatial axes";
  let description = [{
    The gradient of a convolution with respect to its input: every input value
    adds its multiple of the kernel to the output, with stride `strides`.
    `input` [N, C, spatial...], `filter` [C, OC / group, kernel...], `bias` [OC].
    The result is [N, OC, out...], out = (in - 1) * stride
    + dilation * (kernel - 1) + 1 - pad_begin - pad_end + output_padding.

    Constraints: as `top.conv` C1 to C3; (C4) `group` divides C, filter's axis 0
    is C; (C5) `output_padding` has an entry a spatial axis, each >= 0; (C6)
    every out is >= 1.

    Example:

    ```mlir
    %1 = top.conv_transpose %0, %filter {strides = array<i64: 2, 2>,
        pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,
        output_padding = array<i64: 1, 1>}
        : (tensor<1x8x16x16xf32>, tensor<8x4x3x3xf32>) -> tensor<1x4x32x32xf32>
    ```
  }];
  let arguments = (ins
    Arg<Top_F32Tensor, "Input, [N, C, spatial...].">:$input,
    Arg<Top_F32Tensor, "Filter, [C, OC / group, kernel...].">:$filter,
    Arg<Optional<Top_F32Tensor>, "Bias, [OC].">:$bias,
    Arg<DenseI64ArrayAttr, "Step between windows, a spatial axis.">:$strides,
    Arg<DenseI64ArrayAttr, "Padding: begins, then ends.">:$pads,
    Arg<DenseI64ArrayAttr, "Step between taps, a spatial axis.">:$dilations,
    Arg<DenseI64ArrayAttr, "Rows added at the end.">:$output_padding,
    Arg<DefaultValuedAttr<I64Attr, "1">, "Number of groups.">:$group,
    Arg<DefaultValuedAttr<BoolAttr, "false">, "Apply ReLU.">:$do_relu,
    Arg<DefaultValuedAttr<F64Attr, "-1.0">,
        "Upper limit of the ReLU; negative is none.">:$relu_limit);
  let results = (outs Res<Top_F32Tensor, "Result, [N, OC, out...].">:$output);
}

def Top_MatMulOp : Top_InferOp<"matmul", [Top_TakesRows]> {
  let summary = "Batched matrix product";
  let description = [{
    out[..., m, n] = bias[n] + sum over k of lhs[..., m, k] * rhs[..., k, n].
    `left_transpose` (`right_transpose`) says that the last two axes of `lhs`
    (`rhs`) are stored as [k, m] ([n, k]). Leading axes broadcast as in numpy.

    Constraints: (C1) both ranks >= 2; (C2) the k's agree; (C3) leading axes
    broadcast; (C4) `bias` is [n].

    Example:

    ```mlir
    %1 = top.matmul %0, %w, %b {right_transpose = true}
        : (tensor<1x49x96xf32>, tensor<288x96xf32>, tensor<288xf32>)
        -> tensor<1x49x288xf32>
    ```
  }];
  let arguments = (ins
    Arg<Top_F32Tensor, "Left matrices.">:$lhs,
    Arg<Top_F32Tensor, "Right matrices.">:$rhs,
    Arg<Optional<Top_F32Tensor>, "Bias, [n].">:$bias,
    Arg<DefaultValuedAttr<BoolAttr, "false">,
        "lhs is stored as [..., k, m].">:$left_transpose,
    Arg<DefaultValuedAttr<BoolAttr, "false">,
        "rhs is stored as [..., n, k].">:$right_transpose);
  let results = (outs Res<Top_F32Tensor, "Result, [..., m, n].">:$output);
}

class Top_PoolOp<string mnemonic, dag extraArgs> : Top_InferOp<mnemonic> {
  let arguments = !con((ins
    Arg<Top_F32Tensor, "Input, [N, C, spatial...].">:$input,
    Arg<DenseI64ArrayAttr, "Window, an entry a spatial axis.">:$kernel,
    Arg<DenseI64ArrayAttr, "Step between windows, a spatial axis.">:$strides,
    Arg<DenseI64ArrayAttr, "Padding: begins, then ends.">:$pads,
    Arg<DenseI64ArrayAttr, "Step between taps, a spatial axis.">:$dilations,
    Arg<DefaultValuedAttr<BoolAttr, "false">,
        "Round the result's size up instead of down.">:$ceil_mode), extraArgs);
  let results = (outs Res<Top_F32Tensor, "Result, [N, C, out...].">:$output);
}

def Top_MaxPoolOp : Top_PoolOp<"max_pool", (ins)> {
  let summary = "Largest element of each window";
  let description = [{
    `input` [N, C, spatial...]; out = (in + pad_begin + pad_end
    - dilation * (kernel - 1) - 1) / stride + 1, rounded down, or up with
    `ceil_mode` (a window that would begin after the input and its begin padding
    is dropped). Padding is ignored.

    Constraints: (C1) rank 3 to 5; (C2) `kernel`, `strides`, `dilations` have an
    entry a spatial axis, all >= 1; (C3) `pads` has two, each >= 0 and smaller
    than the dilated kernel; (C4) the window fits into the padded input.

    Example:

    ```mlir
    %1 = top.max_pool %0 {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>,
        pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
        : (tensor<1x64x112x112xf32>) -> tensor<1x64x56x56xf32>
    ```
  }];
}

def Top_AvgPoolOp : Top_PoolOp<"avg_pool", (ins
    Arg<DefaultValuedAttr<BoolAttr, "false">,
        "Divide by the window's size, padding included.">:$count_include_pad)> {
  let summary = "Mean of each window";
  let description = [{
    Shapes and constraints as `top.max_pool`. The sum of a window is divided by
    the number of its elements that lie in the input, or, with
    `count_include_pad`, in the padded input. A global average pool has a kernel
    of the input's size.

    Example:

    ```mlir
    %1 = top.avg_pool %0 {kernel = array<i64: 7, 7>, strides = array<i64: 1, 1>,
        pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
        : (tensor<1x2048x7x7xf32>) -> tensor<1x2048x1x1xf32>
    ```
  }];
}

#endif // TPUC_DIALECT_TOP_IR_TOPCONVOPS_TD
