//===- TopShapeOps.td - Views and movement of data ---------*- tablegen -*-===//
//
// Ops that rearrange, select or repeat elements without computing on them
// (resize and cast excepted). Axes are counted from 0 and are never negative.
//
//===----------------------------------------------------------------------===//

#ifndef TPUC_DIALECT_TOP_IR_TOPSHAPEOPS_TD
#define TPUC_DIALECT_TOP_IR_TOPSHAPEOPS_TD

include "Dialect/Top/IR/TopBase.td"

def Top_ReshapeOp : Top_Op<"reshape", [Top_MovesElements]> {
  let summary = "The same elements under another shape";
  let description = [{
    Row-major order is kept. The shape is that of the result's type. Squeeze,
    unsqueeze and flatten are reshapes.

    Constraints: (C1) both types have the same element type and (C2) the same
    number of elements.

    Example:

    ```mlir
    %1 = top.reshape %0 : (tensor<1x96x56x56xf32>) -> tensor<1x96x3136xf32>
    ```
  }];
  let arguments = (ins Arg<Top_Tensor, "Operand.">:$input);
  let results = (outs Res<Top_Tensor, "Result.">:$output);
  let hasFolder = 1;
}

def Top_PermuteOp : Top_InferOp<"permute", [Top_MovesElements]> {
  let summary = "Reorders the axes";
  let description = [{
    Axis i of the result is axis `order`[i] of the input.

    Constraints: (C1) `order` is a permutation of the input's axes.

    Example:

    ```mlir
    %1 = top.permute %0 {order = array<i64: 0, 2, 1>}
        : (tensor<1x96x3136xf32>) -> tensor<1x3136x96xf32>
    ```
  }];
  let arguments = (ins
    Arg<Top_Tensor, "Operand.">:$input,
    Arg<DenseI64ArrayAttr, "For each result axis its input axis.">:$order);
  let results = (outs Res<Top_Tensor, "Result.">:$output);
  let hasFolder = 1;
}

def Top_RelayoutOp : Top_Op<"relayout", [Top_MovesElements]> {
  let summary = "Moves elements by strided boxes";
  let description = [{
    result[to + sum i t] = input[from + sum i f] for all i of each box: what a
    permute, a cyclic shift, or several of them one after the other move, in one
    step. `boxes` lists for each box its first elements `to` and `from`, then an
    axis (`axes` of them, outermost first) its size and the strides t and f, all
    in elements of the row-major operand and result.

    Constraints: (C1) `boxes` has 2 + 3 `axes` entries a box; (C2) sizes >= 1,
    strides >= 0, all boxes lie in operand and result; (C3) each element of the
    result is written once; (C4) both types
    have the same element type.

    Example: the result's rows are the operand's rows 1, 2, 3, 0.

    ```mlir
    %1 = top.relayout %0 {axes = 2 : i64,
        boxes = array<i64: 0, 8, 3, 8, 8, 8, 1, 1, 24, 0, 1, 8, 8, 8, 1, 1>}
        : (tensor<4x8xf32>) -> tensor<4x8xf32>
    ```
  }];
  let arguments = (ins
    Arg<Top_Tensor, "Operand.">:$input,
    Arg<DenseI64ArrayAttr, "The boxes, one after the other.">:$boxes,
    Arg<I64Attr, "Axes of a box.">:$axes);
  let results = (outs Res<Top_Tensor, "Result.">:$output);
}

def Top_ConcatOp : Top_InferOp<"concat", [Top_TakesRows]> {
  let summary = "Joins tensors along an axis";
  let description = [{
    Constraints: (C1) at least one operand; (C2) 0 <= `axis` < rank; (C3) the
    operands agree in element type, rank and all other axes.

    Example:

    ```mlir
    %2 = top.concat %0, %1 {axis = 1 : i64}
        : (tensor<1x8x4x4xf32>, tensor<1x4x4x4xf32>) -> tensor<1x12x4x4xf32>
    ```
  }];
  let arguments = (ins
    Arg<Variadic<Top_Tensor>, "The parts, in order.">:$inputs,
    Arg<I64Attr, "The axis along which they follow each other.">:$axis);
  let results = (outs Res<Top_Tensor, "Result.">:$output);
  let hasFolder = 1;
}

def Top_SliceOp : Top_InferOp<"slice", [Top_MovesElements, Top_TakesRows]> {
  let summary = "Regular part of a tensor";
  let description = [{
    out[i] = input[offsets + i * steps] on every axis; the result's shape is
    `sizes`. All three arrays have an entry an axis. A negative step runs
    backwards from its offset.

    Constraints: (C1) the arrays' lengths are the rank; (C2) sizes >= 1, steps
    not 0; (C3) the first and the last element of each axis lie in the input.

    Example:

    ```mlir
    %1 = top.slice %0 {offsets = array<i64: 0, 1>, sizes = array<i64: 4, 3>,
        steps = array<i64: 1, 2>} : (tensor<4x8xf32>) -> tensor<4x3xf32>
    ```
  }];
  let arguments = (ins
    Arg<Top_Tensor, "Operand.">:$input,
    Arg<DenseI64ArrayAttr, "First index, an axis.">:$offsets,
    Arg<DenseI64ArrayAttr, "Number of elements, an axis.">:$sizes,
    Arg<DenseI64ArrayAttr, "Index step, an axis.">:$steps);
  let results = (outs Res<Top_Tensor, "Result.">:$output);
  let hasFolder = 1;
}

def Top_PadOp : Top_InferOp<"pad"> {
  let summary = "Surrounds a tensor with elements";
  let description = [{
    `pads` lists all begins, then all ends, one an axis. `mode`: constant 0
    (`value`), reflect 1 (mirrored without the border element), edge 2 (the
    border element), wrap 3 (periodic). Integers take `value` truncated.

    Constraints: (C1) `pads` has two entries an axis, each >= 0; (C2) reflect
    pads less than the axis's size, wrap at most the axis's size.

    Example:

    ```mlir
    %1 = top.pad constant %0 {pads = array<i64: 0, 1, 0, 1>, value = 0.0}
        : (tensor<4x8xf32>) -> tensor<4x10xf32>
    ```
  }];
  let arguments = (ins
    Arg<Top_Tensor, "Operand.">:$input,
    Arg<DenseI64ArrayAttr, "Padding: begins, then ends.">:$pads,
    Arg<DefaultValuedAttr<Top_PadMode, "::tpuc::top::PadMode::Constant">,
        "What fills the padding.">:$mode,
    Arg<DefaultValuedAttr<F64Attr, "0.0">, "The constant.">:$value);
  let results = (outs Res<Top_Tensor, "Result.">:$output);
  let assemblyFormat = [{
    $mode operands attr-dict `:` functional-type(operands, results)
  }];
  let hasFolder = 1;
}

def Top_GatherOp : Top_InferOp<"gather"> {
  let summary = "Picks slices by index along an axis";
  let description = [{
    out[a..., i..., b...] = input[a..., indices[i...], b...], where a are the
    axes before `axis` and b those after it. A negative index counts from the
    end.

    Constraints: (C1) 0 <= `axis` < rank of `input`.

    Example:

    ```mlir
    %1 = top.gather %table, %ids {axis = 0 : i64}
        : (tensor<30522x768xf32>, tensor<1x128xi64>) -> tensor<1x128x768xf32>
    ```
  }];
  let arguments = (ins
    Arg<Top_Tensor, "The table.">:$input,
    Arg<Top_IntTensor, "The indices.">:$indices,
    Arg<I64Attr, "The axis indexed.">:$axis);
  let results = (outs Res<Top_Tensor, "Result.">:$output);
}

def Top_GatherElementsOp : Top_InferOp<"gather_elements"> {
  let summary = "Picks elements by index along an axis";
  let description = [{
    out[.., i, ..] = input[.., indices[.., i, ..], ..] at `axis`; the result has
    the shape of `indices`. A negative index counts from the end.

    Constraints: (C1) 0 <= `axis` < rank; (C2) both operands have the same rank;
    (C3) `indices` is not larger than `input` on the other axes.

    Example:

    ```mlir
    %1 = top.gather_elements %0, %i {axis = 1 : i64}
        : (tensor<4x8xf32>, tensor<4x3xi64>) -> tensor<4x3xf32>
    ```
  }];
  let arguments = (ins
    Arg<Top_Tensor, "The table.">:$input,
    Arg<Top_IntTensor, "The indices.">:$indices,
    Arg<I64Attr, "The axis indexed.">:$axis);
  let results = (outs Res<Top_Tensor, "Result.">:$output);
}

def Top_GatherNDOp : Top_InferOp<"gather_nd"> {
  let summary = "Picks slices by index tuples";
  let description = [{
    The last axis of `indices`, of size k, holds index tuples into the axes of
    `input` after the first `batch_dims`, which both operands share. The result
    is indices.shape[:-1] followed by input.shape[batch_dims + k:]. A negative
    index counts from the end.

    Constraints: (C1) 0 <= `batch_dims` < both ranks; (C2) the batch axes agree;
    (C3) 1 <= k <= rank of `input` - `batch_dims`.

    Example:

    ```mlir
    %1 = top.gather_nd %0, %i : (tensor<4x8x2xf32>, tensor<5x2xi64>) -> tensor<5x2xf32>
    ```
  }];
  let arguments = (ins
    Arg<Top_Tensor, "The table.">:$input,
    Arg<Top_IntTensor, "The index tuples.">:$indices,
    Arg<DefaultValuedAttr<I64Attr, "0">, "Shared leading axes.">:$batch_dims);
  let results = (outs Res<Top_Tensor, "Result.">:$output);
}

def Top_ScatterNDOp : Top_InferOp<"scatter_nd"> {
  let summary = "Writes slices by index tuples";
  let description = [{
    A copy of `input` in which the slice at each index tuple of `indices` (its
    last axis, of size k) is combined with the matching slice of `updates`.
    `reduction`: none 0 (replace), add 1, mul 2, max 3, min 4. Updates apply in
    row-major order.

    Constraints: (C1) 1 <= k <= rank of `input`; (C2) `updates` is
    indices.shape[:-1] followed by input.shape[k:] with input's element type.

    Example:

    ```mlir
    %1 = top.scatter_nd none %0, %i, %u
        : (tensor<4x8xf32>, tensor<2x1xi64>, tensor<2x8xf32>) -> tensor<4x8xf32>
    ```
  }];
  let arguments = (ins
    Arg<Top_Tensor, "The old values.">:$input,
    Arg<Top_IntTensor, "The index tuples.">:$indices,
    Arg<Top_Tensor, "The new values.">:$updates,
    Arg<DefaultValuedAttr<Top_ScatterReduction,
        "::tpuc::top::ScatterReduction::None">, "How they combine.">:$reduction);
  let results = (outs Res<Top_Tensor, "Result, of the input's type.">:$output);
  let assemblyFormat = [{
    $reduction operands attr-dict `:` functional-type(operands, results)
  }];
}

def Top_TileOp : Top_InferOp<"tile"> {
  let summary = "Repeats a tensor along its axes";
  let description = [{
    The result's axis i has size input[i] * repeats[i]; the tensor follows
    itself.

    Constraints: (C1) `repeats` has an entry an axis, each >= 1.

    Example:

    ```mlir
    %1 = top.tile %0 {repeats = array<i64: 1, 2>} : (tensor<4x8xf32>) -> tensor<4x16xf32>
    ```
  }];
  let arguments = (ins
    Arg<Top_Tensor, "Operand.">:$input,
    Arg<DenseI64ArrayAttr, "Repetitions, an axis.">:$repeats);
  let results = (outs Res<Top_Tensor, "Result.">:$output);
  let hasFolder = 1;
}

def Top_BroadcastOp : Top_Op<"broadcast"> {
  let summary = "Repeats axes of size 1";
  let description = [{
    Expands to the result's shape as in numpy: shapes are aligned at the last
    axis; axes of size 1 and missing leading axes are repeated.

    Constraints: (C1) both types have the same element type; (C2) the operand's
    shape broadcasts to the result's.

    Example:

    ```mlir
    %1 = top.broadcast %0 : (tensor<1x1x96xf32>) -> tensor<8x1x96xf32>
    ```
  }];
  let arguments = (ins Arg<Top_Tensor, "Operand.">:$input);
  let results = (outs Res<Top_Tensor, "Result.">:$output);
  let hasFolder = 1;
}

def Top_CastOp : Top_Op<"cast", [Top_Pointwise]> {
  let summary = "Converts the element type";
  let description = [{
    f32 to integer truncates toward zero; to i1 is `x != 0`; integer to f32
    rounds to nearest.

    Constraints: (C1) operand and result have the same shape.

    Example:

    ```mlir
    %1 = top.cast %0 : (tensor<1x128xi64>) -> tensor<1x128xf32>
    ```
  }];
  let arguments = (ins Arg<Top_Tensor, "Operand.">:$input);
  let results = (outs Res<Top_Tensor, "Result.">:$output);
  let hasFolder = 1;
}

def Top_DepthToSpaceOp : Top_InferOp<"depth_to_space"> {
  let summary = "Moves blocks of channels into space";
  let description = [{
    [N, C, H, W] to [N, C / b^2, H * b, W * b] with b = `block_size`. `mode`:
    dcr 0 (channel = (row, column, depth)) or crd 1 (channel = (depth, row,
    column)).

    Constraints: (C1) rank 4; (C2) `block_size` >= 1 and its square divides C.

    Example:

    ```mlir
    %1 = top.depth_to_space dcr %0 {block_size = 2 : i64}
        : (tensor<1x8x4x4xf32>) -> tensor<1x2x8x8xf32>
    ```
  }];
  let arguments = (ins
    Arg<Top_Tensor, "Operand, [N, C, H, W].">:$input,
    Arg<I64Attr, "Side of a block.">:$block_size,
    Arg<DefaultValuedAttr<Top_BlockOrder, "::tpuc::top::BlockOrder::DCR">,
        "Order of the channels.">:$mode);
  let results = (outs Res<Top_Tensor, "Result.">:$output);
  let assemblyFormat = [{
    $mode operands attr-dict `:` functional-type(operands, results)
  }];
}

def Top_SpaceToDepthOp : Top_InferOp<"space_to_depth"> {
  let summary = "Moves blocks of space into channels";
  let description = [{
    [N, C, H, W] to [N, C * b^2, H / b, W / b] with b = `block_size`; the new
    channel is (row, column, depth).

    Constraints: (C1) rank 4; (C2) `block_size` >= 1 divides H and W.

    Example:

    ```mlir
    %1 = top.space_to_depth %0 {block_size = 2 : i64}
        : (tensor<1x2x8x8xf32>) -> tensor<1x8x4x4xf32>
    ```
  }];
  let arguments = (ins
    Arg<Top_Tensor, "Operand, [N, C, H, W].">:$input,
    Arg<I64Attr, "Side of a block.">:$block_size);
  let results = (outs Res<Top_Tensor, "Result.">:$output);
}

def Top_ResizeOp : Top_Op<"resize"> {
  let summary = "Interpolates to another size";
  let description = [{
    Samples `input` at the coordinates that `coordinate` maps the result's
    indices to, axis by axis. The shape is that of the result's type; `scales`,
    one an axis, are result size / input size as the network states them. They
    may differ from the quotient of the shapes, since sizes are rounded down.

    `mode`: nearest 0, linear 1, cubic 2. `coordinate`: half_pixel 0,
    pytorch_half_pixel 1, asymmetric 2, align_corners 3, half_pixel_symmetric 4.
    `nearest` (of mode nearest): round_prefer_floor 0, round_prefer_ceil 1,
    floor 2, ceil 3. `cubic_coeff` is the cubic kernel's a; with
    `exclude_outside` its taps outside the input weigh nothing.

    Constraints: (C1) both types have the same element type and rank; (C2)
    `scales` has an entry an axis, each > 0; (C3) each result size is within one
    of input size * scale.

    Example:

    ```mlir
    %1 = top.resize nearest asymmetric floor %0 {scales = array<f64: 1.0, 1.0, 2.0, 2.0>}
        : (tensor<1x8x20x20xf32>) -> tensor<1x8x40x40xf32>
    ```
  }];
  let arguments = (ins
    Arg<Top_F32Tensor, "Operand.">:$input,
    Arg<Top_ResizeMode, "Interpolation.">:$mode,
    Arg<Top_ResizeCoordinate, "Coordinate map.">:$coordinate,
    Arg<DefaultValuedAttr<Top_ResizeNearest,
        "::tpuc::top::ResizeNearest::RoundPreferFloor">, "Rounding.">:$nearest,
    Arg<DenseF64ArrayAttr, "Result size / input size, an axis.">:$scales,
    Arg<DefaultValuedAttr<F64Attr, "-0.75">, "The cubic kernel's a.">:$cubic_coeff,
    Arg<DefaultValuedAttr<BoolAttr, "false">,
        "Taps outside the input weigh nothing.">:$exclude_outside);
  let results = (outs Res<Top_F32Tensor, "Result.">:$output);
  let assemblyFormat = [{
    $mode $coordinate $nearest operands attr-dict
    `:` functional-type(operands, results)
  }];
  let hasFolder = 1;
}

#endif // TPUC_DIALECT_TOP_IR_TOPSHAPEOPS_TD
